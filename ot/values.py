"""JSON values compared and added as JavaScript does it."""

from .types import MAX_INTEGER, Json

__all__ = ["add", "is_number", "same", "same_scalar"]


def same(a: Json, b: Json) -> bool:
    """Deep equality with JavaScript's types: `1` is `1.0` but not `True`; key order is nothing."""
    # Python's `==` runs in C and is true whenever JavaScript's is; what is left to find are
    # booleans that it took for numbers.
    return a is b or (a == b and _same_types(a, b))


def _same_types(a: Json, b: Json) -> bool:
    kind = type(a)
    if kind is dict:
        return all(_same_types(value, b[key]) for key, value in a.items())
    if kind is list:
        return all(map(_same_types, a, b))
    return (kind is bool) == (type(b) is bool)


def same_scalar(a: Json, b: Json) -> bool:
    """JavaScript's `===` on two parsed values: two lists or objects are never the same."""
    return type(a) not in (dict, list) and a == b and (type(a) is bool) == (type(b) is bool)


def is_number(value: Json) -> bool:
    """Is `value` a JSON number (which a bool is not)?"""
    return type(value) is int or type(value) is float


def add(a: float, b: float) -> float:
    """`a + b` as a double, given as an int where it is whole and exact (`0.5 + 0.5` is 1)."""
    total = a + b
    if type(total) is int:
        # Integers of Python are exact; a double rounds beyond 2**53.
        return total if -MAX_INTEGER <= total <= MAX_INTEGER else float(total)
    if total.is_integer() and -MAX_INTEGER <= total <= MAX_INTEGER:
        return int(total)
    return total
