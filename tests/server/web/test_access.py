"""What the catalogue knows, asked once for many messages."""

from __future__ import annotations

import pytest

from server.errors import Code, DesignError
from server.policy.rights import Kind, Principal, Right
from server.policy.roles import Grant, Role
from server.ports import DesignRow, DocumentId, StoreUnavailable
from server.web import access as module
from server.web.access import Access

ANN = Principal("default", "p1", "Ann")
BEN = Principal("default", "p2", "Ben")
DESIGN = DocumentId("default", "designs", "d1")


class Shelf:
    """A catalogue that counts how often it is asked, and may be away."""

    def __init__(self) -> None:
        self.rows: dict[str, DesignRow] = {}
        self.grants: list[Grant] = []
        self.asked = 0
        self.is_away = False

    def put(
        self,
        id: str,
        trashed_at: int | None = None,
        root: str | None = None,
        protected_at: int | None = None,
    ) -> None:
        self.rows[id] = DesignRow(id, id, 0, "p1", 0, 1, trashed_at, root, protected_at)
        if root is None:
            self.grants.append(Grant(id, "", "person", "p1", Role.OWNER))

    async def get(self, tenant: str, id: str) -> DesignRow | None:
        self.asked += 1
        if self.is_away:
            raise StoreUnavailable
        return self.rows.get(id)

    async def add(self, tenant: str, row: DesignRow) -> None: ...

    async def list(self, tenant: str, *, trashed: bool) -> list[DesignRow]:
        return []

    async def set_trashed(self, tenant: str, id: str, at: int | None) -> bool:
        return False

    async def set_protected(self, tenant: str, id: str, at: int | None) -> bool:
        return False

    async def set_frozen(self, tenant: str, id: str, at: int | None) -> bool:
        return False


class Roles:
    """The port `Grants` on the same shelf."""

    def __init__(self, shelf: Shelf) -> None:
        self.shelf = shelf

    async def of_design(self, tenant: str, design: str) -> list[Grant]:
        return [grant for grant in self.shelf.grants if grant.design == design]

    async def of_principal(self, principal: Principal) -> list[Grant]:
        return [grant for grant in self.shelf.grants if grant.subject in ("", principal.id)]

    async def put(self, tenant: str, grant: Grant, by: str, at: int) -> None: ...

    async def remove(self, tenant: str, grant: Grant) -> bool:
        return False


def access_to(shelf: Shelf, *, scratch: bool = False) -> Access:
    return Access(shelf, Roles(shelf), scratch=scratch)


async def code(
    access: Access, right: Right, document: DocumentId = DESIGN, principal: Principal = ANN
) -> Code | None:
    try:
        await access.check(principal, right, document)
    except DesignError as error:
        return error.code
    return None


async def test_many_messages_cost_one_question() -> None:
    shelf = Shelf()
    shelf.put("d1")
    access = access_to(shelf, scratch=False)
    assert {await code(access, Right.EDIT) for _ in range(100)} == {None}
    assert shelf.asked == 1


async def test_what_this_node_changes_is_known_at_once() -> None:
    shelf = Shelf()
    shelf.put("d1")
    access = access_to(shelf, scratch=False)
    assert await code(access, Right.EDIT) is None
    shelf.put("d1", trashed_at=5)
    access.forget(DESIGN)
    assert await code(access, Right.EDIT) is Code.NOT_FOUND
    assert await code(access, Right.RESTORE) is None


async def test_what_others_change_is_known_soon(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 100.0
    monkeypatch.setattr(module.time, "monotonic", lambda: now)
    shelf = Shelf()
    shelf.put("d1")
    access = access_to(shelf, scratch=False)
    assert await code(access, Right.EDIT) is None
    shelf.put("d1", trashed_at=5)
    assert await code(access, Right.EDIT) is None
    now += 2.1
    assert await code(access, Right.EDIT) is Code.NOT_FOUND


async def test_a_protected_design_is_read_and_not_edited() -> None:
    shelf = Shelf()
    shelf.put("d1", protected_at=5)
    access = access_to(shelf, scratch=False)
    assert await code(access, Right.READ) is None
    assert await code(access, Right.MERGE) is None
    assert await code(access, Right.EDIT) is Code.PROTECTED
    assert await code(access, Right.MIGRATE) is Code.PROTECTED
    assert await code(access, Right.RESTORE) is Code.NOT_FOUND


async def test_a_branch_lives_as_its_root_does_and_is_not_protected_with_it() -> None:
    branch = DESIGN._replace(id="b1")
    shelf = Shelf()
    shelf.put("d1", protected_at=5)
    shelf.put("b1", root="d1")
    access = access_to(shelf, scratch=False)
    assert await code(access, Right.EDIT, branch) is None
    shelf.put("d1", trashed_at=9)
    access.forget(DESIGN)
    assert await code(access, Right.EDIT, branch) is Code.NOT_FOUND
    assert await code(access, Right.READ, branch) is Code.NOT_FOUND
    shelf.put("d1")
    shelf.put("b1", trashed_at=9, root="d1")
    access.forget(DESIGN)
    assert await code(access, Right.READ, branch) is Code.NOT_FOUND


async def test_what_is_missing_is_asked_for_again() -> None:
    shelf = Shelf()
    access = access_to(shelf, scratch=False)
    assert await code(access, Right.READ) is Code.NOT_FOUND
    shelf.put("d1")
    assert await code(access, Right.READ) is None


async def test_with_the_storage_away_open_designs_go_on(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 100.0
    monkeypatch.setattr(module.time, "monotonic", lambda: now)
    shelf = Shelf()
    shelf.put("d1")
    access = access_to(shelf, scratch=False)
    assert await code(access, Right.READ) is None
    shelf.is_away = True
    now += 60
    assert await code(access, Right.READ) is None
    other = DocumentId("default", "designs", "d2")
    assert await code(access, Right.READ, other) is Code.UNAVAILABLE


async def test_scratch_needs_no_catalogue() -> None:
    shelf = Shelf()
    document = DocumentId("default", "scratch", "x")
    assert await code(access_to(shelf, scratch=True), Right.EDIT, document) is None
    assert await code(access_to(shelf, scratch=False), Right.EDIT, document) is Code.NOT_FOUND
    assert shelf.asked == 0


async def test_a_change_during_the_question_is_not_forgotten() -> None:
    shelf = Shelf()
    shelf.put("d1")
    access = access_to(shelf, scratch=False)
    asked = shelf.get

    async def overtaken(tenant: str, id: str) -> DesignRow | None:
        row = await asked(tenant, id)
        shelf.put("d1", trashed_at=5)
        access.forget(DESIGN)
        return row

    shelf.get = overtaken  # type: ignore[method-assign]
    assert await code(access, Right.EDIT) is None
    shelf.get = asked  # type: ignore[method-assign]
    assert await code(access, Right.EDIT) is Code.NOT_FOUND


async def test_a_branch_has_the_roles_of_its_root() -> None:
    branch = DESIGN._replace(id="b1")
    shelf = Shelf()
    shelf.put("d1")
    shelf.put("b1", root="d1")
    access = access_to(shelf)
    assert await code(access, Right.READ, branch, BEN) is Code.NOT_FOUND
    shelf.grants.append(Grant("d1", "", "person", "p2", Role.VIEWER))
    access.forget(DESIGN)
    assert await code(access, Right.READ, branch, BEN) is None
    assert await code(access, Right.EDIT, branch, BEN) is Code.FORBIDDEN


async def test_hidden_and_missing_answer_alike() -> None:
    shelf = Shelf()
    shelf.put("d1")
    access = access_to(shelf)
    told = set()
    for id in ("d1", "d2"):
        with pytest.raises(DesignError) as refused:
            await access.check(BEN, Right.READ, DESIGN._replace(id=id))
        told.add((refused.value.code, refused.value.message, str(refused.value.details)))
    assert len(told) == 1


async def test_a_role_that_is_taken_is_gone_with_the_tenants_change() -> None:
    shelf = Shelf()
    shelf.put("d1")
    shelf.grants.append(Grant("d1", "", "everyone", "", Role.EDITOR))
    access = access_to(shelf)
    assert await code(access, Right.EDIT, DESIGN, BEN) is None
    shelf.grants.pop()
    assert await code(access, Right.EDIT, DESIGN, BEN) is None
    access.forget_tenant("other")
    assert await code(access, Right.EDIT, DESIGN, BEN) is None
    access.forget_tenant("default")
    assert await code(access, Right.EDIT, DESIGN, BEN) is Code.NOT_FOUND


async def test_the_list_shows_what_somebody_has_a_role_on() -> None:
    shelf = Shelf()
    for id in ("d1", "d2", "d3"):
        shelf.put(id)
    shelf.put("d4", trashed_at=5)
    shelf.grants.append(Grant("d2", "", "everyone", "", Role.VIEWER))
    shelf.grants.append(Grant("d3", "pages/p1", "person", "p2", Role.EDITOR))
    shelf.grants.append(Grant("d4", "", "person", "p2", Role.EDITOR))
    access = access_to(shelf)

    async def seen(principal: Principal) -> list[str]:
        return [row.id for row in await access.visible(principal, shelf.rows.values())]

    assert await seen(ANN) == ["d1", "d2", "d3", "d4"]
    assert await seen(BEN) == ["d2", "d3"]
    assert await seen(Principal("default", "p3", "", is_admin=True)) == ["d1", "d2", "d3", "d4"]
    token = Principal("default", "t1", "", Kind.TOKEN, scopes=frozenset({"viewer:d1"}))
    assert await seen(token) == ["d1"]
