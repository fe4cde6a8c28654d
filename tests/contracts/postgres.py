"""A PostgreSQL of our own on a free port, in a folder that goes away with the tests."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from server.store.dialect import database_url

__all__ = ["found", "postgres_database", "postgres_url", "running"]

_numbers = count(1)


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    if not found():
        pytest.skip("PostgreSQL is not on this machine")
    # Not among pytest's folders: those are closed to PostgreSQL's user at times.
    with tempfile.TemporaryDirectory(prefix="coweave-pg-") as folder, running(Path(folder)) as url:
        yield url


@pytest.fixture
def postgres_database(postgres_url: str) -> str:
    """The URL of an empty database."""
    name = f"coweave{next(_numbers)}"
    engine = create_engine(database_url(f"{postgres_url}/postgres"), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f"create database {name}"))
    engine.dispose()
    return f"{postgres_url}/{name}"


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


@contextmanager
def running(folder: Path) -> Iterator[str]:
    """A server with its data in an empty folder; yields the URL without the name of a database."""
    if os.geteuid() == 0:
        shutil.chown(folder, "postgres")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    data = folder / "data"
    _run(_program("initdb") or "initdb", "-D", data, "-U", "coweave", "-A", "trust", "-E", "UTF8")
    control = _program("pg_ctl") or "pg_ctl"
    options = f"-p {port} -c listen_addresses=127.0.0.1 -k {folder}"
    _run(control, "-D", data, "-w", "-l", folder / "log", "-o", options, "start")
    try:
        yield f"postgresql://coweave@127.0.0.1:{port}"
    finally:
        _run(control, "-D", data, "-w", "-m", "immediate", "stop")
