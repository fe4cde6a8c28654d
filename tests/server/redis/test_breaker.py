"""A service that is away is asked now and then, and by one."""

from __future__ import annotations

from server.redis.breaker import Breaker


def test_everybody_may_ask_while_it_answers() -> None:
    breaker = Breaker(rest=1.0)
    assert all(breaker.allows(now) for now in (0.0, 0.0, 5.0))
    assert not breaker.answered()


def test_after_a_failure_one_may_ask_in_each_period() -> None:
    breaker = Breaker(rest=1.0)
    assert breaker.failed(10.0)
    assert [breaker.allows(now) for now in (10.0, 10.9, 11.0, 11.0, 11.9, 12.0)] == [
        *(False, False, True),
        *(False, False, True),
    ]
    assert not breaker.failed(12.5)  # no news
    assert [breaker.allows(now) for now in (13.0, 13.5)] == [False, True]


def test_an_answer_lets_everybody_ask_again() -> None:
    breaker = Breaker(rest=1.0)
    breaker.failed(0.0)
    assert breaker.allows(1.0)
    assert breaker.answered()
    assert breaker.allows(1.0)
    assert breaker.allows(1.0)
