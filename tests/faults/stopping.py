"""`coweave` that stops itself (SIGSTOP) between having taken a batch's locks and committing it.

Run as a program in place of `coweave`. It does so once whenever there is a file "stop" in its
folder, which it removes first. Whoever put it there sends SIGCONT.
"""

from __future__ import annotations

import functools
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from server import cli
from server.locks.redis import RedisLocks
from server.ports import DocumentId

STOP_FILE = "stop"


def _is_told_to() -> bool:
    try:
        Path(STOP_FILE).unlink()
    except FileNotFoundError:
        return False
    return True


def arm() -> None:
    inner = RedisLocks.acquire

    @functools.wraps(inner)
    async def acquire(
        self: RedisLocks, document: DocumentId, groups: Sequence[frozenset[str]], owner: str
    ) -> list[bool]:
        granted = await inner(self, document, groups, owner)
        if all(granted) and _is_told_to():
            os.kill(os.getpid(), signal.SIGSTOP)
        return granted

    RedisLocks.acquire = acquire  # type: ignore[method-assign]


if __name__ == "__main__":
    arm()
    sys.exit(cli.main())
