"""Recent ops by element: rule RM12, and what stays in memory."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ot import json0
from ot.types import Op, OpError
from server.document.model import elements_of
from server.document.versioned import TYPE, Create, Delete, NoOp
from server.errors import Code, DesignError
from server.room.effects import CommittedOp
from server.room.window import Window
from tests.sim.edits import design_document, design_edit


def committed(version: int, edit: Any, *, size: int = 10, seq: int | None = None) -> CommittedOp:
    elements = elements_of(edit) if isinstance(edit, list) else None
    return CommittedOp(
        version,
        "src",
        version if seq is None else seq,
        "author",
        0,
        edit,
        elements=elements,
        size=size,
    )


def window_of(*edits: Any, start: int = 0) -> Window:
    window = Window(start)
    for version, edit in enumerate(edits, start):
        window.append(committed(version, edit))
    return window


def label(component: str, value: str = "x") -> Op:
    return [{"p": ["components", component, "props", "label", 0], "si": value}]


@settings(max_examples=300, deadline=None)
@given(st.integers(0, 2**32), st.integers(1, 4))
def test_RM12_meeting_only_ones_own_elements_gives_what_meeting_all_gives(
    seed: int, gestures: int
) -> None:
    random = Random(seed)
    document = design_document()
    edits = [design_edit(random, document) for _ in range(random.randint(1, 8))]
    op = [component for _ in range(gestures) for component in design_edit(random, document)]
    window = window_of(*edits)
    expected: Op | None = op
    try:
        for edit in edits:
            expected = json0.transform(expected or [], edit, "left")
    except OpError:
        expected = None  # made on one document each, they need not fit one after the other
    try:
        transformed = window.transform(op, elements_of(op), 0, window.end)
    except DesignError:
        transformed = None
    assert transformed == expected


def test_RM12_ops_that_are_not_merged_are_merged_by_what_they_pass() -> None:
    # The second component becomes `ld` by the first merge, and only the second merge sees that
    # this deletes what the first component inserted.
    path = ["components", "c1", "props", "options", 0]
    op: Op = [
        {"p": path, "li": "a"},
        {"p": path, "ld": "a", "li": "b"},
        {"p": path, "ld": "b"},
    ]
    window = window_of(label("c2"), label("c2"))
    once = window.transform(op, elements_of(op), 0, 1)
    assert once == json0.transform(op, label("c2"), "left") == [op[0], {"p": path, "ld": "a"}]
    assert window.transform(op, elements_of(op), 0, 2) == []


def test_RM12_ops_of_other_elements_are_never_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    window = window_of(*(label(f"c{number % 100}") for number in range(1_000)))
    met: list[Any] = []
    passed = json0._pass
    monkeypatch.setattr(json0, "_pass", lambda *args: (met.append(args), passed(*args))[1])
    for base, element, meetings in ((0, "c7", 10), (900, "c7", 1), (0, "new", 0)):
        met.clear()
        window.transform(label(element), elements_of(label(element)), base, window.end)
        assert len(met) == meetings


def test_transform_stops_where_it_is_told() -> None:
    window = window_of(label("c1", "a"), label("c1", "b"), label("c1", "c"))
    op = [{"p": ["components", "c1", "props", "label", 5], "si": "z"}]
    moved = window.transform(op, elements_of(op), 1, 2)
    assert moved == [{"p": ["components", "c1", "props", "label", 6], "si": "z"}]
    assert window.transform(op, elements_of(op), 3, 3) is op


def test_creates_and_deletes_are_met_whatever_the_elements() -> None:
    window = window_of(label("c1"), Delete(), NoOp(), Create(TYPE, {}))
    with pytest.raises(DesignError) as refused:
        window.transform(label("c2"), elements_of(label("c2")), 0, 4)
    assert refused.value.code == Code.DOC_WAS_DELETED
    assert window.transform(label("c2"), elements_of(label("c2")), 2, 3) == label("c2")
    assert window.transform(Delete(), frozenset(), 0, 3) == Delete()
    with pytest.raises(DesignError):
        window.transform(Create(TYPE, {}), frozenset(), 0, 1)


def test_truncate_takes_back_what_was_not_committed() -> None:
    window = window_of(label("c1"))
    window.append(committed(1, label("c1", "new")))
    window.append(committed(2, label("c2", "new")))
    window.truncate(1)
    assert window.end == 1 and window.find("src", 1) is None
    assert window.transform(label("c1"), elements_of(label("c1")), 0, 1) == label("c1")


def test_prepend_reaches_further_back() -> None:
    window = window_of(label("c1", "cc"), start=2)
    window.prepend([committed(0, label("c1", "a")), committed(1, label("c2", "b"))])
    assert (window.start, window.end) == (0, 3)
    op = [{"p": ["components", "c1", "props", "label", 1], "si": "z"}]
    assert window.transform(op, elements_of(op), 0, 3)[0]["p"][-1] == 4
    assert window.find("src", 1) == 1
    assert [version.version for version in window.slice(0, 3)] == [0, 1, 2]


def test_trim_bounds_count_and_size() -> None:
    window = window_of(*(label(f"c{version % 3}") for version in range(100)))
    window.trim(80, 10_000)
    assert window.start == 0
    window.trim(40, 10_000)
    assert (window.start, window.end) == (60, 100)
    window.trim(40, 100)
    assert window.start == 90
    assert window.find("src", 89) is None and window.find("src", 90) == 90
    with pytest.raises(IndexError):
        window.slice(89, 95)
    with pytest.raises(IndexError):
        window[89]
    later = label("c1")
    assert window.transform(later, elements_of(later), 90, 100) == later


def test_missed_ops_are_seen_as_ops() -> None:
    window = window_of(label("c1"), NoOp(), label("c2"), start=5)
    missed = window.missed(5)
    assert len(missed) == 3 and list(missed) == [label("c1"), [], label("c2")]
    assert missed[-1] == label("c2") and missed[1:] == [[], label("c2")]
    with pytest.raises(IndexError):
        missed[3]
    assert len(window.missed(8)) == 0 and len(window.missed(99)) == 0


def test_RM12_is_met_says_whether_there_are_meetings() -> None:
    chance = Random(3)
    window = Window(5)
    for version in range(5, 40):
        elements = frozenset(chance.sample(["a", "b", "c", "d"], chance.randrange(1, 3)))
        whole = chance.random() < 0.05
        window.append(
            CommittedOp(version, "s", version, "x", 0, [], elements=None if whole else elements)
        )
        for base in range(5, version + 2):
            for element in "abcde":
                asked = frozenset((element,))
                assert window.is_met(asked, base) == bool(window.meetings(asked, base, window.end))
