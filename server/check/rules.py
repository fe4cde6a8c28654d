"""All that is looked at in a design, rule by rule."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any, Final, TypeAlias

import orjson

import ot
from ot.types import Step

from ..document import sound
from ..document.faults import Fault
from ..document.model import name_of, section_of
from ..document.sound import Survey
from ..types import TypeRegistry
from .circles import circles
from .findings import RULES, Finding
from .own import OwnRule
from .references import References
from .scan import scan
from .secrets import secrets
from .values import compact, where

__all__ = ["check"]

_FAULTS = {"reference": "dangling-id", "name": "duplicate-name"}
_LARGE_ELEMENT = 256_000
_LARGE_PAGE = 500
_FIELDS = """
    TextInput TextArea NumberInput Select RadioGroup Checkbox CheckboxGroup Switch DatePicker FileUpload
    """.split()
_LACKING = {
    "Image": ("image-description", "alt", "the image has no description.", "Set `alt`."),
    "Button": ("button-label", "label", "there is no text on it.", "Give it one."),
    "Link": ("button-label", "text", "there is no text on it.", "Give it one."),
    **dict.fromkeys(_FIELDS, ("field-label", "label", "the field has no label.", "Set `label`.")),
}
"""Type → rule, and the property without which somebody who does not see the page is left alone."""
Document: TypeAlias = Mapping[str, Any]

_has_expressions: Final = scan(r"\{\{")


def check(document: Document, types: TypeRegistry, own: tuple[OwnRule, ...] = ()) -> list[Finding]:
    """All findings of a design, element by element in the order of the document.

    A design that holds what none may hold has that one finding: nothing else can be asked of it.
    Raises: DesignError where it is no design at all.
    """
    try:
        whole = compact(document)
    except ot.OpError as error:
        return [_odd(document, error)]
    survey = sound.survey(document, len(whole) if whole.isascii() else len(whole.encode()))
    found = [_finding_of(fault, document) for fault in sound.faults(survey, types)]
    if _has_expressions(whole) or document["scripts"] or document["queries"]:
        references = References(document, survey.where)
        found += references.findings()
        found += _circles(document, references)
    found += _typed(survey, types)
    found += _secrets(document, whole)
    found += _accessible(survey)
    found += _sizes(survey, whole)
    for each in own:
        found += each.findings(document)
    if not found:
        return found
    rank = {element: turn for turn, element in enumerate(_elements(document))}
    return sorted(
        found, key=lambda each: (rank.get(each.element, -1), [str(step) for step in each.path])
    )


def _odd(document: Document, error: ot.OpError) -> Finding:
    path = tuple(error.path or where(document))
    element = "/".join(str(step) for step in path[:2])
    return Finding("schema", RULES["schema"].level, element, element, path, error.message)


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


def _finding_of(fault: Fault, document: Document) -> Finding:
    id = _FAULTS.get(fault.rule, fault.rule)
    rule = id if id in RULES else "schema"
    message, _, fix = fault.message.partition("; did you mean")
    if fix:
        message, fix = f"{message}.", f"Did you mean{fix}"
    name = _named(document, fault.element)
    return Finding(rule, RULES[rule].level, fault.element, name, fault.path, message, fix)


def _typed(survey: Survey, types: TypeRegistry) -> Iterator[Finding]:
    document = survey.document
    for (type_, _, version), ids in survey.groups.items():
        kind = types.get(type_, version)
        if kind is None:
            which = f", version {version}" if type_ in types else ""
            message = f"{str(type_)[:64]}{which} is no type that is known."
            for id in ids:
                yield _finding(document, "unknown-type", ("components", id, "type"), message)
        elif kind.deprecated is not None:
            for id in ids:
                yield _finding(
                    document, "deprecated-type", ("components", id, "type"), kind.deprecated
                )


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
    for circle in circles(reads):
        names = [f"{_named(document, element)}.{key}" for element, key in circle]
        path = reads[circle[0]][circle[1] if len(circle) > 1 else circle[0]]
        message = f"depends on itself: {' ← '.join([*names, names[0]])}."
        yield _finding(document, "dependency-cycle", path, message)


def _secrets(document: Document, whole: str) -> Iterator[Finding]:
    for path, message in secrets(document, whole):
        yield _finding(document, "secret", path, message)


def _accessible(survey: Survey) -> Iterator[Finding]:
    components = survey.document["components"]
    for (type_, _, _), ids in survey.groups.items():
        if type_.__class__ is not str or type_ not in _LACKING:
            continue
        rule, needed, message, fix = _LACKING[type_]
        for id in ids:
            props = components[id].get("props")
            if props.__class__ is dict and not props.get(needed):
                yield _finding(survey.document, rule, ("components", id, "props"), message, fix)


def _sizes(survey: Survey, whole: str) -> Iterator[Finding]:
    document = survey.document
    if len(whole) * 4 > _LARGE_ELEMENT:  # a character is 4 bytes at most
        for section in ("components", "queries", "scripts"):
            for id, element in document[section].items():
                size = len(orjson.dumps(element))
                if size > _LARGE_ELEMENT:
                    message = f"it has {size:,} bytes; {_LARGE_ELEMENT:,} are much already."
                    yield _finding(document, "element-size", (section, id), message)
    if len(survey.where) > _LARGE_PAGE:
        counts = Counter(here[0] for here in survey.where.values() if here is not None)
        for page, count in counts.items():
            if count > _LARGE_PAGE and page in document["pages"]:
                message = f"{count:,} components stand on it."
                yield _finding(document, "page-size", ("pages", page), message)
