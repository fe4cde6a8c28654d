"""A power cut: what was acked is on the disk, not only in the system's memory (PROMISES A2).

The node writes to a file system inside a file. A copy of that file, taken while it is mounted, is
what the disk would hold had the power gone at that moment: what was never synced is not in it.
"""

from __future__ import annotations

import asyncio
import os
import random
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from tests.support.process import ServerProcess

from .ledger import Entry, kept
from .load import TENANT, under_load

IMAGE_BYTES = 64 << 20


def run(*command: str | Path) -> None:
    subprocess.run(command, check=True, capture_output=True, timeout=60)


@contextmanager
def mounted(image: Path, folder: Path) -> Iterator[Path]:
    folder.mkdir()
    run("mount", "-o", "loop", image, folder)
    try:
        yield folder
    finally:
        run("umount", folder)


class Disk:
    """A file system in a file, and copies of it as power cuts leave them."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.image = folder / "image"
        self._cuts = 0
        with self.image.open("wb") as file:
            file.truncate(IMAGE_BYTES)
        run("mkfs.ext4", "-q", self.image)

    def cut(self, server: ServerProcess) -> Path:
        """A copy of the disk at this moment: the node stands still meanwhile."""
        self._cuts += 1
        copy = self._folder / f"cut{self._cuts}"
        os.kill(server.pid, signal.SIGSTOP)
        try:
            shutil.copyfile(self.image, copy)
        finally:
            os.kill(server.pid, signal.SIGCONT)
        return copy

    def lost(self, copy: Path, acked: list[Entry]) -> list[str]:
        """What is missing or wrong on a copy. The unsynced file shows that it really is one."""
        with mounted(copy, copy.with_suffix(".mounted")) as disk:
            faults = [] if not _holds_unsynced(disk) else ["the cut let unsynced data through"]
            for document in sorted({entry.document for entry in acked}):
                log = kept(disk / "node" / "coweave.sqlite3", TENANT, document, repair=True)
                faults += log.faults()
                there = {(row["version"], row["src"], row["seq"]) for row in log.rows}
                faults += [
                    f"{entry.token} was acked and is not on the disk"
                    for entry in acked
                    if entry.document == document
                    and (entry.version, entry.src, entry.seq) not in there
                ]
        copy.unlink()
        return faults


def _holds_unsynced(disk: Path) -> bool:
    path = disk / "unsynced"
    return path.exists() and b"x" in path.read_bytes()


@pytest.fixture
def disk(tmp_path: Path) -> Disk:
    if os.geteuid() != 0 or not shutil.which("mkfs.ext4"):
        pytest.skip("a file system in a file needs root and mkfs.ext4")
    return Disk(tmp_path)


async def cut_loop(disk: Disk, server: ServerProcess, cuts: int, seed: int) -> list[str]:
    """Cut the power `cuts` times, at moments of the seed, under load. Returns what was lost."""
    chance = random.Random(seed)
    faults: list[str] = []
    unsynced = server.folder.parent / "unsynced"
    async with under_load(server, writers=6, seed=seed) as ledger:
        for _ in range(cuts):
            await ledger.reach(len(ledger.acked) + chance.randint(1, 100))
            unsynced.write_bytes(b"x" * 1_000)
            acked = [replace(entry) for entry in ledger.acked]
            copy = await asyncio.to_thread(disk.cut, server)
            unsynced.unlink()
            faults += await asyncio.to_thread(disk.lost, copy, acked)
    return faults


@pytest.mark.parametrize(
    ("seed", "cuts"),
    [
        (1, 10),
        *(
            pytest.param(seed, 25, marks=[pytest.mark.soak, pytest.mark.timeout(600)])
            for seed in (2, 3)
        ),
    ],
)
async def test_A2_what_was_acked_survives_a_power_cut(
    tmp_path: Path, disk: Disk, seed: int, cuts: int
) -> None:
    with mounted(disk.image, tmp_path / "disk") as folder:
        with ServerProcess(folder / "node", {"COWEAVE_SCRATCH": "1"}) as server:
            assert await cut_loop(disk, server, cuts, seed) == [], f"seed {seed}"


WEAKER = """
import sys
from server import cli
from server.store import dialect

set_pragmas = dialect._set_pragmas

def weaker(connection):
    set_pragmas(connection)
    connection.execute("PRAGMA synchronous = NORMAL")

dialect._set_pragmas = weaker
sys.exit(cli.main())
"""


async def test_A2_the_rig_sees_what_is_not_synced(tmp_path: Path, disk: Disk) -> None:
    """A node that does not wait for the disk loses what it has acked, and that is found out."""
    with mounted(disk.image, tmp_path / "disk") as folder:
        server = ServerProcess(folder / "node", {"COWEAVE_SCRATCH": "1"})
        server.program = tmp_path / "weaker.py"
        server.program.write_text(WEAKER)
        with server:
            lost = await cut_loop(disk, server, 2, seed=4)
    assert any("acked and is not on the disk" in fault for fault in lost), lost
