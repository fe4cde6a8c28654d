"""A copy of the whole database at one moment, and back. Rules ST80-ST85.

A backup is always a SQLite file with this schema, whatever the database is: it can be checked,
opened and served as it is, and restored into the other kind. Runs in the caller's thread.
"""

from __future__ import annotations

import itertools
import os
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from sqlalchemy import URL, Connection, delete, insert, inspect, select
from sqlalchemy.exc import DBAPIError

from ..ports import StoreUnavailable
from .dialect import StoreUnfit, database_url, is_sqlite, make_auditor, make_engine
from .migrate import require_current, upgrade
from .snapshots import seal_all
from .tables import metadata

__all__ = ["back_up", "put_back", "seal", "unpack", "url_of"]

ROWS_AT_ONCE = 32
"""Copied together between two kinds of database: an op may be 16 MB."""

LOCK_WAIT_SECONDS = 1.5


def url_of(path: Path) -> str:
    """The URL of a SQLite file."""
    return f"sqlite:///{path.absolute()}"


def back_up(url: str, file: Path, *, replace: bool) -> None:
    """Write the state of one moment to `file`; nodes may go on writing meanwhile.

    SQLite's online backup copies the pages in one step, within one read transaction. PostgreSQL is
    read in one REPEATABLE READ transaction. What was acked before the call is in the file, and the
    file appears under its name only when all of it is on the disk.

    Raises: FileExistsError without `replace`; `StoreUnfit`, `StoreUnavailable`, OSError.
    """
    source = database_url(url)
    if file.exists() and not replace:
        raise FileExistsError(f"{file} is there already; --replace writes over it")
    with _beside(file) as copy, _told():
        if is_sqlite(source):
            _copy_pages(Path(source.database or ""), copy)
        else:
            _copy_rows(source, database_url(url_of(copy)))
            _leave_wal(copy)
        _flush(copy)
        _name(copy, file)


@contextmanager
def unpack(file: Path, url: str) -> Iterator[Path]:
    """A copy of a backup with this version's tables, for `put_back`; gone after the block.

    It lies beside the SQLite database that it is meant for. The backup is not changed.
    Raises: `StoreUnfit` if it is no backup, or a newer Coweave's; `StoreUnavailable`, OSError.
    """
    target = database_url(url)
    with _beside(Path(target.database or "") if is_sqlite(target) else None) as copy, _told():
        _copy_pages(file, copy)
        engine = make_engine(database_url(url_of(copy)), connections=1, writes=True)
        with engine.connect() as connection:
            empty = not inspect(connection).get_table_names()
        if empty:
            raise StoreUnfit(f"{file} is no backup: there is nothing in it.")
        upgrade(engine)
        engine.dispose()
        _leave_wal(copy)
        _flush(copy)
        yield copy


def seal(copy: Path, key: bytes) -> None:
    """Seal the milestones of an unpacked backup, once it has been checked, for the node to come."""
    engine = make_engine(database_url(url_of(copy)), connections=1, writes=True)
    with _told(), engine.begin() as connection:
        seal_all(connection, key)
    engine.dispose()
    _leave_wal(copy)
    _flush(copy)


def put_back(copy: Path, url: str, *, replace: bool) -> Path | None:
    """Make an unpacked backup the database of `url`. Returns where the one before lies now, if any.

    On SQLite what was there is kept beside under another name. On PostgreSQL the rows are replaced
    in one transaction. No node may be running; on SQLite that is seen, and refused.

    Raises: FileExistsError if the database holds anything, without `replace`; `StoreUnfit`,
        `StoreUnavailable`, OSError. Nothing has changed then.
    """
    target = database_url(url)
    with _told():
        if not is_sqlite(target):
            _copy_rows(database_url(url_of(copy)), target, replace=replace)
            return None
        path = Path(target.database or "")
        kept = _put_aside(path, replace=replace) if path.exists() else None
        for suffix in ("-wal", "-shm"):  # of a database that is no longer there
            path.with_name(path.name + suffix).unlink(missing_ok=True)
        _name(copy, path)
        return kept


def _copy_pages(source: Path, target: Path) -> None:
    if not source.is_file():
        raise StoreUnfit(f"There is no database at {source}.")
    reading = f"{source.absolute().as_uri()}?mode=rw"
    with (
        closing(sqlite3.connect(reading, uri=True, timeout=LOCK_WAIT_SECONDS)) as connection,
        closing(sqlite3.connect(target)) as copy,
    ):
        connection.execute("PRAGMA query_only = ON")
        connection.backup(copy)  # in one step: a later one would begin anew after each commit
    _leave_wal(target)


def _leave_wal(path: Path) -> None:
    """Make it one file, without a log beside it."""
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA journal_mode = DELETE")


def _copy_rows(source: URL, target: URL, *, replace: bool = False) -> None:
    """All rows of one database in another that is empty, or is made so, in one transaction each."""
    reader, writer = make_auditor(source), make_engine(target, connections=1, writes=True)
    try:
        upgrade(writer)
        with reader.connect() as reading, reading.begin():
            require_current(reading)
            with writer.begin() as writing:
                _empty(writing, replace=replace)
                for table in metadata.sorted_tables:
                    rows = reading.execute(
                        select(table), execution_options={"yield_per": ROWS_AT_ONCE}
                    )
                    for some in rows.mappings().partitions():
                        writing.execute(insert(table), [dict(row) for row in some])
    finally:
        reader.dispose()
        writer.dispose()


def _empty(connection: Connection, *, replace: bool) -> None:
    tables = metadata.sorted_tables
    if connection.dialect.name == "postgresql":
        names = ", ".join(table.name for table in tables)
        connection.exec_driver_sql(f"LOCK TABLE {names} IN ACCESS EXCLUSIVE MODE")
    for table in tables:
        if connection.execute(select(table).limit(1)).first() is not None and not replace:
            raise FileExistsError("the database holds designs; --replace puts the backup there")
        connection.execute(delete(table))


def _put_aside(path: Path, *, replace: bool) -> Path:
    """Give the database another name, once nobody has it open."""
    with closing(sqlite3.connect(path, timeout=LOCK_WAIT_SECONDS)) as connection:
        try:
            (there,) = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
            if there and not replace:
                raise FileExistsError(f"{path} is there; --replace puts the backup in its place")
            # Needs the file for itself, and takes in what the log still holds.
            connection.execute("PRAGMA journal_mode = DELETE")
        except sqlite3.OperationalError as error:
            raise StoreUnavailable(f"{path} is in use, stop the node first: {error}") from error
        except sqlite3.DatabaseError as error:
            if not replace:  # damaged: that is what backups are for
                raise FileExistsError(f"{path} is there, and damaged; --replace") from error
    names = (f".replaced{'' if n == 1 else f'-{n}'}" for n in itertools.count(1))
    aside = next(
        free for suffix in names if not (free := path.with_name(path.name + suffix)).exists()
    )
    path.rename(aside)
    return aside


@contextmanager
def _beside(file: Path | None) -> Iterator[Path]:
    """The name of a new file in the folder of `file`, readable by its owner only; gone afterwards."""
    folder = None if file is None else file.absolute().parent
    if folder is not None:
        folder.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(suffix=".partial", prefix=".coweave-", dir=folder)
    os.close(handle)
    try:
        yield Path(name)
    finally:
        for suffix in ("", "-wal", "-shm", "-journal"):
            Path(name + suffix).unlink(missing_ok=True)


def _name(copy: Path, file: Path) -> None:
    """Give the finished copy its name, and bring that to disk."""
    copy.replace(file)
    folder = os.open(file.absolute().parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _flush(path: Path) -> None:
    handle = os.open(path, os.O_RDWR)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextmanager
def _told() -> Iterator[None]:
    """Turn the database's faults into ours."""
    try:
        yield
    except sqlite3.OperationalError as error:
        raise StoreUnavailable(f"the database cannot be copied now: {error}") from error
    except sqlite3.DatabaseError as error:
        raise StoreUnfit(f"This is no sound SQLite file: {error}") from error
    except DBAPIError as error:
        raise StoreUnavailable(f"the database cannot be copied now: {error.orig}") from error
