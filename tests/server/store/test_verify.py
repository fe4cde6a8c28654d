"""Whoever changes the database past the server is found out, by document and version (T-A6)."""

from __future__ import annotations

import asyncio
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

import pytest
import zstandard

from server.document.versioned import encode
from server.ports import Commit, DocumentId, Head, Milestone, NewOp, StoredOp
from server.runtime.history import History, milestone_of
from server.store import SqlStore, StoreUnfit
from server.store.audit import Kind
from server.store.chain import checksum, row_hashes
from server.store.verify import Checked, verify

from .histories import CLAIMS, KEY, NOTES, ORDERS, Story, design_story, write_all

CLAIM = "tenant = 'acme' and collection = 'designs' and document = 'claims'"
COLUMNS = "tenant, collection, document, version, src, seq, author, time, body, hash"

Tamper = Callable[[sqlite3.Connection], None]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "coweave.sqlite3"


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[DocumentId, Story]]:
    path = tmp_path_factory.mktemp("template") / "coweave.sqlite3"
    return path, asyncio.run(write_all(path))


@pytest.fixture
def stories(path: Path, template: tuple[Path, dict[DocumentId, Story]]) -> dict[DocumentId, Story]:
    shutil.copy(template[0], path)
    return template[1]


def checked(path: Path) -> dict[DocumentId, Checked]:
    return {found.document: found for found in verify(f"sqlite:///{path}")}


def change(path: Path, tamper: Tamper) -> None:
    with closing(sqlite3.connect(path)) as connection, connection:
        before = connection.total_changes
        tamper(connection)
        assert connection.total_changes > before


def sql(statement: str) -> Tamper:
    return lambda connection: connection.executescript(statement) and None


def test_ST70_a_sound_database_has_no_fault(path: Path, stories: dict[DocumentId, Story]) -> None:
    found = checked(path)
    assert list(found) == [CLAIMS, ORDERS, NOTES]
    for document, story in stories.items():
        one = found[document]
        assert one.faults == ()
        assert one.head is not None and one.head.version == one.ops == len(story.edits)
    assert [one.milestones for one in found.values()] == [6, 2, 3]


# -- the nine edits of T-A6, and more ----------------------------------------------------------------


def swap(first: int, second: int) -> Tamper:
    """Two rows change their numbers."""
    return sql(
        f"update ops set version = -1 where {CLAIM} and version = {first};"
        f"update ops set version = {first} where {CLAIM} and version = {second};"
        f"update ops set version = {second} where {CLAIM} and version = -1;"
    )


def insert(version: int, *, forged: bool) -> Tamper:
    """A row of somebody else's between two, the later ones numbered anew."""

    def tamper(connection: sqlite3.Connection) -> None:
        connection.execute(
            f"update ops set version = -version where {CLAIM} and version >= {version}"
        )
        connection.execute(f"update ops set version = 1 - version where {CLAIM} and version < 0")
        (previous,) = connection.execute(
            f"select hash from ops where {CLAIM} and version = {version - 1}"
        ).fetchone()
        op = StoredOp(version, "evil", 1, "u1", 1, b'{"op":[]}')
        hash = row_hashes(CLAIMS, version, previous, [op])[0] if forged else bytes(32)
        row = (*CLAIMS, version, op.src, op.seq, op.author, op.time, op.body, hash)
        connection.execute(f"insert into ops ({COLUMNS}) values (?,?,?,?,?,?,?,?,?,?)", row)

    return tamper


def append(connection: sqlite3.Connection) -> None:
    """A row after the last, with the hash that it would have."""
    version, last = connection.execute(f"select version, hash from heads where {CLAIM}").fetchone()
    op = StoredOp(version, "evil", 1, "u1", 1, b'{"op":[]}')
    row = (*CLAIMS, version, op.src, op.seq, op.author, op.time, op.body)
    hash = row_hashes(CLAIMS, version, last, [op])[0]
    connection.execute(f"insert into ops ({COLUMNS}) values (?,?,?,?,?,?,?,?,?,?)", (*row, hash))


def put_milestone(version: int, *, key: bytes | None) -> Tamper:
    """Another state in a milestone's place; with a key, its checksum as well."""

    def tamper(connection: sqlite3.Connection) -> None:
        here = f"{CLAIM} and version = {version}"
        state = milestone_of(design_story("Crimes", version).states[-1]).body
        values = (zstandard.compress(state), len(state))
        connection.execute(
            f"update milestones set body = ?, size = ?, base = null where {here}", values
        )
        if key is not None:
            seal = checksum(CLAIMS, Milestone(version, state), key)
            connection.execute(f"update milestones set checksum = ? where {here}", (seal,))

    return tamper


class Edit(NamedTuple):
    """What is done to the database, and what has to be said of it."""

    tamper: Tamper
    kind: Kind
    version: int | None
    document: DocumentId = CLAIMS


EDITS = {
    "change a byte of an op": Edit(
        sql(
            "update ops set body = cast(replace(body, 'Claims 20', 'Claims 21') as blob)"
            f" where {CLAIM} and version = 21"
        ),
        Kind.CHANGED,
        21,
    ),
    "delete a row": Edit(
        sql(f"delete from ops where {CLAIM} and version = 17"), Kind.MISSING, 17
    ),
    "delete several rows": Edit(
        sql(f"delete from ops where {CLAIM} and version between 17 and 30"), Kind.MISSING, 17
    ),
    "delete the first row": Edit(
        sql(f"delete from ops where {CLAIM} and version = 0"), Kind.MISSING, 0
    ),
    "delete a row and close the gap": Edit(
        sql(
            f"delete from ops where {CLAIM} and version = 17;"
            f"update ops set version = -version where {CLAIM} and version > 17;"
            f"update ops set version = -version - 1 where {CLAIM} and version < 0;"
        ),
        Kind.CHANGED,
        17,
    ),
    "swap two": Edit(swap(12, 40), Kind.REORDERED, 12),
    "swap two neighbours": Edit(swap(12, 13), Kind.REORDERED, 12),
    "move one to the end": Edit(
        sql(f"update ops set version = 1000 where {CLAIM} and version = 30"), Kind.REORDERED, 30
    ),
    "add one": Edit(insert(33, forged=False), Kind.ADDED, 33),
    "add one with its hash": Edit(insert(33, forged=True), Kind.ADDED, 33),
    "add one at the end": Edit(append, Kind.ADDED, 61),
    "change an author": Edit(
        sql(f"update ops set author = 'u9' where {CLAIM} and version = 8"), Kind.CHANGED, 8
    ),
    "change a time": Edit(
        sql(f"update ops set time = time + 1 where {CLAIM} and version = 8"), Kind.CHANGED, 8
    ),
    "change a hash": Edit(
        sql(f"update ops set hash = zeroblob(32) where {CLAIM} and version = 8"), Kind.CHANGED, 8
    ),
    "cut the tail": Edit(
        sql(f"delete from ops where {CLAIM} and version >= 50"), Kind.MISSING, 50
    ),
    "put the head back": Edit(
        sql(f"update heads set version = 50 where {CLAIM}"), Kind.ADDED, 50
    ),
    "change the head's hash": Edit(
        sql(f"update heads set hash = zeroblob(32) where {CLAIM}"), Kind.HEAD, 60
    ),
    "delete the head": Edit(sql(f"delete from heads where {CLAIM}"), Kind.HEAD, None),
    "cut the tail and put the head back": Edit(
        sql(
            f"delete from ops where {CLAIM} and version >= 55;"
            f"delete from milestones where {CLAIM} and version > 55;"
            "update heads set version = 55, hash = (select hash from ops"
            f" where {CLAIM} and version = 54) where {CLAIM};"
        ),
        Kind.CATALOGUE,
        None,
    ),
    "change a snapshot": Edit(put_milestone(20, key=None), Kind.MILESTONE, 20),
    "change a snapshot and its checksum": Edit(put_milestone(20, key=b""), Kind.MILESTONE, 20),
    "change a snapshot and seal it": Edit(put_milestone(20, key=KEY), Kind.MILESTONE, 20),
    "break a snapshot": Edit(
        sql(f"update milestones set body = x'00' where {CLAIM} and version = 20"),
        Kind.MILESTONE,
        20,
    ),
    "a snapshot of another version": Edit(
        sql(f"update milestones set version = 21 where {CLAIM} and version = 20"),
        Kind.MILESTONE,
        21,
    ),
    "a snapshot beyond the head": Edit(
        sql(f"update milestones set version = 99 where {CLAIM} and version = 20"),
        Kind.MILESTONE,
        99,
    ),
    "rename in the list": Edit(
        sql("update designs set name = 'Crimes' where id = 'claims'"), Kind.CATALOGUE, None
    ),
    "another version in the list": Edit(
        sql("update designs set version = 7 where id = 'claims'"), Kind.CATALOGUE, None
    ),
    "a design without a log": Edit(
        sql(f"delete from ops where {CLAIM}; delete from heads where {CLAIM};"
            f"delete from milestones where {CLAIM};"),
        Kind.CATALOGUE,
        None,
    ),
    "take it off the list": Edit(
        sql("delete from designs where id = 'claims'"), Kind.UNLISTED, None
    ),
    "scratch is looked at too": Edit(
        sql("update ops set seq = 500 where document = 'notes' and version = 3"),
        Kind.CHANGED,
        3,
        NOTES,
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", EDITS)
def test_A6_a_tampered_database_is_found_out(
    path: Path, stories: dict[DocumentId, Story], name: str
) -> None:
    edit = EDITS[name]
    change(path, edit.tamper)
    found = checked(path)
    faults = found.pop(edit.document).faults
    assert [(fault.kind, fault.version) for fault in faults] == [(edit.kind, edit.version)], faults
    assert all(one.faults == () for one in found.values())
    assert faults[0].is_note == (edit.kind is Kind.UNLISTED)
    place = "/".join(edit.document) + ("" if edit.version is None else f", version {edit.version}")
    assert str(faults[0]).startswith(f"{place}: ")


def test_A6_one_byte_of_the_file(path: Path, stories: dict[DocumentId, Story]) -> None:
    content = path.read_bytes()
    assert content.count(b'"oi":"Claims 20"') == 1
    path.write_bytes(content.replace(b'"oi":"Claims 20"', b'"oi":"Claims 28"'))
    assert [(fault.kind, fault.version) for fault in checked(path)[CLAIMS].faults] == [
        (Kind.CHANGED, 21)
    ]


SNAPSHOT_EDITS = [
    "change a snapshot",
    "change a snapshot and its checksum",
    "break a snapshot",
    "a snapshot of another version",
    "a snapshot beyond the head",
]


@pytest.mark.parametrize("name", SNAPSHOT_EDITS)
async def test_A7_a_changed_snapshot_is_never_served(
    path: Path, stories: dict[DocumentId, Story], name: str
) -> None:
    change(path, EDITS[name].tamper)
    async with SqlStore(f"sqlite:///{path}", key=KEY) as store:
        history = History(store)
        for version, state in enumerate(stories[CLAIMS].states):
            assert await history.snapshot(CLAIMS, version) == state


LOG_EDITS = [name for name, edit in EDITS.items() if edit.kind in {Kind.MISSING, Kind.REORDERED}]


@pytest.mark.parametrize("name", LOG_EDITS)
async def test_A7_no_state_is_made_up_of_a_log_with_holes(
    path: Path, stories: dict[DocumentId, Story], name: str
) -> None:
    change(path, EDITS[name].tamper)
    first = EDITS[name].version
    assert first is not None
    async with SqlStore(f"sqlite:///{path}", key=KEY) as store:
        history = History(store)
        for version, state in enumerate(stories[CLAIMS].states[: first + 1]):
            assert await history.snapshot(CLAIMS, version) == state


async def test_A7_a_damaged_snapshot_is_made_anew(
    path: Path, stories: dict[DocumentId, Story]
) -> None:
    change(path, EDITS["change a snapshot and its checksum"].tamper)
    async with SqlStore(f"sqlite:///{path}", key=KEY) as store:
        await store.save_milestone(CLAIMS, milestone_of(stories[CLAIMS].states[20]))
    assert checked(path)[CLAIMS].faults == ()


# -- against what an earlier check found -------------------------------------------------------------


def heads(path: Path) -> dict[DocumentId, Head]:
    return {document: one.head for document, one in checked(path).items() if one.head}


def rewrite(version: int, column: str, value: object) -> Tamper:
    """Change a row, and make all hashes from there on anew: nothing in the database tells of it."""

    def tamper(connection: sqlite3.Connection) -> None:
        where = f"{CLAIM} and version"
        connection.execute(f"update ops set {column} = ? where {where} = {version}", (value,))
        columns = "version, src, seq, author, time, body"
        ops = [
            StoredOp(*row)
            for row in connection.execute(
                f"select {columns} from ops where {CLAIM} order by version"
            )
        ]
        hashes = row_hashes(CLAIMS, 0, bytes(32), ops)
        for op, hash in zip(ops, hashes, strict=True):
            connection.execute(f"update ops set hash = ? where {where} = {op.version}", (hash,))
        connection.execute(f"update heads set hash = ? where {CLAIM}", (hashes[-1],))

    return tamper


def against(
    path: Path, anchors: dict[DocumentId, Head]
) -> list[tuple[DocumentId, Kind, int | None]]:
    found = verify(f"sqlite:///{path}", anchors)
    return [(one.document, fault.kind, fault.version) for one in found for fault in one.faults]


def test_ST75_a_history_written_anew_is_found_by_an_earlier_check(
    path: Path, stories: dict[DocumentId, Story]
) -> None:
    anchors = heads(path)
    assert against(path, anchors) == []
    change(path, rewrite(9, "author", "u9"))
    assert against(path, {}) == []
    assert against(path, anchors) == [(CLAIMS, Kind.REWRITTEN, 60)]


def test_ST75_an_earlier_check_finds_what_is_gone(
    path: Path, stories: dict[DocumentId, Story]
) -> None:
    anchors = heads(path)
    tables = ("ops", "heads", "milestones")
    for table in tables:
        change(path, sql(f"delete from {table} where document = 'notes'"))
    assert against(path, {}) == []
    assert against(path, anchors) == [(NOTES, Kind.MISSING, 0)]
    change(path, EDITS["cut the tail and put the head back"].tamper)
    change(path, sql("update designs set version = 55 where id = 'claims'"))
    assert against(path, {}) == []
    assert against(path, anchors) == [(CLAIMS, Kind.MISSING, 55), (NOTES, Kind.MISSING, 0)]


def test_ST75_what_was_written_since_is_no_fault(
    path: Path, stories: dict[DocumentId, Story]
) -> None:
    heads_then = {CLAIMS: Head(1, row_hashes(CLAIMS, 0, bytes(32), [first_op(path)])[0])}
    assert against(path, heads_then) == []


def first_op(path: Path) -> StoredOp:
    with closing(sqlite3.connect(path)) as connection:
        columns = "version, src, seq, author, time, body"
        row = connection.execute(f"select {columns} from ops where {CLAIM} and version = 0")
        return StoredOp(*row.fetchone())


# -- the file ----------------------------------------------------------------------------------------


def test_ST71_the_database_is_only_read(path: Path, stories: dict[DocumentId, Story]) -> None:
    before = path.read_bytes()
    checked(path)
    assert path.read_bytes() == before


async def test_ST71_a_node_may_write_meanwhile(
    path: Path, stories: dict[DocumentId, Story]
) -> None:
    async with SqlStore(f"sqlite:///{path}", key=KEY) as store:
        check = verify(f"sqlite:///{path}")
        assert next(check).document == CLAIMS
        story = stories[ORDERS]
        edit = [{"p": ["meta", "description"], "od": "", "oi": "New"}]
        op = NewOp("s9", 1, "u1", 99_000, encode(edit))
        assert await store.commit([Commit(ORDERS, len(story.edits), (op,))]) != []
        orders = next(check)
        assert orders.document == ORDERS and orders.faults == ()
        assert orders.ops == len(story.edits) + 1
        assert [one.document for one in check] == [NOTES]


def test_ST72_a_torn_file_is_told_as_such(path: Path, stories: dict[DocumentId, Story]) -> None:
    content = bytearray(path.read_bytes())
    content[4096 * 3 : 4096 * 9] = bytes(4096 * 6)
    path.write_bytes(content)
    with pytest.raises(StoreUnfit, match="damaged"):
        checked(path)


def test_ST72_what_is_no_database_of_ours(path: Path) -> None:
    with pytest.raises(StoreUnfit, match="no database"):
        checked(path)
    path.write_bytes(b"no database at all, just text" * 100)
    with pytest.raises(StoreUnfit, match="damaged"):
        checked(path)
    path.unlink()
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("create table theirs (a)")
    with pytest.raises(StoreUnfit, match="something else"):
        checked(path)
    path.unlink()
    path.touch()
    with pytest.raises(StoreUnfit, match="coweave migrate"):
        checked(path)
