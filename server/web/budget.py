"""How much one person may ask, over all connections: a token bucket that delays.

An edit is never refused for it: `take` waits as long as it takes, and the client is read later.
Requests over HTTP come as many at once as somebody likes, so `admit` lets them wait only so long.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections import OrderedDict

from ..errors import Code, DesignError

__all__ = ["MOST_WAIT_SECONDS", "Budget"]

MOST_WAIT_SECONDS = 5.0
"""A request that would have to wait longer is refused."""

_MAX_KNOWN = 10_000


class Budget:
    """Tokens per key: `per_second` sustained, `burst` at once."""

    def __init__(self, per_second: float, burst: float) -> None:
        self._per_second = per_second
        self._burst = burst
        self._spent: OrderedDict[str, tuple[float, float]] = OrderedDict()  # key -> (tokens, when)

    async def take(self, key: str) -> None:
        """Take a token, waiting while there is none. Cancelling it gives nothing back."""
        if (delay := self.delay(key, time.monotonic())) > 0:
            await asyncio.sleep(delay)

    async def admit(self, key: str) -> None:
        """As `take`, for at most `MOST_WAIT_SECONDS`. Raises: DesignError(RATE); it took nothing."""
        delay = self.delay(key, time.monotonic())
        if delay > MOST_WAIT_SECONDS:
            tokens, when = self._spent[key]
            self._spent[key] = tokens + 1, when
            raise DesignError(
                Code.RATE, "You ask too often; please wait a little", seconds=math.ceil(delay)
            )
        if delay > 0:
            await asyncio.sleep(delay)

    def is_spent(self, key: str) -> bool:
        """Whether there is no token; takes none."""
        tokens, then = self._spent.get(key, (self._burst, 0.0))
        return tokens + (time.monotonic() - then) * self._per_second < 1

    def count(self, key: str) -> None:
        """Take a token without waiting for it."""
        self.delay(key, time.monotonic())

    def delay(self, key: str, now: float) -> float:
        """Take a token at `now` (seconds); says how long to wait for it."""
        tokens, then = self._spent.pop(key, (self._burst, now))
        tokens = min(self._burst, tokens + (now - then) * self._per_second) - 1
        self._spent[key] = (tokens, now)
        if len(self._spent) > _MAX_KNOWN:
            self._spent.popitem(last=False)
        return max(0.0, -tokens / self._per_second)
