"""Coweave on PostgreSQL and Redis: beside itself on SQLite and stock ShareDB; two nodes; what a lock costs.

    python -m tests.bench.nodes [--quick]

Beside others, a server has one core and the driver the other; PostgreSQL and Redis run where there is
room. One node beside two: whoever is there shares all cores with the driver, as the system likes.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import psycopg

from server.locks.redis import RedisLocks
from server.ports import DocumentId
from server.redis.link import Link
from tests.contracts import postgres
from tests.support.deployment import deployed
from tests.support.process import ServerProcess
from tests.support.redis_server import RedisServer

from .compare import cpu_name, writers
from .contents import design
from .peers import HERE, LIMITS, Peer, Peers, drive, pin

__all__ = ["main"]

COLUMNS = ("acked", "delivered", "p50", "p99", "overtaken", "postponed")
SIZE = 2_000


def busy(
    peer: Peer,
    folder: Path,
    seconds: float,
    urls: list[str] | None = None,
    cores: str = "1",
) -> dict[str, Any]:
    """S1: 50 people have one design open, 20 of them write without a pause."""
    documents = peer.make(folder, "busy", design(SIZE))
    options: dict[str, Any] = {"clients": 50, "writers": 20, "components": writers(SIZE)}
    if urls:
        options["urls"] = urls
    return drive(peer, "busy", documents, cores=cores, warm=1, seconds=seconds, **options)


@contextmanager
def sharedb(folder: Path) -> Iterator[Peer]:
    """Stock ShareDB with its own adapters of PostgreSQL and Redis."""
    with postgres.running() as cluster, RedisServer() as redis:
        database = cluster.make()
        with psycopg.connect(database, autocommit=True) as connection:
            connection.execute((HERE / "node_modules/sharedb-postgres/structure.sql").read_bytes())
        names = {"DATABASE_URL": database, "REDIS_URL": redis.url}
        with Peers(folder).running("ShareDB PostgreSQL", **names) as peer:
            yield peer


def counted(nodes: list[ServerProcess], name: str) -> int:
    """The sum of a counter over the nodes."""
    total = 0.0
    for node in nodes:
        with urllib.request.urlopen(f"{node.url}/metrics", timeout=10) as answer:
            for line in answer.read().decode().splitlines():
                if line.startswith(f"coweave_{name}_total "):
                    total += float(line.split()[1])
    return int(total)


def on_nodes(
    folder: Path, seconds: float, *, nodes: int, locks: bool = True, pinned: bool = False
) -> dict[str, Any]:
    """S1 on PostgreSQL and Redis, its people at so many nodes in turn."""
    with deployed(folder, environment={**LIMITS, "COWEAVE_WRITE_LOCKS": str(int(locks))}) as here:
        used = here.nodes[:nodes]
        if pinned:
            pin(used[0])
        peer = Peer("Coweave", used[0], "/ws/sharedb")
        urls = [node.socket_url for node in used]
        result = busy(peer, folder, seconds, urls, cores="1" if pinned else "0,1")
        result["overtaken"] = counted(used, "batches_overtaken")
        result["postponed"] = counted(used, "edits_postponed")
        return result


async def lock_cost(url: str, size: int, times: int) -> float:
    """Microseconds an edit to take and give back the locks of a batch of `size` edits."""
    locks = RedisLocks(Link.parse(url))
    document = DocumentId("default", "designs", "bench")
    groups = [frozenset({f"components/c{n}"}) for n in range(size)]
    every = frozenset().union(*groups)
    await locks.acquire(document, groups, "node")
    began = time.perf_counter()
    for _ in range(times):
        await locks.acquire(document, groups, "node")
        await locks.release(document, every, "node")
    spent = time.perf_counter() - began
    await locks.close()
    return spent / times / size * 1e6


def main(arguments: list[str]) -> int:
    """Run everything and print the tables."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.nodes")
    parser.add_argument("--quick", action="store_true", help="shorter runs")
    options = parser.parse_args(arguments)
    seconds = 3.0 if options.quick else 10.0
    at = time.strftime("%Y-%m-%d %H:%M", time.gmtime())
    print(f"{at} UTC, {cpu_name()}, {os.cpu_count()} cores; load {os.getloadavg()[0]:.1f}")
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="coweave-bench-")))

        def tell(name: str, result: dict[str, Any]) -> None:
            cells = (f"{column} {result[column]:,.1f}" for column in COLUMNS if column in result)
            print(f"S1 {name:34} {'  '.join(cells)}", flush=True)

        with Peers(folder).running("Coweave") as peer:
            tell("Coweave, SQLite", busy(peer, folder, seconds))
        beside = on_nodes(folder / "beside", seconds, nodes=1, pinned=True)
        tell("Coweave, PostgreSQL and Redis", beside)
        with sharedb(folder) as peer:
            tell("ShareDB, PostgreSQL and Redis", busy(peer, folder, seconds))
        one = on_nodes(folder / "one", seconds, nodes=1)
        tell("Coweave, one node, all cores", one)
        two = on_nodes(folder / "two", seconds, nodes=2)
        tell("Coweave, two nodes", two)
        tell(
            "Coweave, two nodes, no locks",
            on_nodes(folder / "free", seconds, nodes=2, locks=False),
        )
        share = two["acked"] / one["acked"]
        print(f"two nodes on one design reach {share:.0%} of one node's throughput (goal: 70%)")
        with RedisServer() as redis:
            for size in (1, 20, 100):
                cost = asyncio.run(lock_cost(redis.url, size, 300 if options.quick else 3_000))
                print(
                    f"write locks, batch of {size:3}: {cost:7.1f} µs an edit, taken and given back"
                )
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
