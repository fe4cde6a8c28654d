"""How much one person may ask."""

from __future__ import annotations

import pytest

from server.errors import Code, DesignError
from server.web.budget import MOST_WAIT_SECONDS, Budget


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


async def test_a_request_waits_a_little_and_is_refused_where_it_would_wait_long() -> None:
    budget = Budget(per_second=1 / MOST_WAIT_SECONDS / 2, burst=3)
    for _ in range(3):
        await budget.admit("ann")
    for _ in range(2):  # a refused one costs nothing
        with pytest.raises(DesignError) as refused:
            await budget.admit("ann")
        assert refused.value.code is Code.RATE
        assert 5 < refused.value.details["seconds"] <= 10
    await budget.admit("bob")
    quick = Budget(per_second=1_000, burst=1)
    for _ in range(5):
        await quick.admit("ann")


def test_people_who_left_are_forgotten() -> None:
    budget = Budget(per_second=10, burst=3)
    for number in range(20_000):
        budget.delay(f"user {number}", 0.0)
    assert len(budget._spent) <= 10_000
