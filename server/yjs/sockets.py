"""`/ws/yjs/{design}`: one Yjs client's life, from the handshake to the last message."""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from typing import Final

from starlette.requests import HTTPConnection
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocket, WebSocketDisconnect

from ..errors import Code, DesignError
from ..policy.rights import DESIGNS, Right
from ..ports import DocumentId
from ..web.audience import Audience
from ..web.budget import Budget
from ..web.journal import line
from ..web.names import Names
from ..web.replies import refusal_reply
from ..web.who import Doorkeeper
from . import wire
from .gateway import CLOSE_BAD, Client, Gateway
from .gateways import Gateways
from .lib0 import Malformed
from .outbox import CLOSE_SLOW
from .presence import RENEW_SECONDS, Crowd

__all__ = ["YjsSocket"]

_log = logging.getLogger("coweave.yjs")

_CHECK_SECONDS: Final = 2.0
_STALL_SECONDS: Final = 10.0
_CLOSE_GONE: Final = 4404
_CLOSE_FAULT: Final = 1011


class YjsSocket:
    """The ASGI endpoint."""

    def __init__(
        self,
        gateways: Gateways,
        doorkeeper: Doorkeeper,
        budget: Budget,
        names: Names,
        audience: Audience,
    ) -> None:
        self._gateways = gateways
        self._rights = gateways.needs.rights
        self._doorkeeper = doorkeeper
        self._budget = budget
        self._names = names
        self._audience = audience
        self._clients: set[Client] = set()

    def __len__(self) -> int:
        """How many clients are connected."""
        return len(self._clients)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        websocket = WebSocket(scope, receive, send)
        try:
            principal = await self._doorkeeper.principal(HTTPConnection(scope))
            document = DocumentId(principal.tenant, DESIGNS, scope["path_params"]["design"])
            await self._rights.check(principal, Right.READ, document)
        except DesignError as error:
            await websocket.send_denial_response(refusal_reply(error))
            return
        self._names.learn(principal)
        await websocket.accept()
        client = Client(principal)
        self._clients.add(client)
        gateway, crowd = self._gateways.of(document)
        _log.info(line("yjs.opened", design=document.id, user=principal.id))
        spectator = _Spectator(client)
        self._audience.join(document, spectator)
        try:
            async with asyncio.TaskGroup() as tasks:
                writing = tasks.create_task(self._write(client, websocket))
                watching = tasks.create_task(self._watch(client, document, crowd))
                reading = tasks.create_task(self._read(client, gateway, crowd, websocket))
                await asyncio.wait({reading, writing}, return_when=asyncio.FIRST_COMPLETED)
                for task in (reading, writing, watching):
                    task.cancel()
        finally:
            self._audience.leave(document, spectator)
            self._clients.discard(client)
            crowd.leave(client)
            gateway.leave(client)
            _log.info(line("yjs.closed", design=document.id, user=principal.id))

    async def _read(
        self, client: Client, gateway: Gateway, crowd: Crowd, websocket: WebSocket
    ) -> None:
        """Until the client leaves or says what cannot be understood."""
        await gateway.join(client)
        crowd.join(client)
        key = f"{client.principal.tenant}/{client.principal.id}"
        while client.outbox.closing is None:
            message = await websocket.receive()
            if message["type"] != "websocket.receive":
                return
            data = message.get("bytes")
            if data is None:
                client.outbox.close(CLOSE_BAD, "messages are binary")
                break
            await self._budget.take(key)
            try:
                await self._do(client, gateway, crowd, data)
            except Malformed as error:
                client.outbox.reply(wire.refuses(f"{Code.MESSAGE_BADLY_FORMED}: {error}"))
                client.outbox.close(CLOSE_BAD, str(error)[:100])
        await asyncio.Event().wait()  # the writer ends it

    async def _do(self, client: Client, gateway: Gateway, crowd: Crowd, data: bytes) -> None:
        match wire.read(data):
            case wire.Wants(state=state):
                gateway.answer(client, state)
            case wire.Brought(update=update):
                await gateway.upload(client, update)
            case wire.Presences(states=states):
                crowd.hear(client, states)
            case wire.AskPresence():
                crowd.ask(client)

    async def _write(self, client: Client, websocket: WebSocket) -> None:
        outbox = client.outbox
        end = CLOSE_SLOW, "too slow"
        with suppress(OSError, TimeoutError, WebSocketDisconnect):
            while messages := await outbox.take():
                for message in messages:
                    async with asyncio.timeout(_STALL_SECONDS):
                        await websocket.send_bytes(message)
            assert outbox.closing is not None
            end = outbox.closing
        with suppress(OSError, RuntimeError, TimeoutError, WebSocketDisconnect):
            async with asyncio.timeout(_STALL_SECONDS):
                await websocket.close(*end)

    async def _watch(self, client: Client, document: DocumentId, crowd: Crowd) -> None:
        """See that the right to read lasts, and that presences are not forgotten."""
        passed = 0.0
        while True:
            await asyncio.sleep(_CHECK_SECONDS)
            passed += _CHECK_SECONDS
            try:
                await self._rights.check(client.principal, Right.READ, document)
            except DesignError as error:
                if not error.code.is_retryable:
                    client.outbox.close(_CLOSE_GONE, error.code)
            if passed >= RENEW_SECONDS:
                passed = 0.0
                crowd.renew_for(client)


class _Spectator:
    """A Yjs client as one who has a design open."""

    def __init__(self, client: Client) -> None:
        self._client = client

    async def withdraw(self, document: DocumentId, error: DesignError) -> None:
        """The design is taken from it."""
        self._client.outbox.reply(wire.refuses(f"{error.code}: {error.message}"))
        self._client.outbox.close(_CLOSE_GONE, error.code)
