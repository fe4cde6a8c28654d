"""One node serves a SQLite database.

Nodes that share a database must tell each other what they commit; through a file they cannot. A
second one would order edits rightly and still show its people an old state, for as long as nobody
of them edits. Commands that only add or read designs need no claim.
"""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .dialect import StoreUnfit, database_url, is_sqlite, make_room

__all__ = ["claimed"]


@contextmanager
def claimed(database: str) -> Iterator[None]:
    """Hold `database` (an SQLAlchemy URL) for this process alone, until the end or its death.

    The lock is on a file beside the database, `<name>-node`, which stays. Nothing is held of other
    databases than SQLite's. Raises: StoreUnfit if another process holds it, or the URL is none.
    """
    url = database_url(database)
    if not is_sqlite(url):
        yield
        return
    make_room(url)
    path = Path(f"{url.database}-node").absolute()
    with path.open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise StoreUnfit(
                f"Another node serves {url.database} already: stop it, "
                "or give this one a database of its own (COWEAVE_DATABASE)"
            ) from None
        yield
