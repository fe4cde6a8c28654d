"""Stops asking a service that does not answer, so that its absence costs one wait now and then."""

from __future__ import annotations

from typing import Final

__all__ = ["REST_SECONDS", "Breaker"]

REST_SECONDS: Final = 1.0
"""Between two tries while the service is away: how long its return may go unnoticed."""


class Breaker:
    """Closed: everybody may ask. Open, after a failure: one may ask in each `rest` seconds.

    Pure: time, in seconds of any clock that does not jump, comes in.
    """

    __slots__ = ("_asks_again", "_rest")

    def __init__(self, rest: float = REST_SECONDS) -> None:
        self._rest = rest
        self._asks_again: float | None = None

    def allows(self, now: float) -> bool:
        """Whether to ask now. While open, True counts as the one try."""
        if self._asks_again is None:
            return True
        if now < self._asks_again:
            return False
        self._asks_again = now + self._rest
        return True

    def failed(self, now: float) -> bool:
        """It did not answer. Returns whether that is news."""
        was_closed = self._asks_again is None
        self._asks_again = now + self._rest
        return was_closed

    def answered(self) -> bool:
        """It did answer. Returns whether that is news."""
        was_open = self._asks_again is not None
        self._asks_again = None
        return was_open
