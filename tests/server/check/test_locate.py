"""Lines and columns are those that an editor shows."""

import json
import random
from typing import Any

import pytest

from server.check.locate import Locator, locate, position

TEXT = """{
  "a": {"b": [1, {"c": "x\\n\\u00e4yz"}]},
  "d\\u0065": "y",
  "e": -1.5e3, "f": null
}
"""


@pytest.mark.parametrize(
    "path, offset, expected",
    [
        ((), None, (1, 1)),
        (("a",), None, (2, 8)),
        (("a", "b"), None, (2, 14)),
        (("a", "b", 0), None, (2, 15)),
        (("a", "b", 1, "c"), None, (2, 24)),
        (("a", "b", 1, "c"), 0, (2, 25)),
        (("a", "b", 1, "c"), 3, (2, 34)),
        (("de",), None, (3, 14)),
        (("e",), None, (4, 8)),
        (("f",), None, (4, 21)),
        (("a", "missing", "more"), None, (2, 8)),
        (("a", "b", 7), None, (2, 14)),
        (("a", 0), 3, (2, 8)),
    ],
)
def test_locate(path: tuple[Any, ...], offset: int | None, expected: tuple[int, int]) -> None:
    assert locate(TEXT, path, offset) == expected


def test_every_value_of_random_json_is_found() -> None:
    rng = random.Random(3)

    def value(depth: int) -> Any:
        if depth and rng.random() < 0.6:
            if rng.random() < 0.5:
                return [value(depth - 1) for _ in range(rng.randrange(4))]
            return {
                rng.choice(["a", "b\n", 'c"', "ü", "\\"]) + str(n): value(depth - 1)
                for n in range(rng.randrange(4))
            }
        return rng.choice(["", "}", '"', "x\ty", 1, -2.5, True, None, []])

    def walk(value: Any, path: tuple[Any, ...]) -> Any:
        yield path, value
        entries = (
            value.items()
            if isinstance(value, dict)
            else enumerate(value)
            if isinstance(value, list)
            else ()
        )
        for key, inner in entries:
            yield from walk(inner, (*path, key))

    decoder = json.JSONDecoder()
    for _ in range(200):
        whole = value(4)
        text = json.dumps(whole, indent=rng.choice([None, 1, 4]), ensure_ascii=rng.random() < 0.5)
        lines = text.split("\n")
        for path, inner in walk(whole, ()):
            line, column = locate(text, path)
            at = sum(len(each) + 1 for each in lines[: line - 1]) + column - 1
            assert decoder.raw_decode(text, at)[0] == inner
            assert position(text, at) == (line, column)


def test_a_path_that_is_known_to_lead_somewhere_leads_there_too() -> None:
    document = {
        "pages": {"p1": {"x": '"c2": "'}},
        "components": {f"c{n}": {"parent": "c2"} for n in range(30)},
    }
    document["ext"] = {"c3": 1}
    for indent in (None, 1):
        text = json.dumps(document, indent=indent)
        locator = Locator(text)
        for id in document["components"]:
            path = ("components", id, "parent")
            assert locator.locate(path, known=2) == locate(text, path)


@pytest.mark.parametrize("text", ["", "{", '{"a"', '{"a":', "[1,", '{"a": "x', "[" * 5_000])
def test_broken_texts_have_some_place(text: str) -> None:
    assert locate(text, ("a", 0, "b"), 3) >= (1, 1)
