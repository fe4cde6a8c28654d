"""The op that turns one document into another (SPEC OT110-OT116).

For restoring a version, and for edits that arrive as whole values. The op is in the safe subset and
small on real edits: text is edited where it changed, and a list whose items carry ids is edited item
by item, moves included.
"""

from collections.abc import Sequence
from json import dumps
from typing import Any

from .sequence import hunks, longest_rise
from .types import Component, Json, Op, Step
from .utf16 import units
from .values import same

__all__ = ["diff", "edit_text"]

# Past so many differing characters, lines are compared first, and then characters inside of lines
# while the whole is not above the second number; past so many lines or items, all is replaced.
# Time grows with the square: 1,000 take about 60 ms.
_MOST_CHARACTERS = 1_000
_MOST_CHARACTERS_IN_LINES = 4_000
_MOST_ITEMS = 1_000


def diff(old: Json, new: Json) -> Op:
    """A safe op with `apply(old, op)` equal to `new`; `[]` if they are the same."""
    return _value([], old, new)


def edit_text(old: str, new: str) -> Op:
    """The text0 op that turns `old` into `new`: last edit first, so that offsets are those of `old`.

    A character is never split. As few characters as possible, unless the texts differ much.
    """
    op: Op = []
    for start, end, text in reversed(_text_hunks(old, new)):
        at = units(old[:start])
        if end > start:
            op.append({"p": at, "d": old[start:end]})
        if text:
            op.append({"p": at, "i": text})
    return op


def _value(path: list[Step], old: Json, new: Json) -> Op:
    if same(old, new):
        return []
    kind = type(old)
    if kind is type(new):
        if kind is dict:
            return _object(path, old, new)
        if kind is list:
            return _list(path, old, new)
        if kind is str and path:
            edits = edit_text(old, new)
            if 2 * sum(units(edit.get("d", "")) for edit in edits) <= units(old):
                return [_spread(path, edit) for edit in edits]
    return [_replaced(path, old, new)]


def _spread(path: list[Step], edit: Component) -> Component:
    at = [*path, edit["p"]]
    return {"p": at, "si": edit["i"]} if "i" in edit else {"p": at, "sd": edit["d"]}


def _replaced(path: list[Step], old: Json, new: Json) -> Component:
    if path and type(path[-1]) is int:
        return {"p": path, "ld": old, "li": new}
    return {"p": path, "od": old, "oi": new}


def _object(path: list[Step], old: dict[str, Json], new: dict[str, Json]) -> Op:
    op: Op = []
    for key, value in old.items():
        if key in new:
            op += _value([*path, key], value, new[key])
        else:
            op.append({"p": [*path, key], "od": value})
    op += [{"p": [*path, key], "oi": value} for key, value in new.items() if key not in old]
    return op


def _list(path: list[Step], old: list[Json], new: list[Json]) -> Op:
    old_ids, new_ids = _ids(old), _ids(new)
    if old_ids is not None and new_ids is not None:
        return _list_by_id(path, old, new, old_ids, new_ids)
    found = hunks(_keys(old), _keys(new), _MOST_ITEMS)
    if found is None:
        return [_replaced(path, old, new)]
    op: Op = []
    for start, end, new_start, new_end in reversed(found):
        # Items that stand across from each other are edited, the rest is deleted or inserted.
        across = min(end - start, new_end - new_start)
        for at in range(end - 1, start + across - 1, -1):
            op.append({"p": [*path, at], "ld": old[at]})
        for at in range(across, new_end - new_start):
            op.append({"p": [*path, start + at], "li": new[new_start + at]})
        for at in range(across):
            op += _value([*path, start + at], old[start + at], new[new_start + at])
    return op


def _list_by_id(
    path: list[Step],
    old: list[Json],
    new: list[Json],
    old_ids: dict[Any, int],
    new_ids: dict[Any, int],
) -> Op:
    op: Op = []
    # Deleted first, then moved into their new order, then inserted, then edited where they stand.
    for name, at in reversed(old_ids.items()):
        if name not in new_ids:
            op.append({"p": [*path, at], "ld": old[at]})
    order = [new_ids[name] for name in old_ids if name in new_ids]
    stay = longest_rise(order)
    before: int | None = None
    for target in sorted(order):
        if target not in stay:
            start = order.index(target)
            order.pop(start)
            end = 0 if before is None else order.index(before) + 1
            order.insert(end, target)
            op.append({"p": [*path, start], "lm": end})
        before = target
    op += [{"p": [*path, at], "li": new[at]} for name, at in new_ids.items() if name not in old_ids]
    for name, at in new_ids.items():
        if name in old_ids:
            op += _value([*path, at], old[old_ids[name]], new[at])
    return op


def _ids(items: list[Json]) -> dict[Any, int] | None:
    """Where each id stands; None if not every item is an object with an id of its own."""
    ids: dict[Any, int] = {}
    for at, item in enumerate(items):
        name = item.get("id") if type(item) is dict else None
        if type(name) not in (str, int) or name in ids:
            return None
        ids[name] = at
    return ids


def _keys(items: list[Json]) -> list[str]:
    """Items as text, equal when they are."""
    return [dumps(item, sort_keys=True) for item in items]


def _text_hunks(old: str, new: str) -> list[tuple[int, int, str]]:
    """`(start, end, text)`: in order, what becomes of `old[start:end]`."""
    found = hunks(old, new, _MOST_CHARACTERS)
    if found is not None:
        return [(start, end, new[first:last]) for start, end, first, last in found]
    old_lines, new_lines = old.splitlines(keepends=True), new.splitlines(keepends=True)
    found = hunks(old_lines, new_lines, _MOST_ITEMS)
    if found is None or len(old_lines) == 1:
        return [(0, len(old), new)]
    out: list[tuple[int, int, str]] = []
    starts = _starts(old_lines)
    spare = _MOST_CHARACTERS_IN_LINES
    for start, end, first, last in found:
        at = starts[start]
        before, after = "".join(old_lines[start:end]), "".join(new_lines[first:last])
        most = min(spare, _MOST_CHARACTERS)
        finer = hunks(before, after, most)
        spare -= most if finer is None else sum(b - a + d - c for a, b, c, d in finer)
        if finer is None:
            out.append((at, at + len(before), after))
        else:
            out += [(at + a, at + b, after[c:d]) for a, b, c, d in finer]
    return out


def _starts(lines: Sequence[str]) -> list[int]:
    starts = [0]
    for line in lines:
        starts.append(starts[-1] + len(line))
    return starts
