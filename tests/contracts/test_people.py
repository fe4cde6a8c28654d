"""The contract of the port `People`, held by every adapter."""

from __future__ import annotations

import asyncio

import pytest

from server.ports import People
from server.store import MemoryStore, SqlStore


@pytest.fixture
def people(store: MemoryStore | SqlStore) -> People:
    return store.people


async def test_a_name_is_one_person_of_the_tenant(people: People) -> None:
    ada = await people.named("acme", "Ada")
    assert ada.name == "Ada"
    assert await people.named("acme", "Ada") == ada
    assert (await people.named("acme", "ada")).id != ada.id
    assert (await people.named("other", "Ada")).id != ada.id


async def test_an_id_says_nothing_of_the_name(people: People) -> None:
    ids = [(await people.named("acme", name)).id for name in ("Ada", "Ada Lovelace", "")]
    assert len(set(ids)) == 3
    assert not any("ada" in id.lower() for id in ids)


async def test_many_who_ask_at_once_get_one_person(people: People) -> None:
    found = await asyncio.gather(*(people.named("acme", "Ada") for _ in range(20)))
    assert len(set(found)) == 1


async def test_get_knows_people_by_id(people: People) -> None:
    ada, bob = await people.named("acme", "Ada"), await people.named("acme", "Bob")
    stranger = await people.named("other", "Eve")
    asked = [ada.id, bob.id, ada.id, stranger.id, "nobody"]
    assert await people.get("acme", asked) == {ada.id: ada, bob.id: bob}
    assert await people.get("acme", []) == {}


async def test_get_takes_thousands_of_ids(people: People) -> None:
    ada = await people.named("acme", "Ada")
    asked = [f"nobody{n}" for n in range(2_500)] + [ada.id]
    assert await people.get("acme", asked) == {ada.id: ada}
