"""PostgreSQL is killed, stopped, and comes back, under a node under load (PROMISES A1, A5, F6)."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.contracts.postgres import Cluster, running
from tests.support.process import ServerProcess

from .load import becomes_ready, stands_still, under_load


@pytest.fixture
def cluster() -> Iterator[Cluster]:
    with running() as cluster:
        yield cluster


@pytest.fixture
def server(tmp_path: Path, cluster: Cluster) -> ServerProcess:
    environment = {"COWEAVE_SCRATCH": "1", "COWEAVE_DATABASE": cluster.make()}
    return ServerProcess(tmp_path / "node", environment)


async def test_A1_what_was_acked_survives_the_databases_death(
    server: ServerProcess, cluster: Cluster
) -> None:
    with server:
        async with asyncio.timeout(120), under_load(server, writers=6, seed=11) as ledger:
            for _ in range(3):
                await ledger.reach(len(ledger.acked) + 50)
                await asyncio.to_thread(cluster.kill)
                acked = await stands_still(server, ledger, seconds=4, reads=False)
                await asyncio.to_thread(cluster.start)
                async with asyncio.timeout(10):
                    await ledger.reach(acked + 50)
                await becomes_ready(server, seconds=2)
            # And both at once.
            await asyncio.to_thread(cluster.kill)
            await asyncio.to_thread(server.kill)
            await asyncio.to_thread(cluster.start)
            await asyncio.to_thread(server.start)
            await ledger.reach(len(ledger.acked) + 50)


async def test_A1_what_was_acked_survives_sigkill_on_postgresql(server: ServerProcess) -> None:
    with server:
        async with asyncio.timeout(120), under_load(server, writers=6, seed=12) as ledger:
            for _ in range(3):
                await ledger.reach(len(ledger.acked) + 60)
                await asyncio.to_thread(server.kill)
                await asyncio.to_thread(server.start)
