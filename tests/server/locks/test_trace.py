"""What rooms ask of Redis, as Redis saw it: the locks of exactly what each committed edit affects."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import pytest

from server.document.versioned import TYPE, Create
from server.locks.redis import RedisLocks
from server.redis.link import Link
from server.room.effects import Acked
from server.room.kind import designs
from server.types.registry import TypeRegistry
from tests.server.document.designs import button, inside, on_page, small
from tests.server.runtime.node import DOCUMENT, Ear, TrickyStore, running
from tests.support.redis_server import RedisServer, needs_redis

C, P, S = "components", "pages", "scripts"


def moved(id: str, old: Any, new: Any) -> list[dict[str, Any]]:
    return [{"p": [C, id, "place"], "od": old, "oi": new}]


EDITS: list[tuple[str, list[dict[str, Any]], set[str]]] = [
    ("a property", [{"p": [C, "c3", "props", "label"], "od": "Save", "oi": "Send"}], {f"{C}/c3"}),
    ("text in a script", [{"p": [S, "s1", "body", 0], "si": "1"}], {f"{S}/s1"}),
    ("the design's name", [{"p": ["meta", "name"], "od": "Claims", "oi": "Cases"}], {"meta"}),
    (
        "a new component: it and what it stands in",
        [{"p": [C, "n1"], "oi": button("New", inside("c2", order="a5"))}],
        {f"{C}/n1", f"{C}/c2", f"{C}/c1", f"{P}/p1"},
    ),
    (
        "a move: it and all around the new place",
        moved("c4", on_page(order="a1"), inside("c2", order="a6")),
        {f"{C}/c4", f"{C}/c2", f"{C}/c1", f"{P}/p1"},
    ),
    (
        "two elements in one edit",
        [
            {"p": [C, "c3", "props", "label"], "od": "Send", "oi": "Go"},
            {"p": [S, "s1", "body", 0], "si": "2"},
        ],
        {f"{C}/c3", f"{S}/s1"},
    ),
    (
        "a container goes: with all that is in it",
        [{"p": [C, "c2"], "od": None}],
        {f"{C}/{id}" for id in ("c2", "c3", "c4", "n1")},
    ),
]


class Trace:
    """The commands that a Redis is given, by its own account."""

    def __init__(self, server: RedisServer) -> None:
        self.commands: list[str] = []
        self._client = server.client()
        self._monitor = self._client.monitor()
        self._monitor.__enter__()
        self._thread = threading.Thread(target=self._read)
        self._thread.start()
        self._server = server

    def _read(self) -> None:
        for command in self._monitor.listen():
            if command["command"] == "PING the end":
                return
            if command["client_type"] != "lua":
                self.commands.append(command["command"])

    def end(self) -> None:
        self._server.run("PING", "the end")
        self._thread.join(10)
        self._monitor.__exit__(None, None, None)
        self._client.close()


@pytest.fixture
def server() -> Iterator[RedisServer]:
    needs_redis()
    with RedisServer() as server:
        yield server


def keys_of(command: str) -> set[str]:
    """EVALSHA <hash> <count> <key>... or EVAL <text> <count> <key>...; keys hold no blanks."""
    words = command.split()
    first = next(n for n, word in enumerate(words) if word.startswith("scratch:{"))
    count = int(words[first - 1])
    return set(words[first : first + count])


async def test_the_locks_of_a_committed_edit_are_those_of_what_it_affects(
    server: RedisServer,
) -> None:
    locks = RedisLocks(Link.parse(server.url))
    kind = designs(TypeRegistry.load())
    other = DOCUMENT._replace(id="other")  # so that Redis knows the scripts
    await locks.acquire(other, [frozenset({"meta"})], "one")
    await locks.release(other, frozenset({"meta"}), "one")
    trace = Trace(server)
    try:
        async with running(TrickyStore(), locks=locks, kind=kind, create=False) as rooms:
            await rooms.submit(DOCUMENT, Create(TYPE, small()), "author")
            ada = Ear(rooms, "ada")
            await ada.subscribe()
            for base, (_, op, _) in enumerate(EDITS, 1):
                if op[0].get("od", 0) is None:
                    op[0]["od"] = (await rooms.snapshot(DOCUMENT)).data[C]["c2"]
                assert isinstance(await ada.submit(base, op), Acked)
        await locks.close()
    finally:
        trace.end()
    calls = [keys_of(command) for command in trace.commands if command.startswith("EVAL")]
    start = f"scratch:{{{DOCUMENT.tenant}/{DOCUMENT.id}}}:"
    expected = [{f"{start}document#w"}, *({f"{start}{e}#w" for e in of} for _, _, of in EDITS)]
    # Once to take and once to give back, per edit: one round trip each, for all its elements.
    assert calls == [keys for keys in expected for _ in range(2)]
