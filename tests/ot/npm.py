"""npm ot-json0 in a Node.js process of its own: the reference that `ot` is held against."""

import json
import subprocess
from pathlib import Path
from types import TracebackType
from typing import Any

from tests.support.node import INTEROP, find_node

__all__ = ["Npm"]

_SCRIPT = Path(__file__).with_name("npm_json0.cjs")


class Npm:
    """`with Npm() as npm: npm.answers([["invert", op], …])`; one answer per call, in order.

    An answer is a list of the one result (empty: the result is undefined), or the error's message.
    """

    def __enter__(self) -> "Npm":
        assert (INTEROP / "node_modules" / "ot-json0").exists(), (
            "npm ot-json0 is missing: `make test` sets it up (npm ci in tests/interop)"
        )
        self._process = subprocess.Popen(
            [find_node(), str(_SCRIPT)],
            cwd=INTEROP,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            encoding="utf-8",
        )
        version = json.loads(self._read())
        assert version == "1.1.0", f"the reference is ot-json0 1.1.0, installed is {version}"
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        assert self._process.stdin and self._process.stdout
        if error is not None:
            self._process.kill()
        self._process.stdin.close()
        status = self._process.wait(timeout=10)
        self._process.stdout.close()
        assert error is not None or status == 0

    def answers(self, calls: list[list[Any]]) -> list[list[Any] | str]:
        self.send(calls)
        return self.receive()

    def send(self, calls: list[list[Any]]) -> None:
        """Ask, and go on: the process works meanwhile. At most one batch may be under way."""
        assert self._process.stdin
        # ASCII escapes carry halves of characters, which UTF-8 cannot.
        self._process.stdin.write(json.dumps(calls) + "\n")
        self._process.stdin.flush()

    def receive(self) -> list[list[Any] | str]:
        answers: list[list[Any] | str] = json.loads(self._read())
        return answers

    def _read(self) -> str:
        assert self._process.stdout
        line = self._process.stdout.readline()
        assert line, f"Node.js ended with {self._process.wait(timeout=10)}"
        return line
