"""Real edits (SPEC OT91-OT93): recorded texts, vectors of another OT library, histories of designs.

Where they come from, and under which licences, is in data/NOTICE.md.
"""

import gzip
import json
import lzma
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import ot
from ot import text0
from ot.diff import diff
from ot.types import Op
from ot.utf16 import units
from tests.ot.traces import CORPUS, DATA, edits, load, replay, replay_concurrent, traces


def name(path: Path) -> str:
    return path.name.split(".")[0]


@pytest.mark.parametrize("path", traces("sequential_traces", "sveltecomponent.json.gz"), ids=name)
def test_OT91_a_text_typed_by_one_person_reaches_its_end(path: Path) -> None:
    trace = load(path)
    assert replay(edits(trace)) == trace.end


@pytest.mark.parametrize("path", traces("concurrent_traces", "friendsforever.json.gz"), ids=name)
def test_OT91_a_text_typed_by_several_at_once_reaches_its_end_everywhere(path: Path) -> None:
    trace = load(path)
    assert set(replay_concurrent(trace)) == {trace.end}


def vectors(kind: str) -> Iterator[Any]:
    with lzma.open(DATA / f"diamond-{kind}.jsonl.xz", "rt", encoding="utf-8") as lines:
        for line in lines:
            yield json.loads(line)


def text0_op(doc: str, op: list[Any]) -> Op:
    """An op that skips, inserts and deletes code points, as one of text0 on `doc`."""
    out: Op = []
    at = offset = 0
    for part in op:
        if isinstance(part, str):
            out.append({"p": offset, "i": part})
            offset += units(part)
        elif isinstance(part, dict):
            gone = part["d"] if isinstance(part["d"], str) else doc[at : at + part["d"]]
            out.append({"p": offset, "d": gone})
            at += len(gone)
        else:
            offset += units(doc[at : at + part])
            at += part
    return out


def length(op: list[Any]) -> int:
    """How much text an op is about."""
    return sum(
        part["d"] if isinstance(part, dict) else part for part in op if not isinstance(part, str)
    )


def text_of(size: int) -> str:
    """A text in which nothing is where it would be if all characters were one unit."""
    return ("a😀é𝒳日b" * (size // 6 + 1))[:size]


def test_OT92_vectors_of_apply() -> None:
    count = 0
    for vector in vectors("apply"):
        op = text0_op(vector["str"], vector["op"])
        assert text0.apply(vector["str"], op) == vector["result"]
        assert text0.apply(vector["result"], text0.invert(op)) == vector["str"]
        count += 1
    assert count == 4316


def test_OT92_vectors_of_compose() -> None:
    for vector in vectors("compose"):
        doc = text_of(length(vector["op1"]) + length(vector["op2"]))
        first = text0_op(doc, vector["op1"])
        between = text0.apply(doc, first)
        second = text0_op(between, vector["op2"])
        after = text0.apply(doc, text0_op(doc, vector["result"]))
        assert text0.apply(between, second) == after
        assert text0.apply(doc, text0.compose(first, second)) == after


def inserts_and_deletes(op: list[Any]) -> tuple[set[int], set[int]]:
    """Where an op inserts, and what it deletes, in code points before the op."""
    at, inserts, deletes = 0, set(), set()
    for part in op:
        if isinstance(part, str):
            inserts.add(at)
            continue
        size = part["d"] if isinstance(part, dict) else part
        if isinstance(part, dict):
            deletes |= set(range(at, at + size))
        at += size
    return inserts, deletes


def inserts_meet(op: list[Any], other: list[Any]) -> bool:
    """Do two inserts of different places meet, because all between them is deleted?

    Then diamond-types keeps their order, where text0 only knows that they are at one place.
    """
    inserts, deletes = inserts_and_deletes(op)
    other_inserts, other_deletes = inserts_and_deletes(other)
    gone = deletes | other_deletes
    return any(
        a != b and gone.issuperset(range(min(a, b), max(a, b)))
        for a in inserts
        for b in other_inserts
    )


def test_OT92_vectors_of_transform() -> None:
    equal = 0
    for vector in vectors("transform"):
        doc = text_of(max(length(vector["op"]), length(vector["otherOp"])))
        op, other = text0_op(doc, vector["op"]), text0_op(doc, vector["otherOp"])
        side = vector["side"]
        between = text0.apply(doc, other)
        theirs = text0.apply(between, text0_op(between, vector["result"]))
        ours = text0.apply(between, text0.transform(op, other, side))
        if ours == theirs:
            equal += 1
        else:
            assert inserts_meet(vector["op"], vector["otherOp"])
            assert sorted(ours) == sorted(theirs)
        opposite = "right" if side == "left" else "left"
        first = text0.apply(doc, op)
        assert text0.apply(first, text0.transform(other, op, opposite)) == ours
    assert equal == 4176


def kept_history() -> list[Any]:
    with lzma.open(DATA / "grafana-haproxy.jsonl.xz", "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def other_history() -> list[Any]:
    folder = CORPUS / "histories" / "appsmith-safeyou-app-GPL3"
    return [json.loads(gzip.decompress(path.read_bytes())) for path in sorted(folder.glob("0*.gz"))]


@pytest.mark.parametrize("history", [kept_history, other_history])
def test_OT93_versions_of_a_design_are_reached_by_diff_and_apply(history: Any) -> None:
    versions = history()
    for old, new in zip(versions, versions[1:], strict=False):
        op = diff(old, new)
        assert ot.apply(old, op) == new
        assert ot.apply(new, diff(new, old)) == old
        assert ot.apply(new, ot.invert(op)) == old
        ot.check(op, ot.Limits(components=20_000, size=16_000_000))


def test_OT93_the_ops_are_small() -> None:
    versions = kept_history()
    sizes = [
        len(json.dumps(diff(old, new))) for old, new in zip(versions, versions[1:], strict=False)
    ]
    whole = len(json.dumps(versions[0]))
    assert len(sizes) == 45
    assert sorted(sizes)[len(sizes) // 2] < whole / 100
    assert max(sizes) < whole / 10
