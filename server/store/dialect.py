"""What SQLite and PostgreSQL do differently: how a connection is made safe. All else is shared SQL."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.engine.interfaces import DBAPICursor
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError

from ..ports import StoreUnavailable

__all__ = [
    "StoreUnfit",
    "database_url",
    "execute_directly",
    "flush",
    "is_sqlite",
    "lock_schema",
    "make_auditor",
    "make_engine",
    "make_room",
    "select_directly",
]

LOCK_WAIT_MS = 1_500
"""How long a commit waits for another process. People must hear of a stall within 2 s."""

WAL_KEPT_BYTES = 64 << 20
"""A log grown by a burst is cut back to this at the next checkpoint."""

_LINE = {
    "connect_timeout": 5,
    "tcp_user_timeout": 4_000,
    "keepalives_idle": 4,
    "keepalives_interval": 1,
    "keepalives_count": 4,
}
"""A PostgreSQL that falls silent, as behind a broken network, is given up after some seconds (ms, s).
Without it the one writer would wait for the system's own patience: a quarter of an hour."""

SCHEMA_LOCK = 0x636F7765617665
"""The number by which nodes agree on PostgreSQL who migrates ("coweave" in ASCII)."""


class StoreUnfit(Exception):
    """This database can never serve as it is; the message tells the operator why."""


def database_url(url: str) -> URL:
    """Parse an SQLAlchemy URL; `postgresql://` means psycopg 3. Raises `StoreUnfit`."""
    try:
        parsed = make_url(url)
    except ArgumentError as error:
        raise StoreUnfit("The database must be given as an SQLAlchemy URL.") from error
    backend = parsed.get_backend_name()
    if backend == "postgresql":
        return parsed.set(drivername="postgresql+psycopg")
    if backend != "sqlite":
        raise StoreUnfit(f"The database must be SQLite or PostgreSQL, not {backend}.")
    if not parsed.database or parsed.database == ":memory:" or parsed.query:
        raise StoreUnfit("SQLite must be given as a plain file: what is in memory is not durable.")
    return parsed


def make_room(url: URL) -> None:
    """Make the folder that a SQLite file is to lie in. Raises `StoreUnfit`."""
    if is_sqlite(url):
        try:
            Path(url.database or "").absolute().parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StoreUnfit(f"The database's folder cannot be made: {error}") from error


def make_engine(url: URL, *, connections: int, writes: bool) -> Engine:
    """An engine of at most `connections`, every one of them durable and bounded in its waits.

    A writing one begins its transactions with the write lock in hand (SQLite: BEGIN IMMEDIATE), so
    that none can fail half-way for having read too early. The others read in autocommit.
    """
    common: dict[str, Any] = {
        "pool_size": connections,
        "max_overflow": 0,
        "pool_timeout": LOCK_WAIT_MS / 1_000,
    }
    if not writes:
        common["isolation_level"] = "AUTOCOMMIT"
        common["skip_autocommit_rollback"] = True
    try:
        if is_sqlite(url):
            return _sqlite(url, writes, common)
        return _postgresql(url, common)
    except (NoSuchModuleError, ImportError) as error:
        raise StoreUnfit(f"The database driver is not installed: {error}") from error


def make_auditor(url: URL) -> Engine:
    """An engine of one connection that changes nothing; each transaction sees one state.

    A SQLite file must be there, and stays in the mode that it is in. Raises `StoreUnfit`.
    """
    if not is_sqlite(url):
        return _postgresql(url, {"pool_size": 1, "isolation_level": "REPEATABLE READ"})
    path = Path(url.database or "").absolute()
    if not path.is_file():
        raise StoreUnfit(f"There is no database at {path}.")

    def connect() -> sqlite3.Connection:
        connection = sqlite3.connect(
            f"{path.as_uri()}?mode=rw", uri=True, timeout=LOCK_WAIT_MS / 1_000, isolation_level=None
        )
        connection.execute("PRAGMA query_only = ON")
        return connection

    engine = create_engine(url, creator=connect, pool_size=1)

    @event.listens_for(engine, "begin")
    def take_snapshot(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN")

    return engine


def _sqlite(url: URL, writes: bool, common: dict[str, Any]) -> Engine:
    # isolation_level None: Python's driver begins nothing by itself.
    engine = create_engine(
        url, connect_args={"timeout": LOCK_WAIT_MS / 1_000, "isolation_level": None}, **common
    )

    @event.listens_for(engine, "connect")
    def make_durable(connection: sqlite3.Connection, _record: Any) -> None:
        try:
            _set_pragmas(connection)
        except sqlite3.OperationalError as error:
            raise StoreUnavailable(f"SQLite cannot be opened now: {error}") from error
        except sqlite3.DatabaseError as error:
            raise StoreUnfit(f"SQLite cannot use this file: {error}") from error

    if writes:

        @event.listens_for(engine, "begin")
        def take_write_lock(connection: Connection) -> None:
            connection.exec_driver_sql("BEGIN IMMEDIATE")

    return engine


def _set_pragmas(connection: sqlite3.Connection) -> None:
    """Set what durability needs, and read it back: SQLite ignores silently what it cannot do."""
    for pragma, value, expected in (
        ("busy_timeout", LOCK_WAIT_MS, LOCK_WAIT_MS),
        ("journal_mode", "WAL", "wal"),
        ("synchronous", "FULL", 2),
        ("foreign_keys", "ON", 1),
        ("journal_size_limit", WAL_KEPT_BYTES, WAL_KEPT_BYTES),
    ):
        connection.execute(f"PRAGMA {pragma} = {value}")
        (found,) = connection.execute(f"PRAGMA {pragma}").fetchone()
        if found != expected:
            raise StoreUnfit(
                f"SQLite refuses {pragma} = {value} here (it stays {found}): "
                "an accepted edit would not be safe."
            )


def _postgresql(url: URL, common: dict[str, Any]) -> Engine:
    options = f"-c synchronous_commit=on -c lock_timeout={LOCK_WAIT_MS} -c statement_timeout=30000"
    return create_engine(url, connect_args={**_LINE, "options": options}, **common)


def execute_directly(
    connection: Connection, statement: str, rows: Sequence[tuple[Any, ...]]
) -> None:
    """Run a statement of the driver's, its parameters written `?`, once for each row.

    Raises: as `Connection.execute`.
    """
    if connection.dialect.name != "sqlite":
        statement = statement.replace("?", "%s")
    with _wrapped(connection, statement) as cursor:
        cursor.executemany(statement, rows)


def select_directly(
    connection: Connection, statement: str, keys: Sequence[tuple[Any, ...]]
) -> list[tuple[Any, ...] | None]:
    """For each key the first row that such a statement finds. Raises: as `Connection.execute`."""
    with _wrapped(connection, statement) as cursor:
        found = []
        for key in keys:
            cursor.execute(statement, key)
            found.append(cursor.fetchone())
        return found


@contextmanager
def _wrapped(connection: Connection, statement: str) -> Iterator[DBAPICursor]:
    """A cursor of the driver's; its errors as SQLAlchemy gives them."""
    cursor = connection.connection.cursor()
    try:
        yield cursor
    except Exception as error:
        driver = connection.dialect.loaded_dbapi
        if not isinstance(error, driver.Error):
            raise
        is_lost = connection.dialect.is_disconnect(error, connection.connection, cursor)
        raise DBAPIError.instance(
            statement, None, error, driver.Error, connection_invalidated=is_lost
        ) from error
    finally:
        cursor.close()


def is_sqlite(url: URL) -> bool:
    return url.get_backend_name() == "sqlite"


def lock_schema(connection: Connection) -> None:
    """Until the transaction ends nobody else migrates. On SQLite nobody else writes anyway."""
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({SCHEMA_LOCK})")


def flush(connection: Connection) -> None:
    """Bring to disk whatever can be read. Needs a connection that is in no transaction.

    A process that died between a failed fsync and its next commit leaves pages in SQLite's log that
    can be read, yet need not be on disk. A checkpoint copies them into the database file and syncs
    that. It does nothing while another process reads. PostgreSQL sees to it by itself: it stops on
    a failed fsync.
    """
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)").all()
