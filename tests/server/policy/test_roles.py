"""What somebody is on a design, out of all the roles that were given on it."""

from __future__ import annotations

import pytest

from server.policy.rights import Kind, Principal, Right
from server.policy.roles import ALLOWED, OWNS, Grant, Role, Standing, Within, standing

ADA = Principal("acme", "ada", "Ada", groups=frozenset({"makers", "all"}))
BEN = Principal("acme", "ben", "Ben")


def grant(subject: str, role: Role, scope: str = "") -> Grant:
    kind, _, name = subject.partition(":")
    return Grant("d1", scope, kind, name, role)


def test_each_role_may_all_that_those_below_it_may() -> None:
    roles = list(Role)
    for lower, higher in zip(roles, roles[1:], strict=False):
        assert ALLOWED[lower] < ALLOWED[higher]
        assert lower.rank < higher.rank


def test_without_a_role_a_design_is_hidden() -> None:
    assert standing(BEN, "d1", []) is None
    assert standing(BEN, "d1", [grant("person:ada", Role.OWNER)]) is None
    assert standing(BEN, "d1", [grant("group:makers", Role.OWNER)]) is None
    assert standing(BEN, "d1", [grant("group:ben", Role.OWNER)]) is None
    assert standing(BEN, "d1", [grant("unknown:ben", Role.OWNER)]) is None


def test_the_most_that_somebody_was_given_counts() -> None:
    given = [
        grant("everyone:", Role.VIEWER),
        grant("group:makers", Role.EDITOR),
        grant("group:all", Role.REVIEWER),
    ]
    assert standing(ADA, "d1", given) == Standing(Role.EDITOR)
    assert standing(BEN, "d1", given) == Standing(Role.VIEWER)


def test_administrators_and_the_server_own_everything() -> None:
    assert standing(Principal("acme", "x", "", is_admin=True), "d1", []) == OWNS
    assert standing(Principal("acme", "", "", Kind.SYSTEM), "d1", []) == OWNS


@pytest.mark.parametrize(
    ("scopes", "role"),
    [
        (set(), None),
        ({"viewer:*"}, Role.VIEWER),
        ({"viewer:*", "editor:d1"}, Role.EDITOR),
        ({"editor:d2"}, None),
        ({"create", "audit"}, None),
        ({"admin:*", "editor"}, None),
    ],
    ids=str,
)
def test_a_token_has_what_its_scopes_name_and_nothing_else(
    scopes: set[str], role: Role | None
) -> None:
    token = Principal("acme", "ada", "CI", Kind.TOKEN, frozenset({"makers"}), frozenset(scopes))
    given = [grant("person:ada", Role.OWNER), grant("everyone:", Role.EDITOR)]
    assert standing(token, "d1", given) == (None if role is None else Standing(role))


def test_a_part_with_roles_of_its_own_is_closed_to_others() -> None:
    given = [
        grant("everyone:", Role.EDITOR),
        grant("person:ben", Role.EDITOR, "pages/pay"),
        grant("person:eve", Role.OWNER),
    ]
    ada, ben = standing(ADA, "d1", given), standing(BEN, "d1", given)
    eve = standing(Principal("acme", "eve", ""), "d1", given)
    assert ada and ben and eve
    assert (ada.on("pages/pay"), ada.on("pages/other"), ada.on(None)) == (
        "viewer",
        "editor",
        "editor",
    )
    assert (ben.on("pages/pay"), ben.on("pages/other")) == ("editor", "editor")
    assert eve.on("pages/pay") == "owner"
    assert not ada.may(Right.EDIT, "pages/pay")
    assert ada.may(Right.EDIT)
    assert ada.within == Within(all_but=True, pages=frozenset({"pay"}))
    assert ben.within is None
    assert eve.within is None


def test_whoever_may_edit_a_page_only_sees_the_whole() -> None:
    own = standing(BEN, "d1", [grant("person:ben", Role.EDITOR, "pages/pay")])
    assert own is not None
    assert own.role is Role.VIEWER
    assert own.may(Right.READ) and own.may(Right.EDIT) and own.may(Right.LEASE)
    assert not own.may(Right.MERGE) and not own.may(Right.COMMENT)
    assert own.may(Right.COMMENT, "pages/pay")
    assert own.within == Within(all_but=False, pages=frozenset({"pay"}))


def test_whoever_may_edit_nothing_may_edit_nowhere() -> None:
    for role in (Role.VIEWER, Role.REVIEWER):
        own = Standing(role, {"pages/pay": None, "environments/production": Role.EDITOR})
        assert not own.may(Right.EDIT)
        assert own.may(Right.PROMOTE, "environments/production")
    editor = Standing(Role.EDITOR, {"environments/production": None})
    assert editor.within is None
    assert editor.may(Right.PROMOTE) and not editor.may(Right.PROMOTE, "environments/production")


@pytest.mark.parametrize(
    ("within", "has", "has_not"),
    [
        (Within(True, frozenset({"a"})), ["b", "", None], ["a"]),
        (Within(False, frozenset({"a"})), ["a"], ["b", "", None]),
        (Within(False, frozenset()), [], ["a", "", None]),
    ],
)
def test_pages_that_may_be_edited(
    within: Within, has: list[str | None], has_not: list[str | None]
) -> None:
    assert all(map(within.has, has))
    assert not any(map(within.has, has_not))
