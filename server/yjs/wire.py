"""The messages of y-websocket: sync, awareness, and the word that something was refused.

Source: npm y-protocols 1.0 `sync.js`, `awareness.js`, `auth.js`; npm y-websocket 3 for the numbers.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final, TypeAlias

import orjson

from ot.types import Json

from .lib0 import Malformed, Reader, uint, with_length

__all__ = [
    "MOST_STATES",
    "AskPresence",
    "Brought",
    "Message",
    "Presences",
    "State",
    "Wants",
    "asks",
    "brings",
    "changes",
    "presences",
    "read",
    "refuses",
]

_SYNC, _AWARENESS, _AUTH, _QUERY_AWARENESS = 0, 1, 2, 3
_STEP_1, _STEP_2, _UPDATE = 0, 1, 2
_DENIED: Final = 0

MOST_STATES: Final = 64
"""In one awareness message."""


@dataclass(frozen=True, slots=True)
class Wants:
    """Sync step 1: whoever sends it has `state` (a state vector) and wants the rest."""

    state: bytes


@dataclass(frozen=True, slots=True)
class Brought:
    """Sync step 2, or an update: what the sender has."""

    update: bytes


@dataclass(frozen=True, slots=True)
class State:
    """One client's presence at a moment; None: it is gone."""

    client: int
    clock: int
    value: Json


@dataclass(frozen=True, slots=True)
class Presences:
    """Awareness: news of some clients."""

    states: tuple[State, ...]


@dataclass(frozen=True, slots=True)
class AskPresence:
    """Whoever sends it wants to hear of everybody's presence."""


Message: TypeAlias = Wants | Brought | Presences | AskPresence


def read(data: bytes) -> Message | None:
    """What a client sent; None if it is nothing that a server listens to. Raises: Malformed."""
    reader = Reader(data)
    match reader.uint():
        case 0:  # _SYNC
            kind, piece = reader.uint(), reader.bytes()
            if kind == _STEP_1:
                return Wants(piece)
            if kind in (_STEP_2, _UPDATE):
                return Brought(piece)
            raise Malformed(f"there is no sync message {kind}")
        case 1:  # _AWARENESS
            return Presences(tuple(_states(Reader(reader.bytes()))))
        case 3:  # _QUERY_AWARENESS
            return AskPresence()
    return None


def _states(reader: Reader) -> Iterator[State]:
    count = reader.uint()
    if count > MOST_STATES:
        raise Malformed("it tells of too many clients")
    for _ in range(count):
        client, clock, text = reader.uint(), reader.uint(), reader.bytes()
        try:
            yield State(client, clock, orjson.loads(text))
        except orjson.JSONDecodeError:
            raise Malformed("a presence is not JSON") from None


def asks(state: bytes) -> bytes:
    """Sync step 1."""
    return bytes((_SYNC, _STEP_1)) + with_length(state)


def brings(update: bytes) -> bytes:
    """Sync step 2."""
    return bytes((_SYNC, _STEP_2)) + with_length(update)


def changes(update: bytes) -> bytes:
    """An update."""
    return bytes((_SYNC, _UPDATE)) + with_length(update)


def presences(states: Iterable[State]) -> bytes:
    """Awareness."""
    listed = list(states)
    out = [uint(len(listed))]
    for state in listed:
        out += (uint(state.client), uint(state.clock), with_length(orjson.dumps(state.value)))
    return bytes((_AWARENESS,)) + with_length(b"".join(out))


def refuses(reason: str) -> bytes:
    """The word of y-protocols/auth that something was not permitted, and why."""
    return bytes((_AUTH, _DENIED)) + with_length(reason.encode())
