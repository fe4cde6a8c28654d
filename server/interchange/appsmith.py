"""Appsmith's application export → a design.

Read are whole exports (`pageList`, `actionList`, `datasourceList`, …: the edited state, not the published
one) and bare page layouts (`{"dsl": …}`). What becomes what:

    widget              component; `type` stays (BUTTON_WIDGET), `version` is its typeVersion. The canvases that
                        Appsmith puts into containers stay components, so that a way back is open
    position            order among siblings from top to bottom, left to right; *Row and *Column are the layout
    keys on…            events
    all other keys      props; the editor's own bookkeeping goes to `ext` or is dropped, and counted
    action              query; those of JavaScript objects are inside their script's body already
    JavaScript object   script
    data source         data source, secrets replaced by {"$secret": name}

Everything gets new ids (Appsmith's repeat from page to page), made from the old ones, so the same export
gives the same document.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from ot.types import Json

from ..document.limits import MAX_ELEMENTS, MAX_TREE_DEPTH
from ..document.model import new_design
from ..document.order import keys_between
from ..errors import Code, DesignError
from .fit import Ids, Names, identifier, leftovers, mapping, sequence, text, value
from .imported import Imported, Report
from .secrets import without_secrets

__all__ = ["import_appsmith"]

_DESKTOP: Final = ("topRow", "bottomRow", "leftColumn", "rightColumn", "minHeight", "minWidth")
_MOBILE: Final = {
    "mobileTopRow": "topRow",
    "mobileBottomRow": "bottomRow",
    "mobileLeftColumn": "leftColumn",
    "mobileRightColumn": "rightColumn",
}
_STRUCTURE: Final = frozenset(
    {
        "widgetId",
        "widgetName",
        "type",
        "version",
        "children",
        "parentId",
        "tabId",
        *_DESKTOP,
        *_MOBILE,
    }
)
_BOOKKEEPING: Final = frozenset(
    {
        *(
            "renderMode",
            "isLoading",
            "parentRowSpace",
            "parentColumnSpace",
            "displayName",
            "hideCard",
        ),
        *("iconSVG", "thumbnailSVG", "isDeprecated", "replacement", "searchTags", "tags", "key"),
        *(
            "dynamicBindingPathList",
            "dynamicTriggerPathList",
            "dynamicPropertyPathList",
            "logBlackList",
        ),
        *(
            "originalTopRow",
            "originalBottomRow",
            "needsErrorInfo",
            "needsHeightForContent",
            "blueprint",
        ),
        *("bottomRowBeforeCollapse", "topRowBeforeCollapse", "hasAutoHeight", "shouldShowTabs"),
        *(
            "widgetCost",
            "enhancements",
            "features",
            "onCanvasUI",
            "methods",
            "eagerRender",
            "needsMeta",
        ),
    }
)
_DERIVED: Final = frozenset(
    {"dynamicBindingPathList", "iconSVG", "thumbnailSVG", "searchTags", "tags"}
)
"""Bookkeeping that Appsmith makes anew: not kept at all."""


def import_appsmith(data: Json, name: str | None = None) -> Imported:
    """Make a design of an export.

    Args: data: the file's JSON. name: what to call the design; None: as in the export.
    Returns: a document that `Design.from_json` takes, and a report: counts, repairs, replaced secrets and
        what was dropped.
    Raises: DesignError(IMPORT) for what is no export of Appsmith, or is too large.
    """
    source = mapping(data)
    if isinstance(source.get("dsl"), dict):
        source = {"pageList": [{"unpublishedPage": {"name": "Page1", "layouts": [source]}}]}
    if not isinstance(source.get("pageList"), list):
        raise DesignError(Code.IMPORT, "This file is no export of an Appsmith application.")
    importer = _Importer(source, text(name, 128) or None)
    return Imported(importer.document, importer.report.to_json("appsmith"))


class _Importer:
    """One import: the document and the report as they grow."""

    def __init__(self, source: dict[str, Any], name: str | None) -> None:
        self.report = Report()
        self._ids = Ids()
        self._names = Names()
        self._pages: dict[str, str] = {}  # Appsmith's id or name of a page → ours
        self._sources: dict[str, str] = {}  # the same of data sources
        app = mapping(source.get("exportedApplication"))
        self.document = new_design(name or text(app.get("name"), 128, "Imported design"))
        self.document["pages"] = {}
        self._about(source, app)
        for each in sequence(source.get("datasourceList")):
            self._data_source(mapping(each), mapping(source.get("decryptedFields")))
        self._all_pages(source, app)
        for each in sequence(source.get("actionList")):
            self._query(mapping(each))
        for each in sequence(source.get("actionCollectionList")):
            self._script(mapping(each))
        for section in ("pages", "components", "queries", "scripts", "dataSources"):
            count = self.report.counts[section] = len(self.document[section])
            if count > MAX_ELEMENTS:
                raise DesignError(
                    Code.IMPORT,
                    f"This export has {count:,} {section}; a design may have {MAX_ELEMENTS:,}.",
                    limit=MAX_ELEMENTS,
                    actual=count,
                )

    def _about(self, source: dict[str, Any], app: dict[str, Any]) -> None:
        origin: dict[str, Json] = {"tool": "appsmith"}
        for key in ("clientSchemaVersion", "serverSchemaVersion"):
            if isinstance(version := source.get(key), int | float):
                origin[key] = value(version, "meta", self.report)
        self.document["meta"]["importedFrom"] = origin
        theme = leftovers(mapping(source.get("editModeTheme")), self.report, limit=20_000)
        self.document["theme"] = theme
        kept = ("unpublishedAppLayout", "applicationVersion", "color", "icon", "slug", "isPublic")
        settings = {key: app[key] for key in kept if key in app}
        self.document["settings"] = leftovers(settings, self.report)
        libraries = self.document["libraries"]
        for each in sequence(source.get("customJSLibList"))[:500]:
            library = mapping(each)
            key = text(library.get("uidString") or library.get("name"), 200)
            if key:
                libraries[key] = leftovers(library, self.report)

    # -- data sources ------------------------------------------------------------------------------

    def _data_source(self, source: dict[str, Any], decrypted: dict[str, Any]) -> None:
        if source.get("deletedAt") is not None or source.get("deleted") is True:
            self.report.dropped["deleted data source"] += 1
            return
        name = text(source.get("name"), 128, "Data source")
        id = self._ids.new("d", source.get("id"), name)
        element = f"dataSources/{id}"
        config = dict(mapping(source.get("datasourceConfiguration")))
        secrets = mapping(decrypted.get(name)) if name in decrypted else {}
        if secrets:
            config["authentication"] = {**mapping(config.get("authentication")), **secrets}
        config = value(config, element, self.report)
        self.document["dataSources"][id] = {
            "name": name,
            "kind": _kind(source.get("pluginId")),
            "config": _within(without_secrets(config, element, name, self.report), 200),
            "ext": self._ext(source.get("id") or source.get("gitSyncId"), {}),
        }
        for known in (source.get("id"), source.get("name")):
            if isinstance(known, str):
                self._sources.setdefault(known, id)

    # -- pages and their widgets -------------------------------------------------------------------

    def _all_pages(self, source: dict[str, Any], app: dict[str, Any]) -> None:
        found = []
        for each in sequence(source.get("pageList")):
            wrapper = mapping(each)
            page = mapping(wrapper.get("unpublishedPage"))
            if not page or page.get("deletedAt") is not None or wrapper.get("deleted") is True:
                self.report.dropped["deleted page"] += 1
                continue
            found.append((wrapper, page))
        wanted = [mapping(each).get("id") for each in sequence(app.get("pages"))]
        if isinstance(source.get("pageOrder"), list):
            wanted = source["pageOrder"]
        rank = {id: place for place, id in enumerate(wanted) if isinstance(id, str)}
        found.sort(key=lambda each: _rank(rank, each))
        if not found:
            found = [({}, {"name": "Page1"})]
        orders = keys_between(None, None, len(found))
        for (wrapper, page), order in zip(found, orders, strict=True):
            self._page(wrapper, page, order)

    def _page(self, wrapper: dict[str, Any], page: dict[str, Any], order: str) -> None:
        name = text(page.get("name"), 128, "Page")
        id = self._ids.new("p", wrapper.get("id"), name)
        layouts = sequence(page.get("layouts"))
        if len(layouts) > 1:
            self.report.dropped["further layout of a page"] += len(layouts) - 1
        root = mapping(mapping(layouts[0] if layouts else {}).get("dsl"))
        settings: dict[str, Json] = {
            key: page[key] for key in ("slug", "isHidden", "icon") if key in page
        }
        canvas = {key: each for key, each in root.items() if key != "children"}
        self.document["pages"][id] = {
            "name": name,
            "order": order,
            "settings": leftovers(settings, self.report),
            "canvas": leftovers(canvas, self.report, limit=4_000),
            "ext": self._ext(wrapper.get("id") or wrapper.get("gitSyncId"), {}),
        }
        for known in (
            wrapper.get("id"),
            page.get("name"),
            mapping(wrapper.get("publishedPage")).get("name"),
        ):
            if isinstance(known, str):
                self._pages.setdefault(known, id)
        self._widgets(id, root)

    def _widgets(self, page: str, root: dict[str, Any]) -> None:
        # Not by recursion: how deep a file nests is its maker's choice.
        queue: list[tuple[dict[str, Any], str | None, int]] = [(root, None, 0)]
        for container, parent, depth in queue:
            children = [
                each for each in sequence(container.get("children")) if isinstance(each, dict)
            ]
            if others := len(sequence(container.get("children"))) - len(children):
                self.report.dropped["child that is no widget"] += others
            if children and depth >= MAX_TREE_DEPTH:
                raise DesignError(
                    Code.IMPORT,
                    f"This export nests widgets more than {MAX_TREE_DEPTH} deep.",
                    limit=MAX_TREE_DEPTH,
                )
            order = sorted(
                range(len(children)), key=lambda index: (*_position(children[index]), index)
            )
            keys = dict(zip(order, keys_between(None, None, len(children)), strict=True))
            for index, child in enumerate(children):
                place: dict[str, Json] = {"slot": "content", "order": keys[index]}
                if parent is None:
                    place["page"] = page
                else:
                    place["parent"] = parent
                    place["slot"] = text(child.get("tabId"), 64, "content")
                queue.append((child, self._widget(page, child, place), depth + 1))
        self.report.dropped += (
            self.report.dropped.__class__()
        )  # Forget what was counted as nothing.

    def _widget(self, page: str, widget: dict[str, Any], place: dict[str, Json]) -> str:
        id = self._ids.new("c", page, widget.get("widgetId"))
        element = f"components/{id}"
        kind = text(widget.get("type"), 64)
        named = identifier(kind, "WIDGET")
        if named != kind or "$" in named or named.startswith("_"):
            named = "UNKNOWN_WIDGET"
            self.report.repaired(element, "type", widget.get("type"), named)
        events = dict(_events(widget))
        props = {
            key: each
            for key, each in widget.items()
            if key not in _STRUCTURE and key not in _BOOKKEEPING and key not in events
        }
        component: dict[str, Json] = {
            "type": named,
            "typeVersion": _version(widget.get("version")),
            "name": self._name(element, page, widget.get("widgetName"), _plain(named)),
            "place": place,
            "layout": value(_layout(widget), element, self.report),
            "props": _within(value(props, element, self.report), 500),
        }
        if events:
            orders = keys_between(None, None, len(events))
            component["events"] = {
                f"e{number}": {
                    "on": text(key, 128),
                    "order": order,
                    "run": self._long(element, key, run, 100_000),
                }
                for number, ((key, run), order) in enumerate(
                    zip(events.items(), orders, strict=True), 1
                )
            }
        if derived := len(_DERIVED & widget.keys()):
            self.report.dropped["what Appsmith works out anew"] += derived
        rest = {key: widget[key] for key in widget if key in _BOOKKEEPING and key not in _DERIVED}
        component["ext"] = self._ext(widget.get("widgetId"), rest)
        self.document["components"][id] = component
        return id

    # -- queries and scripts -----------------------------------------------------------------------

    def _query(self, wrapper: dict[str, Any]) -> None:
        action = mapping(wrapper.get("unpublishedAction"))
        if not action or action.get("deletedAt") is not None or wrapper.get("deleted") is True:
            self.report.dropped["deleted action"] += 1
            return
        if wrapper.get("pluginType") == "JS" or action.get("collectionId") is not None:
            self.report.dropped["action of a JavaScript object"] += 1
            return
        page = self._page_of(action)
        id = self._ids.new("q", wrapper.get("id"), page, action.get("name"))
        element = f"queries/{id}"
        config = dict(mapping(action.get("actionConfiguration")))
        body = config.pop("body", "")
        if body is not None and not isinstance(body, str):
            config["body"] = body
        for key in ("executeOnLoad", "confirmBeforeExecute", "runBehaviour"):
            if key in action:
                config[key] = action[key]
        source = mapping(action.get("datasource"))
        known = [each for each in (source.get("id"), source.get("name")) if isinstance(each, str)]
        used = next((self._sources[each] for each in known if each in self._sources), None)
        if used is None and source.get("datasourceConfiguration"):
            config["datasourceConfiguration"] = source["datasourceConfiguration"]
        config = value(config, element, self.report)
        name = self._name(element, page, action.get("name"), "Query")
        self.document["queries"][id] = {
            "name": name,
            "page": page,
            "dataSource": used,
            "kind": _kind(wrapper.get("pluginId") or source.get("pluginId")),
            "body": self._long(element, "body", body, 1_000_000),
            "config": _within(without_secrets(config, element, name, self.report), 500),
            "ext": self._ext(wrapper.get("id"), {}),
        }

    def _script(self, wrapper: dict[str, Any]) -> None:
        collection = mapping(wrapper.get("unpublishedCollection"))
        if (
            not collection
            or collection.get("deletedAt") is not None
            or wrapper.get("deleted") is True
        ):
            self.report.dropped["deleted JavaScript object"] += 1
            return
        page = self._page_of(collection)
        id = self._ids.new("s", wrapper.get("id"), page, collection.get("name"))
        element = f"scripts/{id}"
        variables = {"variables": sequence(collection.get("variables"))}
        self.document["scripts"][id] = {
            "name": self._name(element, page, collection.get("name"), "JSObject"),
            "page": page,
            "body": self._long(element, "body", collection.get("body"), 1_000_000),
            "config": leftovers(variables, self.report) if variables["variables"] else {},
            "ext": self._ext(wrapper.get("id"), {}),
        }

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
        kept = text(source, limit)
        if isinstance(source, str) and kept != source:
            self.report.repaired(
                element, f"{text(what, 64)} of {len(source):,} characters", source, kept
            )
        return kept

    def _ext(self, source_id: Json, rest: dict[str, Any]) -> dict[str, Any]:
        ext: dict[str, Any] = {}
        if isinstance(source_id, str) and source_id:
            ext["sourceId"] = text(source_id, 200)
        if kept := leftovers(rest, self.report):
            ext["source"] = kept
        return ext


def _events(widget: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Keys that hold what runs: those that the widget lists as triggers, and filled ones named on…"""
    listed = {
        key
        for each in sequence(widget.get("dynamicTriggerPathList"))
        if isinstance(key := mapping(each).get("key"), str)
    }
    for key, run in widget.items():
        is_event = key in listed or (key[:2] == "on" and key[2:3].isupper())
        if is_event and isinstance(run, str) and run and len(key) <= 128 and key not in _STRUCTURE:
            yield key, run


def _layout(widget: dict[str, Any]) -> dict[str, Any]:
    desktop = {key: widget[key] for key in _DESKTOP if _is_measure(widget.get(key))}
    mobile = {ours: widget[key] for key, ours in _MOBILE.items() if _is_measure(widget.get(key))}
    return {"desktop": desktop} | ({"mobile": mobile} if mobile else {})


def _rank(rank: Mapping[str, int], found: tuple[dict[str, Any], dict[str, Any]]) -> int:
    wrapper, page = found
    places = [
        rank[known]
        for known in (wrapper.get("id"), page.get("name"))
        if isinstance(known, str) and known in rank
    ]
    return min(places, default=len(rank))


def _position(widget: dict[str, Any]) -> tuple[float, float]:
    row: Any = widget.get("topRow")
    column: Any = widget.get("leftColumn")
    return (row if _is_measure(row) else 0, column if _is_measure(column) else 0)


def _is_measure(source: Json) -> bool:
    return isinstance(source, int | float) and not isinstance(source, bool) and abs(source) < 1e9


def _version(source: Json) -> int:
    whole = int(source) if _is_measure(source) else 1
    return whole if 0 <= whole <= 1_000_000 else 1


def _kind(plugin: Json) -> str:
    """`postgres` for `postgres-plugin`."""
    return text(plugin, 64, "unknown").removesuffix("-plugin") or "unknown"


def _plain(type_name: str) -> str:
    """`Button` for `BUTTON_WIDGET`, for a widget without a name."""
    words = type_name.removesuffix("_WIDGET").split("_")
    return "".join(word.capitalize() for word in words) or "Widget"


def _within(source: dict[str, Any], keys: int) -> dict[str, Any]:
    return dict(list(source.items())[:keys])
