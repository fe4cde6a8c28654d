"""Renaming a component, query or script with all that refers to it: one op.

References are found by the same parser that checks them, so a name in a text, a comment, or hidden by a
parameter stays as it is. They become text edits, so what others type beside them at the same time stays.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ot.types import Component, Op, Step

from ..document.model import NAMED
from .references import Place, References

__all__ = ["leftovers", "rename_op"]


def rename_op(document: Mapping[str, Any], element: str, name: str) -> Op:
    """The op that gives `element` the name `name`, and changes every reference to it.

    Raises: KeyError where there is no such element, or it is of a kind that has no name in expressions.
    Whether the name is free and fit is found out by whoever applies the op.
    """
    section, _, id = element.partition("/")
    if section not in NAMED:
        raise KeyError(element)
    old = document[section][id]["name"]
    if old == name:
        return []
    references = References(document)
    op: Op = [{"p": [section, id, "name"], "od": old, "oi": name}]
    spots: dict[tuple[Step, ...], set[int]] = {}
    for place, start in _uses(references, element, old):
        spots.setdefault(place.path, set()).add(place.offset + start)
    for path, starts in spots.items():
        text = _at(document, path)
        # From the end, so that earlier places stay where they are.
        for start in sorted(starts, reverse=True):
            if text[start : start + len(old)] == old:
                op += _replaced(path, _units(text[:start]), old, name)
    return op


def leftovers(document: Mapping[str, Any], element: str, old: str) -> list[tuple[Step, ...]]:
    """Paths of expressions that still use the old name though nothing bears it: typed during the rename."""
    references = References(document)
    found: dict[tuple[Step, ...], None] = {}
    scope = references.scope(element)
    for place in references.places:
        here = references.scope(place.element)
        if here != scope and scope and here:
            continue
        for use in place.program().uses:
            if old in references.plain(use.path)[:1] and references.target(here, use.path) is None:
                found[place.path] = None
    return list(found)


def _uses(references: References, element: str, old: str) -> Iterator[tuple[Place, int]]:
    for place in references.places:
        if old not in place.source:
            continue
        scope = references.scope(place.element)
        for use in place.program().uses:
            if references.target(scope, use.path) != element:
                continue
            if use.path[0] == old:
                yield place, use.start
            elif references.plain(use.path)[:1] == (old,):
                at = place.source.find(old, use.start + len(use.path[0]))
                if at >= 0:
                    yield place, at


def _replaced(path: tuple[Step, ...], at: int, old: str, new: str) -> Iterator[Component]:
    where = [*path, at]
    yield {"p": where, "sd": old}
    yield {"p": list(where), "si": new}


def _units(text: str) -> int:
    """Length in UTF-16, as json0 counts."""
    return len(text.encode("utf-16-le")) // 2


def _at(document: Mapping[str, Any], path: tuple[Step, ...]) -> str:
    value: Any = document
    for step in path:
        value = value[step]
    return str(value)
