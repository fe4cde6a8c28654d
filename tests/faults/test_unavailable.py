"""A database that cannot be written for a while: no ack, no refusal, and it goes on by itself (A5)."""

from __future__ import annotations

import asyncio
import os
import shutil
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from tests.support.process import ServerProcess

from .load import becomes_ready, stands_still, under_load


async def test_A5_another_process_holds_the_database(tmp_path: Path) -> None:
    with ServerProcess(tmp_path / "node", {"COWEAVE_SCRATCH": "1"}) as server:
        async with asyncio.timeout(60), under_load(server, writers=6, seed=3) as ledger:
            await ledger.reach(50)
            with closing(sqlite3.connect(server.database, isolation_level=None)) as other:
                other.execute("BEGIN IMMEDIATE")
                acked = await stands_still(server, ledger, seconds=4)
                other.execute("ROLLBACK")
            async with asyncio.timeout(5):
                await ledger.reach(acked + 50)
            await becomes_ready(server, seconds=2)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 8 MB."""
    folder = tmp_path / "small"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", str(folder)]
    if os.geteuid() != 0 or subprocess.run(mount, check=False, capture_output=True).returncode:
        pytest.skip("mounting a file system needs root")
    try:
        yield folder
    finally:
        subprocess.run(["umount", str(folder)], check=True)


async def test_A5_the_disk_is_full(small_disk: Path) -> None:
    filler = small_disk / "filler"
    with ServerProcess(small_disk / "node", {"COWEAVE_SCRATCH": "1"}) as server:
        async with asyncio.timeout(60), under_load(server, writers=6, seed=4) as ledger:
            await ledger.reach(50)
            await asyncio.to_thread(_fill, filler)
            acked = await stands_still(server, ledger, seconds=4)
            filler.unlink()
            async with asyncio.timeout(5):
                await ledger.reach(acked + 50)
            await becomes_ready(server, seconds=2)


def _fill(path: Path) -> None:
    with path.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(bytes(4_096))
        except OSError:
            return


@pytest.fixture
def frozen_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system in a file, which can be made to stand still."""
    if os.geteuid() != 0 or not shutil.which("mkfs.ext4") or not shutil.which("fsfreeze"):
        pytest.skip("a file system in a file needs root, mkfs.ext4 and fsfreeze")
    image, folder = tmp_path / "image", tmp_path / "disk"
    folder.mkdir()
    with image.open("wb") as file:
        file.truncate(64 << 20)
    subprocess.run(["mkfs.ext4", "-q", image], check=True)
    subprocess.run(["mount", "-o", "loop", image, folder], check=True)
    try:
        yield folder
    finally:
        subprocess.run(["umount", folder], check=True)


@contextmanager
def frozen(folder: Path) -> Iterator[None]:
    """Whoever writes there waits until the end of the block."""
    subprocess.run(["fsfreeze", "-f", folder], check=True)
    try:
        yield
    finally:
        subprocess.run(["fsfreeze", "-u", folder], check=True)


async def test_A5_the_disk_stands_still(frozen_disk: Path) -> None:
    with ServerProcess(frozen_disk / "node", {"COWEAVE_SCRATCH": "1"}) as server:
        async with asyncio.timeout(60), under_load(server, writers=6, seed=5) as ledger:
            await ledger.reach(50)
            with frozen(frozen_disk):
                acked = await stands_still(server, ledger, seconds=4, reads=False)
            async with asyncio.timeout(5):
                await ledger.reach(acked + 50)
            await becomes_ready(server, seconds=2)
