"""The contract with uvicorn's protocol: frames written together, and readers that stand still."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
import uvicorn
from websockets.asyncio.client import connect
from websockets.frames import Frame, Opcode

from server.web import frames
from server.web.frames import EXTENSION, FrameProtocol, framed, payloads_in

Talk = Callable[[dict[str, Any], Callable[..., Awaitable[Any]], Any], Awaitable[None]]


@asynccontextmanager
async def serving(talk: Talk) -> AsyncIterator[str]:
    """A server whose connections are accepted and then given to `talk`."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        await send({"type": "websocket.accept"})
        await talk(scope, receive, send)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        config = uvicorn.Config(app, ws=FrameProtocol, lifespan="off", log_config=None)
        config.ws_per_message_deflate = False
        server = uvicorn.Server(config)
        server.capture_signals = _nothing  # type: ignore[method-assign]
        async with asyncio.TaskGroup() as tasks:
            running = tasks.create_task(server.serve([listener]))
            yield f"ws://127.0.0.1:{listener.getsockname()[1]}/"
            server.should_exit = True
            await running


class _nothing:
    def __enter__(self) -> None: ...
    def __exit__(self, *_: object) -> None: ...


@pytest.mark.parametrize("size", [0, 1, 125, 126, 127, 65_535, 65_536, 200_000])
def test_a_frame_is_what_the_library_would_write(size: int) -> None:
    payload = b"x" * size
    assert framed(payload) == Frame(Opcode.TEXT, payload).serialize(mask=False)
    assert framed(payload, True) == Frame(Opcode.BINARY, payload).serialize(mask=False)


def test_frames_are_taken_apart_again() -> None:
    texts = [b"x" * size for size in (0, 125, 126, 65_535, 65_536, 3)]
    assert list(payloads_in(b"".join(map(framed, texts)))) == texts


async def test_frames_are_written_at_once_while_the_reader_reads() -> None:
    async def talk(scope: Any, receive: Any, send: Any) -> None:
        wire = scope["extensions"][EXTENSION]["wire"]
        assert wire.is_writable
        wire.write([framed(b"1"), framed(b"2" * 70_000)])
        wire.write([framed(b"3")])
        while wire.is_writable:  # more than the client and the system take
            wire.write([framed(b"x" * 65_536)])
        assert (await receive())["type"] == "websocket.disconnect"
        assert not wire.is_writable
        ended.set()

    ended = asyncio.Event()
    async with serving(talk) as url:
        async with connect(url, proxy=None, max_queue=4) as client:
            assert [await client.recv() for _ in range(3)] == ["1", "2" * 70_000, "3"]
            client.transport.abort()
        async with asyncio.timeout(10):
            await ended.wait()


async def test_several_messages_in_one_write_arrive_as_messages() -> None:
    payloads = [b"{}", b"x" * 70_000, "Grüße 😀".encode()]

    async def talk(scope: Any, receive: Any, send: Any) -> None:
        assert EXTENSION in scope["extensions"]
        await send({"type": EXTENSION, "frames": [framed(payload) for payload in payloads]})
        await send({"type": "websocket.send", "text": "plain"})
        await send({"type": EXTENSION, "frames": [framed(b"last")]})
        assert (await receive())["text"] == "heard"
        await send({"type": "websocket.close", "code": 4000})

    async with serving(talk) as url, connect(url, proxy=None) as client:
        got = [await client.recv() for _ in range(5)]
        assert [m.encode() if isinstance(m, str) else m for m in got] == [
            *payloads,
            b"plain",
            b"last",
        ]
        await client.send("heard")
        await client.wait_closed()
        assert client.close_code == 4000


async def test_a_client_that_left_ends_the_writing() -> None:
    ended = asyncio.Event()

    async def talk(scope: Any, receive: Any, send: Any) -> None:
        assert (await receive())["type"] == "websocket.disconnect"
        with pytest.raises(OSError):
            await send({"type": EXTENSION, "frames": [framed(b"x")]})
        ended.set()

    async with serving(talk) as url:
        async with connect(url, proxy=None):
            pass
        async with asyncio.timeout(10):
            await ended.wait()


async def test_a_reader_without_progress_is_dropped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(frames, "STALL_SECONDS", 0.2)
    dropped = asyncio.Event()

    async def talk(scope: Any, receive: Any, send: Any) -> None:
        with pytest.raises(OSError):
            for _ in range(1_000):
                await send({"type": EXTENSION, "frames": [framed(b"x" * 65_536)]})
        assert scope["extensions"][EXTENSION]["dropped"] == "slow"
        dropped.set()

    async with serving(talk) as url:
        host, port = url[5:-1].split(":")
        reader, writer = await asyncio.open_connection(host, int(port), limit=1024)
        writer.write(
            f"GET / HTTP/1.1\r\nHost: {host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n".encode()
        )
        async with asyncio.timeout(20):
            await dropped.wait()  # it reads nothing beyond its small buffer
        writer.close()
        del reader
