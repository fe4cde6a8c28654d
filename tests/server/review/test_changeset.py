"""A change taken back, or made elsewhere: what others have changed since stays, and is told."""

from __future__ import annotations

import copy
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import ot
from server.history.diff import ABSENT, differences, differing
from server.review.changeset import carried
from server.types.registry import TypeRegistry
from tests.support.histories import HISTORIES, NAMES, versions

REAL = pytest.mark.skipif(not HISTORIES.is_dir(), reason="the corpus of real histories is not here")
TYPES = TypeRegistry.load()
KEYS = "abc"


def flat(random: Random) -> dict[str, Any]:
    """A design of components whose properties are numbers."""
    place = {"page": "p", "slot": "content", "order": "a0"}
    made = {
        id: {
            "type": "Button",
            "typeVersion": 1,
            "name": id,
            "place": place,
            "props": {key: random.randrange(3) for key in KEYS if random.random() < 0.8},
        }
        for id in ("c1", "c2", "c3")
    }
    return {
        "format": "coweave-design",
        "formatVersion": 1,
        "meta": {"name": "x"},
        "settings": {},
        "theme": {},
        "libraries": {},
        "pages": {"p": {"name": "P", "order": "a0", "settings": {}}},
        "components": made,
        "queries": {},
        "scripts": {},
        "dataSources": {},
    }


def turned(random: Random, document: dict[str, Any]) -> dict[str, Any]:
    """Some properties changed, put in, or taken out."""
    made = copy.deepcopy(document)
    for value in made["components"].values():
        for key in KEYS:
            if random.random() < 0.4:
                value["props"].pop(key, None)
                if random.random() < 0.7:
                    value["props"][key] = random.randrange(4)
    return made


def props(document: dict[str, Any]) -> dict[tuple[str, str], Any]:
    return {
        (id, key): value["props"].get(key, ABSENT)
        for id, value in document["components"].items()
        for key in KEYS
    }


@settings(max_examples=200, deadline=None)
@given(st.randoms(use_true_random=False))
def test_each_value_changes_only_where_it_is_still_as_it_was(random: Random) -> None:
    old = flat(random)
    new = turned(random, old)
    now = turned(random, random.choice([old, new]))
    made, kept = carried(now, old, new, TYPES)
    before, after, here, there = props(old), props(new), props(now), props(made)
    told = set()
    for place in here:
        if before[place] == after[place] or here[place] == after[place]:
            assert there[place] == here[place]
        elif here[place] == before[place]:
            assert there[place] == after[place]
        else:
            assert there[place] == here[place]
            told.add(("components", place[0], "props", place[1]))
    assert {clash.path for clash in kept} == told


@REAL
@pytest.mark.parametrize("name", NAMES)
def test_a_real_change_is_taken_back_and_made_again(name: str) -> None:
    found = versions(name)
    for at in range(1, min(len(found), 12)):
        old, new = found[at - 1], found[at]
        back, kept = carried(new, new, old, TYPES)
        assert kept == () and ot.same(back, old)
        again, kept = carried(old, old, new, TYPES)
        assert kept == () and ot.same(again, new)


@REAL
@pytest.mark.parametrize("name", NAMES)
def test_what_later_versions_changed_stays(name: str) -> None:
    found = versions(name)
    for at in range(1, min(len(found) - 1, 8)):
        old, new, now = found[at - 1], found[at], found[at + 1]
        made, kept = carried(now, new, old, TYPES)
        told = {clash.path[:2] for clash in kept}
        for element, before, after in differing(new, now):
            steps = tuple(element.split("/", 1))
            here: Any = made
            for step in steps:
                here = here.get(step, ABSENT) if type(here) is dict else ABSENT
            changed_here = {path for path, _, _ in differences(before, after)}
            if before is ABSENT or after is ABSENT:
                assert ot.same(here, after) if ABSENT not in (here, after) else here is after
                continue
            back = old
            for step in steps:
                back = back.get(step, ABSENT) if type(back) is dict else ABSENT
            if back is ABSENT or steps[:2] in told or here is ABSENT:
                continue
            undone = {path for path, _, _ in differences(before, back)}
            for path in changed_here - undone:
                if any(
                    path[: len(other)] == other or other[: len(path)] == path for other in undone
                ):
                    continue
                left: Any = here
                right: Any = after
                for step in path:
                    left = left.get(step, ABSENT) if type(left) is dict else left[step]
                    right = right.get(step, ABSENT) if type(right) is dict else right[step]
                assert left is right or ot.same(left, right)
