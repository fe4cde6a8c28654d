"""Group commit: what rooms ask for while one commit is on its way goes into the next one.

One transaction, one fsync, many rooms. Rules: server/store/SPEC.md ST60-ST67.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable
from functools import partial
from typing import Self

from ..ports import (
    Commit,
    Committed,
    DocumentId,
    OutcomeUnknown,
    Overtaken,
    Store,
    StoreUnavailable,
)

__all__ = ["Committer", "Outcome"]

MOST_BATCHES = 500
MOST_BYTES = 8 << 20
"""Of one transaction (unless a single batch is larger): a few ms, so that nobody waits for long."""

STALL_SECONDS = 2.0
"""A commit that takes longer than this is a fault: a sound disk needs milliseconds."""

PROBE_SECONDS = 1.0
"""How often a store that failed is asked whether it is back."""

logger = logging.getLogger("coweave.committer")

Outcome = Committed | Overtaken | Exception
"""What became of a batch: the store's answer, or what it raised."""


class _Waiting:
    """A batch, and who is to be told of it; nobody if it was withdrawn."""

    __slots__ = ("commit", "tell")

    def __init__(self, commit: Commit, tell: Callable[[Outcome], None]) -> None:
        self.commit = commit
        self.tell: Callable[[Outcome], None] | None = tell

    def answer(self, outcome: Outcome) -> None:
        """Tell of it, once."""
        tell, self.tell = self.tell, None
        if tell is not None:
            tell(outcome)


class Committer:
    """Gives rooms' batches to the store, one group at a time. An async context manager.

    It owns the task that does so; leaving the context commits what still waits, then ends the task.
    Nothing is tried again here, except that a group which fails by a fault of ours is given batch
    by batch, so that one room's fault is not another's.
    """

    def __init__(self, store: Store, *, probe_seconds: float = PROBE_SECONDS) -> None:
        self._store = store
        self._probe_seconds = probe_seconds
        self._waiting: deque[_Waiting] = deque()
        self._wake = asyncio.Event()
        self._closing = False
        self._failed = False
        self._since: float | None = None  # loop time at which the commit on its way began
        self._tasks = asyncio.TaskGroup()

    async def __aenter__(self) -> Self:
        await self._tasks.__aenter__()
        self._tasks.create_task(self._run(), name="committer")
        return self

    async def __aexit__(self, *_: object) -> None:
        self._closing = True
        self._wake.set()
        await self._tasks.__aexit__(None, None, None)

    @property
    def ready(self) -> bool:
        """Whether the last commit went well and none is stuck: what `/readyz` tells."""
        if self._since is None:
            return not self._failed
        stalled = asyncio.get_running_loop().time() - self._since > STALL_SECONDS
        return not (self._failed or stalled)

    @property
    def waiting(self) -> int:
        """How many batches wait for the commit that is on its way."""
        return len(self._waiting)

    def begin(self, commit: Commit, tell: Callable[[Outcome], None]) -> None:
        """Commit one batch, together with those of others; `tell` is called once with the outcome.

        That is `Committed` (durable), `Overtaken`, `StoreUnavailable` (nothing was committed; ask
        again later), `OutcomeUnknown` (look up), or what a fault of ours raised in the store. `tell`
        must not raise. The queue is as long as there are rooms: each has one batch at a time.
        """
        self._enqueue(_Waiting(commit, tell))

    async def commit(self, commit: Commit) -> Committed | Overtaken:
        """`begin`, for those who wait. Raises what would be told.

        Cancelling: a batch that waits is withdrawn. One that is on its way may be committed, and
        nobody is told: committing it again, or `Store.find`, finds out.
        """
        told: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
        waiting = _Waiting(commit, partial(_resolve, told))
        self._enqueue(waiting)
        try:
            outcome = await told
        finally:
            waiting.tell = None
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    def _enqueue(self, waiting: _Waiting) -> None:
        if self._closing:
            waiting.answer(StoreUnavailable("this node is stopping"))
            return
        self._waiting.append(waiting)
        self._wake.set()

    async def _run(self) -> None:
        group: list[_Waiting] = []
        try:
            while await self._work():
                while group := self._gathered():
                    await self._commit(group)
        finally:
            # Cancelled: whoever waits must hear of it, and not as a cancellation of their own.
            self._closing = True
            for waiting in group:
                waiting.answer(OutcomeUnknown("the node stopped during the commit"))
            for waiting in self._waiting:
                waiting.answer(StoreUnavailable("this node is stopping"))

    async def _work(self) -> bool:
        """Wait for batches, asking after a failed store meanwhile; False when it is time to end."""
        while not self._waiting:
            if self._closing:
                return False
            self._wake.clear()
            try:
                async with asyncio.timeout(self._probe_seconds if self._failed else None):
                    await self._wake.wait()
            except TimeoutError:
                await self._commit([])
        return True

    def _gathered(self) -> list[_Waiting]:
        """The next group, in the order of asking: one batch per document, within the limits."""
        group: list[_Waiting] = []
        left: list[_Waiting] = []
        documents: set[DocumentId] = set()
        size = 0
        while self._waiting and len(group) < MOST_BATCHES:
            waiting = self._waiting[0]
            more = sum(len(op.body) for op in waiting.commit.ops)
            if group and size + more > MOST_BYTES:
                break
            self._waiting.popleft()
            if waiting.tell is None:  # withdrawn
                continue
            if waiting.commit.document in documents:
                left.append(waiting)
                continue
            documents.add(waiting.commit.document)
            group.append(waiting)
            size += more
        self._waiting.extendleft(reversed(left))
        return group

    async def _commit(self, group: list[_Waiting]) -> None:
        self._since = asyncio.get_running_loop().time()
        try:
            answers = await self._store.commit([waiting.commit for waiting in group])
        except (StoreUnavailable, OutcomeUnknown) as fault:
            if not self._failed:
                logger.warning("the store cannot commit: %s", fault)
            self._failed = True
            for waiting in group:
                waiting.answer(type(fault)(*fault.args))
        except Exception as fault:
            if len(group) > 1:
                for waiting in group:
                    await self._commit([waiting])
                return
            logger.exception("a batch cannot be committed")
            for waiting in group:
                waiting.answer(fault)
        else:
            if self._failed:
                logger.info("the store can commit again")
            self._failed = False
            for waiting, answer in zip(group, answers, strict=True):
                waiting.answer(answer)
        finally:
            self._since = None


def _resolve(told: asyncio.Future[Outcome], outcome: Outcome) -> None:
    if not told.done():
        told.set_result(outcome)
