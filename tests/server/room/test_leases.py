"""Leases in a room: rules RM50 to RM54 of server/room/SPEC.md."""

from __future__ import annotations

from typing import Any

from server.document.model import new_design
from server.errors import Code
from server.leases.lease import Holder, Kind, Lease, LeaseTable
from server.room.effects import Acked, CommitBatch, LeasesMoved, LeasesUsed, Refused
from server.room.events import CommitOvertaken, LeasesKnown, Turn
from server.room.kind import designs
from server.types.registry import TypeRegistry

from .driver import Driver

DESIGNS = designs(TypeRegistry.load())


def text(name: str, place: dict[str, Any]) -> dict[str, Any]:
    props = {"text": "hello"}
    return {"type": "Text", "typeVersion": 1, "name": name, "place": place, "props": props}


def open_design() -> Driver:
    driver = Driver(DESIGNS)
    document = new_design("Claims")
    on_page = {"page": "page1", "slot": "content", "order": "a0"}
    box = {"type": "Container", "typeVersion": 1, "name": "Box", "place": on_page, "props": {}}
    inside = {"parent": "c1", "slot": "content", "order": "a0"}
    document["components"] = {
        "c1": box,
        "c2": text("Text1", inside),
        "c3": text("Text2", {**on_page, "order": "a1"}),
    }
    driver.create(document)
    driver.done.clear()
    return driver


def lease(element: str, who: str = "ben", *, contents: bool = False, **others: Any) -> Lease:
    kind = others.get("kind", Kind.HARD)
    return Lease(element, Holder(who, "tab"), kind, contents, 7, 100, 900, 300)


def table(*leases: Lease, epoch: int = 1, now: int = 200) -> LeaseTable:
    return LeaseTable(epoch, leases, now)


def typing(id: str) -> list[dict[str, Any]]:
    return [{"p": ["components", id, "props", "text", 0], "si": "x"}]


def committing(driver: Driver) -> CommitBatch:
    asked = driver.until(CommitBatch)
    assert isinstance(asked, CommitBatch)
    return asked


def test_RM50_an_edit_of_what_another_holds_is_refused_and_no_other() -> None:
    driver = open_design()
    driver.feed(LeasesKnown(table(lease("components/c2"))))
    driver.submit("a", 1, 1, typing("c2"), author="ada")
    driver.submit("a", 2, 1, typing("c3"), author="ada")
    driver.submit("b", 1, 1, typing("c2"), author="ben")
    driver.feed(Turn())
    driver.settle()
    refused, acked = driver.answers("a")
    assert isinstance(refused, Refused) and isinstance(acked, Acked)
    error = refused.error
    assert error.code is Code.LOCKED
    assert error.details == {
        "element": "components/c2",
        "lease": "components/c2",
        "kind": "hard",
        "holder": {"id": "ben", "name": ""},
        "since": 100,
        "until": 900,
    }
    assert isinstance(driver.answers("b")[0], Acked)


def test_RM50_a_soft_lease_refuses_nothing() -> None:
    driver = open_design()
    driver.feed(LeasesKnown(table(lease("components/c2", kind=Kind.SOFT))))
    assert isinstance(driver.commit("a", 1, 1, typing("c2"), author="ada"), Acked)


def test_RM50_a_resend_of_what_was_committed_is_acked_whoever_holds_it_now() -> None:
    driver = open_design()
    first = driver.commit("a", 1, 1, typing("c2"), author="ada")
    driver.feed(LeasesKnown(table(lease("components/c2"))))
    again = driver.commit("a", 1, 1, typing("c2"), author="ada")
    assert isinstance(first, Acked) and isinstance(again, Acked)
    assert first.op.version == again.op.version


def test_RM51_C1_the_commit_tells_of_leases_that_the_room_does_not_know() -> None:
    driver = open_design()
    driver.submit("a", 1, 1, typing("c2"), author="ada")
    driver.submit("b", 1, 1, typing("c3"), author="eve")
    driver.feed(Turn())
    assert committing(driver).leases == 0
    driver.feed(CommitOvertaken((), (), table(lease("components/c2"), epoch=4)))
    batch = committing(driver)
    assert batch.leases == 4 and len(batch.ops) == 1
    driver.feed(driver.store.commit(batch.base, batch.ops))
    assert isinstance(driver.answers("a")[0], Refused)
    assert isinstance(driver.answers("b")[0], Acked)
    assert LeasesMoved() in driver.done


def test_RM52_older_news_of_leases_changes_nothing() -> None:
    driver = open_design()
    driver.feed(LeasesKnown(table(epoch=5)))
    driver.feed(LeasesKnown(table(lease("components/c2"), epoch=4)))
    assert isinstance(driver.commit("a", 1, 1, typing("c2"), author="ada"), Acked)
    driver.feed(LeasesKnown(table(lease("components/c2"), epoch=6)))
    assert isinstance(driver.commit("a", 2, 2, typing("c2"), author="ada"), Refused)


def test_RM52_news_between_judging_and_locks_is_judged_by() -> None:
    driver = open_design()
    driver.submit("a", 1, 1, typing("c2"), author="ada")
    driver.feed(Turn())
    driver.feed(LeasesKnown(table(lease("components/c2"))))
    driver.settle()
    assert isinstance(driver.answers("a")[0], Refused)


def test_RM53_an_edit_that_relies_on_a_lease_names_it_in_the_commit() -> None:
    driver = open_design()
    driver.feed(LeasesKnown(table(lease("components/c2", "ada"))))
    driver.submit("a", 1, 1, typing("c2"), author="ada", lease=7)
    driver.feed(Turn())
    batch = committing(driver)
    assert batch.tokens == {7}
    driver.feed(CommitOvertaken((), (), table(now=400)))  # its time is up: nobody else has it
    driver.settle()
    (answer,) = driver.answers("a")
    assert isinstance(answer, Refused) and answer.error.code is Code.LOCKED
    assert answer.error.details == {"token": 7}


def test_RM53_another_persons_token_is_none() -> None:
    driver = open_design()
    driver.feed(LeasesKnown(table(lease("components/c3", "ben"))))
    assert isinstance(driver.commit("a", 1, 1, typing("c2"), author="ada", lease=7), Refused)


def test_RM54_edits_under_leases_are_told_and_so_is_what_was_deleted() -> None:
    driver = open_design()
    held = lease("components/c1", contents=True), lease("components/c3")
    driver.feed(LeasesKnown(table(*held)))
    driver.commit("b", 1, 1, typing("c2"), author="ben")
    edited = frozenset({("ben", "components/c1")})
    assert driver.done[-1] == LeasesUsed(edited, frozenset())
    current = driver.room.snapshot().data["components"]["c3"]
    op = [{"p": ["components", "c3"], "od": current}]
    driver.commit("b", 2, 2, op, author="ben")
    assert driver.done[-1] == LeasesUsed(
        frozenset({("ben", "components/c3")}), frozenset({"components/c3"})
    )
    driver.done.clear()
    driver.commit("a", 1, 3, [{"p": ["theme", "accent"], "oi": "#123456"}], author="ada")
    assert not any(isinstance(effect, LeasesUsed) for effect in driver.done)
