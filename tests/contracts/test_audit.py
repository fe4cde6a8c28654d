"""The contract of the port `Audit`, held by every adapter (ST90-ST93)."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from server.ports import Audit, AuditEntry, AuditFilter, AuditRecord
from server.store import MemoryStore, SqlStore
from server.store.chain import ROOT
from server.store.trail import entry_hash, stored_details

ENTRY = AuditEntry(
    tenant="acme",
    time=10,
    principal="u1",
    action="lease.take",
    design="d1",
    element="components/c1",
    request="r1",
    address="192.0.2.7",
    details={"b": [1, {"c": None}], "a": "x"},
)


@pytest.fixture
def audit(store: MemoryStore | SqlStore) -> Audit:
    return store.audit


def is_chained(records: list[AuditRecord]) -> bool:
    previous = ROOT
    for number, record in enumerate(records, 1):
        entry = record.entry
        if record.number != number:
            return False
        if record.hash != entry_hash(previous, number, entry, stored_details(entry)):
            return False
        previous = record.hash
    return True


async def test_ST91_what_was_recorded_is_read_as_it_was(audit: Audit) -> None:
    bare = AuditEntry("acme", 11, "", "sign-in.refused")
    await audit.record(ENTRY)
    await audit.record(bare)
    assert [record.entry for record in await audit.read("acme")] == [ENTRY, bare]


async def test_ST90_entries_are_numbered_and_chained(audit: Audit) -> None:
    await audit.record(*(replace(ENTRY, time=time) for time in range(5)))
    await audit.record(ENTRY, ENTRY)
    records = await audit.read("acme")
    assert [record.number for record in records] == list(range(1, 8))
    assert is_chained(records)


async def test_ST90_every_field_is_in_the_hash() -> None:
    changes = [
        {"tenant": "other"},
        {"time": 11},
        {"principal": "u2"},
        {"action": "lease.renew"},
        {"design": "d2"},
        {"element": None},
        {"request": "r2"},
        {"address": "192.0.2.8"},
        {"details": {}},
        {"design": "d", "element": "1components/c1"},  # the same letters, cut elsewhere
    ]
    entries = [ENTRY, *(replace(ENTRY, **change) for change in changes)]  # type: ignore[arg-type]
    hashes = {entry_hash(ROOT, 1, entry, stored_details(entry)) for entry in entries}
    hashes |= {
        entry_hash(ROOT, 2, ENTRY, stored_details(ENTRY)),
        entry_hash(b"x" * 32, 1, ENTRY, stored_details(ENTRY)),
    }
    assert len(hashes) == len(entries) + 2


async def test_ST91_many_who_record_at_once_make_one_chain(audit: Audit) -> None:
    await asyncio.gather(
        *(
            audit.record(replace(ENTRY, tenant=tenant, time=time))
            for tenant in ("acme", "other")
            for time in range(20)
        )
    )
    for tenant in ("acme", "other"):
        records = await audit.read(tenant)
        assert sorted(record.entry.time for record in records) == list(range(20))
        assert is_chained(records)


async def test_ST92_a_tenant_reads_its_own(audit: Audit) -> None:
    await audit.record(ENTRY, replace(ENTRY, tenant="other", principal="u9"))
    assert [record.entry for record in await audit.read("acme")] == [ENTRY]
    assert await audit.read("nobody") == []
    assert await audit.read("acme", AuditFilter(principal="u9")) == []


@pytest.mark.parametrize(
    ("wanted", "times"),
    [
        (AuditFilter(), [1, 2, 3, 4]),
        (AuditFilter(principal="u2"), [2]),
        (AuditFilter(action="lease"), [1, 2]),
        (AuditFilter(action="lease.take"), [1]),
        (AuditFilter(action="lease.take.over"), []),
        (AuditFilter(action="leas"), []),
        (AuditFilter(action="l%"), []),
        (AuditFilter(design="d2"), [3]),
        (AuditFilter(element="components/c1"), [1, 2]),
        (AuditFilter(since=2, until=4), [2, 3]),
        (AuditFilter(principal="u1", design="d1"), [1]),
    ],
    ids=str,
)
async def test_ST92_entries_are_filtered(
    audit: Audit, wanted: AuditFilter, times: list[int]
) -> None:
    await audit.record(
        replace(ENTRY, time=1),
        replace(ENTRY, time=2, principal="u2", action="lease.renew"),
        replace(ENTRY, time=3, action="share.grant", design="d2", element=None),
        replace(ENTRY, time=4, action="leases", design=None, element=None),
    )
    assert [record.entry.time for record in await audit.read("acme", wanted)] == times


async def test_pages_go_both_ways(audit: Audit) -> None:
    await audit.record(*(replace(ENTRY, time=time) for time in range(10)))

    async def numbers(**at: int) -> list[int]:
        return [record.number for record in await audit.read("acme", **at)]

    assert await numbers(limit=3) == [1, 2, 3]
    assert await numbers(after=3, limit=3) == [4, 5, 6]
    assert await numbers(after=9) == [10]
    assert await numbers(after=10) == []
    assert await numbers(before=2**60, limit=3) == [10, 9, 8]
    assert await numbers(before=8, limit=3) == [7, 6, 5]


async def test_nothing_to_record_is_no_fault(audit: Audit) -> None:
    await audit.record()
    assert await audit.read("acme") == []
