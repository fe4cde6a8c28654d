"""ShareDB's actions as values, checked field by field (SPEC WP10-WP19).

`parse` is where a message from outside becomes trusted in shape: names, versions, counters and
bulk lists are right when it returns. What an op does inside the document is `ot`'s and the room's
business.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal, TypeGuard

import orjson

from ot.normalize import FORBIDDEN_NAMES
from ot.types import Json

from ..errors import Code, DesignError
from ..leases.rules import MAX_ELEMENTS, MAX_REASON
from .codec import JSON0_URI

__all__ = [
    "LEASE_CALLS",
    "MAX_ELEMENT",
    "MAX_BULK",
    "MAX_CHANNEL",
    "MAX_NAME",
    "MAX_PRESENCE_BYTES",
    "MAX_SAFE_INTEGER",
    "BulkRead",
    "BulkUnsubscribe",
    "Handshake",
    "LeaseCall",
    "LookBack",
    "Message",
    "Ping",
    "PresencePut",
    "PresenceRequest",
    "PresenceSubscribe",
    "PresenceUnsubscribe",
    "Read",
    "SubmitOp",
    "Unsubscribe",
    "lease_call",
    "parse",
]

MAX_NAME: Final = 64
"""Characters of a collection, a document id, a connection id or a presence id."""
MAX_CHANNEL: Final = 160
"""Characters of a presence channel: `<collection>.<id>` and some room."""
MAX_BULK: Final = 1_000
"""Documents in one bulk message."""
MAX_PRESENCE_BYTES: Final = 8_192
MAX_ELEMENT: Final = 80
"""Characters that name an element: its section, a slash, its id."""
LEASE_CALLS: Final = ("watch", "unwatch", "take", "takeover", "renew", "release", "ask")
MAX_SAFE_INTEGER: Final = 2**53 - 1


@dataclass(frozen=True, slots=True)
class Handshake:
    """`hs`. `id`: what an earlier connection was given, or None."""

    id: str | None


@dataclass(frozen=True, slots=True)
class SubmitOp:
    """`op`. `src` as sent (None: this connection's); `body` is {"op"}, {"create"} or {"del"}."""

    collection: str
    id: str
    base: int | None
    src: str | None
    seq: int
    body: Mapping[str, Json]
    lease: int | None = None  # of `x`: the token by which the author relies on holding it


@dataclass(frozen=True, slots=True)
class Read:
    """`f` and `s`. `since`: the version the client has, None for nothing."""

    collection: str
    id: str
    since: int | None
    subscribe: bool


@dataclass(frozen=True, slots=True)
class Unsubscribe:
    """`u`."""

    collection: str
    id: str


@dataclass(frozen=True, slots=True)
class BulkRead:
    """`bf` and `bs`: what is wanted of which document; `listed` where no version was given."""

    collection: str
    since: Mapping[str, int | None]
    listed: bool
    subscribe: bool


@dataclass(frozen=True, slots=True)
class BulkUnsubscribe:
    """`bu`."""

    collection: str
    ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class LookBack:
    """`nf` (by `version`) and `nt` (by `time`, ms since 1970); None means the latest."""

    collection: str
    id: str
    by: Literal["version", "time"]
    at: int | None


@dataclass(frozen=True, slots=True)
class Ping:
    """`pp`."""


@dataclass(frozen=True, slots=True)
class PresenceSubscribe:
    """`ps`."""

    channel: str
    seq: int | None


@dataclass(frozen=True, slots=True)
class PresenceUnsubscribe:
    """`pu`."""

    channel: str
    seq: int | None


@dataclass(frozen=True, slots=True)
class PresenceRequest:
    """`pr`: everybody on the channel shall say again where they are."""

    channel: str


@dataclass(frozen=True, slots=True)
class PresencePut:
    """`p`. `value` None: gone. `pv` counts up per presence id."""

    channel: str
    id: str
    value: Json
    pv: int


@dataclass(frozen=True, slots=True)
class LeaseCall:
    """`l`, of our own: `do` says what. `elements` None: all of one's own.

    `kind` is "soft" or "hard"; `text` is the reason of a take or take-over, or what is asked.
    """

    collection: str
    id: str
    do: str
    elements: tuple[str, ...] | None = None
    kind: str = "hard"
    contents: bool = False
    text: str = ""


Message = (
    Handshake
    | SubmitOp
    | Read
    | Unsubscribe
    | BulkRead
    | BulkUnsubscribe
    | LookBack
    | Ping
    | PresenceSubscribe
    | PresenceUnsubscribe
    | PresenceRequest
    | PresencePut
    | LeaseCall
)


def parse(raw: Mapping[str, Any]) -> Message:
    """A checked message. Raises DesignError; most with MESSAGE_BADLY_FORMED and stock's words."""
    action = raw.get("a")
    match action:
        case "op":
            return _submit(raw)
        case "f" | "s":
            collection, id = _document(raw)
            return Read(collection, id, _version(raw.get("v")), action == "s")
        case "u":
            return Unsubscribe(*_document(raw))
        case "bf" | "bs":
            return _bulk_read(raw, action == "bs")
        case "bu":
            return _bulk_unsubscribe(raw)
        case "nf":
            return LookBack(*_document(raw), "version", _version(raw.get("v")))
        case "nt":
            return LookBack(*_document(raw), "time", _time(raw.get("ts")))
        case "p":
            return _presence(raw)
        case "ps":
            return PresenceSubscribe(_channel(raw), _seq(raw.get("seq")))
        case "pu":
            return PresenceUnsubscribe(_channel(raw), _seq(raw.get("seq")))
        case "pr":
            return PresenceRequest(_channel(raw))
        case "l":
            return _lease(raw)
        case "pp":
            return Ping()
        case "hs":
            return _handshake(raw)
        case "qf" | "qs" | "qu":
            raise _malformed("Queries are not served: the list of designs is GET /api/designs")
        case _:
            raise _malformed("Invalid or unknown message")


def _malformed(message: str) -> DesignError:
    return DesignError(Code.MESSAGE_BADLY_FORMED, message)


def _is_name(value: Json, limit: int = MAX_NAME) -> TypeGuard[str]:
    return (
        type(value) is str
        and 0 < len(value) <= limit
        and value not in FORBIDDEN_NAMES
        and "\x00" not in value
    )


def _is_count(value: Json) -> TypeGuard[int]:
    """A whole number from 0. `type` keeps out bool, which Python takes for a number."""
    return type(value) is int and 0 <= value <= MAX_SAFE_INTEGER


def _document(raw: Mapping[str, Any]) -> tuple[str, str]:
    collection, id = raw.get("c"), raw.get("d")
    if not _is_name(collection):
        raise _malformed("Invalid collection")
    if not _is_name(id):
        raise _malformed("Invalid id")
    return collection, id


def _channel(raw: Mapping[str, Any]) -> str:
    channel = raw.get("ch")
    if not _is_name(channel, MAX_CHANNEL):
        raise _malformed("Invalid presence channel")
    return channel


def _version(value: Json) -> int | None:
    if value is None or _is_count(value):
        return value
    raise _malformed("Invalid version")


def _time(value: Json) -> int | None:
    if value is None:
        return None
    if type(value) is float and abs(value) <= MAX_SAFE_INTEGER:
        return int(value // 1)
    if type(value) is int and abs(value) <= MAX_SAFE_INTEGER:
        return value
    raise _malformed("Invalid timestamp")


def _seq(value: Json) -> int | None:
    if value is None or _is_count(value):
        return value
    raise _malformed("Invalid seq")


def _handshake(raw: Mapping[str, Any]) -> Handshake:
    for key in ("protocol", "protocolMinor"):
        if type(raw.get(key)) not in (int, float, str, type(None)):
            raise _malformed("Invalid protocol")
    id = raw.get("id")
    if id is not None and type(id) is not str:
        raise _malformed("Invalid id")
    return Handshake(id or None)


def _submit(raw: Mapping[str, Any]) -> SubmitOp:
    collection, id = _document(raw)
    base = _version(raw.get("v"))
    src = raw.get("src")
    if src is not None and (type(src) is not str or not src):
        raise _malformed("Invalid src")
    seq: Json = raw.get("seq")
    if type(seq) in (int, float) and seq >= MAX_SAFE_INTEGER:
        raise DesignError(
            Code.SEQ_OVERFLOW, "This connection has numbered all ops it can: connect anew"
        )
    if not _is_count(seq) or seq == 0:
        raise _malformed("Invalid seq")
    return SubmitOp(collection, id, base, src, seq, _body(raw), _token(raw.get("x")))


def _token(extra: Json) -> int | None:
    token = extra.get("lease") if type(extra) is dict else None
    if token is None or _is_count(token):
        return token
    raise _malformed("Invalid lease")


def _body(raw: Mapping[str, Any]) -> Mapping[str, Json]:
    kinds = [kind for kind in ("op", "create", "del") if kind in raw]
    if not kinds:
        raise DesignError(Code.OP_NOT_PROVIDED, "An op message needs one of op, create and del")
    if len(kinds) > 1:
        raise DesignError(
            Code.OP_BADLY_FORMED, f"An op message needs one of op, create and del, not {kinds}"
        )
    value = raw[kinds[0]]
    match kinds[0]:
        case "op":
            if type(value) is not list:
                raise DesignError(Code.OP_BADLY_FORMED, "json0 op must be an array")
            _check_paths(value)
            return {"op": value}
        case "create":
            if type(value) is not dict or type(value.get("type")) is not str:
                raise DesignError(Code.OP_BADLY_FORMED, "create needs a type")
            if value["type"] not in ("json0", JSON0_URI):
                raise DesignError(Code.DOC_TYPE_NOT_RECOGNIZED, "Only json0 documents are served")
            return {"create": {"type": JSON0_URI, "data": value.get("data")}}
        case _:
            if value is not True:
                raise DesignError(Code.OP_BADLY_FORMED, "del must be true")
            return {"del": True}


def _check_paths(op: list[Json]) -> None:
    """No step may be a name that every object has; all else about an op is judged by its room."""
    for component in op:
        path = component.get("p") if type(component) is dict else None
        for step in path if type(path) is list else ():
            if type(step) is str and step in FORBIDDEN_NAMES:
                raise DesignError(Code.OP_NOT_APPLIED, "Invalid path segment", path=path)


def _lease(raw: Mapping[str, Any]) -> LeaseCall:
    document = _document(raw)
    do = raw.get("do")
    if do not in LEASE_CALLS:
        raise _malformed(f"do must be one of {', '.join(LEASE_CALLS)}")
    return lease_call(*document, do, raw)


def lease_call(collection: str, id: str, do: str, raw: Mapping[str, Any]) -> LeaseCall:
    """What a socket's message or a request's body asks about leases. Raises: DesignError."""
    elements: Json = raw.get("elements")
    if do == "ask":
        elements = [raw.get("element")]
    if elements is None and do in ("take", "takeover"):
        raise _malformed("elements must be a list of elements")
    if elements is not None:
        if type(elements) is not list or not elements:
            raise _malformed("elements must be a list of elements")
        _bound(len(elements), MAX_ELEMENTS, "elements")
        if not all(type(each) is str and 0 < len(each) <= MAX_ELEMENT for each in elements):
            raise _malformed("An element is named as components/c1")
    kind, contents = raw.get("kind", "hard"), raw.get("contents", False)
    if kind not in ("soft", "hard"):
        raise _malformed("kind must be soft or hard")
    if type(contents) is not bool:
        raise _malformed("contents must be true or false")
    field = "text" if do == "ask" else "reason"
    text: Json = raw.get(field, "")
    if type(text) is not str:
        raise _malformed(f"{field} must be a text")
    text = " ".join(text.replace("\x00", " ").split())
    _bound(len(text), MAX_REASON, f"characters of {field}")
    if do == "takeover" and not text:
        raise _malformed("A take-over needs a reason")
    return LeaseCall(
        collection,
        id,
        do,
        None if elements is None else tuple(elements),
        str(kind),
        contents,
        text,
    )


def _bound(count: int, limit: int, what: str) -> None:
    if count > limit:
        message = f"There may be {limit:,} {what}; here are {count:,}"
        raise DesignError(Code.TOO_LARGE, message, limit=limit, actual=count)


def _bulk_read(raw: Mapping[str, Any], subscribe: bool) -> BulkRead:
    collection = raw.get("c")
    if not _is_name(collection):
        raise _malformed("Invalid collection")
    wanted = raw.get("b")
    since: dict[str, int | None]
    if type(wanted) is list:
        since = dict.fromkeys(_ids(wanted))
    elif type(wanted) is dict:
        since = {id: _version(version) for id, version in wanted.items()}
        _ids(list(wanted))
    else:
        raise _malformed("Invalid bulk subscribe data")
    return BulkRead(collection, since, type(wanted) is list, subscribe)


def _bulk_unsubscribe(raw: Mapping[str, Any]) -> BulkUnsubscribe:
    collection = raw.get("c")
    if not _is_name(collection):
        raise _malformed("Invalid collection")
    wanted = raw.get("b")
    if type(wanted) is not list:
        raise _malformed("Invalid bulk subscribe data")
    return BulkUnsubscribe(collection, tuple(dict.fromkeys(_ids(wanted))))


def _ids(wanted: list[Json]) -> list[str]:
    if len(wanted) > MAX_BULK:
        raise DesignError(
            Code.TOO_LARGE,
            f"A bulk message may name {MAX_BULK:,} documents",
            limit=MAX_BULK,
            actual=len(wanted),
        )
    for id in wanted:
        if not _is_name(id):
            raise _malformed("Invalid id")
    return wanted


def _presence(raw: Mapping[str, Any]) -> PresencePut:
    channel = _channel(raw)
    id, pv, value = raw.get("id"), raw.get("pv"), raw.get("p")
    if not _is_name(id):
        raise _malformed("Invalid presence ID")
    if not _is_count(pv):
        raise _malformed("Invalid presence version")
    if raw.get("t") is not None:
        raise DesignError(
            Code.TYPE_HAS_NO_PRESENCE,
            "json0 documents have no presence of their own: use a presence channel",
        )
    if value is not None and (size := len(orjson.dumps(value))) > MAX_PRESENCE_BYTES:
        raise DesignError(
            Code.TOO_LARGE,
            f"A presence may have {MAX_PRESENCE_BYTES:,} bytes; this one has {size:,}",
            limit=MAX_PRESENCE_BYTES,
            actual=size,
        )
    return PresencePut(channel, id, value, pv)
