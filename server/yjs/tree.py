"""A Yjs document that holds a design: read as JSON, and made to hold what it should (SPEC Y1-Y24).

What this writes is a function of the document's items and of the op alone: two nodes that do the
same write the same items, number for number.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import orjson
from pycrdt import Array, Doc, Map, Text

from ot.diff import edit_text
from ot.types import Json, Step
from ot.values import same

from .shape import ROOTS, Shape

__all__ = ["ABSENT", "Tree"]

ABSENT: Final[Any] = object()
"""What is read where nothing is."""

Shared = Map[Any] | Array[Any] | Text


class Tree:
    """The design in a `Doc`. Whoever writes opens the transaction."""

    def __init__(self, doc: Doc[Any], shape: Shape) -> None:
        self.doc = doc
        self._shape = shape
        self.roots: dict[str, Map[Any]] = {name: doc.get(name, type=Map) for name in ROOTS}

    # -- reading -----------------------------------------------------------------------------------

    def node(self, path: Sequence[Step]) -> Any:
        """What is at `path`: a shared type, a plain value, or ABSENT."""
        here: Any = self.roots.get(str(path[0]), ABSENT)
        for step in path[1:]:
            here = _child(here, step)
            if here is ABSENT:
                return ABSENT
        return here

    def value(self, path: Sequence[Step]) -> Json:
        """The JSON at `path`, or ABSENT. Raises: ValueError if it is not JSON."""
        return json_of(self.node(path))

    # -- filling -----------------------------------------------------------------------------------

    def fill(self, data: Mapping[str, Json]) -> None:
        """Put a whole design into an empty document."""
        for root, there in self.roots.items():
            content = data.get(root)
            if isinstance(content, dict):
                is_element = self._shape.depth(root) == 1
                for key in sorted(content):
                    element = content if is_element else content[key]
                    self._set(there, key, content[key], [root, key], element)

    def put(self, path: Sequence[Step], value: Json, element: Json) -> None:
        """Make the value at `path` be `value` (ABSENT: nothing), as a new item.

        `element` is the element that it is a part of, for what the types say of it.
        """
        parent = self.node(path[:-1])
        if isinstance(parent, Map):
            self._set(parent, str(path[-1]), value, path, element)
        elif isinstance(parent, Array):
            at = int(path[-1])
            del parent[at]
            if value is not ABSENT:
                parent.insert(at, self._made(value, path, element))
        # A part of a plain value is set by whoever holds the whole of it.

    def _set(
        self, parent: Map[Any], key: str, value: Json, path: Sequence[Step], element: Json
    ) -> None:
        if value is not ABSENT:
            parent[key] = self._made(value, path, element)
        elif key in parent:
            del parent[key]

    def _made(self, value: Json, path: Sequence[Step], element: Json) -> Any:
        """The Yjs form of a value that comes to stand at `path`.

        Keys are sorted: the order in which items are made is a part of what they are.
        """
        if type(value) is dict:
            if self._shape.is_whole(path):
                return value
            return Map(
                {key: self._made(value[key], [*path, key], element) for key in sorted(value)}
            )
        if type(value) is list:
            return Array([self._made(v, [*path, at], element) for at, v in enumerate(value)])
        if type(value) is str and self._shape.is_text(path, element):
            return Text(value)
        return value

    # -- what it should hold -----------------------------------------------------------------------

    def settle_at(self, path: Sequence[Step], wanted: Callable[[Sequence[Step]], Json]) -> None:
        """Make what is at `path` hold what is wanted there, or the whole value that it is a part of.

        `wanted(path)` is what the design holds at a path, or ABSENT.
        """
        for end in range(len(path), 1, -1):
            if isinstance(self.node(path[: end - 1]), Map | Array):
                element = wanted(path[: self._shape.depth(str(path[0]))])
                self._settle(path[:end], wanted(path[:end]), element)
                return

    def renew(self, path: Sequence[Step], wanted: Callable[[Sequence[Step]], Json]) -> None:
        """Write the value at `path` anew, whatever is there."""
        self.put(path, wanted(path), wanted(path[: self._shape.depth(str(path[0]))]))

    def _settle(self, path: Sequence[Step], value: Json, element: Json) -> None:
        node = self.node(path)
        try:
            held = json_of(node)
        except ValueError:
            held = node = ABSENT  # not JSON: nothing of it is kept
            self.put(path, ABSENT, element)
        if held is ABSENT or value is ABSENT:
            if held is not value:
                self.put(path, value, element)
            return
        if same(held, value):
            return
        if isinstance(node, Map) and type(value) is dict and not self._shape.is_whole(path):
            for key in sorted(held.keys() | value.keys()):
                self._settle([*path, key], value.get(key, ABSENT), element)
        elif isinstance(node, Text) and type(value) is str:
            self._settle_text(node, held, value)
        elif isinstance(node, Array) and type(value) is list:
            self._settle_array(node, held, value, path, element)
        else:
            self.put(path, value, element)

    def _settle_text(self, node: Text, held: str, value: str) -> None:
        for edit in edit_text(held, value):
            start = _bytes_before(held, edit["p"])
            if "d" in edit:
                del node[start : start + len(edit["d"].encode())]
            else:
                node.insert(start, edit["i"])

    def _settle_array(
        self,
        node: Array[Any],
        held: list[Json],
        value: list[Json],
        path: Sequence[Step],
        element: Json,
    ) -> None:
        first = 0
        while first < min(len(held), len(value)) and same(held[first], value[first]):
            first += 1
        last = 0
        while last < min(len(held), len(value)) - first and same(held[-1 - last], value[-1 - last]):
            last += 1
        if len(held) - last > first:
            del node[first : len(held) - last]
        for at in range(first, len(value) - last):
            node.insert(at, self._made(value[at], [*path, at], element))


def json_of(node: Any) -> Json:
    """The JSON of a shared type or plain value; ABSENT stays. Raises: ValueError if it is none."""
    if isinstance(node, Text):
        return str(node)
    if isinstance(node, Map | Array):
        return orjson.loads(str(node))
    if type(node) is float and node.is_integer() and abs(node) < 2**53:
        return int(node)
    if type(node) in (dict, list):
        return _plain(node)
    if node is ABSENT or node is None or type(node) in (str, bool, float, int):
        return node
    raise ValueError("not JSON")


def _plain(value: Json) -> Json:
    if type(value) is dict:
        return {key: json_of(each) for key, each in value.items()}
    return [json_of(each) for each in value]


def _child(here: Any, step: Step) -> Any:
    if isinstance(here, Map):
        if type(step) is not str:
            return ABSENT
        try:
            return here[step]
        except KeyError:
            return ABSENT
    if isinstance(here, Array):
        return here[step] if type(step) is int and 0 <= step < len(here) else ABSENT
    if type(here) is dict:
        return here.get(step, ABSENT)
    if type(here) is list:
        return here[step] if type(step) is int and 0 <= step < len(here) else ABSENT
    return ABSENT


def _bytes_before(text: str, at: int) -> int:
    """What a place counted in UTF-16 units is in bytes of UTF-8, as pycrdt counts."""
    if text.isascii():
        return at
    return len(text.encode("utf-16-le")[: 2 * at].decode("utf-16-le").encode())
