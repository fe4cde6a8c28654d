"""Ops by element: the same results, at the cost of conflicts alone (SPEC OT100-OT104)."""

import json
import tracemalloc
from random import Random

import pytest

import ot
from ot import json0
from ot.elements import ABSENT, Recent, apply_to_elements, place_of
from ot.types import Json, Op, OpError, Path
from tests.ot.generate import Documents, Untied, value


@pytest.mark.parametrize(
    ("path", "place"),
    [
        ([], ()),
        ([3], ()),
        ([3, "a"], ()),
        (["meta"], ("meta",)),
        (["list", 0], ("list",)),
        (["list", 0, "a"], ("list",)),
        (["components", "c1"], ("components", "c1")),
        (["components", "c1", "props", 3], ("components", "c1")),
    ],
)
def test_OT100_the_place_is_the_first_two_keys(path: Path, place: tuple[str, ...]) -> None:
    assert place_of(path) == place


def design(random: Random) -> Json:
    return {
        section: {key: value(random, 3) for key in random.sample("abcd", random.randrange(4))}
        for section in ("pages", "components")
    } | {"list": [value(random, 2) for _ in range(3)], "name": "text"}


def put(doc: Json, changes: dict[tuple[str, ...], Json]) -> Json:
    if () in changes:
        return changes[()]
    doc = {key: dict(one) if type(one) is dict else one for key, one in doc.items()}
    for (section, key), now in changes.items():
        if now is ABSENT:
            doc[section].pop(key, None)
        else:
            doc[section][key] = now
    return doc


@pytest.mark.parametrize("seed", range(20))
def test_OT101_apply_to_elements_equals_apply(seed: int) -> None:
    random = Random(seed)
    refused = 0
    for _ in range(200):
        doc = design(random)
        before = json.dumps(doc)
        if random.random() < 0.7:
            op = Documents(random, safe=True).op(doc)[0]
        else:
            op = Untied(random).op()
        try:
            whole = ot.apply(doc, op)
        except OpError as error:
            with pytest.raises(OpError) as caught:
                apply_to_elements(doc, op)
            assert caught.value.reason is error.reason
            refused += 1
        else:
            assert put(doc, apply_to_elements(doc, op)) == whole
        assert json.dumps(doc) == before
    assert 0 < refused < 150


@pytest.mark.parametrize(
    ("doc", "path", "reason"),
    [
        ({"list": [1]}, ["list", "a"], ot.Reason.NOT_AN_OBJECT),
        ({"list": [1]}, ["list", "a", "b"], ot.Reason.PATH_NOT_FOUND),
        ({"name": "x"}, ["name", "a"], ot.Reason.PATH_BLOCKED),
        ({}, ["components", "a"], ot.Reason.PATH_NOT_FOUND),
        ([], ["components", "a"], ot.Reason.PATH_NOT_FOUND),
    ],
)
def test_OT101_it_refuses_as_apply_does(doc: Json, path: Path, reason: ot.Reason) -> None:
    for apply in (ot.apply, apply_to_elements):
        with pytest.raises(OpError) as caught:
            apply(doc, [{"p": path, "oi": 1}])
        assert caught.value.reason is reason


def full(op: Op, others: list[Op]) -> Op:
    for other in others:
        op = json0.transform(op, other, "left")
    return op


def history(random: Random, tied: bool) -> tuple[Op, list[Op]]:
    """An op made before a history, not merged, and the history."""
    if not tied:
        untied = Untied(random)
        return untied.op(6), [untied.op(3) for _ in range(random.randrange(8))]
    doc = design(random)
    documents = Documents(random, safe=random.random() < 0.5)
    op = documents.op(doc, 6)[0]
    others = []
    for _ in range(random.randrange(8)):
        other, doc = documents.op(doc)
        others.append(other)
    return op, others


@pytest.mark.parametrize("seed", range(20))
def test_OT102_transform_by_element_is_byte_equal_to_the_full_transform(seed: int) -> None:
    random = Random(seed)
    for _ in range(300):
        op, others = history(random, tied=random.random() < 0.7)
        first = random.choice([0, 5])
        recent = Recent(first)
        gone = [[{"p": ["components", "a"], "na": 1}], []]
        for other in (*gone, *others):
            recent.add(other)
        if random.random() < 0.5:
            recent.forget(first + random.randrange(3))
        start = first + len(gone)
        assert recent.version == start + len(others)
        try:
            expected = json.dumps(full(op, others))
        except OpError as error:
            with pytest.raises(OpError) as caught:
                recent.transform(op, start)
            assert caught.value.reason is error.reason
        else:
            assert json.dumps(recent.transform(op, start)) == expected, (op, others)


def test_OT102_ops_that_are_not_merged_are_merged_by_what_they_pass() -> None:
    # The second component becomes `ld` by the first merge, and only the second merge sees that
    # this deletes what the first component inserted.
    op: Op = [
        {"p": ["list", 0], "li": "a"},
        {"p": ["list", 0], "ld": "a", "li": "b"},
        {"p": ["list", 0], "ld": "b"},
    ]
    apart: Op = [{"p": ["components", "x"], "oi": 1}]
    recent = Recent()
    recent.add(apart)
    assert recent.transform(op, 0) == full(op, [apart]) == [op[0], {"p": ["list", 0], "ld": "a"}]
    recent.add(apart)
    assert recent.transform(op, 0) == full(op, [apart, apart]) == []


def test_OT103_ops_of_other_elements_are_never_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    recent = Recent()
    for number in range(1_000):
        recent.add([{"p": ["components", f"c{number % 100}", "n"], "na": 1}])
    met = []
    passed = json0._pass
    monkeypatch.setattr(json0, "_pass", lambda *args: (met.append(args), passed(*args)))
    recent.transform([{"p": ["components", "c7", "n"], "na": 1}], 0)
    assert len(met) == 10
    recent.transform([{"p": ["components", "c7", "n"], "na": 1}], 900)
    assert len(met) == 11
    recent.transform([{"p": ["components", "new"], "oi": 1}], 0)
    assert len(met) == 11


def test_OT104_what_is_forgotten_leaves_nothing_behind() -> None:
    recent = Recent(10)
    for number in range(100):
        recent.add([{"p": ["components", f"c{number}", "n"], "na": 1}, {"p": ["meta"], "na": 1}])
        recent.add([])
    recent.forget(5)
    assert recent.oldest == 10
    recent.forget(110)
    assert (recent.oldest, recent.version) == (110, 210)
    recent.forget(1_000)
    assert (recent.oldest, recent.version) == (210, 210)
    assert not recent._at and not recent._below and not recent._components
    recent.add([{"p": ["meta"], "oi": 1}])
    assert recent.transform([{"p": ["meta"], "oi": 2}], 210) == [{"p": ["meta"], "od": 1, "oi": 2}]


def test_OT101_what_else_the_document_holds_costs_nothing() -> None:
    op: Op = [{"p": ["components", "c7", "n"], "od": 7, "oi": 8}]
    used = []
    for size in (100, 10_000):
        doc = {"components": {f"c{number}": {"n": number} for number in range(size)}}
        apply_to_elements(doc, op)
        tracemalloc.start()
        changes = apply_to_elements(doc, op)
        used.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
        assert changes == {("components", "c7"): {"n": 8}}
    # A copy of the map of 10,000 would be 400 kB.
    assert used[1] <= 1.5 * used[0] < 10_000
