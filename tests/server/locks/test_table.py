"""The rules of write locks against a model, with a clock of their own (C4, C5)."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from server.locks.table import LockTable

OWNERS = ("one", "two", "three")
KEYS = "abcdef"
groups = st.lists(st.frozensets(st.sampled_from(KEYS), max_size=4), max_size=4)


class Locks(RuleBasedStateMachine):
    """The table beside the plainest account of it: a list of who took what until when."""

    def __init__(self) -> None:
        super().__init__()
        self.table = LockTable()
        self.now = 0.0
        self.held: list[tuple[str, str, float]] = []  # key, owner, end

    def holders(self, key: str) -> set[str]:
        return {owner for held, owner, end in self.held if held == key and end > self.now}

    @rule(groups=groups, owner=st.sampled_from(OWNERS), ttl=st.integers(1, 5))
    def acquire(self, groups: list[frozenset[str]], owner: str, ttl: int) -> None:
        end = self.now + ttl
        granted = self.table.acquire(groups, owner, self.now, end)
        for group, is_granted in zip(groups, granted, strict=True):
            assert is_granted == all(self.holders(key) <= {owner} for key in group)
            if is_granted:
                self.held = [one for one in self.held if one[0] not in group]
                self.held += [(key, owner, end) for key in group]

    @rule(keys=st.frozensets(st.sampled_from(KEYS)), owner=st.sampled_from(OWNERS))
    def release(self, keys: frozenset[str], owner: str) -> None:
        self.table.release(keys, owner, self.now)
        self.held = [one for one in self.held if one[0] not in keys or one[1] != owner]

    @rule(seconds=st.integers(1, 6))
    def time_passes(self, seconds: int) -> None:
        self.now += seconds

    @rule()
    def everything_is_forgotten(self) -> None:
        self.table.clear()
        self.held.clear()

    @invariant()
    def nobody_shares(self) -> None:
        for key in KEYS:
            holders = self.holders(key)
            assert len(holders) <= 1
            assert self.table.holder(key, self.now) == (holders.pop() if holders else None)

    @invariant()
    def nobody_waits_for_ever(self) -> None:
        """Whatever is held, once all has ended anyone can have everything: no deadlock."""
        later = LockTable()
        for key, owner, end in self.held:
            later.acquire([[key]], owner, self.now, end)
        assert later.acquire([KEYS], "last", self.now + 6, self.now + 7) == [True]


def run(examples: int, steps: int) -> None:
    quiet = settings(
        max_examples=examples,
        stateful_step_count=steps,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    run_state_machine_as_test(Locks, settings=quiet)


def test_C5_no_two_hold_one_lock() -> None:
    run(40, 50)


@pytest.mark.soak
@pytest.mark.timeout(3_600)
def test_C5_a_hundred_thousand_steps() -> None:
    run(1_000, 100)
