from __future__ import annotations

import asyncio
import sqlite3
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine, text

from server.store import SqlStore, StoreUnfit
from server.store.dialect import database_url, make_engine
from server.store.migrate import upgrade
from server.store.tables import metadata


def url(path: Path) -> str:
    return f"sqlite:///{path}"


def schema(path: Path) -> set[tuple[str, str, str]]:
    """What SQLite keeps of each table and index, but for Alembic's own."""
    with sqlite3.connect(path) as connection:
        rows = connection.execute("select type, name, coalesce(sql, '') from sqlite_master")
        found = {(kind, name, " ".join(sql.split())) for kind, name, sql in rows}
    connection.close()
    return {row for row in found if "alembic" not in row[1]}


async def test_ST50_migrated_is_the_same_as_fresh(tmp_path: Path) -> None:
    migrated, fresh = tmp_path / "migrated", tmp_path / "fresh"
    async with SqlStore(url(migrated)):
        pass
    engine = create_engine(url(fresh))
    metadata.create_all(engine)
    engine.dispose()
    assert schema(migrated) == schema(fresh)
    assert {name for kind, name, _ in schema(fresh) if kind == "table"} == {
        "ops",
        "heads",
        "milestones",
        "designs",
        "people",
    }


async def test_ST50_alembic_finds_no_difference(tmp_path: Path) -> None:
    path = tmp_path / "db"
    async with SqlStore(url(path)):
        pass
    engine = create_engine(url(path))
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []
    engine.dispose()


def test_ST50_the_tenant_is_first_in_every_key() -> None:
    for table in metadata.tables.values():
        keys = [*table.indexes, *(c for c in table.constraints if hasattr(c, "columns"))]
        assert keys
        for key in keys:
            assert next(iter(key.columns)).name == "tenant", f"{table.name}: {key.name}"


async def test_ST51_many_who_open_at_once_migrate_once(tmp_path: Path) -> None:
    stores = [SqlStore(url(tmp_path / "deep" / "folder" / "db")) for _ in range(6)]
    await asyncio.gather(*(store.open() for store in stores))
    await asyncio.gather(*(store.close() for store in stores))
    with sqlite3.connect(tmp_path / "deep" / "folder" / "db") as connection:
        assert connection.execute("select version_num from alembic_version").fetchall() == [
            ("0001",)
        ]
    connection.close()


async def test_ST51_opening_again_changes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "db"
    async with SqlStore(url(path)):
        before = schema(path)
    async with SqlStore(url(path)):
        assert schema(path) == before


def test_ST51_a_migration_that_fails_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = make_engine(database_url(url(tmp_path / "db")), connections=1, writes=True)
    monkeypatch.setattr("alembic.op.create_index", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        upgrade(engine)
    assert schema(tmp_path / "db") == set()
    monkeypatch.undo()
    upgrade(engine)
    assert schema(tmp_path / "db")
    engine.dispose()


async def test_ST52_a_newer_schema_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "db"
    async with SqlStore(url(path)):
        pass
    engine = create_engine(url(path))
    with engine.begin() as connection:
        connection.execute(text("update alembic_version set version_num = '9999'"))
    engine.dispose()
    before = schema(path)
    store = SqlStore(url(path))
    with pytest.raises(StoreUnfit, match="newer Coweave.*9999"):
        await store.open()
    await store.close()
    assert schema(path) == before


async def test_ST52_somebody_elses_tables_are_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "db"
    with sqlite3.connect(path) as connection:
        connection.execute("create table theirs (a)")
    connection.close()
    store = SqlStore(url(path))
    with pytest.raises(StoreUnfit, match="something else"):
        await store.open()
    await store.close()
    assert {name for _, name, _ in schema(path)} == {"theirs"}
