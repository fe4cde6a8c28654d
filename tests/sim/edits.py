"""Random edits as users make them, on what a client sees."""

from __future__ import annotations

from random import Random
from typing import Any

from ot import apply_npm, json0
from ot.types import Json, Op
from ot.utf16 import units

WORDS = ("a", "bc", "déf", "😀", "x😀y", "")


def scratch_document() -> Json:
    return {"text": "hello 😀", "list": [1, "two", {"three": 3}], "number": 0, "map": {"k": "v"}}


def scratch_edit(random: Random, data: Json) -> Op:
    """One to three changes, each made on the result of the one before. Sometimes a refused one."""
    op: Op = []
    for _ in range(random.choice((1, 1, 1, 2, 3))):
        change = _scratch_change(random, data)
        data = apply_npm(data, change)
        op = json0.compose(op, change)
    if random.random() < 0.05:
        op = [*op, {"p": ["map", "__proto__"], "oi": 1}]
    return op


def _scratch_change(random: Random, data: dict[str, Any]) -> Op:
    match random.randrange(7):
        case 0 | 1:
            return text_change(random, ["text"], data["text"]) if "text" in data else []
        case 2:
            return _list_change(random, data["list"]) if "list" in data else []
        case 3:
            return [{"p": ["number"], "na": random.randint(-3, 3)}] if "number" in data else []
        case 4 | 5:
            return _map_change(random, data["map"]) if "map" in data else []
    key = random.choice(("text", "list", "number", "map"))
    fresh = scratch_document()[key]
    if key in data:
        return [{"p": [key], "od": data[key], "oi": fresh}]
    return [{"p": [key], "oi": fresh}]


def text_change(random: Random, path: list[Any], text: str) -> Op:
    """Insert or delete between whole characters."""
    at = random.randint(0, len(text))
    offset = units(text[:at])
    if random.random() < 0.6 or at == len(text):
        word = random.choice(WORDS[:-1])
        return [{"p": [*path, offset], "si": word}]
    end = random.randint(at + 1, min(len(text), at + 4))
    return [{"p": [*path, offset], "sd": text[at:end]}]


def _list_change(random: Random, values: list[Json]) -> Op:
    at = random.randint(0, len(values))
    kind = random.randrange(4)
    if kind == 0 or at == len(values):
        return [{"p": ["list", at], "li": random.choice((1, "x", {"y": []}))}]
    if kind == 1:
        return [{"p": ["list", at], "ld": values[at]}]
    if kind == 2:
        return [{"p": ["list", at], "ld": values[at], "li": random.randint(0, 9)}]
    return [{"p": ["list", at], "lm": random.randrange(len(values))}]


def _map_change(random: Random, values: dict[str, Json]) -> Op:
    key = random.choice("klm")
    value = random.choice(("v", 1, True, None, {"n": [1]}))
    if key not in values:
        return [{"p": ["map", key], "oi": value}]
    if random.random() < 0.4:
        return [{"p": ["map", key], "od": values[key]}]
    return [{"p": ["map", key], "od": values[key], "oi": value}]
