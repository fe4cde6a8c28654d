"""Acts are recorded with where they came from."""

from __future__ import annotations

from server.policy.rights import Principal
from server.ports import AuditEntry, DocumentId
from server.store import MemoryStore
from server.web.acts import Acts, Origin, came_from, origin

ADA = Principal("acme", "u1", "Ada")
DESIGN = DocumentId("acme", "designs", "d1")


async def test_an_act_says_who_what_where_and_by_which_request() -> None:
    store = MemoryStore()
    acts = Acts(store.audit, lambda: 7)
    with came_from("192.0.2.7", "r1"):
        await acts.record(ADA, "lease.take", DESIGN, element="components/c1", until=9)
    await acts.record(ADA, "token.create")
    assert [record.entry for record in await store.audit.read("acme")] == [
        AuditEntry(
            "acme", 7, "u1", "lease.take", "d1", "components/c1", "r1", "192.0.2.7", {"until": 9}
        ),
        AuditEntry("acme", 7, "u1", "token.create"),
    ]


def test_origins_are_nested_and_end_with_their_block() -> None:
    assert origin() == Origin()
    with came_from("a", "1"):
        with came_from("b", "2"):
            assert origin() == Origin("b", "2")
        assert origin() == Origin("a", "1")
    assert origin() == Origin()
