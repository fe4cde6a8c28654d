"""One widget of Appsmith ↔ one component, both ways.

widgetName, type        name, type
version                 typeVersion (how it was written, where that was otherwise: ext.version)
*Row, *Column           layout.desktop, layout.mobile
keys that run           events
path lists              derived; ext.bindings and ext.triggers say where the source's were otherwise
the editor's own keys   ext.source
all other keys          props
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from ot.types import Json

from ..document.order import keys_between
from .bindings import expression_paths, listed, remembered
from .fit import identifier, mapping, sequence, text, value
from .imported import Report
from .kept import keep, kept

__all__ = ["MAIN", "component_of", "position_of", "widget_of"]

MAIN: Final = "0"
"""Appsmith's id of a page's own canvas."""

_DESKTOP: Final = ("topRow", "bottomRow", "leftColumn", "rightColumn")
_MOBILE: Final = {
    "mobileTopRow": "topRow",
    "mobileBottomRow": "bottomRow",
    "mobileLeftColumn": "leftColumn",
    "mobileRightColumn": "rightColumn",
}
_PATHS: Final = ("dynamicBindingPathList", "dynamicTriggerPathList")
_STRUCTURE: Final = frozenset(
    {"widgetId", "widgetName", "type", "version", "children", "parentId", "tabId", *_PATHS}
    | {*_DESKTOP, *_MOBILE}
)
_BOOKKEEPING: Final = frozenset(
    """
    renderMode isLoading parentRowSpace parentColumnSpace displayName hideCard iconSVG thumbnailSVG
    isDeprecated replacement searchTags tags key dynamicPropertyPathList logBlackList originalTopRow
    originalBottomRow needsErrorInfo needsHeightForContent blueprint bottomRowBeforeCollapse
    topRowBeforeCollapse hasAutoHeight widgetCost enhancements features onCanvasUI methods eagerRender
    needsMeta detachFromLayout canExtend snapColumns snapRows isCanvas currentItemsView
    triggeredItemView selectedItemView flexLayers
    """.split()
)
"""What Appsmith's editor notes for itself; nobody sets it in a form."""

_MOST_PROPS: Final = 500
_LONGEST_RUN: Final = 100_000


def component_of(widget: dict[str, Any], element: str, report: Report) -> dict[str, Any]:
    """A component without its name and place, which depend on what is around the widget."""
    kind = text(widget.get("type"), 64)
    named = identifier(kind, "WIDGET")
    if named != kind or "$" in named or named.startswith("_"):
        named = "UNKNOWN_WIDGET"
        report.repaired(element, "type", widget.get("type"), named)
    version = _version(widget.get("version"))
    events = dict(_events(widget))
    source = {key: widget[key] for key in widget if key in _BOOKKEEPING}
    layout, odd = _layout(widget)
    source |= odd
    props = {
        key: each
        for key, each in widget.items()
        if key not in _STRUCTURE and key not in _BOOKKEEPING and key not in events
    }
    if len(props) > _MOST_PROPS:
        report.repaired(element, f"{len(props):,} properties", None, None)
        props = dict(list(props.items())[:_MOST_PROPS])
    component: dict[str, Any] = {
        "type": named,
        "typeVersion": version,
        "layout": layout,
        "props": value(props, element, report),
    }
    ext: dict[str, Any] = {}
    if isinstance(id := widget.get("widgetId"), str) and id:
        ext["sourceId"] = text(id, 200)
    if "version" not in widget:
        ext["version"] = None
    elif not isinstance(widget["version"], int) or widget["version"] != version:
        ext["version"] = keep(widget["version"])
    if events:
        orders = keys_between(None, None, len(events))
        component["events"] = {
            f"e{number}": {
                "on": text(key, 128),
                "order": order,
                "run": _run(element, key, run, report),
            }
            for number, ((key, run), order) in enumerate(
                zip(events.items(), orders, strict=True), 1
            )
        }
    for key, note, derived in (
        (_PATHS[0], "bindings", _binding_paths(props, events, source, widget.get(_PATHS[1]))),
        (_PATHS[1], "triggers", list(events)),
    ):
        found = remembered(widget.get(key), derived)
        if found is None:
            source[key] = widget[key]
        elif found:
            ext[note] = keep(found)
    if source:
        ext["source"] = {key: keep(each) for key, each in list(source.items())[:60]}
    if ext:
        component["ext"] = ext
    return component


def widget_of(component: dict[str, Any], id: str, parent: str) -> dict[str, Any]:
    """The widget of a component, without `children`. `id` is its widgetId, `parent` that of the one around."""
    ext = mapping(component.get("ext"))
    source = {key: kept(each) for key, each in mapping(ext.get("source")).items()}
    fresh = "source" not in ext
    widget: dict[str, Any] = {
        "widgetId": id,
        "widgetName": component["name"],
        "type": component["type"],
    }
    version = ext.get("version", component["typeVersion"])
    if version is not None:
        raw = kept(version)
        widget["version"] = (
            raw if _version(raw) == component["typeVersion"] else component["typeVersion"]
        )
    elif component["typeVersion"] != 1:
        widget["version"] = component["typeVersion"]
    if fresh:
        widget |= {"isLoading": False, "renderMode": "CANVAS"}
    layout = mapping(component.get("layout"))
    widget |= mapping(layout.get("desktop"))
    mobile = mapping(layout.get("mobile"))
    widget |= {theirs: mobile[ours] for theirs, ours in _MOBILE.items() if ours in mobile}
    widget |= component["props"]
    widget |= source
    slot = component["place"]["slot"]
    if slot != "content":
        widget["tabId"] = slot
    note = ext.get("parentId")
    as_it_was = isinstance(note, dict) and note.get("under") == parent
    if not as_it_was:
        widget["parentId"] = parent
    elif isinstance(note, dict) and "is" in note:
        widget["parentId"] = kept(note["is"])
    handlers = sorted(mapping(component.get("events")).items(), key=lambda e: (e[1]["order"], e[0]))
    events = {handler["on"]: handler["run"] for _, handler in handlers}
    widget |= events
    triggers: Any = source.get(_PATHS[1])
    if triggers is None:
        triggers = listed(_note(ext, "triggers"), events)
        if triggers is not None:
            widget[_PATHS[1]] = triggers
    if _PATHS[0] not in source:
        paths = _binding_paths(component["props"], events, source, triggers)
        bindings = listed(_note(ext, "bindings"), paths)
        if bindings is not None:
            widget[_PATHS[0]] = bindings
    return widget


def position_of(place: dict[str, Any]) -> tuple[float, float]:
    """Where something stands on its canvas, for ordering: row, then column."""
    row, column = place.get("topRow"), place.get("leftColumn")
    return (_measure(row), _measure(column))


def _note(ext: dict[str, Any], name: str) -> dict[str, Any]:
    return mapping(kept(ext.get(name)))


def _binding_paths(
    props: dict[str, Any], events: dict[str, Any], source: dict[str, Any], triggers: Json
) -> list[str]:
    """Paths with expressions that Appsmith works out as values: not those that it runs."""
    runs = {key for each in sequence(triggers) if isinstance(key := mapping(each).get("key"), str)}
    whole = {**props, **events, **{key: source[key] for key in source if key not in _SILENT}}
    return [path for path in expression_paths(whole) if path not in runs]


_SILENT: Final = frozenset({"logBlackList", "blueprint", "dynamicPropertyPathList", *_PATHS})


def _events(widget: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Keys that hold what runs: those that the widget lists as triggers, and filled ones named on…"""
    listed_ = {
        key
        for each in sequence(widget.get("dynamicTriggerPathList"))
        if isinstance(key := mapping(each).get("key"), str)
    }
    for key, run in widget.items():
        is_event = key in listed_ or (key[:2] == "on" and key[2:3].isupper())
        taken = key in _STRUCTURE or key in _BOOKKEEPING
        if is_event and isinstance(run, str) and run and 0 < len(key) <= 128 and not taken:
            yield key, run


def _run(element: str, key: str, run: str, report: Report) -> str:
    whole = text(run, _LONGEST_RUN)
    if whole != run:
        report.repaired(element, f"{text(key, 64)} of {len(run):,} characters", run, whole)
    return whole


def _layout(widget: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """The layout, and what stands under its keys without being a measure."""
    desktop = {key: widget[key] for key in _DESKTOP if _is_measure(widget.get(key))}
    mobile = {ours: widget[key] for key, ours in _MOBILE.items() if _is_measure(widget.get(key))}
    measured = {"desktop": desktop} | ({"mobile": mobile} if mobile else {})
    odd = {
        key: widget[key]
        for key in (*_DESKTOP, *_MOBILE)
        if key in widget and not _is_measure(widget[key])
    }
    return measured, odd


def _measure(value: Json) -> float:
    return value if isinstance(value, int | float) and _is_measure(value) else 0


def _is_measure(source: Json) -> bool:
    return isinstance(source, int | float) and not isinstance(source, bool) and abs(source) < 1e9


def _version(source: Json) -> int:
    whole = int(source) if isinstance(source, int | float) and _is_measure(source) else 1
    return whole if 0 <= whole <= 1_000_000 else 1
