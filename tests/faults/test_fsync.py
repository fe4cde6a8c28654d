"""A disk whose fsync fails or is slow: nothing is acked that is not on it (PROMISES A3, A5, F6)."""

from __future__ import annotations

import asyncio
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.support.process import ServerProcess

from .load import becomes_ready, stands_still, under_load


class Disk:
    """Whether the server's fsync works."""

    def __init__(self, folder: Path) -> None:
        self._library = folder / "fsync.so"
        self._mode = folder / "mode"
        source = Path(__file__).with_name("fsync.c")
        command = ["gcc", "-shared", "-fPIC", "-o", self._library, source, "-ldl"]
        subprocess.run(command, check=True, timeout=60)
        self.works()

    @property
    def environment(self) -> dict[str, str]:
        return {"LD_PRELOAD": str(self._library), "FSYNC_MODE": str(self._mode)}

    def works(self) -> None:
        self._mode.write_text("-")

    def fails(self) -> None:
        self._mode.write_text("E")

    def is_slow(self) -> None:
        self._mode.write_text("S")


@pytest.fixture
def disk(tmp_path: Path) -> Disk:
    if shutil.which("gcc") is None:
        pytest.skip("gcc is not on this machine")
    return Disk(tmp_path)


@pytest.fixture
def server(tmp_path: Path, disk: Disk) -> ServerProcess:
    return ServerProcess(tmp_path / "node", {"COWEAVE_SCRATCH": "1", **disk.environment})


async def test_A3_nothing_is_acked_while_fsync_fails(server: ServerProcess, disk: Disk) -> None:
    with server:
        async with asyncio.timeout(60), under_load(server, writers=6, seed=1) as ledger:
            for _ in range(2):
                await ledger.reach(len(ledger.acked) + 50)
                disk.fails()
                acked = await stands_still(server, ledger, seconds=2)
                disk.works()
                async with asyncio.timeout(5):
                    await ledger.reach(acked + 50)
                await becomes_ready(server, seconds=2)
            # What the failed fsyncs left in the files must not come to light by a crash either.
            disk.fails()
            await becomes_ready(server, False, seconds=2)
            await asyncio.to_thread(server.kill)
            disk.works()
            await asyncio.to_thread(server.start)


async def test_A3_a_slow_disk_delays_and_loses_nothing(server: ServerProcess, disk: Disk) -> None:
    with server:
        async with asyncio.timeout(60), under_load(server, writers=6, seed=2) as ledger:
            await ledger.reach(50)
            disk.is_slow()
            await ledger.reach(len(ledger.acked) + 12)
            await asyncio.to_thread(server.kill)
            disk.works()
            await asyncio.to_thread(server.start)
