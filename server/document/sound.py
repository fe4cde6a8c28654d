"""All faults of a whole design, quickly: most elements have none, and that is found out by few looks.

`_suspects` says yes to every element that may have a fault; only these are asked one by one (`validate`,
`tree`), with the indexes that it takes. So a check costs about a microsecond or two for an element that is
right, and a test holds that it finds what asking all of them finds.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from ot.types import Json

from ..types import ComponentType, TypeRegistry
from .design import Design, check_whole
from .faults import Fault
from .limits import MAX_TREE_DEPTH
from .model import APP, SECTIONS, SINGLES, Element
from .order import is_key
from .validate import validator_of

__all__ = ["Standing", "Survey", "faults", "standing", "survey"]

Standing: TypeAlias = Mapping[str, tuple[str, int] | None]
"""Component → (its page, how deep it stands: 1 is on the page itself); None: nowhere."""

_TypeKey: TypeAlias = tuple[Any, type, Any]

_ODD: Final[_TypeKey] = (None, type(None), None)
"""Of components whose type or version is no plain value."""


@dataclass(frozen=True, slots=True)
class Survey:
    """A whole design, and what is asked of it again and again: ids by type and version, who stands where."""

    document: Mapping[str, Any]
    groups: Mapping[_TypeKey, Sequence[str]]
    where: Standing


def survey(document: Json, size: int | None = None) -> Survey:
    """Look through a design. `size`: its bytes as compact JSON, where these are known already.

    Raises: DesignError where it is no design at all, or too large.
    """
    check_whole(document, size)
    components = document["components"]
    return Survey(document, _by_type(components), standing(components))


def faults(survey: Survey, types: TypeRegistry) -> list[Fault]:
    """As `Design.from_json(document, types, strict=False).faults()`."""
    found = _suspects(survey, types)
    if not found:
        return []
    return Design.from_json(survey.document, types, strict=False).faults(found)


def standing(components: Mapping[str, Any]) -> Standing:
    """Where each component stands: as `State.where`."""
    found: dict[str, tuple[str, int] | None] = {}
    roots: dict[str, tuple[str, int]] = {}
    for id in components:
        if id in found:
            continue
        way = []
        here: Any = id
        where = None
        while here not in found:
            way.append(here)
            found[here] = None  # Who comes back to it stands in a circle.
            try:
                place = components[here]["place"]
                here = place.get("parent")
            except (KeyError, AttributeError, TypeError):
                break
            if here.__class__ is not str:
                page = place.get("page")
                if page.__class__ is str:
                    where = roots.get(page) or roots.setdefault(page, (page, 1))
                    found[way.pop()] = where
                break
        else:
            where = found[here]
        if where is not None and way:
            page, depth = where
            for each in reversed(way):
                depth += 1
                found[each] = (page, depth)
    return found


def _by_type(components: Mapping[str, Any]) -> dict[_TypeKey, list[str]]:
    """Ids by type and version. 1, 1.0 and True are told apart."""
    groups: dict[_TypeKey, list[str]] = {}
    for id, component in components.items():
        try:
            version = component["typeVersion"]
            key = (component["type"], version.__class__, version)
            group = groups.get(key)
        except (KeyError, TypeError):
            key = _ODD
            group = groups.get(key)
        if group is None:
            groups[key] = [id]
        else:
            group.append(id)
    return groups


def _suspects(survey: Survey, types: TypeRegistry) -> set[Element]:
    """The elements that may have a fault; those left out have none."""
    document, where = survey.document, survey.where
    found = set(_misformed(survey, types))
    found.update(f"components/{id}" for id in _misplaced(document, types, where))
    found.update(_namesakes(document, where))
    for id, page in document["pages"].items():
        if page.get("order").__class__ is str and not is_key(page["order"]):
            found.add(f"pages/{id}")
    for section in ("queries", "scripts"):
        for id, each in document[section].items():
            page, source = each.get("page"), each.get("dataSource")
            if (page.__class__ is str and page not in document["pages"]) or (
                source.__class__ is str and source not in document["dataSources"]
            ):
                found.add(f"{section}/{id}")
    return found


def _misformed(survey: Survey, types: TypeRegistry) -> Iterator[Element]:
    """Those that do not fit their schema: asked for all of a kind at once."""
    document, validator = survey.document, validator_of(types)
    for single in SINGLES:
        if single in document and not validator.is_valid(single, document[single]):
            yield single
    for section in SECTIONS:
        elements = document[section]
        groups = survey.groups if section == "components" else {_ODD: list(elements)}
        for (type_, _, version), ids in groups.items():
            kind = types.get(type_, version) if section == "components" else None
            if not validator.are_valid(section, kind, [elements[id] for id in ids]):
                for id in ids:
                    element = f"{section}/{id}"
                    if not validator.is_valid(element, elements[id]):
                        yield element


def _misplaced(document: Mapping[str, Any], types: TypeRegistry, where: Standing) -> Iterator[str]:
    """Components that break a rule of the tree, but for names."""
    components, pages = document["components"], document["pages"]
    ids = [document[section] for section in ("components", "queries", "scripts", "dataSources")]
    keys: set[str] = set()
    fits: dict[Any, bool] = {}
    for id, component in components.items():
        place = component.get("place")
        if place.__class__ is not dict:
            continue
        order = place.get("order")
        if order.__class__ is str and order not in keys:
            if not is_key(order):
                yield id
                continue
            keys.add(order)
        parent = place.get("parent")
        here = where[id]
        if parent.__class__ is not str:
            if here is not None and here[0] not in pages:
                yield id
                continue
        elif here is None or here[1] > MAX_TREE_DEPTH:
            yield id
            continue
        else:
            above = components[parent]
            kind, slot, type_ = above.get("type"), place.get("slot"), component.get("type")
            version = above.get("typeVersion")
            try:
                key = (kind, version.__class__, version, slot, type_)
                if key not in fits:
                    fits[key] = _takes(types.get(kind, version), slot, type_)
                is_taken = fits[key]
            except TypeError:
                is_taken = False
            if not is_taken:
                yield id
                continue
        if "events" in component and not _handled(component["events"]):
            yield id
        elif "dependencies" in component:
            wanted = component["dependencies"]
            if wanted.__class__ is list and not all(
                any(each in section for section in ids) for each in wanted if each.__class__ is str
            ):
                yield id


def _takes(kind: ComponentType | None, slot: object, type: object) -> bool:
    if kind is None:
        return True
    found = kind.slot(slot)
    return found is not None and found.takes(type)


def _handled(events: Any) -> bool:
    if events.__class__ is not dict:
        return True
    return all(
        each.__class__ is not dict
        or each.get("order").__class__ is not str
        or is_key(each["order"])
        for each in events.values()
    )


def _namesakes(document: Mapping[str, Any], where: Standing) -> Iterator[Element]:
    """Those whose names are taken."""
    bearers: dict[str, list[tuple[str, str, str]]] = {}
    for id, component in document["components"].items():
        name, here = component.get("name"), where[id]
        if name.__class__ is str and here is not None:
            if name in bearers:
                bearers[name].append((here[0], "components", id))
            else:
                bearers[name] = [(here[0], "components", id)]
    for section in ("queries", "scripts"):
        for id, each in document[section].items():
            name, page = each.get("name"), each.get("page")
            scope = APP if page is None else page
            if name.__class__ is str and scope.__class__ is str:
                bearers.setdefault(name, []).append((scope, section, id))
    for alike in bearers.values():
        if len(alike) == 1:
            continue
        scopes = [scope for scope, _, _ in alike]
        is_everywhere = APP in scopes
        for scope, section, id in alike:
            if is_everywhere or scopes.count(scope) > 1:
                yield f"{section}/{id}"
