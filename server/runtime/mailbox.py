"""What waits for a room: bounded, with a way past for what must not wait."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Any

from ..room.events import Event, Submit

__all__ = ["Mailbox"]


class Mailbox:
    """Three queues: answers to the room's own effects, reads, and submits.

    Submits wait while a batch is under way, also for as long as the store is down; reads go on
    meanwhile, and answers come before all. Submits and reads are bounded: whoever brings one waits
    for room. Answers are few, since the room asked for them.
    """

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._answers: deque[Event | Exception] = deque()
        self._reads: deque[Event] = deque()
        self._submits: deque[Submit] = deque()
        self._wanted = 1  # submits that are worth waking up for
        self._wake = asyncio.Event()
        self._space = asyncio.Event()
        self._is_closed = False

    # -- bringing ----------------------------------------------------------------------------------

    async def put(self, event: Event) -> bool:
        """Queue what a connection asks; False if the mailbox was closed.

        Waits while its queue is full. Cancelled while it waits: nothing was queued.
        """
        queue: deque[Any] = self._submits if isinstance(event, Submit) else self._reads
        while len(queue) >= self._capacity and not self._is_closed:
            self._space.clear()
            await self._space.wait()
        if self._is_closed:
            return False
        queue.append(event)
        if queue is self._reads or len(queue) >= self._wanted:
            self._wake.set()
        return True

    def post(self, answer: Event | Exception) -> None:
        """Queue an answer, or the fault that took its place. Never waits."""
        self._answers.append(answer)
        self._wake.set()

    # -- taking ------------------------------------------------------------------------------------

    async def wait(self, *, for_submits: bool) -> None:
        """Return when there is something to take (of submits only if asked for), or when closed.

        Safe to cancel.
        """
        while not (self._answers or self._reads or (for_submits and self._submits)):
            if self._is_closed:
                return
            self._wake.clear()
            await self._wake.wait()

    async def wait_for_submits(self, count: int, seconds: float) -> None:
        """Return when so many submits wait, or anything else does, or after that time at most.

        Safe to cancel.
        """
        self._wanted = count
        try:
            async with asyncio.timeout(seconds):
                while not (self._answers or self._reads or self._is_closed):
                    if len(self._submits) >= count:
                        return
                    self._wake.clear()
                    await self._wake.wait()
        except TimeoutError:
            pass
        finally:
            self._wanted = 1

    def take(self) -> Event | Exception | None:
        """The next answer, else the next read, else None."""
        if self._answers:
            return self._answers.popleft()
        if self._reads:
            self._space.set()
            return self._reads.popleft()
        return None

    @property
    def submits(self) -> int:
        """How many submits wait."""
        return len(self._submits)

    def take_submits(self, most: int) -> list[Submit]:
        """The submits that have waited longest."""
        submits = self._submits
        taken = [submits.popleft() for _ in range(min(most, len(submits)))]
        if taken:
            self._space.set()
        return taken

    @property
    def is_empty(self) -> bool:
        """Whether nothing waits."""
        return not (self._answers or self._reads or self._submits)

    def __len__(self) -> int:
        """How many reads and submits wait."""
        return len(self._reads) + len(self._submits)

    def forget_answers(self) -> None:
        """Drop the answers: the room that asked for them is no more."""
        self._answers.clear()

    def close(self) -> list[Event]:
        """Take nothing more; returns the reads and submits that were left."""
        self._is_closed = True
        self._space.set()
        self._wake.set()
        left = [*self._reads, *self._submits]
        self._reads.clear()
        self._submits.clear()
        return left
