"""What is kept beside the log is held against it (ST76, ST77)."""

from __future__ import annotations

import asyncio
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from server.bus.memory import MemoryBus
from server.runtime.chronicle import Chronicle
from server.runtime.history import History
from server.store import SqlStore
from server.store.audit import Kind
from server.store.chronicle import Query, forget_histories
from server.store.labels import Label
from server.store.verify import verify
from server.types.registry import TypeRegistry

from .histories import CLAIMS, KEY, ORDERS, write_all

TYPES = TypeRegistry.load()
OF = "where design = 'claims'"


def chronicle_of(store: SqlStore) -> Chronicle:
    return Chronicle(
        name="node",
        store=store,
        chronicle=store.chronicle,
        history=History(store),
        types=TYPES,
        bus=MemoryBus(),
    )


async def write(path: Path) -> None:
    await write_all(path)
    async with SqlStore(f"sqlite:///{path}", key=KEY) as store:
        chronicle = chronicle_of(store)
        await chronicle.up_to_date(CLAIMS)
        await chronicle.up_to_date(ORDERS)
        for version in (3, 9, 3, 20):
            label = Label(version, f"v{version}", "", False, "u1", 1_000 + version)
            assert await store.labels.add(CLAIMS, label)
        assert not await store.labels.add(CLAIMS, Label(0, "x", "", False, "u1", 1))
        assert not await store.labels.add(CLAIMS, Label(999, "x", "", False, "u1", 1))


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("template") / "coweave.sqlite3"
    asyncio.run(write(path))
    return path


@pytest.fixture
def path(tmp_path: Path, template: Path) -> Path:
    path = tmp_path / "coweave.sqlite3"
    shutil.copy(template, path)
    return path


def faults(path: Path) -> list[tuple[Kind, int | None, str]]:
    found = {one.document: one.faults for one in verify(f"sqlite:///{path}")}
    of_claims = found.pop(CLAIMS)
    assert not any(found.values())
    return [(fault.kind, fault.version, fault.message) for fault in of_claims]


def change(path: Path, *statements: str) -> None:
    with closing(sqlite3.connect(path)) as connection, connection:
        for statement in statements:
            before = connection.total_changes
            connection.execute(statement)
            assert connection.total_changes > before, statement


def test_ST76_a_sound_history_has_no_fault(path: Path) -> None:
    assert faults(path) == []


@pytest.mark.parametrize(
    "statement",
    [
        f"update entries set authors = '[\"u9\"]' {OF} and base = 1",
        f"update entries set kind = 'restore' {OF} and base = 1",
        f"update entries set started_at = started_at - 1 {OF} and base = 1",
        f"update entries set version = version - 1 {OF} and base = 1",
        f"delete from entries {OF} and base = 1",
        f"insert into entries select tenant, design, base + 1, version, kind, authors, started_at,"
        f" ended_at, edits, elements, summary, origin from entries {OF} and base = 1",
        f"delete from touches {OF} and version = 9",
        f"update touches set bucket = 'props/other' {OF} and version = 9",
        f"update touches set version = 1000 {OF} and version = 9",
        "insert into touches select tenant, design, 'components/x', 9, 'name' from indexed where design = 'claims'",
        f"update indexed set base = base + 1 {OF}",
    ],
)
def test_ST76_a_changed_history_is_found_and_made_anew(path: Path, statement: str) -> None:
    change(path, statement)
    ((kind, _, _),) = faults(path)
    assert kind is Kind.INDEX
    forget_histories(f"sqlite:///{path}", [CLAIMS])
    assert faults(path) == []

    async def again() -> None:
        async with SqlStore(f"sqlite:///{path}", key=KEY) as store:
            await chronicle_of(store).up_to_date(CLAIMS)
            assert (await store.chronicle.entries(CLAIMS, Query(10)))[0] != []

    asyncio.run(again())
    assert faults(path) == []


@pytest.mark.parametrize(
    ("statements", "kind", "told"),
    [
        ([f"update labels set name = 'evil' {OF} and number = 2"], Kind.CHANGED, "number 2"),
        ([f"update labels set at = 1 {OF} and number = 1"], Kind.CHANGED, "number 1"),
        ([f"update labels set version = 8 {OF} and number = 2"], Kind.CHANGED, "number 2"),
        ([f"delete from labels {OF} and number = 2"], Kind.MISSING, "number 2 "),
        ([f"delete from labels {OF} and number = 4"], Kind.MISSING, "number 4 "),
        ([f"delete from labels {OF}"], Kind.MISSING, "number 1 "),
        (
            [
                f"update labels set number = 9 {OF} and number = 2",
                f"update labels set number = 2 {OF} and number = 3",
                f"update labels set number = 3 {OF} and number = 9",
            ],
            Kind.REORDERED,
            "stands as number 3",
        ),
        ([f"update label_heads set number = 3 {OF}"], Kind.ADDED, "number 4 of"),
        ([f"update label_heads set hash = x'00' {OF}"], Kind.HEAD, "head"),
        ([f"delete from label_heads {OF}"], Kind.ADDED, "number 1 of"),
        ([f"update labels set anchor = x'00' {OF} and number = 1"], Kind.CHANGED, "number 1"),
    ],
)
def test_ST77_the_first_wrong_name_is_told(
    path: Path, statements: list[str], kind: Kind, told: str
) -> None:
    change(path, *statements)
    ((found, _, message),) = faults(path)
    assert found is kind
    assert told in message


def test_ST77_the_names_that_hold(path: Path) -> None:
    async def read() -> None:
        async with SqlStore(f"sqlite:///{path}", key=KEY) as store:
            found = await store.labels.within(CLAIMS, 0, 100, 10)
            assert [each.version for each in found] == [20, 9, 3]
            assert [each.version for each in await store.labels.within(CLAIMS, 3, 20, 1)] == [20]
            gone = Label(9, "", "", False, "u1", 5)
            await store.labels.add(CLAIMS, gone)
            assert await store.labels.get(CLAIMS, 9) is None
            assert await store.labels.get(ORDERS, 3) is None

    asyncio.run(read())
    assert faults(path) == []
