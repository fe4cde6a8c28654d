"""uvicorn, set up as a node needs it: listens, serves until it is told to stop, stops cleanly."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
from collections.abc import Callable, Iterator
from typing import Final

import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from ..protocol.codec import MAX_FRAME_BYTES
from .frames import FrameProtocol

__all__ = ["PING_SECONDS", "REQUEST_SECONDS", "listen", "new_loop", "serve"]

_BACKLOG: Final = 2_048
REQUEST_SECONDS: Final = 10.0  # for the whole head of a connection's first request
PING_SECONDS: Final = 20.0  # a silent peer is found within two of them
_STOP_SECONDS: Final = 5  # for answers under way; rooms have their own time after it


def new_loop() -> asyncio.AbstractEventLoop:
    """The fastest event loop there is here."""
    factory = uvicorn.Config("", log_config=None).get_loop_factory()
    return asyncio.new_event_loop() if factory is None else factory()


def listen(host: str, port: int) -> socket.socket:
    """A socket that takes connections; port 0 is any free one. Raises: OSError naming both."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=_BACKLOG)
    except OSError as error:
        why = os.strerror(error.errno) if error.errno else str(error)
        raise OSError(f"cannot listen on {host} port {port}: {why}") from None


async def serve(
    app: ASGIApp,
    listener: socket.socket,
    started: Callable[[], None],
    *,
    ping_seconds: float = PING_SECONDS,
) -> None:
    """Serve until SIGINT or SIGTERM, then close every connection.

    `started` is called when connections are answered. Sockets are told to come again (1012).
    """
    config = uvicorn.Config(
        app,
        http=_HttpProtocol,
        ws=FrameProtocol,
        ws_max_size=MAX_FRAME_BYTES,
        ws_ping_interval=ping_seconds,
        ws_ping_timeout=ping_seconds,
        ws_per_message_deflate=False,  # a bomb otherwise, and most of the CPU of a busy room
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        backlog=_BACKLOG,
        timeout_graceful_shutdown=_STOP_SECONDS,
    )
    await _Server(config, started).serve([listener])


class _HttpProtocol(HttpToolsProtocol):
    """uvicorn's protocol; a connection that asks nothing in time is closed (it has no such limit)."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._limit = self.loop.call_later(REQUEST_SECONDS, self._close_if_silent)

    def connection_lost(self, exc: Exception | None) -> None:
        self._limit.cancel()
        super().connection_lost(exc)

    def handle_websocket_upgrade(self) -> None:
        super().handle_websocket_upgrade()
        # This object's work is done, and nobody tells it so. Its timer would keep it alive for a
        # while, and its parser, which knows it, until the next full collection of garbage.
        self._limit.cancel()
        self.parser = None  # type: ignore[assignment]

    def _close_if_silent(self) -> None:
        if self.cycle is None:
            self.transport.close()


class _Server(uvicorn.Server):
    """uvicorn's server, which tells when it serves and ends as a command should.

    uvicorn raises a signal again after it has obeyed it, which ends the process with a failure and
    skips what has to be closed after the sockets.
    """

    def __init__(self, config: uvicorn.Config, started: Callable[[], None]) -> None:
        super().__init__(config)
        self._tell_started = started

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self._tell_started()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        loop = asyncio.get_running_loop()
        signals = (signal.SIGINT, signal.SIGTERM)
        for number in signals:
            loop.add_signal_handler(number, self.handle_exit, number, None)
        try:
            yield
        finally:
            for number in signals:
                loop.remove_signal_handler(number)
