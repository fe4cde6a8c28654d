"""Where a value of a design stands in the file of the tool it came from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ot.types import Json, Step

from .appsmith_widget import MAIN
from .fit import mapping, sequence
from .tooljet import v2_of
from .tooljet_component import GROUPS

__all__ = ["Origins"]

_APPSMITH_ROWS = {
    "queries": ("actionList", "unpublishedAction"),
    "scripts": ("actionCollectionList", "unpublishedCollection"),
}
_MOBILE = {
    "topRow": "mobileTopRow",
    "bottomRow": "mobileBottomRow",
    "leftColumn": "mobileLeftColumn",
    "rightColumn": "mobileRightColumn",
}


class Origins:
    """The way from paths of a design to paths of the export that it was made of."""

    def __init__(self, document: Mapping[str, Any], source: Json, tool: str) -> None:
        self._document = document
        self._source = mapping(source)
        self._find = {"appsmith": self._appsmith, "tooljet": self._tooljet}[tool]
        self._widgets: dict[tuple[int, Any], tuple[Step, ...]] = {}
        if tool == "appsmith":
            self._widgets = dict(_widgets(self._source))

    def of(self, path: Sequence[Step]) -> tuple[Step, ...]:
        """The path in the export; as far as it is known there."""
        if len(path) < 2 or path[0] not in self._document:
            return ()
        element = mapping(mapping(self._document[str(path[0])]).get(str(path[1])))
        return tuple(self._find(str(path[0]), element, path[2:]))

    def _appsmith(
        self, section: str, element: dict[str, Any], rest: Sequence[Step]
    ) -> Sequence[Step]:
        ext = mapping(element.get("ext"))
        index = ext.get("index")
        if section == "components":
            found = self._widgets.get((self._page_index(element), ext.get("sourceId")))
            return () if found is None else (*found, *_widget_path(element, rest))
        if section == "pages" and isinstance(index, int):
            return (
                ("pageList", index, "unpublishedPage", *rest) if "pageList" in self._source else ()
            )
        if section in _APPSMITH_ROWS and isinstance(index, int):
            rows, edited = _APPSMITH_ROWS[section]
            inside = rest
            if section == "queries" and rest[:1] in (("body",), ("config",)):
                inside = ("actionConfiguration", *(rest if rest[0] == "body" else rest[1:]))
            return (rows, index, edited, *inside)
        if section == "dataSources" and isinstance(index, int):
            return (
                "datasourceList",
                index,
                *(("datasourceConfiguration", *rest[1:]) if rest[:1] == ("config",) else rest),
            )
        return ()

    def _page_index(self, component: dict[str, Any]) -> int:
        components = self._document["components"]
        for _ in range(200):
            place = mapping(component.get("place"))
            if "page" in place:
                page = mapping(self._document["pages"].get(place["page"]))
                index = mapping(page.get("ext")).get("index")
                return index if isinstance(index, int) else 0
            component = mapping(components.get(place.get("parent")))
        return 0

    def _tooljet(
        self, section: str, element: dict[str, Any], rest: Sequence[Step]
    ) -> Sequence[Step]:
        ext = mapping(element.get("ext"))
        v2 = v2_of(self._source)
        index, id = ext.get("index"), ext.get("sourceId")
        if v2 is None:
            if section == "components":
                base: tuple[Step, ...] = ("editingVersion", "definition", "components", str(id))
                return (*base, "component", *_group_path(rest, ("definition",)))
            key = {"queries": "dataQueries", "dataSources": "dataSources"}.get(section)
            return (key, index, *_row_path(ext, rest)) if key and isinstance(index, int) else ()
        app: tuple[Step, ...] = ("app", 0) if isinstance(self._source["app"], list) else ("app",)
        app = (*app, "definition", "appV2")
        key = {"queries": "dataQueries"}.get(section, section)
        if not isinstance(index, int):
            return app
        if section == "components":
            return (*app, key, index, *_group_path(rest, ()))
        return (*app, key, index, *_row_path(ext, rest))


def _row_path(ext: dict[str, Any], rest: Sequence[Step]) -> Sequence[Step]:
    if rest[:1] == ("body",):
        return ("options", str(ext.get("body", "query")))
    return ("options", *rest[1:]) if rest[:1] == ("config",) else rest


def _group_path(rest: Sequence[Step], before: tuple[Step, ...]) -> Sequence[Step]:
    if len(rest) < 2 or rest[0] not in ("props", "style"):
        return rest[:1] if rest[:1] == ("name",) else ()
    flat = str(rest[1])
    group, _, name = flat.partition(".")
    if group not in GROUPS or not name:
        group, name = ("properties" if rest[0] == "props" else "styles"), flat
    return (*before, group, name, "value", *rest[2:])


def _widget_path(component: dict[str, Any], rest: Sequence[Step]) -> Sequence[Step]:
    if not rest:
        return ()
    if rest[0] == "props":
        return rest[1:]
    if rest[0] == "events" and len(rest) > 1:
        on = mapping(mapping(component.get("events")).get(str(rest[1]))).get("on")
        return (on,) if isinstance(on, str) else ()
    if rest[0] == "name":
        return ("widgetName",)
    if rest[0] == "layout" and len(rest) > 2:
        return (_MOBILE.get(str(rest[2]), rest[2]) if rest[1] == "mobile" else rest[2],)
    return ("type",) if rest[0] == "type" else ()


def _widgets(export: dict[str, Any]) -> Iterator[tuple[tuple[int, Any], tuple[Step, ...]]]:
    """Page and widgetId → path, of every widget of an export."""
    roots: list[tuple[int, Json, tuple[Step, ...]]] = []
    if "pageList" not in export:
        roots.append((0, export.get("dsl"), ("dsl",)))
    for index, page in enumerate(sequence(export.get("pageList"))):
        layouts = sequence(mapping(mapping(page).get("unpublishedPage")).get("layouts"))
        if layouts:
            path: tuple[Step, ...] = ("pageList", index, "unpublishedPage", "layouts", 0, "dsl")
            roots.append((index, mapping(layouts[0]).get("dsl"), path))
    for index, root, path in roots:
        queue = [(mapping(root), path)]
        for widget, where in queue:
            if widget.get("widgetId") != MAIN and isinstance(widget.get("widgetId"), str):
                yield (index, widget["widgetId"]), where
            children = sequence(widget.get("children"))
            queue.extend(
                (mapping(child), (*where, "children", turn)) for turn, child in enumerate(children)
            )
