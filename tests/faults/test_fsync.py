"""A disk whose fsync fails or is slow: nothing is acked that is not on it (PROMISES A3, A5, F6)."""

from __future__ import annotations

import asyncio
import shutil
import subprocess
import urllib.error
import urllib.request
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from server.document.versioned import Snapshot
from tests.support.process import ServerProcess

from .ledger import Ledger, kept
from .test_kill import TENANT, make_scratch
from .writer import Writer, fetch, scratch_op


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


async def is_ready(server: ServerProcess) -> bool:
    def ask() -> bool:
        try:
            with urllib.request.urlopen(f"{server.url}/readyz", timeout=5) as answer:
                return bool(answer.status == 200)
        except urllib.error.HTTPError as answer:
            answer.close()
            return False

    return await asyncio.to_thread(ask)


async def becomes(server: ServerProcess, ready: bool, seconds: float) -> None:
    async with asyncio.timeout(seconds):
        while await is_ready(server) != ready:  # noqa: ASYNC110 - it can only be asked
            await asyncio.sleep(0.02)


@asynccontextmanager
async def load(server: ServerProcess, ledger: Ledger) -> AsyncIterator[None]:
    """Writers on two documents; at the end all their ops are answered and the ledger is checked."""
    documents = [await make_scratch(server.socket_url, name) for name in ("one", "two")]
    clients = [
        Writer(f"w{n}", server.socket_url, documents[n % 2], scratch_op, ledger, 1)
        for n in range(4)
    ]
    async with asyncio.TaskGroup() as tasks:
        for client in clients:
            tasks.create_task(client.run(), name=client.name)
        yield
        for client in clients:
            client.stopping = True
    for document in documents:
        shown = Snapshot(*await fetch(server.socket_url, document))
        log = kept(server.database, TENANT, document)
        assert list(ledger.faults(log, shown)) == []
    assert all(entry.version is not None for entry in ledger.entries)


async def test_A3_nothing_is_acked_while_fsync_fails(tmp_path: Path, disk: Disk) -> None:
    ledger = Ledger()
    server = ServerProcess(tmp_path / "node", {"COWEAVE_SCRATCH": "1", **disk.environment})
    with server:
        async with asyncio.timeout(60), load(server, ledger):
            for _ in range(2):
                await ledger.reach(len(ledger.acked) + 50)
                disk.fails()
                await becomes(server, False, 2)
                acked = len(ledger.acked)
                await asyncio.sleep(1)  # how long the fault lasts
                assert len(ledger.acked) == acked
                assert not await is_ready(server)
                disk.works()
                async with asyncio.timeout(5):
                    await ledger.reach(acked + 50)
                await becomes(server, True, 2)
            # What the failed fsyncs left in the files must not come to light by a crash either.
            disk.fails()
            await becomes(server, False, 2)
            await asyncio.to_thread(server.kill)
            disk.works()
            await asyncio.to_thread(server.start)


async def test_A3_a_slow_disk_delays_and_loses_nothing(tmp_path: Path, disk: Disk) -> None:
    ledger = Ledger()
    server = ServerProcess(tmp_path / "node", {"COWEAVE_SCRATCH": "1", **disk.environment})
    with server:
        async with asyncio.timeout(60), load(server, ledger):
            await ledger.reach(50)
            disk.is_slow()
            await ledger.reach(len(ledger.acked) + 8)
            await asyncio.to_thread(server.kill)
            disk.works()
            await asyncio.to_thread(server.start)
