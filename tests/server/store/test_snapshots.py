from __future__ import annotations

import logging
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from server.ports import DocumentId, Milestone
from server.store import SqlStore

DOCUMENT = DocumentId("acme", "designs", "claims")
OLD, NEW = Milestone(10, b'{"type":"t","data":1}'), Milestone(20, b'{"type":"t","data":2}')


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "db"


@pytest.fixture
async def store(path: Path) -> AsyncIterator[SqlStore]:
    async with SqlStore(f"sqlite:///{path}") as store:
        await store.save_milestone(DOCUMENT, OLD)
        await store.save_milestone(DOCUMENT, NEW)
        yield store


def damage(path: Path, statement: str) -> None:
    with sqlite3.connect(path) as connection:
        assert connection.execute(statement).rowcount > 0
    connection.close()


@pytest.mark.parametrize(
    "statement",
    [
        "update milestones set body = cast(substr(body, 1, 12) as blob) where version = 20",
        "update milestones set body = x'' where version = 20",
        "update milestones set body = x'00112233' where version = 20",
        "update milestones set body = (select body from milestones where version = 10)"
        " where version = 20",
        "update milestones set checksum = zeroblob(32) where version = 20",
        "update milestones set size = size - 1 where version = 20",
        "update milestones set size = size + 1 where version = 20",
        "update milestones set size = -1 where version = 20",
        "update milestones set size = 9223372036854775807 where version = 20",
        "update milestones set version = 21 where version = 20",
    ],
)
async def test_ST32_a_damaged_milestone_is_never_given(
    store: SqlStore, path: Path, statement: str, caplog: pytest.LogCaptureFixture
) -> None:
    assert await store.milestone(DOCUMENT, 25) == NEW
    damage(path, statement)
    with caplog.at_level(logging.ERROR):
        assert await store.milestone(DOCUMENT, 25) == OLD
    assert "acme/designs/claims: the snapshots of versions [2" in caplog.text


async def test_ST32_another_documents_milestone_is_not_ours(store: SqlStore, path: Path) -> None:
    damage(path, "update milestones set document = 'other'")
    assert await store.milestone(DOCUMENT._replace(id="other"), 25) is None


async def test_ST32_all_damaged_is_none(store: SqlStore, path: Path) -> None:
    damage(path, "update milestones set body = x'00'")
    assert await store.milestone(DOCUMENT, 25) is None


async def test_milestones_are_kept_small(store: SqlStore, path: Path) -> None:
    await store.save_milestone(DOCUMENT, Milestone(30, b'{"data":"' + b"label " * 10_000 + b'"}'))
    with sqlite3.connect(path) as connection:
        row = connection.execute("select size, length(body) from milestones where version = 30")
        size, kept = row.fetchone()
    connection.close()
    assert kept < size / 20


async def test_ST32_so_many_damaged_ones_are_not_all_looked_at(
    path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with SqlStore(f"sqlite:///{path}") as store:
        for version in range(1, 30):
            await store.save_milestone(DOCUMENT, Milestone(version, b"%d" % version))
    async with SqlStore(f"sqlite:///{path}", key=b"k" * 32) as store:
        assert await store.milestone(DOCUMENT, 100) is None
        assert len(caplog.records) == 1, "all that were passed over in one line"
        await store.save_milestone(DOCUMENT, Milestone(28, b"28"))
        assert await store.milestone(DOCUMENT, 100) == Milestone(28, b"28")


async def test_ST31_one_under_another_key_is_made_anew(path: Path) -> None:
    stores = [SqlStore(f"sqlite:///{path}", key=key) for key in (b"", b"a" * 32, b"b" * 32)]
    for store in stores:
        async with store:
            assert await store.milestone(DOCUMENT, 10) is None
            await store.save_milestone(DOCUMENT, OLD)
            assert await store.milestone(DOCUMENT, 10) == OLD
