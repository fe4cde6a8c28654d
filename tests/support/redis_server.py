"""Redis servers of our own on free ports, and the Sentinels that watch them."""

from __future__ import annotations

import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Self

import pytest
from redis import Redis
from redis.exceptions import RedisError

__all__ = ["RedisServer", "Sentinels", "free_port", "needs_redis", "replicated"]

SERVICE = "coweave"


def free_port() -> int:
    """A port of the loopback address that nobody listens at."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def needs_redis(*programs: str) -> None:
    """Skip the test where one of them is missing."""
    for program in programs or ("redis-server",):
        if shutil.which(program) is None:
            pytest.skip(f"{program} is not on this machine (make test installs it where it may)")


class RedisServer:
    """One `redis-server` that keeps nothing on disk. A context manager: started, and killed at the end.

    `start` after `kill` gives an empty one at the same port.
    """

    def __init__(
        self, *options: str, program: str = "redis-server", file: Path | None = None
    ) -> None:
        self.port = free_port()
        self._options = options
        self._program = program
        self._file = file  # Sentinels write their state into their configuration
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}"

    def client(self, seconds: float = 5) -> Redis:
        """A blocking client; the caller closes it."""
        return Redis(port=self.port, socket_timeout=seconds, decode_responses=True)

    def run(self, *command: str | int) -> object:
        """One command, as redis-cli would send it."""
        with self.client() as client:
            answer: object = client.execute_command(*command)
            return answer

    def start(self) -> None:
        """Returns when it answers."""
        assert self._process is None, "already started"
        base = ["--port", str(self.port), "--bind", "127.0.0.1"]
        if self._file is None:
            base += ["--save", "", "--appendonly", "no"]
        command = [self._program, *([str(self._file)] if self._file else []), *base, *self._options]
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        deadline = time.monotonic() + 20
        while True:
            try:
                self.run("PING")
                return
            except (RedisError, OSError):
                assert self._process.poll() is None, "it ended"
                assert time.monotonic() < deadline, "it does not answer"
                time.sleep(0.01)

    def signal(self, sig: signal.Signals) -> None:
        assert self._process is not None, "not started"
        self._process.send_signal(sig)

    def stop(self) -> None:
        """SIGSTOP: connections stay, and nothing answers, until `go_on`."""
        self.signal(signal.SIGSTOP)

    def go_on(self) -> None:
        self.signal(signal.SIGCONT)

    def kill(self) -> None:
        """SIGKILL: everything that it knew is gone."""
        assert self._process is not None, "not started"
        process, self._process = self._process, None
        process.kill()
        process.wait(10)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._process is not None:
            self.kill()


class Sentinels:
    """A server, its replica, and three Sentinels that watch them; as `replicated` makes them."""

    def __init__(self, servers: list[RedisServer], sentinels: list[RedisServer]) -> None:
        self.servers = servers
        self.sentinels = sentinels

    @property
    def url(self) -> str:
        hosts = ",".join(f"127.0.0.1:{one.port}" for one in self.sentinels)
        return f"redis+sentinel://{hosts}/{SERVICE}"

    def primary(self) -> RedisServer:
        """The one that takes writes, by what it says itself; waits until there is exactly one."""
        deadline = time.monotonic() + 20
        while True:
            found = []
            for server in self.servers:
                with suppress(RedisError, OSError):
                    role = server.run("ROLE")
                    if isinstance(role, list) and role[0] == "master":
                        found.append(server)
            if len(found) == 1:
                return found[0]
            assert time.monotonic() < deadline, f"{len(found)} primaries"
            time.sleep(0.05)

    def replica(self) -> RedisServer:
        primary = self.primary()
        return next(server for server in self.servers if server is not primary)


@contextmanager
def replicated(down_after_ms: int = 800) -> Iterator[Sentinels]:
    """A server with a replica, and three Sentinels that agree on it. Skips where there is none."""
    needs_redis("redis-server", "redis-sentinel")
    with tempfile.TemporaryDirectory(prefix="coweave-redis-") as name, ExitStack() as stack:
        folder = Path(name)
        primary = stack.enter_context(RedisServer())
        replica = stack.enter_context(
            RedisServer(
                "--replicaof", "127.0.0.1", str(primary.port), "--repl-diskless-sync-delay", "0"
            )
        )
        sentinels = []
        for number in range(3):
            file = folder / f"sentinel{number}.conf"
            file.write_text(
                f"dir {folder}\n"
                f"sentinel monitor {SERVICE} 127.0.0.1 {primary.port} 2\n"
                f"sentinel down-after-milliseconds {SERVICE} {down_after_ms}\n"
                f"sentinel failover-timeout {SERVICE} 4000\n"
            )
            sentinels.append(stack.enter_context(RedisServer(program="redis-sentinel", file=file)))
        group = Sentinels([primary, replica], sentinels)
        _wait_for(lambda: _replicates(replica))
        _wait_for(lambda: all(_knows_all(sentinel) for sentinel in sentinels))
        yield group


def _replicates(replica: RedisServer) -> bool:
    role = replica.run("ROLE")
    return isinstance(role, list) and role[0] == "slave" and role[3] == "connected"


def _knows_all(sentinel: RedisServer) -> bool:
    with sentinel.client() as client:
        state = client.sentinel_master(SERVICE)
        return bool(state["num-other-sentinels"] == 2 and state["num-slaves"] == 1)


def _wait_for(is_so: object) -> None:
    assert callable(is_so)
    deadline = time.monotonic() + 20
    while not is_so():
        assert time.monotonic() < deadline, "the Sentinels do not agree"
        time.sleep(0.05)
