"""The decision, cell by cell: role x right x what state the design is in."""

from __future__ import annotations

import pytest

from server.errors import Code
from server.policy.decision import refusal, tenant_refusal
from server.policy.rights import Kind, Principal, Right, State
from server.policy.roles import OWNS, Role, Standing

DESIGN_RIGHTS = [
    right
    for right in Right
    if right not in (Right.CREATE, Right.AUDIT, Right.MEMBERS, Right.TOKENS)
]
ADA = Principal("acme", "u1", "Ada")
ADMIN = Principal("acme", "u2", "Ben", is_admin=True)


def code(
    right: Right,
    state: State = State.IN_USE,
    role: Role | None = Role.OWNER,
    *,
    collection: str = "designs",
    scratch: bool = False,
) -> Code | None:
    own = None if role is None else Standing(role)
    refused = refusal(right, collection, state, own, scratch=scratch)
    return None if refused is None else refused.code


# One line per right: what a viewer, a reviewer, an editor and an owner may do.
TABLE = """
read               yes yes yes yes
export             yes yes yes yes
comment            -   yes yes yes
review             -   yes yes yes
edit               -   -   yes yes
migrate            -   -   yes yes
lease              -   -   yes yes
take-over          -   -   yes yes
branch             -   -   yes yes
merge              -   -   yes yes
promote            -   -   yes yes
protect            -   -   -   yes
promote-emergency  -   -   -   yes
share              -   -   -   yes
freeze             -   -   -   yes
trash              -   -   -   yes
"""
CELLS = [
    (Right(right), role, cell == "yes")
    for right, *cells in map(str.split, TABLE.strip().splitlines())
    for role, cell in zip(Role, cells, strict=True)
]


def test_every_right_on_a_design_is_in_the_table() -> None:
    others = {Right.RESTORE, Right.CREATE_OR_DELETE}
    assert {right for right, _, _ in CELLS} == set(DESIGN_RIGHTS) - others


@pytest.mark.parametrize(("right", "role", "allowed"), CELLS)
def test_E3_what_each_role_may(right: Right, role: Role, allowed: bool) -> None:
    assert code(right, role=role) is (None if allowed else Code.FORBIDDEN)


@pytest.mark.parametrize("right", DESIGN_RIGHTS)
def test_what_is_missing_trashed_or_hidden_answers_alike(right: Right) -> None:
    told = set()
    for state in State:
        for own in (None, *map(Standing, Role)):
            is_there = own is not None and state not in (State.MISSING, State.TRASHED)
            can_return = right is Right.RESTORE and state is State.TRASHED and own == OWNS
            if (is_there and right is not Right.RESTORE) or can_return:
                continue
            if right is Right.CREATE_OR_DELETE:
                continue  # answered before anything is looked up
            refused = refusal(right, "designs", state, own, scratch=False)
            assert refused is not None
            told.add((refused.code, refused.message, str(refused.details)))
    assert len(told) == (0 if right is Right.CREATE_OR_DELETE else 1)


def test_owners_take_out_of_the_trash_what_lies_there() -> None:
    assert code(Right.RESTORE, State.TRASHED) is None
    assert code(Right.RESTORE, State.IN_USE) is Code.NOT_FOUND
    assert code(Right.RESTORE, State.MISSING) is Code.NOT_FOUND
    assert code(Right.RESTORE, State.TRASHED, Role.EDITOR) is Code.NOT_FOUND


@pytest.mark.parametrize("state", list(State))
def test_designs_are_not_made_by_ops(state: State) -> None:
    assert code(Right.CREATE_OR_DELETE, state) is Code.NOT_BY_SOCKET
    assert code(Right.CREATE_OR_DELETE, state, None) is Code.NOT_BY_SOCKET


@pytest.mark.parametrize(
    ("state", "refused"),
    [
        (
            State.FROZEN,
            {Right.EDIT: Code.FROZEN, Right.MIGRATE: Code.FROZEN, Right.MERGE: Code.FROZEN},
        ),
        (State.PROTECTED, {Right.EDIT: Code.PROTECTED, Right.MIGRATE: Code.PROTECTED}),
    ],
)
def test_a_design_may_be_closed_to_changes(state: State, refused: dict[Right, Code]) -> None:
    for right in DESIGN_RIGHTS:
        if right not in (Right.RESTORE, Right.CREATE_OR_DELETE):
            assert code(right, state) is refused.get(right)
    assert code(Right.EDIT, state, Role.VIEWER) is Code.FORBIDDEN


@pytest.mark.parametrize("right", list(Right))
def test_scratch_is_open_where_it_is_served(right: Right) -> None:
    for role in (None, Role.VIEWER):
        assert code(right, State.MISSING, role, collection="scratch", scratch=True) is None
        found = code(right, State.MISSING, role, collection="scratch", scratch=False)
        assert found is Code.NOT_FOUND


@pytest.mark.parametrize("collection", ["", "Designs", "designs ", "people", "ops"])
def test_other_collections_do_not_exist(collection: str) -> None:
    assert code(Right.READ, collection=collection, scratch=True) is Code.NOT_FOUND


def tenant_code(principal: Principal, right: Right) -> Code | None:
    refused = tenant_refusal(principal, right)
    return None if refused is None else refused.code


@pytest.mark.parametrize("right", [Right.CREATE, Right.AUDIT, Right.MEMBERS, Right.TOKENS])
def test_what_is_done_to_a_tenant_is_for_its_administrators(right: Right) -> None:
    assert tenant_code(ADMIN, right) is None
    assert tenant_code(ADA, right) is (None if right is Right.CREATE else Code.FORBIDDEN)
    bare = Principal("acme", "t1", "CI", Kind.TOKEN, scopes=frozenset({"owner:*"}))
    assert tenant_code(bare, right) is Code.FORBIDDEN
    named = Principal("acme", "t1", "CI", Kind.TOKEN, scopes=frozenset({str(right)}))
    may = right in (Right.CREATE, Right.AUDIT)
    assert tenant_code(named, right) is (None if may else Code.FORBIDDEN)
    assert tenant_code(Principal("acme", "", "", Kind.SYSTEM), right) is None
