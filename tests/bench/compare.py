"""Our server beside those it is compared with, one after the other on the same core: `make bench`.

    python -m tests.bench.compare [--quick] [--only S1,S2] [--repeat 3] [--patience 60] [--json FILE]

What counts are the ratios of one run, by processor time: figures differ from machine to machine, and
wall-clock figures also with what else the machine does. `docs/performance.md` says how to read them.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
from websockets.sync.client import connect

from tests.contracts import postgres
from tests.support.redis_server import RedisServer

from .contents import component_ids, design
from .peers import HERE, LIMITS, Peer, Peers, drive, pin, snapshot

__all__ = ["main"]

Result = dict[str, Any]

OURS, BARE, SHAREDB, ON_POSTGRES = "Coweave", "bare", "ShareDB", "ShareDB PostgreSQL"
OURS_ON_POSTGRES = "Coweave PostgreSQL"
HOCUSPOCUS = "Hocuspocus"


def writers(count: int) -> list[str]:
    """The components of 20 writers, spread over a design of `count`."""
    return [f"c{1 + n * (count // 20)}" for n in range(20)]


class Bench:
    """Runs scenarios and keeps what they gave: `results[scenario][server]`."""

    def __init__(self, folder: Path, *, quick: bool, repeat: int, patience: float) -> None:
        self.folder, self.quick = folder, quick
        self.repeat, self.patience = repeat, patience
        self.seconds = 3 if quick else 10
        self.results: dict[str, dict[str, Result]] = {}
        self._peers = Peers(folder)

    def run(self, scenario: str, servers: tuple[str, ...], play: Callable[[Peer], Result]) -> None:
        """Play it on each server, as often as asked; the least disturbed run of each is kept."""
        kept = self.results.setdefault(scenario, {})
        for _ in range(self.repeat):
            for name in servers:
                wait_for_quiet(self.patience)
                with self._running(name) as peer:
                    if name == OURS:
                        assert_durable(peer)
                    result = play(peer)
                told = {
                    key: round(value, 2)
                    for key, value in result.items()
                    if isinstance(value, float | int)
                }
                print(f"{scenario:12} {name:20} {told}", flush=True)
                if name not in kept or _disturbance(result) < _disturbance(kept[name]):
                    kept[name] = result

    @contextmanager
    def _running(self, name: str) -> Iterator[Peer]:
        if name not in (ON_POSTGRES, OURS_ON_POSTGRES):
            with self._peers.running(name) as peer:
                yield peer
            return
        with tempfile.TemporaryDirectory(prefix="coweave-pg-") as folder:
            cluster = postgres.Cluster(Path(folder))
            cluster.start()
            try:
                url = f"{cluster.url}/postgres"
                if name == OURS_ON_POSTGRES:
                    with RedisServer() as redis:
                        ties = {"COWEAVE_DATABASE": url, "COWEAVE_REDIS": redis.url}
                        with self._peers.running(name, **ties) as peer:
                            yield peer
                    return
                with psycopg.connect(url, autocommit=True) as connection:
                    connection.execute(
                        (HERE / "node_modules/sharedb-postgres/structure.sql").read_bytes()
                    )
                with self._peers.running(name, DATABASE_URL=url) as peer:
                    yield peer
            finally:
                cluster.stop()

    # -- scenarios ---------------------------------------------------------------------------------

    def busy(self, count: int = 2_000, clients: int = 50) -> Callable[[Peer], Result]:
        def play(peer: Peer) -> Result:
            options = {
                "clients": clients,
                "writers": 20,
                "components": writers(count),
                "warm": 1,
                "seconds": self.seconds,
            }
            if peer.name == HOCUSPOCUS:
                content = design(count)["components"]
                return drive(peer, "busy", ["busy"], content=content, **options)
            documents = peer.make(self.folder, f"busy{count}", design(count))
            return drive(peer, "busy", documents, **options)

        return play

    def open_loop(self, peer: Peer) -> Result:
        documents = peer.make(self.folder, "open", design(2_000))
        return drive(
            peer,
            "open",
            documents,
            clients=20,
            rate=10,
            components=writers(2_000),
            warm=1,
            seconds=self.seconds,
        )

    def rooms(self, peer: Peer) -> Result:
        documents = peer.make(self.folder, "rooms", design(20), 500)
        return drive(
            peer, "rooms", documents, components=["c1", "c2"], warm=2, seconds=self.seconds
        )

    def load(self, peer: Peer) -> Result:
        documents = [
            *peer.make(self.folder, "large", design(10_000)),
            *peer.make(self.folder, "small", design(20)),
        ]
        options = {"http": peer.program.url} if peer.is_ours else {}
        return drive(
            peer, "load", documents, components=["c1"], many=20, times=5, rounds=3, **options
        )

    def history(self, count: int) -> Callable[[Peer], Result]:
        def play(peer: Peer) -> Result:
            documents = peer.make(self.folder, f"history{count}", design(count))
            versions = 3_000 if self.quick else 20_000
            times = 100 if self.quick else 400
            return drive(
                peer,
                "history",
                documents,
                components=component_ids(count),
                versions=versions,
                times=times,
            )

        return play

    def come_back(self, peer: Peer) -> Result:
        # 200 components that others edit and as many that are the client's own.
        documents = peer.make(self.folder, "comeback", design(400))
        missed, own = (500, 50) if self.quick else (5_000, 200)
        return drive(
            peer,
            "comeBack",
            documents,
            components=component_ids(400),
            missed=missed,
            own=own,
            patience=30 if self.quick else 90,
        )

    def idle(self, peer: Peer) -> Result:
        documents = peer.make(self.folder, "idle", design(20))
        return drive(peer, "idle", documents, clients=500 if self.quick else 2_000)

    def room(self, peer: Peer) -> Result:
        """What each further design of 10,000 components takes in memory while somebody has it open."""
        content = design(10_000)
        documents = peer.make(self.folder, "room", content, 6)
        peer.program.stop()  # so that nothing of the import is left
        peer.program.start()
        pin(peer.program)
        with connect(peer.socket_url, proxy=None, compression=None, max_size=None) as socket:
            small = {"a": "s", "c": "designs", "d": "none", "v": None}
            socket.send(json.dumps(small))
            socket.recv()
            seen = []
            for document in documents:
                socket.send(json.dumps({**small, "d": document}))
                told = json.loads(socket.recv(timeout=60))
                assert len(told["data"]["data"]["components"]) == 10_000
                time.sleep(0.5)
                seen.append(resident_bytes(peer.program.pid))
            # The first one also makes what opening takes and gives back: room that the next ones use.
            grown = (seen[-1] - seen[0]) / (len(seen) - 1)
        size = len(json.dumps(content, separators=(",", ":")))
        return {"roomMB": grown / 1e6, "jsonMB": size / 1e6, "timesJson": grown / size}

    def kill(self) -> None:
        """SIGKILL right after a busy room's last ack: all that was acked must be there."""
        with self._peers.running(OURS) as peer:
            result = self.busy()(peer)
            peer.program.kill()
            peer.program.start()
            for document, component, acked in result["kept"]:
                kept = snapshot(peer, document)["data"]["components"][component]["props"]["label"]
                assert int(kept) >= acked, f"{component} is at {kept}; {acked} was acked"
            acked = sum(value for _, _, value in result["kept"])
        print(
            f"after SIGKILL all {acked:,} acked edits are there; no version came twice or was missing"
        )


def resident_bytes(pid: int) -> int:
    """What it has in memory now."""
    pages = Path(f"/proc/{pid}/statm").read_text("utf-8").split()[1]
    return int(pages) * os.sysconf("SC_PAGE_SIZE")


def assert_durable(peer: Peer) -> None:
    """Every connection of a node asks for `synchronous=FULL` and refuses to go on without; here: WAL is on."""
    from server.store.dialect import database_url, make_engine

    url = f"sqlite:///{peer.program.folder / 'coweave.sqlite3'}"
    engine = make_engine(database_url(url), connections=1, writes=True)
    with engine.connect() as connection:
        assert connection.exec_driver_sql("PRAGMA synchronous").scalar() == 2
    engine.dispose()
    with sqlite3.connect(peer.program.folder / "coweave.sqlite3") as raw:
        assert raw.execute("PRAGMA journal_mode").fetchone() == ("wal",)


def _disturbance(result: Result) -> float:
    """Grows with what else the machine did meanwhile: processor time an edit, or time."""
    for key in ("usPerOp", "p50", "alone", "oneAtATime", "perConnectionKB", "timesJson"):
        if key in result:
            return float(result[key] or 1e9)
    raise AssertionError(result)


def wait_for_quiet(seconds: float) -> None:
    """Until both cores have been idle for most of a second, but no longer than `seconds`."""

    def times() -> tuple[int, int]:
        fields = [int(field) for field in Path("/proc/stat").read_text().split("\n")[0].split()[1:]]
        return fields[3] + fields[4], sum(fields)

    end = time.monotonic() + seconds
    while time.monotonic() < end:
        idle, total = times()
        time.sleep(1)
        later_idle, later_total = times()
        if later_idle - idle > 0.7 * (later_total - total):
            return


Goal = tuple[str, str, float | None, str, float]
"""What, of what, its value, how it compares (">=" or "<="), to what."""


def goals(results: dict[str, dict[str, Result]]) -> Iterator[Goal]:
    """The table of goals, as far as this run can tell."""

    def get(scenario: str, server: str, key: str) -> float | None:
        value: float | None = results.get(scenario, {}).get(server, {}).get(key)
        return value

    def ratio(scenario: str, key: str, other: str, other_key: str | None = None) -> float | None:
        ours, theirs = get(scenario, OURS, key), get(scenario, other, other_key or key)
        return ours / theirs if ours and theirs else None

    def inverse(*args: str) -> float | None:
        value = ratio(*args)
        return 1 / value if value else None

    yield (
        "S1, 2,000 components",
        "acked/s, times ShareDB memory",
        ratio("S1", "acked", SHAREDB),
        ">=",
        100,
    )
    yield "S1, 2,000 components", "per core, times bare", ratio("S1", "perCore", BARE), ">=", 0.6
    yield "S1, stretch", "per core, times Hocuspocus", ratio("S1", "perCore", HOCUSPOCUS), ">=", 1
    yield (
        "S1, PostgreSQL and Redis",
        "acked/s, times ShareDB PostgreSQL",
        (get("S1", OURS_ON_POSTGRES, "acked") or 0) / (get("S1", ON_POSTGRES, "acked") or 1e9)
        or None,
        ">=",
        1_000,
    )
    yield (
        "S1, PostgreSQL and Redis",
        "acked/s, times ours on SQLite",
        (get("S1", OURS_ON_POSTGRES, "acked") or 0) / (get("S1", OURS, "acked") or 1e9) or None,
        ">=",
        0.5,
    )
    yield "S1, 200 readers", "per core, times bare", ratio("S1 N=200", "perCore", BARE), ">=", 0.6
    yield (
        "S1, 20 components",
        "acked/s, times ShareDB memory",
        ratio("S1 20", "acked", SHAREDB),
        ">=",
        10,
    )
    yield "S1b", "ack p50, ms", get("S1b", OURS, "p50"), "<=", 2
    yield "S1b", "ack p99, ms", get("S1b", OURS, "p99"), "<=", 10
    yield "S1b", "share of a core", get("S1b", OURS, "cpu"), "<=", 0.1
    yield "S2", "per core, times ShareDB memory", ratio("S2", "perCore", SHAREDB), ">=", 4
    yield "S3, alone", "times faster than ShareDB", inverse("S3", "alone", SHAREDB), ">=", 5
    yield (
        "S3, slowest of 20",
        "times faster than ShareDB",
        inverse("S3", "slowest", SHAREDB),
        ">=",
        3,
    )
    yield (
        "S3, HTTP alone",
        "times faster than ShareDB",
        inverse("S3", "httpAlone", SHAREDB, "alone"),
        ">=",
        5,
    )
    yield (
        "S3, HTTP, slowest of 20",
        "times faster than ShareDB",
        inverse("S3", "httpSlowest", SHAREDB, "slowest"),
        ">=",
        3,
    )
    yield "S3, bystander", "ack p99, times bare's", ratio("S3", "bystanderP99", BARE), "<=", 2
    yield "S3, HTTP", "KB of 4.5 MB", (get("S3", OURS, "httpBytes") or 0) / 1_000 or None, "<=", 400
    yield "S4, 200 components", "p50, ms", get("S4", OURS, "p50"), "<=", 2
    yield "S4, 200 components", "p99, ms", get("S4", OURS, "p99"), "<=", 15
    yield "S4, 10,000 components", "p50, ms", get("S4 large", OURS, "p50"), "<=", 40
    yield (
        "S5, one at a time",
        "times faster than ShareDB",
        inverse("S5", "oneAtATime", SHAREDB),
        ">=",
        2,
    )
    yield "S5, 200 pipelined", "ms", get("S5", OURS, "pipelined"), "<=", 100
    yield "room of 10,000 components", "times its JSON", get("room", OURS, "timesJson"), "<=", 8
    yield "idle connection", "KB", get("idle", OURS, "perConnectionKB"), "<=", 64


def main(arguments: list[str]) -> int:
    """Run the scenarios and print the tables. Returns 0: goals that are missed are told, not judged."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.compare")
    parser.add_argument("--quick", action="store_true", help="about 2 minutes")
    parser.add_argument("--only", default="", help="scenarios, with commas: S1,S1 N=200,S2,…")
    parser.add_argument("--repeat", type=int, default=1, help="runs of each; the best is kept")
    parser.add_argument(
        "--patience", type=float, default=0, help="seconds to wait for a quiet machine before each"
    )
    parser.add_argument("--json", type=Path, help="write all results here too")
    options = parser.parse_args(arguments)
    wanted = set(filter(None, options.only.split(",")))
    at = time.strftime("%Y-%m-%d %H:%M", time.gmtime())
    print(
        f"{at} UTC, {cpu_name()}, {os.cpu_count()} cores, Python {platform.python_version()};"
        f" load {os.getloadavg()[0]:.1f}"
    )
    print(
        f"limits lifted for the bench: {', '.join(f'{key}={value}' for key, value in LIMITS.items())}"
    )
    with tempfile.TemporaryDirectory(prefix="coweave-bench-") as folder:
        bench = Bench(
            Path(folder),
            quick=options.quick,
            repeat=options.repeat,
            patience=options.patience,
        )
        full = not options.quick
        beside = (OURS, BARE, SHAREDB)
        on_postgres: tuple[str, ...] = ()
        if full and postgres.found() and shutil.which("redis-server"):
            on_postgres = (ON_POSTGRES, OURS_ON_POSTGRES)
        # It is optional: its SQLite driver may have to be compiled.
        yjs = (HOCUSPOCUS,) if full and (HERE / "node_modules/better-sqlite3").exists() else ()
        plan: list[tuple[str, tuple[str, ...], Callable[[Peer], Result]]] = [
            ("S1", (*beside, *on_postgres, *yjs), bench.busy()),
            ("S1 20", beside, bench.busy(20)),
            ("S1 N=200", (OURS, BARE), bench.busy(2_000, 200)),
            ("S1b", (OURS, BARE), bench.open_loop),
            ("S2", beside, bench.rooms),
            ("S3", beside, bench.load),
            ("S4", (OURS, SHAREDB), bench.history(200)),
            ("S4 large", (OURS,), bench.history(10_000)),
            ("S5", (OURS, SHAREDB), bench.come_back),
            ("room", (OURS,), bench.room),
            ("idle", (OURS,), bench.idle),
        ]
        if full and (not wanted or "S1" in wanted):
            for name, is_there in ((ON_POSTGRES, on_postgres), (HOCUSPOCUS, yjs)):
                if not is_there:
                    print(f"{name} is not here: docs/performance.md says what it needs")
        for scenario, servers, play in plan:
            if wanted and scenario not in wanted:
                continue
            if options.quick and scenario in ("S1 N=200", "S4 large"):
                continue
            bench.run(scenario, servers, play)
        if not wanted or "kill" in wanted:
            bench.kill()
        report(bench.results)
        if options.json:
            options.json.write_text(json.dumps(bench.results, indent=1))
    return 0


def report(results: dict[str, dict[str, Result]]) -> None:
    """The tables."""
    columns = (
        "acked",
        "perCore",
        "usPerOp",
        "delivered",
        "deliveredPerCore",
        "p50",
        "p99",
        "cpu",
        "driverCpu",
    )
    print(f"\n{'':31}" + "".join(f"{column:>18}" for column in columns))
    for scenario, servers in results.items():
        for name, result in servers.items():
            if "acked" not in result:
                continue
            cells = (_cell(result[column]) for column in columns)
            print(f"{scenario:10} {name:20}" + "".join(f"{cell:>18}" for cell in cells))
    print()
    for what, of, value, sign, bound in goals(results):
        if value is None:
            continue
        is_met = value >= bound if sign == ">=" else value <= bound
        print(
            f"{what:26} {of:32} {_cell(value):>10}  {sign} {bound:g}  {'met' if is_met else 'MISSED'}"
        )


def _cell(value: float | None) -> str:
    if value is None:
        return "-"
    return f"{value:,.0f}" if value >= 100 else f"{value:.2f}"


def cpu_name() -> str:
    """As Linux tells it."""
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(": ")[2]
    return platform.machine()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
