"""`coweave` that kills itself at a named point of its way from an op to an ack.

Run as a program in place of `coweave`; nothing of this is in the server. `COWEAVE_CRASH_AT` is
`<point>:<n>`: the n-th time that the point is reached, the process gets SIGKILL. Empty: never.
"""

from __future__ import annotations

import functools
import os
import signal
import sys
from collections.abc import Callable
from typing import Any

from sqlalchemy import Connection, Engine, event

from server import cli
from server.bus.memory import MemoryBus
from server.room.effects import Acked
from server.runtime import room_task
from server.store import oplog, snapshots
from server.store.database import Database

POINTS = (
    "after_insert",
    "before_commit",
    "after_commit",
    "before_ack",
    "after_publish",
    "mid_milestone",
)


class Fuse:
    """Burns down by one each time the point is reached."""

    def __init__(self, length: int) -> None:
        self._left = length

    def burn(self) -> None:
        self._left -= 1
        if self._left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
            signal.pause()  # until it arrives


def patched(owner: Any, name: str, wrap: Callable[[Any], Any]) -> None:
    inner = getattr(owner, name)
    setattr(owner, name, functools.wraps(inner)(wrap(inner)))


def arm(point: str, fuse: Fuse) -> None:
    """Have the process pass the point."""
    has_ops = False  # the transaction under way, in the one thread that writes

    def appending(inner: Any) -> Any:
        def append(connection: Connection, commits: Any, **options: Any) -> Any:
            nonlocal has_ops
            answers = inner(connection, commits, **options)
            has_ops = any(commit.ops for commit in commits)
            if has_ops and point == "after_insert":
                fuse.burn()
            return answers

        return append

    def transacting(inner: Any) -> Any:
        def transact(self: Database, work: Any) -> Any:
            nonlocal has_ops
            has_ops = False
            result = inner(self, work)
            if has_ops and point == "after_commit":
                fuse.burn()
            return result

        return transact

    def before_commit(connection: Connection) -> None:
        if has_ops and point == "before_commit":
            fuse.burn()

    def delivering(inner: Any) -> Any:
        def deliver(self: Any, conn: str, deliveries: Any) -> None:
            if point == "before_ack" and any(isinstance(one, Acked) for one in deliveries):
                fuse.burn()
            inner(self, conn, deliveries)

        return deliver

    def publishing(inner: Any) -> Any:
        async def publish(self: MemoryBus, channel: str, payload: bytes) -> None:
            await inner(self, channel, payload)
            if point == "after_publish" and channel == room_task.HEADS:
                fuse.burn()

        return publish

    def saving(inner: Any) -> Any:
        def save(*args: Any) -> None:
            inner(*args)
            if point == "mid_milestone":
                fuse.burn()

        return save

    patched(oplog, "append", appending)
    patched(Database, "_transact", transacting)
    event.listen(Engine, "commit", before_commit)
    patched(room_task.RoomTask, "_deliver", delivering)
    patched(MemoryBus, "publish", publishing)
    patched(snapshots, "save", saving)


if __name__ == "__main__":
    where, _, times = os.environ.get("COWEAVE_CRASH_AT", "").partition(":")
    if where:
        assert where in POINTS, where
        arm(where, Fuse(int(times)))
    sys.exit(cli.main())
