"""Runs the stock JavaScript client and the reference json0 under Node.js."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

__all__ = ["INTEROP", "find_node", "run_node"]

INTEROP = Path(__file__).parents[1] / "interop"


def find_node() -> str:
    """The path of Node.js. Fails, never skips: what runs under it are gates."""
    own = INTEROP.parents[1] / ".venv" / "node" / "bin" / "node"
    node = str(own) if own.exists() else shutil.which("node")
    assert node, "Node.js is missing: `make test` brings it, or run through tools/node.sh"
    packages = INTEROP / "node_modules" / "sharedb"
    assert packages.exists(), "the npm packages are missing: `make test` brings them"
    return node


def run_node(script: Path, *arguments: str, stdin: str | None = None, seconds: float = 120) -> str:
    """Run a script of tests/interop to its end. Returns what it printed; fails with its errors otherwise."""
    done = subprocess.run(
        [find_node(), str(script), *arguments],
        cwd=INTEROP,
        input=stdin,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=seconds,
        check=False,
    )
    assert done.returncode == 0, (
        f"{script.name} ended with {done.returncode}:\n{done.stderr}\n{done.stdout}"
    )
    return done.stdout
