"""Routes of environments and their releases."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from .bodies import Bodies
from .replies import json_reply
from .requests import Endpoint, coded, json_body
from .review.desk import Desk
from .review.environments import Environments
from .reviewing import Shown
from .who import Doorkeeper

__all__ = ["EnvironmentRoutes"]


class EnvironmentRoutes:
    """`{id}` is the root, or any of its branches."""

    def __init__(self, desk: Desk, environments: Environments, doorkeeper: Doorkeeper) -> None:
        self._environments = environments
        self._shown = Shown(desk)
        self._doorkeeper = doorkeeper
        self._bodies = Bodies()

    def routes(self) -> list[Route]:
        """In the order of the OpenAPI document."""
        one = "/api/designs/{id}/environments/{environment}"
        listed: list[tuple[str, str, Endpoint]] = [
            ("GET", "/api/designs/{id}/environments", self.listing),
            ("GET", one, self.document),
            ("GET", f"{one}/releases", self.releases),
            ("POST", f"{one}/releases", self.release),
        ]
        return [Route(path, coded(call), methods=[method]) for method, path, call in listed]

    async def listing(self, request: Request) -> Response:
        principal = await self._doorkeeper.principal(request)
        found = await self._environments.listed(principal, request.path_params["id"])
        rows = [row for _, row in found if row is not None]
        shown = iter(await self._shown.releases(rows))
        return json_reply(
            {
                "environments": [
                    {
                        "name": each.name,
                        "needsApproval": each.needs_approval,
                        "release": None if row is None else next(shown),
                    }
                    for each, row in found
                ]
            }
        )

    async def document(self, request: Request) -> Response:
        principal = await self._doorkeeper.principal(request)
        params = request.path_params
        row, root = await self._environments.release(principal, params["id"], params["environment"])
        headers = {
            "etag": f'"{row.hash}"',
            "cache-control": "private, no-cache",
            "vary": "Accept-Encoding",
            "x-coweave-version": str(row.version),
        }
        if _is_known(request.headers.get("if-none-match"), row.hash):
            return Response(status_code=304, headers=headers)
        snapshot = await self._environments.document(root, row)
        compressed = "gzip" in request.headers.get("accept-encoding", "")
        key = (*root, row.version)
        content = await self._bodies.body(key, snapshot.data, compressed=compressed)
        if compressed:
            headers["content-encoding"] = "gzip"
        return Response(content, 200, headers, media_type="application/json")

    async def releases(self, request: Request) -> Response:
        principal = await self._doorkeeper.principal(request)
        params = request.path_params
        rows = await self._environments.rows(principal, params["id"], params["environment"])
        return json_reply({"releases": await self._shown.releases(rows)})

    async def release(self, request: Request) -> Response:
        principal = await self._doorkeeper.principal(request)
        body = await json_body(request)
        params = request.path_params
        row = await self._environments.put(
            principal,
            params["id"],
            params["environment"],
            body.get("version"),
            body.get("kind", "promotion"),
            body.get("reason"),
        )
        return json_reply((await self._shown.releases([row]))[0], 201)


def _is_known(given: str | None, hash: str) -> bool:
    """Does the client have that content? It may name several, or know a weaker form."""
    known = [each.strip().removeprefix("W/") for each in (given or "").split(",")]
    return f'"{hash}"' in known or "*" in known
