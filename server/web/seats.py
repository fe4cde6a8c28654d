"""How many sockets are open: bounded for each person and for the node."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from ..errors import Code, DesignError

__all__ = ["Seats"]


class Seats:
    """Counts who is connected; whoever finds no seat is told so before the handshake is answered."""

    def __init__(self, per_person: int, in_all: int) -> None:
        self._per_person = per_person
        self._in_all = in_all
        self._taken: Counter[str] = Counter()

    def __len__(self) -> int:
        """How many are taken."""
        return self._taken.total()

    @contextmanager
    def taken(self, person: str) -> Iterator[None]:
        """Hold one. Raises: DesignError(OVERLOADED) if the node has none left, QUOTA if they have."""
        if self._taken.total() >= self._in_all:
            raise DesignError(
                Code.OVERLOADED, "Too many are connected to this server", limit=self._in_all
            )
        if self._taken[person] >= self._per_person:
            raise DesignError(
                Code.QUOTA,
                f"One person may have {self._per_person:,} connections open; close some tabs",
                limit=self._per_person,
            )
        self._taken[person] += 1
        try:
            yield
        finally:
            self._taken[person] -= 1
            if not self._taken[person]:
                del self._taken[person]
