"""Who may do what, case by case."""

from __future__ import annotations

import pytest

from server.errors import Code
from server.policy.rights import Principal, Right, State, channel_document, refusal

ANN = Principal("default", "p1", "Ann")


def code(right: Right, collection: str, state: State, *, scratch: bool = False) -> Code | None:
    refused = refusal(ANN, right, collection, state, scratch=scratch)
    return None if refused is None else refused.code


@pytest.mark.parametrize("right", [Right.READ, Right.EDIT, Right.TRASH])
def test_designs_in_use_are_open_to_all(right: Right) -> None:
    assert code(right, "designs", State.IN_USE) is None


@pytest.mark.parametrize("right", list(Right))
def test_missing_and_trashed_designs_answer_alike(right: Right) -> None:
    answers = {
        str(refusal(ANN, right, "designs", state, scratch=False))
        for state in (State.MISSING, State.TRASHED)
        if not (right is Right.RESTORE and state is State.TRASHED)
    }
    assert len(answers) == 1
    assert "None" not in answers


def test_only_what_is_in_the_trash_can_be_restored() -> None:
    assert code(Right.RESTORE, "designs", State.TRASHED) is None
    assert code(Right.RESTORE, "designs", State.IN_USE) is Code.NOT_FOUND
    assert code(Right.RESTORE, "designs", State.MISSING) is Code.NOT_FOUND


@pytest.mark.parametrize("state", list(State))
def test_designs_are_not_made_by_ops(state: State) -> None:
    assert code(Right.CREATE_OR_DELETE, "designs", state) is Code.NOT_BY_SOCKET


@pytest.mark.parametrize("right", list(Right))
def test_scratch_is_open_where_it_is_served(right: Right) -> None:
    assert code(right, "scratch", State.MISSING, scratch=True) is None
    assert code(right, "scratch", State.MISSING, scratch=False) is Code.NOT_FOUND


@pytest.mark.parametrize("collection", ["", "Designs", "designs ", "people", "ops"])
def test_other_collections_do_not_exist(collection: str) -> None:
    assert code(Right.READ, collection, State.IN_USE, scratch=True) is Code.NOT_FOUND


@pytest.mark.parametrize(
    ("channel", "scratch", "document"),
    [
        ("designs.d1", False, ("designs", "d1")),
        ("designs.d1", True, ("designs", "d1")),
        ("designs.d1.x", True, ("designs", "d1.x")),
        ("designs", True, ("designs", "")),
        ("any", True, ("scratch", "any")),
        ("any", False, ("any", "")),
        ("scratch.x", False, ("scratch", "x")),
    ],
)
def test_a_channel_has_the_rights_of_its_document(
    channel: str, scratch: bool, document: tuple[str, str]
) -> None:
    assert channel_document(channel, scratch=scratch) == document
