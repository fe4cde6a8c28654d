"""Ops by element: the same results, whatever else the document holds (SPEC OT100, OT101)."""

import json
import tracemalloc
from random import Random

import pytest

import ot
from ot.elements import ABSENT, apply_to_elements, place_of
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
