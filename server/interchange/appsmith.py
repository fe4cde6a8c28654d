"""Appsmith's application export → a design.

Read are whole exports (`pageList`, `actionList`, `datasourceList`, …) and bare page layouts (`{"dsl": …}`).
What becomes what:

    widget              component (`appsmith_widget`). The canvases that Appsmith puts into containers stay
                        components, so that the way back is open
    position            order among siblings from top to bottom, left to right; the order in the source's
                        list is kept where it is another one
    action              query; those of JavaScript objects are inside their script's body already
    JavaScript object   script
    data source         data source, secrets replaced by {"$secret": name}
    what is published   kept aside as it is: nobody edits it here

Everything gets new ids (Appsmith's repeat from page to page), made from the old ones, so the same export
gives the same document. `appsmith_export` is the way back.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from ot.types import Json

from ..document.limits import MAX_ELEMENTS, MAX_TREE_DEPTH
from ..document.model import new_design
from ..document.order import keys_between
from ..errors import Code, DesignError
from .appsmith_script import digest
from .appsmith_widget import MAIN, component_of, position_of
from .bindings import expression_paths, remembered
from .fit import Ids, Names, identifier, mapping, sequence, text, value
from .imported import Imported, Report
from .kept import keep
from .secrets import without_secrets

__all__ = ["ACTION_SETTINGS", "APP_SETTINGS", "PAGE_SETTINGS", "import_appsmith"]

APP_SETTINGS: Final = (
    "unpublishedAppLayout",
    "applicationVersion",
    "color",
    "icon",
    "slug",
    "isPublic",
)
PAGE_SETTINGS: Final = ("slug", "isHidden", "icon")
ACTION_SETTINGS: Final = ("executeOnLoad", "confirmBeforeExecute", "runBehaviour")
"""Keys of an action beside its configuration that people set: they are in a query's `config` too."""

_MODELLED: Final = frozenset(
    {"exportedApplication", "pageList", "actionList", "actionCollectionList", "datasourceList"}
    | {"decryptedFields", "editModeTheme", "customJSLibList"}
)


def import_appsmith(data: Json, name: str | None = None) -> Imported:
    """Make a design of an export.

    Args: data: the file's JSON. name: what to call the design; None: as in the export.
    Returns: a document that `Design.from_json` takes, and a report: counts, repairs and replaced secrets.
    Raises: DesignError(IMPORT) for what is no export of Appsmith, or is too large.
    """
    source = mapping(data)
    bare = isinstance(source.get("dsl"), dict) and "pageList" not in source
    if bare:
        whole = {"pageList": [{"unpublishedPage": {"name": "Page1", "layouts": [source]}}]}
    else:
        whole = source
    if not isinstance(whole.get("pageList"), list):
        raise DesignError(Code.IMPORT, "This file is no export of an Appsmith application.")
    importer = _Importer(whole, text(name, 128) or None)
    if bare:
        importer.document["ext"] = {"shape": "dsl"}
    return Imported(importer.document, importer.report.to_json("appsmith"))


class _Importer:
    """One import: the document and the report as they grow."""

    def __init__(self, source: dict[str, Any], name: str | None) -> None:
        self.report = Report()
        self._ids = Ids()
        self._names = Names()
        self._pages: dict[str, str] = {}  # Appsmith's id or name of a page → ours
        self._sources: dict[str, str] = {}  # the same of data sources
        self._widget_ids: set[tuple[str, str]] = (
            set()
        )  # page and Appsmith's id of the widgets so far
        self._collections: list[str] = []  # Appsmith's ids of the JavaScript objects
        app = mapping(source.get("exportedApplication"))
        self.document = new_design(name or text(app.get("name"), 128, "Imported design"))
        self.document["pages"] = {}
        aside: dict[str, Json] = {}
        self._about(source, app, aside)
        self._data_sources(source, aside)
        self._all_pages(source, app, aside)
        self._rows(source, "actionList", self._query, aside)
        self._rows(source, "actionCollectionList", self._script, aside)
        rest = {key: each for key, each in source.items() if key not in _MODELLED}
        if rest:
            aside["rest"] = keep(without_secrets(rest, "ext", "rest", self.report))
        aside["pages"] = keep(sorted(self._pages))
        if self._collections:
            aside["collections"] = keep(self._collections)
        aside["keys"] = [key for key in source if key in _MODELLED]
        self.document["ext"] = aside
        for section in ("pages", "components", "queries", "scripts", "dataSources"):
            count = self.report.counts[section] = len(self.document[section])
            if count > MAX_ELEMENTS:
                raise DesignError(
                    Code.IMPORT,
                    f"This export has {count:,} {section}; a design may have {MAX_ELEMENTS:,}.",
                    limit=MAX_ELEMENTS,
                    actual=count,
                )

    def _about(self, source: dict[str, Any], app: dict[str, Any], aside: dict[str, Json]) -> None:
        origin: dict[str, Json] = {"tool": "appsmith"}
        for key in ("clientSchemaVersion", "serverSchemaVersion"):
            if isinstance(version := source.get(key), int | float):
                origin[key] = value(version, "meta", self.report)
        self.document["meta"]["importedFrom"] = origin
        self.document["theme"] = value(mapping(source.get("editModeTheme")), "theme", self.report)
        settings = {key: app[key] for key in APP_SETTINGS if key in app}
        self.document["settings"] = value(settings, "settings", self.report)
        if app:
            other = {key: each for key, each in app.items() if key not in (*APP_SETTINGS, "name")}
            aside["application"] = keep(without_secrets(other, "settings", "app", self.report))
            if app.get("name") != self.document["meta"]["name"]:
                aside["name"] = {"is": keep(app.get("name")), "was": self.document["meta"]["name"]}
        libraries = sequence(source.get("customJSLibList"))
        keys = [
            text(mapping(each).get("uidString") or mapping(each).get("name"), 200)
            for each in libraries
        ]
        if len(set(keys)) == len(keys) <= 500 and all(keys):
            for key, each in zip(keys, libraries, strict=True):
                self.document["libraries"][key] = value(each, "libraries", self.report)
        else:
            aside["libraries"] = keep(libraries)

    # -- data sources ------------------------------------------------------------------------------

    def _data_sources(self, source: dict[str, Any], aside: dict[str, Json]) -> None:
        decrypted = mapping(source.get("decryptedFields"))
        if "decryptedFields" in source:
            hidden = without_secrets(decrypted, "dataSources", "decrypted", self.report)
            aside["decrypted"] = keep(hidden)
        self._rows(source, "datasourceList", self._data_source, aside)

    def _data_source(self, source: dict[str, Any], index: int) -> bool:
        if _is_deleted(source) or source.get("deletedAt") is not None:
            return False
        name = text(source.get("name"), 128, "Data source")
        id = self._ids.new("d", source.get("id"), name)
        element = f"dataSources/{id}"
        config = value(mapping(source.get("datasourceConfiguration")), element, self.report)
        other = {
            key: each
            for key, each in source.items()
            if key not in ("name", "pluginId", "datasourceConfiguration")
        }
        self.document["dataSources"][id] = {
            "name": name,
            "kind": _kind(source.get("pluginId")),
            "config": without_secrets(config, element, name, self.report),
            "ext": self._ext(
                source.get("id") or source.get("gitSyncId"),
                index,
                was=source.get("name"),
                row=without_secrets(other, element, name, self.report),
                pluginId=source.get("pluginId"),
                bare=None if "datasourceConfiguration" in source else True,
            ),
        }
        for known in (source.get("id"), source.get("name")):
            if isinstance(known, str):
                self._sources.setdefault(known, id)
        return True

    # -- pages and their widgets -------------------------------------------------------------------

    def _all_pages(
        self, source: dict[str, Any], app: dict[str, Any], aside: dict[str, Json]
    ) -> None:
        found = []
        gone = []
        for index, each in enumerate(sequence(source.get("pageList"))):
            wrapper = mapping(each)
            page = mapping(wrapper.get("unpublishedPage"))
            if not page or page.get("deletedAt") is not None or _is_deleted(wrapper):
                gone.append([index, each])
                continue
            found.append((index, wrapper, page))
        if gone:
            aside["pageList"] = keep(gone)
        wanted = [mapping(each).get("id") for each in sequence(app.get("pages"))]
        if isinstance(source.get("pageOrder"), list):
            wanted = source["pageOrder"]
        rank = {id: place for place, id in enumerate(wanted) if isinstance(id, str)}
        found.sort(key=lambda each: _rank(rank, each[1], each[2]))
        if not found:
            found = [(0, {}, {"name": "Page1"})]
            aside["pageless"] = True
        orders = keys_between(None, None, len(found))
        for (index, wrapper, page), order in zip(found, orders, strict=True):
            self._page(index, wrapper, page, order)

    def _page(self, index: int, wrapper: dict[str, Any], page: dict[str, Any], order: str) -> None:
        name = text(page.get("name"), 128, "Page")
        id = self._ids.new("p", wrapper.get("id"), name)
        element = f"pages/{id}"
        layouts = sequence(page.get("layouts"))
        layout = mapping(layouts[0] if layouts else {})
        root = mapping(layout.get("dsl"))
        settings: dict[str, Json] = {key: page[key] for key in PAGE_SETTINGS if key in page}
        canvas = {key: each for key, each in root.items() if key != "children"}
        told = ("name", "layouts", *PAGE_SETTINGS)
        published = wrapper.get("publishedPage")
        self.document["pages"][id] = {
            "name": name,
            "order": order,
            "settings": value(settings, element, self.report),
            "canvas": value(canvas, element, self.report),
            "ext": self._ext(
                wrapper.get("id") or wrapper.get("gitSyncId"),
                index,
                was=page.get("name"),
                row={
                    k: v
                    for k, v in wrapper.items()
                    if k not in ("unpublishedPage", "publishedPage")
                },
                page={k: v for k, v in page.items() if k not in told},
                layout={k: v for k, v in layout.items() if k != "dsl"},
                further=layouts[1:],
                shape=_shape(page, layouts, layout, root),
                published=published,
                hasPublished=True if "publishedPage" in wrapper and not published else None,
            ),
        }
        for known in (wrapper.get("id"), page.get("name"), mapping(published).get("name")):
            if isinstance(known, str):
                self._pages.setdefault(known, id)
        self._widgets(id, root)

    def _widgets(self, page: str, root: dict[str, Any]) -> None:
        # Not by recursion: how deep a file nests is its maker's choice.
        queue: list[tuple[dict[str, Any], str | None, int]] = [(root, None, 0)]
        for container, parent, depth in queue:
            entries = sequence(container.get("children"))
            children = [each for each in entries if isinstance(each, dict)]
            above = _source_id(container) if parent else MAIN
            if others := len(entries) - len(children):
                self.report.repaired(f"pages/{page}", "children that are no widgets", others, None)
            if children and depth >= MAX_TREE_DEPTH:
                raise DesignError(
                    Code.IMPORT,
                    f"This export nests widgets more than {MAX_TREE_DEPTH} deep.",
                    limit=MAX_TREE_DEPTH,
                )
            order = sorted(range(len(children)), key=lambda at: (*position_of(children[at]), at))
            keys = dict(zip(order, keys_between(None, None, len(children)), strict=True))
            is_listed_otherwise = order != sorted(order)
            for index, child in enumerate(children):
                place: dict[str, Json] = {"slot": "content", "order": keys[index]}
                if parent is None:
                    place["page"] = page
                else:
                    place["parent"] = parent
                    place["slot"] = text(child.get("tabId"), 64, "content")
                at = {"in": above, "index": index} if is_listed_otherwise else None
                queue.append((child, self._widget(page, child, place, above, at), depth + 1))

    def _widget(
        self,
        page: str,
        widget: dict[str, Any],
        place: dict[str, Json],
        above: str,
        at: dict[str, Json] | None,
    ) -> str:
        id = self._ids.new("c", page, widget.get("widgetId"))
        element = f"components/{id}"
        component = component_of(widget, element, self.report)
        ext = component.setdefault("ext", {})
        if at is not None:
            ext["at"] = at
        if (page, ext.get("sourceId")) in self._widget_ids:
            self.report.repaired(element, "widgetId", ext.pop("sourceId"), id)
        self._widget_ids.add((page, ext.get("sourceId", id)))
        if widget.get("parentId") != (above or None):
            ext["parentId"] = {"under": above}
            if "parentId" in widget:
                ext["parentId"]["is"] = keep(widget["parentId"])
        if "tabId" in widget and widget["tabId"] != place["slot"]:
            ext.setdefault("source", {})["tabId"] = keep(widget["tabId"])
        if "children" in widget and not sequence(widget["children"]):
            ext["children"] = keep(widget["children"])
        name = self._name(element, page, widget.get("widgetName"), _plain(component["type"]))
        self.document["components"][id] = {
            "type": component["type"],
            "typeVersion": component["typeVersion"],
            "name": name,
            "place": place,
            **{key: each for key, each in component.items() if key not in ("type", "typeVersion")},
        }
        return id

    # -- queries and scripts -----------------------------------------------------------------------

    def _rows(self, source: dict[str, Any], key: str, take: Any, aside: dict[str, Json]) -> None:
        """Take the rows of a list; those that are no element of ours are kept aside with their index."""
        others = [
            [index, each]
            for index, each in enumerate(sequence(source.get(key)))
            if not isinstance(each, dict) or not take(each, index)
        ]
        if others:
            aside[key] = keep(without_secrets(others, "ext", key, self.report))

    def _query(self, wrapper: dict[str, Any], index: int) -> bool:
        action = mapping(wrapper.get("unpublishedAction"))
        if not action or action.get("deletedAt") is not None or _is_deleted(wrapper):
            return False
        if wrapper.get("pluginType") == "JS" or action.get("collectionId") is not None:
            return False
        page = self._page_of(action)
        id = self._ids.new("q", wrapper.get("id"), page, action.get("name"))
        element = f"queries/{id}"
        configuration = mapping(action.get("actionConfiguration"))
        config = dict(configuration)
        body = config.pop("body", "")
        if body is not None and not isinstance(body, str):
            config["body"] = body
        for key in ACTION_SETTINGS:
            if key in action and key not in config:
                config[key] = action[key]
        source = mapping(action.get("datasource"))
        known = [each for each in (source.get("id"), source.get("name")) if isinstance(each, str)]
        used = next((self._sources[each] for each in known if each in self._sources), None)
        config = value(config, element, self.report)
        name = self._name(element, page, action.get("name"), "Query")
        told = ("name", "actionConfiguration", "dynamicBindingPathList", *ACTION_SETTINGS)
        other = {k: v for k, v in action.items() if k not in told}
        note = remembered(action.get("dynamicBindingPathList"), expression_paths(configuration))
        if note is None:
            other["dynamicBindingPathList"] = action["dynamicBindingPathList"]
        elif note:
            note = {"bindings": note}
        self.document["queries"][id] = {
            "name": name,
            "page": page,
            "dataSource": used,
            "kind": _kind(wrapper.get("pluginId") or source.get("pluginId")),
            "body": self._long(element, "body", body, 1_000_000),
            "config": without_secrets(config, element, name, self.report),
            "ext": self._ext(
                wrapper.get("id"),
                index,
                was=action.get("name"),
                row={
                    k: v
                    for k, v in wrapper.items()
                    if k not in ("unpublishedAction", "publishedAction")
                },
                action=without_secrets(other, element, name, self.report),
                published=without_secrets(
                    wrapper.get("publishedAction"), element, name, self.report
                ),
                hasPublished=True if wrapper.get("publishedAction", 0) in ({}, None) else None,
                bodyless=True if "body" not in configuration else None,
                bodyNull=True if "body" in configuration and body is None else None,
                source=used,
                at_page=page,
                **(note or {}),
            ),
        }
        return True

    def _script(self, wrapper: dict[str, Any], index: int) -> bool:
        collection = mapping(wrapper.get("unpublishedCollection"))
        if not collection or collection.get("deletedAt") is not None or _is_deleted(wrapper):
            return False
        page = self._page_of(collection)
        id = self._ids.new("s", wrapper.get("id"), page, collection.get("name"))
        element = f"scripts/{id}"
        variables = {"variables": collection["variables"]} if "variables" in collection else {}
        name = self._name(element, page, collection.get("name"), "JSObject")
        body = self._long(element, "body", collection.get("body"), 1_000_000)
        told = ("name", "body", "variables")
        wraps = ("unpublishedCollection", "publishedCollection")
        if isinstance(source_id := wrapper.get("id"), str):
            self._collections.append(source_id)
        self.document["scripts"][id] = {
            "name": name,
            "page": page,
            "body": body,
            "config": value(variables, element, self.report),
            "ext": self._ext(
                wrapper.get("id"),
                index,
                was=collection.get("name"),
                row={k: v for k, v in wrapper.items() if k not in wraps},
                collection={k: v for k, v in collection.items() if k not in told},
                published=wrapper.get("publishedCollection"),
                hasPublished=True if wrapper.get("publishedCollection", 0) in ({}, None) else None,
                bodyless=None if isinstance(collection.get("body"), str) else True,
                digest=digest(body),
                at_page=page,
            ),
        }
        return True

    # -- what all have -----------------------------------------------------------------------------

    def _page_of(self, source: dict[str, Any]) -> str | None:
        """Our id of the page that a query or script is on; None, so app-wide, where it is on none."""
        page = source.get("pageId")
        return self._pages.get(page) if isinstance(page, str) else None

    def _name(self, element: str, page: str | None, wanted: Json, default: str) -> str:
        name = self._names.give(page, identifier(wanted, default))
        if name != wanted:
            self.report.repaired(element, "name", wanted, name)
        return name

    def _long(self, element: str, what: str, source: Json, limit: int) -> str:
        whole = text(source, limit)
        if isinstance(source, str) and whole != source:
            self.report.repaired(
                element, f"{text(what, 64)} of {len(source):,} characters", source, whole
            )
        return whole

    def _ext(self, source_id: Json, index: int, **notes: Any) -> dict[str, Any]:
        """What is kept beside an element: notes that say something, each as an `ext` may hold it."""
        ext: dict[str, Any] = {"index": index}
        if isinstance(source_id, str) and source_id:
            ext["sourceId"] = text(source_id, 200)
        ext |= {key: keep(note) for key, note in notes.items() if note not in (None, {}, [])}
        return ext


def _shape(page: Any, layouts: list[Any], layout: Any, root: Any) -> list[str]:
    """Which parts of a page's frame are there at all: an export leaves out what was."""
    marks = (
        ("layouts", "layouts" in page),
        ("layout", bool(layouts)),
        ("dsl", "dsl" in layout),
        ("children", "children" in root),
    )
    return [name for name, there in marks if not there]


def _is_deleted(row: dict[str, Any]) -> bool:
    return row.get("deleted") is True


def _source_id(widget: dict[str, Any]) -> str:
    return text(widget.get("widgetId"), 200)


def _rank(rank: Mapping[str, int], wrapper: dict[str, Any], page: dict[str, Any]) -> int:
    places = [
        rank[known]
        for known in (wrapper.get("id"), page.get("name"))
        if isinstance(known, str) and known in rank
    ]
    return min(places, default=len(rank))


def _kind(plugin: Json) -> str:
    """`postgres` for `postgres-plugin`."""
    return text(plugin, 64, "unknown").removesuffix("-plugin") or "unknown"


def _plain(type_name: str) -> str:
    """`Button` for `BUTTON_WIDGET`, for a widget without a name."""
    words = type_name.removesuffix("_WIDGET").split("_")
    return "".join(word.capitalize() for word in words) or "Widget"
