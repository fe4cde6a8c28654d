"""Values as JavaScript compares and adds them (SPEC OT43, OT55, OT42)."""

from typing import Any

import pytest

from ot.values import add, is_number, same, same_scalar

DIFFERENT: list[Any] = [
    None,
    False,
    True,
    0,
    1,
    1.5,
    "",
    "1",
    [],
    [1],
    [True],
    {},
    {"a": 1},
    {"a": True},
]


def test_OT55_values_are_the_same_only_as_themselves() -> None:
    for at, a in enumerate(DIFFERENT):
        for other, b in enumerate(DIFFERENT):
            assert same(a, b) is (at == other)
            assert same([a], [b]) is (at == other)
            assert same({"k": [a, 1]}, {"k": [b, 1]}) is (at == other)


def test_OT55_numbers_and_order_of_keys() -> None:
    assert same(1, 1.0) and same(0.0, 0) and same([1], [1.0])
    assert same({"a": 1, "b": 2}, {"b": 2, "a": 1})
    assert not same({"a": 1}, {"a": 1, "b": None})
    assert not same([1, 2], [1])


def test_OT43_scalars_are_compared_as_by_identity() -> None:
    for at, a in enumerate(DIFFERENT):
        for other, b in enumerate(DIFFERENT):
            scalar = type(a) not in (list, dict)
            assert same_scalar(a, b) is (at == other and scalar)


@pytest.mark.parametrize(
    ("a", "b", "total"),
    [
        (1, 2, 3),
        (0.5, 0.5, 1),
        (1, 0.5, 1.5),
        (2**53, 0, 2**53),
        (2**53, 1, 2.0**53),
        (-(2**53), -2, -(2.0**53) - 2),
        (2.0**53, 0, 2**53),
        (2.0**60, 1, 2.0**60),
        (1e308, 1e308, float("inf")),
    ],
)
def test_OT42_sums_are_those_of_doubles_and_whole_where_exact(a: Any, b: Any, total: Any) -> None:
    assert add(a, b) == total
    assert type(add(a, b)) is type(total)


def test_OT52_numbers_are_not_truth_values() -> None:
    assert [value for value in DIFFERENT if is_number(value)] == [0, 1, 1.5]
