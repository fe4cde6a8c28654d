"""`/ws/sharedb`: one connection's life, from the handshake to the last frame.

Two tasks per connection. One reads and does what was asked, and waits wherever that must wait; one
writes what the outbox holds. When the client is gone, what it sent before is still done.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
from contextlib import ExitStack
from itertools import count
from typing import Final

from starlette.requests import HTTPConnection
from starlette.types import Message, Receive, Scope, Send
from starlette.websockets import WebSocket

from ..errors import DesignError
from ..policy.rights import Principal
from ..protocol.codec import JSON, Codec
from ..protocol.identity import PUBLIC_BYTES, Identities, public_from
from ..protocol.packed import MSGPACK, SUBPROTOCOL
from ..protocol.session import CLOSE_TRY_AGAIN, Session
from .budget import Budget
from .connection import Connection, Services
from .frames import CLOSE_SLOW, EXTENSION, STALL_SECONDS, payloads_in
from .journal import line
from .replies import refusal_reply
from .seats import Seats
from .watch import CLOSE_SIGN_IN, Watch
from .who import Doorkeeper, Visitor

__all__ = ["ShareDBSocket"]

_log = logging.getLogger("coweave.socket")

_CLOSE_FAULT: Final = 1011
_DROPPED: Final = {
    _CLOSE_FAULT: "fault",
    CLOSE_SLOW: "slow",
    CLOSE_TRY_AGAIN: "try again",
    CLOSE_SIGN_IN: "sign in",
}
"""Why this node has ended a connection, by the code that it gave."""
_BROKEN: Final = {1002: "bad frame", 1007: "bad frame", 1009: "frame too large"}
"""The same where the WebSocket library has ended it, which looks as if the client had."""
_LEAVE_SECONDS: Final = 5.0


class ShareDBSocket:
    """The ASGI endpoint."""

    def __init__(
        self,
        services: Services,
        doorkeeper: Doorkeeper,
        watch: Watch,
        identities: Identities,
        budget: Budget,
        seats: Seats,
    ) -> None:
        self._services = services
        self._watch = watch
        self._doorkeeper = doorkeeper
        self._identities = identities
        self._budget = budget
        self._seats = seats
        self._numbers = count(1)
        self._connections: set[Connection] = set()

    def __len__(self) -> int:
        """How many are connected."""
        return len(self._connections)

    @property
    def waiting_bytes(self) -> int:
        """Bytes that wait to be read by all who are connected."""
        return sum(connection.outbox.waiting_bytes for connection in self._connections)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        websocket = WebSocket(scope, receive, send)
        with ExitStack() as stack:
            try:
                visitor = await self._doorkeeper.visitor(HTTPConnection(scope))
                principal = visitor.principal
                await self._watch.require_seat(principal.tenant)
                stack.enter_context(self._seats.taken(f"{principal.tenant}/{principal.id}"))
            except DesignError as error:
                self._services.rooms.meters.refused[error.code] += 1
                await websocket.send_denial_response(refusal_reply(error))
                return
            self._services.names.learn(principal)
            is_packed = SUBPROTOCOL in scope.get("subprotocols", ())
            await websocket.accept(SUBPROTOCOL if is_packed else None)
            codec: Codec = MSGPACK if is_packed else JSON
            await self._serve(visitor, codec, scope, receive, send)

    async def _serve(
        self, visitor: Visitor, codec: Codec, scope: Scope, receive: Receive, send: Send
    ) -> None:
        principal = visitor.principal
        public = public_from(secrets.token_bytes(PUBLIC_BYTES))
        session = Session(f"{principal.tenant}/{principal.id}", self._identities, public, codec)
        connection = Connection(f"c{next(self._numbers)}", visitor, session, self._services)
        _log.info(line("connection.opened", connection=connection.id, user=principal.id))
        self._connections.add(connection)
        self._watch.enter(connection)
        reading: asyncio.Task[int | None] | None = None
        try:
            async with asyncio.TaskGroup() as tasks:
                writing = tasks.create_task(self._write(connection, scope, send))
                reading = tasks.create_task(self._read(connection, principal, receive))
                gone = tasks.create_task(_lost(scope))
                await asyncio.wait({reading, gone}, return_when=asyncio.FIRST_COMPLETED)
                # What was sent before the client left is still done, if that can be soon.
                await asyncio.wait({reading}, timeout=_LEAVE_SECONDS)
                for task in (reading, gone):
                    task.cancel()
                if not connection.outbox.is_closing:  # else the last words are under way
                    writing.cancel()
        finally:
            self._connections.discard(connection)
            self._watch.leave(connection)
            reason = _reason(connection, reading, scope)
            if reason is not None:
                self._services.rooms.meters.dropped[reason] += 1
            _log.info(line("connection.closed", connection=connection.id, dropped=reason))
            await connection.leave()

    async def _read(
        self, connection: Connection, principal: Principal, receive: Receive
    ) -> int | None:
        """Until the client leaves (returns its close code) or the connection is to end."""
        outbox = connection.outbox
        try:
            while not outbox.is_closing:
                message = await receive()
                if message["type"] != "websocket.receive":
                    code: int | None = message.get("code")
                    return code
                text = message.get("text")
                data = text.encode() if text is not None else message["bytes"]
                await self._budget.take(f"{principal.tenant}/{principal.id}")
                await connection.receive(data)
                await outbox.has_room()
        except Exception:
            _log.exception("connection %s failed", connection.id)
            outbox.close(_CLOSE_FAULT, "")
        return None

    async def _write(self, connection: Connection, scope: Scope, send: Send) -> None:
        """Until everything before the end is written, or the client is gone."""
        try:
            await self._write_all(connection, scope, send)
        except OSError:
            # What it asked for and was not told, it asks again.
            connection.outbox.discard()

    async def _write_all(self, connection: Connection, scope: Scope, send: Send) -> None:
        outbox = connection.outbox
        extension = scope.get("extensions", {}).get(EXTENSION)
        if extension is not None:
            outbox.wire = extension.get("wire")  # none: the client is gone already
        while (end := outbox.closing) is None:
            frames = await outbox.take()
            if not frames:
                await connection.run_errands()
            elif extension is not None:
                await send({"type": EXTENSION, "frames": frames})
            else:
                try:
                    async with asyncio.timeout(STALL_SECONDS):
                        for payload in payloads_in(b"".join(frames)):
                            await send(_message(payload, connection.is_binary))
                except TimeoutError:
                    end = (CLOSE_SLOW, "too slow")
                    break
        assert end is not None
        await send({"type": "websocket.close", "code": end[0], "reason": end[1]})


def _message(payload: bytes, is_binary: bool) -> Message:
    if is_binary:
        return {"type": "websocket.send", "bytes": payload}
    return {"type": "websocket.send", "text": payload.decode()}


def _reason(
    connection: Connection, reading: asyncio.Task[int | None] | None, scope: Scope
) -> str | None:
    """Why this node has ended the connection; None if it was the client."""
    extension = scope.get("extensions", {}).get(EXTENSION, {})
    if "dropped" in extension:
        return str(extension["dropped"])
    if (end := connection.outbox.closing) is not None:
        return _DROPPED.get(end[0])
    if reading is None or not reading.done() or reading.cancelled():
        return None
    return _BROKEN.get(reading.result() or 0)


async def _lost(scope: Scope) -> None:
    """Until the client is gone, where the server can tell; else for ever."""
    extension = scope.get("extensions", {}).get(EXTENSION, {})
    await extension.get("lost", asyncio.Event()).wait()
