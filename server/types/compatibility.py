"""Does a new schema take all that the old one took?

What people have saved must stay valid: a schema may grow wider under its version, and only a new version
may narrow it. Asked is a proof, not a guess: where this cannot show that nothing is lost (another
pattern, a keyword it does not read), it says so, and the change needs a new version.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

import jsonschema_rs

from ot.types import Json

__all__ = ["Break", "breaks", "refusals"]

Path: TypeAlias = tuple[str, ...]

_ANNOTATIONS: Final = frozenset(
    {
        "$schema",
        "$id",
        "$defs",
        "$comment",
        "title",
        "description",
        "default",
        "examples",
        "deprecated",
    }
)
_KINDS: Final = ("null", "boolean", "integer", "number", "string", "array", "object")
_AT_MOST: Final = ("maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties")
_AT_LEAST: Final = ("minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties")
_APPLIES: Final = {
    "string": ("maxLength", "minLength", "pattern", "format"),
    "array": ("maxItems", "minItems", "items", "uniqueItems", "prefixItems", "contains"),
    "object": (
        *("maxProperties", "minProperties", "properties", "patternProperties", "required"),
        *("additionalProperties", "propertyNames", "dependentRequired", "dependentSchemas"),
    ),
    "number": ("maximum", "minimum", "exclusiveMaximum", "exclusiveMinimum", "multipleOf"),
}
_READ: Final = frozenset(
    {"type", "enum", "const", "anyOf", "allOf", "$ref", *_AT_MOST, *_AT_LEAST, "required"}
    | {"properties", "additionalProperties", "items"}
)
_DEEPEST: Final = 100


@dataclass(frozen=True, slots=True)
class Break:
    """Where the new schema is narrower: `path` leads from the schema's root to the value it is about."""

    path: Path
    reason: str

    def __str__(self) -> str:
        return f"{'/'.join(self.path) or 'the whole'}: {self.reason}"


def breaks(old: Json, new: Json, shared: Mapping[str, Json] | None = None) -> list[Break]:
    """Why a value that `old` takes may be refused by `new`; empty: none is.

    Args: old, new: JSON Schemas, draft 2020-12. shared: schemas by `$id` that both may refer to.
    Slots and events that `x-coweave` declares are compared too: what stands in a slot must stay allowed.
    """
    comparison = _Comparison(old, new, shared or {})
    return [*comparison.within(old, new, (), 0), *_narrowed_annotations(old, new)]


def refusals(
    old: Mapping[tuple[str, int], Json],
    new: Mapping[tuple[str, int], Json],
    shared: Mapping[str, Json] | None = None,
) -> dict[tuple[str, int], list[Break]]:
    """Why a pack may not take the place of another one: by type and version.

    Args: old, new: the schemas of a pack's types by (type, version). A version that has been there must
        stay and take what it took; a version that takes less than the one before needs a migration.
    """
    found: dict[tuple[str, int], list[Break]] = {}
    for key, schema in old.items():
        if key not in new:
            found[key] = [
                Break((), "this version is gone; designs that use it would lose its form")
            ]
        elif lost := breaks(schema, new[key], shared):
            found[key] = lost
    for (name, version), schema in new.items():
        before = new.get((name, version - 1))
        if before is None or "migration" in _about(schema):
            continue
        if lost := breaks(before, schema, shared):
            why = "takes less than the version before and declares no migration"
            found.setdefault((name, version), []).extend(
                Break(each.path, f"{why}: {each.reason}") for each in lost
            )
    return found


def _about(schema: Any) -> Any:
    return schema.get("x-coweave", {}) if isinstance(schema, dict) else {}


def _narrowed_annotations(old: Any, new: Any) -> Iterator[Break]:
    slots, new_slots = _about(old).get("slots", {}), _about(new).get("slots", {})
    for name, slot in slots.items():
        left = new_slots.get(name, new_slots.get("*"))
        if left is None:
            yield Break(("slots", name), "the slot is gone")
        elif "*" not in left["accepts"]:
            gone = sorted(set(slot["accepts"]) - set(left["accepts"]))
            if gone:
                yield Break(("slots", name), f"it no longer takes {', '.join(gone)}")
    gone = sorted(set(_about(old).get("events", ())) - set(_about(new).get("events", ())))
    if gone:
        yield Break(("events",), f"no longer has {', '.join(gone)}")


class _Comparison:
    """Two schemas side by side; `$ref`s of each are looked up in its own root and in what is shared."""

    def __init__(self, old: Json, new: Json, shared: Mapping[str, Json]) -> None:
        self._shared = shared
        self._roots = (old, new)
        # Pairs under way: a recursive schema is within another if nothing on the way says otherwise.
        self._open: set[tuple[int, int]] = set()

    def within(self, old: Any, new: Any, path: Path, depth: int) -> list[Break]:
        """What of `old` is outside of `new`."""
        if new is True or new == {} or old is False:
            return []
        if depth > _DEEPEST:
            return [Break(path, "nests too deep to be compared")]
        old, new = self._resolved(old, 0), self._resolved(new, 1)
        pair = (id(old), id(new))
        if pair in self._open or _bare(old) == _bare(new) and not _refers(old):
            return []
        self._open.add(pair)
        try:
            return self._compared(old, new, path, depth + 1)
        finally:
            self._open.discard(pair)

    def _compared(self, old: Any, new: Any, path: Path, depth: int) -> list[Break]:
        if new is False:
            return [Break(path, "is no longer allowed")]
        old = {} if old is True else old
        new = {} if new is True else new
        for values in (old.get("enum"), [old["const"]] if "const" in old else None):
            if values is not None:
                lost = [value for value in values if not self._takes(new, value)]
                return [Break(path, f"no longer takes {_brief(value)}") for value in lost]
        if "anyOf" in old:
            rest = {key: value for key, value in old.items() if key != "anyOf"}
            return [
                each
                for branch in old["anyOf"]
                for each in self.within(self._both(rest, branch), new, path, depth)
            ]
        if "anyOf" in new:
            rest = {key: value for key, value in new.items() if key != "anyOf"}
            tried = [self.within(old, branch, path, depth) for branch in new["anyOf"]]
            split = _by_kind(old)
            if not all(tried) or (len(split) > 1 and self._split_within(split, new, path, depth)):
                return self.within(old, rest, path, depth) if _bare(rest) else []
            return min(tried, key=len)
        if "allOf" in new:
            rest = {key: value for key, value in new.items() if key != "allOf"}
            parts = [rest, *new["allOf"]] if _bare(rest) else new["allOf"]
            return [each for part in parts for each in self.within(old, part, path, depth)]
        if "allOf" in old:
            rest = {key: value for key, value in old.items() if key != "allOf"}
            parts = [rest, *old["allOf"]] if _bare(rest) else old["allOf"]
            tried = [self.within(part, new, path, depth) for part in parts]
            return min(tried, key=len)
        return list(self._plain(old, new, path, depth))

    def _split_within(self, split: list[Any], new: Any, path: Path, depth: int) -> bool:
        return not any(self.within(each, new, path, depth) for each in split)

    def _plain(self, old: Any, new: Any, path: Path, depth: int) -> Iterator[Break]:
        if "enum" in new or "const" in new:
            values = new.get("enum", [new.get("const")])
            yield Break(path, f"takes only {', '.join(map(_brief, values[:8]))} now")
            return
        kinds = _kinds(old)
        if lost := [kind for kind in _KINDS if kind in kinds and kind not in _kinds(new)]:
            yield Break(path, f"no longer takes {' or '.join(lost)}")
            return
        for keyword, limit in new.items():
            if not _matters(keyword, kinds):
                continue
            had = old.get(keyword)
            if keyword in _AT_MOST:
                if had is None or had > limit:
                    yield Break(path, f"{keyword} is {limit} now")
            elif keyword in _AT_LEAST:
                if (had is None or had < limit) and not (
                    limit == 0 and keyword.startswith("min") and keyword != "minimum"
                ):
                    yield Break(path, f"{keyword} is {limit} now")
            elif keyword == "required":
                for name in limit:
                    if name not in (had or ()):
                        yield Break((*path, name), "is required now")
            elif keyword not in _READ and _bare(had) != _bare(limit):
                yield Break(path, f"{keyword} is another one now")
        if "object" in kinds:
            yield from self._members(old, new, path, depth)
        if "array" in kinds and "items" in new:
            yield from self.within(old.get("items", True), new["items"], (*path, "*"), depth)

    def _members(self, old: Any, new: Any, path: Path, depth: int) -> Iterator[Break]:
        was, now = old.get("properties", {}), new.get("properties", {})
        others, new_others = (
            old.get("additionalProperties", True),
            new.get("additionalProperties", True),
        )
        for name, schema in was.items():
            if _is_possible(schema):
                yield from self.within(schema, now.get(name, new_others), (*path, name), depth)
        for name, schema in now.items():
            if name not in was and others is not False:
                yield from self.within(others, schema, (*path, name), depth)
        if others is not False:
            yield from self.within(others, new_others, (*path, "*"), depth)

    def _both(self, rest: Any, branch: Any) -> Any:
        if not _bare(rest):
            return branch
        return {"allOf": [rest, branch]}

    def _resolved(self, schema: Any, side: int) -> Any:
        for _ in range(_DEEPEST):
            if not isinstance(schema, dict) or "$ref" not in schema:
                return schema
            target = self._target(schema["$ref"], side)
            rest = {key: value for key, value in schema.items() if key != "$ref"}
            schema = target if not _bare(rest) else {"allOf": [rest, target]}
        return schema

    def _target(self, ref: str, side: int) -> Any:
        base, _, pointer = ref.partition("#")
        root: Any = self._roots[side]
        if base and base != (root.get("$id") if isinstance(root, dict) else None):
            root = self._shared.get(base)
        for step in pointer.split("/")[1:]:
            root = (
                root.get(step.replace("~1", "/").replace("~0", "~"))
                if isinstance(root, dict)
                else None
            )
        if root is None:
            raise ValueError(f"{ref!r} leads nowhere")
        return root

    def _takes(self, schema: Json, value: Json) -> bool:
        root = self._roots[1]
        defs = root.get("$defs", {}) if isinstance(root, dict) else {}
        whole = {"$defs": defs, "allOf": [schema]}
        registry = jsonschema_rs.Registry(list(self._shared.items()))
        return jsonschema_rs.Draft202012Validator(whole, registry=registry, offline=True).is_valid(
            value
        )


def _bare(schema: Any) -> Any:
    """A schema without what only people and forms read."""
    if isinstance(schema, dict):
        return {
            key: {name: _bare(each) for name, each in value.items()}
            if key in ("properties", "patternProperties") and isinstance(value, dict)
            else value
            if key in ("enum", "const", "required")
            else _bare(value)
            for key, value in schema.items()
            if key not in _ANNOTATIONS and not key.startswith("x-")
        }
    if isinstance(schema, list):
        return [_bare(each) for each in schema]
    return schema


def _refers(schema: Any) -> bool:
    """Is there a local `$ref` inside, which may mean another schema in another root?"""
    if isinstance(schema, dict):
        ref = schema.get("$ref")
        return (isinstance(ref, str) and ref.startswith("#")) or any(map(_refers, schema.values()))
    return isinstance(schema, list) and any(map(_refers, schema))


def _kinds(schema: Any) -> frozenset[str]:
    kinds = schema.get("type", _KINDS)
    kinds = {kinds} if isinstance(kinds, str) else set(kinds)
    return frozenset(kinds | {"integer"} if "number" in kinds else kinds)


def _by_kind(schema: Any) -> list[Any]:
    """One schema for each type that `schema` takes."""
    if not isinstance(schema, dict) or not isinstance(kinds := schema.get("type"), list):
        return [schema]
    return [{**schema, "type": kind} for kind in kinds]


def _matters(keyword: str, kinds: frozenset[str]) -> bool:
    """Can that keyword refuse a value of those types?"""
    if keyword in _ANNOTATIONS or keyword.startswith("x-"):
        return False
    for kind, keywords in _APPLIES.items():
        if keyword in keywords:
            return kind in kinds or (kind == "number" and "integer" in kinds)
    return True


def _is_possible(schema: Any) -> bool:
    return schema is not False


def _brief(value: Json) -> str:
    return repr(value)[:40]
