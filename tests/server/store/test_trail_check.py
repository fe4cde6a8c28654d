"""ST94: what was done to a record of acts is found, and a sound one has no fault."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from server.ports import AuditEntry, Head
from server.store import SqlStore
from server.store.audit import Kind
from server.store.trail_check import trail_of
from server.store.verify import Checked, verify

ENTRY = AuditEntry("acme", 1, "u1", "share.give", "d1", None, "r1", "192.0.2.1", {"role": "owner"})


@pytest.fixture
async def url(tmp_path: Path) -> str:
    url = f"sqlite:///{tmp_path / 'db'}"
    async with SqlStore(url) as store:
        await store.audit.record(*(replace(ENTRY, time=time) for time in range(10)))
        await store.audit.record(replace(ENTRY, tenant="other"))
    return url


def found(url: str, anchor: Head | None = None) -> dict[str, Checked]:
    anchors = None if anchor is None else {trail_of("acme"): anchor}
    return {one.document.tenant: one for one in verify(url, anchors)}


async def test_ST94_a_sound_record_has_no_fault(url: str) -> None:
    checked = found(url)
    assert {tenant: (one.ops, one.faults) for tenant, one in checked.items()} == {
        "acme": (10, ()),
        "other": (1, ()),
    }
    assert found(url, checked["acme"].head)["acme"].faults == ()


def change(url: str, *statements: str) -> None:
    with sqlite3.connect(url.removeprefix("sqlite:///")) as connection:
        for statement in statements:
            connection.execute(statement)
    connection.close()


OF = "where tenant = 'acme' and number"
TRICKS: dict[str, tuple[list[str], Kind, int]] = {
    "role changed": (
        [f"update audit set details = cast('{{}}' as blob) {OF} = 4"],
        Kind.CHANGED,
        4,
    ),
    "no JSON": ([f"update audit set details = cast('x' as blob) {OF} = 4"], Kind.CHANGED, 4),
    "author changed": ([f"update audit set principal = 'u2' {OF} = 1"], Kind.CHANGED, 1),
    "time changed": ([f"update audit set time = 99 {OF} = 10"], Kind.CHANGED, 10),
    "taken out": ([f"delete from audit {OF} = 5"], Kind.MISSING, 5),
    "taken out, numbered anew": (
        [f"delete from audit {OF} = 5", f"update audit set number = number - 1 {OF} > 5"],
        Kind.CHANGED,
        5,
    ),
    "first taken out": ([f"delete from audit {OF} = 1"], Kind.MISSING, 1),
    "cut": ([f"delete from audit {OF} > 7"], Kind.MISSING, 8),
    "all of it": ([f"delete from audit {OF} > 0"], Kind.MISSING, 1),
    "its head": (["delete from audit_heads where tenant = 'acme'"], Kind.HEAD, 11),
}


@pytest.mark.parametrize("trick", TRICKS)
async def test_ST94_what_was_done_to_it_is_found(url: str, trick: str) -> None:
    statements, kind, number = TRICKS[trick]
    change(url, *statements)
    checked = found(url)
    (fault,) = checked["acme"].faults
    assert (fault.kind, fault.version) == (kind, number)
    assert checked["other"].faults == ()


@pytest.mark.parametrize(
    "trick",
    [
        lambda url: change(
            url,
            f"delete from audit {OF} > 7",
            f"update audit_heads set number = 7, hash = (select hash from audit {OF} = 7)"
            " where tenant = 'acme'",
        ),
        lambda url: change(url, "delete from audit", "delete from audit_heads"),
    ],
    ids=["cut with its head", "all of it with its head"],
)
async def test_ST94_against_an_earlier_check(url: str, trick: Callable[[str], None]) -> None:
    anchor = found(url)["acme"].head
    assert anchor is not None
    trick(url)
    kinds = [fault.kind for one in found(url, anchor).values() for fault in one.faults]
    assert kinds == [Kind.MISSING]
