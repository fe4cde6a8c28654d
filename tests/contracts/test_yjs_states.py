"""The contract of the port `YjsStates`, held by every adapter (Y30, Y33)."""

from __future__ import annotations

import asyncio

import pytest

from server.ports import DocumentId, YjsState, YjsStates
from server.store import MemoryStore, SqlStore

DOCUMENT = DocumentId("acme", "designs", "d1")
OTHER = DocumentId("other", "designs", "d1")


@pytest.fixture
def states(store: MemoryStore | SqlStore) -> YjsStates:
    return store.yjs_states


def state(number: int, version: int = 5) -> YjsState:
    return YjsState(number, version, bytes(range(256)) * 40 + str(number).encode())


async def test_Y33_the_newest_is_read_as_it_was_kept(states: YjsStates) -> None:
    assert await states.newest(DOCUMENT) is None
    assert await states.add(DOCUMENT, state(1))
    assert await states.add(DOCUMENT, state(2, 900))
    assert await states.newest(DOCUMENT) == state(2, 900)
    assert await states.newest(OTHER) is None


async def test_Y30_of_two_with_one_number_the_first_is_kept(states: YjsStates) -> None:
    first, second = YjsState(1, 3, b"first"), YjsState(1, 4, b"second")
    kept = await asyncio.gather(states.add(DOCUMENT, first), states.add(DOCUMENT, second))
    assert sorted(kept) == [False, True]
    assert await states.newest(DOCUMENT) == (first if kept[0] else second)


async def test_Y33_none_is_left_out_and_none_comes_late(states: YjsStates) -> None:
    with pytest.raises(ValueError, match="no state 1 before it"):
        await states.add(DOCUMENT, state(2))
    for number in range(1, 5):
        assert await states.add(DOCUMENT, state(number))
    assert not await states.add(DOCUMENT, state(2))
    assert await states.newest(DOCUMENT) == state(4)
