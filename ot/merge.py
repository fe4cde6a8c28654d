"""Two edits of one value made into one, property by property (SPEC OT140-OT147).

What one side alone has changed is taken; what both have changed alike is taken once. Objects are
merged by key, lists whose items bear names of their own item by item, texts where the changed ranges
do not overlap. All else that both have changed is a conflict: ours stays in its place, and the
conflict is told. Neither side is ever changed; the result shares structure with them.
"""

import re
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal, TypeAlias

from .elements import ABSENT, Absent
from .sequence import hunks
from .types import Json, Step
from .values import same

__all__ = [
    "ABSENT",
    "Conflict",
    "Decision",
    "Merged",
    "Style",
    "Value",
    "lines",
    "merge",
    "merge_text",
    "words",
]

Value: TypeAlias = Json | Literal[Absent.ABSENT]
Path: TypeAlias = tuple[Step, ...]

_MOST_PIECES: Final = 1_000
"""Pieces of a text that may differ; beyond it the text is one value. Time grows with the square."""


@dataclass(frozen=True, slots=True)
class Conflict:
    """A place that both have changed differently; ABSENT stands for nothing.

    `path` leads to the value in the merged whole. `is_text`: ranges of one text overlap.
    """

    path: Path
    base: Value
    ours: Value
    theirs: Value
    is_text: bool = False


@dataclass(frozen=True, slots=True)
class Merged:
    """The merged value, what is in conflict in it, and what was decided."""

    value: Value
    conflicts: tuple[Conflict, ...]
    settled: tuple[Conflict, ...] = ()


Decision: TypeAlias = Callable[[Value, Value], Value]
"""From ours and theirs to what is to stand there."""


def words(text: str) -> list[str]:
    """A text in words, and the single characters between them: half a word each is no merge."""
    return _WORDS.findall(text)


def lines(text: str) -> list[str]:
    """A text in lines, with their ends."""
    return text.splitlines(keepends=True)


_WORDS: Final = re.compile(r"\w+|\s|[^\w\s]")


@dataclass(frozen=True, slots=True)
class Style:
    """What is one value and what is merged inside.

    Args:
        is_whole: an object or list at that path is one value.
        is_text: the text at that path, which was so in the base, is merged inside.
        pieces: what texts are made of. may_touch: changes right beside each other are no conflict.
        identities: keys by which items of lists are told apart, the first that all have.
        are_plain_named: items that are texts are told apart by themselves.
        by_turn: items that nothing tells apart are told apart by their turn, as long as none has come or
            gone, and both sides have not changed the same one (unless there is no other).
        is_derived: ours is taken where both differ, since no person sets it.
    """

    is_whole: Callable[[Path], bool] = lambda path: False
    is_text: Callable[[Path, str], bool] = lambda path, base: True
    pieces: Callable[[str], list[str]] = words
    may_touch: bool = True
    identities: tuple[str, ...] = ("id",)
    are_plain_named: bool = False
    by_turn: bool = False
    is_derived: Callable[[Path], bool] = lambda path: False


_DEFAULT: Final = Style()


def merge(
    base: Value,
    ours: Value,
    theirs: Value,
    style: Style = _DEFAULT,
    *,
    path: Path = (),
    decided: Mapping[Path, Decision] | None = None,
) -> Merged:
    """Merge two values that came from `base` (ABSENT: from nothing).

    Args: path: where the value stands, for conflicts and `style`. decided: by path, what to take
        where a side differs from the base; that is then `settled`, and no conflict.
    """
    work = _Work(style, decided or {})
    value = work.merged(base, ours, theirs, path)
    return Merged(value, tuple(work.conflicts), tuple(work.settled))


@dataclass(slots=True)
class _Work:
    style: Style
    decided: Mapping[Path, Decision]
    conflicts: list[Conflict] = field(default_factory=list)
    settled: list[Conflict] = field(default_factory=list)

    def merged(self, base: Value, ours: Value, theirs: Value, path: Path) -> Value:
        is_ours_changed = not _same(base, ours)
        is_theirs_changed = not _same(base, theirs)
        if not (is_ours_changed or is_theirs_changed):
            return ours
        if path in self.decided:
            self.settled.append(Conflict(path, base, ours, theirs))
            return self.decided[path](ours, theirs)
        if self.decided and self._is_decided_inside(path):
            pass  # one side alone may have changed it: the decision is about a part
        elif not is_theirs_changed or _same(ours, theirs):
            return ours
        elif not is_ours_changed:
            return theirs
        is_text = False
        if not self.style.is_whole(path):
            if type(ours) is dict and type(theirs) is dict:
                return self._objects(base if type(base) is dict else {}, ours, theirs, path)
            if type(ours) is list and type(theirs) is list:
                merged = self._lists(base if type(base) is list else [], ours, theirs, path)
                if merged is not None:
                    return merged
            if type(base) is str and type(ours) is str and type(theirs) is str:
                is_text = self.style.is_text(path, base)
                if is_text:
                    text = merge_text(base, ours, theirs, self.style)
                    if text is not None:
                        return text
        if not is_theirs_changed or _same(ours, theirs):
            return ours
        if not is_ours_changed:
            return theirs
        if self.style.is_derived(path) and ours is not ABSENT:
            return ours
        self.conflicts.append(Conflict(path, base, ours, theirs, is_text))
        return theirs if ours is ABSENT else ours

    def _is_decided_inside(self, path: Path) -> bool:
        return any(len(each) > len(path) and each[: len(path)] == path for each in self.decided)

    def _objects(
        self,
        base: Mapping[str, Any],
        ours: Mapping[str, Any],
        theirs: Mapping[str, Any],
        path: Path,
    ) -> dict[str, Any]:
        merged: dict[str, Any] = {}
        for key in [*ours, *(key for key in theirs if key not in ours), *base]:
            if key in merged:
                continue
            value = self.merged(
                base.get(key, ABSENT),
                ours.get(key, ABSENT),
                theirs.get(key, ABSENT),
                (*path, key),
            )
            if value is not ABSENT:
                merged[key] = value
        if list(ours) == sorted(ours):
            return {key: merged[key] for key in sorted(merged)}
        return merged

    def _lists(
        self, base: Sequence[Any], ours: Sequence[Any], theirs: Sequence[Any], path: Path
    ) -> list[Any] | None:
        """Item by item, by what tells items apart; None where nothing does, or the order differs."""
        sides = self._named(base, ours, theirs)
        if sides is None and self.style.by_turn:
            sides = _by_turn(base, ours, theirs)
        if sides is None:
            return None
        was, mine, other = sides
        order = _order(list(was), list(mine), list(other))
        if order is None:
            return None
        merged: list[Any] = []
        at = 0
        for id in order:
            place = (*path, at)
            known = len(self.conflicts)
            value = self.merged(
                was.get(id, ABSENT), mine.get(id, ABSENT), other.get(id, ABSENT), place
            )
            if value is not ABSENT:
                merged.append(value)
            # Indexes count what stands there while nothing is decided: so they name one item always.
            if value is not ABSENT or place in self.decided or len(self.conflicts) > known:
                at += 1
        return merged

    def _named(self, *sides: Sequence[Any]) -> list[dict[Hashable, Any]] | None:
        items = [item for side in sides for item in side]
        if all(type(item) is str for item in items):
            names: list[str | None] = [None] if self.style.are_plain_named else []
        elif all(type(item) is dict for item in items):
            names = [
                name
                for name in self.style.identities
                if all(type(item.get(name)) in (str, int) for item in items)
            ]
        else:
            return None
        for name in names:
            named = [{_id(item, name): item for item in side} for side in sides]
            if [len(side) for side in named] == [len(side) for side in sides]:
                return named
        return None


def _by_turn(*sides: Sequence[Any]) -> list[dict[Hashable, Any]] | None:
    """Each side as index → item, where items keep their turns for sure."""
    base, ours, theirs = sides
    if not len(base) == len(ours) == len(theirs):
        return None
    for was, mine, other in zip(*sides, strict=True):
        if not all(type(item) in (dict, list) for item in (was, mine, other)):
            return None
        if len(base) > 1 and not _same(was, mine) and not _same(was, other):
            return None
    return [dict(enumerate(side)) for side in sides]


def merge_text(base: str, ours: str, theirs: str, style: Style = _DEFAULT) -> str | None:
    """Both changes of one text; None where they overlap, or where the text is another altogether."""
    pieces = style.pieces(base)
    changes: list[tuple[int, int, list[str], int]] = []
    for number, side in enumerate((ours, theirs)):
        others = style.pieces(side)
        found = hunks(pieces, others, _MOST_PIECES)
        if found is None:
            return None
        changes += [(start, end, others[low:high], number) for start, end, low, high in found]
    changes.sort(key=lambda each: each[:2])
    merged: list[str] = []
    at = 0
    last: tuple[int, int, list[str], int] | None = None
    for change in changes:
        start, end, new, number = change
        if last is not None and last[3] != number:
            if last[:3] == change[:3]:
                continue
            if _is_overlapping(last, change, style.may_touch):
                return None
        merged += pieces[at:start] + new
        at = end
        last = change
    return "".join(merged + pieces[at:])


def _is_overlapping(
    first: tuple[int, int, list[str], int], second: tuple[int, int, list[str], int], may_touch: bool
) -> bool:
    """Two inserts at one place overlap: nobody knows which comes first."""
    if second[0] < first[1] or (second[0], second[1]) == (first[0], first[1]):
        return True
    return not may_touch and second[0] == first[1]


def _id(item: Any, name: str | None) -> Hashable:
    key: Hashable = item if name is None else item[name]
    return key


def _order(
    base: list[Hashable], ours: list[Hashable], theirs: list[Hashable]
) -> list[Hashable] | None:
    """The order of whoever changed it, with what the other has added behind what it stands behind
    there; None if both changed it, differently."""
    common = set(base) & set(ours) & set(theirs)
    was, mine, other = ([id for id in side if id in common] for side in (base, ours, theirs))
    if mine != other:
        if mine == was:
            ours, theirs = theirs, ours
        elif other != was:
            return None
    order = list(ours)
    for side in (theirs, base):
        for turn, id in enumerate(side):
            if id not in order:
                before = next((each for each in reversed(side[:turn]) if each in order), None)
                order.insert(0 if before is None else order.index(before) + 1, id)
    return order


def _same(left: Value, right: Value) -> bool:
    if left is ABSENT or right is ABSENT:
        return left is right
    return same(left, right)
