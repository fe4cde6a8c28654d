"""Merging a branch with the design that it came from: element by element, property by property.

What only one side has changed is taken. In conflict are the paths that both have changed differently,
and deletion against edit: what one side has deleted and the other changed, and containers and pages
that one side has deleted and into which the other put something. Nothing else is.

What is kept against a deletion is kept with what was in it, and so is what it stands in. An element that
the branch has added under a name that is taken in the main design meanwhile gets the next free one, in
the branch's references too. Whether the result is a valid design is found out by whoever commits it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal, TypeAlias

import ot
from ot.merge import ABSENT, Conflict, Decision, Style, Value, merge
from ot.types import Step

from ..check.rename import rename_op
from ..document.limits import MAX_NAME
from ..document.model import (
    APP,
    NAMED,
    SECTIONS,
    Element,
    name_of,
    path_of,
    section_of,
    targets_of,
)
from ..history.diff import differing
from ..types.registry import TypeRegistry
from .texts import texts_of

__all__ = ["Choice", "Clash", "Merge", "Renamed", "Take", "merge_designs"]

Path: TypeAlias = tuple[Step, ...]
Take: TypeAlias = Literal["main", "branch", "value"]


@dataclass(frozen=True, slots=True)
class Choice:
    """What is to stand at a place where the sides differ; `value` (ABSENT: nothing) for "value"."""

    take: Take
    value: Value = ABSENT

    def __call__(self, main: Value, branch: Value) -> Value:
        if self.take == "value":
            return self.value
        return main if self.take == "main" else branch


@dataclass(frozen=True, slots=True)
class Clash:
    """A conflict. `kind`: two values, ranges of one text, or deletion against edit."""

    path: Path
    kind: Literal["value", "text", "deleted"]
    base: Value
    main: Value
    branch: Value


@dataclass(frozen=True, slots=True)
class Renamed:
    """An element that the branch has added, whose name was taken."""

    element: Element
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class Merge:
    """The merged design, as far as it can be said: with conflicts it is none yet.

    `settled`: what was chosen, where, against what.
    """

    document: dict[str, Any]
    conflicts: tuple[Clash, ...]
    settled: tuple[Clash, ...]
    renamed: tuple[Renamed, ...]


def merge_designs(
    base: Mapping[str, Any],
    main: Mapping[str, Any],
    branch: Mapping[str, Any],
    types: TypeRegistry,
    choices: Mapping[Path, Choice] | None = None,
) -> Merge:
    """Merge `main` and `branch`, which both came from `base`. None of them is changed.

    Args: choices: by path what to take, where a side has changed something; most of all in conflicts.
    """
    renamed: list[Renamed] = []
    while True:
        merging = _Merging(base, main, branch, types, choices or {})
        merging.merge()
        taken = next(merging.taken_names(), None)
        if taken is None:
            return Merge(
                merging.merged,
                tuple(_clash(each) for each in merging.conflicts),
                tuple(_clash(each) for each in merging.settled),
                tuple(renamed),
            )
        name = merging.free_name(taken)
        renamed.append(Renamed(taken, _named(branch, taken), name))
        branch = ot.apply(branch, rename_op(branch, taken, name))


class _Merging:
    """One pass. Elements are looked at only where a side differs from the base."""

    def __init__(
        self,
        base: Mapping[str, Any],
        main: Mapping[str, Any],
        branch: Mapping[str, Any],
        types: TypeRegistry,
        choices: Mapping[Path, Choice],
    ) -> None:
        self._base, self._main, self._branch = base, main, branch
        self._choices = choices
        self._style = Style(
            is_whole=_is_whole, is_text=texts_of(base, types), identities=("id", "key")
        )
        self.merged: dict[str, Any] = {
            key: dict(value) if key in SECTIONS else value for key, value in main.items()
        }
        self.conflicts: list[Conflict] = []
        self.settled: list[Conflict] = []
        self._kept: set[Element] = set()  # against a deletion; what they stand in is kept with them
        self._dropped: set[Element] = set()

    def merge(self) -> None:
        mains = {element: new for element, _, new in differing(self._base, self._main)}
        branches = {element: new for element, _, new in differing(self._base, self._branch)}
        for element in [*branches, *(each for each in mains if each not in branches)]:
            base = _at(self._base, element)
            main, branch = mains.get(element, base), branches.get(element, base)
            self._put(element, self._element(element, base, main, branch))
        self._keep_contents(set(self._kept))
        self._settle_containers()

    # -- one element -------------------------------------------------------------------------------

    def _element(self, element: Element, base: Value, main: Value, branch: Value) -> Value:
        path: Path = tuple(path_of(element))
        choice = self._choices.get(path)
        is_made_or_gone = len(path) == 2 and ABSENT in (base, main, branch)
        if not is_made_or_gone:
            decided: dict[Path, Decision] = {
                at: each for at, each in self._choices.items() if at[: len(path)] == path
            }
            done = merge(base, main, branch, self._style, path=path, decided=decided)
            self.conflicts += done.conflicts
            self.settled += done.settled
            return done.value
        if choice is not None:
            self.settled.append(Conflict(path, base, main, branch))
            value = choice(main, branch)
        elif _same(base, branch) or _same(main, branch):
            return main
        elif _same(base, main):
            return branch
        else:
            self.conflicts.append(Conflict(path, base, main, branch))
            value = branch if main is ABSENT else main
        if value is ABSENT:
            self._dropped.add(element)
        elif base is not ABSENT:
            self._kept.add(element)
        return value

    def _put(self, element: Element, value: Value) -> None:
        section, _, id = element.partition("/")
        holder: dict[str, Any] = self.merged[section] if id else self.merged
        if value is ABSENT:
            holder.pop(id or section, None)
        else:
            holder[id or section] = value

    # -- what stands in what -----------------------------------------------------------------------

    def _settle_containers(self) -> None:
        """Containers and pages that one side has deleted, and in which something stands now."""
        while found := list(self._homeless()):
            for element, container in found:
                if container in self._dropped or element in self._dropped:
                    self._put(element, ABSENT)
                    self._dropped.add(element)
                elif _at(self.merged, container) is ABSENT:
                    self._settle(element, container)

    def _homeless(self) -> Iterator[tuple[Element, Element]]:
        """Elements of the merged design, each with what it stands in, where that is not there."""
        merged = self.merged
        for section in ("components", "queries", "scripts"):
            for id, value in merged[section].items():
                element = f"{section}/{id}"
                for target in _homes(element, value):
                    if _at(merged, target) is not ABSENT:
                        continue
                    if target in self._dropped or self._is_deleted_by_one(element, target):
                        yield element, target

    def _is_deleted_by_one(self, element: Element, container: Element) -> bool:
        """Has one side deleted the container, which did not leave the element without it before?"""
        sides = [side for side in (self._main, self._branch) if _at(side, container) is ABSENT]
        return (
            len(sides) == 1
            and _at(self._base, container) is not ABSENT
            and container not in _homes(element, _at(sides[0], element))
        )

    def _settle(self, element: Element, container: Element) -> None:
        """The container stays for now. What is kept against its own deletion needs it anyway."""
        base, main, branch = (
            _at(side, container) for side in (self._base, self._main, self._branch)
        )
        if element not in self._kept:
            path: Path = tuple(path_of(container))
            self.conflicts.append(Conflict(path, base, main, branch))
        self._put(container, branch if main is ABSENT else main)
        self._kept.add(container)

    def _keep_contents(self, kept: set[Element]) -> None:
        """Put back what the deletion of these has taken with it."""
        if not kept:
            return
        sides = (self._main, self._branch)
        inside: dict[Element, list[Element]] = {}
        for side in sides:
            for section in ("components", "queries", "scripts"):
                for id, value in side[section].items():
                    for target in _homes(f"{section}/{id}", value):
                        inside.setdefault(target, []).append(f"{section}/{id}")
        queue = list(kept)
        for container in queue:
            for element in inside.get(container, ()):
                if tuple(path_of(element)) in self._choices or element in self._dropped:
                    continue
                if _at(self.merged, element) is not ABSENT or _at(self._base, element) is ABSENT:
                    continue
                there = [value for side in sides if (value := _at(side, element)) is not ABSENT]
                if len(there) == 1:
                    self._put(element, there[0])
                    self._kept.add(element)
                    queue.append(element)

    # -- names -------------------------------------------------------------------------------------

    def taken_names(self) -> Iterator[Element]:
        """What the branch has added under a name that something else bears by way of the main design."""
        added: dict[str, list[Element]] = {}
        for section in NAMED:
            for id, value in self._branch[section].items():
                if id not in self._main[section] and id in self.merged[section]:
                    name = name_of(value)
                    if name is not None and id not in self._base[section]:
                        added.setdefault(name, []).append(f"{section}/{id}")
        for element, name in self._named_as(added.keys()):
            for other in added[name]:
                if other == element or not self._is_rival(element, other):
                    continue
                before = _at(self._branch, element)
                if name_of(before) != name or _homes(element, before) != _homes(
                    element, _at(self.merged, element)
                ):
                    yield other

    def _named_as(self, names: Any) -> Iterator[tuple[Element, str]]:
        if names:
            for section in NAMED:
                for id, value in self.merged[section].items():
                    name = name_of(value)
                    if name in names and name is not None:
                        yield f"{section}/{id}", name

    def _is_rival(self, one: Element, other: Element) -> bool:
        scopes = self._scope(one), self._scope(other)
        return None not in scopes and (scopes[0] == scopes[1] or APP in scopes)

    def _scope(self, element: Element) -> str | None:
        """The page within which an element's name holds; None where it stands nowhere."""
        seen = {element}
        while True:
            homes = _homes(element, _at(self.merged, element))
            if not homes:
                return APP if section_of(element) != "components" else None
            if homes[0].startswith("pages/"):
                return homes[0]
            element = homes[0]
            if element in seen:
                return None
            seen.add(element)

    def free_name(self, element: Element) -> str:
        """The next name that nobody bears on either side."""
        taken = {
            name_of(value)
            for side in (self.merged, self._branch)
            for section in NAMED
            for value in side[section].values()
        }
        name = _named(self._branch, element)
        stem = name.rstrip("0123456789")
        number = int(name[len(stem) :][:18] or 0)
        while True:
            number += 1
            free = f"{stem[: MAX_NAME - len(str(number))]}{number}"
            if free not in taken:
                return free


_PLACE: Final = "place"


def _is_whole(path: Path) -> bool:
    return len(path) == 3 and path[0] == "components" and path[2] == _PLACE


def _at(document: Mapping[str, Any], element: Element) -> Value:
    section, _, id = element.partition("/")
    if not id:
        return document.get(section, ABSENT)
    return document[section].get(id, ABSENT)


def _homes(element: Element, value: Value) -> tuple[Element, ...]:
    """What an element stands in: its parent or its page."""
    if value is ABSENT:
        return ()
    return tuple(each for each in targets_of(element, value) if not each.startswith("dataSources/"))


def _named(document: Mapping[str, Any], element: Element) -> str:
    return name_of(_at(document, element)) or ""


def _same(left: Value, right: Value) -> bool:
    if left is ABSENT or right is ABSENT:
        return left is right
    return ot.same(left, right)


def _clash(conflict: Conflict) -> Clash:
    main, branch = conflict.ours, conflict.theirs
    kind: Literal["value", "text", "deleted"] = "text" if conflict.is_text else "value"
    if conflict.base is not ABSENT and ABSENT in (main, branch):
        kind = "deleted"
    return Clash(conflict.path, kind, conflict.base, main, branch)
