"""People take, renew, lose and take over leases in any order, by a clock that goes as it likes."""

from __future__ import annotations

import os

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from server.errors import Code, DesignError
from server.leases.lease import Holder, Kind, LeaseTable, Terms, What
from server.leases.rules import Change, Take, is_over, release, renew, sweep, take, tend

TERMS = Terms(idle=600, grace=30)
PEOPLE = [Holder(person, tab) for person in ("ada", "ben", "eve") for tab in ("1", "2", "")]
TREE = {"d": ("c", "b", "a"), "c": ("b", "a"), "b": ("a",), "e": ("a",)}
ELEMENTS = ["a", "b", "c", "d", "e", "f"]
STEPS = int(os.environ.get("COWEAVE_LEASE_STEPS", "100000"))

holders = st.sampled_from(PEOPLE)
several = st.frozensets(st.sampled_from(ELEMENTS), min_size=1, max_size=4)


def above(element: str) -> tuple[str, ...]:
    return TREE.get(element, ())


class World(RuleBasedStateMachine):
    """The table as SQL would hold it, and beside it what each person may believe."""

    def __init__(self) -> None:
        super().__init__()
        self.table = LeaseTable(now=1_000)
        self.tokens: set[int] = set()
        self.line = 0  # of the history: (epoch, position) as one number

    def follow(self, change: Change) -> None:
        before, after = self.table, change.table
        assert after.epoch - before.epoch == (1 if change.events else 0)
        fresh = {lease.token for lease in after} - {lease.token for lease in before}
        assert fresh <= {after.epoch}, "a token is from the counter"
        assert all(token > max(self.tokens, default=0) for token in fresh), "tokens only grow"
        self.tokens |= fresh
        for event in change.events:
            line = event.epoch * 10_000 + event.position
            assert line > self.line, "the history goes on"
            self.line = line
        # Who loses a lease against their will is told, and nobody else.
        told = {(lease.element, lease.token) for lease in change.lost}
        kept = {(lease.element, lease.token) for lease in after}
        given = {
            (event.element, event.token) for event in change.events if event.what is What.RELEASED
        }
        retaken = {(lease.element, lease.token) for lease in before if after.get(lease.element)}
        gone = {(lease.element, lease.token) for lease in before} - kept - given - retaken
        assert gone <= told
        self.table = after

    @rule(holder=holders, elements=several, kind=st.sampled_from(Kind), contents=st.booleans())
    def wish(self, holder: Holder, elements: frozenset[str], kind: Kind, contents: bool) -> None:
        wish = Take(holder, elements, kind, contents)
        held = {lease.element: lease for lease in sweep(self.table, TERMS).table}
        try:
            change = take(self.table, wish, TERMS, above)
        except DesignError as refusal:
            assert refusal.code is Code.LOCKED
            lease = held[refusal.details["lease"]]
            assert lease.holder.principal != holder.principal, "nobody is in their own way"
            return
        for element in elements:
            assert element not in held or held[element].holder.principal == holder.principal
        self.follow(change)
        assert all(self.table.get(element) for element in elements)

    @rule(holder=holders, elements=several, contents=st.booleans())
    def take_over(self, holder: Holder, elements: frozenset[str], contents: bool) -> None:
        """Never refused, so nobody can be kept out for ever: there is no deadlock."""
        wish = Take(holder, elements, Kind.HARD, contents, over=True, reason="needed")
        self.follow(take(self.table, wish, TERMS, above))
        for element in elements:
            lease = self.table.get(element)
            assert lease is not None and lease.holder == holder

    @rule(holder=holders, elements=st.none() | several)
    def keep(self, holder: Holder, elements: frozenset[str] | None) -> None:
        self.follow(renew(self.table, holder, elements, TERMS))

    @rule(holder=holders, elements=st.none() | several)
    def give_back(self, holder: Holder, elements: frozenset[str] | None) -> None:
        others = [
            lease
            for lease in sweep(self.table, TERMS).table
            if lease.holder.principal != holder.principal
        ]
        self.follow(release(self.table, holder, elements, TERMS))
        assert all(lease in self.table.leases for lease in others)

    @rule(sessions=st.frozensets(st.sampled_from(["1", "2"])), edited=several, who=holders)
    def live(self, sessions: frozenset[str], edited: frozenset[str], who: Holder) -> None:
        edits = frozenset((who.principal, element) for element in edited)
        self.follow(tend(self.table, sessions, edits, frozenset(), TERMS))

    @rule(elements=several)
    def delete(self, elements: frozenset[str]) -> None:
        self.follow(tend(self.table, frozenset(), frozenset(), elements, TERMS))

    @rule(step=st.integers(0, 40) | st.integers(-2_000, 2_000))
    def clock(self, step: int) -> None:
        """It goes on, or jumps."""
        table = self.table
        self.table = LeaseTable(table.epoch, table.leases, max(0, table.now + step))

    @rule()
    def all_go_home(self) -> None:
        """Whoever leaves without a word holds nothing after the longest term."""
        self.follow(sweep(self.table, TERMS))
        table = self.table
        later = LeaseTable(table.epoch, table.leases, table.now + TERMS.idle)
        self.follow_at(later, sweep(later, TERMS))
        assert self.table.leases == ()

    def follow_at(self, table: LeaseTable, change: Change) -> None:
        self.table = table
        self.follow(change)

    @invariant()
    def one_holder_each(self) -> None:
        elements = [lease.element for lease in self.table]
        assert len(set(elements)) == len(elements)
        assert elements == sorted(elements)

    @invariant()
    def none_is_stuck(self) -> None:
        for lease in self.table:
            if not is_over(lease, self.table.now, TERMS):
                assert lease.expires - self.table.now <= TERMS.idle


def test_C2_C5_no_two_holders_tokens_only_grow_and_nobody_waits() -> None:
    checked = settings(max_examples=40, stateful_step_count=50, deadline=None)
    run_state_machine_as_test(World, settings=checked)


@pytest.mark.soak
def test_C2_C5_a_hundred_thousand_steps() -> None:
    checked = settings(
        max_examples=STEPS // 100,
        stateful_step_count=100,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    run_state_machine_as_test(World, settings=checked)
