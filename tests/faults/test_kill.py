"""SIGKILL under load: what was acked is there, once, and in order (PROMISES A1, A4, A8, B1, B3)."""

from __future__ import annotations

import asyncio
import random
from pathlib import Path

import pytest

from tests.support.process import ServerProcess

from .load import under_load


async def kill_loop(folder: Path, seed: int, kills: int, writers: int) -> None:
    chance = random.Random(seed)
    with ServerProcess(folder, {"COWEAVE_SCRATCH": "1"}) as server:
        async with under_load(server, writers, seed) as ledger:
            for _ in range(kills):
                # The moment: so many more acks, then up to 50 ms into whatever goes on then.
                async with asyncio.timeout(60):
                    await ledger.reach(len(ledger.acked) + chance.randint(writers, 40 * writers))
                await asyncio.sleep(chance.random() * 0.05)
                await asyncio.to_thread(server.kill)
                await asyncio.to_thread(server.start)


@pytest.mark.parametrize("seed", [1, 2])
async def test_A1_what_was_acked_survives_sigkill(tmp_path: Path, seed: int) -> None:
    await kill_loop(tmp_path, seed, kills=10, writers=6)


@pytest.mark.soak
@pytest.mark.timeout(3_600)
@pytest.mark.parametrize("seed", range(100, 110))
async def test_A1_two_hundred_kills(tmp_path: Path, seed: int) -> None:
    await kill_loop(tmp_path, seed, kills=20, writers=9)
