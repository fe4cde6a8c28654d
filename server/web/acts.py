"""Records what is done besides editing, with where it came from.

A door says once per request where that comes from (`came_from`); whoever records an act below it
need not pass that on by hand.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Final, NamedTuple

from ot.types import Json

from ..policy.rights import Principal
from ..ports import Audit, AuditEntry, Clock, DocumentId, StoreUnavailable

__all__ = ["Acts", "Origin", "came_from", "origin"]


_MAX_NOTED: Final = 100
_MAX_TOLD: Final = 10_000
_AGAIN_MS: Final = 60_000
_MAX_DESIGN: Final = 64


class Origin(NamedTuple):
    """Where a request comes from, and what names it in its answer, the log and the record."""

    address: str | None = None
    request: str | None = None


_origin: ContextVar[Origin] = ContextVar("coweave_origin", default=Origin())  # noqa: B039 (frozen)


def origin() -> Origin:
    """Of the request that is being answered; nothing is known of the server's own acts."""
    return _origin.get()


@contextmanager
def came_from(address: str | None, request: str | None) -> Iterator[None]:
    """Within the block, this is where acts come from."""
    token = _origin.set(Origin(address, request))
    try:
        yield
    finally:
        _origin.reset(token)


class Acts:
    """The one way from a door to the record of acts."""

    def __init__(self, audit: Audit, clock: Clock) -> None:
        self._audit = audit
        self._clock = clock
        self._noted: dict[tuple[str, ...], AuditEntry] = {}
        self._flushing = asyncio.Lock()
        self._told: dict[tuple[str, ...], int] = {}

    async def record(
        self,
        principal: Principal,
        action: str,
        document: DocumentId | None = None,
        *,
        element: str | None = None,
        **details: Json,
    ) -> None:
        """Durable when it returns. Raises `StoreUnavailable`: what cannot be recorded is not done.

        Args:
            action: "<noun>.<verb>", as "lease.take".
            details: never a name, a secret or a design's contents (see `AuditEntry`).
        """
        await self._audit.record(self._entry(principal, action, document, element, details))

    def note_refusal(self, principal: Principal, document: DocumentId, right: str) -> None:
        """Somebody asked for what they may not have. Recorded at the next `flush`.

        The same again within a minute adds nothing, and a flood no more than `_MAX_NOTED` at once:
        whoever is refused must not be able to fill the record.
        """
        now = self._clock()
        what = principal.tenant, principal.id, document.collection, document.id, right
        if len(self._noted) >= _MAX_NOTED or now - self._told.get(what, -_AGAIN_MS) < _AGAIN_MS:
            return
        if len(self._told) >= _MAX_TOLD:
            self._told.clear()
        self._told[what] = now
        details: dict[str, Json] = {"right": right}
        self._noted[what] = self._entry(principal, "right.refused", document, None, details)

    async def flush(self) -> None:
        """Record what was noted; it is kept for the next time if the store is away."""
        async with self._flushing:  # whoever asks for it finds all recorded when it returns
            noted, self._noted = self._noted, {}
            try:
                await self._audit.record(*noted.values())
            except StoreUnavailable:
                self._noted = {**noted, **self._noted}

    def _entry(
        self,
        principal: Principal,
        action: str,
        document: DocumentId | None,
        element: str | None,
        details: Mapping[str, Json],
    ) -> AuditEntry:
        address, request = _origin.get()
        return AuditEntry(
            tenant=principal.tenant,
            time=self._clock(),
            principal=principal.id,
            action=action,
            design=None if document is None else document.id[:_MAX_DESIGN],
            element=element,
            request=request,
            address=address,
            details=details,
        )
