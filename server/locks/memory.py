"""Write locks within one process: all that a single node needs."""

from __future__ import annotations

from collections.abc import Sequence
from math import inf

from ..ports import DocumentId
from .table import LockTable

__all__ = ["MemoryLocks"]


class MemoryLocks:
    """The port `Locks`. Nothing expires: the process is the only owner there can be.

    Several owners may share one instance, which is how tests play several nodes.
    """

    def __init__(self) -> None:
        self._table = LockTable()

    async def acquire(
        self, document: DocumentId, groups: Sequence[frozenset[str]], owner: str
    ) -> list[bool]:
        """As the port says. An element that `owner` holds already counts as taken."""
        keys = [[(document, element) for element in group] for group in groups]
        return self._table.acquire(keys, owner, 0, inf)

    async def release(self, document: DocumentId, elements: frozenset[str], owner: str) -> None:
        self._table.release([(document, element) for element in elements], owner, 0)

    @property
    def held(self) -> int:
        """How many locks are held."""
        return self._table.held

    async def close(self) -> None:
        self._table.clear()
