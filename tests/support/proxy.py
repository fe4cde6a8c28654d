"""A TCP proxy on loopback that loses connectivity on command: what a laptop's network does to one person."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from types import TracebackType
from typing import Self

__all__ = ["Proxy"]


class Proxy:
    """Passes bytes between its own port and `port`. An async context manager; `url` is where clients go.

    `cut` closes what is open and refuses what comes, `deafen` drops what the server says, `swallow` drops everything
    and keeps the connections; all until `mend`.
    """

    def __init__(self, port: int, host: str = "127.0.0.1") -> None:
        """Args: host: the address to listen at; `port` is on the loopback address."""
        self._port = port
        self._host = host
        self._server: asyncio.Server | None = None
        self._open: dict[asyncio.StreamWriter, asyncio.Task[None]] = {}
        self._is_cut = False
        self._is_deaf = False
        self._is_hole = False

    @property
    def port(self) -> int:
        assert self._server is not None, "not started"
        return int(self._server.sockets[0].getsockname()[1])

    @property
    def address(self) -> str:
        return f"{self._host}:{self.port}"

    @property
    def url(self) -> str:
        return f"http://{self.address}"

    def cut(self) -> None:
        self._is_cut = True
        for writer in self._open:
            writer.transport.abort()

    def deafen(self) -> None:
        self._is_deaf = True

    def swallow(self) -> None:
        self._is_hole = True

    def mend(self) -> None:
        self._is_cut = self._is_deaf = self._is_hole = False

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._is_cut:
            writer.transport.abort()
            return
        task = asyncio.current_task()
        assert task is not None
        self._open[writer] = task
        try:
            behind_reader, behind_writer = await asyncio.open_connection("127.0.0.1", self._port)
            try:
                async with asyncio.TaskGroup() as group:
                    group.create_task(self._pass(reader, behind_writer, lambda: self._is_hole))
                    group.create_task(
                        self._pass(behind_reader, writer, lambda: self._is_deaf or self._is_hole)
                    )
            finally:
                behind_writer.transport.abort()
        except OSError:
            pass  # the server is away: the client sees its connection end
        finally:
            del self._open[writer]
            writer.transport.abort()

    @staticmethod
    async def _pass(
        reader: asyncio.StreamReader, writer: asyncio.StreamWriter, drops: Callable[[], bool]
    ) -> None:
        with contextlib.suppress(ConnectionError):
            while data := await reader.read(65536):
                if drops():
                    continue
                writer.write(data)
                await writer.drain()
        writer.close()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._accept, self._host, 0)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        assert self._server is not None
        self._server.close()
        self.cut()
        await asyncio.gather(*self._open.values(), return_exceptions=True)
