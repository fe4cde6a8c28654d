"""Routes of reviews, and of what waits for somebody."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from ..errors import Code, DesignError
from ..ports import DocumentId
from .replies import json_reply
from .requests import Endpoint, coded, json_body
from .review.comments import Comments
from .review.desk import Desk
from .review.reviews import Reviews
from .reviewing import Shown
from .who import Doorkeeper

__all__ = ["ReviewRoutes"]

_STATES = ("open", "merged", "closed", "all")


class ReviewRoutes:
    """`{id}` is the root, or any of its branches."""

    def __init__(
        self, desk: Desk, reviews: Reviews, comments: Comments, doorkeeper: Doorkeeper
    ) -> None:
        self._desk = desk
        self._reviews = reviews
        self._comments = comments
        self._shown = Shown(desk)
        self._doorkeeper = doorkeeper

    def routes(self) -> list[Route]:
        """In the order of the OpenAPI document."""
        one = "/api/designs/{id}/reviews/{review}"
        listed: list[tuple[str, str, Endpoint]] = [
            ("GET", "/api/designs/{id}/reviews", self.listing),
            ("POST", "/api/designs/{id}/reviews", self.create),
            ("GET", one, self.one),
            ("PATCH", one, self.change),
            ("POST", f"{one}/verdicts", self.judge),
            ("GET", "/api/waiting", self.waiting),
        ]
        return [Route(path, coded(call), methods=[method]) for method, path, call in listed]

    async def listing(self, request: Request) -> Response:
        principal = await self._doorkeeper.principal(request)
        state = request.query_params.get("state", "open")
        if state not in _STATES:
            raise DesignError(Code.MESSAGE_BADLY_FORMED, "`state` is open, merged, closed or all")
        found = await self._reviews.listed(principal, request.path_params["id"], state)
        return json_reply({"reviews": [await self._shown.review(each) for each in found]})

    async def create(self, request: Request) -> Response:
        principal = await self._doorkeeper.principal(request)
        body = await json_body(request)
        made = await self._reviews.create(
            principal,
            request.path_params["id"],
            title=body.get("title"),
            description=body.get("description"),
            branch=body.get("branch"),
            versions=(body.get("from"), body.get("to")),
            reviewers=body.get("reviewers"),
        )
        return json_reply(await self._shown.review(made), 201)

    async def one(self, request: Request) -> Response:
        principal = await self._doorkeeper.principal(request)
        params = request.path_params
        found = await self._reviews.one(principal, params["id"], params["review"])
        return json_reply(await self._shown.review(found))

    async def change(self, request: Request) -> Response:
        principal = await self._doorkeeper.principal(request)
        body = await json_body(request)
        params = request.path_params
        done = await self._reviews.change(principal, params["id"], params["review"], body)
        return json_reply(await self._shown.review(done))

    async def judge(self, request: Request) -> Response:
        principal = await self._doorkeeper.principal(request)
        body = await json_body(request)
        params = request.path_params
        done = await self._reviews.judge(
            principal,
            params["id"],
            params["review"],
            verdict=body.get("verdict"),
            version=body.get("version"),
            hash=body.get("hash"),
            text=body.get("text"),
        )
        return json_reply(await self._shown.review(done), 201)

    async def waiting(self, request: Request) -> Response:
        principal = await self._doorkeeper.principal(request)
        reviews: list[dict[str, Any]] = []
        for wanted in await self._reviews.waiting(principal):
            design = await self._design(principal.tenant, wanted.reviewed.row.design)
            review = await self._shown.review(wanted.reviewed)
            reviews.append({"design": design, "review": review, "why": wanted.why})
        placed = await self._comments.waiting(principal)
        shown = await self._shown.comments(principal.tenant, placed)
        comments = [
            {
                "design": await self._design(principal.tenant, each["design"]),
                "comment": each,
                "why": "mention",
            }
            for each in shown
        ]
        return json_reply({"reviews": reviews, "comments": comments})

    async def _design(self, tenant: str, id: str) -> dict[str, str]:
        row = await self._desk.row(DocumentId(tenant, "designs", id))
        return {"id": row.id, "name": row.name}
