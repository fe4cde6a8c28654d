"""Merging two edits of one JSON file for git: `ot.merge`, as files of these tools want it.

Lists whose entries have names of their own (an id, a widgetId, a key, a name) are merged entry by entry, and
texts of several lines line by line where the lines do not touch. What the editor of the other tool works out
anew is no reason to ask a person. In a text of JSON, conflicts stand between git's marks.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

from ot.merge import ABSENT, Conflict, Merged, Style, lines
from ot.merge import merge as merge_values
from ot.types import Step

__all__ = ["ABSENT", "Conflict", "Merged", "merge", "merge_texts", "told"]

_DERIVED: Final = frozenset(
    """
    originalTopRow originalBottomRow parentRowSpace parentColumnSpace bottomRowBeforeCollapse topRowBeforeCollapse
    key iconSVG thumbnailSVG searchTags tags displayName isLoading updatedAt
    """.split()
)
"""Keys that no person sets: ours stands where both differ."""

_STYLE: Final = Style(
    is_text=lambda path, base: "\n" in base,
    pieces=lines,
    may_touch=False,
    identities=("widgetId", "id", "gitSyncId", "key", "uidString", "name"),
    are_plain_named=True,
    is_derived=lambda path: bool(path) and path[-1] in _DERIVED,
)

_MARKS: Final = ("<<<<<<< ours", "=======", ">>>>>>> theirs")


def merge(base: Any, ours: Any, theirs: Any) -> Merged:
    """Merge two values that came from `base` (ABSENT: from nothing). Neither is changed."""
    return merge_values(base, ours, theirs, _STYLE)


def told(conflict: Conflict) -> str:
    """A conflict in one line."""
    sides = (("ours", conflict.ours), ("theirs", conflict.theirs))
    shown = ", ".join(f"{name} {_brief(value)}" for name, value in sides)
    where = "/".join(map(str, conflict.path)) or "the whole"
    return f"{where}: {shown} (was {_brief(conflict.base)})"


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
