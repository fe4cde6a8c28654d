"""WebSocket frames written several at once, on top of uvicorn's sans-I/O protocol.

A busy room tells every reader many small frames per turn of the loop, and one `transport.write` per
frame is most of what that costs. The ASGI extension `coweave.frames` takes frames that are encoded
already, so that all readers share them, and writes them in one go, one message per frame as stock
clients need it. It also sees whether a reader makes progress: only the transport knows how much it
still holds. Its event `lost` tells that the client is gone to somebody who is busy with what the
client asked before, and `dropped` says why, where it was this side that left. Its `wire` writes at
once, without a task in between, while the reader keeps up.

This relies on inner names of the pinned uvicorn; `tests/server/web/test_frames.py` is the contract.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from typing import Any, Final

from uvicorn.protocols.utils import ClientDisconnected
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

__all__ = ["CLOSE_SLOW", "EXTENSION", "STALL_SECONDS", "FrameProtocol", "framed", "payloads_in"]

EXTENSION: Final = "coweave.frames"
CLOSE_SLOW: Final = 4008
"""Close code for a reader that has read nothing for `STALL_SECONDS` although there was something."""
STALL_SECONDS: Final = 10.0

_COPY_BYTES: Final = 16_384
"""Up to here frames are copied into one buffer; larger ones stay shared between their readers."""


_SMALL_BYTES: Final = 4_096
_MOST_QUEUED: Final = 16
"""So many messages of a connection may wait to be taken, each of them small, before it is not read."""


def framed(payload: bytes, is_binary: bool = False) -> bytes:
    """One unmasked message, text or binary. Source: RFC 6455 section 5.2."""
    kind = b"\x82" if is_binary else b"\x81"
    size = len(payload)
    if size < 126:
        return kind + size.to_bytes(1, "big") + payload
    if size < 65_536:
        return kind + b"\x7e" + size.to_bytes(2, "big") + payload
    return kind + b"\x7f" + size.to_bytes(8, "big") + payload


def payloads_in(frames: bytes) -> Iterator[bytes]:
    """What lies in frames that `framed` made, for servers that take no frames."""
    at = 0
    while at < len(frames):
        size, start = frames[at + 1], at + 2
        if size == 126:
            start = at + 4
        elif size == 127:
            start = at + 10
        if size >= 126:
            size = int.from_bytes(frames[at + 2 : start], "big")
        at = start + size
        yield frames[start:at]


class FrameProtocol(WebSocketsSansIOProtocol):
    """uvicorn's protocol, and the extension."""

    def handle_connect(self, event: Any) -> None:
        super().handle_connect(event)
        if hasattr(self, "scope"):
            self._lost = asyncio.Event()
            self.scope["extensions"][EXTENSION] = {"lost": self._lost, "wire": self}

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        if hasattr(self, "_lost"):
            self._lost.set()
            del self.scope["extensions"][EXTENSION]["wire"]  # no circle is left to be collected

    async def send(self, message: Any) -> None:
        if message["type"] == EXTENSION:
            await self._write_frames(message["frames"])
        else:
            await super().send(message)

    def send_receive_event_to_app(self) -> None:
        # uvicorn stops reading with each message until it is taken: two calls to the kernel for
        # each. A few small ones may wait instead.
        size = sum(map(len, self.frames))
        was_paused, self.read_paused = self.read_paused, True
        super().send_receive_event_to_app()
        self.read_paused = was_paused
        is_full = size > _SMALL_BYTES or self.queue.qsize() >= _MOST_QUEUED
        if is_full and not (was_paused or self.close_sent or self.transport.is_closing()):
            self.read_paused = True
            self.transport.pause_reading()

    @property
    def is_writable(self) -> bool:
        """Whether `write` may be called: the client is there, and reads what it is sent."""
        return self.writable.is_set() and not (
            self.disconnected or self.close_sent or self.transport.is_closing()
        )

    def write(self, frames: Sequence[bytes]) -> None:
        """Write frames while `is_writable`; never waits."""
        if len(frames) == 1:
            self.transport.write(frames[0])
        elif sum(map(len, frames)) <= _COPY_BYTES:
            self.transport.write(b"".join(frames))
        else:
            self.transport.writelines(frames)

    async def _write_frames(self, frames: Sequence[bytes]) -> None:
        if self.disconnected or self.close_sent or self.transport.is_closing():
            raise ClientDisconnected()
        self.write(frames)
        left = self.transport.get_write_buffer_size()
        while not self.writable.is_set():
            try:
                await asyncio.wait_for(self.writable.wait(), STALL_SECONDS)
            except TimeoutError:
                now_left = self.transport.get_write_buffer_size()
                if now_left >= left:
                    self._drop()
                    raise ClientDisconnected() from None
                left = now_left
        if self.disconnected:
            raise ClientDisconnected()

    def keepalive_timeout(self) -> None:
        self._note_dropped("silent")
        super().keepalive_timeout()

    def _note_dropped(self, reason: str) -> None:
        """Tell whoever asks the extension why the client was left."""
        if hasattr(self, "_lost"):
            self.scope["extensions"][EXTENSION].setdefault("dropped", reason)

    def _drop(self) -> None:
        """Say why behind all that waits, and give it one more spell to arrive."""
        self._note_dropped("slow")
        self.conn.send_close(CLOSE_SLOW, "too slow")
        self.transport.write(b"".join(self.conn.data_to_send()))
        self.close_sent = True
        self.stop_keepalive()
        self.transport.close()
        self.loop.call_later(STALL_SECONDS, self.transport.abort)
