"""The rules LE of server/leases/SPEC.md, one by one."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from server.errors import Code, DesignError
from server.leases.lease import Holder, Kind, LeaseTable, Terms, What, Why
from server.leases.rules import (
    MAX_ELEMENTS,
    MAX_LEASES,
    Change,
    Take,
    release,
    renew,
    sweep,
    take,
    tend,
)

TERMS = Terms(idle=600_000, grace=30_000)
ADA, BEN = Holder("ada", "tab-a"), Holder("ben", "tab-b")
BOX, INNER, TEXT = "components/box", "components/inner", "components/text"
PAGE = "pages/p1"
TREE = {TEXT: (INNER, BOX, PAGE), INNER: (BOX, PAGE), BOX: (PAGE,)}


def above(element: str) -> Sequence[str]:
    return TREE.get(element, ())


def at(table: LeaseTable, now: int) -> LeaseTable:
    return LeaseTable(table.epoch, table.leases, now)


def taken(
    holder: Holder,
    *elements: str,
    table: LeaseTable | None = None,
    contents: bool = False,
    over: bool = False,
    kind: Kind = Kind.HARD,
) -> Change:
    wish = Take(holder, frozenset(elements), kind, contents, over, "because")
    return take(table or LeaseTable(now=1_000), wish, TERMS, above)


def refused(
    holder: Holder, *elements: str, table: LeaseTable, contents: bool = False
) -> DesignError:
    with pytest.raises(DesignError) as error:
        taken(holder, *elements, table=table, contents=contents)
    return error.value


def beat(
    table: LeaseTable, sessions: frozenset[str], edited: frozenset[tuple[str, str]], terms: Terms
) -> Change:
    return tend(table, sessions, edited, frozenset(), terms)


def test_a_lease_says_who_and_until_when() -> None:
    change = taken(ADA, TEXT)
    (lease,) = change.table
    assert (lease.element, lease.holder, lease.kind, lease.token) == (TEXT, ADA, Kind.HARD, 1)
    assert (lease.since, lease.until, lease.expires) == (1_000, 601_000, 31_000)
    assert [(event.what, event.by) for event in change.events] == [(What.TAKEN, "ada")]
    assert change.table.epoch == 1


def test_LE3_a_wish_is_granted_whole_or_not_at_all_and_names_the_first() -> None:
    table = taken(BEN, TEXT, INNER).table
    error = refused(ADA, TEXT, "components/z", INNER, table=table)
    assert error.code is Code.LOCKED
    assert error.details["element"] == INNER
    assert error.details["holder"] == {"id": "ben", "name": ""}
    assert (error.details["since"], error.details["until"]) == (1_000, 601_000)


def test_LE2_what_stands_in_a_lease_with_contents_is_held() -> None:
    table = taken(BEN, BOX, contents=True).table
    error = refused(ADA, TEXT, table=table)
    assert (error.details["element"], error.details["lease"]) == (TEXT, BOX)
    assert taken(ADA, TEXT, table=taken(BEN, BOX).table).table.get(TEXT)
    # And not with contents around what another holds.
    error = refused(ADA, BOX, table=taken(BEN, TEXT).table, contents=True)
    assert (error.details["element"], error.details["lease"]) == (BOX, TEXT)
    assert taken(ADA, BOX, table=taken(BEN, TEXT).table).table.get(BOX)


def test_LE4_a_take_over_ends_the_others_leases_and_keeps_the_reason() -> None:
    before = taken(BEN, TEXT, INNER).table
    change = taken(ADA, TEXT, table=at(before, 2_000), over=True)
    lease = change.table.get(TEXT)
    assert lease is not None and (lease.holder, lease.token, lease.since) == (ADA, 2, 2_000)
    assert [(e.what, e.element, e.holder, e.by, e.reason) for e in change.events] == [
        (What.TAKEN_OVER, TEXT, "ben", "ada", "because"),
        (What.TAKEN, TEXT, "ada", "ada", "because"),
    ]
    assert [lost.holder for lost in change.lost] == [BEN]
    other = change.table.get(INNER)
    assert other is not None and other.holder == BEN


def test_LE4_taking_a_part_of_contents_over_leaves_the_rest() -> None:
    table = taken(BEN, BOX, contents=True).table
    change = taken(ADA, TEXT, table=table, over=True)
    assert {lease.element: lease.holder for lease in change.table} == {BOX: BEN, TEXT: ADA}
    assert [(e.what, e.element, e.holder) for e in change.events] == [
        (What.TAKEN_OVER, TEXT, "ben"),
        (What.TAKEN, TEXT, "ada"),
    ]
    # With contents: what others hold inside goes with it.
    change = taken(ADA, BOX, table=taken(BEN, TEXT).table, contents=True, over=True)
    assert {lease.element for lease in change.table} == {BOX}


def test_LE5_tokens_grow_and_only_a_change_of_holders_moves_the_epoch() -> None:
    table = taken(ADA, TEXT).table
    again = taken(ADA, TEXT, table=at(table, 5_000)).table
    lease = again.get(TEXT)
    assert lease is not None and (lease.token, lease.since, lease.until) == (2, 1_000, 605_000)
    beaten = beat(at(again, 10_000), frozenset({"tab-a"}), frozenset(), TERMS).table
    assert beaten.epoch == again.epoch
    freed = release(beaten, ADA, None, TERMS).table
    assert (freed.epoch, freed.leases) == (3, ())
    lease = taken(BEN, TEXT, table=freed).table.get(TEXT)
    assert lease is not None and lease.token == 4


def test_LE6_a_session_that_is_not_heard_of_loses_its_lease() -> None:
    table = taken(ADA, TEXT).table
    assert sweep(at(table, 30_999), TERMS).table.leases == table.leases
    change = sweep(at(table, 31_000), TERMS)
    assert change.table.leases == ()
    assert [(e.what, e.why, e.by) for e in change.events] == [(What.ENDED, Why.DISCONNECTED, "")]


def test_LE6_beats_keep_it_for_ten_minutes_without_an_edit() -> None:
    table, alive = taken(ADA, TEXT).table, frozenset({"tab-a"})
    for now in range(11_000, 601_000, 10_000):
        table = beat(at(table, now), alive, frozenset(), TERMS).table
        assert table.get(TEXT) is not None, now
    change = beat(at(table, 601_000), alive, frozenset(), TERMS)
    assert [event.why for event in change.events] == [Why.IDLE]


def test_LE6_an_edit_and_a_renewal_give_ten_minutes_more() -> None:
    table = taken(ADA, TEXT, INNER).table
    edited = frozenset({("ada", TEXT), ("ben", INNER)})
    beaten = beat(at(table, 20_000), frozenset({"tab-a"}), edited, TERMS).table
    assert {lease.element: lease.until for lease in beaten} == {TEXT: 620_000, INNER: 601_000}
    renewed = renew(at(beaten, 25_000), Holder("ada", "tab-2"), None, TERMS).table
    assert {lease.until for lease in renewed} == {625_000}
    assert {lease.holder.session for lease in renewed} == {"tab-2"}
    assert renewed.epoch == table.epoch


def test_LE6_a_program_without_a_session_needs_no_beats() -> None:
    table = taken(Holder("ada", ""), TEXT).table
    assert sweep(at(table, 600_999), TERMS).table.leases == table.leases
    assert sweep(at(table, 601_000), TERMS).table.leases == ()


def test_LE7_only_the_holder_gives_back() -> None:
    table = taken(ADA, TEXT).table
    assert release(table, BEN, None, TERMS).table is table
    change = release(table, Holder("ada", "another tab"), frozenset({TEXT, "components/x"}), TERMS)
    assert change.table.leases == ()
    assert [event.what for event in change.events] == [What.RELEASED]


def test_LE8_what_is_over_cannot_be_renewed_and_can_be_taken() -> None:
    over = at(taken(ADA, TEXT).table, 31_000)
    for change in (
        renew(over, ADA, None, TERMS),
        beat(over, frozenset({"tab-a"}), frozenset({("ada", TEXT)}), TERMS),
        release(over, ADA, None, TERMS),
    ):
        assert change.table.leases == ()
        assert [event.what for event in change.events] == [What.ENDED]
    change = taken(BEN, TEXT, table=over)
    assert [(e.what, e.position, e.epoch) for e in change.events] == [
        (What.ENDED, 0, 2),
        (What.TAKEN, 1, 2),
    ]


def test_LE9_a_clock_put_back_leaves_nothing_stuck() -> None:
    table = taken(Holder("ada", ""), TEXT, table=LeaseTable(now=90_000_000)).table
    assert sweep(at(table, 3_600_000), TERMS).table.leases == ()
    assert taken(BEN, TEXT, table=at(table, 3_600_000)).table.get(TEXT) is not None


def test_LE10_the_lease_of_what_is_deleted_ends() -> None:
    change = tend(
        taken(ADA, TEXT, INNER).table,
        frozenset(),
        frozenset(),
        frozenset({TEXT, "components/x"}),
        TERMS,
    )
    assert [lease.element for lease in change.table] == [INNER]
    assert [(e.what, e.why) for e in change.events] == [(What.ENDED, Why.DELETED)]


def test_LE17_bounds() -> None:
    with pytest.raises(DesignError) as many:
        taken(ADA, *(f"components/c{n}" for n in range(MAX_ELEMENTS + 1)))
    assert many.value.code is Code.TOO_LARGE
    table = LeaseTable(now=1_000)
    for start in range(0, MAX_LEASES, MAX_ELEMENTS):
        names = (f"components/c{n}" for n in range(start, start + MAX_ELEMENTS))
        table = taken(ADA, *names, table=table).table
    with pytest.raises(DesignError) as full:
        taken(ADA, "components/more", table=table)
    assert full.value.code is Code.TOO_LARGE
