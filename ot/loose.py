"""Apply as npm ot-json0 1.1.0 does it, for collections without rules (SPEC OT70-OT79).

What stock clients rely on is kept: on the way to a place an index may be a digit string and a
number may stand for an object's key; `oi` needs no `od`; a deletion is not compared with what it
deletes; fractions are added. `apply_npm` refuses an index or offset beyond the list or text, and
half a character, where npm leaves holes, nulls, or text at the end. `apply_unbounded` does as npm
does: transform needs it, to give npm's result when an op lies about the value that it deletes.
"""

from collections.abc import Callable
from math import isfinite
from typing import Any

from . import text0
from .types import Component, Json, Op, OpError, Path, Reason, Step, where
from .utf16 import cut, join, units
from .values import add, is_number

__all__ = ["apply_npm", "apply_unbounded", "index_of"]


def apply_npm(doc: Json, op: Op) -> Json:
    """The document that `op` makes of `doc`: all of it, or nothing.

    Args: op: as `normalize.check(op, loose=True)` returned it.
    Raises: OpError, with the component's index.
    """
    return _apply(doc, op, bounded=True)


def apply_unbounded(doc: Json, op: Op) -> Json:
    """As `apply_npm`, but no index or offset is too large. Raises: OpError."""
    return _apply(doc, op, bounded=False)


def index_of(step: Step) -> int | None:
    """A list index, given as an int or as JavaScript writes one in a string (`"12"`)."""
    if type(step) is int:
        return step if step >= 0 else None
    if isinstance(step, str) and step.isascii() and step.isdigit():
        return int(step) if len(step) < 16 and (step[0] != "0" or step == "0") else None
    return None


def _apply(doc: Json, op: Op, bounded: bool) -> Json:
    for number, component in enumerate(op):
        path = component["p"]
        try:
            doc = _edit(doc, component, path, bounded)
        except OpError as error:
            error.component = number
            error.path = path
            raise
    return doc


def _edit(doc: Json, component: Component, path: Path, bounded: bool) -> Json:
    if "t" in component:
        edits = component["o"]
        return _within(doc, path, 0, lambda text: _edit_text(text, edits, path, bounded))
    if "si" in component or "sd" in component:
        field, name = ("si", "i") if "si" in component else ("sd", "d")
        edits = [{"p": path[-1], name: component[field]}]
        return _within(doc, path[:-1], 0, lambda text: _edit_text(text, edits, path, bounded))
    if "na" in component:
        return _within(doc, path, 0, lambda number: _add(number, component["na"], path))
    if "oi" in component or "od" in component:
        if path:
            return _within(doc, path[:-1], 0, lambda node: _edit_object(node, component, path))
        if "oi" in component:
            return component["oi"]
        raise OpError(Reason.ROOT_DELETED, "a document cannot be left without a value")
    if "li" in component or "ld" in component or "lm" in component:
        return _within(doc, path[:-1], 0, lambda node: _edit_list(node, component, path, bounded))
    raise OpError(Reason.NO_INSTRUCTION, f"{where(path)}: the component says nothing to do")


def _within(node: Json, path: Path, depth: int, edit: Callable[[Json], Json]) -> Json:
    """`node` with the value at `path[depth:]` edited; the containers on the way are copied."""
    if depth == len(path):
        return edit(node)
    step = path[depth]
    key: Any
    if type(node) is dict:
        key = str(step)
        found = key in node
    elif type(node) is list:
        key = index_of(step)
        found = key is not None and key < len(node)
    else:
        raise OpError(Reason.PATH_BLOCKED, f"{where(path)}: there is nothing inside a plain value")
    if not found:
        raise OpError(Reason.PATH_NOT_FOUND, f"{where(path)}: there is no {str(step)[:80]!r} here")
    copy = node.copy()
    copy[key] = _within(node[key], path, depth + 1, edit)
    return copy


def _edit_object(node: Json, component: Component, path: Path) -> Json:
    if type(node) is not dict:
        raise OpError(Reason.NOT_AN_OBJECT, f"{where(path)}: there is no object here")
    copy = node.copy()
    if "oi" in component:
        copy[path[-1]] = component["oi"]
    else:
        copy.pop(path[-1], None)
    return copy


def _edit_list(node: Json, component: Component, path: Path, bounded: bool) -> Json:
    if type(node) is not list:
        raise OpError(Reason.NOT_A_LIST, f"{where(path)}: there is no list here")
    at: Any = path[-1]
    inserts = "li" in component and "ld" not in component
    to = component.get("lm", 0)
    if bounded and not (at < len(node) + inserts and to < max(len(node), 1)):
        raise OpError(Reason.INDEX_RANGE, f"{where(path)}: the list has only {len(node)} elements")
    copy = node.copy()
    if inserts:
        copy.insert(at, component["li"])
    elif "lm" in component:
        if at != to:
            moved = copy[at : at + 1] or [None]
            del copy[at : at + 1]
            copy.insert(to, moved[0])
    elif "li" in component:
        copy.extend([None] * (at + 1 - len(copy)))
        copy[at] = component["li"]
    else:
        del copy[at : at + 1]
    return copy


def _edit_text(text: Json, edits: Op, path: Path, bounded: bool) -> Json:
    if type(text) is not str:
        raise OpError(Reason.NOT_A_STRING, f"{where(path)}: there is no text here")
    if bounded:
        try:
            return text0.apply(text, edits)
        except OpError as error:
            raise OpError(error.reason, f"{where(path)}: {error.message}") from None
    for edit in edits:
        at = edit["p"]
        end = at
        if "d" in edit:
            end += units(edit["d"])
            if cut(text, at, end) != edit["d"]:
                raise OpError(Reason.TEXT_DIFFERS, f"{where(path)}: other text stands here")
        text = join(join(cut(text, 0, at), edit.get("i", "")), cut(text, end))
    return text


def _add(number: Json, amount: float, path: Path) -> Json:
    if not is_number(number):
        raise OpError(Reason.NOT_A_NUMBER, f"{where(path)}: there is no number here")
    total = add(number, amount)
    if not isfinite(total):
        raise OpError(Reason.SUM_RANGE, f"{where(path)}: the sum is too large for a number")
    return total
