"""The contract of the port `Leases`, and of the fence in `Store.commit`. Rules: ST100-ST104."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from server.errors import Code, DesignError
from server.leases.lease import Holder, Kind, Lease, LeaseTable, Terms, What
from server.leases.rules import Change, Take, release, sweep, take, tend
from server.ports import Commit, Committed, DesignRow, DocumentId, NewOp, Overtaken
from server.store import MemoryStore, SqlStore

CLAIMS = DocumentId("acme", "designs", "claims")
TERMS = Terms(idle=600_000, grace=30_000)
ADA, BEN = Holder("ada", "tab-a"), Holder("ben", "tab-b")
Kept = MemoryStore | SqlStore


def an_op(seq: int, src: str = "s1") -> NewOp:
    return NewOp(src, seq, "u1", 1_000 + seq, b'{"op":[]}')


async def open_design(store: Kept, document: DocumentId = CLAIMS) -> None:
    assert await store.commit([Commit(document, 0, (an_op(1),))]) == [Committed(1)]


async def taken(
    store: Kept,
    holder: Holder,
    *elements: str,
    document: DocumentId = CLAIMS,
    terms: Terms = TERMS,
    over: bool = False,
) -> Change:
    wish = Take(holder, frozenset(elements), Kind.HARD, True, over, "é😀")
    return await store.leases.change(document, lambda t: take(t, wish, terms, lambda _: ()))


async def given_back(store: Kept, holder: Holder) -> Change:
    return await store.leases.change(CLAIMS, lambda t: release(t, holder, None, TERMS))


async def test_ST100_what_a_rule_decides_is_what_is_read(store: Kept) -> None:
    await open_design(store)
    change = await taken(store, ADA, "components/b", "components/a")
    table = await store.leases.read(CLAIMS)
    assert (table.epoch, table.leases) == (1, change.table.leases)
    assert [lease.element for lease in table] == ["components/a", "components/b"]
    (first, _) = table
    assert (first.holder, first.kind, first.contents) == (ADA, Kind.HARD, True)
    assert (first.token, first.reason) == (1, "é😀")
    await taken(store, BEN, "components/c")
    await given_back(store, ADA)
    table = await store.leases.read(CLAIMS)
    assert [(table.epoch, lease.element, lease.token) for lease in table] == [
        (3, "components/c", 2)
    ]


async def test_ST100_the_history_is_read_newest_first_and_in_pieces(store: Kept) -> None:
    await open_design(store)
    await taken(store, ADA, "components/a", "components/b")
    await taken(store, BEN, "components/a", over=True)
    await given_back(store, BEN)
    events = await store.leases.events(CLAIMS, None, 100)
    assert [(event.epoch, event.position, event.what, event.element) for event in events] == [
        (3, 0, What.RELEASED, "components/a"),
        (2, 1, What.TAKEN, "components/a"),
        (2, 0, What.TAKEN_OVER, "components/a"),
        (1, 1, What.TAKEN, "components/b"),
        (1, 0, What.TAKEN, "components/a"),
    ]
    assert events[2].holder == "ada" and events[2].by == "ben" and events[2].reason == "é😀"
    assert await store.leases.events(CLAIMS, 2, 1) == events[3:4]
    assert await store.leases.events(CLAIMS._replace(tenant="other"), None, 9) == []


async def test_ST101_what_a_rule_raises_changes_nothing(store: Kept) -> None:
    await open_design(store)
    await taken(store, ADA, "components/a")
    with pytest.raises(DesignError) as refused:
        await taken(store, BEN, "components/a", "components/b")
    assert refused.value.code is Code.LOCKED
    table = await store.leases.read(CLAIMS)
    assert [(lease.element, lease.holder) for lease in table] == [("components/a", ADA)]
    assert table.epoch == 1


async def test_ST101_a_rule_that_changes_nothing_writes_nothing(store: Kept) -> None:
    await open_design(store)
    before = await taken(store, ADA, "components/a")
    change = await store.leases.change(CLAIMS, lambda t: sweep(t, TERMS))
    assert change.table.leases == before.table.leases
    assert len(await store.leases.events(CLAIMS, None, 9)) == 1


async def test_ST102_a_document_without_ops_has_no_leases(store: Kept) -> None:
    with pytest.raises(DesignError) as refused:
        await taken(store, ADA, "components/a")
    assert refused.value.code is Code.NOT_FOUND
    assert (await store.leases.read(CLAIMS)).leases == ()


@pytest.mark.parametrize(
    "other", [CLAIMS._replace(tenant="other"), CLAIMS._replace(id="x")], ids=["tenant", "design"]
)
async def test_C6_documents_and_tenants_do_not_meet(store: Kept, other: DocumentId) -> None:
    await open_design(store)
    await open_design(store, other)
    await taken(store, ADA, "components/a")
    assert (await store.leases.read(other)).leases == ()
    change = await store.leases.change(other, lambda t: release(t, ADA, None, TERMS))
    assert change.table.epoch == 0
    await taken(store, BEN, "components/a", document=other)
    await store.leases.change(other, lambda t: release(t, BEN, None, TERMS))
    (lease,) = await store.leases.read(CLAIMS)
    assert lease.holder == ADA


async def test_ST103_time_is_the_databases_and_goes_on(store: Kept) -> None:
    await open_design(store)
    await taken(store, ADA, "components/a", terms=Terms(idle=50, grace=20))
    moment = (await store.leases.read(CLAIMS)).now

    async def over() -> LeaseTable:
        while (table := await store.leases.read(CLAIMS)).now < moment + 20:  # noqa: ASYNC110
            await asyncio.sleep(0.005)
        return table

    table = await asyncio.wait_for(over(), 10)
    assert len(table.leases) == 1 and table.live().leases == ()
    beaten = await store.leases.change(
        CLAIMS, lambda t: tend(t, frozenset({"tab-a"}), frozenset(), frozenset(), Terms(50, 20))
    )
    assert [event.what for event in beaten.events] == [What.ENDED]


async def test_C5_of_many_who_want_the_same_in_any_order_one_has_it_all(store: Kept) -> None:
    await open_design(store)
    wishes = [["a", "b", "c"], ["c", "b", "a"], ["b", "c", "d"], ["d", "a", "b"]]

    async def wish(number: int) -> bool:
        holder = Holder(f"person {number}", "tab")
        try:
            await taken(store, holder, *(f"components/{each}" for each in wishes[number]))
        except DesignError as error:
            assert error.code is Code.LOCKED
            return False
        return True

    answers = await asyncio.wait_for(asyncio.gather(*(wish(n) for n in range(4))), 30)
    assert sum(answers) == 1
    winner = answers.index(True)
    leases = (await store.leases.read(CLAIMS)).leases
    assert {lease.holder.principal for lease in leases} == {f"person {winner}"}
    assert len(leases) == 3


# -- the fence -------------------------------------------------------------------------------------


def batch(base: int, *ops: NewOp, **judged: object) -> Commit:
    return replace(Commit(CLAIMS, base, ops), **judged)  # type: ignore[arg-type]


def shown(answer: Committed | Overtaken) -> list[Lease]:
    assert isinstance(answer, Overtaken), answer
    assert answer.leases is not None and not answer.ops and not answer.duplicates
    return list(answer.leases)


async def test_C1_a_batch_judged_by_other_leases_is_not_written(store: Kept) -> None:
    await open_design(store)
    change = await taken(store, ADA, "components/a")
    (answer,) = await store.commit([batch(1, an_op(2))])
    assert shown(answer) == list(change.table)
    assert (await store.head(CLAIMS)).version == 1
    assert await store.commit([batch(1, an_op(2), leases=1)]) == [Committed(2)]
    # Released is changed as well, and a batch that is stored already stays so.
    await given_back(store, ADA)
    (answer,) = await store.commit([batch(2, an_op(3), leases=1)])
    assert shown(answer) == []
    assert await store.commit([batch(1, an_op(2), leases=1)]) == [Committed(2)]


async def test_C1_others_of_the_group_are_not_held_up(store: Kept) -> None:
    other = CLAIMS._replace(id="other")
    await open_design(store)
    await taken(store, ADA, "components/a")
    answers = await store.commit([batch(1, an_op(2)), Commit(other, 0, (an_op(1),))])
    assert isinstance(answers[0], Overtaken) and answers[1] == Committed(1)


async def test_C1_a_token_whose_time_is_up_is_refused_though_nobody_took_it(store: Kept) -> None:
    await open_design(store)
    await taken(store, ADA, "components/a", terms=Terms(idle=600_000, grace=600_000))
    relied = {"leases": 1, "tokens": frozenset({1})}
    assert await store.commit([batch(1, an_op(2), **relied)]) == [Committed(2)]
    await store.leases.change(
        CLAIMS, lambda t: tend(t, frozenset({"tab-a"}), frozenset(), frozenset(), Terms(600_000, 1))
    )

    async def fenced() -> Committed | Overtaken:
        seq = 2
        while True:
            seq += 1
            (answer,) = await store.commit([batch(seq - 1, an_op(seq), **relied)])
            if isinstance(answer, Overtaken):
                return answer

    assert shown(await asyncio.wait_for(fenced(), 10)) == []
    # Without relying on it, the same edit is an ordinary one.
    version = (await store.head(CLAIMS)).version
    assert await store.commit([batch(version, an_op(9_999), leases=1)]) == [Committed(version + 1)]


async def test_C2_tokens_never_go_back(store: Kept) -> None:
    await open_design(store)
    tokens = []
    for number in range(20):
        holder = ADA if number % 2 else BEN
        change = await taken(store, holder, "components/a", over=True)
        (lease,) = change.table
        tokens.append(lease.token)
        if number % 3 == 0:
            await given_back(store, holder)
    assert tokens == sorted(set(tokens))


async def test_ST104_protection_has_every_batch_judged_anew(store: Kept) -> None:
    await open_design(store)
    await store.designs.add("acme", DesignRow("claims", "Claims", 1, "u1", 1, 1, None))
    await taken(store, ADA, "components/a")
    assert await store.designs.set_protected("acme", "claims", 5)
    (answer,) = await store.commit([Commit(CLAIMS, 1, (an_op(2),), leases=1)])
    assert isinstance(answer, Overtaken) and answer.leases is not None
    assert answer.leases.is_protected and answer.leases.epoch == 2
    assert [lease.element for lease in answer.leases] == ["components/a"]
    assert (await store.leases.read(CLAIMS)).is_protected
    change = await given_back(store, ADA)
    assert change.table.is_protected
    await store.designs.set_protected("acme", "claims", None)
    table = await store.leases.read(CLAIMS)
    assert (table.is_protected, table.epoch) == (False, change.table.epoch + 1)
    commit = Commit(CLAIMS, 1, (an_op(2),), leases=table.epoch)
    assert await store.commit([commit]) == [Committed(2)]
