"""All that is looked at in a design, rule by rule."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import orjson

from ot.types import Json, Step

from ..document.design import Design
from ..document.model import name_of, section_of
from ..types import TypeRegistry
from .findings import RULES, Finding
from .own import OwnRule
from .references import References

__all__ = ["check"]

_FAULTS = {"reference": "dangling-id", "name": "duplicate-name"}
_LARGE_ELEMENT = 256_000
_LARGE_PAGE = 500
_SHORTEST_SECRET = 6
_FIELDS = frozenset(
    """
    TextInput TextArea NumberInput Select RadioGroup Checkbox CheckboxGroup Switch DatePicker FileUpload
    """.split()
)
_SECRET_KEY = re.compile(
    r"(?i)(pass(word|wd|phrase)|secret|(api|private|access|secret)_?key|auth_?token)\Z"
)
_SECRET_VALUE = re.compile(
    r"AKIA[0-9A-Z]{16}\b|\bgh[pousr]_[A-Za-z0-9]{36}|\bsk_live_[A-Za-z0-9]{16,}|\bxox[abpr]-[A-Za-z0-9-]{10,}"
    r"|-----BEGIN (?:RSA |EC |OPENSSH )?PRIVATE KEY-----|\bAIza[0-9A-Za-z_-]{35}\b|://[^/\s:@{]+:[^/\s:@{]+@[\w.-]+"
)

Document = Mapping[str, Any]


def check(document: Document, types: TypeRegistry, own: tuple[OwnRule, ...] = ()) -> list[Finding]:
    """All findings of a design, element by element in the order of the document.

    Raises: DesignError where it is no design at all.
    """
    design = Design.from_json(document, types, strict=False)
    found: list[Finding] = list(_faults(design, document))
    references = References(document)
    found += references.findings()
    found += _circles(document, references)
    for rule in (_types(types), _secrets, _accessible):
        found += rule(document)
    found += _sizes(document, references)
    for each in own:
        found += each.findings(document)
    rank = {element: turn for turn, element in enumerate(_elements(document))}
    return sorted(
        found, key=lambda each: (rank.get(each.element, -1), [str(step) for step in each.path])
    )


def _elements(document: Document) -> Iterator[str]:
    for section in ("pages", "components", "queries", "scripts", "dataSources"):
        yield from (f"{section}/{id}" for id in document[section])


def _named(document: Document, element: str) -> str:
    section, _, id = element.partition("/")
    return name_of(document[section][id] if id else document[section]) or id or section


def _finding(
    document: Document, rule: str, path: tuple[Step, ...], message: str, fix: str = ""
) -> Finding:
    element = f"{path[0]}/{path[1]}"
    name = _named(document, element)
    return Finding(rule, RULES[rule].level, element, name, path, f"{name}: {message}", fix)


def _faults(design: Design, document: Document) -> Iterator[Finding]:
    for fault in design.faults():
        id = _FAULTS.get(fault.rule, fault.rule)
        rule = id if id in RULES else "schema"
        message, _, fix = fault.message.partition("; did you mean")
        if fix:
            message, fix = f"{message}.", f"Did you mean{fix}"
        name = _named(document, fault.element)
        yield Finding(rule, RULES[rule].level, fault.element, name, fault.path, message, fix)


def _types(types: TypeRegistry) -> Callable[[Document], Iterator[Finding]]:
    def look(document: Document) -> Iterator[Finding]:
        for id, component in document["components"].items():
            kind = types.get(component.get("type"), component.get("typeVersion"))
            path = ("components", id, "type")
            if kind is None:
                version = (
                    f", version {component.get('typeVersion')}"
                    if component.get("type") in types
                    else ""
                )
                message = f"{str(component.get('type'))[:64]}{version} is no type that is known."
                yield _finding(document, "unknown-type", path, message)
            elif kind.deprecated is not None:
                yield _finding(document, "deprecated-type", path, kind.deprecated)

    return look


def _circles(document: Document, references: References) -> Iterator[Finding]:
    """Properties that are worked out from each other: Text1.text ← Text2.text ← Text1.text."""
    reads: dict[tuple[str, str], dict[tuple[str, str], tuple[Step, ...]]] = {}
    for place in references.places:
        if (
            section_of(place.element) != "components"
            or place.path[2] != "props"
            or len(place.path) != 4
        ):
            continue
        scope = references.scope(place.element)
        for use in place.program().uses:
            steps = references.plain(use.path)
            target = references.target(scope, use.path)
            if target is not None and target.startswith("components/") and len(steps) > 1:
                node = (place.element, str(place.path[3]))
                reads.setdefault(node, {})[target, steps[1]] = place.path
    told: set[tuple[str, str]] = set()
    for start in reads:
        circle = _circle(reads, start)
        if circle and not told.intersection(circle):
            told.update(circle)
            names = [f"{_named(document, element)}.{key}" for element, key in circle]
            path = reads[start][circle[1] if len(circle) > 1 else start]
            message = f"depends on itself: {' ← '.join([*names, names[0]])}."
            yield _finding(document, "dependency-cycle", path, message)


def _circle(reads: Mapping[Any, Mapping[Any, Any]], start: Any) -> list[Any]:
    """The way from `start` back to it, or nothing."""
    came: dict[Any, Any] = {}
    queue = [start]
    for node in queue:
        for target in reads.get(node, ()):
            if target == start:
                way = [node]
                while way[-1] != start:
                    way.append(came[way[-1]])
                return way[::-1]
            if target in reads and target not in came:
                came[target] = node
                queue.append(target)
    return []


def _secrets(document: Document) -> Iterator[Finding]:
    for section in ("components", "queries", "scripts", "dataSources"):
        for id, element in document[section].items():
            for path, value in _texts(element, (section, id)):
                if path[2] in ("ext", "name", "place", "type"):
                    continue
                key = path[-1]
                if key == "$secret" or len(value) < _SHORTEST_SECRET:
                    continue
                by_key = isinstance(key, str) and _SECRET_KEY.search(key) and "{{" not in value
                if by_key and section in ("queries", "dataSources"):
                    yield _finding(document, "secret", path, f"{key} holds its value in the open.")
                elif _SECRET_VALUE.search(value):
                    yield _finding(document, "secret", path, "this looks like a password or a key.")


def _texts(value: Json, path: tuple[Step, ...]) -> Iterator[tuple[tuple[Step, ...], str]]:
    queue: list[tuple[Json, tuple[Step, ...]]] = [(value, path)]
    while queue:
        value, path = queue.pop()
        if isinstance(value, str):
            yield path, value
        elif isinstance(value, dict):
            queue.extend((inner, (*path, key)) for key, inner in value.items())
        elif isinstance(value, list):
            queue.extend((inner, (*path, index)) for index, inner in enumerate(value))


def _accessible(document: Document) -> Iterator[Finding]:
    for id, component in document["components"].items():
        kind, props = component.get("type"), component.get("props")
        if not isinstance(props, dict):
            continue
        path = ("components", id, "props")
        if kind == "Image" and not props.get("alt"):
            yield _finding(
                document, "image-description", path, "the image has no description.", "Set `alt`."
            )
        elif kind in _FIELDS and not props.get("label"):
            yield _finding(document, "field-label", path, "the field has no label.", "Set `label`.")
        elif (kind == "Button" and not props.get("label")) or (
            kind == "Link" and not props.get("text")
        ):
            yield _finding(
                document, "button-label", path, "there is no text on it.", "Give it one."
            )


def _sizes(document: Document, references: References) -> Iterator[Finding]:
    for section in ("components", "queries", "scripts"):
        for id, element in document[section].items():
            size = len(orjson.dumps(element))
            if size > _LARGE_ELEMENT:
                message = f"it has {size:,} bytes; {_LARGE_ELEMENT:,} are much already."
                yield _finding(document, "element-size", (section, id), message)
    counts: dict[str, int] = {}
    for id in document["components"]:
        page = references.scope(f"components/{id}")
        counts[page] = counts.get(page, 0) + 1
    for page, count in counts.items():
        if count > _LARGE_PAGE and page in document["pages"]:
            yield _finding(
                document, "page-size", ("pages", page), f"{count:,} components stand on it."
            )
