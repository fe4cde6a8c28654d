"""Records what is done besides editing, with where it came from.

A door says once per request where that comes from (`came_from`); whoever records an act below it
need not pass that on by hand.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import NamedTuple

from ot.types import Json

from ..policy.rights import Principal
from ..ports import Audit, AuditEntry, Clock, DocumentId

__all__ = ["Acts", "Origin", "came_from", "origin"]


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
        address, request = _origin.get()
        await self._audit.record(
            AuditEntry(
                tenant=principal.tenant,
                time=self._clock(),
                principal=principal.id,
                action=action,
                design=None if document is None else document.id,
                element=element,
                request=request,
                address=address,
                details=details,
            )
        )
