"""Restoring what was, taking changes back, carrying them elsewhere: each an edit like any other."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeGuard

from ot.types import Json, Step

from ..document.model import Element
from ..document.versioned import Snapshot
from ..errors import Code, DesignError
from ..history.diff import ABSENT, changes
from ..history.restore import (
    Scope,
    at,
    compact_op,
    is_element,
    put,
    restored,
    with_value,
)
from ..policy.rights import Principal, Right
from ..policy.roles import Standing
from ..ports import DocumentId
from ..protocol.messages import MAX_SAFE_INTEGER
from ..review.changeset import carried
from ..review.merge import Clash
from .versions import Ground, Versions, shown_changes

__all__ = ["Restoring"]

_TRIES: Final = 4
"""Somebody may edit the same place just now: then all is worked out anew on what is there."""

_MOST_BLAMED: Final = 50
"""Of the places that stay as they are, so many elements are told with who changed them."""

_Target = Callable[[Snapshot], tuple[dict[str, Any], tuple[Clash, ...]]]


@dataclass(frozen=True, slots=True)
class _Doing:
    """What is being done: where, by whom, why (as it is stored), and only to look at it."""

    principal: Principal
    document: DocumentId
    standing: Standing
    why: Mapping[str, Any]
    preview: bool


class Restoring:
    """Answers as JSON. Everything raises DesignError, as an edit does, and `StoreUnavailable`."""

    def __init__(self, ground: Ground, versions: Versions) -> None:
        self._ground = ground
        self._versions = versions

    async def restore(
        self, principal: Principal, id: str, version: int, body: Mapping[str, Any]
    ) -> dict[str, Any]:
        """Bring a design, or a part of it, back to what it was at `version`."""
        scope, values = _scope(body), _values(body)
        document, standing = await self._ground.catalogue.allowed(principal, Right.EDIT, id)
        then = await self._versions.open(document, version)
        if scope.element is not None and at(then.data, scope.element) is ABSENT:
            raise DesignError(
                Code.NOT_FOUND,
                f"There was no {scope.element} in version {version}",
                element=scope.element,
                version=version,
            )

        def target(now: Snapshot) -> tuple[dict[str, Any], tuple[Clash, ...]]:
            made = restored(now.data, then.data, scope)
            for path, value in values:
                assert scope.element is not None
                put(made, scope.element, with_value(at(made, scope.element), path, value))
            return made, ()

        why: dict[str, Any] = {"kind": "restore", "version": version}
        if scope.element is not None:
            why["element"] = scope.element
            if scope.path:
                why["path"] = list(scope.path)
        doing = _Doing(principal, document, standing, why, _preview(body))
        return (await self._do(doing, target))[0]

    async def revert(
        self, principal: Principal, id: str, version: int, body: Mapping[str, Any]
    ) -> dict[str, Any]:
        """Take back what led to `version`, from `base` or from where its entry begins."""
        document, standing = await self._ground.catalogue.allowed(principal, Right.EDIT, id)
        base = await self._base(document, version, body)
        old, new = await self._versions.pair(document, base, version)
        why = {"kind": "revert", "version": version, "base": base}
        doing = _Doing(principal, document, standing, why, _preview(body))
        return await self._carry(doing, new, old)

    async def pick(self, principal: Principal, id: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """Do here what led to a version of this design or of another, as of a branch."""
        version, other = body.get("version"), body.get("design", id)
        if not _is_version(version) or type(other) is not str or not other.isprintable():
            raise DesignError(Code.MESSAGE_BADLY_FORMED, "Give a `version`, and which `design`")
        document, standing = await self._ground.catalogue.allowed(principal, Right.EDIT, id)
        source = await self._ground.catalogue.readable(principal, other)
        base = await self._base(source, version, body)
        old, new = await self._versions.pair(source, base, version)
        why: dict[str, Any] = {"kind": "pick", "version": version, "base": base}
        if other != id:
            why["design"] = other
        doing = _Doing(principal, document, standing, why, _preview(body))
        return await self._carry(doing, old, new)

    async def _base(self, document: DocumentId, version: int, body: Mapping[str, Any]) -> int:
        base = body.get("base")
        if base is None:
            base = (await self._versions.entry_of(document, version)).base
        if not _is_version(base) or base >= version:
            raise DesignError(
                Code.MESSAGE_BADLY_FORMED,
                "`base` is a version before the one whose change is meant",
            )
        if base == 0:
            raise DesignError(
                Code.MESSAGE_BADLY_FORMED,
                "The making of a design is no change to take back or carry",
            )
        return base

    async def _carry(self, doing: _Doing, old: Snapshot, new: Snapshot) -> dict[str, Any]:
        def target(now: Snapshot) -> tuple[dict[str, Any], tuple[Clash, ...]]:
            return carried(now.data, old.data, new.data, self._ground.types)

        answer, now, clashes = await self._do(doing, target)
        answer["kept"] = await self._kept(doing, now, clashes)
        return answer

    async def _do(
        self, doing: _Doing, target: _Target
    ) -> tuple[dict[str, Any], Snapshot, tuple[Clash, ...]]:
        """Work it out on what is there now and submit it; anew if somebody was faster."""
        rooms, tries = self._ground.rooms, 0
        while True:
            now = await rooms.snapshot(doing.document)
            if now.type is None:
                raise DesignError(Code.NOT_FOUND, "There is no such design")
            made, clashes = await asyncio.to_thread(target, now)
            op = await asyncio.to_thread(compact_op, now.data, made)
            version: int | None = None
            if op and not doing.preview:
                try:
                    version = await rooms.submit(
                        doing.document,
                        op,
                        doing.principal.id,
                        base=now.version,
                        why=doing.why,
                        within=doing.standing.within,
                    )
                except DesignError as error:
                    if error.code.is_retryable:
                        raise  # it may be committed all the same
                    tries += 1
                    moved = (await rooms.snapshot(doing.document)).version > now.version
                    if tries < _TRIES and moved:
                        continue
                    raise
                await self._record(doing, version)
            answer = await asyncio.to_thread(self._told, now.data, made)
            return {"version": version, **answer}, now, clashes

    async def _record(self, doing: _Doing, version: int) -> None:
        what = {key: value for key, value in doing.why.items() if key in ("base", "design")}
        await self._ground.acts.record(
            doing.principal,
            f"version.{doing.why['kind']}",
            doing.document,
            element=doing.why.get("element"),
            made=version,
            version=doing.why["version"],
            **what,
        )

    def _told(self, old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, Any]:
        found = list(changes(old, new))
        return {
            "summary": self._versions.summary(found, old, new),
            "changes": shown_changes(found, old, new),
        }

    async def _kept(
        self, doing: _Doing, now: Snapshot, clashes: tuple[Clash, ...]
    ) -> list[dict[str, Any]]:
        """What stays as others have made it, and who did, and when."""
        by_element: dict[Element, list[Clash]] = {}
        for clash in clashes:
            steps = (
                2 if len(clash.path) > 1 and is_element(f"{clash.path[0]}/{clash.path[1]}") else 1
            )
            by_element.setdefault("/".join(map(str, clash.path[:steps])), []).append(clash)
        found: list[dict[str, Any]] = []
        for count, (element, inside) in enumerate(by_element.items()):
            depth = element.count("/") + 1
            value = at(now.data, element)
            for clash in inside:
                path = clash.path[depth:]
                row = {
                    "element": element,
                    "name": _name(value, clash),
                    "path": list(path),
                    "version": None,
                    "by": None,
                }
                if path and clash.main is not ABSENT:
                    row["value"] = clash.main
                if count < _MOST_BLAMED:
                    row |= await self._last(doing, now, element, value, path)
                found.append(row)
        return found

    async def _last(
        self, doing: _Doing, now: Snapshot, element: Element, value: Any, path: tuple[Step, ...]
    ) -> dict[str, Any]:
        blamed = await self._ground.chronicle.blame(
            doing.document, now.version, element.split("/", 1), value, path
        )
        if not blamed:
            return {}
        last = max(blamed.values(), key=lambda origin: origin.version)
        names = await self._versions.names(doing.principal, [last.author])
        return {"version": last.version, "by": names[last.author]}


def _name(value: Any, clash: Clash) -> str:
    for each in (value, clash.branch, clash.base):
        if type(each) is dict and type(each.get("name")) is str:
            return str(each["name"])
    return ""


def _scope(body: Mapping[str, Any]) -> Scope:
    """What a request wants restored."""
    element, page, path = body.get("element"), body.get("page"), body.get("path", [])
    if page is not None:
        element = f"pages/{page}" if element is None and type(page) is str else ""
    if element is not None and not is_element(element):
        raise DesignError(Code.MESSAGE_BADLY_FORMED, "There is no such element, or it is none")
    if type(path) is not list or (path and element is None):
        raise DesignError(
            Code.MESSAGE_BADLY_FORMED, "A `path` leads from an `element` to a property"
        )
    keys: list[Step] = []
    for step in path:
        if type(step) is int and keys:
            break  # items of a list come and go: it is restored as a whole
        if type(step) is not str:
            raise DesignError(Code.MESSAGE_BADLY_FORMED, "A `path` is a list of keys")
        keys.append(step)
    return Scope(element, tuple(keys))


def _values(body: Mapping[str, Any]) -> list[tuple[list[str], Json]]:
    given = body.get("set", [])
    if type(given) is not list or (given and type(body.get("element")) is not str):
        raise DesignError(Code.MESSAGE_BADLY_FORMED, "`set` is a list of values for an `element`")
    values: list[tuple[list[str], Json]] = []
    for each in given:
        path = each.get("path") if type(each) is dict else None
        if type(path) is not list or not path or "value" not in each:
            raise DesignError(Code.MESSAGE_BADLY_FORMED, "Each of `set` has a `path` and a `value`")
        if not all(type(step) is str for step in path):
            raise DesignError(Code.MESSAGE_BADLY_FORMED, "A `path` is a list of keys")
        values.append((path, each["value"]))
    return values


def _is_version(value: object) -> TypeGuard[int]:
    return type(value) is int and 0 <= value <= MAX_SAFE_INTEGER


def _preview(body: Mapping[str, Any]) -> bool:
    preview = body.get("preview", False)
    if type(preview) is not bool:
        raise DesignError(Code.MESSAGE_BADLY_FORMED, "`preview` is true or false")
    return preview
