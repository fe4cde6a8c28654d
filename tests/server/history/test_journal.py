"""Ops gathered into the versions that people see."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from server.document.model import new_design
from server.document.replay import Replay
from server.document.versioned import TYPE, Create, Delete, NoOp, Snapshot
from server.history.journal import MOST_OPS, PAUSE_MS, Entry, Journal, Made
from server.types.registry import TypeRegistry

TYPES = TypeRegistry.load()
EMPTY = Snapshot(0, None, None)
MINUTE = 60_000


def log(*acts: tuple[str, int, Any]) -> list[Made]:
    """Ops by (author, minutes since the last, why); each changes the design's description."""
    ops = [Made(1, "ada", 0, Create(TYPE, new_design("X")))]
    time, text = 0, ""
    for author, minutes, why in acts:
        time += minutes * MINUTE
        edit = [{"p": ["meta", "description"], "od": text, "oi": text + "x"}]
        text += "x"
        ops.append(Made(len(ops) + 1, author, time, edit, why and {"kind": why, "from": 1}))
    return ops


def entries(ops: list[Made], start: Snapshot = EMPTY) -> list[Entry]:
    journal = Journal(start, TYPES)
    found = [entry for op in ops if (entry := journal.take(op)) is not None]
    last = journal.entry()
    return found + ([last] if last else [])


def told(ops: list[Made]) -> list[tuple[int, int, str, tuple[str, ...]]]:
    return [(each.base, each.version, each.kind, each.authors) for each in entries(ops)]


def test_one_author_without_a_pause_is_one_entry() -> None:
    ops = log(("ada", 1, None), ("ada", 4, None), ("ada", 5, None))
    assert told(ops) == [
        (0, 1, "create", ("ada",)),
        (1, 3, "edit", ("ada",)),
        (3, 4, "edit", ("ada",)),
    ]
    made, first, _ = entries(ops)
    assert made.summary == "design created with 0 components on 1 page"
    assert first.summary == "description of the design changed"
    assert (first.started_at, first.ended_at) == (MINUTE, 5 * MINUTE)
    assert (first.edits, first.elements) == (2, 1)


def test_who_comes_later_begins_an_entry_and_who_writes_beside_one_shares_it() -> None:
    assert told(log(("ada", 1, None), ("ben", 2, None))) == [
        (0, 1, "create", ("ada",)),
        (1, 2, "edit", ("ada",)),
        (2, 3, "edit", ("ben",)),
    ]
    together = log(("ada", 1, None), ("ben", 0, None), ("ben", 0, None), ("ada", 3, None))
    assert told(together)[1:] == [(1, 5, "edit", ("ada", "ben"))]


def test_a_server_command_stands_alone_and_a_migration_is_one() -> None:
    ops = log(
        ("ada", 0, None),
        ("ada", 0, "restore"),
        ("ada", 0, "restore"),
        ("ada", 0, None),
        ("migration", 0, "migration"),
        ("migration", 0, "migration"),
    )
    assert [(base, version, kind) for base, version, kind, _ in told(ops)] == [
        (0, 1, "create"),
        (1, 2, "edit"),
        (2, 3, "restore"),
        (3, 4, "restore"),
        (4, 5, "edit"),
        (5, 7, "migration"),
    ]
    assert entries(ops)[2].origin == {"from": 1}
    assert entries(ops)[1].origin is None


def test_an_entry_has_an_end_in_ops_and_in_time() -> None:
    many = log(*[("ada", 0, None)] * (MOST_OPS + 1))
    assert [each.edits for each in entries(many)] == [1, MOST_OPS, 1]
    long = log(*[("ada", 4, None)] * 10)
    assert all(each.ended_at - each.started_at <= 30 * MINUTE for each in entries(long))
    assert len(entries(long)) == 3


ACTS = st.tuples(
    st.sampled_from(["ada", "ben"]),
    st.sampled_from([0, 0, 0, 2, PAUSE_MS // MINUTE]),
    st.sampled_from([None, None, None, "revert", "migration"]),
)


@given(st.lists(ACTS, max_size=30), st.integers(0, 40))
def test_from_the_start_of_any_entry_the_rest_is_the_same(acts: list[Any], at: int) -> None:
    ops = log(*acts)
    whole = entries(ops)
    assert [each.base for each in whole] == [0, *(each.version for each in whole[:-1])]
    base = whole[at % len(whole)].base
    replay = Replay(EMPTY, by_element=True)
    for op in ops[:base]:
        replay.advance(op.edit)
    rest = entries(ops[base:], replay.snapshot)
    assert rest == [each for each in whole if each.base >= base]


def test_an_entry_that_begins_with_nothing_tells_of_the_rest() -> None:
    ops = log(("ada", 0, None), ("ada", 0, None))
    nothing = Made(2, "ada", 0, NoOp())
    rest = [replace(op, version=op.version + 1) for op in ops[1:]]
    found = entries([ops[0], nothing, *rest])
    assert [each.summary for each in found][1:] == ["description of the design changed"]
    gone = [ops[0], Made(2, "ada", 0, Delete()), Made(3, "ada", 0, NoOp())]
    assert [(each.kind, each.summary) for each in entries(gone)][1:] == [
        ("delete", ""),
        ("edit", ""),
    ]


def test_it_says_what_it_costs() -> None:
    journal = Journal(EMPTY, TYPES)
    assert (journal.elements, journal.entry()) == (0, None)
    journal.take(log()[0])
    assert journal.elements >= 1
