"""The contract of the port `Designs`, held by every adapter."""

from __future__ import annotations

from dataclasses import replace

import pytest

from server.ports import DesignRow, Designs
from server.store import MemoryStore, SqlStore

ROW = DesignRow("d1", "Claims", 10, "u1", 20, 3, None)


@pytest.fixture
def designs(store: MemoryStore | SqlStore) -> Designs:
    return store.designs


async def test_what_was_added_is_found(designs: Designs) -> None:
    await designs.add("acme", ROW)
    assert await designs.get("acme", "d1") == ROW
    assert await designs.get("acme", "d2") is None
    assert await designs.get("other", "d1") is None


async def test_adding_the_same_row_again_does_nothing(designs: Designs) -> None:
    await designs.add("acme", ROW)
    await designs.add("acme", ROW)
    assert await designs.list("acme", trashed=False) == [ROW]


async def test_an_id_is_given_once(designs: Designs) -> None:
    await designs.add("acme", ROW)
    with pytest.raises(ValueError, match="d1"):
        await designs.add("acme", replace(ROW, name="Other"))
    assert await designs.get("acme", "d1") == ROW


async def test_the_list_shows_the_newest_change_first(designs: Designs) -> None:
    rows = [replace(ROW, id=f"d{n}", updated_at=time) for n, time in enumerate([5, 9, 7, 7])]
    for row in rows:
        await designs.add("acme", row)
    await designs.add("other", replace(ROW, id="d9"))
    assert await designs.list("acme", trashed=False) == [rows[1], rows[2], rows[3], rows[0]]
    assert await designs.list("acme", trashed=True) == []
    assert await designs.list("nobody", trashed=False) == []


async def test_into_the_trash_and_out_of_it(designs: Designs) -> None:
    await designs.add("acme", ROW)
    await designs.add("other", ROW)
    assert await designs.set_trashed("acme", "d1", 99)
    trashed = replace(ROW, trashed_at=99)
    assert await designs.get("acme", "d1") == trashed
    assert await designs.list("acme", trashed=False) == []
    assert await designs.list("acme", trashed=True) == [trashed]
    assert await designs.list("other", trashed=False) == [ROW]
    assert await designs.set_trashed("acme", "d1", None)
    assert await designs.list("acme", trashed=False) == [ROW]


async def test_what_does_not_exist_cannot_be_trashed(designs: Designs) -> None:
    assert not await designs.set_trashed("acme", "d1", 99)
    assert await designs.get("acme", "d1") is None


async def test_a_branch_is_not_in_the_list(designs: Designs) -> None:
    branch = replace(ROW, id="b1", root="d1")
    await designs.add("acme", ROW)
    await designs.add("acme", branch)
    assert await designs.list("acme", trashed=False) == [ROW]
    assert await designs.get("acme", "b1") == branch
    await designs.set_trashed("acme", "b1", 5)
    assert await designs.list("acme", trashed=True) == []


async def test_protected_and_open_again(designs: Designs) -> None:
    await designs.add("acme", ROW)
    assert await designs.set_protected("acme", "d1", 99)
    assert await designs.get("acme", "d1") == replace(ROW, protected_at=99)
    assert await designs.set_protected("acme", "d1", None)
    assert await designs.get("acme", "d1") == ROW
    assert not await designs.set_protected("acme", "d2", 99)
