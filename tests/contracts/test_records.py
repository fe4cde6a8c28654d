"""The contract of the port `Rows`, held by every adapter for every kind of row."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, fields, replace
from typing import Any, get_type_hints

import pytest

from server.records import (
    Ask,
    BranchRow,
    CommentRow,
    MergeRow,
    Record,
    ReleaseRow,
    ReviewRow,
    Rows,
    RulesRow,
    VerdictRow,
)
from server.store import MemoryStore, SqlStore

KINDS: dict[str, type[Any]] = {
    "branches": BranchRow,
    "merges": MergeRow,
    "rules": RulesRow,
    "reviews": ReviewRow,
    "verdicts": VerdictRow,
    "comments": CommentRow,
    "asks": Ask,
    "releases": ReleaseRow,
}


@dataclass
class Shelf:
    """The rows of one kind, and a maker of such."""

    rows: Rows[Any]
    kind: type[Any]

    def row(self, number: int, tenant: str = "acme", *, empty: bool = False) -> Any:
        """Each field with a value of its own; with `empty`, None where it may be."""
        hints = get_type_hints(self.kind)
        values: dict[str, Any] = {}
        for field in fields(self.kind):
            kind = str(hints[field.name])
            if empty and "None" in kind:
                values[field.name] = None
            else:
                values[field.name] = (
                    number if "int" in kind else f"{field.name} {number} \N{RIBBON}"
                )
        return self.kind(**{**values, "tenant": tenant})

    def key(self, row: Record) -> list[Any]:
        return [getattr(row, name) for name in self.kind.KEY]


@pytest.fixture(params=KINDS)
def shelf(store: MemoryStore | SqlStore, request: pytest.FixtureRequest) -> Shelf:
    return Shelf(getattr(store.records, request.param), KINDS[request.param])


async def test_what_was_added_is_found(shelf: Shelf) -> None:
    for row in (shelf.row(1), shelf.row(2, empty=True)):
        assert await shelf.rows.add(row)
        assert await shelf.rows.get(*shelf.key(row)) == row
    assert await shelf.rows.get(*shelf.key(shelf.row(3))) is None
    assert await shelf.rows.get(*shelf.key(shelf.row(1, "other"))) is None


async def test_a_key_is_given_once(shelf: Shelf) -> None:
    row = shelf.row(1)
    assert await shelf.rows.add(row)
    assert await shelf.rows.add(row), "the same again is no other"
    others = [field.name for field in fields(shelf.kind) if field.name not in shelf.kind.KEY]
    if others:
        value = 9 if isinstance(getattr(row, others[0]), int) else "other"
        assert not await shelf.rows.add(replace(row, **{others[0]: value}))
    assert await shelf.rows.find(tenant="acme") == [row]


async def test_of_many_who_add_one_key_one_does(shelf: Shelf) -> None:
    row = shelf.row(1)
    others = [field.name for field in fields(shelf.kind) if field.name not in shelf.kind.KEY]
    if not others:
        pytest.skip("nothing but a key")
    text = next(name for name in others if isinstance(getattr(row, name), str))
    rows = [replace(row, **{text: str(n)}) for n in range(5)]
    added = await asyncio.gather(*(shelf.rows.add(each) for each in rows))
    assert sum(added) == 1
    assert await shelf.rows.find(tenant="acme") == [rows[added.index(True)]]


async def test_found_by_values_in_the_order_of_keys(shelf: Shelf) -> None:
    rows = [shelf.row(n) for n in (3, 1, 2)]
    for row in [*rows, shelf.row(1, "other")]:
        await shelf.rows.add(row)
    assert await shelf.rows.find(tenant="acme") == [rows[1], rows[2], rows[0]]
    for field in fields(shelf.kind)[1:]:
        value = getattr(rows[0], field.name)
        assert await shelf.rows.find(tenant="acme", **{field.name: value}) == [rows[0]]
    assert await shelf.rows.find(tenant="nobody") == []


async def test_nothing_is_found_as_nothing(shelf: Shelf) -> None:
    empty, full = shelf.row(1, empty=True), shelf.row(2)
    if empty == shelf.row(1):
        pytest.skip("no field may be empty")
    await shelf.rows.add(empty)
    await shelf.rows.add(full)
    name = next(f.name for f in fields(shelf.kind) if getattr(empty, f.name) is None)
    assert await shelf.rows.find(tenant="acme", **{name: None}) == [empty]


async def test_replaced_only_where_it_is_what_was_read(shelf: Shelf) -> None:
    others = [field.name for field in fields(shelf.kind) if field.name not in shelf.kind.KEY]
    if not others:
        pytest.skip("nothing but a key")
    row = shelf.row(1, empty=True)
    text = next(name for name in others if isinstance(getattr(row, name), str))
    new, newer = (replace(row, **{text: value}) for value in ("new", "newer"))
    assert not await shelf.rows.replace(row, new)
    await shelf.rows.add(row)
    assert await shelf.rows.replace(row, new)
    assert not await shelf.rows.replace(row, newer)
    assert await shelf.rows.find(tenant="acme") == [new]
    assert await shelf.rows.replace(new, newer)
    assert await shelf.rows.get(*shelf.key(row)) == newer


async def test_of_many_who_replace_one_row_one_does(shelf: Shelf) -> None:
    others = [field.name for field in fields(shelf.kind) if field.name not in shelf.kind.KEY]
    if not others:
        pytest.skip("nothing but a key")
    row = shelf.row(1)
    text = next(name for name in others if isinstance(getattr(row, name), str))
    await shelf.rows.add(row)
    news = [replace(row, **{text: str(n)}) for n in range(5)]
    done = await asyncio.gather(*(shelf.rows.replace(row, new) for new in news))
    assert sum(done) == 1
    assert await shelf.rows.find(tenant="acme") == [news[done.index(True)]]


async def test_taken_away_once(shelf: Shelf) -> None:
    row, other = shelf.row(1), shelf.row(2, empty=True)
    await shelf.rows.add(row)
    await shelf.rows.add(other)
    assert await shelf.rows.remove(row)
    assert not await shelf.rows.remove(row)
    assert await shelf.rows.find(tenant="acme") == [other]
