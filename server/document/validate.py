"""Does an element fit its schema?

`jsonschema_rs` decides: compiled once per component type, linear regular expressions. `jsonschema` is
asked only where the answer is no, to find out what to say. Neither ever fetches a schema: what a `$ref`
may name is given to them, and all else is an error.
"""

from __future__ import annotations

from functools import cached_property, lru_cache
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

import jsonschema_rs

import schemas
from ot.types import Json

from ..errors import Code
from ..types import ComponentType, TypeRegistry
from .faults import Fault, fingerprint
from .limits import MAX_EXPLAINED, MAX_FAULTS
from .model import Element, path_of, section_of, title_of

if TYPE_CHECKING:
    from .explain import Explainer, Finding

__all__ = ["Validator", "validator_of"]

_DEFINITIONS: Final = {
    "pages": "page",
    "components": "component",
    "queries": "query",
    "scripts": "script",
    "dataSources": "dataSource",
    "meta": "meta",
    "settings": "bag",
    "theme": "bag",
    "libraries": "bag",
    "ext": "ext",
}
_GROWING: Final = frozenset({"maxLength", "maxItems", "maxProperties"})


@lru_cache(maxsize=8)
def validator_of(types: TypeRegistry) -> Validator:
    """The validator for a registry of types; made once for each."""
    return Validator(types)


class Validator:
    """The compiled schemas of all elements. A component of unknown type has the generic schema only."""

    def __init__(self, types: TypeRegistry) -> None:
        self._types = types
        shared = [schemas.load(schemas.DOCUMENT), schemas.load(schemas.EXPRESSION)]
        named = [(schema["$id"], schema) for schema in shared]
        self._deciding = jsonschema_rs.Registry(named)
        self._named = named
        self._document: str = shared[0]["$id"]
        self._generic = {section: self._compiled(self._schema(section)) for section in _DEFINITIONS}
        # Compiled when first met: a design uses few of the types that are known.
        self._typed: dict[tuple[str, int], jsonschema_rs.Draft202012Validator] = {}
        self._batches: dict[Any, jsonschema_rs.Draft202012Validator] = {}

    def is_valid(self, element: Element, value: Json) -> bool:
        """The decision."""
        section = section_of(element)
        if section == "components" and (kind := self._type_of(value)) is not None:
            validator = self._typed.get((kind.type, kind.version))
            if validator is None:
                validator = self._compiled(self._schema("components", kind))
                self._typed[kind.type, kind.version] = validator
            return validator.is_valid(value)
        return self._generic[section].is_valid(value)

    def are_valid(self, section: str, kind: ComponentType | None, values: list[Json]) -> bool:
        """The decision for many elements of one section and type at once: a third of the time."""
        key = (section, None if kind is None else (kind.type, kind.version))
        validator = self._batches.get(key)
        if validator is None:
            validator = self._compiled({"items": self._schema(section, kind)})
            self._batches[key] = validator
        return validator.is_valid(values)

    def faults(self, element: Element, value: Json) -> list[Fault]:
        """What is wrong with an element; empty exactly where `is_valid`. At most `MAX_FAULTS`."""
        if self.is_valid(element, value):
            return []
        section = section_of(element)
        kind = self._type_of(value) if section == "components" else None
        title = title_of(element, value)
        what = f"a {kind.title}" if kind is not None else "it"  # named in the title already
        faults = []
        if _is_explainable(value):
            told = self._explainer.findings(self._schema(section, kind), value, what)
            faults = [_fault(element, title, finding) for finding in islice(told, MAX_FAULTS)]
        # One that only the deciding validator sees, or in too much to go through, is one all the same.
        return faults or [
            Fault(
                Code.INVALID,
                element,
                "schema",
                f"{title} does not fit its schema.",
                tuple(path_of(element)),
                ("schema",),
            )
        ]

    def _type_of(self, value: Json) -> ComponentType | None:
        if not isinstance(value, dict):
            return None
        return self._types.get(value.get("type"), value.get("typeVersion"))

    def _schema(self, section: str, kind: ComponentType | None = None) -> dict[str, Any]:
        generic = {"$ref": f"{self._document}#/$defs/{_DEFINITIONS[section]}"}
        return generic if kind is None else {"allOf": [generic, kind.schema]}

    def _compiled(self, schema: dict[str, Any]) -> jsonschema_rs.Draft202012Validator:
        return jsonschema_rs.Draft202012Validator(
            schema,
            registry=self._deciding,
            offline=True,
            validate_formats=False,
            pattern_options=jsonschema_rs.RegexOptions(),
        )

    @cached_property
    def _explainer(self) -> Explainer:
        # Slow to import, and asked only where something is wrong.
        from .explain import Explainer

        return Explainer(self._named)


def _is_explainable(value: Json) -> bool:
    """Has it few enough values for words to be found in time?"""
    seen = 0
    queue = [value]
    for each in queue:
        inside = each.values() if isinstance(each, dict) else each if isinstance(each, list) else ()
        seen += len(inside)
        if seen > MAX_EXPLAINED:
            return False
        queue.extend(inside)
    return True


def _fault(element: Element, title: str, finding: Finding) -> Fault:
    details: dict[str, Any] = {"keyword": finding.keyword}
    if finding.limit is not None:
        details["limit"] = finding.limit
    if finding.actual is not None:
        details["actual"] = finding.actual
    path = finding.path
    anywhere = tuple("*" if isinstance(step, int) else step for step in path)
    return Fault(
        Code.INVALID,
        element,
        "schema",
        f"{title}: {finding.message}",
        (*path_of(element), *path),
        ("schema", finding.keyword, path),
        ("schema", finding.keyword, anywhere, fingerprint(finding.value)),
        (finding.actual or 0) if finding.keyword in _GROWING else 0,
        details,
    )
