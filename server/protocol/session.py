"""One connection's state machine: what a client sent goes in, steps come out (SPEC WP20-WP49).

No I/O, no clock, no randomness. `Session.receive` turns a frame into steps: frames to send at once,
and messages that somebody else must carry out (a room, the history, the presence channels). Each of
those carries a `Request`, with which the outcome comes back: `answer`, `caught_up`, `acked`,
`refused`, ... give the frames that the client gets for it. Whether the person may do what a step
asks is decided by the caller before it is carried out; a "no" comes back as `refused`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final, NamedTuple

from ot.types import Json, Op

from ..errors import Code, DesignError
from . import messages
from .codec import JSON, JSON0_URI, Codec, Unreadable, own_op_message
from .identity import Identities
from .messages import Message

__all__ = [
    "CLOSE_TRY_AGAIN",
    "MAX_PRESENCES",
    "MAX_SUBSCRIPTIONS",
    "Close",
    "Do",
    "Refusal",
    "Request",
    "Send",
    "Session",
    "Step",
]

CLOSE_TRY_AGAIN: Final = 1013
"""Close code of "what you asked may succeed later": clients reconnect and send again."""
MAX_SUBSCRIPTIONS: Final = 1_000
"""Documents and presence channels that one connection may hold."""
MAX_PRESENCES: Final = 16
"""Presence ids that one connection may hold."""

_ECHO_BYTES = 4_096
_ECHOED = ("a", "do", "id", "c", "d", "b", "v", "src", "seq", "ch", "pv", "ts")
_MAX_OWNED = 64
_PART_BYTES = 1_048_576  # of a bulk's answer


@dataclass(eq=False, slots=True)
class _Bulk:
    """One bulk message, answered when the last of its documents is, or in parts where that is much.

    A stock client takes what each answer brings.
    """

    echo: Mapping[str, Json]
    waiting: int
    data: dict[str, bytes] = field(default_factory=dict)  # encoded
    size: int = 0  # of `data`, in bytes
    is_begun: bool = False  # part of the answer has gone
    reached: dict[str, int | None] = field(default_factory=dict)
    failed: list[tuple[str, int | None, DesignError]] = field(default_factory=list)


@dataclass(frozen=True, slots=True, eq=False)
class Request:
    """What the answer needs of the question. `echo` is what an error reply repeats of it."""

    echo: Mapping[str, Json]
    since: int | None = None
    bulk: _Bulk | None = None
    is_new: bool = False  # a presence or channel that the connection did not hold before


class Refusal(NamedTuple):
    """A request that a frame answers with an error; `echo` names it."""

    code: Code
    echo: Mapping[str, Json]


@dataclass(frozen=True, slots=True)
class Send:
    """A frame for this client. `refused`: what it refuses, for those who count."""

    frame: bytes
    refused: tuple[Refusal, ...] = ()


@dataclass(frozen=True, slots=True)
class Do:
    """Somebody must carry `message` out and report with `request`. `src` of ops is public."""

    message: Message
    request: Request


@dataclass(frozen=True, slots=True)
class Close:
    """End the connection, after the frames so far."""

    code: int
    reason: str


Step = Send | Do | Close


class Session:
    """All state of one connection.

    Args:
        principal: who is connected: stable over reconnects, the same on every node.
        public: the fresh public part for a client that brings no id of its own.
        codec: how its frames are written.
    """

    def __init__(
        self, principal: str, identities: Identities, public: str, codec: Codec = JSON
    ) -> None:
        self.codec = codec
        self._principal = principal
        self._identities = identities
        self._owned: dict[str, str] = {}  # public -> whole, of every src this connection proved
        self._used = False  # whether `src` has left this object
        self._documents: set[tuple[str, str]] = set()
        self._channels: set[str] = set()
        self._channel_seqs: dict[str, int] = {}
        self._presences: set[tuple[str, str]] = set()
        self._become(public)

    @property
    def src(self) -> str:
        """The public part of this connection's id."""
        return self._public

    # -- from the client ---------------------------------------------------------------------------

    def receive(self, data: bytes) -> list[Step]:
        """Take one frame. Never raises for what a client sends."""
        try:
            raw = self.codec.decode(data)
        except Unreadable as unreadable:
            return [self._error(Request(unreadable.head), unreadable.error)]
        request = Request(_echo(raw, len(data)))
        try:
            return self._handle(messages.parse(raw), request)
        except DesignError as error:
            return self.refused(request, error)

    def _handle(self, message: Message, request: Request) -> list[Step]:
        match message:
            case messages.SubmitOp():
                return [self._submit(message, request)]
            case messages.Read():
                if message.subscribe:
                    self._subscribe(message.collection, [message.id])
                return [Do(message, request)]
            case messages.Unsubscribe():
                return self._unsubscribe(message, request)
            case messages.LookBack() | messages.LeaseCall():
                return [Do(message, request)]
            case messages.BulkRead():
                return self._bulk_read(message, request)
            case messages.BulkUnsubscribe():
                return self._bulk_unsubscribe(message, request)
            case messages.PresencePut():
                return self._presence(message, request)
            case messages.PresenceSubscribe() | messages.PresenceUnsubscribe():
                return self._channel(message, request)
            case messages.PresenceRequest():
                return [Do(message, request)]
            case messages.Ping():
                return [Send(self.codec.encode({"a": "pp"}))]
            case messages.Handshake():
                return [self._handshake(message)]

    def _handshake(self, message: messages.Handshake) -> Step:
        """WP20-WP22. An id that does not verify is no fault: its owner starts a new session."""
        if message.id is not None and not self._used:
            public = self._identities.public(message.id, self._principal)
            if public is not None:
                self._become(public)
        self._used = True
        return Send(
            self.codec.encode(
                {
                    "a": "hs",
                    "protocol": 1,
                    "protocolMinor": 2,
                    "id": self._owned[self._public],
                    "type": JSON0_URI,
                }
            )
        )

    def _become(self, public: str) -> None:
        self._public = public
        self._owned = {public: self._identities.whole(public, self._principal)}

    def _submit(self, message: messages.SubmitOp, request: Request) -> Step:
        self._used = True
        public = self._public
        if message.src is not None:
            proved = self._identities.public(message.src, self._principal)
            if proved is None:
                raise DesignError(
                    Code.SRC_NOT_YOURS, "This edit was made by another connection, not by yours"
                )
            public = proved
            self._owned.setdefault(public, message.src)
            if len(self._owned) > _MAX_OWNED:  # never its own: that one came first
                del self._owned[list(self._owned)[1]]
        return Do(replace(message, src=public), request)

    def _subscribe(self, collection: str, ids: Sequence[str]) -> None:
        self._used = True
        documents = self._documents | {(collection, id) for id in ids}
        _bound(len(documents) + len(self._channels), MAX_SUBSCRIPTIONS, "subscriptions")
        self._documents = documents

    def _bulk_read(self, message: messages.BulkRead, request: Request) -> list[Step]:
        if message.subscribe:
            self._subscribe(message.collection, list(message.since))
        bulk = _Bulk(request.echo, len(message.since))
        if not message.since:
            return self._finish(bulk)
        return [
            Do(
                messages.Read(message.collection, id, since, message.subscribe),
                Request({**request.echo, "d": id}, since, bulk),
            )
            for id, since in message.since.items()
        ]

    def _bulk_unsubscribe(self, message: messages.BulkUnsubscribe, request: Request) -> list[Step]:
        bulk = _Bulk(request.echo, len(message.ids))
        if not message.ids:
            return self._finish(bulk)
        steps = []
        for id in message.ids:
            one = Request({**request.echo, "d": id}, None, bulk)
            steps += self._unsubscribe(messages.Unsubscribe(message.collection, id), one)
        return steps

    def _unsubscribe(self, message: messages.Unsubscribe, request: Request) -> list[Step]:
        document = (message.collection, message.id)
        if document not in self._documents:
            return self.reached(request)
        self._documents.discard(document)
        return [Do(message, request)]

    def _presence(self, message: messages.PresencePut, request: Request) -> list[Step]:
        key = (message.channel, message.id)
        if message.value is None:
            self._presences.discard(key)
        else:
            _bound(len(self._presences | {key}), MAX_PRESENCES, "presences")
            request = replace(request, is_new=key not in self._presences)
            self._presences.add(key)
        return [Do(message, request)]

    def _channel(
        self, message: messages.PresenceSubscribe | messages.PresenceUnsubscribe, request: Request
    ) -> list[Step]:
        channel = message.channel
        if message.seq is not None:
            if message.seq < self._channel_seqs.get(channel, 0):
                return [self.done(request)]  # overtaken by a later wish of the same client
            self._channel_seqs.pop(channel, None)
            self._channel_seqs[channel] = message.seq
            if len(self._channel_seqs) > MAX_SUBSCRIPTIONS:
                del self._channel_seqs[next(iter(self._channel_seqs))]
        if isinstance(message, messages.PresenceSubscribe):
            channels = self._channels | {channel}
            _bound(len(channels) + len(self._documents), MAX_SUBSCRIPTIONS, "subscriptions")
            request = replace(request, is_new=channel not in self._channels)
            self._channels = channels
        else:
            self._channels.discard(channel)
            self._presences = {key for key in self._presences if key[0] != channel}
        return [Do(message, request)]

    # -- what became of it -------------------------------------------------------------------------

    def holds(self, document: tuple[str, str]) -> bool:
        """Whether the client wants live ops of `document`."""
        return document in self._documents

    def forget(self, document: tuple[str, str]) -> None:
        """The document was taken from the client: it holds it no more."""
        self._documents.discard(document)

    def owns(self, src: str) -> bool:
        """Whether ops of this (public) src are the client's own."""
        return src in self._owned

    def owns_none(self, srcs: frozenset[str]) -> bool:
        """Whether no op of these (public) srcs is the client's own."""
        return srcs.isdisjoint(self._owned)

    def own_op(
        self,
        document: tuple[str, str],
        version: int,
        src: str,
        seq: int,
        body: Mapping[str, Json],
        fixups: Sequence[Op],
    ) -> bytes:
        """A committed op of its own, as only this client may get it (WP35)."""
        return self.codec.encode(
            own_op_message(*document, version, self._whole(src), seq, body, fixups)
        )

    def acked(
        self, document: tuple[str, str], version: int, src: str, seq: int, fixups: Sequence[Op]
    ) -> Send:
        """The submitted op is durable as `version`."""
        return Send(
            self.codec.encode(own_op_message(*document, version, self._whole(src), seq, {}, fixups))
        )

    def refused(self, request: Request, error: DesignError) -> list[Step]:
        """It was not done: told on the request if that is final (WP40).

        A retryable refusal ends the connection instead: an error on an op would make the client
        forget the edit (WP41). What was asked about leases is not worth that.
        """
        if error.code.is_retryable and request.echo.get("a") != "l":
            notice = self.notice(
                (str(request.echo.get("c")), str(request.echo.get("d"))),
                error.code,
                error.message,
                error.details,
            )
            return [notice, Close(CLOSE_TRY_AGAIN, error.code)]
        if request.echo.get("a") in ("s", "bs"):
            self._documents.discard((str(request.echo.get("c")), str(request.echo.get("d"))))
        if request.is_new:
            self._drop_place(request.echo)
        if request.bulk is None:
            return [self._error(request, error)]
        request.bulk.failed.append((str(request.echo["d"]), request.since, error))
        return self._one_of_bulk(request)

    def _drop_place(self, echo: Mapping[str, Json]) -> None:
        """What was refused holds no place among those that a connection may have."""
        channel = str(echo.get("ch"))
        if echo.get("a") == "ps":
            self._channels.discard(channel)
        else:
            self._presences.discard((channel, str(echo.get("id"))))

    def answered(self, request: Request, version: int, type: str | None, data: Json) -> list[Step]:
        """A fetch or subscribe without a version."""
        state = _state(version, type, data)
        if request.bulk is None:
            return [Send(self.codec.encode({**_names(request), "data": state}))]
        bulk, encoded = request.bulk, self.codec.encode(state)
        bulk.data[str(request.echo["d"])] = encoded
        bulk.size += len(encoded)
        return [*(self._part(bulk) if bulk.size > _PART_BYTES else []), *self._one_of_bulk(request)]

    def done(self, request: Request) -> Send:
        """The plain answer: to a fetch or subscribe whose ops went before, and to all the rest."""
        return Send(self.codec.encode(_names(request)))

    def reached(self, request: Request) -> list[Step]:
        """`done`, for what may be one of a bulk."""
        if request.bulk is None:
            return [self.done(request)]
        request.bulk.reached[str(request.echo["d"])] = request.since
        return self._one_of_bulk(request)

    def looked_back(self, request: Request, version: int, type: str | None, data: Json) -> Send:
        """The answer to `nf` and `nt`. Here the type is always named (PROTOCOL 9)."""
        message = {**_names(request), "v": version, "type": type, "m": None}
        if type is not None:
            message["data"] = data
        return Send(self.codec.encode(message))

    def leases(self, request: Request, state: Mapping[str, Json]) -> Send:
        """The answer to what was asked about leases; {} where nothing is to be said."""
        return Send(self.codec.encode({**_names(request), **state}))

    def lease_state(self, document: tuple[str, str], state: Mapping[str, Json]) -> Send:
        """Who holds what in `document` now, unasked."""
        collection, id = document
        return Send(self.codec.encode({"a": "l", "c": collection, "d": id, "do": "state", **state}))

    def present(self, request: Request, message: messages.PresencePut) -> Send:
        """The ack of one's own presence."""
        return Send(
            self.codec.encode(
                {
                    "a": "p",
                    "ch": message.channel,
                    "src": self._public,
                    "id": message.id,
                    "p": message.value,
                    "pv": message.pv,
                }
            )
        )

    def notice(
        self, document: tuple[str, str], code: str, message: str, details: Mapping[str, Json]
    ) -> Send:
        """Something to know about an edit that was accepted. Stock clients ignore it."""
        collection, id = document
        return Send(
            self.codec.encode(
                {
                    "a": "notice",
                    "c": collection,
                    "d": id,
                    "code": code,
                    "message": message,
                    "details": details,
                }
            )
        )

    def news(self, news: Mapping[str, Json]) -> Send:
        """Something about a document is to be fetched again. Stock clients ignore it."""
        return Send(self.codec.encode(dict(news)))

    def _whole(self, src: str) -> str:
        return self._owned.get(src) or self._identities.whole(src, self._principal)

    def _one_of_bulk(self, request: Request) -> list[Step]:
        assert request.bulk is not None
        request.bulk.waiting -= 1
        return [] if request.bulk.waiting else self._finish(request.bulk)

    def _finish(self, bulk: _Bulk) -> list[Step]:
        """One reply for all that went well; failures are told per document in one way or the other."""
        head = {"a": bulk.echo["a"], "c": bulk.echo["c"]}
        if bulk.echo["a"] != "bu" and type(bulk.echo["b"]) is list:
            encode = self.codec.encode
            failed = {id: encode(_error_fields(error)) for id, _, error in bulk.failed}
            if bulk.is_begun and not (bulk.data or failed):
                return []
            refused = tuple(Refusal(error.code, {**head, "d": id}) for id, _, error in bulk.failed)
            return [self._with_data(head, {**bulk.data, **failed}, refused)]
        steps: list[Step] = [
            Send(
                self.codec.encode({**head, "b": {id: since}, **_error_fields(error)}),
                (Refusal(error.code, {**head, "d": id}),),
            )
            for id, since, error in bulk.failed
        ]
        if bulk.data:
            # Documents without a version, among those with one.
            steps.append(self._with_data(head, bulk.data))
        reached: Json = list(bulk.reached) if bulk.echo["a"] == "bu" else bulk.reached
        if reached or not steps:
            steps.append(Send(self.codec.encode({**head, "b": reached})))
        return steps

    def _part(self, bulk: _Bulk) -> list[Step]:
        """What there is of the answer so far."""
        if type(bulk.echo["b"]) is not list:
            return []
        head = {"a": bulk.echo["a"], "c": bulk.echo["c"]}
        part = self._with_data(head, bulk.data)
        bulk.data, bulk.size, bulk.is_begun = {}, 0, True
        return [part]

    def _with_data(
        self, head: Mapping[str, Json], data: Mapping[str, bytes], refused: tuple[Refusal, ...] = ()
    ) -> Send:
        return Send(self.codec.encode_parts(head, "data", data), refused)

    def _error(self, request: Request, error: DesignError) -> Send:
        frame = self.codec.encode({**request.echo, **_error_fields(error)})
        return Send(frame, (Refusal(error.code, request.echo),))


def _bound(count: int, limit: int, what: str) -> None:
    if count > limit:
        raise DesignError(
            Code.TOO_LARGE, f"One connection may hold {limit:,} {what}", limit=limit, actual=count
        )


def _state(version: int, type: str | None, data: Json) -> dict[str, Json]:
    """A snapshot as `f` and `s` give it: json0 goes unsaid, and what is absent has no data."""
    if type is None:
        return {"v": version, "type": None}
    if type == JSON0_URI:
        return {"v": version, "data": data}
    return {"v": version, "data": data, "type": type}


def _names(request: Request) -> dict[str, Json]:
    """By what the client finds the question that a reply belongs to (PROTOCOL 1)."""
    echo = request.echo
    if echo["a"] in ("ps", "pu"):
        keys: tuple[str, ...] = ("a", "ch", "seq")
    elif echo["a"] == "pr":
        keys = ("a",)
    elif echo["a"] == "l":
        keys = ("a", "id", "c", "d", "do")
    elif echo.get("id"):
        keys = ("a", "id")
    else:
        keys = ("a", "c", "d")
    return {key: echo[key] for key in keys if key in echo}


def _error_fields(error: DesignError) -> dict[str, Json]:
    fields: dict[str, Json] = {"error": {"code": error.code, "message": error.message}}
    if error.details:
        fields["details"] = error.details
    return fields


def _echo(raw: Mapping[str, Any], size: int) -> Mapping[str, Json]:
    """What an error reply repeats: a small request whole, of a large one what names it."""
    if size <= _ECHO_BYTES:
        return raw
    return {key: raw[key] for key in _ECHOED if key in raw and (key == "b" or _is_small(raw[key]))}


def _is_small(value: Json) -> bool:
    return type(value) in (int, float, bool, type(None)) or (
        type(value) is str and len(value) <= 512
    )
