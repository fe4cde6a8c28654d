"""Presence across the doors: Yjs awareness on one side, ShareDB presence on the other (SPEC Y50-Y56).

One `Crowd` per design and node. Its own Yjs clients' states go to each other and, as presences of
the design's channel, to everybody; presences that come from elsewhere are told to the Yjs clients as
states of clients that do not exist otherwise.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final, Protocol

import orjson

from ot.types import Json

from ..room.presence import Present, SayAgain
from . import wire
from .gateway import Client

__all__ = ["MAX_STATE_BYTES", "MOST_IDS", "RENEW_SECONDS", "Crowd", "Hub"]

MAX_STATE_BYTES: Final = 8_192
MOST_IDS: Final = 16
"""Clients that one connection may speak for: its own, and those of its other tabs."""

RENEW_SECONDS: Final = 15.0
"""Stock clients forget a state that is not told again within 30 s."""

_COLOR: Final = re.compile(r"#[0-9a-fA-F]{6}")
_MAX_CLOCK: Final = 2**32


class Hub(Protocol):
    """The presence of the node (`runtime.PresenceHub`)."""

    def subscribe(self, tenant: str, channel: str, listener: Any, src: str) -> None: ...
    def put(
        self, tenant: str, channel: str, listener: Any, src: str, id: str, value: Json, pv: int
    ) -> None: ...
    def ask(self, tenant: str, channel: str, src: str) -> None: ...
    def leave(self, listener: Any) -> None: ...


@dataclass(slots=True)
class _Own:
    client: Client
    clock: int
    value: Json
    pv: int = 0


class Crowd:
    """Everybody at one design. A `Listener` of presence.

    Args:
        id: of this node's gateway to the design; the `src` of the presences that come from it.
    """

    def __init__(self, id: str, tenant: str, design: str, hub: Hub) -> None:
        self.id = id
        self._tenant = tenant
        self._channel = f"designs.{design}"
        self._hub = hub
        self._clients: set[Client] = set()
        self._own: dict[int, _Own] = {}
        self._others: dict[tuple[str, str], wire.State] = {}

    # -- clients of this door ----------------------------------------------------------------------

    def join(self, client: Client) -> None:
        """Tell a new client who is here."""
        if not self._clients:
            self._hub.subscribe(self._tenant, self._channel, self, self.id)
            self._hub.ask(self._tenant, self._channel, self.id)
        self._clients.add(client)
        self.ask(client)

    def ask(self, client: Client) -> None:
        """Tell a client of everybody."""
        for number, own in self._own.items():
            client.outbox.present(wire.State(number, own.clock, own.value))
        for state in self._others.values():
            client.outbox.present(state)

    def leave(self, client: Client) -> None:
        """It is gone, and whoever it spoke for."""
        self._clients.discard(client)
        for number in [number for number, own in self._own.items() if own.client is client]:
            own = self._own.pop(number)
            self._tell(wire.State(number, own.clock + 1, None), but=None)
            self._put(number, own, None)
        if not self._clients:
            self._hub.leave(self)
            self._others.clear()

    def hear(self, client: Client, states: Iterable[wire.State]) -> None:
        """What a client says of itself; what it says of others is not believed."""
        for state in states:
            own = self._own.get(state.client)
            if own is None:
                if state.value is None or self._spoken_for(client) >= MOST_IDS:
                    continue
                if state.client in {other.client for other in self._others.values()}:
                    continue
                own = self._own[state.client] = _Own(client, -1, None)
            if own.client is not client or not own.clock <= state.clock < _MAX_CLOCK:
                continue
            if state.value is None:
                del self._own[state.client]
                self._tell(wire.State(state.client, state.clock, None), but=client)
                self._put(state.client, own, None)
                continue
            value = _named(state.value, client)
            is_news = value != own.value
            own.clock, own.value = state.clock, value
            self._tell(wire.State(state.client, state.clock, value), but=client)
            if is_news:
                self._put(state.client, own, _shown(value, client))

    def renew_for(self, client: Client) -> None:
        """Say again to a client where those are who came through other doors."""
        for key, state in self._others.items():
            self._others[key] = wire.State(state.client, state.clock + 1, state.value)
            client.outbox.present(self._others[key])

    def _spoken_for(self, client: Client) -> int:
        return sum(own.client is client for own in self._own.values())

    def _tell(self, state: wire.State, but: Client | None) -> None:
        for client in self._clients:
            if client is not but:
                client.outbox.present(state)

    def _put(self, number: int, own: _Own, value: Json) -> None:
        own.pv += 1
        self._hub.put(self._tenant, self._channel, self, self.id, f"yjs-{number}", value, own.pv)

    # -- everybody else ----------------------------------------------------------------------------

    def present(self, news: Present | SayAgain) -> None:
        """News of the channel. Never blocks, never raises."""
        if isinstance(news, SayAgain):
            for number, own in self._own.items():
                self._put(number, own, _shown(own.value, own.client))
            return
        if news.src == self.id:
            return
        key = news.src, news.id
        known = self._others.get(key)
        if news.value is None:
            if known is not None:
                del self._others[key]
                self._tell(wire.State(known.client, known.clock + 1, None), but=None)
            return
        number = known.client if known is not None else _number(key)
        clock = known.clock + 1 if known is not None else max(0, news.pv)
        state = wire.State(number, clock, _state_of(news.value))
        self._others[key] = state
        self._tell(state, but=None)


def _named(value: Json, client: Client) -> Json:
    """A state under the name that its sender really has. Too large or no object: an empty one."""
    if not isinstance(value, dict) or len(orjson.dumps(value)) > MAX_STATE_BYTES:
        value = {}
    user = value.get("user")
    user = dict(user) if isinstance(user, dict) else {}
    user |= {"id": client.principal.id, "name": client.principal.name}
    return {**value, "user": user}


def _shown(value: Json, client: Client) -> Json:
    """What people at other doors see of a state: as the designer's own presence."""
    about = value if isinstance(value, dict) else {}
    more = about.get("coweave")
    more = more if isinstance(more, dict) else {}
    color = about.get("user", {}).get("color")
    if not (isinstance(color, str) and _COLOR.fullmatch(color)):
        digest = hashlib.sha256(client.principal.id.encode()).hexdigest()
        color = f"#{digest[:6]}"
    page, selection = more.get("page"), more.get("selection")
    return {
        "user": {"id": client.principal.id, "name": client.principal.name},
        "color": color,
        "page": page if isinstance(page, str) else None,
        "selection": [id for id in selection if isinstance(id, str)]
        if isinstance(selection, list)
        else [],
        "field": None,
        "draft": None,
    }


def _state_of(value: Json) -> Json:
    """A presence of the designer as Yjs clients know it: who, in which colour, and all the rest."""
    about = value if isinstance(value, dict) else {}
    user = about.get("user")
    user = dict(user) if isinstance(user, dict) else {}
    if isinstance(about.get("color"), str):
        user["color"] = about["color"]
    return {"user": user, "coweave": {key: v for key, v in about.items() if key not in ("user",)}}


def _number(key: tuple[str, str]) -> int:
    """A client's number for a presence: above all that stock clients draw for themselves."""
    digest = hashlib.sha256("/".join(key).encode()).digest()
    return 2**52 + int.from_bytes(digest[:6])
