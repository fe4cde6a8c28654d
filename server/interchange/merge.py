"""Merging two edits of one JSON file for git: `ot.merge`, as files of these tools want it.

Lists whose entries have names of their own (an id, a widgetId, a key, a name) are merged entry by entry, those
without by their turn, and texts of several lines line by line where the lines do not touch. What the editor of
the other tool works out anew is no reason to ask a person. In a text of JSON, conflicts stand between git's marks.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
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
    by_turn=True,
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

    Raises: ValueError where one is not JSON, or has a key twice.
    """
    values = [
        json.loads(text, object_pairs_hook=_once) if text.strip() else ABSENT
        for text in (base, ours, theirs)
    ]
    merged = merge(*values)
    value = merged.value
    if value is ABSENT:
        return "", merged.conflicts
    form = ours if ours.strip() else theirs
    indent, escaped = _indent(form), form.isascii() and "\\u" in form
    separators = (",", ": ") if indent else (", ", ": ") if ", " in form[:200] else (",", ":")

    def written(value: Any) -> str:
        return json.dumps(value, ensure_ascii=escaped, indent=indent, separators=separators)

    end = "\n" if (ours or theirs).endswith("\n") else ""
    if not merged.conflicts:
        return written(value) + end, ()
    if not indent:
        # All on one line: the two lines that it may be.
        other = value
        for conflict in reversed(merged.conflicts):
            other = _with(other, conflict.path, conflict.theirs)
        lines = [_MARKS[0], written(value), _MARKS[1], written(other), _MARKS[2]]
        return "\n".join(lines) + end, merged.conflicts
    tokens = {f"\x01conflict {turn}": conflict for turn, conflict in enumerate(merged.conflicts)}
    for token, conflict in tokens.items():
        value = _with(value, conflict.path, token)
    return _marked(written(value), tokens, written) + end, merged.conflicts


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key stands there twice")
    return found


def _with(value: Any, path: Sequence[Step], inner: Any) -> Any:
    """`value` with `inner` at `path`; ABSENT: with nothing there."""
    if not path:
        return inner
    step: Any = path[0]
    if isinstance(value, list):
        if step >= len(value):
            return [*value, inner]
        new = _with(value[step], path[1:], inner)
        return [*value[:step], *([] if new is ABSENT else [new]), *value[step + 1 :]]
    made = {**value, step: _with(value.get(step), path[1:], inner)}
    return {key: each for key, each in made.items() if each is not ABSENT}


def _marked(text: str, tokens: Mapping[str, Conflict], written: Callable[[Any], str]) -> str:
    lines = []
    for line in text.split("\n"):
        token = next((each for each in tokens if written(each) in line), None)
        if token is None:
            lines.append(line)
            continue
        before, after = line.split(written(token), 1)
        margin = before[: len(before) - len(before.lstrip())]
        sides = []
        for value in (tokens[token].ours, tokens[token].theirs):
            shown = None if value is ABSENT else written(value).replace("\n", f"\n{margin}")
            sides.append([] if shown is None else [f"{before}{shown}{after}"])
        lines += [_MARKS[0], *sides[0], _MARKS[1], *sides[1], _MARKS[2]]
    return "\n".join(lines)


def _indent(text: str) -> int | str | None:
    """How a text is indented: spaces, a tab, or None where it is on one line."""
    for line in text.split("\n")[1:3]:
        margin = line[: len(line) - len(line.lstrip())]
        if margin:
            return "\t" if margin[0] == "\t" else len(margin)
    return None
