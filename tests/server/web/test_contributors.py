"""Each op is read once, however the ranges lie over each other and around in circles."""

from __future__ import annotations

import random

import orjson
import pytest

from server.ports import Commit, DocumentId, NewOp
from server.store import MemoryStore
from server.web.review.contributors import Contributors, _unread

ONE, TWO = DocumentId("t", "designs", "d1"), DocumentId("t", "designs", "d2")


@pytest.mark.parametrize("seed", range(100))
def test_what_was_not_read_is_read_once(seed: int) -> None:
    rng = random.Random(seed)
    covered: set[int] = set()
    read = []
    for _ in range(8):
        start = rng.randrange(20)
        wanted = (ONE, start, start + rng.randrange(8))
        parts = [range(low, high) for _, low, high in _unread(wanted, read)]
        found = [each for part in parts for each in part]
        assert sorted(found) == sorted(set(range(*wanted[1:])) - covered)
        covered |= set(range(*wanted[1:]))
        read += [wanted, (TWO, 0, 50)]


async def test_changes_picked_in_circles_and_from_elsewhere() -> None:
    async with MemoryStore() as store:
        calls = 0
        real = store.read

        async def counted(*arguments: object, **options: object) -> object:
            nonlocal calls
            calls += 1
            return await real(*arguments, **options)  # type: ignore[arg-type]

        def op(seq: int, author: str, **why: object) -> NewOp:
            body = orjson.dumps({"op": [], **({"why": {"kind": "pick", **why}} if why else {})})
            return NewOp("s", seq, author, 1, body)

        ops = [op(n, f"own{n}", base=0, version=9, design="d2") for n in range(50)]
        others = [op(n, f"other{n}", base=0, version=50, design="d1") for n in range(9)]
        await store.commit([Commit(ONE, 0, tuple(ops))])
        await store.commit([Commit(TWO, 0, (*others, op(10, "unpicked")))])
        store.read = counted  # type: ignore[method-assign, assignment]
        contributors = Contributors(store)
        expected = {f"own{n}" for n in range(50)} | {f"other{n}" for n in range(9)}
        assert await contributors.between(ONE, 40, 50) == expected
        assert calls <= 4
        assert await contributors.between(ONE, 40, 50) == expected
        assert calls <= 4, "what was read is known"
        await store.commit([Commit(ONE, 50, (op(60, "late"),))])
        assert await contributors.between(ONE, 40, 51) == {*expected, "late"}
        assert await contributors.between(ONE, 40, 41) == expected
