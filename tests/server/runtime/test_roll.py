"""Nodes come, fall silent, and come back."""

from __future__ import annotations

from server.runtime.roll import BEAT_SECONDS, SILENT_SECONDS, Roll


def test_a_node_is_there_while_it_is_heard() -> None:
    roll = Roll(5.0)
    assert roll.heard("one", 0.0)
    assert not roll.heard("one", 4.0)
    assert roll.gone(8.9) == []
    assert roll.gone(9.0) == ["one"]
    assert roll.gone(99.0) == []
    assert roll.heard("one", 100.0)


def test_the_dead_are_known_within_ten_seconds_and_a_lost_sign_is_no_death() -> None:
    assert SILENT_SECONDS + BEAT_SECONDS < 10
    assert SILENT_SECONDS > 3 * BEAT_SECONDS
