"""Large answers, encoded and compressed once for all who ask for the same."""

from __future__ import annotations

import asyncio
import gzip
from collections import OrderedDict
from collections.abc import Hashable, Mapping
from typing import Final

import orjson
from starlette.requests import Request
from starlette.responses import Response

from ot.types import Json

__all__ = ["MAX_KEPT_BYTES", "Bodies"]

MAX_KEPT_BYTES: Final = 32_000_000
"""Of bodies that may be asked for again."""

_GZIP_LEVEL: Final = 6


class Bodies:
    """Bodies by key, the newest used kept. A key names one content for ever, as a version does."""

    def __init__(self, max_bytes: int = MAX_KEPT_BYTES) -> None:
        self._max_bytes = max_bytes
        self._kept: OrderedDict[Hashable, bytes] = OrderedDict()
        self._size = 0
        self._making: dict[Hashable, asyncio.Lock] = {}

    async def body(self, key: Hashable, value: Json, *, compressed: bool) -> bytes:
        """`value` as JSON; without a key (None) it is made anew. It must not change meanwhile.

        Cancelling it is safe.
        """
        if key is None:
            return await asyncio.to_thread(_encode, value, compressed)
        key = key, compressed
        lock = self._making.setdefault(key, asyncio.Lock())
        try:
            async with lock:
                found = self._kept.get(key)
                if found is None:
                    found = await asyncio.to_thread(_encode, value, compressed)
                    self._keep(key, found)
                else:
                    self._kept.move_to_end(key)
                return found
        finally:
            if not lock.locked():
                self._making.pop(key, None)

    async def reply(
        self, request: Request, key: Hashable, value: Json, headers: Mapping[str, str]
    ) -> Response:
        """`value` as JSON, made beside the loop: megabytes would hold everybody up. `key`: as `body`."""
        compressed = "gzip" in request.headers.get("accept-encoding", "")
        content = await self.body(key, value, compressed=compressed)
        headers = {"vary": "Accept-Encoding", **headers}
        if compressed:
            headers = {**headers, "content-encoding": "gzip"}
        return Response(content, 200, headers, media_type="application/json")

    def _keep(self, key: Hashable, body: bytes) -> None:
        if key in self._kept:
            return
        self._kept[key] = body
        self._size += len(body)
        while self._size > self._max_bytes:
            _, dropped = self._kept.popitem(last=False)
            self._size -= len(dropped)


def _encode(value: Json, compressed: bool) -> bytes:
    content = orjson.dumps(value)
    return gzip.compress(content, _GZIP_LEVEL) if compressed else content
