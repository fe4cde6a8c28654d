"""People and service tokens of a tenant, and the record of acts: for its administrators. By REST.

`schemas/api/members.json` describes it.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any, Final

import orjson
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from ot.types import Json

from ..accounts import Accounts, Member, Token, Tokens
from ..auth.issue import new_token
from ..errors import Code, DesignError
from ..policy.rights import Principal, Right
from ..ports import Audit, AuditFilter, AuditRecord, Clock
from .access import Access
from .acts import Acts
from .names import Names
from .replies import json_reply
from .requests import Endpoint, coded, json_body, whole_number
from .watch import Watch
from .who import Doorkeeper

__all__ = ["MemberRoutes"]

_PAGE: Final = 1_000
_DEFAULT_PAGE: Final = 100


class MemberRoutes:
    """The routes under /api/members, /api/tokens and /api/audit."""

    def __init__(
        self,
        *,
        accounts: Accounts,
        tokens: Tokens,
        audit: Audit,
        access: Access,
        watch: Watch,
        acts: Acts,
        names: Names,
        doorkeeper: Doorkeeper,
        clock: Clock,
    ) -> None:
        self._accounts = accounts
        self._tokens = tokens
        self._audit = audit
        self._access = access
        self._watch = watch
        self._acts = acts
        self._names = names
        self._doorkeeper = doorkeeper
        self._clock = clock

    def routes(self) -> list[Route]:
        """In the order of their paths in the OpenAPI document."""
        listed: list[tuple[str, str, Endpoint]] = [
            ("GET", "/api/members", self.members),
            ("PATCH", "/api/members/{id}", self.change),
            ("DELETE", "/api/members/{id}", self.erase),
            ("POST", "/api/members/{id}/sign-out", self.sign_out),
            ("GET", "/api/tokens", self.tokens),
            ("POST", "/api/tokens", self.create),
            ("DELETE", "/api/tokens/{id}", self.revoke),
            ("GET", "/api/audit", self.audit),
        ]
        return [Route(path, coded(call), methods=[method]) for method, path, call in listed]

    # -- people ------------------------------------------------------------------------------------

    async def members(self, request: Request) -> Response:
        principal = await self._asked(request, Right.MEMBERS)
        found = await self._accounts.members(principal.tenant)
        return json_reply({"members": [_shown_member(member) for member in found]})

    async def change(self, request: Request) -> Response:
        """Make somebody an administrator or no more; let them in no more, or again."""
        principal = await self._asked(request, Right.MEMBERS)
        id, body = request.path_params["id"], await json_body(request)
        is_admin, is_blocked = body.get("admin"), body.get("blocked")
        if any(type(value) not in (bool, type(None)) for value in (is_admin, is_blocked)):
            raise _malformed("`admin` and `blocked` must be true or false")
        if id == principal.id:
            raise DesignError(Code.INVALID, "Somebody else must change what you may do")
        await self._require(principal, id)
        if is_admin is not None:
            await self._acts.record(principal, "member.admin", member=id, admin=is_admin)
            await self._accounts.set_admin(principal.tenant, id, is_admin)
        if is_blocked is not None:
            await self._acts.record(principal, "member.block", member=id, blocked=is_blocked)
            at = self._clock() if is_blocked else None
            await self._accounts.set_blocked(principal.tenant, id, at)
        self._changed(principal)
        return json_reply(_shown_member(await self._require(principal, id)))

    async def sign_out(self, request: Request) -> Response:
        """End all sessions of somebody, on every node."""
        principal = await self._doorkeeper.principal(request)
        id = request.path_params["id"]
        if id != principal.id:  # their own, everybody may
            self._access.check_tenant(principal, Right.MEMBERS)
        await self._require(principal, id)
        await self._acts.record(principal, "member.sign-out", member=id)
        await self._accounts.sign_out(principal.tenant, id, self._clock())
        self._changed(principal)
        return Response(status_code=204)

    async def erase(self, request: Request) -> Response:
        """Forget a person's name; what they did stays, under an id that says nothing."""
        principal = await self._asked(request, Right.MEMBERS)
        id = request.path_params["id"]
        if id == principal.id:
            raise DesignError(Code.INVALID, "Somebody else must erase you")
        await self._require(principal, id)
        await self._acts.record(principal, "member.erase", member=id)
        await self._accounts.erase(principal.tenant, id, self._clock())
        self._names.forget(principal.tenant, id)
        self._changed(principal)
        return Response(status_code=204)

    # -- tokens ------------------------------------------------------------------------------------

    async def tokens(self, request: Request) -> Response:
        principal = await self._asked(request, Right.TOKENS)
        found = await self._tokens.list(principal.tenant)
        return json_reply({"tokens": [_shown_token(token) for token in found]})

    async def create(self, request: Request) -> Response:
        """A new one: the only answer that holds its secret."""
        principal = await self._asked(request, Right.TOKENS)
        body = await json_body(request)
        token, secret = new_token(
            principal.tenant,
            body.get("name"),
            body.get("scopes"),
            body.get("days", 90),
            principal.id,
            self._clock(),
        )
        scopes: list[Json] = sorted(token.scopes)
        await self._acts.record(principal, "token.create", token=token.id, scopes=scopes)
        await self._tokens.add(principal.tenant, token)
        return json_reply({**_shown_token(token), "token": str(secret)}, 201)

    async def revoke(self, request: Request) -> Response:
        principal = await self._asked(request, Right.TOKENS)
        id = request.path_params["id"]
        token = await self._tokens.get(principal.tenant, id)
        if token is None or token.revoked_at is not None:
            raise DesignError(Code.NOT_FOUND, "There is no such token")
        await self._acts.record(principal, "token.revoke", token=id)
        await self._tokens.revoke(principal.tenant, id, self._clock())
        self._changed(principal)
        return Response(status_code=204)

    # -- the record of acts ------------------------------------------------------------------------

    async def audit(self, request: Request) -> Response:
        """A page of it, or with `format=jsonl` all of it, one JSON object per line."""
        principal = await self._asked(request, Right.AUDIT)
        query = request.query_params
        wanted = AuditFilter(
            principal=query.get("principal"),
            action=query.get("action"),
            design=query.get("design"),
            element=query.get("element"),
            since=whole_number(query.get("since"), "since"),
            until=whole_number(query.get("until"), "until"),
        )
        after = whole_number(query.get("after"), "after") or 0
        form = query.get("format", "json")
        if form not in ("json", "jsonl"):
            raise _malformed("`format` must be json or jsonl")
        if form == "jsonl":
            await self._acts.record(principal, "audit.export")
            lines = self._lines(principal.tenant, wanted, after)
            return StreamingResponse(
                lines, media_type="application/jsonl", headers={"cache-control": "no-store"}
            )
        before = whole_number(query.get("before"), "before")
        limit = whole_number(query.get("limit"), "limit")
        limit = min(_PAGE, max(1, _DEFAULT_PAGE if limit is None else limit))
        records = await self._audit.read(
            principal.tenant, wanted, after=after, before=before, limit=limit
        )
        return json_reply({"entries": await self._shown(principal.tenant, records)})

    async def _lines(self, tenant: str, wanted: AuditFilter, after: int) -> AsyncIterator[bytes]:
        while records := await self._audit.read(tenant, wanted, after=after, limit=_PAGE):
            yield b"".join(
                orjson.dumps(shown) + b"\n" for shown in await self._shown(tenant, records)
            )
            after = records[-1].number

    async def _shown(self, tenant: str, records: list[AuditRecord]) -> list[dict[str, Json]]:
        names = await self._names.find(tenant, {each.entry.principal for each in records} - {""})
        return [
            {
                "number": record.number,
                "time": record.entry.time,
                "by": {
                    "id": record.entry.principal,
                    "name": names.get(record.entry.principal, ""),
                },
                "action": record.entry.action,
                "design": record.entry.design,
                "element": record.entry.element,
                "request": record.entry.request,
                "address": record.entry.address,
                "details": dict(record.entry.details),
                "hash": record.hash.hex(),
            }
            for record in records
        ]

    def _changed(self, principal: Principal) -> None:
        """At once here, on other nodes within seconds."""
        self._doorkeeper.forget(principal.tenant)
        self._watch.hurry()

    async def _asked(self, request: Request, right: Right) -> Principal:
        principal = await self._doorkeeper.principal(request)
        self._access.check_tenant(principal, right)
        return principal

    async def _require(self, principal: Principal, id: str) -> Member:
        member = await self._accounts.member(principal.tenant, id)
        if member is None:
            raise DesignError(Code.NOT_FOUND, "There is no such person")
        return member


def _shown_member(member: Member) -> dict[str, Any]:
    return {
        "id": member.id,
        "name": member.name,
        "admin": member.is_admin,
        "joinedAt": member.joined_at,
        "seenAt": member.seen_at,
        "blockedAt": member.blocked_at,
    }


def _shown_token(token: Token) -> dict[str, Any]:
    return {
        "id": token.id,
        "name": token.name,
        "scopes": sorted(token.scopes),
        "createdBy": token.created_by,
        "createdAt": token.created_at,
        "expiresAt": token.expires_at,
        "usedAt": token.used_at,
        "revokedAt": token.revoked_at,
    }


def _malformed(message: str) -> DesignError:
    return DesignError(Code.MESSAGE_BADLY_FORMED, message)
