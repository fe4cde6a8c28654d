"""The gateways of a node: one per design that Yjs clients have open here."""

from __future__ import annotations

import asyncio
from types import TracebackType
from typing import Final, Self

from ..ports import DocumentId
from .gateway import Gateway, Needs
from .presence import Crowd, Hub

__all__ = ["IDLE_SECONDS", "Gateways"]

IDLE_SECONDS: Final = 30.0
"""How long a design's Yjs document stays open without clients."""


class Gateways:
    """An async context manager that owns the gateways' tasks. To be left before the rooms are."""

    def __init__(self, needs: Needs, hub: Hub, *, idle_seconds: float = IDLE_SECONDS) -> None:
        self.needs = needs
        self._hub = hub
        self._idle_seconds = idle_seconds
        self._open: dict[DocumentId, tuple[Gateway, Crowd]] = {}
        self._tasks = asyncio.TaskGroup()

    async def __aenter__(self) -> Self:
        await self._tasks.__aenter__()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for gateway, _ in self._open.values():
            gateway.stop()
        await self._tasks.__aexit__(None, None, None)

    def __len__(self) -> int:
        """How many designs are open."""
        return len(self._open)

    def of(self, document: DocumentId) -> tuple[Gateway, Crowd]:
        """The design's gateway and presences, opened if need be."""
        found = self._open.get(document)
        if found is None or found[0].is_closed:
            gateway = Gateway(document, self.needs)
            found = gateway, Crowd(gateway.id, document.tenant, document.id, self._hub)
            self._open[document] = found
            self._tasks.create_task(self._run(gateway), name=f"yjs {document.id}")
        return found

    async def _run(self, gateway: Gateway) -> None:
        await gateway.run(self._idle_seconds)
        found = self._open.get(gateway.document)
        if found is not None and found[0] is gateway:
            del self._open[gateway.document]
