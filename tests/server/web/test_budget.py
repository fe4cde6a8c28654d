"""How much one person may ask."""

from __future__ import annotations

import pytest

from server.web.budget import Budget


def test_a_burst_is_free_and_then_it_takes_time() -> None:
    budget = Budget(per_second=10, burst=3)
    assert [budget.delay("ann", 0.0) for _ in range(3)] == [0, 0, 0]
    assert [budget.delay("ann", 0.0) for _ in range(3)] == pytest.approx([0.1, 0.2, 0.3])
    assert budget.delay("bob", 0.0) == 0


def test_what_is_not_spent_comes_back_up_to_the_burst() -> None:
    budget = Budget(per_second=10, burst=3)
    for _ in range(3):
        budget.delay("ann", 0.0)
    assert budget.delay("ann", 0.1) == 0
    assert budget.delay("ann", 0.1) > 0
    assert [budget.delay("ann", 1_000.0) for _ in range(4)] == pytest.approx([0, 0, 0, 0.1])


async def test_taking_waits_as_long() -> None:
    budget = Budget(per_second=1_000, burst=1)
    await budget.take("ann")
    await budget.take("ann")
    assert budget.delay("ann", 0.0) >= 0


def test_people_who_left_are_forgotten() -> None:
    budget = Budget(per_second=10, burst=3)
    for number in range(20_000):
        budget.delay(f"user {number}", 0.0)
    assert len(budget._spent) <= 10_000
