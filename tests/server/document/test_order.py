"""Order keys equal npm's, key by key (vectors made by the npm package), and always leave room."""

import json
import random
from pathlib import Path
from typing import Any

import pytest

from server.document.limits import MAX_ORDER_KEY
from server.document.order import is_key, key_between, keys_between
from server.errors import Code, DesignError

VECTORS: dict[str, Any] = json.loads(
    (Path(__file__).parent / "data" / "order_keys.json").read_text(encoding="utf-8")
)


def test_vectors_are_there() -> None:
    assert len(VECTORS["between"]) > 1_500
    assert len(VECTORS["many"]) == 150


def test_keys_between_two_equal_npm() -> None:
    for before, after, expected in VECTORS["between"]:
        if expected is None or is_stricter(before, after) or not is_key(expected):
            # npm looks at the digits of a key only where it needs them, and can make one that it
            # refuses itself: the smallest integer.
            with pytest.raises(DesignError):
                key_between(before, after)
        else:
            assert key_between(before, after) == expected, (before, after)
            assert is_key(expected)


def is_stricter(*keys: str | None) -> bool:
    return any(key is not None and not key.isalnum() for key in keys)


def test_many_keys_equal_npm() -> None:
    for before, after, count, expected in VECTORS["many"]:
        if expected is None:
            with pytest.raises(DesignError):
                keys_between(before, after, count)
        else:
            assert keys_between(before, after, count) == expected, (before, after, count)


@pytest.mark.parametrize(
    "key",
    [
        "",
        "a",
        "0",
        "00",
        "a00",
        "a0\n",
        "a0 ",
        "é0",
        "b0",
        "A" + "0" * 26,
        "a" * 200,
        None,
        5,
        ["a0"],
    ],
)
def test_what_is_no_key(key: object) -> None:
    assert not is_key(key)


@pytest.mark.parametrize("seed", range(5))
def test_there_is_room_everywhere(seed: int) -> None:
    random_ = random.Random(seed)
    keys = keys_between(None, None, 5)
    for _ in range(300):
        at = random_.randrange(len(keys) + 1)
        before = keys[at - 1] if at else None
        after = keys[at] if at < len(keys) else None
        keys.insert(at, key_between(before, after))
    assert keys == sorted(set(keys))
    assert all(map(is_key, keys))


def test_no_room_is_said() -> None:
    low, high = "a0", "a1"
    with pytest.raises(DesignError, match="no room left") as refused:
        for _ in range(2_000):
            high = key_between(low, high)
    assert refused.value.code == Code.TREE
    assert refused.value.details["rule"] == "order"
    assert len(high) <= MAX_ORDER_KEY
    with pytest.raises(DesignError, match="equal"):
        key_between("a0", "a0")
