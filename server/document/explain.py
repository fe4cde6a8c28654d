"""A schema's verdict in words that an analyst understands.

`jsonschema` finds what is wrong; here each finding becomes a sentence that names the property by its
title, and the path of exactly the value at fault. Where a value may be a literal or an expression, the
literal's findings are told if the value is meant as one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from difflib import get_close_matches
from functools import lru_cache
from typing import Any, NamedTuple

import jsonschema_rs
from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError
from jsonschema.validators import extend
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

from ot.types import Json, Step

__all__ = ["Explainer", "Finding", "findings"]


class Finding(NamedTuple):
    """One broken keyword: `path` from the element to the value at fault, `message` a sentence.

    `subject` is what the finding is about beside the value (a missing or unknown property), `limit` and
    `actual` are sizes where a bound is broken, else None.
    """

    path: tuple[Step, ...]
    keyword: str
    message: str
    value: Json
    limit: Json = None
    actual: int | None = None


class Explainer:
    """Asks `jsonschema` with the schemas given to it, and with no others: nothing is ever fetched."""

    def __init__(self, named: Iterable[tuple[str, Json]]) -> None:
        known: Registry[Any] = Registry().with_resources(
            (uri, _resource(schema)) for uri, schema in named
        )
        self._registry = known.crawl()
        # With the schema of a type beside them, by its address: looking through it costs more than asking.
        self._with: dict[str, Registry[Any]] = {}

    def findings(self, schema: Json, value: Json, kind: str) -> Iterator[Finding]:
        """All that is wrong with `value`, as `findings` tells it. Raises: an error for a `$ref` that leads out."""
        registry = self._registry
        whole: Any = schema
        if "allOf" in whole:
            generic, type_ = whole["allOf"]
            uri = type_["$id"]
            if uri not in self._with:
                self._with[uri] = registry.with_resource(uri, _resource(type_)).crawl()
            registry = self._with[uri]
            whole = {"allOf": [generic, {"$ref": uri}]}
        validator = _Explainer(whole, registry=registry)
        return (each for error in validator.iter_errors(value) for each in findings(error, kind))


def _resource(schema: Json) -> Resource[Any]:
    # A schema that names its dialect would be asked by that dialect's own keywords, not by ours.
    bare = {key: value for key, value in schema.items() if key != "$schema"}
    return DRAFT202012.create_resource(bare)


def _pattern(
    validator: Any, pattern: str, instance: Json, schema: Any
) -> Iterator[ValidationError]:
    """The keyword `pattern` as the deciding validator has it: in linear time, whoever wrote the pattern."""
    if isinstance(instance, str) and not _linear(pattern).is_valid(instance):
        yield ValidationError(f"{instance!r} does not match {pattern!r}")


@lru_cache(maxsize=1_000)
def _linear(pattern: str) -> jsonschema_rs.Draft202012Validator:
    return jsonschema_rs.Draft202012Validator(
        {"pattern": pattern}, pattern_options=jsonschema_rs.RegexOptions()
    )


_Explainer = extend(Draft202012Validator, {"pattern": _pattern})  # type: ignore[no-untyped-call]


def findings(error: ValidationError, kind: str) -> Iterator[Finding]:
    """What one error of `jsonschema` says; `kind` names what has unknown properties ("a Button")."""
    for each in _told(error):
        yield from _finding(each, kind)


def _told(error: ValidationError) -> Iterator[ValidationError]:
    """The errors worth telling: of alternatives, those of the one that the value seems meant as."""
    if error.validator != "anyOf" or "x-says" in _schema(error):
        yield error
        return
    branches: dict[Any, list[ValidationError]] = {}
    for inner in error.context or ():
        branches.setdefault(inner.schema_path[0], []).append(inner)
    meant = [
        inners
        for inners in branches.values()
        if not any(
            inner.validator == "type" and not inner.relative_path and not _in_expression(inner)
            for inner in inners
        )
        and not any(map(_in_expression, inners))
    ]
    if len(meant) == 1 and any(
        inner.relative_path or inner.validator not in ("type", "pattern", "const", "enum")
        for inner in meant[0]
    ):
        for inner in meant[0]:
            yield from _told(inner)
    else:
        yield error


def _in_expression(error: ValidationError) -> bool:
    return str(_schema(error).get("$id", "")).endswith("expression.schema.json") or (
        "allOf" in error.relative_schema_path
    )


def _finding(error: ValidationError, kind: str) -> Iterator[Finding]:
    keyword = str(error.validator)
    limit: Any = error.validator_value
    value: Any = error.instance
    path = tuple(error.absolute_path)
    schema = _schema(error)
    if "propertyNames" in error.relative_schema_path:
        name = str(value)[:80]
        message = f"{name!r} cannot be a key here: it must be {_says(schema)}."
        yield Finding((*path, str(value)), "propertyNames", message, value)
        return
    title = _title(error, path)
    if keyword == "required":
        for name in limit:
            if name not in value and _is_about(error, name):
                what = _property_title(schema, name)
                where = f" in {title}" if len(path) > 1 else ""
                yield Finding((*path, name), keyword, f"{what} is missing{where}.", value)
    elif keyword == "additionalProperties":
        known = list(schema.get("properties", ()))
        for name in value:
            if name not in known:
                yield Finding(
                    (*path, name), keyword, _unknown(name, known, kind, path), value[name]
                )
    elif keyword in _BOUNDS:
        words, unit = _BOUNDS[keyword]
        actual = len(value)
        message = f"{title} {words} {limit:,} {_plural(unit, limit)}; it has {actual:,}."
        if keyword == "minLength" and limit == 1:
            message = f"{title} must not be empty."
        elif limit == 0:
            message = f"{title} must be empty."
        yield Finding(path, keyword, message, value, limit, actual)
    elif keyword in _COMPARED:
        message = f"{title} must be {_COMPARED[keyword]} {limit}."
        yield Finding(path, keyword, message, value, limit)
    else:
        yield Finding(path, keyword, f"{title} must be {_says(schema)}.", value)


_BOUNDS = {
    "maxLength": ("may have at most", "character"),
    "minLength": ("must have at least", "character"),
    "maxItems": ("may have at most", "entry"),
    "minItems": ("must have at least", "entry"),
    "maxProperties": ("may have at most", "key"),
    "minProperties": ("must have at least", "key"),
}
_COMPARED = {
    "minimum": "at least",
    "maximum": "at most",
    "exclusiveMinimum": "more than",
    "exclusiveMaximum": "less than",
    "multipleOf": "a multiple of",
}
_TYPES = {
    "string": "text",
    "number": "a number",
    "integer": "a whole number",
    "boolean": "true or false",
    "array": "a list",
    "object": "an object",
    "null": "nothing",
}


def _is_about(error: ValidationError, name: str) -> bool:
    # jsonschema tells each missing property by an error of its own, and which one only in words.
    return error.message.startswith(repr(name))


def _says(schema: Any) -> str:
    """What a schema asks for, to stand behind "must be"."""
    if not isinstance(schema, dict):
        return "something else"
    if "x-says" in schema:
        return str(schema["x-says"])
    if str(schema.get("$ref", "")).endswith("expression.schema.json"):
        return "an expression {{ … }}"
    if "enum" in schema:
        return "one of " + ", ".join(str(value) for value in schema["enum"])
    if "const" in schema:
        return str(schema["const"]) or "empty"
    if "anyOf" in schema:
        return " or ".join(_says(each) for each in schema["anyOf"])
    kinds = schema.get("type", [])
    kinds = [kinds] if isinstance(kinds, str) else kinds
    return " or ".join(_TYPES[kind] for kind in kinds) or "as its schema says"


def _schema(error: ValidationError) -> dict[str, Any]:
    return error.schema if isinstance(error.schema, dict) else {}


def _title(error: ValidationError, path: tuple[Step, ...]) -> str:
    """What to call the value at fault: the title of its schema, or of the property around it."""
    about: Any = error
    while about is not None and tuple(about.absolute_path) == path:
        if "title" in _schema(about):
            return str(_schema(about)["title"])
        about = about.parent
    names = [step for step in path if isinstance(step, str)]
    title = names[-1][:80] if names else "It"
    if path and isinstance(path[-1], int):
        return f"Entry {path[-1] + 1} of {title}"
    return title


def _property_title(schema: dict[str, Any], name: str) -> str:
    declared = schema.get("properties", {}).get(name, {})
    return str(declared.get("title", name.capitalize()))


def _unknown(name: str, known: list[str], kind: str, path: tuple[Step, ...]) -> str:
    if path in ((), ("props",)):
        where = kind
    elif isinstance(path[-1], int):
        where = f"an entry of {path[-2]}" if len(path) > 1 else "an entry"
    else:
        where = f"the {path[-1][:80]} of {kind}"
    message = f"{name[:80]!r} is no property of {where}"
    close = get_close_matches(name[:80], known, n=1)
    return f"{message}; did you mean {close[0]!r}?" if close else f"{message}."


def _plural(unit: str, count: int) -> str:
    if count == 1:
        return unit
    return "entries" if unit == "entry" else unit + "s"
