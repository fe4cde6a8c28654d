"""Random documents and ops, small and full of collisions. All from one `random.Random`.

`Documents` makes ops that fit a document, as an editor would; `Untied` makes well-formed ops out of
nothing, with false deletions and paths that lead nowhere, as an enemy would.
"""

from random import Random
from typing import Any

import ot
import ot.loose
from ot.types import Component, Json, Op, OpError, Path
from ot.utf16 import cut, units

__all__ = ["Documents", "Untied", "document", "value"]

KEYS = ["a", "b", "c", "é"]
DIGITS = ["a", "b", "1", "0"]
"""Keys that npm takes for indices where an op meets a list that is not there: only for safe ops."""
WORDS = ["", "a", "ab", "xyz", "é", "😀", "a😀b", "𝒳y😀", "日本", "long text of words"]


def value(random: Random, depth: int = 2, keys: list[str] = KEYS) -> Json:
    kind = random.randrange(9 if depth else 6)
    if kind == 0:
        return random.choice([None, True, False])
    if kind in (1, 2):
        return random.choice([0, 1, 2, -7, 41, 2.5, 1e21, -(2**53)])
    if kind in (3, 4, 5):
        return random.choice(WORDS)
    if kind == 6:
        return [value(random, depth - 1, keys) for _ in range(random.randrange(4))]
    return {random.choice(keys): value(random, depth - 1, keys) for _ in range(random.randrange(4))}


def document(random: Random, keys: list[str] = KEYS) -> Json:
    """A document with something of everything, or (rarely) any value."""
    if random.randrange(20) == 0:
        return value(random, 3, keys)
    return {
        random.choice(keys): random.choice(
            [
                [value(random, 2, keys) for _ in range(random.randrange(6))],
                [random.choice(WORDS) for _ in range(random.randrange(5))],
                {random.choice(keys): value(random, 2, keys) for _ in range(3)},
                random.choice(WORDS) + random.choice(WORDS),
                random.randrange(-3, 100),
                value(random, 3, keys),
            ]
        )
        for _ in range(random.randrange(1, 5))
    }


def _places(value: Json, path: list[Any], out: list[tuple[list[Any], Json]]) -> None:
    out.append((path, value))
    if type(value) is dict:
        for key, one in value.items():
            _places(one, [*path, key], out)
    elif type(value) is list:
        for at, one in enumerate(value):
            _places(one, [*path, at], out)


class Documents:
    """Ops that fit a document.

    `safe`: only what the safe subset takes. Else also what npm takes: `t`, `oi` over a used key,
    fractions, halves of characters.
    """

    def __init__(self, random: Random, safe: bool) -> None:
        self.random = random
        self.safe = safe
        self.keys = random.choice([KEYS, DIGITS]) if safe else KEYS

    def document(self) -> Json:
        return document(self.random, self.keys)

    def op(self, doc: Json, most: int = 4) -> tuple[Op, Json]:
        """An op of up to `most` components (seldom none), and the document after it."""
        op: Op = []
        for _ in range(
            self.random.choice([1, 1, 1, 2, 2, 3, most]) if self.random.random() > 0.02 else 0
        ):
            component = self.component(doc)
            try:
                doc = (
                    ot.apply(doc, [component])
                    if self.safe
                    else ot.loose.apply_unbounded(doc, [component])
                )
            except OpError:
                continue
            op.append(component)
        return op, doc

    def component(self, doc: Json) -> Component:
        random = self.random
        places: list[tuple[list[Any], Json]] = []
        _places(doc, [], places)
        path, found = random.choice(places)
        if type(found) is list and random.random() < 0.9:
            return self._in_list(path, found)
        if type(found) is str and random.random() < 0.8:
            return self._in_text(path, found)
        if type(found) in (int, float) and random.random() < 0.6:
            amounts = [1, 2, -7] if self.safe else [1, 2, -7, 0.5, 0.1]
            return {"p": path, "na": random.choice(amounts)}
        if type(found) is dict and random.random() < 0.9:
            return self._in_object(path, found)
        return (
            {"p": path, "od": found, "oi": value(random, 2, self.keys)}
            if not path or type(path[-1]) is str
            else {"p": path, "ld": found, "li": value(random, 2, self.keys)}
        )

    def _in_list(self, path: Path, found: list[Json]) -> Component:
        random = self.random
        size = len(found)
        kind = random.randrange(5)
        if kind == 0 or not size:
            return {"p": [*path, random.randrange(size + 1)], "li": value(random, 2, self.keys)}
        at = random.randrange(size)
        if kind == 1:
            return {"p": [*path, at], "ld": found[at]}
        if kind == 2:
            return {"p": [*path, at], "ld": found[at], "li": value(random, 2, self.keys)}
        return {"p": [*path, at], "lm": random.randrange(size)}

    def _in_object(self, path: Path, found: dict[str, Json]) -> Component:
        random = self.random
        key = random.choice(self.keys)
        if key not in found:
            return {"p": [*path, key], "oi": value(random, 2, self.keys)}
        kind = random.randrange(3 if self.safe else 4)
        if kind == 0:
            return {"p": [*path, key], "od": found[key]}
        if kind == 3:
            return {"p": [*path, key], "oi": value(random, 2, self.keys)}
        return {"p": [*path, key], "od": found[key], "oi": value(random, 2, self.keys)}

    def _in_text(self, path: Path, found: str) -> Component:
        random = self.random
        if self.safe:
            at, end = sorted(random.randrange(len(found) + 1) for _ in range(2))
            start, deleted = units(found[:at]), found[at:end]
        else:
            start, end = sorted(random.randrange(units(found) + 1) for _ in range(2))
            deleted = cut(found, start, end)
        inserted = random.choice(WORDS)
        if not self.safe and random.random() < 0.2:
            inserted = random.choice(["\ud83d", "\ude00", "a\ud83d", "\ude00b"])
        if not self.safe and random.random() < 0.3:
            edits: Op = []
            for _ in range(random.randrange(1, 4)):
                if random.random() < 0.5:
                    edit = {"p": random.randrange(units(found) + 1), "i": random.choice(WORDS)}
                else:
                    start, end = sorted(random.randrange(units(found) + 1) for _ in range(2))
                    edit = {"p": start, "d": cut(found, start, end)}
                found = ot.loose.apply_unbounded(found, [{"p": [], "t": "text0", "o": [edit]}])
                edits.append(edit)
            return {"p": list(path), "t": "text0", "o": edits}
        if random.random() < 0.5:
            return {"p": [*path, start], "si": inserted}
        return {"p": [*path, start], "sd": deleted}


class Untied:
    """Well-formed components on no document at all."""

    def __init__(self, random: Random) -> None:
        self.random = random

    def op(self, most: int = 4) -> Op:
        return [self.component() for _ in range(self.random.randrange(most + 1))]

    def path(self, longest: int = 3) -> list[Any]:
        steps: list[Any] = ["a", "a", "b", 0, 1, 2]
        return [self.random.choice(steps) for _ in range(self.random.randrange(longest + 1))]

    def component(self) -> Component:
        random = self.random
        path = self.path()
        kind = random.randrange(11)
        if kind == 0:
            return {"p": path, "na": random.choice([1, -1, 2, 0, 0.5])}
        if kind == 1:
            return {
                "p": path,
                "t": "text0",
                "o": [self._edit() for _ in range(random.randrange(1, 4))],
            }
        if kind < 5:
            keyed: list[Any] = [*path, random.choice(["a", "b"])] if random.random() < 0.9 else []
            component: Component = {"p": keyed}
            if kind != 2:
                component["od"] = value(random, 3)
            if kind != 3:
                component["oi"] = value(random, 3)
            return component
        at = random.randrange(4)
        component = {"p": [*path, at]}
        if kind == 5:
            component["lm"] = random.randrange(4)
        elif kind == 6:
            component["li"] = value(random, 3)
        elif kind == 7:
            component["ld"] = value(random, 3)
        elif kind == 8:
            component["li"], component["ld"] = value(random, 3), value(random, 3)
        else:
            edit = self._edit()
            component = {"p": [*path, edit["p"]]}
            if "i" in edit:
                component["si"] = edit["i"]
            else:
                component["sd"] = edit["d"]
        return component

    def _edit(self) -> Component:
        random = self.random
        field = random.choice(["i", "d"])
        text = random.choice(["", "a", "aa", "aaa", "aaaa", "b", "😀", "a\ud83d", "\ude00"])
        return {"p": random.randrange(4), field: text}
