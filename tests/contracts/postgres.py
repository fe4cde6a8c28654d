"""A PostgreSQL of our own on a free port, in a folder that goes away with the tests."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from itertools import count
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from server.store.dialect import database_url

__all__ = ["Cluster", "found", "postgres", "postgres_database", "running"]

_numbers = count(1)


@pytest.fixture(scope="session")
def postgres() -> Iterator[Cluster]:
    with running() as cluster:
        yield cluster


@pytest.fixture
def postgres_database(postgres: Cluster) -> str:
    """The URL of an empty database."""
    return postgres.make()


def found() -> bool:
    """Whether PostgreSQL's programs are on this machine (root also needs its user and `runuser`)."""
    return bool(_program("initdb") and _program("pg_ctl")) and (
        os.geteuid() != 0 or bool(shutil.which("runuser"))
    )


def _program(name: str) -> str | None:
    """Debian keeps the newest version's programs away from the path."""
    versions = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))
    return str(versions[-1]) if versions else shutil.which(name)


def _run(*command: str | Path) -> None:
    # PostgreSQL refuses to run as root.
    user = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
    done = subprocess.run(
        [*user, *map(str, command)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=60,
        check=False,
        cwd="/",
    )
    assert done.returncode == 0, done.stdout


class Cluster:
    """A PostgreSQL with its data in an empty folder, on a port of its own. Not started yet."""

    def __init__(self, folder: Path) -> None:
        if os.geteuid() == 0:
            shutil.chown(folder, "postgres")
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self._port = free.getsockname()[1]
        self._folder = folder
        self._data = folder / "data"
        self.url = f"postgresql://coweave@127.0.0.1:{self._port}"
        """Without the name of a database."""
        options = ("-U", "coweave", "-A", "trust", "-E", "UTF8")
        _run(_program("initdb") or "initdb", "-D", self._data, *options)

    def start(self) -> None:
        """Also after `kill`: what it left behind goes away within seconds, and is waited for."""
        options = f"-p {self._port} -c listen_addresses=127.0.0.1 -k {self._folder}"
        deadline = time.monotonic() + 20
        while True:
            try:
                self._control("-l", self._folder / "log", "-o", options, "start")
                return
            except AssertionError:
                if time.monotonic() > deadline:
                    raise

    def stop(self) -> None:
        """Unless it was killed."""
        if _is_alive(self._pid):
            self._control("-m", "immediate", "stop")

    def kill(self) -> None:
        """SIGKILL to the whole of it, as by a machine that dies; returns when all of it is gone."""
        pid = self._pid
        listed = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        for process in (pid, *listed):
            with suppress(ProcessLookupError):
                os.kill(int(process), signal.SIGKILL)
        deadline = time.monotonic() + 10
        while any(_is_alive(process) for process in (pid, *listed)):
            assert time.monotonic() < deadline, "PostgreSQL does not die"
            time.sleep(0.02)

    @property
    def _pid(self) -> str:
        return self._data.joinpath("postmaster.pid").read_text().splitlines()[0]

    def make(self) -> str:
        """The URL of a new, empty database."""
        name = f"coweave{next(_numbers)}"
        engine = create_engine(database_url(f"{self.url}/postgres"), isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.execute(text(f"create database {name}"))
        engine.dispose()
        return f"{self.url}/{name}"

    def _control(self, *arguments: str | Path) -> None:
        _run(_program("pg_ctl") or "pg_ctl", "-D", self._data, "-w", *arguments)


def _is_alive(pid: str) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


@contextmanager
def running() -> Iterator[Cluster]:
    """A PostgreSQL that serves until the end of the block. Skips where there is none."""
    if not found():
        pytest.skip("PostgreSQL is not on this machine")
    # Not among pytest's folders: those are closed to PostgreSQL's user at times.
    with tempfile.TemporaryDirectory(prefix="coweave-pg-") as folder:
        cluster = Cluster(Path(folder))
        cluster.start()
        try:
            yield cluster
        finally:
            cluster.stop()
