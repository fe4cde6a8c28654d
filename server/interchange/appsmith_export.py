"""A design that came from Appsmith → Appsmith's application export.

What people edit is taken from the design; what `appsmith` kept aside fills in the rest: permissions, what is
published, rows of the other tool's own. Derived are anew: the lists of paths with expressions, parents,
ids of what was added, names that other rows repeat, and rows on the canvas where something was put out of
the order in which Appsmith would show it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ot.types import Json

from ..errors import Code, DesignError
from .appsmith import ACTION_SETTINGS, APP_SETTINGS, PAGE_SETTINGS
from .appsmith_script import digest, renewed_rows, renewed_variables
from .appsmith_widget import MAIN, position_of, widget_of
from .bindings import expression_paths, listed
from .fit import mapping, sequence
from .kept import kept

__all__ = ["export_appsmith"]

_HEIGHT = 4
_WIDTH = 16


def export_appsmith(document: Mapping[str, Any]) -> dict[str, Any]:
    """The export of a design that `import_appsmith` has made, with all edits since.

    Raises: DesignError(IMPORT) for a design that did not come from Appsmith, or whose notes are damaged.
    """
    if mapping(document["meta"].get("importedFrom")).get("tool") != "appsmith":
        raise DesignError(Code.IMPORT, "Only a design that came from Appsmith can go back there.")
    try:
        return _Exporter(document).export()
    except (ValueError, KeyError, TypeError) as error:
        raise DesignError(
            Code.IMPORT, f"What the importer kept of this design is damaged: {error}."
        ) from None


class _Exporter:
    def __init__(self, document: Mapping[str, Any]) -> None:
        self._document = document
        self._aside = mapping(document.get("ext"))
        # Appsmith's name of a page or data source as it was → as it is.
        self._renamed = {
            section: {
                was: each["name"]
                for each in document[section].values()
                if isinstance(was := _ext(each).get("was"), str)
            }
            for section in ("pages", "dataSources", "queries", "scripts")
        }
        # Names and ids of the pages that there were: those gone since are taken out of lists of pages.
        self._known_pages = frozenset(sequence(kept(self._aside.get("pages"))))
        self._owners: dict[str, str] = {}
        self._children: dict[tuple[str, str], list[str]] = {}
        for id, each in document["components"].items():
            place = each["place"]
            where = ("parent", place["parent"]) if "parent" in place else ("page", place["page"])
            self._children.setdefault(where, []).append(id)
        for ids in self._children.values():
            ids.sort(key=lambda id: (document["components"][id]["place"]["order"], id))

    def export(self) -> dict[str, Any]:
        document, aside = self._document, self._aside
        if aside.get("shape") == "dsl":
            page = next(iter(document["pages"].items()))
            return self._layout(*page)
        export: dict[str, Any] = {}
        rest = mapping(kept(aside.get("rest")))
        present = set(sequence(aside.get("keys")))
        application = self._application()
        if "exportedApplication" in present:
            export["exportedApplication"] = application
        export |= rest
        if isinstance(order := rest.get("pageOrder"), list):
            export["pageOrder"] = self._ordered_pages(order, lambda name: name)
        if "editModeTheme" in present:
            export["editModeTheme"] = document["theme"]
        if "customJSLibList" in present:
            export["customJSLibList"] = kept(aside["libraries"]) if "libraries" in aside else []
        if libraries := list(document["libraries"].values()):
            export["customJSLibList"] = libraries
        if "decrypted" in aside:
            export["decryptedFields"] = kept(aside["decrypted"])
        pages = [] if aside.get("pageless") else self._section("pages", self._page)
        export["pageList"] = _merged(pages, kept(aside.get("pageList")))
        for key, section, make in (
            ("datasourceList", "dataSources", self._data_source),
            ("actionList", "queries", self._query),
            ("actionCollectionList", "scripts", self._script),
        ):
            others = sequence(kept(aside.get(key)))
            made = self._section(section, make)
            if key == "actionList":
                more, others = self._function_rows(others)
                made += more
            rows = _merged(made, others)
            if rows or key in present:
                export[key] = rows
        return export

    def _application(self) -> dict[str, Any]:
        document = self._document
        application: dict[str, Any] = {**mapping(kept(self._aside.get("application")))}
        application |= {
            key: document["settings"][key] for key in APP_SETTINGS if key in document["settings"]
        }
        name = document["meta"]["name"]
        note = self._aside.get("name")
        if isinstance(note, dict) and note["was"] == name:
            original = kept(note["is"])
            if original is not None:
                application["name"] = original
        else:
            application["name"] = name
        if isinstance(pages := application.get("pages"), list):
            application["pages"] = self._ordered_pages(
                pages, lambda entry: mapping(entry).get("id")
            )
        return application

    def _section(self, section: str, make: Any) -> list[tuple[int | None, Any]]:
        rows = []
        for id, each in self._document[section].items():
            index = _ext(each).get("index")
            rows.append((index if isinstance(index, int) else None, make(id, each)))
        return rows

    # -- pages -------------------------------------------------------------------------------------

    def _page(self, id: str, page: Mapping[str, Any]) -> dict[str, Any]:
        ext = _ext(page)
        wrapper: dict[str, Any] = {**mapping(kept(ext.get("row")))}
        edited: dict[str, Any] = {**mapping(kept(ext.get("page")))}
        if page["name"] != "Page" or "was" in ext:
            edited["name"] = page["name"]
        edited |= {key: page["settings"][key] for key in PAGE_SETTINGS if key in page["settings"]}
        missing = sequence(ext.get("shape"))
        if "layouts" not in missing:
            layouts = [] if "layout" in missing else [self._layout(id, page)]
            edited["layouts"] = layouts + sequence(kept(ext.get("further")))
        wrapper["unpublishedPage"] = edited
        _put_published(wrapper, "publishedPage", ext)
        return wrapper

    def _layout(self, id: str, page: Mapping[str, Any]) -> dict[str, Any]:
        ext = _ext(page)
        layout: dict[str, Any] = {**mapping(kept(ext.get("layout")))}
        if isinstance(actions := layout.get("layoutOnLoadActions"), list):
            layout["layoutOnLoadActions"] = self._on_load(actions, id)
        missing = sequence(ext.get("shape"))
        root: dict[str, Any] = {**mapping(page.get("canvas"))}
        self._owners = {}  # Ids repeat from page to page.
        children = self._widgets(("page", id), MAIN)
        if children or "children" not in missing:
            root["children"] = children
        if root or "dsl" not in missing:
            layout["dsl"] = root
        return layout

    def _on_load(self, stages: list[Any], page: str) -> list[Any]:
        """The actions that a page runs when it opens, by their names and ids of today."""
        names: dict[str, str] = {
            was: each["name"]
            for section in ("queries", "scripts")
            for each in self._document[section].values()
            if each["page"] == page and isinstance(was := _ext(each).get("was"), str)
        }
        here = self._document["pages"][page]
        was_here, is_here = f"{_ext(here).get('was', here['name'])}_", f"{here['name']}_"

        def today(name: str) -> str:
            """`query`, or `object.function`."""
            head, dot, rest = name.partition(".")
            return names.get(head, head) + dot + rest

        def renamed(action: Any) -> Any:
            if not isinstance(action, dict):
                return action
            found = dict(action)
            if isinstance(name := action.get("name"), str):
                found["name"] = today(name)
            for key in ("id", "collectionId"):
                if isinstance(id := action.get(key), str) and id.startswith(was_here):
                    found[key] = is_here + today(id.removeprefix(was_here))
            return found

        return [
            [renamed(each) for each in stage] if isinstance(stage, list) else stage
            for stage in stages
        ]

    def _widgets(self, where: tuple[str, str], parent: str) -> list[dict[str, Any]]:
        components = self._document["components"]
        made: list[tuple[Mapping[str, Any], dict[str, Any]]] = []
        for id in self._children.get(where, ()):
            component = components[id]
            ext = _ext(component)
            widget_id = self._widget_id(id, component)
            widget = widget_of(component, widget_id, parent)
            if children := self._widgets(("parent", id), widget_id):
                widget["children"] = children
            elif "children" in ext:
                widget["children"] = kept(ext["children"])
            made.append((component, widget))
        return _arranged([widget for _, widget in made], _ranks([each for each, _ in made], parent))

    def _widget_id(self, id: str, component: Mapping[str, Any]) -> str:
        """Appsmith's id; a copy that was made here has its own."""
        known = _ext(component).get("sourceId")
        if not isinstance(known, str) or self._owners.setdefault(known, id) != id:
            return id
        return known

    def _ordered_pages(self, entries: list[Any], name_of: Any) -> list[Any]:
        """A list of pages that the source keeps by name, with the pages of today in their order of today."""
        pages = sorted(
            self._document["pages"].items(), key=lambda each: (each[1]["order"], each[0])
        )
        by_source = {
            known: (id, page)
            for id, page in pages
            for known in (_ext(page).get("was"), _ext(page).get("sourceId"))
            if isinstance(known, str)
        }
        kept_entries: list[tuple[Any, str | None]] = []
        for entry in entries:
            name = name_of(entry)
            found = by_source.get(name) if isinstance(name, str) else None
            if found is None:
                if name not in self._known_pages:
                    kept_entries.append((entry, None))
                continue
            id, page = found
            new = page["name"] if name == _ext(page).get("was") else name
            kept_entries.append((new if isinstance(entry, str) else {**entry, "id": new}, id))
        order = [id for id, _ in pages]
        listed_ids = [id for _, id in kept_entries if id is not None]
        wanted = iter(sorted(listed_ids, key=order.index))
        by_id = {id: entry for entry, id in kept_entries if id is not None}
        result = [entry if id is None else by_id[next(wanted)] for entry, id in kept_entries]
        for id, page in pages:
            if id not in by_id and "was" not in _ext(page):
                sample = next((entry for entry, _ in kept_entries), "")
                result.append(
                    page["name"]
                    if isinstance(sample, str)
                    else {"id": page["name"], "isDefault": False}
                )
        return result

    # -- data sources, queries, scripts ------------------------------------------------------------

    def _data_source(self, id: str, source: Mapping[str, Any]) -> dict[str, Any]:
        ext = _ext(source)
        row: dict[str, Any] = {**mapping(kept(ext.get("row"))), "name": source["name"]}
        plugin = _plugin(kept(ext.get("pluginId")), source["kind"])
        if plugin is not None:
            row["pluginId"] = plugin
        if source["config"] or not ext.get("bare"):
            row["datasourceConfiguration"] = source["config"]
        return row

    def _query(self, id: str, query: Mapping[str, Any]) -> dict[str, Any]:
        ext = _ext(query)
        wrapper: dict[str, Any] = {**mapping(kept(ext.get("row")))}
        action: dict[str, Any] = {**mapping(kept(ext.get("action"))), "name": query["name"]}
        config = dict(query["config"])
        for key in ACTION_SETTINGS:
            if key in config:
                action[key] = config.pop(key)
        if not (ext.get("bodyless") and not query["body"]) and "body" not in config:
            config["body"] = None if ext.get("bodyNull") and not query["body"] else query["body"]
        action["actionConfiguration"] = config
        self._put_page(action, query, ext)
        if query["dataSource"] != ext.get("source"):
            action["datasource"] = self._data_source_of(query)
        elif isinstance(used := action.get("datasource"), dict):
            action["datasource"] = self._renamed_source(used)
        if "dynamicBindingPathList" not in action:
            paths = listed(mapping(kept(ext.get("bindings"))), expression_paths(config))
            if paths is not None:
                action["dynamicBindingPathList"] = paths
        wrapper["unpublishedAction"] = action
        self._put_id(wrapper, query, ext)
        if "row" not in ext:
            wrapper |= {"pluginId": _plugin(None, query["kind"]), "pluginType": "DB"}
        elif "pluginId" in wrapper:
            wrapper["pluginId"] = _plugin(wrapper["pluginId"], query["kind"])
        _put_published(wrapper, "publishedAction", ext)
        return wrapper

    def _script(self, id: str, script: Mapping[str, Any]) -> dict[str, Any]:
        ext = _ext(script)
        wrapper: dict[str, Any] = {**mapping(kept(ext.get("row")))}
        collection: dict[str, Any] = {
            **mapping(kept(ext.get("collection"))),
            "name": script["name"],
        }
        if "variables" in script["config"]:
            collection["variables"] = script["config"]["variables"]
        if _is_edited(script):
            held = renewed_variables(collection.get("variables"), script["body"])
            if held or "variables" in collection:
                collection["variables"] = held
        if script["body"] or not ext.get("bodyless"):
            collection["body"] = script["body"]
        if "collection" not in ext:
            collection |= {"pluginId": "js-plugin", "pluginType": "JS"}
        self._put_page(collection, script, ext)
        wrapper["unpublishedCollection"] = collection
        self._put_id(wrapper, script, ext)
        _put_published(wrapper, "publishedCollection", ext)
        return wrapper

    def _function_rows(self, others: list[Any]) -> tuple[list[tuple[int | None, Any]], list[Any]]:
        """The rows of the functions of scripts, renewed; and the other rows. Those of gone scripts go too."""
        known = set(sequence(kept(self._aside.get("collections"))))
        by_collection: dict[str, list[tuple[int | None, Any]]] = {}
        rest = []
        for index, row in others:
            collection = mapping(mapping(row).get("unpublishedAction")).get("collectionId")
            if isinstance(collection, str) and collection in known:
                by_collection.setdefault(collection, []).append((index, row))
            else:
                rest.append([index, row])
        is_git = "git" in mapping(kept(self._aside.get("rest")))
        made: list[tuple[int | None, Any]] = []
        for id, script in self._document["scripts"].items():
            ext = _ext(script)
            wrapper = self._script(id, script)
            now = mapping(wrapper["unpublishedCollection"])
            new = {"id": wrapper.get("id"), "name": now["name"], "page": now.get("pageId")}
            old = new
            if "row" in ext:
                was = mapping(kept(ext.get("collection"))).get("pageId")
                source_id = mapping(kept(ext["row"])).get("id")
                old = {"id": source_id, "name": kept(ext.get("was")), "page": was}
            rows = by_collection.pop(str(old["id"]), [])
            made += renewed_rows(
                rows,
                old,
                new,
                script["body"] if _is_edited(script) else None,
                with_bodies=not is_git,
            )
        return made, rest

    def _put_page(
        self, row: dict[str, Any], element: Mapping[str, Any], ext: dict[str, Any]
    ) -> None:
        page = element["page"]
        if page == ext.get("at_page"):
            if isinstance(raw := row.get("pageId"), str):
                row["pageId"] = self._renamed["pages"].get(raw, raw)
        elif page is None:
            row.pop("pageId", None)
        else:
            row["pageId"] = self._document["pages"][page]["name"]

    def _put_id(
        self, wrapper: dict[str, Any], element: Mapping[str, Any], ext: dict[str, Any]
    ) -> None:
        """The row's id, where it is made of the names of its page and of itself: `Home_getClaims`."""
        page = self._document["pages"].get(element["page"])
        was = ext.get("was")
        if "row" not in ext and page is not None:
            wrapper["id"] = f"{page['name']}_{element['name']}"
        elif page is not None and isinstance(id := wrapper.get("id"), str) and isinstance(was, str):
            before = f"{_ext(page).get('was', page['name'])}_{was}"
            if id == before:
                wrapper["id"] = f"{page['name']}_{element['name']}"

    def _data_source_of(self, query: Mapping[str, Any]) -> dict[str, Any]:
        source = self._document["dataSources"].get(query["dataSource"])
        if source is None:
            return {"isAutoGenerated": False}
        plugin = _plugin(kept(_ext(source).get("pluginId")), source["kind"])
        return {
            "id": source["name"],
            "isAutoGenerated": False,
            "name": source["name"],
            "pluginId": plugin,
        }

    def _renamed_source(self, used: dict[str, Any]) -> dict[str, Any]:
        names = self._renamed["dataSources"]
        return used | {
            key: names[used[key]]
            for key in ("id", "name")
            if isinstance(used.get(key), str) and used[key] in names
        }


def _ext(element: Mapping[str, Any]) -> dict[str, Any]:
    return mapping(element.get("ext"))


def _is_edited(script: Mapping[str, Any]) -> bool:
    """Has a script's text been edited since it was imported, or was it made here?"""
    ext = _ext(script)
    known = kept(ext.get("digest"))
    return digest(script["body"]) != known if known is not None else "row" not in ext


def _plugin(raw: Json, kind: str) -> Json:
    if isinstance(raw, str) and (raw[:64].removesuffix("-plugin") or "unknown") == kind:
        return raw
    return None if raw is None and kind == "unknown" else f"{kind}-plugin"


def _put_published(wrapper: dict[str, Any], key: str, ext: dict[str, Any]) -> None:
    if "published" in ext:
        wrapper[key] = kept(ext["published"])
    elif ext.get("hasPublished"):
        wrapper[key] = {}


def _merged(rows: Sequence[tuple[int | None, Any]], others: Json) -> list[Any]:
    """The rows of ours and those kept aside, each where it was; new ones come last."""
    placed = [(index, row) for index, row in rows if index is not None]
    placed += [(each[0], each[1]) for each in sequence(others)]
    placed.sort(key=lambda each: each[0])
    return [row for _, row in placed] + [row for index, row in rows if index is None]


def _ranks(components: Sequence[Mapping[str, Any]], parent: str) -> list[int]:
    """Where each stood in the source's own list of children; what came since ranks with the one before."""
    ranks = []
    last = -1
    for component in components:
        at = _ext(component).get("at")
        if isinstance(at, dict) and at.get("in") == parent and isinstance(at.get("index"), int):
            last = at["index"]
        ranks.append(last)
    return ranks


def _arranged(widgets: list[dict[str, Any]], ranks: Sequence[int]) -> list[dict[str, Any]]:
    """In the order of the source's list; below the one before is put what stands nowhere, or out of order.

    Appsmith shows by rows and columns, so an order among siblings of ours is worth what these say.
    """
    above: tuple[dict[str, Any], int] | None = None
    for widget, rank in zip(widgets, ranks, strict=True):
        is_placed = "topRow" in widget
        before = above and (position_of(above[0]), above[1])
        if not is_placed or (before and before > (position_of(widget), rank)):
            height = widget.get("bottomRow", 0) - widget["topRow"] if is_placed else 0
            top = 0
            if above is not None:
                row = position_of(above[0])[0]
                top = max(above[0].get("bottomRow", row + _HEIGHT), row + 1)
            widget["topRow"], widget["bottomRow"] = top, top + (height if height > 0 else _HEIGHT)
            widget.setdefault("leftColumn", 0)
            widget.setdefault("rightColumn", widget["leftColumn"] + _WIDTH)
        above = (widget, rank)
    return [
        widget
        for _, _, widget in sorted(
            zip(ranks, range(len(widgets)), widgets, strict=True), key=lambda e: e[:2]
        )
    ]
