"""Who is where on one presence channel, as this node sees it (SPEC of the wire WP51-WP53).

Pure: each call gives the news that follow from it. The node's own connections are told directly;
`Published` news also go to the other nodes, which take them in by `remote`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from ot.types import Json

__all__ = ["Channel", "Present", "SayAgain", "Tell"]


@dataclass(frozen=True, slots=True)
class Present:
    """Presence `id` of connection `src` is at `value` (None: gone). `pv` counts up per id.

    `frames` caches its encodings, made once for all readers.
    """

    channel: str
    src: str
    id: str
    value: Json
    pv: int
    frames: dict[str, bytes] = field(default_factory=dict, compare=False)


@dataclass(frozen=True, slots=True)
class SayAgain:
    """Somebody new is on the channel: all others shall say where they are. `src` asked."""

    channel: str
    src: str
    frames: dict[str, bytes] = field(default_factory=dict, compare=False)


@dataclass(frozen=True, slots=True)
class Tell:
    """News for these connections of this node, and for the other nodes if `publish`."""

    conns: tuple[str, ...]
    news: Present | SayAgain
    publish: bool


@dataclass(slots=True)
class _Held:
    conn: str
    last: Present


class Channel:
    """All state of one channel on one node: its subscribers, and what its own connections hold."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._subscribers: dict[str, str] = {}  # conn -> src
        self._held: dict[tuple[str, str], _Held] = {}  # (src, id)
        # What connections of other nodes hold, and at which node.
        self._elsewhere: dict[tuple[str, str], tuple[str, Present]] = {}

    @property
    def is_empty(self) -> bool:
        """Nobody of this node listens or holds a presence: the channel can be forgotten."""
        return not self._subscribers and not self._held

    @property
    def is_heard(self) -> bool:
        """Whether news of other nodes matter here."""
        return bool(self._subscribers)

    def subscribe(self, conn: str, src: str) -> list[Tell]:
        """`conn` hears from now on; the others are asked to say where they are."""
        self._subscribers[conn] = src
        return self.ask(src)

    def ask(self, src: str) -> list[Tell]:
        """Everybody but `src` shall say again where they are."""
        return [self._tell(SayAgain(self.name, src), publish=True)]

    def put(self, conn: str, src: str, id: str, value: Json, pv: int) -> list[Tell]:
        """Connection `conn` moves its presence `id`. One that was overtaken (lower `pv`) is lost."""
        key = (src, id)
        held = self._held.get(key)
        if held is not None and held.conn == conn and pv < held.last.pv:
            return []
        present = Present(self.name, src, id, value, pv)
        self._elsewhere.pop(key, None)
        if value is None:
            self._held.pop(key, None)
        else:
            self._held[key] = _Held(conn, present)
        return [self._tell(present, publish=True)]

    def leave(self, conn: str) -> list[Tell]:
        """`conn` hears no more, and what it held is gone for all others.

        What another connection of the same src took over meanwhile (a reconnect that was faster
        than the end of the old connection) stays.
        """
        self._subscribers.pop(conn, None)
        gone = [key for key, held in self._held.items() if held.conn == conn]
        news = []
        for src, id in gone:
            last = self._held.pop((src, id)).last
            news.append(self._tell(Present(self.name, src, id, None, last.pv + 1), publish=True))
        return news

    def remote(self, node: str, news: Iterable[Present | SayAgain]) -> list[Tell]:
        """News of another node."""
        told = []
        for one in news:
            if isinstance(one, Present):
                if one.value is None:
                    self._elsewhere.pop((one.src, one.id), None)
                else:
                    self._elsewhere[one.src, one.id] = node, one
            told.append(self._tell(one, publish=False))
        return told

    def lost(self, node: str) -> list[Tell]:
        """`node` is no more: what its connections held is gone, unless they hold it elsewhere by now."""
        gone = [key for key, (where, _) in self._elsewhere.items() if where == node]
        told = []
        for key in gone:
            _, last = self._elsewhere.pop(key)
            over = Present(self.name, last.src, last.id, None, last.pv + 1)
            told.append(self._tell(over, publish=False))
        return told

    def _tell(self, news: Present | SayAgain, *, publish: bool) -> Tell:
        conns = tuple(conn for conn, src in self._subscribers.items() if src != news.src)
        return Tell(conns, news, publish)
