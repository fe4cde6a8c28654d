"""The check of the fault tests finds what it is for: each planted fault, by name."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from server.document.versioned import TYPE, Create, Edit, Snapshot, encode
from server.ports import Commit, Committed, DocumentId, NewOp
from server.store import SqlStore

from .ledger import Entry, Ledger, kept

DOCUMENT = ("scratch", "d")
EDITS: list[Edit] = [
    Create(TYPE, {"list": []}),
    *([{"p": ["list", 0], "li": f"<w1-{n}>"}] for n in range(1, 6)),
]


@pytest.fixture
async def path(tmp_path: Path) -> Path:
    """A database in which w1 wrote five tokens."""
    path = tmp_path / "db"
    async with SqlStore(f"sqlite:///{path}") as store:
        ops = tuple(NewOp("w1", n, "u1", n, encode(edit)) for n, edit in enumerate(EDITS, 1))
        commit = Commit(DocumentId("acme", *DOCUMENT), 0, ops)
        assert await store.commit([commit]) == [Committed(6)]
    return path


def ledger() -> Ledger:
    return Ledger([Entry(DOCUMENT, f"w1-{n}", "w1", n + 1, n) for n in range(1, 6)])


def shown() -> Snapshot:
    return Snapshot(6, TYPE, {"list": [f"<w1-{n}>" for n in range(5, 0, -1)]})


async def test_a_sound_database_has_no_fault(path: Path) -> None:
    log = kept(path, "acme", DOCUMENT)
    assert list(ledger().faults(log, shown())) == []
    assert log.replayed() == shown()
    assert log.replayed(1) == Snapshot(1, TYPE, {"list": []})


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ("update ops set body = cast(replace(body, 'w1-3', 'w1-9') as blob)", "hash of version 3"),
        ("update ops set author = 'u2' where version = 2", "hash of version 2"),
        ("update ops set time = 0 where version = 2", "hash of version 2"),
        ("update ops set hash = zeroblob(32) where version = 4", "hash of version 4"),
        ("delete from ops where version = 3", "versions are not 0 to 4"),
        ("delete from ops where version = 5", "the log ends at 5"),
        ("update ops set version = version + 10 where version > 3", "versions are not"),
        ("update heads set version = 5", "the head is 5"),
        ("update heads set hash = zeroblob(32)", "the head is 6"),
        ("update ops set seq = 1000 - seq where version > 3", "came after"),
    ],
)
async def test_a_changed_database_is_found_out(path: Path, change: str, fault: str) -> None:
    connection = sqlite3.connect(path)
    with connection:
        assert connection.execute(change).rowcount > 0
    connection.close()
    faults = list(ledger().faults(kept(path, "acme", DOCUMENT), shown()))
    assert any(fault in found for found in faults), faults


def lose(ledger: Ledger) -> None:
    ledger.entries.append(Entry(DOCUMENT, "w1-7", "w1", 8, 7))


def forget(ledger: Ledger) -> None:
    del ledger.entries[2]


def refuse(ledger: Ledger) -> None:
    ledger.entries[2] = replace(ledger.entries[2], version=None, error={"code": "ERR"})


def swap(ledger: Ledger) -> None:
    ledger.entries[2].version = 4


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        (lose, "w1-7 was acked and is lost"),
        (lose, "w1-7 was acked as version 7, where it is not"),
        (forget, "w1-3 was never asked for"),
        (refuse, "w1-3 was refused"),
        (swap, "w1-3 was acked as version 4, where it is not"),
    ],
)
async def test_a_broken_promise_is_found_out(
    path: Path, change: Callable[[Ledger], None], fault: str
) -> None:
    promised = ledger()
    change(promised)
    faults = list(promised.faults(kept(path, "acme", DOCUMENT), shown()))
    assert any(fault in found for found in faults), faults


async def test_a_wrong_snapshot_is_found_out(path: Path) -> None:
    log = kept(path, "acme", DOCUMENT)
    doubled = Snapshot(6, TYPE, {"list": [*shown().data["list"], "<w1-1>"]})
    faults = list(ledger().faults(log, doubled))
    assert any("w1-1 is there 2 times" in found for found in faults), faults
    assert any("not the replay" in found for found in faults), faults
    behind = replace(shown(), version=5)
    assert any("not the replay" in found for found in ledger().faults(log, behind))
