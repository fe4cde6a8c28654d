"""The rules of write locks: who holds what until when. Pure; time comes in."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence

__all__ = ["LockTable"]


class LockTable:
    """Locks by key. Each has an owner and an end; nothing is ever waited for, so nobody deadlocks.

    Times are of any clock that does not go back. What the owner holds already counts as free for
    it, and lasts from then on as what it takes anew.
    """

    def __init__(self) -> None:
        self._held: dict[Hashable, tuple[str, float]] = {}

    def acquire(
        self, groups: Sequence[Iterable[Hashable]], owner: str, now: float, until: float
    ) -> list[bool]:
        """Take the keys of each group, all or none, in the order of the groups."""
        return [self._take(tuple(group), owner, now, until) for group in groups]

    def _take(self, group: tuple[Hashable, ...], owner: str, now: float, until: float) -> bool:
        if any(self.holder(key, now) not in (None, owner) for key in group):
            return False
        for key in group:
            self._held[key] = owner, until
        return True

    def release(self, keys: Iterable[Hashable], owner: str, now: float) -> None:
        """Give back those that `owner` still holds; others' are left alone."""
        for key in keys:
            if self.holder(key, now) == owner:
                del self._held[key]

    def holder(self, key: Hashable, now: float) -> str | None:
        """Who holds it now; a lock is free from its end on."""
        owner, until = self._held.get(key, (None, 0.0))
        if owner is not None and until <= now:
            del self._held[key]
            return None
        return owner

    @property
    def held(self) -> int:
        """How many are held, or have ended and were not asked for since."""
        return len(self._held)

    def clear(self) -> None:
        """Forget everything, as a restarted Redis does."""
        self._held.clear()
