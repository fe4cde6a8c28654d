"""Routes of comments."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from .replies import json_reply
from .requests import Endpoint, coded, json_body
from .review.comments import Comments
from .review.desk import Desk
from .reviewing import Shown
from .who import Doorkeeper

__all__ = ["CommentRoutes"]


class CommentRoutes:
    """`{id}` is the very design that the comments are on."""

    def __init__(self, desk: Desk, comments: Comments, doorkeeper: Doorkeeper) -> None:
        self._comments = comments
        self._shown = Shown(desk)
        self._doorkeeper = doorkeeper

    def routes(self) -> list[Route]:
        """In the order of the OpenAPI document."""
        one = "/api/designs/{id}/comments/{comment}"
        listed: list[tuple[str, str, Endpoint]] = [
            ("GET", "/api/designs/{id}/comments", self.listing),
            ("POST", "/api/designs/{id}/comments", self.create),
            ("PATCH", one, self.change),
            ("DELETE", one, self.remove),
        ]
        return [Route(path, coded(call), methods=[method]) for method, path, call in listed]

    async def listing(self, request: Request) -> Response:
        principal = await self._doorkeeper.principal(request)
        query = request.query_params
        is_resolved = None if "resolved" not in query else query["resolved"] not in ("", "0")
        version, placed = await self._comments.listed(
            principal,
            request.path_params["id"],
            review=query.get("review"),
            is_resolved=is_resolved,
        )
        shown = await self._shown.comments(principal.tenant, placed)
        return json_reply({"version": version, "comments": shown})

    async def create(self, request: Request) -> Response:
        principal = await self._doorkeeper.principal(request)
        body = await json_body(request)
        made = await self._comments.create(
            principal,
            request.path_params["id"],
            text=body.get("text"),
            anchor=body.get("anchor"),
            review=body.get("review"),
            thread=body.get("thread"),
            mentions=body.get("mentions"),
        )
        return json_reply((await self._shown.comments(principal.tenant, [made]))[0], 201)

    async def change(self, request: Request) -> Response:
        principal = await self._doorkeeper.principal(request)
        body = await json_body(request)
        params = request.path_params
        done = await self._comments.change(principal, params["id"], params["comment"], body)
        return json_reply((await self._shown.comments(principal.tenant, [done]))[0])

    async def remove(self, request: Request) -> Response:
        principal = await self._doorkeeper.principal(request)
        params = request.path_params
        await self._comments.remove(principal, params["id"], params["comment"])
        return Response(status_code=204)
