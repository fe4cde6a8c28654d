"""What has changed, in words: "label and colour of the button Save changed, 3 components moved on Claims"."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from ..document.limits import MAX_TREE_DEPTH
from ..document.model import Element, section_of
from ..types.registry import TypeRegistry
from .diff import ABSENT, Change

__all__ = ["created", "page_of", "summary"]

_MOST_PHRASES: Final = 3
_MOST_PROPERTIES: Final = 3
_MOST_NAME: Final = 40

_NOUNS: Final = {
    "pages": ("page", "pages"),
    "components": ("component", "components"),
    "queries": ("query", "queries"),
    "scripts": ("script", "scripts"),
    "dataSources": ("data source", "data sources"),
}
_SINGLES: Final = {
    "meta": "the design",
    "settings": "the settings",
    "theme": "the theme",
    "libraries": "the libraries",
    "ext": "the importer's notes",
}
_VERBS: Final = ("added", "removed", "moved", "renamed", "retyped", "changed")
_WORD: Final = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|\d+")


def page_of(document: Mapping[str, Any], element: Element, value: Any) -> str | None:
    """The id of the page that an element is on; None for what is the app's, or nowhere."""
    section, _, id = element.partition("/")
    if section == "pages":
        return id
    if section != "components":
        page = value.get("page") if type(value) is dict and section in _NOUNS else None
        return page if type(page) is str else None
    components = document.get("components", {})
    for _ in range(MAX_TREE_DEPTH + 1):
        place = value.get("place") if type(value) is dict else None
        if type(place) is not dict:
            return None
        if type(page := place.get("page")) is str:
            return page
        parent = place.get("parent")
        value = components.get(parent) if type(parent) is str else None
    return None


def created(document: Mapping[str, Any]) -> str:
    """What a design was made with."""
    counts = [
        _count(section, len(document.get(section, ()))) for section in ("components", "pages")
    ]
    return f"design created with {' on '.join(counts)}"


def summary(
    changes: Iterable[Change],
    old: Mapping[str, Any],
    new: Mapping[str, Any],
    types: TypeRegistry,
) -> str:
    """What `changes` from `old` to `new` are about, in one line of a few phrases; "" for none.

    Of the two documents only the places of elements and the names of pages are looked at.
    """
    phrases = list(_phrases(changes, old, new, types))
    told = ", ".join(text for _, text in phrases[:_MOST_PHRASES])
    if more := sum(count for count, _ in phrases[_MOST_PHRASES:]):
        told += " and 1 more change" if more == 1 else f" and {more:,} more changes"
    return told.replace("\0", "")  # which no database keeps


def _phrases(
    changes: Iterable[Change],
    old: Mapping[str, Any],
    new: Mapping[str, Any],
    types: TypeRegistry,
) -> Iterator[tuple[int, str]]:
    """(how many changes, the phrase)."""
    whole: defaultdict[tuple[str, str, str | None], list[Change]] = defaultdict(list)
    inside: defaultdict[Element, list[Change]] = defaultdict(list)
    for each in changes:
        section = section_of(each.element)
        if each.kind == "changed" or section not in _NOUNS:
            inside[each.element].append(each)
            continue
        document = old if each.kind == "removed" else new
        value = _element(document, each.element)
        page = None if section == "pages" else page_of(document, each.element, value)
        whole[each.kind, section, page].append(each)
    for kind, section, page in sorted(
        whole, key=lambda key: (_VERBS.index(key[0]), key[1], key[2] or "")
    ):
        found = whole[kind, section, page]
        document = old if kind == "removed" else new
        on = _on(document, page)
        if len(found) > 1:
            yield len(found), f"{_count(section, len(found))} {_verb(kind)}{on}"
        else:
            yield 1, _one(found[0], document, types) + on
    alike: defaultdict[tuple[str, frozenset[str]], list[Element]] = defaultdict(list)
    for element, found in inside.items():
        names = frozenset(filter(None, (_property(element, each) for each in found)))
        alike[section_of(element), names].append(element)
    for (section, names), elements in alike.items():
        count = sum(len(inside[element]) for element in elements)
        what = _listed(sorted(names))
        if len(elements) > 1:
            pages = {page_of(new, each, _element(new, each)) for each in elements}
            on = _on(new, pages.pop()) if len(pages) == 1 else ""
            yield count, f"{what} of {_count(section, len(elements))} changed{on}"
        else:
            owner = _title(elements[0], _element(new, elements[0]), types)
            yield count, f"{what} of {owner} changed" if what else f"{owner} changed"


def _one(change: Change, document: Mapping[str, Any], types: TypeRegistry) -> str:
    value = _element(document, change.element)
    title = _title(change.element, value, types)
    if change.kind == "renamed" and type(change.old) is str:
        noun = _NOUNS[section_of(change.element)][0]
        return f"{noun} {_short(change.old)} renamed to {_short(change.name)}"
    if change.kind == "retyped":
        if change.path == ("typeVersion",):
            return f"{title} brought to version {change.new} of its type"
        return f"{_short(change.name)} became {_short(str(change.new))}"
    return f"{title} {_verb(change.kind)}"


def _verb(kind: str) -> str:
    return "given another type" if kind == "retyped" else kind


def _title(element: Element, value: Any, types: TypeRegistry) -> str:
    section, _, id = element.partition("/")
    if section not in _NOUNS:
        return _SINGLES.get(section, section)
    noun = _NOUNS[section][0]
    name = id
    if type(value) is dict:
        if type(value.get("name")) is str and value["name"]:
            name = value["name"]
        kind = types.get(value.get("type"), value.get("typeVersion"))
        if section == "components" and kind is not None:
            noun = kind.title[:1].lower() + kind.title[1:]
    return f"{noun} {_short(name)}"


def _property(element: Element, change: Change) -> str:
    """What a person calls the property: the last key that is a word, of the first three."""
    section = section_of(element)
    steps: Sequence[Any] = [step for step in change.path if type(step) is str]
    if steps[:1] == ["layout"]:
        return "layout"
    if section == "components" and len(steps) > 1 and steps[0] in ("props", "style"):
        steps = steps[1:2]
    elif steps[:1] == ["events"]:
        return "events"
    return _words(str(steps[0])) if steps else ""


def _words(key: str) -> str:
    found = _WORD.findall(key)
    return " ".join(word if word.isupper() else word.lower() for word in found) or _short(key)


def _listed(names: Sequence[str]) -> str:
    if len(names) > _MOST_PROPERTIES:
        return f"{len(names)} properties"
    return " and ".join(filter(None, (", ".join(names[:-1]), *names[-1:])))


def _on(document: Mapping[str, Any], page: str | None) -> str:
    if page is None:
        return ""
    value = _element(document, f"pages/{page}")
    name = value.get("name") if type(value) is dict else None
    return f" on {_short(name)}" if type(name) is str else ""


def _count(section: str, count: int) -> str:
    one, many = _NOUNS.get(section, ("part", "parts"))
    return f"1 {one}" if count == 1 else f"{count:,} {many}"


def _short(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= _MOST_NAME else f"{text[: _MOST_NAME - 1]}…"


def _element(document: Mapping[str, Any], element: Element) -> Any:
    section, _, id = element.partition("/")
    found = document.get(section)
    if not id:
        return found
    return found.get(id, ABSENT) if type(found) is dict else ABSENT
