"""The servers that are measured: ours, and those it is compared with; each on one core, the driver on the other."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.support.node import find_node
from tests.support.process import Program, ServerProcess

__all__ = ["LIMITS", "Peer", "Peers", "drive"]

HERE = Path(__file__).parent
SERVER_CORE, DRIVER_CORE = 0, 1

LIMITS = {
    "COWEAVE_OPS_PER_SECOND": "1000000",
    "COWEAVE_OPS_BURST": "1000000",
    "COWEAVE_REQUESTS_PER_SECOND": "1000000",
    "COWEAVE_REQUESTS_BURST": "1000000",
    "COWEAVE_LOG_LEVEL": "WARNING",
}
"""What the bench lifts of the node's limits: those on one person's rate, since its people type without end."""


@dataclass
class Peer:
    """A running server, and the documents that were made on it."""

    name: str
    program: Program
    path: str
    documents: dict[str, list[str]] = field(default_factory=dict)

    @property
    def is_ours(self) -> bool:
        return isinstance(self.program, ServerProcess)

    @property
    def socket_url(self) -> str:
        return self.program.url.replace("http", "ws", 1) + self.path

    def make(
        self, folder: Path, name: str, content: Mapping[str, Any], count: int = 1
    ) -> list[str]:
        """The ids of `count` documents of this content; made when first asked for."""
        if name not in self.documents:
            if self.is_ours:
                self.documents[name] = [_imported(self.program.url, content) for _ in range(count)]
            else:
                ids = [f"{name}{n}" for n in range(count)]
                file = folder / f"{name}.json"
                file.write_text(json.dumps(content))
                drive(self, "make", ids, file=str(file))
                self.documents[name] = ids
        return self.documents[name]


def _imported(url: str, content: Mapping[str, Any]) -> str:
    body = json.dumps(content).encode()
    request = urllib.request.Request(
        f"{url}/api/designs/import", body, {"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=60) as answer:
        made: dict[str, Any] = json.load(answer)
    return str(made["design"]["id"])


def drive(
    peer: Peer,
    scenario: str,
    documents: list[str],
    *,
    cores: str = str(DRIVER_CORE),
    **options: Any,
) -> dict[str, Any]:
    """Play a scenario with the driver on its own core (or on `cores`); what it saw."""
    told = {
        "scenario": scenario,
        "url": peer.socket_url,
        "pid": peer.program.pid,
        "collection": "designs",
        "documents": documents,
        "strict": not peer.name.startswith("ShareDB"),
        **options,
    }
    script = HERE / ("yjs_driver.mjs" if peer.name == "Hocuspocus" else "driver.mjs")
    done = subprocess.run(
        ["taskset", "-c", cores, find_node(), script],
        input=json.dumps(told),
        capture_output=True,
        text=True,
        timeout=600,
    )
    if done.returncode:
        raise AssertionError(
            f"{peer.name}, {scenario}: {done.stderr[-2000:]}\n{peer.program.log[-2000:]}"
        )
    result: dict[str, Any] = json.loads(done.stdout)
    return result


class Peers:
    """Starts servers in folders below `folder`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @contextmanager
    def running(self, name: str, **environment: str) -> Iterator[Peer]:
        """One of the names in `compare`; those on PostgreSQL are given where it is."""
        folder = self.folder / name.replace(" ", "-").lower()
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        if name.startswith("Coweave"):
            with ServerProcess(folder, LIMITS | environment) as server:
                pin(server)
                yield Peer(name, server, "/ws/sharedb")
            return
        command: list[str | Path]
        if name == "bare":
            command = [sys.executable, "-m", "tests.bench.bare_room", folder]
        elif name == "Hocuspocus":
            command = [find_node(), HERE / "hocuspocus_server.mjs", folder]
        else:
            command = [find_node(), HERE / "sharedb_server.mjs"]
        program = Program(command, HERE.parents[1], {**os.environ, **environment})
        program.start()
        try:
            pin(program)
            yield Peer(name, program, "/ws/sharedb")
        finally:
            program.kill()


def pin(program: Program) -> None:
    """All threads of the program onto the servers' core; threads made later inherit it."""
    for task in os.listdir(f"/proc/{program.pid}/task"):
        os.sched_setaffinity(int(task), {SERVER_CORE})


def snapshot(peer: Peer, document: str) -> dict[str, Any]:
    """What our server has of a document now."""
    with urllib.request.urlopen(
        f"{peer.program.url}/api/designs/{document}/snapshot", timeout=60
    ) as answer:
        found: dict[str, Any] = json.load(answer)
    return found
