"""The routes of a design's history. `schemas/api/history.json` describes them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from ot.types import Step

from ..errors import Code, DesignError
from ..history.restore import is_element
from .bodies import Bodies
from .replies import json_reply
from .requests import Endpoint, coded, json_body, whole_number
from .restoring import Restoring
from .versions import Asked, Ground, Versions
from .who import Doorkeeper

__all__ = ["MAX_PAGE", "MAX_RESTORE_BYTES", "HistoryRoutes"]

MAX_PAGE: Final = 200
"""Entries of one page of the timeline."""

MAX_RESTORE_BYTES: Final = 1_048_576
"""What is put into a restored element: as much as an edit may have."""

_PAGE: Final = 50
_MAX_QUERY: Final = 8_192


class HistoryRoutes:
    """Timeline, names of versions, differences, blame; restore, revert, pick."""

    def __init__(self, ground: Ground, doorkeeper: Doorkeeper) -> None:
        self._versions = Versions(ground)
        self._restoring = Restoring(ground, self._versions)
        self._doorkeeper = doorkeeper
        self._bodies = Bodies()

    def routes(self) -> list[Route]:
        """In the order of their paths in the OpenAPI document."""
        at = "/api/designs/{id}"
        listed: list[tuple[str, str, Endpoint]] = [
            ("GET", f"{at}/versions", self.timeline),
            ("GET", f"{at}/versions/{{version}}", self.entry),
            ("PUT", f"{at}/versions/{{version}}/label", self.name),
            ("DELETE", f"{at}/versions/{{version}}/label", self.unname),
            ("POST", f"{at}/versions/{{version}}/restore", self.restore),
            ("POST", f"{at}/versions/{{version}}/revert", self.revert),
            ("POST", f"{at}/pick", self.pick),
            ("GET", f"{at}/diff", self.diff),
            ("GET", f"{at}/blame", self.blame),
        ]
        return [Route(path, coded(call), methods=[method]) for method, path, call in listed]

    async def timeline(self, request: Request) -> Response:
        principal = await self._doorkeeper.principal(request)
        query = request.query_params
        limit = whole_number(query.get("limit"), "`limit`")
        if limit is not None and not 1 <= limit <= MAX_PAGE:
            raise DesignError(
                Code.MESSAGE_BADLY_FORMED, f"`limit` is from 1 to {MAX_PAGE}", limit=MAX_PAGE
            )
        asked = Asked(
            limit=limit or _PAGE,
            before=whole_number(query.get("before"), "`before`"),
            author=_text(query, "author"),
            kind=_text(query, "kind"),
            element=_text(query, "element"),
            since=whole_number(query.get("since"), "`since`"),
            until=whole_number(query.get("until"), "`until`"),
            named=query.get("named", "0") not in ("", "0"),
        )
        if asked.element is not None and not is_element(asked.element):
            raise DesignError(Code.MESSAGE_BADLY_FORMED, "There is no such element")
        return json_reply(
            await self._versions.timeline(principal, request.path_params["id"], asked)
        )

    async def entry(self, request: Request) -> Response:
        principal = await self._doorkeeper.principal(request)
        id, version = request.path_params["id"], _version(request)
        return json_reply(await self._versions.entry(principal, id, version))

    async def name(self, request: Request) -> Response:
        principal = await self._doorkeeper.principal(request)
        id, version = request.path_params["id"], _version(request)
        return json_reply(
            await self._versions.name(principal, id, version, await json_body(request))
        )

    async def unname(self, request: Request) -> Response:
        principal = await self._doorkeeper.principal(request)
        await self._versions.unname(principal, request.path_params["id"], _version(request))
        return Response(status_code=204)

    async def restore(self, request: Request) -> Response:
        principal = await self._doorkeeper.principal(request)
        id, version = request.path_params["id"], _version(request)
        body = await json_body(request, MAX_RESTORE_BYTES)
        done = await self._restoring.restore(principal, id, version, body)
        return await self._bodies.reply(request, None, done, _FRESH)

    async def revert(self, request: Request) -> Response:
        principal = await self._doorkeeper.principal(request)
        id, version = request.path_params["id"], _version(request)
        done = await self._restoring.revert(principal, id, version, await json_body(request))
        return await self._bodies.reply(request, None, done, _FRESH)

    async def pick(self, request: Request) -> Response:
        principal = await self._doorkeeper.principal(request)
        id = request.path_params["id"]
        done = await self._restoring.pick(principal, id, await json_body(request))
        return await self._bodies.reply(request, None, done, _FRESH)

    async def diff(self, request: Request) -> Response:
        principal = await self._doorkeeper.principal(request)
        query = request.query_params
        start = whole_number(query.get("from"), "`from`")
        if start is None:
            raise DesignError(Code.MESSAGE_BADLY_FORMED, "Say `from` which version")
        end = whole_number(query.get("to"), "`to`")
        form = query.get("as", "changes")
        if form not in ("changes", "op"):
            raise DesignError(Code.MESSAGE_BADLY_FORMED, "`as` is changes or op")
        call = self._versions.diff if form == "changes" else self._versions.diff_op
        found = await call(principal, request.path_params["id"], start, end, _text(query, "with"))
        return await self._bodies.reply(request, None, found, _FRESH)

    async def blame(self, request: Request) -> Response:
        principal = await self._doorkeeper.principal(request)
        query = request.query_params
        element = _text(query, "element")
        if element is None:
            raise DesignError(Code.MESSAGE_BADLY_FORMED, "Say of which `element`")
        path = _path(_text(query, "path"))
        version = whole_number(query.get("version"))
        id = request.path_params["id"]
        found = await self._versions.blame(principal, id, element, path, version)
        return await self._bodies.reply(request, None, found, _FRESH)


_FRESH: Final = {"cache-control": "no-store"}


def _version(request: Request) -> int:
    version = whole_number(request.path_params["version"])
    assert version is not None  # a path has it
    return version


def _text(query: Mapping[str, str], name: str) -> str | None:
    text = query.get(name)
    if text is not None and not (0 < len(text) <= _MAX_QUERY and text.isprintable()):
        raise DesignError(Code.MESSAGE_BADLY_FORMED, f"`{name}` cannot be {text[:40]!r}")
    return text


def _path(text: str | None) -> tuple[Step, ...]:
    """A path as JSON: ["props", "label"]."""
    if text is None:
        return ()
    try:
        path = orjson.loads(text)
    except ValueError:
        path = None
    if type(path) is not list or not all(type(step) in (str, int) for step in path):
        raise DesignError(Code.MESSAGE_BADLY_FORMED, "`path` is a JSON list of keys and indices")
    return tuple(path)
