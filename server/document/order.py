"""Order keys: strings between which there is always room for another.

The keys of npm `fractional-indexing` (3.x and 4.x with its default digits), so that the designer and
the server make the same ones. A key is an integer part and a fraction, both in base 62, and keys
sort as plain strings (by code point, as `<` does in Python and in JavaScript on ASCII):

    head      one letter that gives the length of the integer part: a = 2 characters, b = 3, … z = 27
              upwards from zero; Z = 2, Y = 3, … A = 27 downwards
    integer   the digits behind the head
    fraction  further digits, never ending in "0" (so that there is room before each)

The smallest integer, "A" and 26 zeros, is no key by itself: nothing could come before it.
"""

from __future__ import annotations

from ..errors import Code, DesignError
from .limits import MAX_ORDER_KEY

__all__ = ["is_key", "key_between", "keys_between"]

_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_VALUE = {digit: value for value, digit in enumerate(_DIGITS)}
_HEADS = _DIGITS[10:]
_SMALLEST = "A" + "0" * 26
_LENGTH = {
    head: (27 - place if place < 26 else place - 24) for place, head in enumerate(_HEADS)
}  # A: 27 … Z: 2, a: 2 … z: 27


def is_key(key: object) -> bool:
    """Is that a key another can be put before, after and beside?"""
    if not isinstance(key, str) or not 2 <= len(key) <= MAX_ORDER_KEY:
        return False
    length = _LENGTH.get(key[0])
    if length is None or len(key) < length or key == _SMALLEST:
        return False
    if len(key) > length and key[-1] == "0":
        return False
    return all(digit in _VALUE for digit in key)


def key_between(before: str | None, after: str | None) -> str:
    """A key greater than `before` and smaller than `after`; None is the open end.

    The two may come in either order, but not be equal. Equals npm's `generateKeyBetween`.
    Raises: DesignError(TREE, rule "order") for what is no key, for equal keys, and where no room of
    128 characters is left.
    """
    for key in (before, after):
        if key is not None and not is_key(key):
            raise _refused(f"{key[:80]!r} is not an order key.")
    if before is not None and after is not None:
        if before == after:
            raise _refused("There is no room between two equal order keys.")
        before, after = sorted((before, after))
    made = _between(before, after)
    # Also where npm gives the smallest integer, which it then takes no more.
    if made is None or not is_key(made):
        raise _refused("There is no room left between these order keys.")
    return made


def keys_between(before: str | None, after: str | None, count: int) -> list[str]:
    """`count` keys in rising order, spread over the room between. Equals `generateNKeysBetween`.

    Raises: as `key_between`.
    """
    if count <= 0:
        return []
    if count == 1:
        return [key_between(before, after)]
    made: list[str] = []
    if after is None:
        for _ in range(count):
            before = key_between(before, None)
            made.append(before)
        return made
    if before is None:
        for _ in range(count):
            after = key_between(None, after)
            made.append(after)
        return made[::-1]
    middle = count // 2
    centre = key_between(before, after)
    return [
        *keys_between(before, centre, middle),
        centre,
        *keys_between(centre, after, count - middle - 1),
    ]


def _between(before: str | None, after: str | None) -> str | None:
    if before is None:
        if after is None:
            return "a0"
        integer, fraction = _split(after)
        if integer == _SMALLEST:
            return integer + _midpoint("", fraction)
        return integer if fraction else _decremented(integer)
    integer, fraction = _split(before)
    if after is not None and _split(after)[0] == integer:
        return integer + _midpoint(fraction, _split(after)[1])
    following = _incremented(integer)
    if following is not None and (after is None or following < after):
        return following
    return integer + _midpoint(fraction, None)


def _split(key: str) -> tuple[str, str]:
    length = _LENGTH[key[0]]
    return key[:length], key[length:]


def _midpoint(low: str, high: str | None) -> str:
    """A fraction strictly between; `high` None is 1. Neither ends in "0"; `low` < `high`."""
    shared = ""
    if high is not None:
        length = 0
        while (low[length : length + 1] or "0") == high[length]:
            length += 1
        shared, low, high = high[:length], low[length:], high[length:]
    # From here on the first digits differ; each turn of the loop keeps one digit of `low`.
    while True:
        least = _VALUE[low[0]] if low else 0
        most = _VALUE[high[0]] if high else len(_DIGITS)
        if most - least > 1:
            return shared + _DIGITS[(least + most + 1) // 2]
        if high is not None and len(high) > 1:
            return shared + high[0]
        shared, low, high = shared + _DIGITS[least], low[1:], None


def _incremented(integer: str) -> str | None:
    head, digits = integer[0], integer[1:]
    kept = digits.rstrip("z")
    if kept:
        return head + kept[:-1] + _DIGITS[_VALUE[kept[-1]] + 1] + "0" * (len(digits) - len(kept))
    if head == "z":
        return None
    head = _HEADS[_HEADS.index(head) + 1]
    return head + "0" * (_LENGTH[head] - 1)


def _decremented(integer: str) -> str | None:
    head, digits = integer[0], integer[1:]
    kept = digits.rstrip("0")
    if kept:
        return head + kept[:-1] + _DIGITS[_VALUE[kept[-1]] - 1] + "z" * (len(digits) - len(kept))
    if head == "A":
        return None
    head = _HEADS[_HEADS.index(head) - 1]
    return head + "z" * (_LENGTH[head] - 1)


def _refused(message: str) -> DesignError:
    return DesignError(Code.TREE, message, rule="order")
