from __future__ import annotations

import asyncio
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, text

from server.ports import DesignRow
from server.store import SqlStore, StoreUnfit, migrate
from server.store.backup import back_up, put_back, unpack
from server.store.dialect import database_url, make_engine
from server.store.migrate import upgrade
from server.store.tables import metadata
from server.store.verify import verify

ROW = DesignRow("claims", "Claims", 1, "u1", 2, 3, None)


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
    assert {name for kind, name, _ in schema(fresh) if kind == "table"} == set(metadata.tables)


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
            (REVISIONS[0],)
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


# -- from what an older release made -----------------------------------------------------------------

REVISIONS = [
    script.revision
    for script in ScriptDirectory(
        str(Path(migrate.__file__).with_name("migrations"))
    ).walk_revisions()
]  # newest first

NEXT = """
import sqlalchemy as sa
from alembic import op

revision, down_revision = "next", {previous!r}
branch_labels = depends_on = None


def upgrade():
    op.add_column("designs", sa.Column("note", sa.Text()))
    op.execute("update designs set note = 'was ' || name")
    {last}
"""


def at_revision(path: Path, revision: str) -> None:
    """Make the tables as they were at a migration."""
    engine = make_engine(database_url(url(path)), connections=1, writes=True)
    config = Config()
    config.set_main_option("script_location", str(Path(migrate.__file__).with_name("migrations")))
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, revision)
    engine.dispose()


@pytest.mark.parametrize("revision", REVISIONS)
async def test_ST50_from_every_earlier_schema(tmp_path: Path, revision: str) -> None:
    at_revision(tmp_path / "db", revision)
    async with SqlStore(url(tmp_path / "db")) as store:
        await store.designs.add("acme", ROW)
        assert await store.designs.list("acme", trashed=False) == [ROW]
    fresh = tmp_path / "fresh"
    async with SqlStore(url(fresh)):
        pass
    assert schema(tmp_path / "db") == schema(fresh)


def with_next(folder: Path, monkeypatch: pytest.MonkeyPatch, last: str = "pass") -> None:
    """As if the next release had brought one more migration."""
    scripts = folder / "migrations"
    shutil.copytree(Path(migrate.__file__).with_name("migrations"), scripts)
    script = NEXT.format(previous=REVISIONS[0], last=last)
    (scripts / "versions" / "next.py").write_text(script, "utf-8")
    monkeypatch.setattr(migrate, "_SCRIPTS", scripts)


def notes(path: Path) -> list[tuple[str, str]]:
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute("select name, note from designs").fetchall()


async def test_ST51_the_next_migration_keeps_what_is_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "db"
    async with SqlStore(url(path)) as store:
        await store.designs.add("acme", ROW)
    with_next(tmp_path, monkeypatch)
    with pytest.raises(StoreUnfit, match="coweave migrate"):
        list(verify(url(path)))
    for _ in range(2):
        async with SqlStore(url(path)) as store:
            assert await store.designs.list("acme", trashed=False) == [ROW]
    assert notes(path) == [("Claims", "was Claims")]
    monkeypatch.undo()
    store = SqlStore(url(path))
    with pytest.raises(StoreUnfit, match="newer Coweave"):
        await store.open()
    await store.close()


async def test_ST51_a_migration_that_fails_leaves_all_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "db"
    async with SqlStore(url(path)) as store:
        await store.designs.add("acme", ROW)
    before = schema(path)
    with_next(tmp_path, monkeypatch, last="1 / 0")
    store = SqlStore(url(path))
    with pytest.raises(ZeroDivisionError):
        await store.open()
    await store.close()
    monkeypatch.undo()
    assert schema(path) == before
    async with SqlStore(url(path)) as store:
        assert await store.designs.list("acme", trashed=False) == [ROW]


async def test_ST82_an_older_backup_is_brought_up_to_date(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, file = tmp_path / "db", tmp_path / "backup"
    async with SqlStore(url(path)) as store:
        await store.designs.add("acme", ROW)
    await asyncio.to_thread(back_up, url(path), file, replace=False)
    with_next(tmp_path, monkeypatch)
    with unpack(file, url(path)) as copy:
        put_back(copy, url(path), replace=True)
    assert notes(path) == [("Claims", "was Claims")]
