"""Routes of branches, and of the rules of a design."""

from __future__ import annotations

from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from .replies import json_reply
from .requests import Endpoint, coded, json_body, whole_number
from .review.branches import Branches
from .review.choices import choices_in
from .review.desk import Desk
from .review.protection import Protection
from .reviewing import Shown
from .who import Doorkeeper

__all__ = ["MAX_MERGE_BYTES", "BranchRoutes"]

MAX_MERGE_BYTES: Final = 4 * 1024 * 1024
"""Of a request that decides conflicts."""


class BranchRoutes:
    """`{id}` is the root, or any of its branches."""

    def __init__(self, desk: Desk, branches: Branches, doorkeeper: Doorkeeper) -> None:
        self._branches = branches
        self._protection = Protection(desk)
        self._shown = Shown(desk)
        self._doorkeeper = doorkeeper

    def routes(self) -> list[Route]:
        """In the order of the OpenAPI document."""
        one = "/api/designs/{id}/branches/{branch}"
        listed: list[tuple[str, str, Endpoint]] = [
            ("GET", "/api/designs/{id}/branches", self.listing),
            ("POST", "/api/designs/{id}/branches", self.create),
            ("GET", one, self.one),
            ("PATCH", one, self.change),
            ("GET", f"{one}/compare", self.compare),
            ("POST", f"{one}/update", self.update),
            ("POST", f"{one}/merge", self.merge),
            ("GET", "/api/designs/{id}/rules", self.rules),
            ("PUT", "/api/designs/{id}/rules", self.change_rules),
        ]
        return [Route(path, coded(call), methods=[method]) for method, path, call in listed]

    async def listing(self, request: Request) -> Response:
        principal = await self._doorkeeper.principal(request)
        every = request.query_params.get("state") == "all"
        root, rows, designs = await self._branches.listed(
            principal, request.path_params["id"], every=every
        )
        about = {
            "id": root.id,
            "name": root.name,
            "version": root.version,
            "protected": root.protected_at is not None,
        }
        shown = await self._shown.branches(root, rows, designs)
        return json_reply({"root": about, "branches": shown})

    async def create(self, request: Request) -> Response:
        principal = await self._doorkeeper.principal(request)
        body = await json_body(request)
        version = _whole(body.get("version"), "version")
        id = request.path_params["id"]
        row = await self._branches.create(principal, id, body.get("name"), version)
        return json_reply(await self._told(principal, id, row.id), 201)

    async def one(self, request: Request) -> Response:
        principal = await self._doorkeeper.principal(request)
        params = request.path_params
        return json_reply(await self._told(principal, params["id"], params["branch"]))

    async def change(self, request: Request) -> Response:
        principal = await self._doorkeeper.principal(request)
        body = await json_body(request)
        params = request.path_params
        await self._branches.change(
            principal, params["id"], params["branch"], body.get("name"), body.get("state")
        )
        return json_reply(await self._told(principal, params["id"], params["branch"]))

    async def compare(self, request: Request) -> Response:
        principal = await self._doorkeeper.principal(request)
        params = request.path_params
        compared = await self._branches.compare(principal, params["id"], params["branch"])
        return json_reply(await self._shown.compared(compared))

    async def update(self, request: Request) -> Response:
        principal = await self._doorkeeper.principal(request)
        body = await json_body(request, MAX_MERGE_BYTES)
        params = request.path_params
        choices = choices_in(body.get("resolutions"))
        done = await self._branches.update(principal, params["id"], params["branch"], choices)
        return json_reply(done)

    async def merge(self, request: Request) -> Response:
        principal = await self._doorkeeper.principal(request)
        body = await json_body(request, MAX_MERGE_BYTES)
        params = request.path_params
        hash = body.get("hash")
        done = await self._branches.merge(
            principal,
            params["id"],
            params["branch"],
            choices_in(body.get("resolutions")),
            version=_whole(body.get("version"), "version"),
            hash=None if hash is None else str(hash),
            main=_whole(body.get("main"), "main"),
        )
        return json_reply(done)

    async def rules(self, request: Request) -> Response:
        principal = await self._doorkeeper.principal(request)
        found = await self._protection.rules(principal, request.path_params["id"])
        return json_reply(await self._shown.rules(principal.tenant, *found))

    async def change_rules(self, request: Request) -> Response:
        principal = await self._doorkeeper.principal(request)
        body = await json_body(request)
        done = await self._protection.change(principal, request.path_params["id"], body)
        return json_reply(await self._shown.rules(principal.tenant, *done))

    async def _told(self, principal: Any, id: str, branch: str) -> dict[str, Any]:
        _, root, row = await self._branches.one(principal, id, branch)
        return await self._shown.branch(principal.tenant, root, row)


def _whole(value: Any, what: str) -> int | None:
    """A version in a body."""
    return whole_number(None if value is None else str(value), f"`{what}`")
