"""The history that people see, and names of versions, on each kind of database."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from ot.types import Op
from server.document.versioned import encode
from server.history.journal import Entry
from server.history.touched import Touched, touched
from server.ports import Commit, DocumentId, NewOp, StoreUnavailable
from server.store import SqlStore
from server.store.chronicle import Indexed, Piece, Query
from server.store.labels import Label

DOCUMENT = DocumentId("acme", "designs", "d1")
OTHER = DocumentId("acme", "designs", "d2")
C1 = "components/c1"


@pytest.fixture(params=["sqlite", "postgresql"])
async def sql(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[SqlStore]:
    url = f"sqlite:///{tmp_path / 'coweave.sqlite3'}"
    if request.param == "postgresql":
        url = request.getfixturevalue("postgres_database")
    async with SqlStore(url) as store:
        yield store


def entry(base: int, version: int, *authors: str, kind: str = "edit", origin: Any = None) -> Entry:
    edits = version - base
    by = authors or ("ada",)
    return Entry(base, version, kind, by, base, version, edits, 1, "é", origin)


async def test_entries_are_replaced_from_the_last_one_on(sql: SqlStore) -> None:
    chronicle = sql.chronicle
    assert await chronicle.indexed(DOCUMENT) == Indexed()
    first = [entry(0, 1, kind="create"), entry(1, 4, "ada", "ben")]
    touches = [(2, Touched(C1, "props/label")), (3, Touched(C1, "")), (3, Touched(C1, "name"))]
    after = Indexed(4, 1)
    assert await chronicle.save(DOCUMENT, Indexed(), after, Piece(first, touches))
    assert await chronicle.indexed(DOCUMENT) == after
    assert not await chronicle.save(DOCUMENT, Indexed(), Indexed(5, 1), Piece([], []))
    assert not await chronicle.save(DOCUMENT, Indexed(3, 1), Indexed(5, 1), Piece([], []))
    more = [entry(1, 5, "ben"), entry(5, 7, kind="revert", origin={"version": 3})]
    later = [(6, Touched(C1, "props/label"))]
    assert await chronicle.save(DOCUMENT, after, Indexed(7, 5), Piece(more, later))
    found = [more[1], more[0], first[0]]
    assert await chronicle.entries(DOCUMENT, Query(10)) == (found, None)
    assert await chronicle.entries(OTHER, Query(10)) == ([], None)
    assert await chronicle.entries(DOCUMENT, Query(10, author="ada")) == ([more[1], first[0]], None)
    assert await chronicle.entries(DOCUMENT, Query(1)) == (found[:1], 5)
    assert await chronicle.entries(DOCUMENT, Query(9, 5, 1)) == ([more[0]], None)
    assert await chronicle.entries(DOCUMENT, Query(9, element=C1)) == (found[:2], None)
    assert await chronicle.entry(DOCUMENT, 3) == more[0]
    newest = await chronicle.touches(DOCUMENT, C1, 3)
    assert [version for version, _ in newest] == [3, 3, 2]
    assert {*newest} == {(3, ""), (3, "name"), (2, "props/label")}
    assert (await chronicle.touches(DOCUMENT, C1, 9))[0] == (6, "props/label")
    await chronicle.forget(DOCUMENT)
    assert await chronicle.touches(DOCUMENT, C1, 9) == []


async def test_hostile_keys_do_not_stop_the_history(sql: SqlStore) -> None:
    op: Op = [{"p": ["theme", "😀\0" * 9_000, "😀\0" * 9_000], "oi": 1}]
    touches = [(1, each) for each in touched(op)]
    piece = Piece([entry(0, 1)], touches)
    assert await sql.chronicle.save(DOCUMENT, Indexed(), Indexed(1, 0), piece)
    assert len(await sql.chronicle.touches(DOCUMENT, "theme", 1)) == 1


async def test_of_two_that_go_on_at_once_one_does(sql: SqlStore) -> None:
    piece = Piece([entry(0, 1, kind="create")], [])
    saving = (sql.chronicle.save(DOCUMENT, Indexed(), Indexed(1, 0), piece) for _ in range(5))
    assert sum(await asyncio.gather(*saving)) == 1
    going = (sql.chronicle.save(DOCUMENT, Indexed(1, 0), Indexed(2, 0), piece) for _ in range(5))
    assert sum(await asyncio.gather(*going)) == 1


async def commit(sql: SqlStore, count: int) -> None:
    ops = [NewOp("s", n, f"u{n}", n, encode([{"p": ["a"], "oi": n}])) for n in range(1, count + 1)]
    await sql.commit([Commit(DOCUMENT, 0, tuple(ops))])


async def test_ops_by_version(sql: SqlStore) -> None:
    await commit(sql, 250)
    wanted = list(range(1, 251, 2))
    found = await sql.chronicle.ops(DOCUMENT, wanted, 1_000_000)
    assert [op.version + 1 for op in found] == wanted[:-101:-1]
    size = len(found[0].body)
    assert await sql.chronicle.ops(DOCUMENT, wanted, 3 * size) == found[:3]
    assert await sql.chronicle.ops(DOCUMENT, wanted, 1) == found[:1]


async def test_the_last_name_of_a_version_holds(sql: SqlStore) -> None:
    await commit(sql, 5)
    labels = sql.labels
    first = Label(2, "First", "a note", False, "ada", 1)
    assert await labels.add(DOCUMENT, first)
    assert await labels.get(DOCUMENT, 2) == first
    second = Label(2, "Second", "", True, "ben", 2)
    assert await labels.add(DOCUMENT, second)
    fourth = Label(4, "Fourth", "", False, "ben", 3)
    assert await labels.add(DOCUMENT, fourth)
    assert await labels.within(DOCUMENT, 0, 9, 9) == [fourth, second]
    assert await labels.within(DOCUMENT, 2, 4, 9) == [fourth]
    assert await labels.within(DOCUMENT, 0, 9, 1) == [fourth]
    assert await labels.add(DOCUMENT, Label(2, "", "", False, "ben", 4))
    assert await labels.within(DOCUMENT, 0, 9, 9) == [fourth]
    assert not await labels.add(DOCUMENT, Label(6, "x", "", False, "ben", 4))
    assert not await labels.add(OTHER, Label(1, "x", "", False, "ben", 4))


async def test_names_given_at_once_are_all_kept(sql: SqlStore) -> None:
    await commit(sql, 9)

    async def give(version: int) -> None:
        async with asyncio.timeout(30):
            while True:
                try:
                    assert await sql.labels.add(DOCUMENT, Label(version, "x", "", False, "a", 1))
                except StoreUnavailable:
                    continue
                return

    await asyncio.gather(*(give(version) for version in range(1, 10)))
    assert len(await sql.labels.within(DOCUMENT, 0, 9, 99)) == 9
