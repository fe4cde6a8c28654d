"""A node that dies at each named point between an op and its ack (PROMISES A1, A4, A7, B1)."""

from __future__ import annotations

import asyncio
import os
import random
import signal
from pathlib import Path

import pytest

from tests.support.process import ServerProcess

from .crashing import POINTS
from .load import under_load


class CrashingServer(ServerProcess):
    """A node that can be told where to die."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, {"COWEAVE_SCRATCH": "1"})
        self.program = Path(__file__).with_name("crashing.py")

    def restart(self, point: str, times: int) -> None:
        """Start it with the fuse lit, or with none (`times` 0)."""
        self.environment["COWEAVE_CRASH_AT"] = f"{point}:{times}" if times else ""
        self.start()

    def dies(self) -> None:
        """Wait until it has killed itself. Fails if it ends otherwise, or not within the time."""
        ended = os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOWAIT)
        assert ended is not None and ended.si_code == os.CLD_KILLED, self.log
        assert ended.si_status == signal.SIGKILL, self.log
        self.kill()


async def crash_loop(folder: Path, seed: int, times: int) -> None:
    """Die `times` times at each point, in an order of the seed, under load."""
    chance = random.Random(seed)
    order = [point for point in POINTS for _ in range(times)]
    chance.shuffle(order)
    with CrashingServer(folder) as server:
        async with under_load(server, writers=6, seed=seed) as ledger:
            await ledger.reach(20)
            await asyncio.to_thread(server.kill)
            for point in order:
                # A snapshot is made once in a hundred ops, the rest happens all the time.
                reached = chance.randint(1, 2 if point == "mid_milestone" else 40)
                await asyncio.to_thread(server.restart, point, reached)
                async with asyncio.timeout(60):
                    await asyncio.to_thread(server.dies)
            await asyncio.to_thread(server.restart, "", 0)
            await ledger.reach(len(ledger.acked) + 20)


@pytest.mark.parametrize("seed", [1])
async def test_A1_a_node_dies_three_times_at_each_point(tmp_path: Path, seed: int) -> None:
    await crash_loop(tmp_path, seed, times=3)


@pytest.mark.soak
@pytest.mark.timeout(1_800)
@pytest.mark.parametrize("seed", range(200, 210))
async def test_A1_a_node_dies_many_times_at_each_point(tmp_path: Path, seed: int) -> None:
    await crash_loop(tmp_path, seed, times=10)
