"""A client that writes without end, on ShareDB's wire, and keeps what it is promised.

It holds no document: its ops fit every state of it (a new key, an insert at the start). So it needs
no transform, and what it sends again is what it sent first, with the version that it was made on.
"""

from __future__ import annotations

import asyncio
import json
import random
import time
from collections.abc import Callable
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake

from .ledger import Entry, Ledger

__all__ = ["Writer", "fetch", "scratch_op", "script_op"]

Op = list[dict[str, Any]]

RETRY_SECONDS = 0.05
"""Between two tries to connect: a node that was killed needs a moment."""


def scratch_op(token: str, chance: random.Random) -> Op:
    """One of the kinds of op, on a document {"keys": {}, "list": [], "text": ""}."""
    kinds: list[Op] = [
        [{"p": ["keys", f"<{token}>"], "oi": chance.randrange(1_000)}],
        [{"p": ["list", 0], "li": f"<{token}>"}],
        [{"p": ["text", 0], "si": f"<{token}>"}],
        [{"p": ["list", 0], "li": [f"<{token}>"]}, {"p": ["count"], "na": 1}],
    ]
    return chance.choice(kinds)


def script_op(token: str, chance: random.Random) -> Op:
    """A new script of a design, its token in the body."""
    name = token.replace("-", "_")
    script = {"name": name, "page": None, "body": f"// <{token}>", "config": {}}
    return [{"p": ["scripts", f"s{name}"], "oi": script}]


class Writer:
    """One connection after the other; one op in flight, sent again until it is answered.

    Args: urls: of the doors to go through, the next one whenever a connection is lost.
    """

    def __init__(
        self,
        name: str,
        urls: list[str],
        document: tuple[str, str],
        make: Callable[[str, random.Random], Op],
        ledger: Ledger,
        seed: int,
    ) -> None:
        self.name = name
        self._urls = urls
        self._document = document
        self._make = make
        self._ledger = ledger
        self._chance = random.Random(f"{seed} {name}")
        self._id: str | None = None
        self._version = 0
        self._seq = 0
        self._flying: tuple[Entry, dict[str, Any]] | None = None
        self.stopping = False

    async def run(self) -> None:
        """Write until told to stop and the last op is answered."""
        while not (self.stopping and self._flying is None):
            try:
                query = f"user={self.name}&design={self._document[1]}"
                async with connect(f"{self._urls[0]}?{query}", max_size=None) as socket:
                    await self._connected(socket)
            except (OSError, InvalidHandshake, ConnectionClosed, TimeoutError):
                self._urls.append(self._urls.pop(0))
                await asyncio.sleep(RETRY_SECONDS)

    async def _connected(self, socket: ClientConnection) -> None:
        hello = await self._ask(
            socket, {"a": "hs", "id": self._id, "protocol": 1, "protocolMinor": 2}
        )
        self._id = hello["id"]
        collection, id = self._document
        subscribed = await self._ask(
            socket, {"a": "s", "c": collection, "d": id, "v": self._version or None}
        )
        if "data" in subscribed:
            self._version = subscribed["data"]["v"]
        while not (self.stopping and self._flying is None):
            if self._flying is None:
                await asyncio.sleep(self._chance.random() * 0.005)  # a person thinks
                self._flying = self._next()
            entry, message = self._flying
            answer = await self._ask(socket, message)
            if "error" in answer:
                entry.error = answer["error"]
            else:
                entry.version = answer["v"]
            entry.told = time.monotonic()
            self._flying = None
            self._ledger.heard.set()

    def _next(self) -> tuple[Entry, dict[str, Any]]:
        assert self._id is not None
        self._seq += 1
        token = f"{self.name}-{self._seq}"
        entry = Entry(self._document, token, self._id.partition(".")[0], self._seq)
        entry.asked = time.monotonic()
        self._ledger.entries.append(entry)
        collection, id = self._document
        message = {
            "a": "op",
            "c": collection,
            "d": id,
            "v": self._version,
            "src": self._id,
            "seq": self._seq,
            "x": {},
            "op": self._make(token, self._chance),
        }
        return entry, message

    async def _ask(self, socket: ClientConnection, message: dict[str, Any]) -> dict[str, Any]:
        """Send, and wait for the answer; others' ops meanwhile move the version."""
        await socket.send(json.dumps(message))
        async with asyncio.timeout(20):
            while True:
                answer: dict[str, Any] = json.loads(await socket.recv())
                is_op = answer["a"] == "op" and "error" not in answer
                if is_op:
                    self._version = max(self._version, answer["v"] + 1)
                if answer["a"] != message["a"]:
                    continue
                if not is_op:
                    return answer
                if (answer["src"], answer["seq"]) == (message["src"], message["seq"]):
                    return answer


async def fetch(url: str, document: tuple[str, str]) -> tuple[int, str | None, Any]:
    """What a client that joins now is given: version, type, data."""
    collection, id = document
    async with connect(f"{url}?user=reader", max_size=None) as socket, asyncio.timeout(20):
        await socket.send(json.dumps({"a": "hs", "id": None, "protocol": 1, "protocolMinor": 2}))
        await socket.recv()
        await socket.send(json.dumps({"a": "nf", "id": 1, "c": collection, "d": id, "v": None}))
        answer = json.loads(await socket.recv())
        assert "error" not in answer, answer
        return answer["v"], answer["type"], answer.get("data")
