"""How the process listens: its address, and connections that ask for nothing."""

from __future__ import annotations

import asyncio
import gc
import os
import signal
import socket
from typing import Any

import pytest
from websockets.asyncio.client import connect

from server.web import server
from server.web.server import listen, new_loop, serve


def test_a_taken_port_is_named() -> None:
    with listen("127.0.0.1", 0) as first:
        port = first.getsockname()[1]
        with pytest.raises(OSError, match=f"127.0.0.1 port {port}"):
            listen("127.0.0.1", port)
    with pytest.raises(OSError, match="nowhere.invalid"):
        listen("nowhere.invalid", 0)


def test_the_loop_is_the_fast_one() -> None:
    loop = new_loop()
    assert type(loop).__module__.startswith("uvloop")
    loop.close()


async def hello(scope: Any, receive: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"hello"})


async def test_silent_connections_are_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whether they say nothing at all or begin a request and never end it."""
    monkeypatch.setattr(server, "REQUEST_SECONDS", 0.3)
    started = asyncio.Event()
    with listen("127.0.0.1", 0) as listener:
        port = listener.getsockname()[1]
        async with asyncio.TaskGroup() as tasks:
            serving = tasks.create_task(serve(hello, listener, started.set))
            async with asyncio.timeout(20):
                await started.wait()
                for head in (b"", b"GET / HTTP/1.1\r\nHost: x\r\nX-Slow: "):
                    reader, writer = await asyncio.open_connection("127.0.0.1", port)
                    writer.write(head)
                    assert await reader.read() == b""
                    writer.close()
                reader, writer = await asyncio.open_connection("127.0.0.1", port)
                writer.write(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
                assert b"hello" in await reader.read()
                writer.close()
            os.kill(os.getpid(), signal.SIGTERM)  # and it ends as told
            await serving


async def echo(scope: Any, receive: Any, send: Any) -> None:
    await receive()
    await send({"type": "websocket.accept"})
    while (await receive())["type"] == "websocket.receive":
        pass


async def test_a_connection_that_ended_leaves_nothing_behind() -> None:
    """Not even cycles: while designs are open, garbage is looked for very rarely."""
    started = asyncio.Event()
    gc.collect()
    gc.disable()
    try:
        with listen("127.0.0.1", 0) as listener:
            url = f"ws://127.0.0.1:{listener.getsockname()[1]}/"
            async with asyncio.TaskGroup() as tasks:
                serving = tasks.create_task(serve(echo, listener, started.set))
                async with asyncio.timeout(20):
                    await started.wait()
                    for _ in range(5):
                        async with connect(url, proxy=None) as client:
                            await client.send("hello")
                os.kill(os.getpid(), signal.SIGTERM)
                await serving
        kinds = [type(one).__name__ for one in gc.get_objects()]
        assert kinds.count("_HttpProtocol") == kinds.count("FrameProtocol") == 0
    finally:
        gc.enable()


def test_addresses_of_both_families() -> None:
    if not socket.has_ipv6:
        return
    try:
        with listen("::1", 0) as listener:
            assert listener.family == socket.AF_INET6
    except OSError as error:
        assert "::1" in str(error)  # a machine without IPv6: said in one line
