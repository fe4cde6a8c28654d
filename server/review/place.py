"""What a comment is about, kept on target while the design is edited."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import orjson

from ot.anchor import Anchor, carry
from ot.types import Json, Op, Step

from ..document.model import element_of
from ..errors import Code, DesignError

__all__ = ["MAX_STEPS", "Place"]

MAX_STEPS = 64


@dataclass(frozen=True, slots=True)
class Place:
    """An element, a value in it, or a range of a text. `is_lost`: what it was on has been deleted.

    A place that is lost remembers where it was: when something is put back there, it is found again.
    """

    anchor: Anchor
    is_lost: bool = False

    @classmethod
    def read(cls, given: Json, document: Json) -> Place:
        """From `{"path": […], "range"?: [start, end]}`, which must be there in `document`.

        Raises: DesignError(MESSAGE_BADLY_FORMED) if it is none, or not there.
        """
        path = given.get("path") if type(given) is dict else None
        if type(path) is not list or not 1 <= len(path) <= MAX_STEPS:
            raise _wrong("An anchor has a `path` to something in the design")
        if not all(type(step) in (str, int) for step in path):
            raise _wrong("A path is made of keys and whole numbers")
        try:
            element_of([*path, ""] if len(path) == 1 else path[:2])
            value = _value(document, path)
        except (DesignError, KeyError, IndexError, TypeError):
            raise _wrong("There is nothing at this path in this version") from None
        span = given.get("range")
        if span is None:
            return cls(Anchor(tuple(path)))
        if type(value) is not str:
            raise _wrong("Only a text has a range")
        length = len(value.encode("utf-16-le", "surrogatepass")) // 2
        if (
            type(span) is not list
            or [type(each) for each in span] != [int, int]
            or not 0 <= span[0] <= span[1] <= length
        ):
            raise _wrong("A range is two offsets within the text, in UTF-16 units")
        return cls(Anchor(tuple(path), span[0], span[1]))

    def after(self, ops: Iterable[Op]) -> Place:
        """Where it is once the ops are applied."""
        place = self
        for op in ops:
            place = place._past(op)
        return place

    def _past(self, op: Op) -> Place:
        if self.is_lost:
            return self._found(op)
        carried = carry(self.anchor, op)
        if carried is None:
            return Place(self.anchor, is_lost=True)._found(op)
        return self if carried == self.anchor else Place(carried)

    def _found(self, op: Op) -> Place:
        """Is something put back there?"""
        path = list(self.anchor.path)
        for component in op:
            at = component["p"]
            if "oi" in component and path[: len(at)] == at:
                try:
                    value = _value(component["oi"], path[len(at) :])
                except (KeyError, IndexError, TypeError):
                    continue
                return Place(self.anchor if type(value) is str else Anchor(self.anchor.path))
        return self

    @property
    def element(self) -> str:
        """The element that it is in."""
        path = list(self.anchor.path)
        return element_of([*path, ""] if len(path) == 1 else path[:2])

    def to_json(self) -> dict[str, Any]:
        """{"element", "path", "range", "lost"}."""
        start, end = self.anchor.start, self.anchor.end
        return {
            "element": self.element,
            "path": list(self.anchor.path),
            "range": None if start is None else [start, end],
            "lost": self.is_lost,
        }

    def pack(self) -> str:
        """As it is stored."""
        return orjson.dumps(self.to_json()).decode()

    @classmethod
    def unpack(cls, text: str) -> Place:
        """What `pack` gave."""
        told = orjson.loads(text)
        start, end = told["range"] or (None, None)
        return cls(Anchor(tuple(told["path"]), start, end), told["lost"])


def _value(document: Any, path: list[Step]) -> Any:
    for step in path:
        if type(document) is list and (type(step) is not int or step < 0):
            raise KeyError(step)
        document = document[step]
    return document


def _wrong(message: str) -> DesignError:
    return DesignError(Code.MESSAGE_BADLY_FORMED, message)
