"""Programs in processes of their own, for tests that need the socket, the disk, or a kill -9."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

__all__ = ["Program", "ServerProcess"]

_ADDRESS = re.compile(r"Coweave is at (http://\S+)")


class Program:
    """A command that serves Coweave, in a process group of its own; started when it has printed its address.

    Args:
        folder: where it runs.
        environment: all of its variables.
        seconds: how long a start or a stop may take.
    """

    def __init__(
        self,
        command: Sequence[str | Path],
        folder: Path,
        environment: Mapping[str, str],
        *,
        seconds: float = 60,
    ) -> None:
        self.folder = folder
        self.environment = dict(environment)
        self.url = ""
        self._command = list(command)
        self._seconds = seconds
        self._lines: list[str] = []
        self._process: subprocess.Popen[str] | None = None
        self._reader: threading.Thread | None = None
        self._spoke = threading.Event()

    @property
    def pid(self) -> int:
        assert self._process is not None, "not started"
        return self._process.pid

    @property
    def port(self) -> int:
        return int(self.url.rsplit(":", 1)[1])

    @property
    def processor_seconds(self) -> float:
        """What it has used of the processor so far; where that cannot be known, the time."""
        status = Path(f"/proc/{self.pid}/stat")
        if not status.exists():
            return time.monotonic()
        fields = status.read_text("utf-8").rsplit(") ", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    @property
    def log(self) -> str:
        """Everything that it has printed, of all starts."""
        return "".join(self._lines)

    def start(self) -> None:
        """Returns when it has printed its address. Fails with its log if it ends or stays silent."""
        assert self._process is None, "already started"
        self.url = ""
        self._spoke.clear()
        self._process = subprocess.Popen(
            self._command,
            env=self.environment,
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            encoding="utf-8",
            errors="replace",
            start_new_session=True,
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        if not self._spoke.wait(self._seconds) or not self.url:
            self.kill()
            raise AssertionError(f"it did not start:\n{self.log}")

    def _read(self) -> None:
        assert self._process is not None and self._process.stdout is not None
        for line in self._process.stdout:
            self._lines.append(line)
            found = _ADDRESS.search(line)
            if found and not self.url:
                self.url = found[1].rstrip("/")
                self._spoke.set()
        self._spoke.set()  # it ended: nobody needs to wait any longer

    def stop(self, sig: signal.Signals = signal.SIGTERM) -> int:
        """Signal all of its processes, as a terminal does, and wait. Returns the exit code; nothing is left running."""
        assert self._process is not None and self._reader is not None, "not started"
        process, self._process = self._process, None
        _signal_group(process.pid, sig)
        try:
            return process.wait(self._seconds)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"it did not stop:\n{self.log}") from None
        finally:
            left = _signal_group(process.pid, signal.SIGKILL)
            process.wait(self._seconds)
            self._reader.join(self._seconds)
            assert process.stdout is not None
            process.stdout.close()
            assert not left or sig is signal.SIGKILL, f"it left something running:\n{self.log}"

    def signal(self, sig: signal.Signals) -> None:
        """To all of its processes."""
        _signal_group(self.pid, sig)

    def kill(self) -> int:
        """As a crash: no warning, no clean-up."""
        return self.stop(signal.SIGKILL)

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
        if error is not None:
            self.kill()
            error.add_note(f"the server's log:\n{self.log}")
            return
        code = self.stop()
        assert code == 0, f"exit code {code}:\n{self.log}"
        assert "Traceback (most recent call last)" not in self.log, self.log


def _signal_group(group: int, sig: signal.Signals) -> bool:
    """Whether there was anyone to signal."""
    try:
        os.killpg(group, sig)
    except ProcessLookupError:
        return False
    return True


class ServerProcess(Program):
    """`coweave serve` on a free port of the loopback address; its folder (made if missing) holds all that it keeps.

    As a context manager it starts at once; at the end it stops, and asserts a clean exit and a log without traceback.
    A second `start` takes the same folder and port, as a restarted node does.
    `environment` (here what the test adds) is afterwards all that the node sees: also for other `coweave` commands on
    the same database.
    """

    def __init__(
        self, folder: Path, environment: Mapping[str, str] | None = None, *, seconds: float = 60
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.enter: list[str] = []
        """Put before the command from the next start on, as `ip netns exec <name>`."""
        self.program: Path | None = None
        """Run in place of `coweave` from the next start on: that with a fault, or a later version of it."""
        self.database = folder / "coweave.sqlite3"
        inherited = {k: v for k, v in os.environ.items() if not k.startswith("COWEAVE_")}
        own = {
            "COWEAVE_DATABASE": f"sqlite:///{self.database}",
            "COWEAVE_DATA_DIR": str(folder),
            "COWEAVE_PORT": "0",
        }
        super().__init__([], folder, {**inherited, **own, **(environment or {})}, seconds=seconds)

    def start(self) -> None:
        own: list[str | Path] = [Path(sys.executable).with_name("coweave")]
        self._command = [
            *self.enter,
            *(own if self.program is None else [sys.executable, self.program]),
            "serve",
        ]
        super().start()
        self.environment["COWEAVE_PORT"] = str(self.port)

    @property
    def socket_url(self) -> str:
        """Where ShareDB clients connect."""
        return self.url.replace("http", "ws", 1) + "/ws/sharedb"
