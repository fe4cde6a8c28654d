from __future__ import annotations

import copy
import random

import pytest

from ot import same
from ot.types import OpError
from server.document.replay import Replay
from server.document.versioned import TYPE, Create, Delete, Edit, NoOp, Snapshot, replay
from tests.server.store.histories import design_story, scratch_story

START = Snapshot(0, None, None)


@pytest.mark.parametrize("by_element", [True, False])
def test_each_state_is_that_of_plain_replay(by_element: bool) -> None:
    for story in (design_story("Claims", 120), scratch_story(60)):
        run = Replay(START, by_element=by_element)
        for edit, state in zip(story.edits, story.states[1:], strict=True):
            run.advance(edit)
            assert run.version == state.version
            assert run.snapshot.type == state.type
            assert same(run.snapshot.data, state.data)


def test_from_any_state_and_the_given_document_stays_as_it_is() -> None:
    story = design_story("Claims", 80)
    chance = random.Random(1)
    for start in chance.sample(range(1, 80), 12):
        given = story.states[start]
        before = copy.deepcopy(given.data)
        run = Replay(given, by_element=True)
        for edit in story.edits[start:]:
            run.advance(edit)
        assert same(run.snapshot.data, story.states[-1].data)
        assert same(given.data, before)


def test_what_is_created_again_is_not_what_was_there() -> None:
    design = {"components": {"c1": {"n": 1}}}
    edits: list[Edit] = [
        Create(TYPE, design),
        [{"p": ["components", "c2"], "oi": {"n": 2}}],
        NoOp(),
        [{"p": ["components"], "od": {"c1": {"n": 1}, "c2": {"n": 2}}, "oi": {}}],
        [{"p": ["components", "c3"], "oi": 3}],
        Delete(),
        Create(TYPE, design),
        [{"p": ["components", "c1"], "od": {"n": 1}}],
    ]
    run, plain = Replay(START, by_element=True), START
    for edit in edits:
        run.advance(edit)
        plain = replay(plain, edit)
        assert run.snapshot == plain
    assert design == {"components": {"c1": {"n": 1}}}


@pytest.mark.parametrize("by_element", [True, False])
@pytest.mark.parametrize(
    "edit", [[{"p": ["components", "c9", "n"], "na": 1}], [{"p": ["nothing", "c1"], "oi": 1}]]
)
def test_an_edit_that_does_not_apply_says_so(by_element: bool, edit: Edit) -> None:
    run = Replay(Snapshot(3, TYPE, {"components": {}}), by_element=by_element)
    with pytest.raises(OpError):
        run.advance(edit)
    assert run.snapshot == Snapshot(3, TYPE, {"components": {}})
    with pytest.raises(OpError):
        Replay(START, by_element=by_element).advance(edit)
