"""One connection between its session and the rooms: carries out steps, turns deliveries to frames.

The session is pure and knows no rooms; the rooms know no frames. Everything that waits is here, in
the reading of the socket: for rights, for a full mailbox, for history, for the budget. So a client
that asks for more than can be done is simply read more slowly.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from ot.types import Json

from ..document.versioned import Create, Delete, Edit, NoOp, decode
from ..errors import Code, DesignError
from ..leases.lease import with_name
from ..policy.rights import Principal, Right, channel_document
from ..policy.roles import Standing
from ..ports import Clock, DocumentId, Store, StoreUnavailable
from ..protocol import messages
from ..protocol.codec import Codec, op_message
from ..protocol.session import CLOSE_TRY_AGAIN, Close, Do, Refusal, Request, Send, Session, Step
from ..room.effects import (
    Acked,
    Answer,
    CaughtUp,
    CommittedOp,
    Delivery,
    Lost,
    Notice,
    OpsSince,
    Refused,
    Unsubscribed,
)
from ..room.events import Fetch, Submit, Subscribe, Unsubscribe
from ..room.presence import Present, SayAgain
from ..runtime.history import History
from ..runtime.presence_hub import PresenceHub
from ..runtime.registry import Rooms
from .access import Access
from .acts import Acts
from .audience import Audience
from .frames import framed
from .journal import line, request_fields
from .lease_seat import LeaseSeat
from .leases import LeaseDoor
from .names import Names
from .outbox import Outbox
from .watch import CLOSE_SIGN_IN
from .who import Visitor

__all__ = ["Connection", "Services"]

_log = logging.getLogger("coweave.socket")

_CATCH_UP_OPS: Final = 64
_CATCH_UP_BYTES: Final = 262_144
"""Read at a time for a reader that fell behind: what waits for it stays small."""

_MAX_UNNAMED = 1_000
"""Notices that wait for a name; the oldest are lost to a flood of them."""


@dataclass(frozen=True, slots=True)
class Services:
    """What the doors need of the node."""

    rooms: Rooms
    history: History
    store: Store
    presence: PresenceHub
    access: Access
    audience: Audience
    leases: LeaseDoor
    names: Names
    acts: Acts
    clock: Clock


class _Own:
    """The request of what the connection itself asked for: the client gets no answer to it."""


class Connection:
    """A `Peer` of rooms and a `Listener` of presence.

    Args:
        id: names this connection on this node.
    """

    def __init__(self, id: str, visitor: Visitor, session: Session, services: Services) -> None:
        self.id = id
        self.outbox = Outbox()
        self.visitor = visitor
        self._principal = visitor.principal
        self._channels: set[str] = set()  # presence that it follows or tells
        self._standings: dict[DocumentId, Standing] = {}  # as they were told
        self._session = session
        self._codec = session.codec
        self._key = session.codec.name  # under which shared frames are kept
        self._services = services
        self._open: set[DocumentId] = set()
        self._unnamed: deque[tuple[DocumentId, Notice]] = deque(maxlen=_MAX_UNNAMED)
        # The read that has no answer yet.
        self._asked: tuple[DocumentId, Request] | None = None
        # Replies that wait for ops which are still to be caught up with.
        self._late: dict[DocumentId, list[Request]] = {}
        self._answered = asyncio.Event()
        self._answered.set()
        self._leases = LeaseSeat(
            visitor.principal,
            session,
            services.leases,
            tell=self._tell,
            notify=self._notify,
            call=self.outbox.call,
        )

    @property
    def is_binary(self) -> bool:
        """Whether its messages are binary ones."""
        return self._codec.is_binary

    # -- from the client ---------------------------------------------------------------------------

    async def receive(self, data: bytes) -> None:
        """Take one frame and do what it asks, waiting where that must wait."""
        if self.outbox.is_closing:
            return  # it came while the connection was being ended
        await self._carry_out(self._session.receive(data))

    async def _carry_out(self, steps: list[Step]) -> None:
        for step in steps:
            if isinstance(step, Do):
                try:
                    await self._do(step.message, step.request)
                except DesignError as refusal:
                    self._tell(self._session.refused(step.request, refusal))
                except StoreUnavailable:
                    later = DesignError(Code.UNAVAILABLE, "The storage does not answer just now")
                    self._tell(self._session.refused(step.request, later))
            else:
                self._tell([step])

    async def _do(self, message: messages.Message, request: Request) -> None:
        match message:
            case messages.SubmitOp():
                await self._submit(message, request)
            case messages.Read():
                await self._read(message, request)
            case messages.Unsubscribe():
                document = self._document(message.collection, message.id)
                self._forget(document)
                await self._services.rooms.send(document, self, Unsubscribe(self.id, request))
            case messages.LookBack():
                await self._look_back(message, request)
            case messages.LeaseCall():
                await self._leases.carry_out(message, request)
            case _:
                await self._presence(message, request)

    async def _submit(self, message: messages.SubmitOp, request: Request) -> None:
        document = self._document(message.collection, message.id)
        right = Right.EDIT if "op" in message.body else Right.CREATE_OR_DELETE
        standing = await self._services.access.check(self._principal, right, document)
        event = Submit(
            conn=self.id,
            src=message.src or self._session.src,
            seq=message.seq,
            base=message.base,
            edit=_edit(message.body),
            author=self._principal.id,
            time=self._services.clock(),
            lease=message.lease,
            request=request,
            within=standing.within,
        )
        self._log_op("op.received", document, event.src, event.seq, base=event.base)
        await self._services.rooms.send(document, self, event)

    async def _read(self, message: messages.Read, request: Request) -> None:
        document = self._document(message.collection, message.id)
        await self._may_read()
        standing = await self._services.access.check(self._principal, Right.READ, document)
        event: Subscribe | Fetch = Fetch(self.id, message.since, request)
        if message.subscribe:
            event = Subscribe(self.id, self._session.src, message.since, request)
            self._open.add(document)
            self._standings[document] = standing
            self._services.audience.join(document, self)
        self._asked = document, request
        self._answered.clear()
        await self._services.rooms.send(document, self, event)

    async def _may_read(self) -> None:
        """Waits for the answer to the last read, and until the client has taken most of it.

        A read is a few bytes and its answer may be megabytes: they are made one by one, as they are
        taken.
        """
        await self._answered.wait()
        await self.outbox.has_room()

    def _note_answer(self, document: DocumentId, delivery: Delivery) -> None:
        """A read of what is unsubscribed or subscribed anew meanwhile gets no other answer."""
        if self._asked is None or document != self._asked[0]:
            return
        if isinstance(delivery, Answer | CaughtUp | Unsubscribed | Lost) or (
            isinstance(delivery, Refused) and delivery.request is self._asked[1]
        ):
            self._asked = None
            self._answered.set()

    async def _look_back(self, message: messages.LookBack, request: Request) -> None:
        document = self._document(message.collection, message.id)
        await self._services.access.check(self._principal, Right.READ, document)
        history = self._services.history
        if message.by == "version":
            snapshot = await history.snapshot(document, message.at)
        else:
            snapshot = await history.snapshot_at(document, message.at)
        self._tell(
            [self._session.looked_back(request, snapshot.version, snapshot.type, snapshot.data)]
        )

    async def _presence(self, message: messages.Message, request: Request) -> None:
        assert isinstance(
            message,
            messages.PresenceSubscribe
            | messages.PresenceUnsubscribe
            | messages.PresenceRequest
            | messages.PresencePut,
        )
        access, hub = self._services.access, self._services.presence
        tenant, channel, src = self._principal.tenant, message.channel, self._session.src
        if not isinstance(message, messages.PresenceUnsubscribe):
            collection, id = channel_document(channel, scratch=access.serves_scratch)
            await access.check(self._principal, Right.READ, self._document(collection, id))
            self._channels.add(channel)
        match message:
            case messages.PresenceSubscribe():
                hub.subscribe(tenant, channel, self, src)
            case messages.PresenceUnsubscribe():
                hub.unsubscribe(tenant, channel, self)
            case messages.PresenceRequest():
                hub.ask(tenant, channel, src)
            case messages.PresencePut():
                hub.put(tenant, channel, self, src, message.id, message.value, message.pv)
                self._tell([self._session.present(request, message)])
                return
        self._tell([self._session.done(request)])

    async def run_errands(self) -> None:
        """What has to wait for something, done by the writer when everything else is written."""
        await self._name_others()
        await self._leases.run_errands()
        await self._catch_up()

    async def _catch_up(self) -> None:
        """Bring the next few ops of each document that this reader fell behind with.

        A few at a time, so that no more waits than the reader takes.
        """
        for document, since in self.outbox.behind().items():
            try:
                store, end = self._services.store, since + _CATCH_UP_OPS
                stored = await store.read(document, since, end, max_bytes=_CATCH_UP_BYTES)
            except StoreUnavailable:
                self.outbox.close(CLOSE_TRY_AGAIN, Code.UNAVAILABLE)
                return
            for op in stored:
                edit, fixups = decode(op.body)
                self.outbox.put(
                    self._op(
                        document,
                        CommittedOp(
                            op.version, op.src, op.seq, op.author, op.time, edit, tuple(fixups)
                        ),
                    )
                )
            since += len(stored)
            self.outbox.advance(document, since)
            is_cut = sum(len(op.body) for op in stored) >= _CATCH_UP_BYTES
            if len(stored) == _CATCH_UP_OPS or is_cut:
                continue
            if self._asked is not None and self._asked[0] == document:
                await self._answered.wait()  # the room is about to answer: do not ask it anew
            if self._session.holds((document.collection, document.id)):
                self.outbox.await_rest(document)
                event = Subscribe(self.id, self._session.src, since, _Own())
                await self._services.rooms.send(document, self, event)
            else:
                self._caught_up(document)

    def _caught_up(self, document: DocumentId) -> None:
        """All ops are put: now come the replies to reads that were to follow them."""
        self.outbox.caught_up(document)
        for request in self._late.pop(document, ()):
            self._tell(self._session.reached(request))

    async def withdraw(self, document: DocumentId, error: DesignError) -> None:
        """`document` is taken from this client: it is told why, and hears no more of it."""
        names = (document.collection, document.id)
        self._tell([self._session.notice(names, error.code, error.message, error.details)])
        self._session.forget(names)
        self._leases.drop(document)
        self._forget(document)
        await self._services.rooms.send(document, self, Unsubscribe(self.id, _Own()))

    def hear(self, news: Mapping[str, Json]) -> None:
        """What is told to all who have a document open. Never blocks: the outbox is bounded."""
        self._tell([self._session.news(news)])

    async def reconsider(self, principal: Principal) -> None:
        """This is who the client is now; what was opened and may not be read any more is taken."""
        self.visitor = replace(self.visitor, principal=principal)
        self._principal = self._leases.principal = principal
        access = self._services.access
        for document in tuple(self._open):
            try:
                standing = await access.check(principal, Right.READ, document)
            except DesignError as error:
                if error.code is not Code.UNAVAILABLE:
                    await self.withdraw(document, error)
                continue
            if self._standings.get(document) not in (None, standing):
                self._tell([self._session.notice(*_access_notice(document, standing))])
            self._standings[document] = standing
        for channel in tuple(self._channels):
            document = self._document(*channel_document(channel, scratch=access.serves_scratch))
            try:
                await access.check(principal, Right.READ, document)
            except DesignError as error:
                if error.code is not Code.UNAVAILABLE:
                    self._channels.discard(channel)
                    self._services.presence.unsubscribe(principal.tenant, channel, self)

    def expel(self, error: DesignError) -> None:
        """The credential does not hold any more."""
        self.outbox.close(CLOSE_SIGN_IN, error.code)

    async def leave(self) -> None:
        """The connection has ended."""
        for document in tuple(self._open):
            self._forget(document)
        self._services.presence.leave(self)
        self._leases.leave()
        await self._services.rooms.leave(self)

    # -- from rooms and presence -------------------------------------------------------------------

    def deliver(self, document: DocumentId, deliveries: tuple[Delivery, ...]) -> None:
        """What a room has to tell, in its order. Never blocks, never raises."""
        try:
            self._deliver(document, deliveries)
        except Exception:
            # A client that missed something must not go on as if it had not.
            _log.exception("connection %s: a delivery failed", self.id)
            self.outbox.close(1011, "")

    def _deliver(self, document: DocumentId, deliveries: tuple[Delivery, ...]) -> None:
        # Also the ops that answer a read: of a long history there may be more than can wait.
        is_read = self._asked is not None and self._asked[0] == document
        is_live = is_read or self._session.holds((document.collection, document.id))
        if is_live and len(deliveries) == 1 and type(deliveries[0]) is OpsSince:
            # Most of what a busy room tells: one piece, the same for all who only read.
            ops = deliveries[0].ops
            self.outbox.put_live(document, ops[0].version, self._frames(document, deliveries[0]))
            return
        for delivery in deliveries:
            if type(delivery) is Answer:
                is_live = False
            elif type(delivery) is CaughtUp and type(delivery.request) is _Own:
                is_live = False
        live: list[bytes] = []  # ops and acks in a row, from version `start` on
        start = 0
        for delivery in deliveries:
            if is_live and isinstance(delivery, OpsSince | Acked):
                version, frames = self._live(document, delivery)
                if not live:
                    start = version
                elif version < start:  # the ack of a resend: a catch-up from `start` would lack it
                    self.outbox.put_live(document, version, frames)
                    continue
                live.append(frames)
                continue
            if live:
                self.outbox.put_live(document, start, b"".join(live))
                live.clear()
            self._tell_of(document, delivery)
        if live:
            self.outbox.put_live(document, start, b"".join(live))

    def _live(self, document: DocumentId, told: OpsSince | Acked) -> tuple[int, bytes]:
        if isinstance(told, OpsSince):
            return told.ops[0].version, self._frames(document, told)
        return told.op.version, self._acked(document, told.op)

    def _tell_of(self, document: DocumentId, delivery: Delivery) -> None:
        self._note_answer(document, delivery)
        names = (document.collection, document.id)
        match delivery:
            case OpsSince():
                for op in delivery.ops:
                    self.outbox.put(self._op(document, op))
            case Acked(op=op):
                self.outbox.put(self._acked(document, op))
            case Refused(error=error, request=request):
                self._tell(self._session.refused(request, self._named(document, error)))
            case Answer(snapshot=snapshot, request=request):
                self._tell(
                    self._session.answered(request, snapshot.version, snapshot.type, snapshot.data)
                )
            case CaughtUp(request=_Own()):
                self._caught_up(document)
            case CaughtUp(request=request) if self.outbox.is_behind(document):
                self._late.setdefault(document, []).append(request)
            case Unsubscribed(request=_Own()):
                pass
            case CaughtUp(request=request) | Unsubscribed(request=request):
                self._tell(self._session.reached(request))
            case Notice():
                self._notify(document, delivery)
            case Lost(error=error):
                notice = self._session.notice(names, error.code, error.message, error.details)
                self._tell([notice, Close(CLOSE_TRY_AGAIN, error.code)])

    def _notify(self, document: DocumentId, notice: Notice) -> None:
        """Rooms know people by their opaque ids (`by`); the person who is told needs a name."""
        by = notice.details.get("by")
        if by is None:
            self._tell_notice(document, notice, notice.details)
        elif (name := self._services.names.known(document.tenant, by)) is not None:
            details = {**notice.details, "by": {"id": by, "name": name}}
            self._tell_notice(document, notice, details)
        else:
            self._unnamed.append((document, notice))
            self.outbox.call()

    def _named(self, document: DocumentId, error: DesignError) -> DesignError:
        """The person that an edit is refused for, by name if they are or were here."""
        if error.code is Code.LOCKED and "holder" in error.details:
            holder = error.details["holder"]["id"]
            return with_name(error, self._services.names.known(document.tenant, holder) or "")
        conflict = error.details.get("conflict")
        if conflict is None:
            return error
        by = conflict["by"]
        name = self._services.names.known(document.tenant, by) or ""
        named = {**conflict, "by": {"id": by, "name": name}}
        return DesignError(error.code, error.message, **{**error.details, "conflict": named})

    async def _name_others(self) -> None:
        while self._unnamed:
            document, notice = self._unnamed[0]
            await self._services.names.find(document.tenant, [notice.details["by"]])
            self._unnamed.popleft()
            name = self._services.names.known(document.tenant, notice.details["by"]) or ""
            by = {"id": notice.details["by"], "name": name}
            self._tell_notice(document, notice, {**notice.details, "by": by})

    def _tell_notice(
        self, document: DocumentId, notice: Notice, details: Mapping[str, Json]
    ) -> None:
        names = (document.collection, document.id)
        self._tell([self._session.notice(names, notice.code, notice.message, details)])

    def present(self, news: Present | SayAgain) -> None:
        """News of a presence channel. Never blocks, never raises."""
        frame = news.frames.get(self._key)
        if frame is None:
            message: dict[str, Json] = {"a": "pr", "ch": news.channel}
            if isinstance(news, Present):
                message = {
                    "a": "p",
                    "ch": news.channel,
                    "src": news.src,
                    "id": news.id,
                    "p": news.value,
                    "pv": news.pv,
                }
            frame = news.frames[self._key] = framed(
                self._codec.encode(message), self._codec.is_binary
            )
        id = news.id if isinstance(news, Present) else None
        self.outbox.put_presence((news.channel, news.src if id else None, id), frame)

    def _frames(self, document: DocumentId, since: OpsSince) -> bytes:
        """The frames of ops in a row: joined once for all readers whose own ops are not among them."""
        key = self._key
        cached = since.frames.get(key)
        if cached is None:
            srcs = frozenset([op.src for op in since.ops])
            try:  # most were encoded for another reader: 18 calls an op less in a busy room
                frames = [op.frames[key] for op in since.ops]
            except KeyError:
                frames = [_shared_frame(document, op, self._codec) for op in since.ops]
            shared = b"".join(frames)
            cached = since.frames[key] = srcs, shared
        srcs, shared = cached
        if self._session.owns_none(srcs):
            return shared
        return b"".join([self._op(document, op) for op in since.ops])

    def _op(self, document: DocumentId, op: CommittedOp) -> bytes:
        if not self._session.owns(op.src):
            return _shared_frame(document, op, self._codec)
        names = (document.collection, document.id)
        body = _body(op.edit)
        return self._framed(
            self._session.own_op(names, op.version, op.src, op.seq, body, op.fixups)
        )

    def _acked(self, document: DocumentId, op: CommittedOp) -> bytes:
        self._log_op("op.acked", document, op.src, op.seq, version=op.version)
        names = (document.collection, document.id)
        return self._framed(self._session.acked(names, op.version, op.src, op.seq, op.fixups).frame)

    def _framed(self, payload: bytes) -> bytes:
        return framed(payload, self._codec.is_binary)

    def _tell(self, steps: list[Step]) -> None:
        for step in steps:
            if isinstance(step, Send):
                for refusal in step.refused:
                    self._note_refusal(refusal)
                self.outbox.put(self._framed(step.frame))
            elif isinstance(step, Close):
                self.outbox.close(step.code, step.reason)

    def _note_refusal(self, refusal: Refusal) -> None:
        self._services.rooms.meters.refused[refusal.code] += 1
        if _log.isEnabledFor(logging.DEBUG):
            named = request_fields(refusal.echo, self._session.src)
            _log.debug(line("refused", connection=self.id, code=refusal.code, **named))

    def _log_op(
        self, event: str, document: DocumentId, src: str, seq: int, **fields: int | None
    ) -> None:
        if _log.isEnabledFor(logging.DEBUG):
            place = f"{document.collection}/{document.id}"
            request = f"{src}:{seq}"
            _log.debug(line(event, connection=self.id, document=place, request=request, **fields))

    def _forget(self, document: DocumentId) -> None:
        self._open.discard(document)
        self._standings.pop(document, None)
        self._services.audience.leave(document, self)
        self._caught_up(document)

    def _document(self, collection: str, id: str) -> DocumentId:
        return DocumentId(self._principal.tenant, collection, id)


def _shared_frame(document: DocumentId, op: CommittedOp, codec: Codec) -> bytes:
    frame = op.frames.get(codec.name)
    if frame is None:
        _, collection, id = document
        message = op_message(collection, id, op.version, op.src, op.seq, _body(op.edit))
        frame = op.frames[codec.name] = framed(codec.encode(message), codec.is_binary)
    return frame


def _access_notice(
    document: DocumentId, standing: Standing
) -> tuple[tuple[str, str], str, str, dict[str, Json]]:
    details: dict[str, Json] = {
        "role": str(standing.role),
        "parts": {
            part: None if role is None else str(role) for part, role in standing.parts.items()
        },
    }
    message = f"You are {standing.role} of this design now"
    return (document.collection, document.id), "access", message, details


def _edit(body: Mapping[str, Json]) -> Edit:
    if "op" in body:
        edit: Edit = body["op"]
        return edit
    if "create" in body:
        return Create(body["create"]["type"], body["create"]["data"])
    return Delete()


def _body(edit: Edit) -> dict[str, Json]:
    match edit:
        case Create(type=type, data=data):
            return {"create": {"type": type, "data": data}}
        case Delete():
            return {"del": True}
        case NoOp():
            return {}
        case op:
            return {"op": op}
