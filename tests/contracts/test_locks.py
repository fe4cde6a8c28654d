"""The contract of the port `Locks`, held by every adapter."""

from __future__ import annotations

import asyncio
import random

import pytest

from server.ports import DocumentId, Locks

CLAIMS = DocumentId("acme", "designs", "claims")


def group(*ids: str) -> frozenset[str]:
    return frozenset(f"components/{id}" for id in ids)


async def test_a_group_is_taken_all_or_none(locks: Locks) -> None:
    assert await locks.acquire(CLAIMS, [group("b")], "one") == [True]
    assert await locks.acquire(CLAIMS, [group("a", "b", "c")], "two") == [False]
    # Nothing of the refused group was kept.
    assert await locks.acquire(CLAIMS, [group("a"), group("c")], "three") == [True, True]


async def test_each_group_has_its_answer(locks: Locks) -> None:
    await locks.acquire(CLAIMS, [group("b")], "one")
    groups = [group("a"), group("b"), group("c"), group("c", "b")]
    assert await locks.acquire(CLAIMS, groups, "two") == [True, False, True, False]


async def test_groups_of_one_call_may_share_elements(locks: Locks) -> None:
    groups = [group("a", "b"), group("b", "c"), group("a", "c"), group("a")]
    assert await locks.acquire(CLAIMS, groups, "one") == [True] * 4
    assert await locks.acquire(CLAIMS, [group("c")], "two") == [False]


async def test_a_refused_group_does_not_hold_what_a_later_one_may_have(locks: Locks) -> None:
    await locks.acquire(CLAIMS, [group("z")], "one")
    assert await locks.acquire(CLAIMS, [group("a", "z"), group("b")], "two") == [False, True]
    assert await locks.acquire(CLAIMS, [group("a")], "one") == [True]


async def test_what_an_owner_holds_already_counts_as_taken(locks: Locks) -> None:
    await locks.acquire(CLAIMS, [group("a")], "one")
    assert await locks.acquire(CLAIMS, [group("a", "b")], "one") == [True]
    assert await locks.acquire(CLAIMS, [group("b")], "two") == [False]


async def test_released_elements_can_be_taken(locks: Locks) -> None:
    await locks.acquire(CLAIMS, [group("a", "b")], "one")
    await locks.release(CLAIMS, group("a"), "one")
    assert await locks.acquire(CLAIMS, [group("a"), group("b")], "two") == [True, False]


async def test_only_the_owner_can_release(locks: Locks) -> None:
    await locks.acquire(CLAIMS, [group("a")], "one")
    await locks.release(CLAIMS, group("a", "never taken"), "two")
    assert await locks.acquire(CLAIMS, [group("a")], "two") == [False]
    await locks.release(CLAIMS, group("a"), "one")
    await locks.release(CLAIMS, group("a"), "one")
    assert await locks.acquire(CLAIMS, [group("a")], "two") == [True]


async def test_giving_back_leaves_what_was_taken_again(locks: Locks) -> None:
    await locks.acquire(CLAIMS, [group("a", "b")], "one")
    await locks.acquire(CLAIMS, [group("a")], "one")
    await locks.release(CLAIMS, group("b"), "one")
    assert await locks.acquire(CLAIMS, [group("a"), group("b")], "two") == [False, True]


HOSTILE = ["a", "a#w", "a:b", "a*", "{a}", "}", "a/b", "a b", "%61", "é", "a\n", "\x00", "[a]", "?"]


async def test_C6_ids_of_any_kind_do_not_meet(locks: Locks) -> None:
    """Neither as the document's id, nor as its tenant, nor as an element's id, nor as an owner."""
    documents = [CLAIMS._replace(id=id) for id in HOSTILE]
    documents += [CLAIMS._replace(tenant=id) for id in HOSTILE]
    documents += [DocumentId("a}:x", "designs", "y"), DocumentId("a", "designs", "x}:y")]
    every = [group(id) for id in HOSTILE]
    for document in documents:
        owner = f"owner of {document}"
        assert await locks.acquire(document, every, owner) == [True] * len(every), document
        assert await locks.acquire(document, every, "another") == [False] * len(every), document
    for document in documents:
        await locks.release(document, frozenset().union(*every), "another")
        assert await locks.acquire(document, every, "another") == [False] * len(every), document
    owned = CLAIMS._replace(id="owned")
    for id in HOSTILE:
        await locks.acquire(owned, [group(id)], id)
    for id, other in zip(HOSTILE, HOSTILE[1:] + HOSTILE[:1], strict=True):
        assert await locks.acquire(owned, [group(id), group(other)], id) == [True, False]


async def test_many_elements_are_taken_in_one_call(locks: Locks) -> None:
    page = group(*(f"c{n}" for n in range(9_000)))
    assert await locks.acquire(CLAIMS, [page, group("c7")], "one") == [True, True]
    assert await locks.acquire(CLAIMS, [group("c8999"), group("other")], "two") == [False, True]
    await locks.release(CLAIMS, page, "one")
    assert await locks.acquire(CLAIMS, [group("c0", "c8999")], "two") == [True]


@pytest.mark.parametrize(
    "other",
    [
        CLAIMS._replace(tenant="other"),
        CLAIMS._replace(collection="scratch"),
        CLAIMS._replace(id="x"),
    ],
)
async def test_documents_do_not_meet(locks: Locks, other: DocumentId) -> None:
    await locks.acquire(CLAIMS, [group("a")], "one")
    assert await locks.acquire(other, [group("a")], "two") == [True]
    await locks.release(other, group("a"), "one")
    assert await locks.acquire(CLAIMS, [group("a")], "two") == [False]


async def test_nothing_to_take_is_granted(locks: Locks) -> None:
    assert await locks.acquire(CLAIMS, [], "one") == []
    assert await locks.acquire(CLAIMS, [frozenset()], "one") == [True]


@pytest.mark.parametrize("seed", range(5))
async def test_no_element_is_held_by_two(locks: Locks, seed: int) -> None:
    chance = random.Random(seed)
    holders: dict[str, str] = {}
    progress = dict.fromkeys(("one", "two", "three", "four"), 0)

    async def work(owner: str) -> None:
        for number in range(10_000):
            if number >= 60 and min(progress.values()) > 0:  # everybody has had a turn
                return
            groups = [group(*chance.sample("abcdef", chance.randint(1, 3))) for _ in range(3)]
            granted = await locks.acquire(CLAIMS, groups, owner)
            held = frozenset().union(
                *(group for group, took in zip(groups, granted, strict=True) if took)
            )
            for element in held:
                assert holders.setdefault(element, owner) == owner, f"seed {seed}: {element}"
            await asyncio.sleep(0)
            for element in held:
                del holders[element]
            await locks.release(CLAIMS, held, owner)
            progress[owner] += sum(granted)

    await asyncio.gather(*(work(owner) for owner in progress))
    assert min(progress.values()) > 0, f"seed {seed}: {progress}"
    assert await locks.acquire(CLAIMS, [group(*"abcdef")], "last") == [True]
