"""Random edits as users make them, on what a client sees."""

from __future__ import annotations

from random import Random
from typing import Any

from ot import apply_npm, json0
from ot.types import Json, Op
from ot.utf16 import units
from server.document.model import new_design

TYPES = {"Button": "label", "Text": "text", "Heading": "text"}  # and the property that is text
WORDS = ("a", "bc", "déf", "😀", "x😀y", "")


def scratch_document() -> Json:
    return {"text": "hello 😀", "list": [1, "two", {"three": 3}], "number": 0, "map": {"k": "v"}}


def scratch_edit(random: Random, data: Json) -> Op:
    """One to three changes, each made on the result of the one before. Sometimes a refused one."""
    op: Op = []
    for _ in range(random.choice((1, 1, 1, 2, 3))):
        change = _scratch_change(random, data)
        data = apply_npm(data, change)
        op = json0.compose(op, change)
    if random.random() < 0.05:
        op = [*op, {"p": ["map", "__proto__"], "oi": 1}]
    return op


def _scratch_change(random: Random, data: dict[str, Any]) -> Op:
    match random.randrange(7):
        case 0 | 1:
            return text_change(random, ["text"], data["text"]) if "text" in data else []
        case 2:
            return _list_change(random, data["list"]) if "list" in data else []
        case 3:
            return [{"p": ["number"], "na": random.randint(-3, 3)}] if "number" in data else []
        case 4 | 5:
            return _map_change(random, data["map"]) if "map" in data else []
    key = random.choice(("text", "list", "number", "map"))
    fresh = scratch_document()[key]
    if key in data:
        return [{"p": [key], "od": data[key], "oi": fresh}]
    return [{"p": [key], "oi": fresh}]


def text_change(random: Random, path: list[Any], text: str) -> Op:
    """Insert or delete between whole characters."""
    at = random.randint(0, len(text))
    offset = units(text[:at])
    if random.random() < 0.6 or at == len(text):
        word = random.choice(WORDS[:-1])
        return [{"p": [*path, offset], "si": word}]
    end = random.randint(at + 1, min(len(text), at + 4))
    return [{"p": [*path, offset], "sd": text[at:end]}]


def _list_change(random: Random, values: list[Json]) -> Op:
    at = random.randint(0, len(values))
    kind = random.randrange(4)
    if kind == 0 or at == len(values):
        return [{"p": ["list", at], "li": random.choice((1, "x", {"y": []}))}]
    if kind == 1:
        return [{"p": ["list", at], "ld": values[at]}]
    if kind == 2:
        return [{"p": ["list", at], "ld": values[at], "li": random.randint(0, 9)}]
    return [{"p": ["list", at], "lm": random.randrange(len(values))}]


def _map_change(random: Random, values: dict[str, Json]) -> Op:
    key = random.choice("klm")
    value = random.choice(("v", 1, True, None, {"n": [1]}))
    if key not in values:
        return [{"p": ["map", key], "oi": value}]
    if random.random() < 0.4:
        return [{"p": ["map", key], "od": values[key]}]
    return [{"p": ["map", key], "od": values[key], "oi": value}]


def design_document() -> Json:
    """Two pages, a container in a container, a few leaves, a query and a script."""
    design = new_design("Claims")
    page = next(iter(design["pages"]))
    design["pages"]["p2"] = {"name": "Second", "order": "a1", "settings": {}}
    design["components"] = {
        "c1": _component("Container", "Outer", {"page": page, "slot": "content", "order": "a0"}),
        "c2": _component("Container", "Inner", {"parent": "c1", "slot": "content", "order": "a0"}),
        "c3": _component("Text", "Text1", {"parent": "c2", "slot": "content", "order": "a0"}),
        "c4": _component("Button", "Button1", {"page": "p2", "slot": "content", "order": "a0"}),
        "c5": _component("Button", "Button2", {"page": page, "slot": "content", "order": "a1"}),
    }
    design["scripts"] = {
        "s1": {"name": "utils", "page": None, "body": "export default {}", "config": {}}
    }
    return design


def design_edit(random: Random, design: Json) -> Op:
    """What one gesture in the designer does; one in ten is wrong in some way."""
    components = design["components"]
    if not components or random.random() < 0.15:
        return _insert(random, design)
    id = random.choice(sorted(components))
    component = components[id]
    path = ["components", id]
    match random.randrange(12):
        case 0 | 1 | 2 if component["type"] in TYPES:
            name = TYPES[component["type"]]
            if name in component["props"]:
                return text_change(random, [*path, "props", name], component["props"][name])
        case 3 | 4 if component["type"] in TYPES:
            name = TYPES[component["type"]]
            return _set(component["props"], [*path, "props"], name, random.choice(("A", "B", "")))
        case 5 | 6:
            place = _place(random, design, id)
            return [{"p": [*path, "place"], "od": component["place"], "oi": place}]
        case 7:
            return [{"p": path, "od": component}]
        case 8:
            name = random.choice(("Text1", "Button1", "Fresh", "not a name"))
            return [{"p": [*path, "name"], "od": component["name"], "oi": name}]
        case 9:
            return _set(component["props"], [*path, "props"], "unknown", 5)
        case 10:
            return text_change(random, ["scripts", "s1", "body"], design["scripts"]["s1"]["body"])
        case 11:
            return _set(design["meta"], ["meta"], "name", random.choice(("Claims", "Intake", "")))
    return []


def _component(type_: str, name: str, place: Json) -> Json:
    props = {TYPES[type_]: type_} if type_ in TYPES else {}
    return {"type": type_, "typeVersion": 1, "name": name, "place": place, "props": props}


def _insert(random: Random, design: Json) -> Op:
    """A new component, sometimes with one in it; names collide all the time."""
    id = f"c{random.randrange(10**9)}"
    type_ = random.choice(("Button", "Text", "Container"))
    component = _component(type_, f"{type_}{random.randint(1, 3)}", _place(random, design, id))
    op = [{"p": ["components", id], "oi": component}]
    if type_ == "Container":
        place = {"parent": id, "slot": "content", "order": "a0"}
        inner = _component("Text", f"Text{random.randint(1, 3)}", place)
        op.append({"p": ["components", f"{id}i"], "oi": inner})
    return op


def _place(random: Random, design: Json, id: str) -> Json:
    """Somewhere on a page or in a container, seldom one that does not exist."""
    places: list[Json] = [{"page": page} for page in sorted(design["pages"])]
    places += [
        {"parent": other}
        for other, component in sorted(design["components"].items())
        if component["type"] == "Container" and other != id
    ]
    if random.random() < 0.05:
        places = [{"parent": "gone"}]
    order = random.choice(("a0", "a1", "a2", "Zz"))
    return {**random.choice(places), "slot": "content", "order": order}


def _set(values: dict[str, Json], path: list[Any], key: str, value: Json) -> Op:
    if key in values:
        return [{"p": [*path, key], "od": values[key], "oi": value}]
    return [{"p": [*path, key], "oi": value}]
