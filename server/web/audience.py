"""Who has which document open on this node, so that they can be told when it is taken from them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from ot.types import Json

from ..errors import DesignError
from ..ports import DocumentId

__all__ = ["Audience", "Spectator"]


class Spectator(Protocol):
    """A connection that has documents open."""

    async def withdraw(self, document: DocumentId, error: DesignError) -> None:
        """`document` is open to it no more."""
        ...

    def hear(self, news: Mapping[str, Json]) -> None:
        """Something about a document that is open to it is to be fetched again. Never blocks."""
        ...


class Audience:
    """All open documents and those who have them open."""

    def __init__(self) -> None:
        self._present: dict[DocumentId, set[Spectator]] = {}

    def join(self, document: DocumentId, spectator: Spectator) -> None:
        """`spectator` has `document` open."""
        self._present.setdefault(document, set()).add(spectator)

    def leave(self, document: DocumentId, spectator: Spectator) -> None:
        """It has it open no more. Harmless if it had not."""
        present = self._present.get(document)
        if present is not None:
            present.discard(spectator)
            if not present:
                del self._present[document]

    async def withdraw(self, document: DocumentId, error: DesignError) -> None:
        """Nobody may have `document` open any more; `error` says why. Waits for full mailboxes."""
        for spectator in tuple(self._present.get(document, ())):
            self.leave(document, spectator)
            await spectator.withdraw(document, error)

    def tell(self, document: DocumentId, news: Mapping[str, Json]) -> None:
        """Tell all who have `document` open. Never blocks."""
        for spectator in tuple(self._present.get(document, ())):
            spectator.hear(news)

    def __len__(self) -> int:
        """How many documents are open."""
        return len(self._present)
