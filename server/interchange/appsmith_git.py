"""Appsmith's git folder ↔ its application export.

    application.json  metadata.json  theme.json  datasources/<name>.json  jslibs/<uid>.json
    pages/<page>/<page>.json                         the page and its own canvas, without widgets
    pages/<page>/widgets/<container>/…/<name>.json   a widget each, with its canvases inside it
    pages/<page>/queries/<name>/metadata.json, <name>.txt
    pages/<page>/jsobjects/<name>/metadata.json, <name>.js

Files are JSON with sorted keys, two spaces deep, without a line feed at the end. What a folder is read
from and written to is the mapping of its paths to texts: nothing here touches a disk.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from ot.types import Json

from ..errors import Code, DesignError
from .appsmith_widget import MAIN, position_of
from .fit import mapping, sequence

__all__ = ["export_from_folder", "folder_from_export", "is_folder"]

_TOP = {"application.json": "exportedApplication", "theme.json": "editModeTheme"}


def is_folder(paths: Mapping[str, object]) -> bool:
    """Do these paths look like an application of Appsmith in its git form?"""
    return "application.json" in paths and "metadata.json" in paths


def export_from_folder(files: Mapping[str, str], mark: str | None = None) -> dict[str, Any]:
    """The export that a folder stands for. Raises: DesignError(IMPORT) naming the file that is not right.

    `mark`: a key under which each row and widget shall say in which file it stands.
    """
    if mark is not None:
        files = _Marked(files, mark)
    export: dict[str, Any] = {"pageList": [], "actionList": [], "actionCollectionList": []}
    export["git"] = {"metadata": _read(files, "metadata.json")} if "metadata.json" in files else {}
    for path, key in _TOP.items():
        if path in files:
            export[key] = _read(files, path)
    for folder, key in (("datasources/", "datasourceList"), ("jslibs/", "customJSLibList")):
        found = [_read(files, path) for path in sorted(files) if path.startswith(folder)]
        if found:
            export[key] = found
    if libraries := [path for path in sorted(files) if path.startswith("jslibs/")]:
        export["git"]["libraries"] = libraries
    for page in sorted({path.split("/")[1] for path in files if path.startswith("pages/")}):
        _read_page(files, page, export)
    return export


def folder_from_export(export: Mapping[str, Any]) -> dict[str, str]:
    """The files of a folder, by path. Raises: DesignError(IMPORT) for what has no such form."""
    if not isinstance(export.get("pageList"), list):
        raise DesignError(Code.IMPORT, "A bare page layout is one file, and no folder.")
    try:
        return _files(export)
    except (KeyError, TypeError, AttributeError) as error:
        raise DesignError(Code.IMPORT, f"Its rows cannot be files: {error!r} is wrong.") from None


def _files(export: Mapping[str, Any]) -> dict[str, str]:
    files: dict[str, str] = {}
    git = mapping(export.get("git"))
    versions = {
        key: export[key] for key in ("clientSchemaVersion", "serverSchemaVersion") if key in export
    }
    metadata = {"artifactJsonType": "APPLICATION", "fileFormatVersion": 5, **versions}
    files["metadata.json"] = _text(git.get("metadata", metadata))
    for path, key in _TOP.items():
        if key in export and (export[key] or path == "application.json"):
            about = export[key]
            if key == "exportedApplication" and git.get("nameless", True):
                about = {name: value for name, value in about.items() if name != "name"}
            files[path] = _text(about)
    for each in sequence(export.get("datasourceList")):
        row = {
            key: value for key, value in each.items() if key != "datasourceConfiguration" or value
        }
        files[f"datasources/{each['name']}.json"] = _text(row)
    paths = sequence(git.get("libraries"))
    for index, each in enumerate(sequence(export.get("customJSLibList"))):
        path = paths[index] if index < len(paths) else f"jslibs/{each.get('uidString', index)}.json"
        files[str(path)] = _text(each)
    for wrapper in export["pageList"]:
        name = wrapper["unpublishedPage"]["name"]
        _write_page(wrapper, name, files)
    for wrapper in sequence(export.get("actionList")):
        _write_action(wrapper, files)
    for wrapper in sequence(export.get("actionCollectionList")):
        _write_collection(wrapper, files)
    return files


class _Marked(Mapping[str, str]):
    """Files whose rows are to say where they stand."""

    def __init__(self, files: Mapping[str, str], mark: str) -> None:
        self._files = files
        self.mark = mark

    def __getitem__(self, path: str) -> str:
        return self._files[path]

    def __iter__(self) -> Iterator[str]:
        return iter(self._files)

    def __len__(self) -> int:
        return len(self._files)


# -- reading -----------------------------------------------------------------------------------------


def _read(files: Mapping[str, str], path: str) -> Any:
    try:
        value = json.loads(files[path])
        if isinstance(files, _Marked) and isinstance(value, dict):
            value[files.mark] = path
    except (ValueError, RecursionError) as error:
        raise DesignError(Code.IMPORT, f"{path} is not JSON: {error}.", path=[path]) from None
    if not isinstance(value, dict):
        raise DesignError(Code.IMPORT, f"{path} must hold an object.", path=[path])
    return value


def _read_page(files: Mapping[str, str], page: str, export: dict[str, Any]) -> None:
    base = f"pages/{page}/"
    about = f"{base}{page}.json"
    if about in files:
        wrapper = _read(files, about)
        layouts = sequence(mapping(wrapper.get("unpublishedPage")).get("layouts"))
        root = mapping(mapping(layouts[0] if layouts else {}).get("dsl"))
        widgets = [
            _read(files, path)
            for path in sorted(files)
            if path.startswith(f"{base}widgets/") and path.endswith(".json")
        ]
        _nest(root, widgets)
        export["pageList"].append(wrapper)
    for path in sorted(files):
        if path.startswith(f"{base}queries/") and path.endswith("/metadata.json"):
            wrapper = _read(files, path)
            folder = path.split("/")[-2]
            text = files.get(f"{path.rpartition('/')[0]}/{folder}.txt")
            configuration = mapping(
                mapping(wrapper.get("unpublishedAction")).get("actionConfiguration")
            )
            if text is not None and text != configuration.get("body"):
                configuration["body"] = text
            export["actionList"].append(wrapper)
        elif path.startswith(f"{base}jsobjects/") and path.endswith("/metadata.json"):
            wrapper = _read(files, path)
            folder = path.split("/")[-2]
            text = files.get(f"{path.rpartition('/')[0]}/{folder}.js")
            collection = wrapper.get("unpublishedCollection")
            if text is not None and isinstance(collection, dict):
                collection["body"] = text
            export["actionCollectionList"].append(wrapper)


def _nest(root: dict[str, Any], widgets: list[dict[str, Any]]) -> None:
    """Put the widgets, which name their parents, into the tree that an export has."""
    holders: dict[Any, dict[str, Any]] = {root.get("widgetId", MAIN): root}
    for widget in widgets:
        for holder in (widget, *sequence(widget.get("children"))):
            if isinstance(holder, dict) and isinstance(holder.get("widgetId"), str):
                holders.setdefault(holder["widgetId"], holder)
    added: dict[int, list[dict[str, Any]]] = {}
    for widget in widgets:
        parent = widget.get("parentId")
        holder = holders.get(parent, root) if isinstance(parent, str) else root
        if holder is widget or _is_within(holder, widget, holders):
            holder = root
        added.setdefault(id(holder), []).append(widget)
    for holder in list(holders.values()):
        if children := added.get(id(holder)):
            children.sort(key=lambda child: (*position_of(child), str(child.get("widgetName"))))
            holder["children"] = [*sequence(holder.get("children")), *children]


def _is_within(
    holder: dict[str, Any], widget: dict[str, Any], holders: dict[Any, dict[str, Any]]
) -> bool:
    """Would `widget` be put into something that is inside of it?"""
    seen: set[int] = set()
    above: Any = holder
    while isinstance(above, dict) and id(above) not in seen:
        seen.add(id(above))
        if above is widget:
            return True
        above = holders.get(above.get("parentId"))
    return False


# -- writing -----------------------------------------------------------------------------------------


def _text(value: Json) -> str:
    return json.dumps(value, ensure_ascii=False, indent=2, sort_keys=True)


def _write_page(wrapper: dict[str, Any], page: str, files: dict[str, str]) -> None:
    edited = wrapper["unpublishedPage"]
    layouts = []
    for layout in sequence(edited.get("layouts")):
        root = mapping(layout.get("dsl"))
        for path, widget in _widget_files(sequence(root.get("children")), f"pages/{page}/widgets/"):
            files[path] = _text(widget)
        bare = {key: value for key, value in root.items() if key != "children"}
        layouts.append({**layout, "dsl": bare} if "dsl" in layout else layout)
    whole = {
        **wrapper,
        "unpublishedPage": {**edited, "layouts": layouts} if "layouts" in edited else edited,
    }
    files[f"pages/{page}/{page}.json"] = _text(whole)


def _widget_files(widgets: list[Any], folder: str) -> Iterator[tuple[str, dict[str, Any]]]:
    for widget in widgets:
        inside = []
        frames = []
        for child in sequence(widget.get("children")):
            if child.get("type") == "CANVAS_WIDGET":
                frames.append({key: value for key, value in child.items() if key != "children"})
                inside += sequence(child.get("children"))
            else:
                inside.append(child)
        alone = {key: value for key, value in widget.items() if key != "children"}
        if frames or "children" in widget and not inside:
            alone["children"] = frames
        name = widget["widgetName"]
        is_folder_ = bool(inside) or widget.get("type") == "TABS_WIDGET"
        own = f"{folder}{name}/" if is_folder_ else folder
        yield f"{own}{name}.json", alone
        yield from _widget_files(inside, own)


def _page_name(row: dict[str, Any]) -> str:
    return str(row.get("pageId", ""))


def _write_action(wrapper: dict[str, Any], files: dict[str, str]) -> None:
    action = wrapper["unpublishedAction"]
    name = str(action.get("fullyQualifiedName") or action["name"]).replace(".", "-")
    folder = f"pages/{_page_name(action)}/queries/{name}/"
    body = mapping(action.get("actionConfiguration")).get("body")
    if isinstance(body, str) and wrapper.get("pluginType") != "JS":
        files[f"{folder}{name}.txt"] = body
    files[f"{folder}metadata.json"] = _text(wrapper)


def _write_collection(wrapper: dict[str, Any], files: dict[str, str]) -> None:
    collection = dict(wrapper["unpublishedCollection"])
    name = collection["name"]
    folder = f"pages/{_page_name(collection)}/jsobjects/{name}/"
    body = collection.pop("body", None)
    if isinstance(body, str):
        files[f"{folder}{name}.js"] = body
    files[f"{folder}metadata.json"] = _text({**wrapper, "unpublishedCollection": collection})
