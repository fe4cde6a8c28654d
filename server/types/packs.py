"""Packs of component types from outside: a folder with a manifest and schemas, taken only where all is right.

    pack.json                     {"name", "title", "version", "owner", "formatVersions", "types", …}
    <Type>/<version>.schema.json  one version of one type, as in `schemas/components/core`

Nothing that a pack says is fetched or run; its patterns are linear, its references stay inside and end.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import jsonschema_rs

import schemas
from ot.types import Json

from .compatibility import refusals
from .migration import KINDS
from .registry import ComponentType

__all__ = ["FORMAT_VERSION", "Pack", "PackError", "shared_schemas"]

FORMAT_VERSION: Final = 1
"""The version of the format of designs that packs have to fit."""

_NAME: Final = re.compile(r"[a-z][a-z0-9-]{0,31}")
_TYPE: Final = re.compile(r"[A-Za-z][A-Za-z0-9_.-]{0,63}")
_FILE: Final = re.compile(r"([^/]+)/([0-9]{1,6})\.schema\.json")
_KNOWN: Final = frozenset(
    {"name", "title", "version", "owner", "formatVersions", "capabilities", "deprecations", "types"}
)
_IN_PLACE: Final = ("allOf", "anyOf", "oneOf", "not", "if", "then", "else")
"""Keywords whose schemas look at the same value."""


class PackError(ValueError):
    """A pack that is not right; the message names the file and the reason."""


@dataclass(frozen=True, slots=True)
class Pack:
    """A pack: its manifest, and its types, oldest versions first."""

    name: str
    manifest: Mapping[str, Any]
    types: tuple[ComponentType, ...]

    @classmethod
    def from_files(cls, files: Mapping[str, Json]) -> Pack:
        """Read a pack from the JSON of its files, by path. Raises: PackError."""
        manifest = _manifest(files.get("pack.json"))
        found = _schemas(files, manifest["types"])
        reasons = {
            (each["type"], version): each["reason"]
            for each in manifest.get("deprecations", ())
            for version in each["versions"]
        }
        types = []
        for (name, version), schema in found.items():
            path = f"{name}/{version}.schema.json"
            _check_schema(path, schema)
            try:
                kind = ComponentType.from_schema(
                    name, version, manifest["name"], schema, reasons.get((name, version))
                )
            except (KeyError, TypeError, AttributeError) as error:
                raise PackError(f"{path}: `x-coweave` is not complete: {error}") from None
            _check_steps(path, kind)
            types.append(kind)
        for (name, version), lost in refusals({}, found, shared_schemas()).items():
            raise PackError(f"{name}/{version}.schema.json: {lost[0]}")
        return cls(manifest["name"], manifest, tuple(types))

    def schemas(self) -> dict[tuple[str, int], Json]:
        """By type and version."""
        return {(each.type, each.version): each.schema for each in self.types}


def shared_schemas() -> dict[str, Json]:
    """What every schema of a type may refer to, by `$id`."""
    found = [schemas.load(schemas.EXPRESSION), schemas.load(schemas.DOCUMENT)]
    return {schema["$id"]: schema for schema in found}


def _manifest(value: Json) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise PackError("pack.json: this is not there, or holds no object")
    if unknown := sorted(value.keys() - _KNOWN):
        raise PackError(f"pack.json: {unknown[0]!r} is no part of a manifest")
    for key in ("name", "title", "version", "owner"):
        if not isinstance(value.get(key), str) or not value[key]:
            raise PackError(f"pack.json: {key!r} must be a text")
    if not _NAME.fullmatch(value["name"]) or value["name"] in schemas.packs():
        raise PackError(
            f"pack.json: {value['name'][:40]!r} cannot be its name: small letters, digits and -, and none of ours"
        )
    versions = value.get("formatVersions")
    if not isinstance(versions, list) or FORMAT_VERSION not in versions:
        raise PackError(f"pack.json: formatVersions must hold {FORMAT_VERSION}")
    if value.get("capabilities", []) != []:
        raise PackError("pack.json: capabilities are asked for, and none are given")
    types = value.get("types")
    if not isinstance(types, list) or not types or len(set(map(str, types))) != len(types):
        raise PackError("pack.json: types must list the names of the types, each once")
    for name in types:
        if not isinstance(name, str) or not _TYPE.fullmatch(name):
            raise PackError(f"pack.json: {str(name)[:40]!r} is no name of a type")
    deprecations = value.get("deprecations", [])
    for each in deprecations if isinstance(deprecations, list) else [None]:
        if not (
            isinstance(each, dict)
            and each.get("type") in types
            and isinstance(each.get("versions"), list)
            and isinstance(each.get("reason"), str)
        ):
            raise PackError("pack.json: deprecations must hold {type, versions, reason}")
    return value


def _schemas(files: Mapping[str, Json], types: list[str]) -> dict[tuple[str, int], Json]:
    found: dict[tuple[str, int], Json] = {}
    for path, value in files.items():
        if path == "pack.json":
            continue
        match = _FILE.fullmatch(path)
        if match is None or match[1] not in types or str(int(match[2])) != match[2]:
            raise PackError(f"{path}: this is no schema of a type that pack.json lists")
        found[match[1], int(match[2])] = value
    for name in types:
        if not any(each == name for each, _ in found):
            raise PackError(f"pack.json: there is no {name}/1.schema.json")
    return dict(sorted(found.items(), key=lambda each: (types.index(each[0][0]), each[0][1])))


def _check_schema(path: str, schema: Json) -> None:
    if not isinstance(schema, dict) or schema.get("$schema") != _DRAFT:
        raise PackError(f"{path}: this must be a schema with `$schema` {_DRAFT}")
    if not isinstance(schema.get("$id"), str) or schema["$id"] in shared_schemas():
        raise PackError(f"{path}: this has no `$id` of its own")
    for each in _subschemas(schema):
        if refused := _REFUSED & each.keys():
            raise PackError(f"{path}: the keyword {min(refused)} is not read here")
    if loop := _loop(schema):
        raise PackError(f"{path}: {loop} refers to itself without end")
    try:
        validator = jsonschema_rs.Draft202012Validator(
            schema,
            registry=jsonschema_rs.Registry(list(shared_schemas().items())),
            offline=True,
            pattern_options=jsonschema_rs.RegexOptions(),
        )
        defaults = schema["x-coweave"]["defaults"]
    except (KeyError, TypeError):
        raise PackError(f"{path}: `x-coweave` with `defaults` is missing") from None
    except (jsonschema_rs.ValidationError, jsonschema_rs.ReferencingError, ValueError) as error:
        raise PackError(f"{path}: {str(error).splitlines()[0][:200]}") from None
    if not validator.is_valid(defaults):
        raise PackError(f"{path}: its own defaults do not fit it")


_DRAFT: Final = "https://json-schema.org/draft/2020-12/schema"
_REFUSED: Final = frozenset({"$dynamicRef", "$recursiveRef", "$anchor", "patternProperties"})


def _subschemas(schema: Json) -> Iterator[dict[str, Any]]:
    """Every object in a schema, those in values and annotations left out."""
    queue = [schema]
    while queue:
        each = queue.pop()
        if isinstance(each, dict):
            yield each
            for key, value in each.items():
                if key in ("enum", "const", "default", "examples") or key.startswith("x-"):
                    continue
                if key in ("properties", "$defs", "dependentSchemas") and isinstance(value, dict):
                    queue += value.values()
                else:
                    queue.append(value)
        elif isinstance(each, list):
            queue += each


def _loop(schema: dict[str, Any]) -> str | None:
    """A `$ref` that comes back to itself while it looks at one value; None: there is none."""
    done: set[int] = set()

    def walk(value: Any, way: dict[int, str], ref: str) -> str | None:
        if not isinstance(value, dict) or id(value) in done:
            return None
        if id(value) in way or len(way) > 200:
            return ref or "#"
        inside = {**way, id(value): ref}
        steps: list[tuple[Any, str]] = []
        if isinstance(target := value.get("$ref"), str) and target.startswith("#"):
            steps.append((_at(schema, target), target))
        for key in _IN_PLACE:
            inner = value.get(key)
            steps += [(each, ref) for each in (inner if isinstance(inner, list) else [inner])]
        for each, name in steps:
            if found := walk(each, inside, name):
                return found
        done.add(id(value))
        return None

    return next((found for each in _subschemas(schema) if (found := walk(each, {}, ""))), None)


def _at(schema: Any, ref: str) -> Any:
    for step in ref.split("/")[1:]:
        key = step.replace("~1", "/").replace("~0", "~")
        schema = schema.get(key) if isinstance(schema, dict) else None
    return schema


def _check_steps(path: str, kind: ComponentType) -> None:
    for step in kind.migration or ():
        kinds = [each for each in KINDS if isinstance(step, dict) and each in step]
        needed = {"move": "to", "default": "to", "set": "to", "replace": "values", "wrap": "as"}
        if len(kinds) != 1 or (kinds[0] in needed and needed[kinds[0]] not in step):
            raise PackError(f"{path}: a step of the migration is not one of {', '.join(KINDS)}")
        for key in (kinds[0], *(["to"] if kinds[0] == "move" else [])):
            way = step[key]
            if not isinstance(way, list) or not way or not all(isinstance(s, str) for s in way):
                raise PackError(f"{path}: {key} of a step must be a path")
