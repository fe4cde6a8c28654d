"""A backup made under load is a state that the node has acked, and it can be served (PROMISES A9)."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

from server.document.versioned import Snapshot
from tests.support.process import ServerProcess

from .ledger import Entry, Kept, kept
from .load import TENANT, Document, make_design, under_load
from .writer import fetch

WRITERS = 6


def coweave(server: ServerProcess, *arguments: str | Path) -> str:
    """Run the command with the node's own settings; it must end well."""
    done = subprocess.run(
        [Path(sys.executable).with_name("coweave"), *arguments],
        env=server.environment,
        cwd=server.folder,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def logs(database: Path, entries: list[Entry]) -> dict[Document, Kept]:
    documents = sorted({entry.document for entry in entries})
    return {document: kept(database, TENANT, document) for document in documents}


async def test_A9_a_backup_under_load_is_an_acked_state(tmp_path: Path) -> None:
    files = [tmp_path / f"backup{number}" for number in range(3)]
    acked: list[list[Entry]] = []
    with ServerProcess(tmp_path / "node", {"COWEAVE_SCRATCH": "1"}) as server:
        async with asyncio.timeout(120), under_load(server, WRITERS, seed=7) as ledger:
            for file in files:
                await ledger.reach(len(ledger.acked) + 100)
                acked.append([replace(entry) for entry in ledger.acked])
                told = await asyncio.to_thread(coweave, server, "backup", file)
                assert told.endswith("no fault\n"), told
                assert len(ledger.acked) > len(acked[-1]), "writing goes on meanwhile"
            await asyncio.to_thread(coweave, server, "verify")
            await ledger.reach(len(ledger.acked) + 100)
        final = logs(server.database, ledger.entries)
        for file, before in zip(files, acked, strict=True):
            for document, log in logs(file, before).items():
                assert list(log.faults()) == []
                assert [tuple(row) for row in log.rows] == [
                    tuple(row) for row in final[document].rows[: len(log.rows)]
                ], "a prefix of what the node has written in the end"
                there = {(row["version"], row["src"], row["seq"]) for row in log.rows}
                for entry in before:
                    if entry.document == document:
                        assert (entry.version, entry.src, entry.seq) in there, "acked before"
    await served_again(tmp_path, files[1], acked[1])


async def served_again(folder: Path, file: Path, before: list[Entry]) -> None:
    """Another node on the restored database shows what is in the backup, and can be written to."""
    node = ServerProcess(folder / "restored", {"COWEAVE_SCRATCH": "1"})
    coweave(node, "restore", file)
    saved = logs(file, before)
    with node:
        for document, log in saved.items():
            shown = Snapshot(*await fetch(node.socket_url, document))
            assert shown == log.replayed()
        await asyncio.to_thread(make_design, node.url)
        assert "passed over" not in node.log, "its snapshots are sealed for the new node"
    coweave(node, "verify")
