"""Tells those who have a design open, on every node, that something about it is to be fetched again."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from types import TracebackType
from typing import Any, Final, Self

from ...errors import DesignError
from ...ports import Bus, DocumentId, StoreUnavailable
from ...protocol.packed import pack, unpack
from ..audience import Audience

__all__ = ["CHANNEL", "News"]

CHANNEL: Final = "news"
"""On the bus; at most once is enough, since whoever looks fetches."""

_RETRY_SECONDS: Final = 1.0

_log = logging.getLogger("coweave.news")


class News:
    """What is told is a kind and an id, never contents: whoever fetches them is asked for their rights.

    An async context manager: within it, news of all nodes are told here.
    """

    def __init__(
        self,
        audience: Audience,
        bus: Bus,
        rules_changed: Callable[[DocumentId], Awaitable[None]],
    ) -> None:
        """Args: rules_changed: what is to be done on every node when a design's rules have changed."""
        self._audience = audience
        self._bus = bus
        self._rules_changed = rules_changed
        self._tasks = asyncio.TaskGroup()
        self._listener: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        await self._tasks.__aenter__()
        self._listener = self._tasks.create_task(self._listen(), name="news-listen")
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._listener is not None:
            self._listener.cancel()
        # What went wrong in the block is its own: it is no fault of the task.
        await self._tasks.__aexit__(None, None, None)

    async def tell(self, document: DocumentId, kind: str, id: str) -> None:
        """`kind`: comments, reviews, branches, rules or environments; `id` of what has changed."""
        payload = pack([*document, kind, id])
        await self._bus.publish(CHANNEL, payload)

    async def _listen(self) -> None:
        while True:
            try:
                async for message in self._bus.subscribe(CHANNEL):
                    await self._told(message)
            except Exception:
                _log.exception("news of other nodes were lost")
            await asyncio.sleep(_RETRY_SECONDS)

    async def _told(self, message: bytes) -> None:
        try:
            tenant, collection, design, kind, id = unpack(message)
        except (ValueError, DesignError):
            return  # a node of another version
        document = DocumentId(tenant, collection, design)
        if kind == "rules":
            try:
                await self._rules_changed(document)
            except StoreUnavailable:
                _log.warning("%s: whether it is protected was not read", document)
        news: dict[str, Any] = {"a": "news", "c": collection, "d": design, "kind": kind, "id": id}
        self._audience.tell(document, news)
