"""Who may do what on a design: looked at, given, taken, and the design frozen. By REST.

`schemas/api/sharing.json` describes it. A branch has its root's roles: they are given on the root.
"""

from __future__ import annotations

from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from ot.types import Json

from ..accounts import Accounts, Grants, LastOwner
from ..document.model import is_id
from ..errors import Code, DesignError
from ..policy.rights import DESIGNS, Principal, Right
from ..policy.roles import ALLOWED, EVERYONE, Grant, Role, Standing
from ..ports import Clock, Designs, DocumentId, People
from .access import Access
from .acts import Acts
from .replies import json_reply
from .requests import Endpoint, coded, json_body
from .watch import Watch
from .who import Doorkeeper

__all__ = ["MAX_GRANTS", "Sharing", "SharingRoutes"]

MAX_GRANTS: Final = 500
"""On one design: the policy goes through all of them."""

_MAX_NAME: Final = 128
_MAX_REASON: Final = 500
_PARTS: Final = ("pages", "environments")
_KINDS: Final = ("person", "group", EVERYONE)


class Sharing:
    """The commands. They raise DesignError and `StoreUnavailable`."""

    def __init__(
        self,
        *,
        designs: Designs,
        grants: Grants,
        people: People,
        accounts: Accounts,
        access: Access,
        watch: Watch,
        acts: Acts,
        clock: Clock,
    ) -> None:
        self._designs = designs
        self._grants = grants
        self._people = people
        self._accounts = accounts
        self._access = access
        self._watch = watch
        self._acts = acts
        self._clock = clock

    async def standing(self, principal: Principal, id: str) -> Standing:
        """What somebody is on a design that they may read."""
        return await self._access.check(principal, Right.READ, _document(principal, id))

    async def grants(self, principal: Principal, id: str) -> list[dict[str, Json]]:
        """All roles that were given on it, with the names of people."""
        root = await self._shareable(principal, id)
        given = await self._grants.of_design(root.tenant, root.id)
        ids = [grant.subject for grant in given if grant.kind == "person"]
        people = await self._people.get(root.tenant, ids)
        return [
            {
                "scope": grant.scope,
                "kind": grant.kind,
                "subject": grant.subject,
                "name": people[grant.subject].name if grant.subject in people else grant.subject,
                "role": str(grant.role),
            }
            for grant in given
        ]

    async def give(self, principal: Principal, id: str, given: dict[str, Any]) -> None:
        """Give a role in the place of what the subject had there."""
        root = await self._shareable(principal, id)
        grant = _grant(root.id, given, given.get("role"))
        if grant.kind == "person":
            known = await self._people.get(root.tenant, [grant.subject])
            if grant.subject not in known:
                raise _malformed("There is no such person")
        there = await self._grants.of_design(root.tenant, root.id)
        place = grant.scope, grant.kind, grant.subject
        is_new = place not in {(each.scope, each.kind, each.subject) for each in there}
        if is_new and len(there) >= MAX_GRANTS:
            raise DesignError(
                Code.TOO_LARGE, f"A design has at most {MAX_GRANTS} roles", limit=MAX_GRANTS
            )
        await self._record(principal, "share.give", root, grant, role=str(grant.role))
        try:
            await self._grants.put(root.tenant, grant, principal.id, self._clock())
        except LastOwner:
            raise _last_owner() from None
        self._changed(root)

    async def take(self, principal: Principal, id: str, given: dict[str, Any]) -> None:
        """Take what the subject has there. Raises: DesignError(NOT_FOUND) if it has nothing."""
        root = await self._shareable(principal, id)
        grant = _grant(root.id, given, Role.VIEWER)
        await self._record(principal, "share.take", root, grant)
        try:
            if not await self._grants.remove(root.tenant, grant):
                raise DesignError(Code.NOT_FOUND, "There is no such role")
        except LastOwner:
            raise _last_owner() from None
        self._changed(root)

    async def freeze(self, principal: Principal, id: str, is_frozen: bool, reason: str) -> None:
        """Let nobody change it, or let them again."""
        document = _document(principal, id)
        await self._access.check(principal, Right.FREEZE, document)
        action = "design.freeze" if is_frozen else "design.unfreeze"
        await self._acts.record(principal, action, document, reason=reason)
        at = self._clock() if is_frozen else None
        await self._designs.set_frozen(document.tenant, id, at)
        self._changed(document)

    async def people(self, principal: Principal) -> list[dict[str, str]]:
        """Those of the tenant whom something can be shared with."""
        found = await self._accounts.people(principal.tenant)
        return [{"id": person.id, "name": person.name} for person in found]

    async def _shareable(self, principal: Principal, id: str) -> DocumentId:
        document = _document(principal, id)
        await self._access.check(principal, Right.SHARE, document)
        row = await self._designs.get(document.tenant, id)
        return document if row is None or row.root is None else document._replace(id=row.root)

    async def _record(
        self, principal: Principal, action: str, document: DocumentId, grant: Grant, **more: Json
    ) -> None:
        where = {"scope": grant.scope, "kind": grant.kind, "subject": grant.subject}
        await self._acts.record(principal, action, document, **where, **more)

    def _changed(self, document: DocumentId) -> None:
        self._access.forget(document)
        self._watch.hurry()


class SharingRoutes:
    """The same by REST."""

    def __init__(self, sharing: Sharing, doorkeeper: Doorkeeper) -> None:
        self._sharing = sharing
        self._doorkeeper = doorkeeper

    def routes(self) -> list[Route]:
        """In the order of their paths in the OpenAPI document."""
        base = "/api/designs/{id}"
        listed: list[tuple[str, str, Endpoint]] = [
            ("GET", "/api/people", self.people),
            ("GET", f"{base}/access", self.access),
            ("GET", f"{base}/grants", self.grants),
            ("PUT", f"{base}/grants", self.give),
            ("DELETE", f"{base}/grants", self.take),
            ("POST", f"{base}/freeze", self.freeze),
        ]
        return [Route(path, coded(call), methods=[method]) for method, path, call in listed]

    async def people(self, request: Request) -> Response:
        principal = await self._doorkeeper.principal(request)
        return json_reply({"people": await self._sharing.people(principal)})

    async def access(self, request: Request) -> Response:
        principal, id = await self._asked(request)
        own = await self._sharing.standing(principal, id)
        return json_reply(
            {
                "role": str(own.role),
                "parts": {part: str(own.on(part)) for part in own.parts},
                "rights": sorted(str(right) for right in ALLOWED[own.role]),
            }
        )

    async def grants(self, request: Request) -> Response:
        principal, id = await self._asked(request)
        return json_reply({"grants": await self._sharing.grants(principal, id)})

    async def give(self, request: Request) -> Response:
        principal, id = await self._asked(request)
        await self._sharing.give(principal, id, await json_body(request))
        return await self._left(principal, id)

    async def take(self, request: Request) -> Response:
        principal, id = await self._asked(request)
        await self._sharing.take(principal, id, dict(request.query_params))
        return await self._left(principal, id)

    async def freeze(self, request: Request) -> Response:
        principal, id = await self._asked(request)
        body = await json_body(request)
        is_frozen, reason = body.get("frozen"), body.get("reason", "")
        if type(is_frozen) is not bool:
            raise _malformed("`frozen` must be true or false")
        if type(reason) is not str or len(reason) > _MAX_REASON:
            raise _malformed(f"`reason` must be a text of at most {_MAX_REASON} characters")
        await self._sharing.freeze(principal, id, is_frozen, reason)
        return json_reply({"frozen": is_frozen})

    async def _left(self, principal: Principal, id: str) -> Response:
        """What is given now; whoever has taken the right to know that from themselves gets nothing."""
        try:
            return json_reply({"grants": await self._sharing.grants(principal, id)})
        except DesignError:
            return json_reply({"grants": []})

    async def _asked(self, request: Request) -> tuple[Principal, str]:
        return await self._doorkeeper.principal(request), request.path_params["id"]


def _document(principal: Principal, id: str) -> DocumentId:
    return DocumentId(principal.tenant, DESIGNS, id)


def _grant(design: str, given: dict[str, Any], role: object) -> Grant:
    scope, kind, subject = given.get("scope", ""), given.get("kind"), given.get("subject", "")
    if type(scope) is not str or not _is_scope(scope):
        raise _malformed("`scope` must be empty, or pages/<id>, or environments/<name>")
    if kind not in _KINDS:
        raise _malformed("`kind` must be person, group or everyone")
    if type(subject) is not str or len(subject) > _MAX_NAME or not subject.isprintable():
        raise _malformed("`subject` must be the id of a person or the name of a group")
    if (subject == "") != (kind == EVERYONE):
        raise _malformed("`subject` must be given, and not for everyone")
    if type(role) is not str and not isinstance(role, Role) or role not in list(Role):
        raise _malformed(f"`role` must be one of {', '.join(Role)}")
    return Grant(design, scope, str(kind), subject, Role(str(role)))


def _is_scope(scope: str) -> bool:
    if scope == "":
        return True
    part, _, id = scope.partition("/")
    return part in _PARTS and is_id(id)


def _malformed(message: str) -> DesignError:
    return DesignError(Code.MESSAGE_BADLY_FORMED, message)


def _last_owner() -> DesignError:
    return DesignError(Code.LAST_OWNER, "A design must have an owner: make somebody else one first")
