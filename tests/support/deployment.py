"""Coweave as it runs in production, in processes of its own: PostgreSQL, Redis, several nodes, a proxy.

`make cluster` starts one and tells where it is; tests start theirs, and do to its parts what they like.
"""

from __future__ import annotations

import argparse
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, nullcontext
from pathlib import Path

import pytest

from tests.contracts import postgres

from .process import ServerProcess
from .redis_server import RedisServer, Sentinels, free_port, needs_redis, replicated

__all__ = ["Deployment", "Haproxy", "deployed"]

SECRET = "a secret of the cluster in the tests, long enough"
CONFIG = Path(__file__).parents[2] / "deploy" / "haproxy.cfg"


class Haproxy:
    """HAProxy before two nodes, with the configuration of docker-compose.yml."""

    def __init__(self, ports: list[int]) -> None:
        self.port = free_port()
        self._environment = {"ADDRESS": f"127.0.0.1:{self.port}"}
        for number, port in enumerate(ports, 1):
            self._environment[f"NODE{number}"] = f"127.0.0.1:{port}"
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Returns when it leads to a node that is ready."""
        program = shutil.which("haproxy") or "/usr/sbin/haproxy"
        self._process = subprocess.Popen(
            [program, "-db", "-f", CONFIG],
            env=self._environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        deadline = time.monotonic() + 20
        while not _is_ready(self.url):
            assert self._process.poll() is None, "haproxy ended"
            assert time.monotonic() < deadline, "haproxy leads nowhere"
            time.sleep(0.05)

    def stop(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait(10)
            self._process = None


class Deployment:
    """Two nodes, and what they need. Made by `deployed`.

    It has what a single `ServerProcess` has for those who only want to be served: `url`,
    `socket_url`, `environment`, `database` (a file, for the checks).
    """

    def __init__(
        self,
        folder: Path,
        postgresql: postgres.Cluster,
        redis: RedisServer | Sentinels,
        nodes: list[ServerProcess],
        proxy: Haproxy | None,
    ) -> None:
        self.folder = folder
        self.postgresql = postgresql
        self.redis = redis
        self.nodes = nodes
        self.proxy = proxy
        self.database = folder / "copy.sqlite3"

    @property
    def environment(self) -> Mapping[str, str]:
        return self.nodes[0].environment

    @property
    def url(self) -> str:
        return self.nodes[0].url if self.proxy is None else self.proxy.url

    @property
    def socket_url(self) -> str:
        return self.url.replace("http", "ws", 1) + "/ws/sharedb"

    @property
    def socket_urls(self) -> list[str]:
        """Of each node; with a proxy, the proxy's."""
        return [n.socket_url for n in self.nodes] if self.proxy is None else [self.socket_url]


@contextmanager
def deployed(
    folder: Path,
    *,
    proxy: bool = False,
    redis: RedisServer | Sentinels | None = None,
    redis_url: str | None = None,
    environment: Mapping[str, str] | None = None,
    program: Path | None = None,
) -> Iterator[Deployment]:
    """All of it, started; stopped cleanly at the end, without a traceback in any node's log.

    Skips where a program is missing.

    Args:
        redis: one that runs already, instead of one of its own.
        redis_url: what the nodes are told, where something stands in between.
        environment: of all nodes, beside what ties them together.
        program: what all nodes run in place of `coweave`.
    """
    needs_redis()
    if proxy and shutil.which("haproxy", path="/usr/sbin:/usr/bin:/usr/local/sbin") is None:
        pytest.skip("haproxy is not on this machine (make test installs it where it may)")
    with ExitStack() as stack:
        postgresql = stack.enter_context(postgres.running())
        if redis is None:
            redis = stack.enter_context(RedisServer())
        shared = {
            "COWEAVE_DATABASE": postgresql.make(),
            "COWEAVE_REDIS": redis_url or redis.url,
            "COWEAVE_SECRET": SECRET,
            "COWEAVE_SCRATCH": "1",
            **(environment or {}),
        }
        processes = [ServerProcess(folder / f"node{n}", shared) for n in (1, 2)]
        for process in processes:
            process.program = program
            stack.enter_context(process)
        front = None
        if proxy:
            front = Haproxy([process.port for process in processes])
            stack.callback(front.stop)
            front.start()
        yield Deployment(folder, postgresql, redis, processes, front)


def _is_ready(url: str) -> bool:
    try:
        with urllib.request.urlopen(f"{url}/readyz", timeout=2) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def main(arguments: list[str]) -> int:
    """Run a deployment until Ctrl-C."""
    parser = argparse.ArgumentParser(prog="make cluster", description=main.__doc__)
    parser.add_argument("--sentinels", action="store_true", help="Redis with a replica, watched")
    options = parser.parse_args(arguments)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with tempfile.TemporaryDirectory(prefix="coweave-cluster-") as name:
        try:
            with (
                replicated() if options.sentinels else nullcontext() as redis,
                deployed(Path(name), proxy=True, redis=redis) as here,
            ):
                for number, node in enumerate(here.nodes, 1):
                    print(f"node {number}: {node.url}  pid {node.pid}")
                print(f"PostgreSQL: {here.environment['COWEAVE_DATABASE']}")
                print(f"Redis: {here.environment['COWEAVE_REDIS']}")
                print(f"Coweave is at {here.url}  (all of it ends, and is forgotten, with Ctrl-C)")
                sys.stdout.flush()
                signal.pause()
        except KeyboardInterrupt:
            return 0
        except pytest.skip.Exception as missing:
            print(missing, file=sys.stderr)
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
