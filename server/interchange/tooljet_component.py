"""One component of ToolJet ↔ one of ours: its groups of wrapped values.

ToolJet holds each value as `{"value": …, "fxActive": …}` in groups. Ours are plain:

    properties                  props, by their names
    styles                      style, by their names
    generalStyles               style, as generalStyles.<name>
    other groups                props, as <group>.<name>: validation.mandatory, others.showOnMobile

`ext.wrap` holds what stood beside a value in its wrapper, `ext.bare` which values had none, `ext.groups`
which groups there were.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from ot.types import Json

from .fit import mapping
from .kept import keep, kept

__all__ = ["GROUPS", "TYPE_PREFIX", "plain_groups", "wrapped_groups"]

TYPE_PREFIX: Final = "tooljet."

GROUPS: Final = (
    *("properties", "styles", "generalStyles", "general", "others", "validation"),
    *("displayPreferences", "generalProperties"),
)
_IN_STYLE: Final = frozenset({"styles", "generalStyles"})
_MAIN: Final = frozenset({"properties", "styles"})


def plain_groups(
    source: Mapping[str, Any], groups: Iterable[str]
) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]]:
    """(props, style, notes for `ext`) of the groups of a component."""
    props: dict[str, Any] = {}
    style: dict[str, Any] = {}
    wrap: dict[str, Any] = {}
    bare: list[Json] = []
    there: list[Json] = []
    odd: dict[str, Any] = {}
    for group in groups:
        if group not in source:
            continue
        if not isinstance(source[group], dict):
            odd[group] = source[group]
            continue
        there.append(group)
        target = style if group in _IN_STYLE else props
        for name, value in source[group].items():
            flat = name if group in _MAIN and not _is_prefixed(name) else f"{group}.{name}"
            if isinstance(value, dict) and "value" in value:
                target[flat] = value["value"]
                if rest := {key: each for key, each in value.items() if key != "value"}:
                    wrap[f"{group}.{name}"] = rest
            else:
                target[flat] = value
                bare.append(f"{group}.{name}")
    notes = {"wrap": wrap, "bare": bare, "groups": there, "odd": odd}
    return props, style, {key: keep(note) for key, note in notes.items() if note}


def wrapped_groups(component: Mapping[str, Any]) -> dict[str, Any]:
    """The groups of a component as ToolJet holds them."""
    ext = mapping(component.get("ext"))
    wrap, bare = mapping(kept(ext.get("wrap"))), set(kept(ext.get("bare")) or ())
    groups: dict[str, Any] = {group: {} for group in kept(ext.get("groups")) or ()}
    for part, main in (("props", "properties"), ("style", "styles")):
        for flat, value in mapping(component.get(part)).items():
            group, name = flat.split(".", 1) if _is_prefixed(flat) else (main, flat)
            whole = f"{group}.{name}"
            wrapper = value if whole in bare else {"value": value, **mapping(wrap.get(whole))}
            groups.setdefault(group, {})[name] = wrapper
    return groups | mapping(kept(ext.get("odd")))


def _is_prefixed(name: str) -> bool:
    return name.partition(".")[0] in GROUPS and "." in name
