"""One of two nodes is cut off from PostgreSQL, or from Redis, and nobody tells it (PROMISES F3)."""

from __future__ import annotations

import asyncio
import urllib.parse
from pathlib import Path

import pytest

from tests.support.deployment import deployed
from tests.support.netns import another_host
from tests.support.process import ServerProcess
from tests.support.proxy import Proxy
from tests.support.redis_server import RedisServer, needs_redis

from .load import becomes_ready, under_load


@pytest.mark.parametrize("what", ["PostgreSQL", pytest.param("Redis", marks=pytest.mark.soak)])
async def test_F3_a_node_is_cut_off(tmp_path: Path, what: str) -> None:
    needs_redis()
    with another_host() as host, RedisServer() as redis, deployed(tmp_path, redis=redis) as here:
        database = here.environment["COWEAVE_DATABASE"]
        port = urllib.parse.urlsplit(database).port
        assert port is not None
        async with Proxy(port, host.outside) as sql, Proxy(redis.port, host.outside) as keys:
            far = ServerProcess(tmp_path / "far", dict(here.environment))
            far.environment |= {
                "COWEAVE_HOST": host.inside,
                "COWEAVE_PORT": "0",
                "COWEAVE_DEVELOPMENT": "1",
                "COWEAVE_ALLOWED_HOSTS": host.inside,
                "COWEAVE_DATABASE": database.replace(f"127.0.0.1:{port}", sql.address),
                "COWEAVE_REDIS": f"redis://{keys.address}",
            }
            far.enter = host.enter
            await asyncio.to_thread(here.nodes[0].stop)
            await asyncio.to_thread(far.start)
            here.nodes[0] = far
            try:
                async with asyncio.timeout(100), under_load(here, writers=6, seed=61) as ledger:
                    await ledger.reach(60)
                    host.drop((sql if what == "PostgreSQL" else keys).port)
                    if what == "PostgreSQL":
                        await becomes_ready(far, False, seconds=4)
                        await becomes_ready(here.nodes[1], seconds=1)
                    await ledger.reach(
                        len(ledger.acked) + 60
                    )  # at the other node, or without Redis
                    await asyncio.sleep(5)  # longer than a connection is waited for
                    host.mend()
                    await becomes_ready(far, seconds=8)
                    await ledger.reach(len(ledger.acked) + 60)
            finally:
                await asyncio.to_thread(far.stop)
                here.nodes[0] = here.nodes[1]
