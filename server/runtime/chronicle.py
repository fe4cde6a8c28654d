"""The history that people see, kept up to date beside the rooms, and what is asked of it."""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Final, Self

from ot.types import Json, OpError, Step

from ..errors import Code, DesignError
from ..history.blame import Search, leaves
from ..history.diff import ABSENT
from ..history.journal import Journal, Made
from ..history.touched import touched
from ..ports import Bus, DocumentId, Store, StoredOp, StoreUnavailable
from ..protocol.packed import unpack
from ..store.chronicle import Indexed, Piece, SqlChronicle
from ..types.registry import TypeRegistry
from .history import BYTES_AT_ONCE, History
from .room_task import HEADS

__all__ = ["Chronicle", "Origin"]

_log = logging.getLogger("coweave.chronicle")

OPS_AT_ONCE: Final = 250
"""Entered in one transaction: while it lasts, some 5 ms, nobody's edits are committed."""

_QUIET_SECONDS: Final = 2.0
_BEHIND_OPS: Final = 20_000
"""Who edits is served first: a design is looked at when it has been quiet, or is so far behind that
whoever asks for its history would wait for a second. It costs a quarter of what an edit costs."""

_TICK_SECONDS: Final = 0.5
_LISTEN_RETRY_SECONDS: Final = 1.0
_MOST_KEPT: Final = 4
_MOST_ELEMENTS_KEPT: Final = 5_000
"""Journals kept between pieces, and how large their designs may be: others are opened again."""

_MOST_TRIES: Final = 20


@dataclass(frozen=True, slots=True)
class Origin:
    """Which op made a value: the version that it made, who, when (ms), and why."""

    version: int
    author: str
    time: int
    kind: str
    origin: Mapping[str, Any] | None


class Chronicle:
    """Makes the history of designs out of their ops. An async context manager that owns its tasks.

    Leaving it stops at once: whatever is missing is made when it is asked for. Everything raises
    `StoreUnavailable` as the store does, and DesignError(UNAVAILABLE) where the log is damaged.
    """

    def __init__(
        self,
        *,
        name: str,
        store: Store,
        chronicle: SqlChronicle,
        history: History,
        types: TypeRegistry,
        bus: Bus,
        quiet_seconds: float = _QUIET_SECONDS,
    ) -> None:
        self._name = name
        self._store = store
        self._chronicle = chronicle
        self._history = history
        self._types = types
        self._bus = bus
        self._quiet_seconds = quiet_seconds
        self._locks: dict[DocumentId, asyncio.Lock] = {}
        self._journals: OrderedDict[DocumentId, Journal] = OrderedDict()
        # What this node has committed and not looked at: since which version, and when last (loop time).
        self._behind: dict[DocumentId, tuple[int, int, float]] = {}
        self._tasks = asyncio.TaskGroup()
        self._services: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> Self:
        await self._tasks.__aenter__()
        self._services = [
            self._tasks.create_task(self._listen(), name="chronicle-listen"),
            self._tasks.create_task(self._work(), name="chronicle-work"),
        ]
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for service in self._services:
            service.cancel()
        await self._tasks.__aexit__(None, None, None)

    def __len__(self) -> int:
        """How many designs this node has changed and not looked at."""
        return len(self._behind)

    # -- keeping up --------------------------------------------------------------------------------

    async def up_to_date(self, document: DocumentId) -> Indexed:
        """Look at all that is committed by now. Cancelling is safe: whole pieces are kept."""
        head = (await self._store.head(document)).version
        while (at := await self._advance(document, head)).version < head:
            pass
        return at

    async def _advance(self, document: DocumentId, head: int) -> Indexed:
        """Look at the next piece, one at a time for each design."""
        lock = self._locks.setdefault(document, asyncio.Lock())
        try:
            async with lock:
                return await self._advance_alone(document, head)
        finally:
            if not lock.locked():
                self._locks.pop(document, None)

    async def _advance_alone(self, document: DocumentId, head: int) -> Indexed:
        for _ in range(_MOST_TRIES):
            at = await self._chronicle.indexed(document)
            if at.version >= head:
                return at
            journal = self._journals.pop(document, None)
            if journal is None or (journal.version, journal.base) != (at.version, at.base):
                start = await self._history.snapshot(document, at.base)
                journal = Journal(start, self._types)
            piece = Piece([], [])
            while journal.version <= at.version:
                await self._read_on(document, journal, at.version, head, piece)
            if (last := journal.entry()) is not None:
                piece.entries.append(last)
            after = Indexed(journal.version, journal.base)
            if await self._chronicle.save(document, at, after, piece):
                self._keep(document, journal, head)
                return after
        raise StoreUnavailable("other nodes write the same history all the time")

    async def _read_on(
        self, document: DocumentId, journal: Journal, known: int, head: int, piece: Piece
    ) -> None:
        """Take the next ops in. `known`: what those up to this version touch is entered already."""
        end = min(head, max(journal.version, known) + OPS_AT_ONCE)
        stored = await self._store.read(document, journal.version, end, max_bytes=BYTES_AT_ONCE)
        if not stored:
            raise _damaged(journal.version)
        try:
            await asyncio.to_thread(_take, journal, known, stored, piece)
        except (OpError, ValueError, DesignError) as error:
            raise _damaged(journal.version) from error

    def _keep(self, document: DocumentId, journal: Journal, head: int) -> None:
        """For the next piece: a large design's only as long as there is one."""
        if journal.version < head or journal.elements <= _MOST_ELEMENTS_KEPT:
            self._journals[document] = journal
            if len(self._journals) > _MOST_KEPT:
                self._journals.popitem(last=False)

    async def _listen(self) -> None:
        """Hear what this node commits. Runs until cancelled."""
        loop = asyncio.get_running_loop()
        while True:
            try:
                async for payload in self._bus.subscribe(HEADS):
                    node, tenant, collection, id, version = unpack(payload)
                    if node == self._name and collection == "designs":
                        document = DocumentId(tenant, collection, id)
                        since, _, _ = self._behind.get(document, (version, version, 0.0))
                        self._behind[document] = (since, version, loop.time())
            except Exception:
                _log.exception("nothing is heard of what is committed")
            await asyncio.sleep(_LISTEN_RETRY_SECONDS)

    async def _work(self) -> None:
        """Look at designs that have been quiet for a while, piece by piece. Runs until cancelled."""
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(min(_TICK_SECONDS, self._quiet_seconds))
            for document, (since, version, last) in list(self._behind.items()):
                if loop.time() - last < self._quiet_seconds and version - since < _BEHIND_OPS:
                    continue
                self._behind.pop(document, None)
                started = loop.time()
                reached = await self._looked_at(document, version)
                if reached < version:
                    since, _, last = self._behind.get(document, (reached, 0, last))
                    self._behind[document] = (min(since, reached), version, last)
                # Who edits is served first: no more than a tenth of the time is taken.
                await asyncio.sleep(9 * (loop.time() - started))

    async def _looked_at(self, document: DocumentId, version: int) -> int:
        """One piece on, towards `version`. Returns: how far it is; `version` if it cannot be helped."""
        try:
            return (await self._advance(document, version)).version
        except StoreUnavailable:
            return version - 1  # to be tried again
        except DesignError as error:
            _log.error("%s: no history: %s", document, error)
        except Exception:
            _log.exception("%s: no history", document)
        return version

    # -- blame -------------------------------------------------------------------------------------

    async def blame(
        self,
        document: DocumentId,
        version: int,
        element: Sequence[str],
        value: Json,
        path: tuple[Step, ...] = (),
    ) -> dict[tuple[Step, ...], Origin]:
        """Who made the smallest values of an element, or those at `path` in it; of what is gone: who took it.

        Args: value: the whole element at `version`, ABSENT where it is not there.
        """
        await self.up_to_date(document)
        inner: Any = value
        for step in path:
            inner = _step(inner, step)
        paths = [path] if inner is ABSENT else [(*path, *each) for each in leaves(inner)]
        touches = await self._chronicle.touches(document, "/".join(element), version)
        steps = list(element)
        search = Search(tuple(element), paths, touches)
        origins: dict[int, Origin] = {}
        while wanted := search.wanted():
            stored = await self._chronicle.ops(document, wanted, BYTES_AT_ONCE)
            if not stored:
                raise _damaged(wanted[0])
            ops = {}
            for made in map(Made.of, stored):
                op = made.edit if isinstance(made.edit, list) else []
                ops[made.version] = [part for part in op if part["p"][: len(steps)] == steps]
                origins[made.version] = _origin(made)
            search.take(ops)
        found = search.found(1)
        if 1 in found.values() and 1 not in origins:
            # The op that made the design may be as large as the design: its entry tells enough.
            first = await self._chronicle.entry(document, 1)
            if first is None:
                raise _damaged(0)
            origins[1] = Origin(1, first.authors[0], first.started_at, first.kind, first.origin)
        if inner is ABSENT:  # it was never there
            found = {each: made for each, made in found.items() if made != 1}
        return {each: origins[made] for each, made in found.items()}


def _step(value: Any, step: Step) -> Any:
    if type(value) is dict:
        return value.get(step, ABSENT)
    if type(value) is list and type(step) is int and 0 <= step < len(value):
        return value[step]
    return ABSENT


def _origin(made: Made) -> Origin:
    origin = None if made.why is None else {k: v for k, v in made.why.items() if k != "kind"}
    return Origin(made.version, made.author, made.time, made.kind, origin)


def _take(journal: Journal, known: int, stored: Sequence[StoredOp], piece: Piece) -> None:
    for each in stored:
        made = Made.of(each)
        if (ended := journal.take(made)) is not None:
            piece.entries.append(ended)
        if made.version > known and isinstance(made.edit, list):
            piece.touches.extend((made.version, one) for one in touched(made.edit))


def _damaged(version: int) -> DesignError:
    return DesignError(
        Code.UNAVAILABLE,
        f"The log is damaged at version {version}: the history cannot be shown.",
        version=version,
    )
