"""Merges into a room, and protection: rules RM55 and RM56 of server/room/SPEC.md."""

from __future__ import annotations

import itertools
from typing import Any

from server.errors import Code
from server.leases.lease import LeaseTable
from server.room.effects import Acked, CommitBatch, Delivery, Refused
from server.room.events import CommitOvertaken, LeasesKnown, Turn

from .driver import Driver
from .test_leases import committing, open_design, text, typing

PROTECTED = LeaseTable(3, (), 200, is_protected=True)
ON_PAGE = {"page": "page1", "slot": "content", "order": "a5"}


SEQ = itertools.count(1)


def merge(driver: Driver, base: int, op: list[dict[str, Any]]) -> Delivery:
    return driver.commit("m", next(SEQ), base, op, author="ada", bulk=True, is_merge=True)


def components(driver: Driver) -> Any:
    state = driver.room.snapshot().data
    return state["components"]


def code(answer: object) -> Code:
    assert isinstance(answer, Refused)
    return answer.error.code


def test_RM55_a_protected_document_changes_by_merges_only() -> None:
    driver = open_design()
    driver.feed(LeasesKnown(PROTECTED))
    assert code(driver.commit("a", 1, 1, typing("c2"), author="ada")) is Code.PROTECTED
    assert isinstance(merge(driver, 1, typing("c2")), Acked)
    driver.feed(LeasesKnown(LeaseTable(4, (), 300)))
    assert isinstance(driver.commit("a", 2, 2, typing("c2"), author="ada"), Acked)


def test_RM55_a_batch_that_was_judged_before_the_protection_is_not_committed_after_it() -> None:
    driver = open_design()
    driver.submit("a", 1, 1, typing("c2"), author="ada")
    driver.feed(Turn())
    assert isinstance(committing(driver), CommitBatch)
    driver.feed(CommitOvertaken((), (), PROTECTED))
    driver.settle()
    assert code(driver.answers("a")[0]) is Code.PROTECTED


def test_RM55_what_was_committed_before_the_protection_is_acked_when_it_is_sent_again() -> None:
    driver = open_design()
    driver.commit("a", 1, 1, typing("c2"), author="ada")
    driver.feed(LeasesKnown(PROTECTED))
    assert isinstance(driver.commit("a", 1, 1, typing("c2"), author="ada"), Acked)


def test_RM56_a_merge_is_refused_where_what_it_touches_has_changed() -> None:
    driver = open_design()
    driver.commit("a", 1, 1, typing("c2"), author="ben")
    assert isinstance(merge(driver, 1, typing("c3")), Acked), "others may change meanwhile"
    assert code(merge(driver, 1, typing("c2"))) is Code.STALE


def test_RM56_a_merge_is_refused_where_something_came_into_what_it_deletes() -> None:
    driver = open_design()
    there = components(driver)
    inside = {"parent": "c1", "slot": "content", "order": "a7"}
    new = [{"p": ["components", "c9"], "oi": text("New", inside)}]
    driver.commit("a", 1, 1, new, author="ben")
    gone = [{"p": ["components", id], "od": there[id]} for id in ("c1", "c2")]
    assert code(merge(driver, 1, gone)) is Code.STALE
    new[0]["od"] = new[0].pop("oi")
    assert isinstance(merge(driver, 2, [*gone, *new]), Acked)


def test_RM56_a_merge_is_refused_where_what_it_puts_things_into_has_gone() -> None:
    driver = open_design()
    there = components(driver)
    gone = [{"p": ["components", id], "od": there[id]} for id in ("c1", "c2")]
    driver.commit("a", 1, 1, gone, author="ben")
    inside = {"parent": "c1", "slot": "content", "order": "a7"}
    new = [{"p": ["components", "c9"], "oi": text("New", inside)}]
    assert code(merge(driver, 1, new)) is Code.STALE
    new = [{"p": ["components", "c9"], "oi": text("New", ON_PAGE)}]
    assert isinstance(merge(driver, 1, new), Acked)
