"""Nodes are stopped and started in turn behind the proxy, under load (PROMISES F1)."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from server.store import migrate
from server.store.dialect import database_url
from tests.support.deployment import Deployment, deployed

from .ledger import Ledger
from .load import under_load
from .upgraded import write_revision

UPGRADED = Path(__file__).with_name("upgraded.py")


async def roll(here: Deployment, ledger: Ledger, *, program: Path | None = None) -> None:
    """Each node once: SIGTERM, then a start, as `program` if that is given; and 50 acks on.

    Nobody waits 3 s longer than they did while both were there.
    """
    for node in here.nodes:
        usual = await ledger.usual_wait()
        began = time.monotonic()
        assert await asyncio.to_thread(node.stop) == 0, node.log
        node.program = program
        await asyncio.to_thread(node.start)
        await ledger.reach(len(ledger.acked) + 50)
        longest = ledger.longest_wait(began)
        assert longest <= 3.0 + usual, f"{longest:.1f} s, without a restart {usual:.1f} s"


@pytest.mark.soak
async def test_F1_nodes_are_restarted_in_turn(tmp_path: Path) -> None:
    with deployed(tmp_path, proxy=True) as here:
        async with asyncio.timeout(120), under_load(here, writers=9, seed=51) as ledger:
            await ledger.reach(50)
            await roll(here, ledger)


async def test_F1_nodes_are_upgraded_in_turn_over_a_migration(tmp_path: Path) -> None:
    folder = tmp_path / "migrations"
    write_revision(folder)
    environment = {"COWEAVE_MIGRATIONS": str(folder)}
    with deployed(tmp_path, proxy=True, environment=environment) as here:
        async with asyncio.timeout(120), under_load(here, writers=9, seed=52) as ledger:
            await ledger.reach(50)
            await roll(here, ledger, program=UPGRADED)
            await asyncio.to_thread(_was_migrated, here.environment["COWEAVE_DATABASE"])


def _was_migrated(database: str) -> None:
    engine = create_engine(database_url(database))
    with engine.begin() as connection:
        assert connection.scalar(text("select min(later) + max(later) from ops")) == 14
        # What checks it is of the earlier version, which refuses a later one's database.
        head = migrate._scripts()[1].get_current_head()
        connection.execute(text("update alembic_version set version_num = :head"), {"head": head})
    engine.dispose()


@pytest.mark.soak
@pytest.mark.timeout(3_600)
async def test_F1_twenty_restarts(tmp_path: Path) -> None:
    with deployed(tmp_path, proxy=True) as here:
        async with asyncio.timeout(1_800), under_load(here, writers=12, seed=510) as ledger:
            for _ in range(10):
                await roll(here, ledger)
