"""Backups: one moment of the whole database in one file, and back (A9)."""

from __future__ import annotations

import asyncio
import shutil
import sqlite3
import stat
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from server.document.versioned import encode
from server.ports import Commit, Committed, DocumentId, NewOp, StoreUnavailable
from server.runtime.history import History
from server.store import SqlStore, StoreUnfit
from server.store.backup import back_up, put_back, seal, unpack, url_of
from server.store.verify import Checked, verify

from .histories import CLAIMS, KEY, NOTES, Story, write_all


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[DocumentId, Story]]:
    path = tmp_path_factory.mktemp("template") / "coweave.sqlite3"
    return path, asyncio.run(write_all(path))


@pytest.fixture
def path(template: tuple[Path, dict[DocumentId, Story]], tmp_path: Path) -> Path:
    path = tmp_path / "coweave.sqlite3"
    shutil.copy(template[0], path)
    return path


def what_is_there(url: str) -> list[Checked]:
    return list(verify(url))


def restore(file: Path, url: str, *, replace: bool = False) -> Path | None:
    with unpack(file, url) as copy:
        return put_back(copy, url, replace=replace)


def note(seq: int) -> NewOp:
    return NewOp("s8", seq, "u1", 90_000, encode([{"p": ["list", 0], "li": seq}]))


def test_ST80_a_backup_is_the_database(path: Path, tmp_path: Path) -> None:
    file = tmp_path / "backup"
    back_up(url_of(path), file, replace=False)
    assert what_is_there(url_of(file)) == what_is_there(url_of(path))
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert {p.name for p in tmp_path.iterdir()} == {"backup", "coweave.sqlite3"}


async def test_ST80_what_is_in_the_log_only_is_in_the_backup(path: Path, tmp_path: Path) -> None:
    async with SqlStore(url_of(path), key=KEY) as store:
        (base,) = (one.ops for one in what_is_there(url_of(path)) if one.document == NOTES)
        assert await store.commit([Commit(NOTES, base, (note(1),))]) == [Committed(base + 1)]
        await asyncio.to_thread(back_up, url_of(path), tmp_path / "backup", replace=False)
        assert await store.commit([Commit(NOTES, base + 1, (note(2),))]) == [Committed(base + 2)]
    found = {one.document: one for one in what_is_there(url_of(tmp_path / "backup"))}
    assert found[NOTES].ops == base + 1 and found[NOTES].faults == ()


def test_ST81_no_file_is_written_over_unasked(path: Path, tmp_path: Path) -> None:
    file = tmp_path / "backup"
    file.write_text("precious")
    with pytest.raises(FileExistsError):
        back_up(url_of(path), file, replace=False)
    assert file.read_text() == "precious"
    back_up(url_of(path), file, replace=True)
    assert what_is_there(url_of(file)) == what_is_there(url_of(path))


def test_ST81_no_half_backup_is_left(path: Path, tmp_path: Path) -> None:
    path.write_bytes(b"no database" * 1_000)
    with pytest.raises(StoreUnfit):
        back_up(url_of(path), tmp_path / "backup", replace=False)
    with pytest.raises(StoreUnfit, match="no database"):
        back_up(url_of(tmp_path / "nowhere"), tmp_path / "backup", replace=False)
    assert [p.name for p in tmp_path.iterdir()] == ["coweave.sqlite3"]


@pytest.mark.parametrize("before", ["nothing", "an empty file", "empty tables"])
async def test_ST82_restored_is_what_was_saved(path: Path, tmp_path: Path, before: str) -> None:
    await asyncio.to_thread(back_up, url_of(path), tmp_path / "backup", replace=False)
    target = tmp_path / "new" / "coweave.sqlite3"
    if before != "nothing":
        target.parent.mkdir()
        target.touch()
    if before == "empty tables":
        async with SqlStore(url_of(target)):
            pass
    replace = before == "empty tables"
    restore(tmp_path / "backup", url_of(target), replace=replace)
    assert what_is_there(url_of(target)) == what_is_there(url_of(path))


async def test_ST82_a_restored_database_goes_on(
    path: Path, tmp_path: Path, template: tuple[Path, dict[DocumentId, Story]]
) -> None:
    story = template[1][NOTES]
    head = len(story.edits)
    await asyncio.to_thread(back_up, url_of(path), tmp_path / "backup", replace=False)
    async with SqlStore(url_of(path), key=KEY) as store:
        await store.commit([Commit(NOTES, head, (note(1), note(2)))])
    aside = restore(tmp_path / "backup", url_of(path), replace=True)
    async with SqlStore(url_of(path), key=KEY) as store:
        history = History(store)
        assert await history.snapshot(NOTES) == story.states[-1]
        assert await history.snapshot(CLAIMS, 33) == template[1][CLAIMS].states[33]
        assert await store.commit([Commit(NOTES, head, (note(3),))]) == [Committed(head + 1)]
    assert all(one.faults == () for one in what_is_there(url_of(path)))
    assert aside is not None
    (notes,) = (one for one in what_is_there(url_of(aside)) if one.document == NOTES)
    assert notes.ops == head + 2, "what was there before is kept"


async def test_ST82_milestones_are_sealed_for_the_node_to_come(path: Path, tmp_path: Path) -> None:
    await asyncio.to_thread(back_up, url_of(path), tmp_path / "backup", replace=False)
    theirs = b"t" * 32
    with unpack(tmp_path / "backup", url_of(path)) as copy:
        seal(copy, theirs)
        put_back(copy, url_of(path), replace=True)
    async with SqlStore(url_of(path), key=theirs) as store:
        kept = await store.milestone(CLAIMS, 10**6)
        assert kept is not None and kept.version == 60
    async with SqlStore(url_of(path), key=KEY) as store:
        assert await store.milestone(CLAIMS, 10**6) is None
    assert all(one.faults == () for one in what_is_there(url_of(path)))


def test_ST83_a_database_is_not_replaced_unasked(path: Path, tmp_path: Path) -> None:
    back_up(url_of(path), tmp_path / "backup", replace=False)
    before = path.read_bytes()
    with pytest.raises(FileExistsError):
        restore(tmp_path / "backup", url_of(path))
    assert path.read_bytes() == before


def test_ST83_what_was_there_is_kept_each_time(path: Path, tmp_path: Path) -> None:
    back_up(url_of(path), tmp_path / "backup", replace=False)
    kept = [restore(tmp_path / "backup", url_of(path), replace=True) for _ in range(3)]
    assert [aside.name for aside in kept if aside] == [
        *("coweave.sqlite3.replaced", "coweave.sqlite3.replaced-2", "coweave.sqlite3.replaced-3")
    ]


async def test_ST83_a_database_in_use_is_not_replaced(path: Path, tmp_path: Path) -> None:
    await asyncio.to_thread(back_up, url_of(path), tmp_path / "backup", replace=False)
    async with SqlStore(url_of(path), key=KEY) as store:
        with pytest.raises(StoreUnavailable, match="stop the node"):
            await asyncio.to_thread(restore, tmp_path / "backup", url_of(path), replace=True)
        assert await store.commit([]) == []
    assert all(one.faults == () for one in what_is_there(url_of(path)))


def test_ST83_a_torn_database_can_be_replaced(path: Path, tmp_path: Path) -> None:
    back_up(url_of(path), tmp_path / "backup", replace=False)
    sound = what_is_there(url_of(path))
    path.write_bytes(b"torn" * 10_000)
    path.with_name("coweave.sqlite3-wal").write_bytes(b"torn" * 1_000)
    aside = restore(tmp_path / "backup", url_of(path), replace=True)
    assert what_is_there(url_of(path)) == sound
    assert aside is not None and aside.read_bytes() == b"torn" * 10_000


def test_ST84_what_is_no_backup_changes_nothing(path: Path, tmp_path: Path) -> None:
    before = path.read_bytes()
    file = tmp_path / "backup"
    file.touch()
    with pytest.raises(StoreUnfit, match="no backup"):
        restore(file, url_of(path), replace=True)
    file.write_bytes(b"text" * 1_000)
    with pytest.raises(StoreUnfit, match="no sound SQLite"):
        restore(file, url_of(path), replace=True)
    file.unlink()
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.execute("create table theirs (a)")
    with pytest.raises(StoreUnfit, match="something else"):
        restore(file, url_of(path), replace=True)
    assert path.read_bytes() == before
    assert {p.name for p in tmp_path.iterdir()} == {"backup", "coweave.sqlite3"}


def test_ST84_the_backup_itself_stays_as_it_is(path: Path, tmp_path: Path) -> None:
    file = tmp_path / "backup"
    back_up(url_of(path), file, replace=False)
    before = file.read_bytes()
    restore(file, url_of(path), replace=True)
    assert file.read_bytes() == before


def test_ST85_from_sqlite_to_postgresql_and_back(
    path: Path, tmp_path: Path, postgres_database: str
) -> None:
    sound = what_is_there(url_of(path))
    back_up(url_of(path), tmp_path / "one", replace=False)
    assert restore(tmp_path / "one", postgres_database) is None
    assert what_is_there(postgres_database) == sound
    with pytest.raises(FileExistsError):
        restore(tmp_path / "one", postgres_database)
    back_up(postgres_database, tmp_path / "two", replace=False)
    assert what_is_there(url_of(tmp_path / "two")) == sound
    restore(tmp_path / "two", postgres_database, replace=True)
    assert what_is_there(postgres_database) == sound


async def test_ST85_a_backup_of_postgresql_is_of_one_moment(
    tmp_path: Path, postgres_database: str
) -> None:
    """Two documents are written in turn: in a backup neither is ahead by more than one."""
    pair = [DocumentId("acme", "scratch", name) for name in ("a", "b")]
    async with SqlStore(postgres_database) as store:
        saved = asyncio.Event()

        async def write() -> None:
            for version in range(100_000):
                for document in pair:
                    op = NewOp("s1", version + 1, "u1", 1, b'{"create":{"type":"t","data":1}}')
                    await store.commit([Commit(document, version, (op,))])
                if saved.is_set():
                    return

        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(write())
            for number in range(3):
                file = tmp_path / f"backup{number}"
                await asyncio.to_thread(back_up, postgres_database, file, replace=False)
                versions = {one.document: one.ops for one in what_is_there(url_of(file))}
                ahead = versions.get(pair[0], 0) - versions.get(pair[1], 0)
                assert ahead in {0, 1}
            saved.set()


def test_ST85_postgresql_of_somebody_else(tmp_path: Path, postgres_database: str) -> None:
    engine = create_engine(postgres_database.replace("postgresql:", "postgresql+psycopg:"))
    with engine.begin() as connection:
        connection.execute(text("create table theirs (a int)"))
    engine.dispose()
    with pytest.raises(StoreUnfit, match="something else"):
        back_up(postgres_database, tmp_path / "backup", replace=False)
    assert list(tmp_path.iterdir()) == []
