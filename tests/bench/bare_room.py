"""The ceiling: what a room in Python costs that does nothing but order, store and tell.

Starlette on the node's own uvicorn protocol, `synchronous=FULL` SQLite with group commit, one schema check per edit. It
does sets of object keys only: no transform, rights, locks, presence, tree rules, limits or refusals. For comparison,
never for use: `python -m tests.bench.bare_room FOLDER`.
"""

from __future__ import annotations

import asyncio
import sqlite3
import sys
from collections import deque
from pathlib import Path
from typing import Any

import jsonschema_rs
import orjson
from starlette.applications import Starlette
from starlette.routing import WebSocketRoute
from starlette.websockets import WebSocket

import schemas
from server.web.frames import EXTENSION, framed
from server.web.server import listen, new_loop, serve

__all__: list[str] = []

SCHEMA = schemas.load("components/core/TextInput/1.schema.json")
IS_VALID = jsonschema_rs.Draft202012Validator(
    SCHEMA,
    registry=jsonschema_rs.Registry(
        [(s["$id"], s) for s in (schemas.load(schemas.DOCUMENT), schemas.load(schemas.EXPRESSION))]
    ),
).is_valid


class Reader:
    """A connection: what waits to be written to it."""

    def __init__(self, src: str) -> None:
        self.src = src
        self.frames: deque[bytes] = deque()
        self.ready = asyncio.Event()

    def put(self, frames: bytes) -> None:
        self.frames.append(frames)
        self.ready.set()

    def tell(self, message: dict[str, Any]) -> None:
        self.put(framed(orjson.dumps(message)))


class Room:
    def __init__(self, id: str, data: dict[str, Any]) -> None:
        self.id, self.data, self.version = id, data, 1
        self.readers: dict[Reader, None] = {}
        self.waiting: list[tuple[Reader, int, list[Any], bytes]] = []


class Server:
    def __init__(self, folder: Path) -> None:
        self.rooms: dict[str, Room] = {}
        self.dirty: dict[Room, None] = {}
        self.wake = asyncio.Event()
        self.database = sqlite3.connect(
            folder / "bare.sqlite3", isolation_level=None, check_same_thread=False
        )
        for pragma in ("journal_mode=WAL", "synchronous=FULL"):
            self.database.execute(f"PRAGMA {pragma}")
        assert self.database.execute("PRAGMA synchronous").fetchone() == (2,)
        self.database.execute(
            "CREATE TABLE ops (d, v, src, seq, body, PRIMARY KEY (d, v)) WITHOUT ROWID"
        )

    def store(self, rows: list[tuple[Any, ...]]) -> None:
        self.database.execute("BEGIN IMMEDIATE")
        self.database.executemany("INSERT INTO ops VALUES (?, ?, ?, ?, ?)", rows)
        self.database.execute("COMMIT")

    async def commit(self) -> None:
        """One transaction for all that waits; then every reader is told once."""
        loop = asyncio.get_running_loop()
        while True:
            await self.wake.wait()
            self.wake.clear()
            batch = [(room, room.waiting) for room in self.dirty]
            self.dirty.clear()
            rows = []
            for room, waiting in batch:
                room.waiting = []
                for reader, seq, op, body in waiting:
                    for part in op:
                        _, id, *inner, key = part["p"]
                        holder = component = dict(room.data["components"][id])
                        for step in inner:
                            holder[step] = holder = dict(holder[step])
                        holder[key] = part["oi"]
                        assert IS_VALID(component)
                        room.data["components"][id] = component
                    rows.append((room.id, room.version, reader.src, seq, body))
                    room.version += 1
            await loop.run_in_executor(None, self.store, rows)
            for room, waiting in batch:
                self.tell(room, waiting)

    def tell(self, room: Room, waiting: list[tuple[Reader, int, list[Any], bytes]]) -> None:
        first = room.version - len(waiting)
        head = b'{"a":"op","c":"designs","d":"%s","v":' % room.id.encode()
        frames: list[bytes] = []
        own: dict[Reader, list[tuple[int, bytes]]] = {}
        for at, (reader, seq, _, body) in enumerate(waiting):
            ack = b'%s%d,"src":"%s","seq":%d' % (head, first + at, reader.src.encode(), seq)
            frames.append(framed(ack + b',"op":%s}' % body))
            own.setdefault(reader, []).append((at, framed(ack + b"}")))
        shared = b"".join(frames)
        for reader in room.readers:
            if reader not in own:
                reader.put(shared)
                continue
            mine = frames.copy()
            for at, ack in own[reader]:
                mine[at] = ack
            reader.put(b"".join(mine))

    async def connect(self, websocket: WebSocket) -> None:
        await websocket.accept()
        reader = Reader(f"r{id(websocket)}")
        async with asyncio.TaskGroup() as tasks:
            writing = tasks.create_task(self.write(reader, websocket))
            while (message := await websocket.receive())["type"] == "websocket.receive":
                self.take(reader, orjson.loads(message["text"]))
            writing.cancel()
        for room in self.rooms.values():
            room.readers.pop(reader, None)

    async def write(self, reader: Reader, websocket: WebSocket) -> None:
        while True:
            await reader.ready.wait()
            reader.ready.clear()
            frames = list(reader.frames)
            reader.frames.clear()
            await websocket._send({"type": EXTENSION, "frames": frames})

    def take(self, reader: Reader, message: dict[str, Any]) -> None:
        match message["a"]:
            case "hs":
                reader.tell({"a": "hs", "protocol": 1, "id": reader.src})
            case "s":
                room = self.rooms[message["d"]]
                room.readers[reader] = None
                data = {"v": room.version - len(room.waiting), "data": room.data}
                reader.tell({"a": "s", "c": "designs", "d": room.id, "data": data})
            case "op" if "create" in message:
                self.rooms[message["d"]] = Room(message["d"], message["create"]["data"])
                ack = {
                    "a": "op",
                    "c": "designs",
                    "d": message["d"],
                    "v": 0,
                    "src": reader.src,
                    "seq": message["seq"],
                }
                reader.tell(ack)
            case "op":
                room = self.rooms[message["d"]]
                room.waiting.append(
                    (reader, message["seq"], message["op"], orjson.dumps(message["op"]))
                )
                self.dirty[room] = None
                self.wake.set()


async def main(folder: Path) -> None:
    server = Server(folder)
    listener = listen("127.0.0.1", 0)
    async with asyncio.TaskGroup() as tasks:
        committing = tasks.create_task(server.commit())
        app = Starlette(routes=[WebSocketRoute("/ws/sharedb", server.connect)])
        address = f"http://127.0.0.1:{listener.getsockname()[1]}"
        await serve(app, listener, lambda: print(f"Coweave is at {address}", flush=True))
        committing.cancel()


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=new_loop) as runner:
        runner.run(main(Path(sys.argv[1])))
