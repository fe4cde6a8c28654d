"""Milestones compressed against older ones (ST33)."""

from __future__ import annotations

import itertools
import sqlite3
import time
from contextlib import closing
from pathlib import Path
from random import Random
from typing import Any

import orjson
import pytest
import zstandard

from server.document.versioned import TYPE, Snapshot
from server.ports import DocumentId, Milestone
from server.runtime.history import milestone_of
from server.store import SqlStore
from server.store.snapshots import GROUP
from tests.support.histories import HISTORIES, NAMES, versions

REAL = pytest.mark.skipif(not HISTORIES.is_dir(), reason="the corpus of real histories is not here")
DOCUMENT = DocumentId("default", "designs", "d1")


def store_at(path: Path) -> SqlStore:
    return SqlStore(f"sqlite:///{path}", key=b"key")


def rows(path: Path) -> list[tuple[int, int | None, int]]:
    """(version, base, bytes) of each milestone."""
    with closing(sqlite3.connect(path)) as connection:
        found = "select version, base, length(body) from milestones order by version"
        return list(connection.execute(found))


def change(path: Path, statement: str, *values: Any) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(statement, values)
        connection.commit()


def states(count: int) -> list[Milestone]:
    """States of one document that change a little at a time."""
    random = Random(1)
    words = {f"c{at}": f"{random.random()}" for at in range(500)}
    made = []
    for number in range(1, count + 1):
        words[f"c{random.randrange(500)}"] = f"{random.random()}"
        made.append(Milestone(number * 10, orjson.dumps({"type": TYPE, "data": words})))
    return made


async def test_ST33_each_leans_on_few_others_and_is_given_back_as_it_was(tmp_path: Path) -> None:
    path, saved = tmp_path / "db", states(GROUP + 9)
    async with store_at(path) as store:
        for milestone in saved:
            await store.save_milestone(DOCUMENT, milestone)
        for milestone in saved:
            assert await store.milestone(DOCUMENT, milestone.version + 5) == milestone
    base = {version: base for version, base, _ in rows(path)}
    assert [version for version in base if base[version] is None] == [10, 10 + 10 * GROUP]
    for version in base:
        links, at = 0, version
        while (below := base[at]) is not None:
            links, at = links + 1, below
        assert links <= 5
    alone = sum(len(zstandard.compress(each.body)) for each in saved)
    assert sum(size for _, _, size in rows(path)) < alone / 8


async def test_ST33_what_leans_on_a_damaged_one_is_not_given(tmp_path: Path) -> None:
    path, saved = tmp_path / "db", states(4)
    async with store_at(path) as store:
        for milestone in saved:
            await store.save_milestone(DOCUMENT, milestone)
        change(path, "update milestones set body = x'00' where version = 10")
        assert await store.milestone(DOCUMENT, 40) is None
        await store.save_milestone(DOCUMENT, saved[0])
        for milestone in saved:
            assert await store.milestone(DOCUMENT, milestone.version) == milestone
        change(path, "update milestones set base = 20 where version = 20")  # a circle
        change(path, "update milestones set base = 99 where version = 40")
        assert await store.milestone(DOCUMENT, 40) == saved[2]


async def test_ST33_one_that_stands_alone_is_read_as_ever_and_leant_on(tmp_path: Path) -> None:
    path, saved = tmp_path / "db", states(3)
    async with store_at(path) as store:
        for milestone in saved:
            await store.save_milestone(DOCUMENT, milestone)
        for milestone in saved:
            body = zstandard.compress(milestone.body)
            statement = "update milestones set body = ?, base = null where version = ?"
            change(path, statement, body, milestone.version)
            assert await store.milestone(DOCUMENT, milestone.version) == milestone
        later = Milestone(99, saved[-1].body)
        await store.save_milestone(DOCUMENT, later)
        assert await store.milestone(DOCUMENT, 99) == later
    assert rows(path)[-1][1] == 30


async def test_ST33_saved_in_any_order(tmp_path: Path) -> None:
    path, saved = tmp_path / "db", states(40)
    Random(5).shuffle(saved)
    async with store_at(path) as store:
        for milestone in saved:
            await store.save_milestone(DOCUMENT, milestone)
        for milestone in saved:
            assert await store.milestone(DOCUMENT, milestone.version) == milestone


async def test_ST33_another_document_is_not_leant_on(tmp_path: Path) -> None:
    path, (first, second) = tmp_path / "db", states(2)
    async with store_at(path) as store:
        await store.save_milestone(DOCUMENT, first)
        await store.save_milestone(DocumentId("default", "designs", "d2"), second)
    assert [base for _, base, _ in rows(path)] == [None, None]


@REAL
@pytest.mark.parametrize("name", NAMES)
async def test_ST33_real_versions_take_a_fraction(tmp_path: Path, name: str) -> None:
    path = tmp_path / "db"
    saved = [
        milestone_of(Snapshot(number, TYPE, data))
        for number, data in zip(itertools.count(1), versions(name), strict=False)
    ]
    async with store_at(path) as store:
        started = time.perf_counter()
        for milestone in saved:
            await store.save_milestone(DOCUMENT, milestone)
        written = time.perf_counter() - started
        started = time.perf_counter()
        for milestone in saved:
            assert await store.milestone(DOCUMENT, milestone.version) == milestone
        read = time.perf_counter() - started
    raw = sum(len(each.body) for each in saved)
    alone = sum(len(zstandard.compress(each.body)) for each in saved)
    kept = sum(size for _, _, size in rows(path))
    print(
        f"\n{name}: {len(saved)} versions, {raw:,} bytes; alone {alone:,}, kept {kept:,}"
        f" (1/{raw // kept}); {written / len(saved) * 1_000:.1f} ms to save,"
        f" {read / len(saved) * 1_000:.1f} ms to open one"
    )
    assert kept < alone / 3
    assert kept < raw / 40
