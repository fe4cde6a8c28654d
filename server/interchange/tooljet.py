"""ToolJet's exports ↔ a design: that of 2022 (`editingVersion.definition`) and V2 (`app[].definition.appV2`).

What becomes what:

    component       component of the type `tooljet.<type>`; its groups of values: `tooljet_component`
    parent          the component around it; what follows its id (`<uuid>-header`) is the slot
    event handlers  events; `run` holds the action as it is
    page            page (2022 has one without a name)
    query, source   query, data source; secrets replaced by {"$secret": name}
    other versions  kept aside as they are: nobody edits them here

Rows keep what ToolJet's database says of them (times, ids of the version) in `ext`; the copy of the type's
declaration, which 2022 repeats in every component, is kept once for all that share it.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any, Final

from ot.types import Json

from ..document.limits import MAX_ELEMENTS
from ..document.model import new_design
from ..document.order import keys_between
from ..errors import Code, DesignError
from .fit import Ids, Names, identifier, mapping, sequence, text, value
from .imported import Imported, Report
from .kept import keep
from .secrets import without_secrets
from .tooljet_component import GROUPS, TYPE_PREFIX, plain_groups

__all__ = ["BODIES", "LAYOUT", "import_tooljet", "is_tooljet", "v2_of"]

BODIES: Final = ("query", "code")
"""Options of a query that hold its text."""

LAYOUT: Final = ("top", "left", "width", "height", "dimensionUnit")


def is_tooljet(data: Json) -> bool:
    """Is it shaped like an export of ToolJet that we read?"""
    return v2_of(data) is not None or (
        isinstance(data, dict)
        and isinstance(mapping(data.get("editingVersion")).get("definition"), dict)
    )


def v2_of(data: Json) -> dict[str, Any] | None:
    """`appV2` of an export of that form."""
    apps = data.get("app") if isinstance(data, dict) else None
    app = apps[0] if isinstance(apps, list) and apps else apps
    found = mapping(mapping(app).get("definition")).get("appV2")
    return found if isinstance(found, dict) else None


def import_tooljet(data: Json, name: str | None = None) -> Imported:
    """Make a design of an export; as `import_appsmith`."""
    if not is_tooljet(data) or not isinstance(data, dict):
        raise DesignError(
            Code.IMPORT, "This file is no export of a ToolJet application that we read."
        )
    importer = _Importer(text(name, 128))
    if (v2 := v2_of(data)) is not None:
        importer.read_v2(data, v2)
    else:
        importer.read_2022(data)
    importer.count()
    return Imported(importer.document, importer.report.to_json("tooljet"))


class _Importer:
    def __init__(self, name: str) -> None:
        self.report = Report()
        self._ids = Ids()
        self._names = Names()
        self._name = name
        self._components: dict[str, str] = {}  # ToolJet's id → ours
        self._pages: dict[str, str] = {}
        self._sources: dict[str, str] = {}
        self.document = new_design("Imported design")
        self.document["pages"] = {}
        self._about: dict[str, Json] = {}

    def read_2022(self, data: dict[str, Any]) -> None:
        version = data["editingVersion"]
        definition = version["definition"]
        self._start(data.get("name"), "2022")
        page = self._ids.new("p", "page")
        self.document["pages"][page] = {"name": "Page 1", "order": "a0", "settings": {}}
        settings = definition.get("globalSettings")
        self.document["settings"] = value(mapping(settings), "settings", self.report)
        rows: list[tuple[Any, dict[str, Any]]] = [
            (id, row)
            for id, row in mapping(definition.get("components")).items()
            if isinstance(row, dict)
        ]
        for id, _ in rows:
            self._components[id] = self._ids.new("c", id)
        orders = keys_between(None, None, len(rows))
        for (id, row), order in zip(rows, orders, strict=True):
            inner = mapping(row.get("component"))
            groups = mapping(inner.get("definition"))
            about = {k: v for k, v in inner.items() if k not in ("name", "component", "definition")}
            told = ("component", "layouts", "parent")
            self._component(
                id,
                page,
                order,
                type=inner.get("component"),
                name=inner.get("name"),
                parent=row.get("parent"),
                groups=groups,
                layouts=row.get("layouts"),
                events=groups.get("events"),
                row={k: v for k, v in row.items() if k not in told},
                about=self._shared(about),
                rest={k: v for k, v in groups.items() if k not in (*GROUPS, "events")},
                marks=[k for k in ("component", "layouts", "parent") if k in row],
            )
        for index, row in enumerate(sequence(data.get("dataSources"))):
            self._data_source(mapping(row), index)
        for index, row in enumerate(sequence(data.get("dataQueries"))):
            self._query(mapping(row), index, None)
        told_ = ("dataSources", "dataQueries", "appVersions", "editingVersion", "name")
        versions = [
            None if mapping(each).get("id") == version.get("id") and each == version else each
            for each in sequence(data.get("appVersions"))
        ]
        self._set_aside(
            rest={k: v for k, v in data.items() if k not in told_},
            version={k: v for k, v in version.items() if k != "definition"},
            definition={
                k: v for k, v in definition.items() if k not in ("components", "globalSettings")
            },
            settingless=True if not isinstance(settings, dict) else None,
            versions=versions,
            keys=[key for key in told_ if key in data],
        )

    def read_v2(self, data: dict[str, Any], v2: dict[str, Any]) -> None:
        self._start(v2.get("name"), "v2")
        version = mapping(v2.get("editingVersion")).get("id")
        pages = self._rows(v2, "pages", lambda row: row.get("appVersionId", version) == version)
        pages.sort(key=lambda each: (_number(each[1].get("index")), each[0]))
        if not pages:
            raise DesignError(
                Code.IMPORT, "This export of ToolJet has no page of the version that is edited."
            )
        for (index, row), order in zip(pages, keys_between(None, None, len(pages)), strict=True):
            id = self._ids.new("p", row.get("id"))
            self._pages.setdefault(str(row.get("id")), id)
            self.document["pages"][id] = {
                "name": text(row.get("name"), 128, "Page"),
                "order": order,
                "settings": {},
                "ext": self._ext(
                    index, row.get("id"), row={k: v for k, v in row.items() if k != "name"}
                ),
            }
        components = self._rows(v2, "components", lambda row: str(row.get("pageId")) in self._pages)
        for _, row in components:
            self._components.setdefault(str(row.get("id")), self._ids.new("c", row.get("id")))
        events: dict[str, list[tuple[int, dict[str, Any]]]] = {}
        owned = self._rows(
            v2,
            "events",
            lambda row: (
                row.get("target") == "component" and str(row.get("sourceId")) in self._components
            ),
        )
        for index, row in owned:
            events.setdefault(str(row.get("sourceId")), []).append((index, row))
        orders = keys_between(None, None, len(components))
        for (index, row), order in zip(components, orders, strict=True):
            told = ("id", "name", "type", "pageId", "parent", "layouts", *GROUPS)
            self._component(
                row.get("id"),
                self._pages[str(row.get("pageId"))],
                order,
                type=row.get("type"),
                name=row.get("name"),
                parent=row.get("parent"),
                groups=row,
                layouts=row.get("layouts"),
                events=events.get(str(row.get("id")), []),
                row={k: v for k, v in row.items() if k not in told},
                marks=[k for k in ("layouts", "parent") if k in row],
                index=index,
            )
        for index, row in self._rows(v2, "dataSources", lambda row: True):
            self._data_source(row, index)
        ours = self._rows(
            v2, "dataQueries", lambda row: row.get("appVersionId", version) == version
        )
        for index, row in ours:
            self._query(row, index, None)
        told_ = ("name", "pages", "components", "events", "dataSources", "dataQueries")
        outer = {k: v for k, v in data.items() if k != "app"}
        apps = data["app"]
        app = apps[0] if isinstance(apps, list) else apps
        self._set_aside(
            outer=outer,
            app={k: v for k, v in app.items() if k != "definition"},
            definition={k: v for k, v in app["definition"].items() if k != "appV2"},
            further=apps[1:] if isinstance(apps, list) else None,
            single=None if isinstance(apps, list) else True,
            rest={k: v for k, v in v2.items() if k not in told_},
            keys=[key for key in told_ if key in v2],
        )

    def count(self) -> None:
        for section in ("pages", "components", "queries", "scripts", "dataSources"):
            count = self.report.counts[section] = len(self.document[section])
            if count > MAX_ELEMENTS:
                message = (
                    f"This export has {count:,} {section}; a design may have {MAX_ELEMENTS:,}."
                )
                raise DesignError(Code.IMPORT, message, limit=MAX_ELEMENTS, actual=count)

    # -- parts -------------------------------------------------------------------------------------

    def _start(self, name: Json, form: str) -> None:
        self.document["meta"]["name"] = self._name or text(name, 128, "Imported design")
        self.document["meta"]["importedFrom"] = {"tool": "tooljet", "form": form}
        if name != self.document["meta"]["name"]:
            self._aside("name", {"is": name, "was": self.document["meta"]["name"]})

    def _rows(
        self, source: dict[str, Any], key: str, ours: Any
    ) -> list[tuple[int, dict[str, Any]]]:
        """The rows that we edit, with their index; the others are kept aside with theirs."""
        taken, others = [], []
        for index, row in enumerate(sequence(source.get(key))):
            if isinstance(row, dict) and ours(row):
                taken.append((index, row))
            else:
                others.append([index, row])
        if others:
            self._aside(key, without_secrets(others, "ext", key, self.report))
        return taken

    def _aside(self, key: str, note: Json) -> None:
        self.document.setdefault("ext", {})[key] = keep(note)

    def _set_aside(self, **notes: Any) -> None:
        for key, note in notes.items():
            if note not in (None, {}, []):
                self._aside(key, without_secrets(note, "ext", key, self.report))
        if self._about:
            self.document.setdefault("ext", {})["about"] = self._about

    def _shared(self, about: dict[str, Any]) -> str | None:
        """The name of the declaration that a component repeats; each is kept once."""
        if not about:
            return None
        key = hashlib.sha256(json.dumps(about, sort_keys=True).encode()).hexdigest()[:16]
        bucket = self._about.setdefault(key[0], {})
        if isinstance(bucket, dict):
            bucket[key] = keep(about)
        return key

    def _component(self, id: Json, page: str, order: str, **source: Any) -> None:
        ours = self._components[str(id)]
        element = f"components/{ours}"
        kind = text(source["type"], 48)
        named = TYPE_PREFIX + (identifier(kind, "Unknown") if not kind.isalnum() else kind)
        if named != TYPE_PREFIX + str(source["type"]):
            self.report.repaired(element, "type", source["type"], named)
        props, style, notes = plain_groups(source["groups"], GROUPS)
        layout, marks = _layout(source["layouts"])
        events, event_notes = _events(source["events"])
        parent, slot = self._parent(source["parent"])
        place: dict[str, Json] = {"slot": slot, "order": order}
        place |= {"page": page} if parent is None or parent == ours else {"parent": parent}
        if "page" in place:
            place["slot"] = "content"
        component: dict[str, Any] = {
            "type": named,
            "typeVersion": 1,
            "name": self._given(element, page, source["name"], named.removeprefix(TYPE_PREFIX)),
            "place": place,
            "layout": value(layout, element, self.report),
            "props": value(props, element, self.report),
            "style": value(style, element, self.report),
        }
        if events:
            component["events"] = value(events, element, self.report)
        component["ext"] = (
            self._ext(
                source.get("index"),
                id,
                row=source["row"],
                about=source.get("about"),
                rest=source.get("rest"),
                marks=source["marks"],
                layouts=marks,
                events=event_notes,
                eventless=True if source["events"] is None else None,
                parent={"is": source["parent"], "under": parent, "slot": place["slot"]},
                name=None
                if component["name"] == source["name"]
                else {"is": source["name"], "was": component["name"]},
            )
            | notes
        )
        self.document["components"][ours] = component

    def _parent(self, source: Json) -> tuple[str | None, str]:
        if not isinstance(source, str):
            return None, "content"
        if source in self._components:
            return self._components[source], "content"
        for end in range(len(source) - 1, 0, -1):
            if source[end] == "-" and source[:end] in self._components:
                return self._components[source[:end]], text(source[end + 1 :], 64, "content")
        return None, "content"

    def _given(self, element: str, page: str | None, wanted: Json, default: str) -> str:
        name = self._names.give(page, identifier(wanted, default))
        if name != wanted:
            self.report.repaired(element, "name", wanted, name)
        return name

    def _data_source(self, row: dict[str, Any], index: int) -> None:
        name = text(row.get("name"), 128, "Data source")
        id = self._ids.new("d", row.get("id"), name)
        element = f"dataSources/{id}"
        config: dict[str, Any] = {}
        wrap: dict[str, Any] = {}
        options = row.get("options")
        for key, option in mapping(options).items():
            if (
                isinstance(option, dict)
                and "value" in option
                and option.get("encrypted") is not True
            ):
                config[key] = option["value"]
                wrap[key] = {k: v for k, v in option.items() if k != "value"}
            elif isinstance(option, dict) and (
                "credential_id" in option or option.get("encrypted") is True
            ):
                config[key] = {"$secret": f"{name}_{key}"[:128]}
                wrap[key] = {"$": {k: v for k, v in option.items() if k != "value"}}
                if option.get("value"):
                    self.report.replaced(element, f"{name}_{key}"[:128])
            else:
                config[key] = option
        config = without_secrets(value(config, element, self.report), element, name, self.report)
        self.document["dataSources"][id] = {
            "name": name,
            "kind": text(row.get("kind"), 64, "unknown"),
            "config": config,
            "ext": self._ext(
                index,
                row.get("id"),
                row={k: v for k, v in row.items() if k not in ("name", "kind", "options")},
                wrap=_named_pairs(wrap),
                options=_odd_options(row),
            ),
        }
        self._sources.setdefault(str(row.get("id")), id)

    def _query(self, row: dict[str, Any], index: int, page: str | None) -> None:
        id = self._ids.new("q", row.get("id"), row.get("name"))
        element = f"queries/{id}"
        options = dict(mapping(row.get("options")))
        key = next((key for key in BODIES if isinstance(options.get(key), str)), None)
        body = options.pop(key) if key is not None else ""
        name = self._given(element, page, row.get("name"), "query")
        used = self._sources.get(str(row.get("dataSourceId")))
        config = without_secrets(value(options, element, self.report), element, name, self.report)
        whole = text(body, 1_000_000)
        if whole != body:
            self.report.repaired(element, f"{key} of {len(body):,} characters", body, whole)
        self.document["queries"][id] = {
            "name": name,
            "page": page,
            "dataSource": used,
            "kind": text(row.get("kind"), 64, "unknown"),
            "body": whole,
            "config": config,
            "ext": self._ext(
                index,
                row.get("id"),
                row={k: v for k, v in row.items() if k not in ("name", "kind", "options")},
                body=key,
                source=used,
                kindless=True if not isinstance(row.get("kind"), str) else None,
                options=None
                if isinstance(row.get("options"), dict)
                else {"is": row.get("options")},
                name=None if name == row.get("name") else {"is": row.get("name"), "was": name},
            ),
        }

    def _ext(self, index: Json, source_id: Json, **notes: Any) -> dict[str, Any]:
        ext: dict[str, Any] = {} if index is None else {"index": index}
        if isinstance(source_id, str) and source_id:
            ext["sourceId"] = text(source_id, 200)
        return ext | {key: keep(note) for key, note in notes.items() if note not in (None, {}, [])}


def _odd_options(row: dict[str, Any]) -> dict[str, Any] | None:
    """What stands for a row's options where those are no map; {"absent": true}: nothing at all."""
    if "options" not in row:
        return {"absent": True}
    return None if isinstance(row["options"], dict) else {"is": row["options"]}


def _named_pairs(wrap: dict[str, Any]) -> list[Json]:
    """As pairs: a map would have names of secrets as its keys."""
    return [[key, each] for key, each in wrap.items()]


def _layout(source: Json) -> tuple[dict[str, Any], Any]:
    """Layouts by kind of screen, and what stands beside the measures. Both forms: a map, a list of rows."""
    layout: dict[str, Any] = {}
    if isinstance(source, list):
        rows = [(text(mapping(row).get("type"), 16), mapping(row)) for row in source]
        marks: Any = []
        for kind, row in rows:
            layout.setdefault(kind, {k: row[k] for k in LAYOUT if k in row})
            marks.append([kind, {k: v for k, v in row.items() if k not in LAYOUT}])
        return layout, marks
    marks = {}
    for kind, row in mapping(source).items():
        layout[text(kind, 16)] = {k: v for k, v in mapping(row).items() if k in LAYOUT}
        if rest := {k: v for k, v in mapping(row).items() if k not in LAYOUT}:
            marks[kind] = rest
    return layout, marks


def _events(source: Any) -> tuple[dict[str, Any], Any]:
    """Handlers in their order; `run` is the action without what says when."""
    entries = []
    for each in sequence(source):
        index, row = each if isinstance(each, tuple) else (None, None)
        event = mapping(mapping(row).get("event")) if row is not None else mapping(each)
        entries.append((index, row, event))
    entries.sort(key=lambda each: _number(mapping(each[1]).get("index")))
    events, notes = {}, {}
    orders = keys_between(None, None, len(entries))
    for number, ((index, row, event), order) in enumerate(zip(entries, orders, strict=True), 1):
        id = f"e{number}"
        run = {key: each for key, each in event.items() if key != "eventId"}
        events[id] = {"on": text(event.get("eventId"), 128, "onClick"), "order": order, "run": run}
        if row is not None:
            notes[id] = {
                "index": index,
                "row": {k: v for k, v in row.items() if k not in ("event", "sourceId")},
            }
    return events, notes


def _number(value: Json) -> float:
    return value if isinstance(value, int | float) and not isinstance(value, bool) else 0
