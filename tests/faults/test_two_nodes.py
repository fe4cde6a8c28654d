"""Two nodes write the same documents (PROMISES B1, B3, B4, B5)."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.support.deployment import deployed

from .load import under_load


@pytest.mark.parametrize("locks", [True, False], ids=["locks", "no locks"])
async def test_B3_two_nodes_write_the_same_documents(tmp_path: Path, locks: bool) -> None:
    with deployed(tmp_path, environment={"COWEAVE_WRITE_LOCKS": str(int(locks))}) as here:
        async with asyncio.timeout(60), under_load(here, writers=18, seed=31) as ledger:
            await ledger.reach(1_000)
