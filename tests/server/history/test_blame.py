"""Who made a value what it is, beside a replay of everything."""

from __future__ import annotations

import copy
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import ot
import ot.diff
from ot.undo import undo
from ot.utf16 import cut, join
from ot.values import add
from server.history.blame import Blame, leaves
from tests.ot.generate import Documents
from tests.support.histories import HISTORIES, NAMES, versions

REAL = pytest.mark.skipif(not HISTORIES.is_dir(), reason="the corpus of real histories is not here")


class Item:
    """An item of a list, that is itself wherever it stands."""

    def __init__(self, value: Any) -> None:
        self.value = value


def boxed(value: Any, like: Any = None) -> Any:
    """`value` with its lists' items boxed; as the items of `like` where both have lists."""
    if isinstance(value, dict):
        inside = like if isinstance(like, dict) else {}
        return {key: boxed(inner, inside.get(key)) for key, inner in value.items()}
    if isinstance(value, list):
        items = []
        for at, inner in enumerate(value):
            old = like[at] if isinstance(like, list) and at < len(like) else None
            item = old or Item(None)
            items.append((item, boxed(inner, item.value)))
        made = []
        for item, inner in items:
            item.value = inner
            made.append(item)
        return made
    return value


def flat(value: Any, path: tuple[Any, ...] = (), shown: tuple[Any, ...] = ()) -> Any:
    """(path by identity, path, value) of each smallest value."""
    if isinstance(value, dict) and value:
        for key, inner in value.items():
            yield from flat(inner, (*path, key), (*shown, key))
    elif isinstance(value, list) and value:
        for at, item in enumerate(value):
            yield from flat(item.value, (*path, item), (*shown, at))
    else:
        yield path, shown, copy.copy(value)


class Replayed:
    """Every value's last change, found by comparing all values after every component of every op."""

    def __init__(self, document: Any) -> None:
        self.root = {"": boxed(document)}
        self.owner = {path: 0 for path, _, _ in flat(self.root)}

    def take(self, version: int, op: ot.Op) -> None:
        for component in op:
            before = {path: value for path, _, value in flat(self.root)}
            self.apply(component)
            after = {path: value for path, _, value in flat(self.root)}
            for path, value in after.items():
                if path not in before or not ot.same(before[path], value):
                    self.owner[path] = version

    def apply(self, component: ot.Component) -> None:
        *outer, last = ["", *component["p"]]
        if "si" in component or "sd" in component:
            at, last, outer = last, outer[-1], outer[:-1]
        into: Any = self.root
        for step in outer:
            into = into[step].value if isinstance(into, list) else into[step]
        if "si" in component or "sd" in component:
            text = into[last].value if isinstance(into, list) else into[last]
            if "si" in component:
                text = join(join(cut(text, 0, at), component["si"]), cut(text, at))
            else:
                end = at + len(component["sd"].encode("utf-16-le", "surrogatepass")) // 2
                text = join(cut(text, 0, at), cut(text, end))
            self.put(into, last, text)
        elif "na" in component:
            old = into[last].value if isinstance(into, list) else into[last]
            self.put(into, last, add(old, component["na"]))
        elif "lm" in component:
            into.insert(component["lm"], into.pop(last))
        elif "li" in component and "ld" in component:
            into[last].value = boxed(component["li"], into[last].value)
        elif "li" in component:
            into.insert(last, Item(boxed(component["li"])))
        elif "ld" in component:
            del into[last]
        elif "oi" in component:
            into[last] = boxed(component["oi"], into.get(last))
        else:
            del into[last]

    @staticmethod
    def put(into: Any, last: Any, value: Any) -> None:
        if isinstance(into, list):
            into[last].value = value
        else:
            into[last] = value

    def found(self) -> dict[tuple[Any, ...], int]:
        return {shown[1:]: self.owner[path] for path, shown, _ in flat(self.root)}


def blamed(document: Any, ops: list[ot.Op]) -> dict[tuple[Any, ...], int]:
    blame = Blame(leaves(document))
    for version in range(len(ops), 0, -1):
        blame.take(version, ops[version - 1])
    blame.rest(0)
    assert list(blame.open) == []
    return blame.found


@settings(max_examples=100, deadline=None)
@given(st.randoms(use_true_random=False))
def test_blame_equals_a_replay_of_everything(random: Random) -> None:
    documents = Documents(random, safe=True)
    document = {"c": documents.document()}
    replayed, ops = Replayed(document), list[ot.Op]()
    for version in range(1, random.randrange(2, 16)):
        if ops and random.random() < 0.2:
            back = random.randrange(len(ops))
            op = undo(ops[back], ops[back + 1 :])
            document = ot.apply(document, op)
        else:
            op, document = documents.op(document, 4)
        ops.append(op)
        replayed.take(version, op)
    assert blamed(document, ops) == replayed.found()


@REAL
@pytest.mark.parametrize("name", NAMES)
def test_blame_of_real_versions(name: str) -> None:
    found = versions(name)[:8]
    ids = sorted({id for each in found for id in each["components"]})[::9]
    states = [{id: each["components"].get(id, {}) for id in ids} for each in found]
    states.append(states[2])  # a restore
    replayed, ops = Replayed(states[0]), list[ot.Op]()
    for version, (old, new) in enumerate(zip(states, states[1:], strict=False), 1):
        ops.append(ot.diff.diff(old, new))
        replayed.take(version, ops[-1])
    assert blamed(states[-1], ops) == replayed.found()


def test_who_took_a_value_out() -> None:
    ops: list[ot.Op] = [
        [{"p": ["a", "x"], "od": 1}],
        [{"p": ["a", "y"], "oi": 2}],
        [{"p": ["b"], "od": {"z": 1}}],
        [{"p": ["a"], "od": {"y": 2, "k": {"m": 1}}, "oi": {"y": 2}}],
    ]
    blame = Blame([("a", "x"), ("b", "z"), ("a", "k", "m"), ("never",)])
    for version in range(4, 0, -1):
        blame.take(version, ops[version - 1])
    assert blame.found == {("a", "x"): 1, ("b", "z"): 3, ("a", "k", "m"): 4}
    assert list(blame.open) == [("never",)]


def test_items_keep_theirs_when_others_come_go_and_move() -> None:
    start = ["a", "b", "c"]
    ops: list[ot.Op] = [
        [{"p": [1], "ld": "b", "li": "B"}],
        [{"p": [0], "li": "x"}],
        [{"p": [3], "lm": 0}],
        [{"p": [1], "ld": "x"}],
    ]
    assert blamed(["c", "a", "B"], ops) == {(0,): 0, (1,): 0, (2,): 1}
    assert Replayed(start).found() == {(0,): 0, (1,): 0, (2,): 0}
