"""How rooms and connections hear of leases, and what rooms tell of them."""

from __future__ import annotations

from typing import Protocol

from ..leases.lease import LeaseTable
from ..ports import DocumentId

__all__ = ["LeaseListener", "LeaseWatch", "Unwatched"]


class LeaseListener(Protocol):
    """Who is told of the leases of a document."""

    def leases_are(self, document: DocumentId, table: LeaseTable) -> None:
        """Who holds what, as it is now. Never blocks, never raises."""
        ...


class LeaseWatch(Protocol):
    """What rooms need of whoever watches leases. Nothing here blocks or raises."""

    def follow(self, document: DocumentId, room: LeaseListener) -> None:
        """Tell `room` of the leases whenever they change."""
        ...

    def unfollow(self, document: DocumentId, room: LeaseListener) -> None:
        """No more."""
        ...

    def look_again(self, document: DocumentId) -> None:
        """They have changed, as the store said."""
        ...

    def note_use(
        self, document: DocumentId, edited: frozenset[tuple[str, str]], gone: frozenset[str]
    ) -> None:
        """Edits were committed under leases of (person, element); the elements `gone` are no more."""
        ...


class Unwatched:
    """A `LeaseWatch` where nobody takes leases: what others took elsewhere, the commit tells."""

    def follow(self, document: DocumentId, room: LeaseListener) -> None:
        pass

    def unfollow(self, document: DocumentId, room: LeaseListener) -> None:
        pass

    def look_again(self, document: DocumentId) -> None:
        pass

    def note_use(
        self, document: DocumentId, edited: frozenset[tuple[str, str]], gone: frozenset[str]
    ) -> None:
        pass
