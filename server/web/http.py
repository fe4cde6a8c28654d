"""The REST interface. `schemas/api/openapi.json` describes it; a test holds that it is true."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

import schemas
from ot.types import Json

from ..errors import Code, DesignError
from ..policy.rights import Principal
from ..policy.roles import Role
from ..ports import DesignRow, Store, StoreUnavailable
from ..runtime.history import History
from ..runtime.registry import Rooms
from ..types.registry import TypeRegistry
from .bodies import Bodies
from .catalogue import Catalogue
from .commands import Commands
from .replies import json_reply
from .requests import Endpoint, coded, json_body, whole_number
from .who import Doorkeeper

__all__ = ["MAX_IMPORT_BYTES", "Api"]

_READY_SECONDS: Final = 1.5
"""A store that answers later than this cannot serve: `/readyz` tells the truth within 2 s."""
MAX_IMPORT_BYTES: Final = 16 * 1024 * 1024


class Api:
    """All routes under /api, and those for whoever watches the process."""

    def __init__(
        self,
        *,
        catalogue: Catalogue,
        rooms: Rooms,
        store: Store,
        history: History,
        types: TypeRegistry,
        doorkeeper: Doorkeeper,
        scratch: bool,
    ) -> None:
        self._catalogue = catalogue
        self._rooms = rooms
        self._store = store
        self._history = history
        self._types = types
        self._commands = Commands(catalogue, rooms, history, types)
        self._doorkeeper = doorkeeper
        self._scratch = scratch
        self._bodies = Bodies()

    def routes(self) -> list[Route]:
        """In the order of their paths in the OpenAPI document."""
        listed: list[tuple[str, str, Endpoint]] = [
            ("GET", "/healthz", self.healthz),
            ("GET", "/readyz", self.readyz),
            ("GET", "/api/openapi.json", self.openapi),
            ("GET", "/api/session", self.session),
            ("GET", "/api/types", self.types),
            ("GET", "/api/designs", self.listing),
            ("POST", "/api/designs", self.create),
            ("POST", "/api/designs/import", self.add),
            ("PATCH", "/api/designs/{id}", self.rename),
            ("DELETE", "/api/designs/{id}", self.trash),
            ("POST", "/api/designs/{id}/duplicate", self.duplicate),
            ("POST", "/api/designs/{id}/restore", self.restore),
            ("GET", "/api/designs/{id}/snapshot", self.snapshot),
            ("POST", "/api/designs/{id}/elements/rename", self.rename_element),
            ("POST", "/api/designs/{id}/migrate", self.migrate),
            ("GET", "/api/designs/{id}/check", self.check),
            ("GET", "/api/designs/{id}/export", self.export),
        ]
        return [Route(path, coded(call), methods=[method]) for method, path, call in listed]

    # -- the process -------------------------------------------------------------------------------

    async def healthz(self, request: Request) -> Response:
        """The process is alive."""
        return json_reply({"ok": True})

    async def readyz(self, request: Request) -> Response:
        """Whether edits can be committed now. A disk that stands still is told as well (F6)."""
        ready = self._rooms.ready
        if ready:
            try:
                async with asyncio.timeout(_READY_SECONDS):
                    await self._store.commit([])
            except (StoreUnavailable, TimeoutError):
                ready = False
        return json_reply({"ready": ready}, 200 if ready else 503)

    # -- facts -------------------------------------------------------------------------------------

    async def openapi(self, request: Request) -> Response:
        return json_reply(schemas.openapi())

    async def session(self, request: Request) -> Response:
        principal = await self._doorkeeper.principal(request)
        return json_reply(
            {
                "user": {
                    "id": principal.id,
                    "name": principal.name,
                    "kind": str(principal.kind),
                    "admin": principal.is_admin,
                    "groups": sorted(principal.groups),
                },
                "tenant": principal.tenant,
                "signIn": "/auth/login" if self._doorkeeper.can_sign_in else None,
                "mode": "development" if self._doorkeeper.is_development else "production",
                "scratch": self._scratch,
            }
        )

    async def types(self, request: Request) -> Response:
        await self._doorkeeper.principal(request)
        headers = {"etag": f'"{self._types.etag}"', "cache-control": "no-cache"}
        unchanged = _unchanged(request, headers)
        if unchanged is not None:
            return unchanged
        key = "types", self._types.etag
        return await self._bodies.reply(request, key, self._types.to_api(), headers)

    # -- designs -----------------------------------------------------------------------------------

    async def listing(self, request: Request) -> Response:
        principal = await self._doorkeeper.principal(request)
        trashed = request.query_params.get("trash", "0") not in ("", "0")
        rows = await self._catalogue.rows(principal, trashed=trashed)
        return json_reply({"designs": await self._shown(principal, rows)})

    async def create(self, request: Request) -> Response:
        principal = await self._doorkeeper.principal(request)
        body = await json_body(request)
        row = await self._catalogue.create(principal, body.get("name"))
        return json_reply((await self._shown(principal, [row]))[0], 201)

    async def add(self, request: Request) -> Response:
        principal = await self._doorkeeper.principal(request)
        data = await json_body(request, MAX_IMPORT_BYTES)
        made = await self._catalogue.add(principal, data, request.query_params.get("name"))
        row = (await self._shown(principal, [made.row]))[0]
        return json_reply({"design": row, "report": made.report}, 201)

    async def rename(self, request: Request) -> Response:
        principal = await self._doorkeeper.principal(request)
        body = await json_body(request)
        row = await self._catalogue.rename(principal, request.path_params["id"], body.get("name"))
        return json_reply((await self._shown(principal, [row]))[0])

    async def trash(self, request: Request) -> Response:
        principal = await self._doorkeeper.principal(request)
        await self._catalogue.trash(principal, request.path_params["id"])
        return Response(status_code=204)

    async def duplicate(self, request: Request) -> Response:
        principal = await self._doorkeeper.principal(request)
        body = await json_body(request)
        id = request.path_params["id"]
        row = await self._catalogue.duplicate(principal, id, body.get("name"))
        return json_reply((await self._shown(principal, [row]))[0], 201)

    async def restore(self, request: Request) -> Response:
        principal = await self._doorkeeper.principal(request)
        row = await self._catalogue.restore(principal, request.path_params["id"])
        return json_reply((await self._shown(principal, [row]))[0])

    async def snapshot(self, request: Request) -> Response:
        principal = await self._doorkeeper.principal(request)
        id = request.path_params["id"]
        version = whole_number(request.query_params.get("version"))
        if version is None:
            snapshot = await self._catalogue.snapshot(principal, id)
        else:
            document = await self._catalogue.readable(principal, id)
            snapshot = await self._history.snapshot(document, version)
        if snapshot.type is None and snapshot.version > 0:
            raise DesignError(Code.NOT_FOUND, "There is no such design")
        headers = {"etag": f'"v{snapshot.version}"', "cache-control": "private, no-cache"}
        state = {"v": snapshot.version, "type": snapshot.type, "data": snapshot.data}
        unchanged = _unchanged(request, headers)
        if unchanged is not None:
            return unchanged
        key = "snapshot", principal.tenant, id, snapshot.version
        return await self._bodies.reply(request, key, state, headers)

    # -- commands on one design --------------------------------------------------------------------

    async def rename_element(self, request: Request) -> Response:
        principal = await self._doorkeeper.principal(request)
        body = await json_body(request)
        id = request.path_params["id"]
        done = await self._commands.rename(principal, id, body.get("element"), body.get("name"))
        return json_reply(done)

    async def migrate(self, request: Request) -> Response:
        principal = await self._doorkeeper.principal(request)
        return json_reply(await self._commands.migrate(principal, request.path_params["id"]))

    async def check(self, request: Request) -> Response:
        principal = await self._doorkeeper.principal(request)
        return json_reply(await self._commands.check(principal, request.path_params["id"]))

    async def export(self, request: Request) -> Response:
        principal = await self._doorkeeper.principal(request)
        to = request.query_params.get("to")
        version = whole_number(request.query_params.get("version"))
        id = request.path_params["id"]
        document = await self._commands.export(principal, id, to, version)
        return await self._bodies.reply(request, None, document, {})

    async def _shown(self, principal: Principal, rows: list[DesignRow]) -> list[dict[str, Json]]:
        names = await self._catalogue.people(principal, rows)
        roles = await self._catalogue.roles(principal, rows)
        return [
            {
                "id": row.id,
                "name": row.name,
                "createdAt": row.created_at,
                "createdBy": {"id": row.created_by, "name": names.get(row.created_by, "")},
                "updatedAt": row.updated_at,
                "version": row.version,
                "trashedAt": row.trashed_at,
                "frozenAt": row.frozen_at,
                "role": str(roles.get(row.id, Role.VIEWER)),
            }
            for row in rows
        ]


def _unchanged(request: Request, headers: Mapping[str, str]) -> Response | None:
    if request.headers.get("if-none-match") != headers["etag"]:
        return None
    return Response(status_code=304, headers=headers)
