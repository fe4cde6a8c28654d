"""Merging two edits of one JSON file, property by property, for git.

What one side alone has changed is taken; what both have changed alike is taken once. Lists whose entries
have names of their own (an id, a widgetId, a key, a name) are merged entry by entry; of other lists, and of
texts, one side's change is taken, and texts that both have changed are merged line by line where the lines
do not touch. What the editor of the other tool works out anew is no reason to ask a person. All else that
both have changed is a conflict: ours stays in the value, and the conflict is told.
"""

from __future__ import annotations

import json
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any, Final

from ot.types import Step

__all__ = ["Conflict", "Merged", "merge", "merge_texts"]

ABSENT: Final = object()
"""Nothing stands there."""

_IDENTITIES: Final = ("widgetId", "id", "gitSyncId", "key", "uidString", "name")
_DERIVED: Final = frozenset(
    """
    originalTopRow originalBottomRow parentRowSpace parentColumnSpace bottomRowBeforeCollapse topRowBeforeCollapse
    key iconSVG thumbnailSVG searchTags tags displayName isLoading updatedAt
    """.split()
)
"""Keys that no person sets: ours stands where both differ."""

_MARKS: Final = ("<<<<<<< ours", "=======", ">>>>>>> theirs")


@dataclass(frozen=True, slots=True)
class Conflict:
    """A place that both have changed; `ABSENT` stands for nothing."""

    path: tuple[Step, ...]
    base: Any
    ours: Any
    theirs: Any

    def __str__(self) -> str:
        told = (
            f"{name} {_brief(value)}"
            for name, value in (("ours", self.ours), ("theirs", self.theirs))
        )
        return f"{'/'.join(map(str, self.path)) or 'the whole'}: {', '.join(told)} (was {_brief(self.base)})"


@dataclass(frozen=True, slots=True)
class Merged:
    value: Any
    conflicts: tuple[Conflict, ...]


def merge(base: Any, ours: Any, theirs: Any) -> Merged:
    """Merge two values that came from `base` (ABSENT: from nothing). Neither is changed."""
    conflicts: list[Conflict] = []
    value = _merged(base, ours, theirs, (), conflicts)
    return Merged(value, tuple(conflicts))


def _merged(
    base: Any, ours: Any, theirs: Any, path: tuple[Step, ...], conflicts: list[Conflict]
) -> Any:
    if _same(ours, theirs) or _same(base, theirs):
        return ours
    if _same(base, ours):
        return theirs
    if isinstance(ours, dict) and isinstance(theirs, dict):
        return _objects(base if isinstance(base, dict) else {}, ours, theirs, path, conflicts)
    if isinstance(ours, list) and isinstance(theirs, list):
        merged = _lists(base if isinstance(base, list) else [], ours, theirs, path, conflicts)
        if merged is not None:
            return merged
    if isinstance(base, str) and isinstance(ours, str) and isinstance(theirs, str):
        lines = _lines(base, ours, theirs)
        if lines is not None:
            return lines
    if path and path[-1] in _DERIVED and ours is not ABSENT:
        return ours
    conflicts.append(Conflict(path, base, ours, theirs))
    return theirs if ours is ABSENT else ours


def _objects(
    base: Mapping[str, Any],
    ours: Mapping[str, Any],
    theirs: Mapping[str, Any],
    path: tuple[Step, ...],
    conflicts: list[Conflict],
) -> dict[str, Any]:
    merged: dict[str, Any] = {}
    for key in [*ours, *(key for key in theirs if key not in ours)]:
        value = _merged(
            base.get(key, ABSENT),
            ours.get(key, ABSENT),
            theirs.get(key, ABSENT),
            (*path, key),
            conflicts,
        )
        if value is not ABSENT:
            merged[key] = value
    if list(ours) == sorted(ours):
        return {key: merged[key] for key in sorted(merged)}
    return merged


def _lists(
    base: Sequence[Any],
    ours: Sequence[Any],
    theirs: Sequence[Any],
    path: tuple[Step, ...],
    conflicts: list[Conflict],
) -> list[Any] | None:
    """Entry by entry, by what tells entries apart; None where nothing does."""
    for name in _identity(base, ours, theirs):
        sides = [{_id(entry, name): entry for entry in side} for side in (base, ours, theirs)]
        if [len(side) for side in sides] == [len(base), len(ours), len(theirs)]:
            break
    else:
        return None
    was, mine, other = sides
    order = _order(list(was), list(mine), list(other))
    merged = []
    for turn, id in enumerate(order):
        value = _merged(
            was.get(id, ABSENT),
            mine.get(id, ABSENT),
            other.get(id, ABSENT),
            (*path, turn),
            conflicts,
        )
        if value is not ABSENT:
            merged.append(value)
    return merged


def _identity(*sides: Sequence[Any]) -> list[str | None]:
    """By which key entries may be told apart; None: by themselves, where they are plain."""
    entries = [entry for side in sides for entry in side]
    if all(isinstance(entry, str) for entry in entries):
        return [None]
    if not all(isinstance(entry, dict) for entry in entries):
        return []
    return [
        name for name in _IDENTITIES if all(isinstance(entry.get(name), str) for entry in entries)
    ]


def _id(entry: Any, name: str | None) -> Hashable:
    return str(entry) if name is None else str(entry[name])


def _order(base: list[Hashable], ours: list[Hashable], theirs: list[Hashable]) -> list[Hashable]:
    """Ours, with what came only with theirs behind the entry it stands behind there."""
    if [id for id in ours if id in base] == [id for id in base if id in ours]:
        # Ours has kept the order: theirs may have changed it.
        ours, theirs = theirs, ours
    order = list(ours)
    for turn, id in enumerate(theirs):
        if id not in order:
            before = next((each for each in reversed(theirs[:turn]) if each in order), None)
            order.insert(0 if before is None else order.index(before) + 1, id)
    order += [id for id in base if id not in order]
    return order


def _lines(base: str, ours: str, theirs: str) -> str | None:
    """Texts of several lines, merged where the changes do not touch; None where they do."""
    if "\n" not in base:
        return None
    lines = [text.splitlines(keepends=True) for text in (base, ours, theirs)]
    changes = [
        (low, high, side[start:end])
        for side in lines[1:]
        for tag, low, high, start, end in SequenceMatcher(
            None, lines[0], side, autojunk=False
        ).get_opcodes()
        if tag != "equal"
    ]
    changes.sort(key=lambda each: (each[0], each[1]))
    merged: list[str] = []
    at = 0
    last: tuple[int, int, list[str]] | None = None
    for change in changes:
        if change == last:
            continue
        low, high, new = change
        if last is not None and low <= last[1]:
            return None
        merged += lines[0][at:low] + new
        at = high
        last = change
    return "".join(merged + lines[0][at:])


def _same(left: Any, right: Any) -> bool:
    if left is ABSENT or right is ABSENT:
        return left is right
    return bool(_typed(left) == _typed(right))


def _typed(value: Any) -> Any:
    """A value in which True is not 1."""
    return json.dumps(value, sort_keys=True)


def _brief(value: Any) -> str:
    return "nothing" if value is ABSENT else json.dumps(value, ensure_ascii=False)[:80]


def merge_texts(base: str, ours: str, theirs: str) -> tuple[str, tuple[Conflict, ...]]:
    """Merge three JSON texts: the result in the form of ours, conflicts between git's marks.

    Raises: ValueError where one is not JSON.
    """
    values = [json.loads(text) if text.strip() else ABSENT for text in (base, ours, theirs)]
    merged = merge(*values)
    value = merged.value
    if value is ABSENT:
        return "", merged.conflicts
    marked = value
    tokens = {}
    for number, conflict in enumerate(merged.conflicts):
        token = f"\ue000conflict {number}\ue000"
        tokens[token] = conflict
        marked = _with(marked, conflict.path, token)
    indent = _indent(ours if ours.strip() else theirs)
    text = json.dumps(
        marked, ensure_ascii=False, indent=indent, separators=(",", ": ") if indent else (",", ":")
    )
    if tokens:
        text = _marked(text, tokens, indent)
    return text + ("\n" if (ours or theirs).endswith("\n") else ""), merged.conflicts


def _with(value: Any, path: Sequence[Step], token: str) -> Any:
    if not path:
        return token
    step: Any = path[0]
    if isinstance(value, list):
        if step >= len(value):
            return [*value, token]
        return [
            _with(each, path[1:], token) if turn == step else each
            for turn, each in enumerate(value)
        ]
    return {**value, step: _with(value.get(step), path[1:], token)}


def _marked(text: str, tokens: Mapping[str, Conflict], indent: int | str | None) -> str:
    lines = []
    for line in text.split("\n"):
        token = next(
            (each for each in tokens if json.dumps(each, ensure_ascii=False) in line), None
        )
        if token is None:
            lines.append(line)
            continue
        before, after = line.split(json.dumps(token, ensure_ascii=False), 1)
        margin = before[: len(before) - len(before.lstrip())]
        sides = []
        for value in (tokens[token].ours, tokens[token].theirs):
            if value is ABSENT:
                sides.append("")
                continue
            shown = json.dumps(value, ensure_ascii=False, indent=indent).replace(
                "\n", f"\n{margin}"
            )
            sides.append(f"{before}{shown}{after}")
        lines += [
            _MARKS[0],
            *filter(None, sides[:1]),
            _MARKS[1],
            *filter(None, sides[1:]),
            _MARKS[2],
        ]
    return "\n".join(lines)


def _indent(text: str) -> int | str | None:
    """How a text is indented: spaces, a tab, or None where it is on one line."""
    for line in text.split("\n")[1:3]:
        margin = line[: len(line) - len(line.lstrip())]
        if margin:
            return "\t" if margin[0] == "\t" else len(margin)
    return None
