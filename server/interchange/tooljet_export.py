"""A design that came from ToolJet → ToolJet's export, in the form in which it came."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from typing import Any

from ..errors import Code, DesignError
from .fit import mapping, sequence
from .kept import kept
from .tooljet import LAYOUT
from .tooljet_component import TYPE_PREFIX, wrapped_groups

__all__ = ["export_tooljet"]


def export_tooljet(document: Mapping[str, Any]) -> dict[str, Any]:
    """The export of a design that `import_tooljet` has made, with all edits since.

    Raises: DesignError(IMPORT) for a design that did not come from ToolJet, or whose notes are damaged.
    """
    origin = mapping(document["meta"].get("importedFrom"))
    if origin.get("tool") != "tooljet":
        raise DesignError(Code.IMPORT, "Only a design that came from ToolJet can go back there.")
    try:
        exporter = _Exporter(document)
        return exporter.v2() if origin.get("form") == "v2" else exporter.form_2022()
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise DesignError(
            Code.IMPORT, f"What the importer kept of this design is damaged: {error}."
        ) from None


class _Exporter:
    def __init__(self, document: Mapping[str, Any]) -> None:
        self._document = document
        self._aside = mapping(document.get("ext"))
        self._ids: dict[str, str] = {}
        owners: dict[tuple[str, str], str] = {}
        for section in ("components", "pages", "queries", "dataSources"):
            for id, each in document[section].items():
                known = _ext(each).get("sourceId")
                mine = isinstance(known, str) and owners.setdefault((section, known), id) == id
                self._ids[f"{section}/{id}"] = str(known) if mine else id

    def _note(self, key: str) -> Any:
        return kept(self._aside.get(key))

    def _name(self) -> Any:
        name = self._document["meta"]["name"]
        note = mapping(self._note("name"))
        return note["is"] if note.get("was") == name else name

    def form_2022(self) -> dict[str, Any]:
        components = {}
        ordered = sorted(
            self._document["components"].items(), key=lambda e: (e[1]["place"]["order"], e[0])
        )
        for id, component in ordered:
            components[self._ids[f"components/{id}"]] = self._component_2022(id, component)
        definition: dict[str, Any] = {**mapping(self._note("definition")), "components": components}
        if not self._note("settingless") or self._document["settings"]:
            definition["globalSettings"] = self._document["settings"]
        version = {**mapping(self._note("version")), "definition": definition}
        keys = set(sequence(self._note("keys")))
        export: dict[str, Any] = {**mapping(self._note("rest")), "editingVersion": version}
        if "name" in keys or self._name() is not None:
            export["name"] = self._name()
        for key, section, make in (
            ("dataSources", "dataSources", self._data_source),
            ("dataQueries", "queries", self._query),
        ):
            rows = _merged(
                [(_index(each), make(id, each)) for id, each in self._document[section].items()], []
            )
            if rows or key in keys:
                export[key] = rows
        if "appVersions" in keys:
            versions = sequence(self._note("versions"))
            export["appVersions"] = [
                copy.deepcopy(version) if each is None else each for each in versions
            ]
        return export

    def v2(self) -> dict[str, Any]:
        document = self._document
        keys = set(sequence(self._note("keys")))
        app: dict[str, Any] = {**mapping(self._note("rest"))}
        if "name" in keys:
            app["name"] = self._name()
        events: list[tuple[int | None, Any]] = []
        made: dict[str, list[tuple[int | None, Any]]] = {"pages": [], "components": []}
        for turn, (id, page) in enumerate(
            sorted(document["pages"].items(), key=lambda e: (e[1]["order"], e[0]))
        ):
            made["pages"].append((_index(page), self._page(id, page, turn)))
        for id, component in document["components"].items():
            made["components"].append((_index(component), self._component_v2(id, component)))
            events += self._events_v2(id, component)
        lists = {
            **made,
            "events": events,
            "dataSources": [
                (_index(e), self._data_source(i, e)) for i, e in document["dataSources"].items()
            ],
            "dataQueries": [(_index(e), self._query(i, e)) for i, e in document["queries"].items()],
        }
        for key, rows in lists.items():
            merged = _merged(rows, sequence(self._note(key)))
            if merged or key in keys:
                app[key] = merged
        first = {
            **mapping(self._note("app")),
            "definition": {**mapping(self._note("definition")), "appV2": app},
        }
        apps: Any = first if self._note("single") else [first, *sequence(self._note("further"))]
        return {**mapping(self._note("outer")), "app": apps}

    # -- parts -------------------------------------------------------------------------------------

    def _page(self, id: str, page: Mapping[str, Any], turn: int) -> dict[str, Any]:
        ext = _ext(page)
        row: dict[str, Any] = {**mapping(kept(ext.get("row"))), "name": page["name"]}
        if "row" not in ext:
            row |= {"id": id, "handle": page["name"].lower().replace(" ", "-"), "index": turn + 1}
            version = mapping(mapping(self._note("rest")).get("editingVersion")).get("id")
            if version is not None:
                row["appVersionId"] = version
        return row

    def _component_2022(self, id: str, component: Mapping[str, Any]) -> dict[str, Any]:
        ext = _ext(component)
        marks = kept(ext.get("marks")) or ["component", "layouts", "parent"]
        key = kept(ext.get("about"))
        about = self._about(component, key)
        definition = {**wrapped_groups(component), **mapping(kept(ext.get("rest")))}
        handlers = _ordered_events(component)
        if handlers or not kept(ext.get("eventless")):
            definition["events"] = [
                {"eventId": each["on"], **_action(each["run"])} for _, each in handlers
            ]
        row: dict[str, Any] = {
            **mapping(kept(ext.get("row"))),
            "component": {
                **about,
                "name": _raw_name(component),
                "component": component["type"].removeprefix(TYPE_PREFIX),
                "definition": definition,
            },
        }
        if "layouts" in marks or component.get("layout"):
            row["layouts"] = self._layouts(component)
        self._put_parent(row, component, marks)
        return row

    def _about(self, component: Mapping[str, Any], key: Any) -> dict[str, Any]:
        """The type's declaration; for a component that was added, that of another of its type."""
        shared = mapping(self._aside.get("about"))
        if not isinstance(key, str):
            for each in self._document["components"].values():
                if each["type"] == component["type"] and isinstance(
                    found := kept(_ext(each).get("about")), str
                ):
                    key = found
                    break
        if not isinstance(key, str):
            return {}
        return mapping(kept(mapping(shared.get(key[:1])).get(key)))

    def _component_v2(self, id: str, component: Mapping[str, Any]) -> dict[str, Any]:
        ext = _ext(component)
        marks = kept(ext.get("marks")) or ["layouts", "parent"]
        row: dict[str, Any] = {
            **mapping(kept(ext.get("row"))),
            "id": self._ids[f"components/{id}"],
            "name": _raw_name(component),
            "type": component["type"].removeprefix(TYPE_PREFIX),
            "pageId": self._ids[f"pages/{self._page_of(component)}"],
            **wrapped_groups(component),
        }
        if "layouts" in marks or component.get("layout"):
            row["layouts"] = self._layout_rows(id, component)
        self._put_parent(row, component, marks)
        return row

    def _page_of(self, component: Mapping[str, Any]) -> str:
        place = component["place"]
        while "parent" in place:
            place = self._document["components"][place["parent"]]["place"]
        return str(place["page"])

    def _put_parent(
        self, row: dict[str, Any], component: Mapping[str, Any], marks: Sequence[str]
    ) -> None:
        place = component["place"]
        note = mapping(kept(_ext(component).get("parent")))
        parent = place.get("parent")
        if note and note.get("under") == parent and note.get("slot") == place["slot"]:
            if "parent" in marks:
                row["parent"] = note.get("is")
        elif parent is None:
            row.pop("parent", None)
            if "parent" in marks:
                row["parent"] = None
        else:
            suffix = "" if place["slot"] == "content" else f"-{place['slot']}"
            row["parent"] = self._ids[f"components/{parent}"] + suffix

    def _layouts(self, component: Mapping[str, Any]) -> dict[str, Any]:
        marks = mapping(kept(_ext(component).get("layouts")))
        return {
            kind: {**layout, **mapping(marks.get(kind))}
            for kind, layout in mapping(component.get("layout")).items()
        }

    def _layout_rows(self, id: str, component: Mapping[str, Any]) -> list[dict[str, Any]]:
        layout = dict(mapping(component.get("layout")))
        rows = []
        for kind, mark in sequence(kept(_ext(component).get("layouts"))):
            if kind in layout:
                rows.append({**mark, **{k: v for k, v in layout.pop(kind).items() if k in LAYOUT}})
        own = self._ids[f"components/{id}"]
        rows += [
            {"id": f"{own}-{kind}", "type": kind, **each, "componentId": own}
            for kind, each in layout.items()
        ]
        return rows

    def _events_v2(self, id: str, component: Mapping[str, Any]) -> list[tuple[int | None, Any]]:
        notes = mapping(kept(_ext(component).get("events")))
        rows: list[tuple[int | None, Any]] = []
        for turn, (eid, handler) in enumerate(_ordered_events(component)):
            note = mapping(notes.get(eid))
            own = self._ids[f"components/{id}"]
            row = dict(mapping(note.get("row"))) or {
                "id": f"{own}-{eid}", "name": handler["on"], "index": turn, "target": "component",
            }  # fmt: skip
            row |= {"sourceId": own, "event": {"eventId": handler["on"], **_action(handler["run"])}}
            index = note.get("index")
            rows.append((index if isinstance(index, int) else None, row))
        return rows

    def _data_source(self, id: str, source: Mapping[str, Any]) -> dict[str, Any]:
        ext = _ext(source)
        wrap = {pair[0]: pair[1] for pair in sequence(kept(ext.get("wrap")))}
        row: dict[str, Any] = {"id": id, **mapping(kept(ext.get("row"))), "name": source["name"]}
        if source["kind"] != "unknown":
            row["kind"] = source["kind"]
        options: dict[str, Any] = {}
        for key, value in source["config"].items():
            note = wrap.get(key)
            if (
                isinstance(note, dict)
                and "$" in note
                and isinstance(value, dict)
                and "$secret" in value
            ):
                options[key] = note["$"]
            elif note is None and "row" in ext:
                options[key] = value
            else:
                beside = {"encrypted": False} if note is None or "$" in note else note
                options[key] = {"value": value, **beside}
        raw = kept(ext.get("options"))
        if raw is None or options:
            row["options"] = options
        elif "is" in raw:
            row["options"] = raw["is"]
        return row

    def _query(self, id: str, query: Mapping[str, Any]) -> dict[str, Any]:
        ext = _ext(query)
        row: dict[str, Any] = {"id": id, **mapping(kept(ext.get("row"))), "name": _raw_name(query)}
        if not kept(ext.get("kindless")) or query["kind"] != "unknown":
            row["kind"] = query["kind"]
        options = dict(query["config"])
        key = kept(ext.get("body"))
        if isinstance(key, str) or query["body"]:
            options[key if isinstance(key, str) else "query"] = query["body"]
        raw = kept(ext.get("options"))
        if raw is None or options:
            row["options"] = options
        elif "is" in raw:
            row["options"] = raw["is"]
        if query["dataSource"] != kept(ext.get("source")):
            used = query["dataSource"]
            row["dataSourceId"] = (
                None if used is None else self._ids.get(f"dataSources/{used}", used)
            )
        return row


def _ext(element: Mapping[str, Any]) -> dict[str, Any]:
    return mapping(element.get("ext"))


def _index(element: Mapping[str, Any]) -> int | None:
    index = _ext(element).get("index")
    return index if isinstance(index, int) else None


def _raw_name(element: Mapping[str, Any]) -> Any:
    """The name as ToolJet had it, where it had to be another one here and is that one still."""
    note = mapping(kept(_ext(element).get("name")))
    return note["is"] if note.get("was") == element["name"] else element["name"]


def _ordered_events(component: Mapping[str, Any]) -> list[tuple[str, Any]]:
    return sorted(mapping(component.get("events")).items(), key=lambda e: (e[1]["order"], e[0]))


def _action(run: Any) -> dict[str, Any]:
    return run if isinstance(run, dict) else {"actionId": "run-js", "code": run}


def _merged(rows: Sequence[tuple[int | None, Any]], others: Sequence[Any]) -> list[Any]:
    placed = [(index, row) for index, row in rows if index is not None]
    placed += [(each[0], each[1]) for each in others]
    placed.sort(key=lambda each: each[0])
    return [row for _, row in placed] + [row for index, row in rows if index is None]
