"""Two nodes on one database: the store has the last word. Rules: server/store/SPEC.md."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, text

from server.ports import Commit, Committed, DesignRow, DocumentId, NewOp, Overtaken, StoredOp
from server.store import SqlStore
from server.store.chain import ROOT, row_hashes
from server.store.tables import metadata

DOCUMENT = DocumentId("acme", "designs", "claims")


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "postgresql":
        return str(request.getfixturevalue("postgres_database"))
    return f"sqlite:///{tmp_path / 'coweave.sqlite3'}"


@pytest.fixture
async def nodes(url: str) -> AsyncIterator[tuple[SqlStore, SqlStore]]:
    async with SqlStore(url) as one, SqlStore(url) as two:
        yield one, two


def an_op(src: str, seq: int) -> NewOp:
    return NewOp(src, seq, "u1", 1_000, b'{"op":[]}')


async def test_ST6_two_nodes_write_one_log(nodes: tuple[SqlStore, SqlStore]) -> None:
    async def write(node: SqlStore, src: str) -> None:
        base = 0
        for seq in range(1, 11):
            while True:
                (answer,) = await node.commit([Commit(DOCUMENT, base, (an_op(src, seq),))])
                if isinstance(answer, Committed):
                    base = answer.head
                    break
                assert answer.ops, "overtaken by nobody"
                base += len(answer.ops)

    await asyncio.gather(*(write(nodes[n % 2], f"s{n}") for n in range(6)))
    log = await nodes[0].read(DOCUMENT, 0)
    assert [op.version for op in log] == list(range(60))
    assert len({(op.src, op.seq) for op in log}) == 60
    assert all([op.seq for op in log if op.src == f"s{n}"] == list(range(1, 11)) for n in range(6))
    assert (await nodes[1].head(DOCUMENT)).hash == row_hashes(DOCUMENT, 0, ROOT, log)[-1]


async def test_ST6_groups_in_another_order_end_both(nodes: tuple[SqlStore, SqlStore]) -> None:
    documents = [DOCUMENT._replace(id=f"d{n}") for n in range(10)]

    async def write(node: SqlStore, src: str, order: list[DocumentId]) -> int:
        bases = dict.fromkeys(order, 0)
        left = dict.fromkeys(order, 5)
        while any(left.values()):
            asked = [d for d in order if left[d]]
            batches = [Commit(d, bases[d], (an_op(src, left[d]),)) for d in asked]
            for document, answer in zip(asked, await node.commit(batches), strict=True):
                if isinstance(answer, Committed):
                    left[document] -= 1
                    bases[document] = answer.head
                else:
                    bases[document] += len(answer.ops)
        return len(order)

    await asyncio.gather(write(nodes[0], "one", documents), write(nodes[1], "two", documents[::-1]))
    for document in documents:
        assert (await nodes[0].head(document)).version == 10


async def test_ST3_the_same_op_through_both_nodes_is_stored_once(
    nodes: tuple[SqlStore, SqlStore],
) -> None:
    first, resent = an_op("s1", 1), NewOp("s1", 1, "u1", 2_000, b'{"op":[]}')
    answers = await asyncio.gather(
        nodes[0].commit([Commit(DOCUMENT, 0, (first,))]),
        nodes[1].commit([Commit(DOCUMENT, 0, (resent,))]),
    )
    assert sorted(type(answer).__name__ for (answer,) in answers) == ["Committed", "Overtaken"]
    (stored,) = await nodes[0].read(DOCUMENT, 0)
    assert [a for (a,) in answers if isinstance(a, Overtaken)] == [Overtaken((stored,))]


async def test_ST6_many_new_documents_at_once(nodes: tuple[SqlStore, SqlStore]) -> None:
    async def create(node: SqlStore, number: int) -> None:
        # Both nodes make the same documents: one of them wins each.
        batch = Commit(DOCUMENT._replace(id=f"d{number}"), 0, (an_op(f"{id(node)}", 1),))
        (answer,) = await node.commit([batch])
        assert answer == Committed(1) or len(answer.ops) == 1

    await asyncio.gather(*(create(node, n) for n in range(30) for node in nodes))
    for n in range(30):
        assert (await nodes[0].head(DOCUMENT._replace(id=f"d{n}"))).version == 1


async def test_designs_are_seen_by_both(nodes: tuple[SqlStore, SqlStore]) -> None:
    row = DesignRow("claims", "Claims", 1, "u1", 1, 0, None)
    await nodes[0].designs.add("acme", row)
    assert await nodes[1].designs.get("acme", "claims") == row
    with pytest.raises(ValueError, match="claims"):
        await nodes[1].designs.add("acme", DesignRow("claims", "Other", 1, "u1", 1, 0, None))


async def test_ST50_the_migrations_make_the_tables(nodes: tuple[SqlStore, SqlStore]) -> None:
    def difference(connection: Connection) -> list[object]:
        return list(compare_metadata(MigrationContext.configure(connection), metadata))

    assert await nodes[0]._database.read(difference) == []


async def test_ST51_many_who_open_at_once_migrate_once(url: str) -> None:
    stores = [SqlStore(url) for _ in range(6)]
    await asyncio.gather(*(store.open() for store in stores))
    await asyncio.gather(*(store.close() for store in stores))


async def test_ST43_a_server_that_cuts_its_connections(postgres_database: str) -> None:
    def cut_others(connection: Connection) -> None:
        connection.execute(
            text(
                "select pg_terminate_backend(pid) from pg_stat_activity"
                " where pid <> pg_backend_pid() and datname = current_database()"
            )
        )

    async with SqlStore(postgres_database) as store:
        stored: list[StoredOp] = []
        for base in range(5):
            op = an_op("s1", base + 1)
            assert await store.commit([Commit(DOCUMENT, base, (op,))]) == [Committed(base + 1)]
            stored.append(StoredOp(base, op.src, op.seq, op.author, op.time, op.body))
            await store._database.read(cut_others)
        assert await store.read(DOCUMENT, 0) == stored
