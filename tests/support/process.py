"""A real node in a process of its own, for tests that need the socket, the disk, or a kill -9."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

__all__ = ["ServerProcess"]

_COMMAND = Path(sys.executable).with_name("coweave")
_ADDRESS = re.compile(r"Coweave is at (http://\S+)")


class ServerProcess:
    """`coweave serve` on a free port of the loopback address, with its own folder for all that it keeps.

    As a context manager it starts at once; at the end it stops, and asserts a clean exit and a log without traceback.
    A second `start` takes the same folder and port, as a restarted node does.

    Args:
        folder: made if missing; holds the database and the cluster key.
        environment: further variables, e.g. {"COWEAVE_SCRATCH": "1"}.
        seconds: how long a start or a stop may take.
    """

    def __init__(
        self, folder: Path, environment: Mapping[str, str] | None = None, *, seconds: float = 60
    ) -> None:
        self.folder = folder
        self.url = ""
        self._seconds = seconds
        self._port = "0"
        self._extra = dict(environment or {})
        self._lines: list[str] = []
        self._process: subprocess.Popen[str] | None = None
        self._reader: threading.Thread | None = None
        self._spoke = threading.Event()

    @property
    def environment(self) -> dict[str, str]:
        """What the node sees; also for other `coweave` commands on the same database."""
        inherited = {k: v for k, v in os.environ.items() if not k.startswith("COWEAVE_")}
        return {
            **inherited,
            "COWEAVE_DATABASE": f"sqlite:///{self.folder / 'coweave.sqlite3'}",
            "COWEAVE_DATA_DIR": str(self.folder),
            **self._extra,
        }

    @property
    def port(self) -> int:
        return int(self._port)

    @property
    def socket_url(self) -> str:
        """Where ShareDB clients connect."""
        return self.url.replace("http", "ws", 1) + "/ws/sharedb"

    @property
    def database(self) -> Path:
        return self.folder / "coweave.sqlite3"

    @property
    def pid(self) -> int:
        assert self._process is not None, "not started"
        return self._process.pid

    @property
    def log(self) -> str:
        """Everything that it has printed, of all starts."""
        return "".join(self._lines)

    def start(self) -> None:
        """Returns when it has printed its address. Fails with its log if it ends or stays silent."""
        assert self._process is None, "already started"
        self.folder.mkdir(parents=True, exist_ok=True)
        self._spoke.clear()
        self.url = ""
        self._process = subprocess.Popen(
            [_COMMAND, "serve", "--port", self._port],
            env=self.environment,
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            encoding="utf-8",
            errors="replace",
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        if not self._spoke.wait(self._seconds) or not self.url:
            self.kill()
            raise AssertionError(f"the server did not start:\n{self.log}")

    def _read(self) -> None:
        assert self._process is not None and self._process.stdout is not None
        for line in self._process.stdout:
            self._lines.append(line)
            found = _ADDRESS.search(line)
            if found and not self._spoke.is_set():
                self.url = found[1].rstrip("/")
                self._port = self.url.rsplit(":", 1)[1]
                self._spoke.set()
        self._spoke.set()  # it ended: nobody needs to wait any longer

    def stop(self, sig: signal.Signals = signal.SIGTERM) -> int:
        """Ask it to stop and wait. Returns the exit code."""
        assert self._process is not None, "not started"
        self._process.send_signal(sig)
        return self._wait()

    def kill(self) -> int:
        """As a crash: no warning, no clean-up."""
        return self.stop(signal.SIGKILL)

    def _wait(self) -> int:
        assert self._process is not None and self._reader is not None
        try:
            code = self._process.wait(self._seconds)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait(self._seconds)
            raise AssertionError(f"the server did not stop:\n{self.log}") from None
        finally:
            self._reader.join(self._seconds)
            if self._process.stdout is not None:
                self._process.stdout.close()
            self._process = None
        return code

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._process is None:  # the test stopped or killed it
            return
        code = self.stop()
        if error is not None:
            error.add_note(f"the server's log:\n{self.log}")
            return
        assert code == 0, f"exit code {code}:\n{self.log}"
        assert "Traceback (most recent call last)" not in self.log, self.log
