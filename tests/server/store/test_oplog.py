from __future__ import annotations

from pathlib import Path

from server.ports import Commit, Committed, DocumentId, NewOp, Overtaken
from server.store import SqlStore

DOCUMENT = DocumentId("acme", "designs", "claims")


async def test_B1_a_double_is_known_after_opening_again(tmp_path: Path) -> None:
    """Also by a node that has never seen the op: what decides is in the database."""
    url = f"sqlite:///{tmp_path / 'db'}"
    ops = tuple(NewOp("s1", seq, "u1", 1_000, b'{"op":[]}') for seq in (1, 2, 3))
    async with SqlStore(url) as store:
        assert await store.commit([Commit(DOCUMENT, 0, ops)]) == [Committed(3)]
    async with SqlStore(url) as store:
        for op in ops:
            (answer,) = await store.commit([Commit(DOCUMENT, 3, (op,))])
            assert isinstance(answer, Overtaken) and [one.seq for one in answer.duplicates] == [
                op.seq
            ]
        assert (await store.head(DOCUMENT)).version == 3
