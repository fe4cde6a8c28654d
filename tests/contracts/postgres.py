"""A PostgreSQL of our own on a free port, in a folder that goes away with the tests."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

__all__ = ["found", "running"]


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
    """A server; yields the URL without the name of a database."""
    folder.mkdir(parents=True)
    if os.geteuid() == 0:
        shutil.chown(folder, "postgres")
        for parent in folder.parents:  # what pytest makes is closed to others
            if parent.stat().st_uid == 0 and not parent.stat().st_mode & 0o001:
                parent.chmod(parent.stat().st_mode | 0o011)
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
