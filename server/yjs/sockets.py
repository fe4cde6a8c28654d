"""`/ws/yjs/{design}`: one Yjs client's life, from the handshake to the last message."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from contextlib import ExitStack, suppress
from dataclasses import replace
from typing import Final

from starlette.requests import HTTPConnection
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocket, WebSocketDisconnect

from ot.types import Json

from ..errors import Code, DesignError
from ..policy.rights import DESIGNS, Principal, Right
from ..ports import DocumentId
from ..web.access import Access
from ..web.audience import Audience
from ..web.budget import Budget
from ..web.journal import line
from ..web.names import Names
from ..web.replies import refusal_reply
from ..web.seats import Seats
from ..web.watch import CLOSE_SIGN_IN, Watch
from ..web.who import Doorkeeper, Visitor
from . import wire
from .gateway import CLOSE_BAD, CLOSE_TRY_AGAIN, Client, Gateway
from .gateways import Gateways
from .lib0 import Malformed
from .outbox import CLOSE_SLOW
from .presence import RENEW_SECONDS, Crowd

__all__ = ["YjsSocket"]

_log = logging.getLogger("coweave.yjs")

_STALL_SECONDS: Final = 10.0
_CLOSE_GONE: Final = 4404


class YjsSocket:
    """The ASGI endpoint."""

    def __init__(
        self,
        gateways: Gateways,
        doorkeeper: Doorkeeper,
        watch: Watch,
        budget: Budget,
        seats: Seats,
        names: Names,
        audience: Audience,
    ) -> None:
        self._gateways = gateways
        self._access = gateways.needs.rights
        self._doorkeeper = doorkeeper
        self._watch = watch
        self._budget = budget
        self._seats = seats
        self._names = names
        self._audience = audience
        self._clients = 0

    def __len__(self) -> int:
        """How many clients are connected."""
        return self._clients

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        websocket = WebSocket(scope, receive, send)
        with ExitStack() as stack:
            try:
                visitor = await self._doorkeeper.visitor(HTTPConnection(scope))
                principal = visitor.principal
                document = DocumentId(principal.tenant, DESIGNS, scope["path_params"]["design"])
                await self._access.check(principal, Right.READ, document)
                stack.enter_context(self._seats.taken(f"{principal.tenant}/{principal.id}"))
            except DesignError as error:
                self._gateways.needs.rooms.meters.refused[error.code] += 1
                await websocket.send_denial_response(refusal_reply(error))
                return
            self._names.learn(principal)
            await websocket.accept()
            await self._serve(visitor, document, websocket)

    async def _serve(self, visitor: Visitor, document: DocumentId, websocket: WebSocket) -> None:
        client = Client(visitor.principal)
        guest = _Guest(visitor, client, document, self._access)
        gateway, crowd = self._gateways.of(document)
        _log.info(line("yjs.opened", design=document.id, user=client.principal.id))
        self._clients += 1
        self._watch.enter(guest)
        self._audience.join(document, guest)
        try:
            async with asyncio.TaskGroup() as tasks:
                writing = tasks.create_task(self._write(client, websocket))
                renewing = tasks.create_task(self._renew(client, crowd))
                reading = tasks.create_task(self._read(client, gateway, crowd, websocket))
                await asyncio.wait({reading, writing}, return_when=asyncio.FIRST_COMPLETED)
                for task in (reading, writing, renewing):
                    task.cancel()
        finally:
            self._clients -= 1
            self._watch.leave(guest)
            self._audience.leave(document, guest)
            crowd.leave(client)
            gateway.leave(client)
            dropped = client.outbox.closing
            reason = None if dropped is None else dropped[1]
            _log.info(line("yjs.closed", design=document.id, dropped=reason))

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

    async def _renew(self, client: Client, crowd: Crowd) -> None:
        """See that presences are not forgotten."""
        while True:
            await asyncio.sleep(RENEW_SECONDS)
            crowd.renew_for(client)


class _Guest:
    """A Yjs client as somebody who was let in, and has a design open."""

    def __init__(
        self, visitor: Visitor, client: Client, document: DocumentId, access: Access
    ) -> None:
        self.visitor = visitor
        self._client = client
        self._document = document
        self._access = access

    async def reconsider(self, principal: Principal) -> None:
        """This is who the client is now."""
        self.visitor = replace(self.visitor, principal=principal)
        self._client.principal = principal
        try:
            await self._access.check(principal, Right.READ, self._document)
            if self._client.is_muted:
                await self._access.check(principal, Right.EDIT, self._document)
                # It may edit again: it comes back, and brings what was not taken.
                self._client.outbox.close(CLOSE_TRY_AGAIN, "rights have changed")
        except DesignError as error:
            if error.code is Code.NOT_FOUND:
                await self.withdraw(self._document, error)

    def expel(self, error: DesignError) -> None:
        """The credential does not hold any more."""
        self._client.outbox.close(CLOSE_SIGN_IN, error.code)

    async def withdraw(self, document: DocumentId, error: DesignError) -> None:
        """The design is taken from it."""
        self._client.outbox.reply(wire.refuses(f"{error.code}: {error.message}"))
        self._client.outbox.close(_CLOSE_GONE, error.code)

    def hear(self, news: Mapping[str, Json]) -> None:
        """Stock Yjs clients know no such news."""
