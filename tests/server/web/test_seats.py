"""How many may be connected."""

from __future__ import annotations

import pytest

from server.errors import Code, DesignError
from server.web.seats import Seats


def refusal(seats: Seats, person: str) -> Code:
    with pytest.raises(DesignError) as refused, seats.taken(person):
        pass
    return refused.value.code


def test_D2_a_person_and_a_node_have_so_many() -> None:
    seats = Seats(per_person=2, in_all=3)
    with seats.taken("ada"), seats.taken("ada"):
        assert refusal(seats, "ada") is Code.QUOTA
        with seats.taken("ben"):
            assert refusal(seats, "ben") is Code.OVERLOADED
            assert len(seats) == 3
        with seats.taken("ben"):
            pass
    assert len(seats) == 0
    with seats.taken("ada"), seats.taken("ada"):
        pass


def test_a_seat_is_given_back_when_the_connection_fails() -> None:
    seats = Seats(per_person=1, in_all=1)
    with pytest.raises(KeyError), seats.taken("ada"):
        raise KeyError
    with seats.taken("ada"):
        assert len(seats) == 1
