"""Write locks within one process: all that a single node needs."""

from __future__ import annotations

from collections.abc import Sequence

from ..ports import DocumentId

__all__ = ["MemoryLocks"]


class MemoryLocks:
    """The port `Locks` as a dict. Nothing expires: the process is the only owner there can be.

    Several owners may share one instance, which is how tests play several nodes.
    """

    def __init__(self) -> None:
        self._owners: dict[tuple[DocumentId, str], str] = {}

    async def acquire(
        self, document: DocumentId, groups: Sequence[frozenset[str]], owner: str
    ) -> list[bool]:
        """As the port says. An element that `owner` holds already counts as taken."""
        return [self._take(document, group, owner) for group in groups]

    def _take(self, document: DocumentId, group: frozenset[str], owner: str) -> bool:
        owners = self._owners
        if any(owners.get((document, element), owner) != owner for element in group):
            return False
        for element in group:
            owners[document, element] = owner
        return True

    async def release(self, document: DocumentId, elements: frozenset[str], owner: str) -> None:
        owners = self._owners
        for element in elements:
            if owners.get((document, element)) == owner:
                del owners[document, element]

    async def close(self) -> None:
        self._owners.clear()
