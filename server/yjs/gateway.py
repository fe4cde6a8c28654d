"""One design's Yjs clients on this node, and their way into the design's room (SPEC Y10-Y47).

An update goes through as an edit like anybody's: read as an op on the newest version, submitted,
committed, and only then passed on. Up to `MOST_IN_FLIGHT` updates are under way at a time, one of
each sender, and none touches an element that another one touches: so each was read on a version that
the others cannot have changed for it, and whatever becomes of it, nothing under way hangs on it. A
refused update is committed too, as a version that changes nothing: its sender holds its items, and
so must everybody, for the correction to be understood.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from ot.types import Op

from ..errors import Code, DesignError
from ..policy.rights import Principal, Right
from ..policy.roles import Standing, Within
from ..ports import Clock, DocumentId, Store, StoreUnavailable, YjsState, YjsStates
from ..room.effects import Acked, CaughtUp, CommittedOp, Delivery, Lost, OpsSince, Refused
from ..room.events import Submit, Subscribe
from ..runtime.history import History
from ..runtime.registry import Rooms
from ..web.access import Access
from ..web.journal import line
from . import wire
from .lib0 import Malformed
from .outbox import Outbox
from .reading import Reading
from .replica import Place, Replica
from .shape import ROOTS, Shape
from .update import EMPTY, Update

__all__ = ["CLOSE_BAD", "CLOSE_TRY_AGAIN", "Client", "Gateway", "Needs"]

_log = logging.getLogger("coweave.yjs")

MOST_IN_FLIGHT: Final = 100
MOST_WAITING: Final = 100
"""Updates of one client that wait to be read; then it is not listened to."""

MAX_UPDATE_BYTES: Final = 1_000_000
KEEP_EVERY: Final = 500
"""Versions after which the document is kept anew, so that the next opening need not go far back."""

CLOSE_BAD: Final = 4400
CLOSE_TRY_AGAIN: Final = 1013
_OPS_AT_ONCE: Final = 500


@dataclass(frozen=True, slots=True)
class Needs:
    """What the gateways of a node need of it."""

    rooms: Rooms
    store: Store
    states: YjsStates
    history: History
    rights: Access
    shape: Shape
    clock: Clock


@dataclass(eq=False, slots=True)
class Client:
    """One connection."""

    principal: Principal
    outbox: Outbox = field(default_factory=Outbox)
    is_muted: bool = False  # it may not edit, and was told so
    waiting: int = 0
    has_room: asyncio.Event = field(default_factory=asyncio.Event)


@dataclass(eq=False, slots=True)
class _Upload:
    """An update on its way from its sender to the log."""

    client: Client
    data: bytes
    places: list[Place] = field(default_factory=list)
    elements: frozenset[str] = frozenset()
    claims: frozenset[str] = frozenset()  # what no other may touch while it is under way
    op: Op = field(default_factory=list)
    is_refused: bool = False
    within: Within | None = None


class Gateway:
    """A `Peer` of the design's room that stands for all its Yjs clients on this node."""

    def __init__(self, document: DocumentId, needs: Needs) -> None:
        self.id = f"yjs-{secrets.token_hex(8)}"
        self.document = document
        self.is_closed = False
        self._is_stopping = False
        self._needs = needs
        self._clients: set[Client] = set()
        self._inbox: deque[Delivery] = deque()
        self._uploads: deque[_Upload] = deque()
        self._flight: set[_Upload] = set()
        self._again: list[_Upload] = []  # taken, and to be submitted when their elements are free
        self._stale: list[_Upload] = []  # read without knowing another node's update
        self._met: set[str] = set()  # elements that others changed since the flight began
        self._seq = 0
        self._woken = asyncio.Event()
        self._ready = asyncio.Event()
        self._replica: Replica
        self._reading: Reading
        self._known: dict[int, int] = {}
        self._owners: dict[int, str] = {}
        self._halves: set[tuple[int, int]] = set()
        self._kept = YjsState(0, 0, b"")

    # -- what connections ask ----------------------------------------------------------------------

    def __len__(self) -> int:
        """How many clients there are."""
        return len(self._clients)

    async def join(self, client: Client) -> None:
        """Let a client in: it is told what is here as soon as that is known."""
        self._clients.add(client)
        client.has_room.set()
        await self._ready.wait()
        if self.is_closed:
            client.outbox.close(CLOSE_TRY_AGAIN, Code.UNAVAILABLE)
        else:
            client.outbox.reply(wire.asks(self._replica.tree.doc.get_state()))

    def leave(self, client: Client) -> None:
        """It is gone; what it sent goes on."""
        self._clients.discard(client)
        self._woken.set()

    def answer(self, client: Client, state: bytes) -> None:
        """Bring a client with `state` up to date. Raises: Malformed."""
        try:
            update = self._replica.state(state)
        except ValueError:
            raise Malformed("it is no state vector") from None
        client.outbox.reply(wire.brings(update))

    async def upload(self, client: Client, update: bytes) -> None:
        """Take what a client has; waits while much of it waits already."""
        if update == EMPTY or client.is_muted or self.is_closed:
            return
        await client.has_room.wait()
        client.waiting += 1
        if client.waiting >= MOST_WAITING:
            client.has_room.clear()
        self._uploads.append(_Upload(client, update))
        self._woken.set()

    def stop(self) -> None:
        """The node stops: finish what is under way, keep the document, and end."""
        self._is_stopping = True
        self._woken.set()

    def deliver(self, document: DocumentId, deliveries: tuple[Delivery, ...]) -> None:
        """What the room has to tell. Never blocks, never raises."""
        self._inbox += deliveries
        self._woken.set()

    # -- the task ----------------------------------------------------------------------------------

    async def run(self, idle_seconds: float) -> None:
        """Serve until nobody has been here for so long, or the room is lost. Does not raise."""
        try:
            await self._open()
            self._ready.set()
            while await self._wait(idle_seconds):
                await self._work()
            await self._keep()
        except (StoreUnavailable, _GaveUp) as error:
            _log.warning("%s: the Yjs clients have to come again: %s", self.document, error)
        except Exception:
            _log.exception("%s: the Yjs clients have to come again", self.document)
        finally:
            self.is_closed = True
            self._ready.set()
            for client in self._clients:
                client.has_room.set()
                client.outbox.close(CLOSE_TRY_AGAIN, Code.UNAVAILABLE)
            await self._needs.rooms.leave(self)

    async def _wait(self, idle_seconds: float) -> bool:
        """Until there is something to do; False: nobody needs this any more."""
        while not self._has_work:
            if self._is_stopping and not self._flight:
                self.is_closed = True
                return False
            self._woken.clear()
            is_idle = not self._clients and not self._flight
            try:
                async with asyncio.timeout(idle_seconds if is_idle else None):
                    await self._woken.wait()
            except TimeoutError:
                if not self._clients and not self._has_work:
                    self.is_closed = True
                    return False
        return True

    @property
    def _has_work(self) -> bool:
        return bool(
            self._inbox or (not self._flight and (self._uploads or self._again or self._stale))
        )

    async def _work(self) -> None:
        while self._inbox:
            self._hear(self._inbox.popleft())
        if not self._flight:
            await self._take_off()
        if self._replica.version - self._kept.version >= KEEP_EVERY and not self._flight:
            await self._keep()

    # -- opening and keeping -----------------------------------------------------------------------

    async def _open(self) -> None:
        needs = self._needs
        kept = await needs.states.newest(self.document)
        if kept is None:
            kept = await self._begin()
        replica = await asyncio.to_thread(Replica.load, kept.body, needs.shape)
        snapshot = await needs.history.snapshot(self.document, replica.version)
        if not replica.holds(snapshot):
            raise _GaveUp(f"what is kept of version {replica.version} is damaged")
        while True:
            ops = await needs.store.read(
                self.document, replica.version, replica.version + _OPS_AT_ONCE
            )
            for op in ops:
                replica.follow(op)
            if len(ops) < _OPS_AT_ONCE:
                break
            await asyncio.sleep(0)
        self._kept, self._replica = kept, replica
        await needs.rooms.send(
            self.document, self, Subscribe(self.id, self.id, replica.version, self)
        )
        while not await self._is_subscribed():
            pass
        self._read_anew()

    async def _is_subscribed(self) -> bool:
        await self._woken.wait()
        self._woken.clear()
        while self._inbox:
            match self._inbox.popleft():
                case OpsSince(ops=ops):
                    for op in ops:
                        self._replica.advance(op.edit, op.update, op.author)
                case CaughtUp():
                    return True
                case other:
                    raise _GaveUp(f"it cannot be followed: {other}")
        return False

    async def _begin(self) -> YjsState:
        """The first state of the design: whoever keeps it first decides it for all nodes."""
        needs = self._needs
        snapshot = await needs.history.snapshot(self.document)
        if snapshot.type is None:
            raise _GaveUp("there is no design")
        client = 1 + secrets.randbelow(2**32 - 1)
        first = await asyncio.to_thread(Replica.begin, snapshot, needs.shape, client)
        state = YjsState(1, snapshot.version, first.keep())
        if await needs.states.add(self.document, state):
            return state
        others = await needs.states.newest(self.document)
        if others is None:
            raise _GaveUp("its first state is gone")
        return others

    async def _keep(self) -> None:
        replica, kept = self._replica, self._kept
        if replica.version > kept.version:
            state = YjsState(kept.number + 1, replica.version, replica.keep())
            if await self._needs.states.add(self.document, state):
                self._kept = state
            else:
                self._kept = await self._needs.states.newest(self.document) or kept

    def _read_anew(self) -> None:
        """Run ahead once more, with nothing but what is under way."""
        self._reading = Reading(self._replica, self._needs.shape)
        self._known = dict(self._replica.known)
        self._owners = dict(self._replica.owners)
        self._halves = set(self._replica.halves)
        for upload in (*self._flight, *self._again):
            self._reading.take(upload.data)
            self._learn(Update.read(upload.data), upload.client.principal.id)

    # -- from the room -----------------------------------------------------------------------------

    def _hear(self, delivery: Delivery) -> None:
        match delivery:
            case OpsSince(ops=ops):
                for op in ops:
                    self._met |= op.elements if op.elements is not None else {""}
                    self._follow(op, None)
            case Acked(op=op, request=_Upload() as upload):
                self._flight.discard(upload)
                self._follow(op, upload)
            case Refused(error=error, request=_Upload() as upload):
                self._refused(upload, error)
            case Lost(error=error):
                raise _GaveUp(error.message)
            case _:
                pass

    def _follow(self, op: CommittedOp, upload: _Upload | None) -> None:
        """The next version is there: others' changes for this one's clients, or their own."""
        replica = self._replica
        if op.version < replica.version:
            return
        is_read = (
            upload is not None
            and not upload.is_refused
            and op.edit == upload.op
            and not op.fixups
            and not self._met & {*upload.elements, ""}
        )
        made = replica.advance(op.edit, op.update, op.author, is_read=is_read)
        if upload is None and op.update:
            self._reading.follow(op.update)
            self._learn(Update.read(op.update), op.author)
        self._reading.follow(made)
        if made != EMPTY:
            self._learn(Update.read(made, 2**40), "")
        change = wire.changes(op.update) if op.update else b""
        correction = wire.changes(made) if made != EMPTY else b""
        for client in self._clients:
            if change and (upload is None or client is not upload.client):
                client.outbox.tell(change)
            if correction:
                client.outbox.tell(correction)

    def _refused(self, upload: _Upload, error: DesignError) -> None:
        if error.details.get("rule") == "yjs":
            self._flight.discard(upload)
            self._stale.append(upload)
            self._woken.set()
            return
        self._flight.discard(upload)
        self._woken.set()
        if upload.is_refused:  # not even as a version that changes nothing: a protected design
            self._mute(upload.client, error)
            self._read_anew()
            return
        upload.client.outbox.reply(wire.refuses(_said(error)))
        upload.is_refused, upload.op = True, []
        self._again.insert(0, upload)  # before what hangs on it

    # -- from clients ------------------------------------------------------------------------------

    async def _take_off(self) -> None:
        """Read what waits and submit as much of it as can be under way together.

        Each is read before the next is taken: else its op would hold the next one's changes too.
        """
        if self._stale:
            self._put_back()
        self._met = set()
        busy: set[str] = set()
        ready: list[_Upload] = []
        again, self._again = self._again, []
        for upload in again:
            if upload.claims & busy:
                self._again.append(upload)
            else:
                self._make_ready(upload, ready, busy)
        while self._uploads and len(ready) < MOST_IN_FLIGHT and not self._again:
            upload = self._uploads.popleft()
            self._let_more(upload.client)
            standing = await self._standing(upload.client)
            if standing is None or not self._take(upload):
                continue
            upload.within = standing.within
            if upload.claims & busy:
                self._again.append(upload)
                break
            self._make_ready(upload, ready, busy)
        for upload in ready:
            await self._submit(upload)

    def _make_ready(self, upload: _Upload, ready: list[_Upload], busy: set[str]) -> None:
        if not upload.is_refused:
            try:
                upload.op = self._reading.op(upload.places)
            except ValueError:
                upload.is_refused = True
        busy |= upload.claims
        ready.append(upload)

    def _put_back(self) -> None:
        """Another node's Yjs clients were first: what was read too early is taken once more."""
        late = [*self._stale, *(upload for upload in self._again if not upload.is_refused)]
        self._again = [upload for upload in self._again if upload.is_refused]
        self._stale = []
        for upload in reversed(late):
            upload.client.waiting += 1
            self._uploads.appendleft(upload)
        self._read_anew()

    def _let_more(self, client: Client) -> None:
        client.waiting -= 1
        if client.waiting < MOST_WAITING:
            client.has_room.set()

    async def _standing(self, client: Client) -> Standing | None:
        """What the sender is on the design; None: it may not edit, and was told so."""
        if client.is_muted or client.outbox.closing is not None:
            return None
        try:
            return await self._needs.rights.check(client.principal, Right.EDIT, self.document)
        except DesignError as error:
            if error.code.is_retryable:
                raise _GaveUp(error.message) from None
            self._mute(client, error)
            return None

    def _mute(self, client: Client, error: DesignError) -> None:
        """What the client holds from now on is its own: it cannot be understood here any more."""
        client.is_muted = True
        client.outbox.reply(wire.refuses(_said(error)))

    def _take(self, upload: _Upload) -> bool:
        """Find out what an update changes; False: nothing comes of it."""
        fault = self._fault(upload)
        if fault is not None:
            _log.info(line("yjs.unfit", design=self.document.id, fault=fault))
            upload.client.outbox.reply(wire.refuses(fault))
            upload.client.outbox.close(CLOSE_BAD, fault[:100])
            return False
        arrived = Update.read(upload.data)
        if not arrived.is_complete(self._known):
            # Stock clients send what they do before they have brought what they did while away.
            upload.client.outbox.reply(wire.asks(self._replica.tree.doc.get_state()))
            return False
        is_new = bool(arrived.brings(self._known))
        if not is_new and not arrived.deletes:
            return False
        try:
            upload.places = self._reading.take(upload.data)
        except BaseException as error:  # pycrdt's panics are no `Exception`
            if not isinstance(error, Exception) and type(error).__name__ != "PanicException":
                raise
            _log.warning("%s: an update cannot be taken: %s", self.document, error)
            upload.client.outbox.close(CLOSE_BAD, "the update cannot be taken")
            self._read_anew()
            return False
        fault = arrived.fault(self._halves)
        self._learn(arrived, upload.client.principal.id)
        upload.elements = self._reading.elements(upload.places)
        # Its sender's next update hangs on its items: they must come to the log in this order.
        senders = {f"#{number}" for number in arrived.items} | {f"@{id(upload.client)}"}
        upload.claims = upload.elements | senders
        if not upload.places:
            if not is_new:
                return False
            upload.client.outbox.reply(
                wire.refuses("overtaken: What you changed is gone meanwhile")
            )
        if fault is not None:
            upload.is_refused = True
            upload.client.outbox.reply(wire.refuses(f"{Code.INVALID}: {fault}"))
        return True

    def _fault(self, upload: _Upload) -> str | None:
        """Why an update cannot be taken at all, nor be corrected."""
        if len(upload.data) > MAX_UPDATE_BYTES:
            return f"{Code.TOO_LARGE}: An update has at most {MAX_UPDATE_BYTES} bytes"
        try:
            arrived = Update.read(upload.data)
        except Malformed as error:
            return f"{Code.MESSAGE_BADLY_FORMED}: This is no Yjs update: {error}"
        if strange := sorted(arrived.roots - set(ROOTS)):
            return f"{Code.UNSAFE_OP}: A design has no part {strange[0][:64]!r}"
        author = upload.client.principal.id
        for number in arrived.brings(self._known):
            if number == self._replica.client or self._owners.get(number, author) != author:
                return f"{Code.SRC_NOT_YOURS}: The items of client {number} are somebody else's"
        return None

    def _learn(self, update: Update, author: str) -> None:
        for client, (_, end) in update.items.items():
            if end > self._known.get(client, 0):
                self._known[client] = end
                if author:
                    self._owners.setdefault(client, author)
        self._halves |= update.halves
        self._halves -= update.cuts

    async def _submit(self, upload: _Upload) -> None:
        self._seq += 1
        self._flight.add(upload)
        event = Submit(
            conn=self.id,
            src=self.id,
            seq=self._seq,
            base=self._replica.version,
            edit=upload.op if not upload.is_refused else [],
            author=upload.client.principal.id,
            time=self._needs.clock(),
            request=upload,
            update=upload.data,
            within=upload.within,
        )
        await self._needs.rooms.send(self.document, self, event)


class _GaveUp(Exception):
    """The design cannot be followed now; its clients come again."""


def _said(error: DesignError) -> str:
    """What a refusal says to whoever sent the update."""
    details: Mapping[str, object] = error.details
    path = details.get("path")
    where = f" ({'/'.join(str(step) for step in path)})" if isinstance(path, list) and path else ""
    return f"{error.code}: {error.message}{where}"
