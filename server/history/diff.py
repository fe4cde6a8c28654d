"""What has changed between two designs: element by element, property by property, and as an op."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal, TypeAlias

import orjson

from ot import diff, same
from ot.elements import ABSENT, Absent
from ot.types import Json, Op, Step

from ..document.model import SECTIONS, SINGLES, Element, name_of
from .text import TextDiff, TextEdit

__all__ = [
    "ABSENT",
    "Absent",
    "Change",
    "Kind",
    "Value",
    "changes",
    "differences",
    "differing",
    "element_changes",
    "element_op",
    "is_same",
    "to_op",
]

Kind: TypeAlias = Literal["added", "removed", "moved", "renamed", "retyped", "changed"]
Value: TypeAlias = Json | Literal[Absent.ABSENT]

_KINDS: Final[Mapping[Step, Kind]] = {
    "place": "moved",
    "name": "renamed",
    "type": "retyped",
    "typeVersion": "retyped",
}
_OWN_KINDS: Final = dict.fromkeys(SECTIONS, _KINDS)


@dataclass(frozen=True, slots=True)
class Change:
    """One thing: `kind` says what became of the element, or that a property has another value.

    `path` leads from the element to the property (empty: the element itself); `old` and `new` are the
    values there, ABSENT where there is none. `edits` tell how one text became the other. `name` is what
    the element is called, in the newer document if it is there.
    """

    kind: Kind
    element: Element
    name: str
    path: tuple[Step, ...]
    old: Value
    new: Value
    edits: tuple[TextEdit, ...] = ()


def changes(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Change]:
    """From `old` to `new`, in the order of the sections; elements of a section as they come.

    A component's place is one value, so a move is one change, and so is a new name or another type. A
    property that is an object is compared by its keys, a list of the same length by its items. Linear in
    what is not one and the same object in both, and bounded within texts.
    """
    texts = TextDiff()
    for element, before, after in differing(old, new):
        yield from element_changes(element, before, after, texts)


def differing(
    old: Mapping[str, Any], new: Mapping[str, Any]
) -> Iterator[tuple[Element, Value, Value]]:
    """The elements that are not the same in both, with their two values."""
    for single in SINGLES:
        before, after = old.get(single, ABSENT), new.get(single, ABSENT)
        if not is_same(before, after):
            yield single, before, after
    for section in SECTIONS:
        olds, news = old.get(section, {}), new.get(section, {})
        if olds is news:
            continue
        for id, before in olds.items():
            after = news.get(id, ABSENT)
            if not is_same(before, after):
                yield f"{section}/{id}", before, after
        for id, after in news.items():
            if id not in olds:
                yield f"{section}/{id}", ABSENT, after


def element_changes(
    element: Element, old: Value, new: Value, texts: TextDiff | None = None
) -> Iterator[Change]:
    """The changes of one element."""
    section, _, id = element.partition("/")
    name = name_of(old if new is ABSENT else new) or ""
    if old is ABSENT or new is ABSENT:
        gone: Kind = "removed" if new is ABSENT else "added"
        yield Change(gone if id else "changed", element, name, (), old, new)
        return
    kinds: Mapping[Step, Kind] = _OWN_KINDS.get(section, {})
    texts = texts or TextDiff()
    for path, before, after in differences(old, new, whole=kinds.keys()):
        kind = kinds.get(path[0], "changed") if path else "changed"
        edits: tuple[TextEdit, ...] = ()
        if type(before) is str and type(after) is str:
            edits = texts.edits(before, after)
        yield Change(kind, element, name, path, before, after, edits)


def differences(
    old: Json, new: Json, path: tuple[Step, ...] = (), *, whole: Any = ()
) -> Iterator[tuple[tuple[Step, ...], Value, Value]]:
    """The smallest values that differ: (path, old, new), ABSENT where there is none.

    Objects are compared by key, in the order of the keys; lists of one length by item; all else is
    compared whole, as are the values of those keys of the outermost object that are in `whole`.
    """
    kind = type(old)
    if kind is type(new):
        if kind is dict:
            keys = [
                key
                for key, before in old.items()
                if key not in new or not is_same(before, new[key])
            ]
            keys += new.keys() - old.keys()
            for key in sorted(keys):
                before, after = old.get(key, ABSENT), new.get(key, ABSENT)
                if before is ABSENT or after is ABSENT or key in whole:
                    yield (*path, key), before, after
                else:
                    yield from differences(before, after, (*path, key))
            return
        if kind is list and len(old) == len(new):
            for at, (before, after) in enumerate(zip(old, new, strict=True)):
                if not is_same(before, after):
                    yield from differences(before, after, (*path, at))
            return
    if not is_same(old, new):
        yield path, old, new


def to_op(old: Mapping[str, Any], new: Mapping[str, Any]) -> Op:
    """An op with `apply(old, op)` equal to `new`, of the safe subset; `[]` if they are the same.

    Texts are edited where they changed; an element's place is set whole, as designs want it.
    """
    op: Op = []
    for element, before, after in differing(old, new):
        op += element_op(element, before, after)
    for key in ("format", "formatVersion"):
        if not same(old.get(key), new.get(key)):
            op += diff.diff({key: old[key]}, {key: new[key]})
    return op


def element_op(element: Element, old: Value, new: Value) -> Op:
    """The part of `to_op` that is about one element."""
    steps = element.split("/", 1)
    op: Op = []
    if type(old) is dict and type(new) is dict and "/" in element:
        places = [value.get("place", ABSENT) for value in (old, new)]
        if ABSENT not in places and not same(places[0], places[1]):
            op.append({"p": [*steps, "place"], "od": places[0], "oi": places[1]})
            old = {**old, "place": new["place"]}
    return op + diff.diff(_under(steps, old), _under(steps, new))


def _under(steps: list[str], value: Value) -> Json:
    *outer, last = steps
    found: dict[str, Json] = {} if value is ABSENT else {last: value}
    for step in reversed(outer):
        found = {step: found}
    return found


_CONTAINERS: Final = frozenset({dict, list})


def is_same(old: Value, new: Value) -> bool:
    """Are they one value to JavaScript, or both ABSENT?"""
    if old is new:
        return True
    kind = type(old)
    if kind in _CONTAINERS and kind is type(new):
        try:
            # Bytes are compared in C; keys in another order, or 1 against 1.0, are looked at again.
            if orjson.dumps(old) == orjson.dumps(new):
                return True
        except TypeError:
            pass  # a file may hold what no stored design does
        return same(old, new)
    return old == new and (kind is bool) == (type(new) is bool)
