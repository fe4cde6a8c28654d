"""Designs to test with: a small one, and random ones with random ops on them."""

from __future__ import annotations

import random
from typing import Any

import ot
from ot.types import Json, Op
from server.document.order import keys_between
from server.types import TypeRegistry

__all__ = [
    "TYPES",
    "Author",
    "button",
    "component",
    "inside",
    "mutants",
    "on_page",
    "query",
    "small",
]

TYPES = TypeRegistry.load()


def component(type: str, name: str, place: dict[str, Any], **more: Json) -> dict[str, Any]:
    return {"type": type, "typeVersion": 1, "name": name, "place": place, "props": {}, **more}


def on_page(page: str = "p1", order: str = "a0") -> dict[str, Any]:
    return {"page": page, "slot": "content", "order": order}


def inside(parent: str, slot: str = "content", order: str = "a0") -> dict[str, Any]:
    return {"parent": parent, "slot": slot, "order": order}


def button(name: str = "Button1", place: dict[str, Any] | None = None, **props: Json) -> Json:
    return component("Button", name, place or on_page(), props=props)


def query(name: str, page: str | None, source: str | None) -> dict[str, Any]:
    return {
        "name": name,
        "page": page,
        "dataSource": source,
        "kind": "sql",
        "body": "",
        "config": {},
    }


def small() -> dict[str, Any]:
    """Two pages; on the first a card c1 with a container c2 with a button c3, and a text c4."""
    return {
        "format": "coweave-design",
        "formatVersion": 1,
        "meta": {"name": "Claims", "description": ""},
        "settings": {},
        "theme": {},
        "libraries": {},
        "pages": {
            "p1": {"name": "Intake", "order": "a0", "settings": {}},
            "p2": {"name": "Review", "order": "a1", "settings": {}},
        },
        "components": {
            "c1": component("Card", "Card1", on_page()),
            "c2": component("Container", "Container1", inside("c1", order="a1")),
            "c3": button("Button1", inside("c2"), label="Save"),
            "c4": component("Text", "Text1", on_page(order="a1"), props={"text": "Hello 😀"}),
            "c5": button("Button1", on_page("p2")),
        },
        "queries": {
            "q1": query("getClaims", "p1", "d1"),
            "q2": query("people", None, None),
        },
        "scripts": {"s1": {"name": "tools", "page": "p2", "body": "", "config": {}}},
        "dataSources": {"d1": {"name": "Claims", "kind": "postgres", "config": {}}},
    }  # fmt: skip


def mutants(value: Json, random_: random.Random) -> Json:
    """`value` with a random place of it changed to something else."""
    if isinstance(value, dict) and value and random_.random() < 0.85:
        changed = dict(value)
        key = random_.choice(sorted(changed))
        act = random_.random()
        if act < 0.1:
            del changed[key]
        elif act < 0.2:
            changed[random_.choice(["x", key + "2", "labl", "a b", "é\n"])] = changed[key]
        else:
            changed[key] = mutants(changed[key], random_)
        return changed
    if isinstance(value, list) and value and random_.random() < 0.85:
        changed_list = list(value)
        at = random_.randrange(len(changed_list))
        changed_list[at] = mutants(changed_list[at], random_)
        return changed_list
    return random_.choice(
        [None, True, False, 0, 1, 1.0, 1.5, -3, 2**53, 1e300, "", "x", "x\n", "{{ x }}", "{{", "a0\n", "B1\n",
         "{{a\n}}", "😀", "x" * 70, "x" * 300, [], [1], ["a", {}], {}, {"a": 1}, "content", "2026-01-31",
         "2026-01-31\n", "#aabbcc", "onClick", {"$secret": "x"}, [{"label": "a", "value": 1}], list(range(300))]
    )  # fmt: skip


KINDS = ("Container", "Card", "Form", "Button", "Text", "TextInput", "Table", "UNKNOWN_WIDGET")


class Author:
    """Makes random ops that apply to a document (whether they are allowed is another question)."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.made = 0

    def id(self, letter: str) -> str:
        self.made += 1
        return f"{letter}new{self.made}"

    def pick(self, section: dict[str, Json], other: str = "gone") -> str:
        """An id of the section; now and then one that is not there."""
        ids = sorted(section)
        return self.random.choice(ids) if ids and self.random.random() < 0.93 else other

    def place(self, document: Json) -> dict[str, Any]:
        order = self.random.choice(["a0", "a1", "a1V", "Zz", *keys_between("a0", "a1", 3), "bad!"])
        if order == "bad!" and self.random.random() < 0.8:
            order = "a0"
        if self.random.random() < 0.35:
            return on_page(self.pick(document["pages"]), order)
        slot = self.random.choice(["content"] * 6 + ["header", "footer", "nowhere"])
        return inside(self.pick(document["components"]), slot, order)

    def name(self) -> str:
        return self.random.choice(["Button", "Text", "save", "x", "1bad"][: 5 if self.chance(0.1) else 4]) + str(
            self.random.randrange(4)
        )  # fmt: skip

    def chance(self, of: float) -> bool:
        return self.random.random() < of

    def props(self) -> dict[str, Any]:
        choices: list[dict[str, Any]] = [
            {}, {"label": "A"}, {"text": "B"}, {"visible": True}, {"visible": "{{ a }}"}, {"visible": 3},
            {"options": [{"label": "a", "value": 1}, {"label": "b"}]}, {"nonsense": 1},
        ]  # fmt: skip
        return self.random.choice(choices)

    def component(self, document: Json) -> dict[str, Any]:
        made = component(self.random.choice(KINDS), self.name(), self.place(document))
        return {**made, "props": self.props()}

    def op(self, document: Json) -> Op:
        """One random op on the document; one in three does several things, one after the other."""
        part = self.part(document)
        op = list(part)
        while self.chance(0.3):
            document = ot.apply(document, part)
            part = self.part(document)
            op += part
        return op

    def part(self, document: Json) -> Op:
        """An insert, move, rename, delete, retype or edit of a value."""
        components, queries = document["components"], document["queries"]
        act = self.random.choice(
            ["insert", "insert", "move", "move", "rename", "delete", "edit", "edit", "edit", "retype",
             "query", "page", "unpage", "unsource", "replace", "mixed", "meta", "depend"]
        )  # fmt: skip
        if act == "insert":
            parts, place = [], None
            for _ in range(self.random.randrange(1, 4)):
                id, value = self.id("c"), self.component(document)
                if place is not None and self.chance(0.5):
                    value["place"] = inside(place)
                parts.append({"p": ["components", id], "oi": value})
                place = id
            return parts
        if act == "query":
            page = self.random.choice([None, self.pick(document["pages"])])
            value = query(self.name(), page, self.pick(document["dataSources"]))
            return [{"p": ["queries", self.id("q")], "oi": value}]
        if act == "page":
            page = {"name": "Page", "order": "a5", "settings": {}}
            return [{"p": ["pages", self.id("p")], "oi": page}]
        if act == "meta":
            return [{"p": ["meta", "name"], "od": document["meta"]["name"], "oi": self.name()}]
        if act == "unpage" and len(document["pages"]) > 2:
            id = self.random.choice(sorted(document["pages"]))
            return [{"p": ["pages", id], "od": document["pages"][id]}]
        if act == "unsource" and document["dataSources"]:
            id = self.random.choice(sorted(document["dataSources"]))
            return [{"p": ["dataSources", id], "od": document["dataSources"][id]}]
        if act == "rename" and queries and self.chance(0.3):
            id = self.random.choice(sorted(queries))
            return [{"p": ["queries", id, "name"], "od": queries[id]["name"], "oi": self.name()}]
        if not components:
            return [{"p": ["components", self.id("c")], "oi": self.component(document)}]
        id = self.random.choice(sorted(components))
        value = components[id]
        if act == "delete":
            return [{"p": ["components", id], "od": value}]
        if act == "replace":
            return [{"p": ["components", id], "od": value, "oi": self.component(document)}]
        if act == "mixed":
            other = self.random.choice(sorted(components))
            op = [self.set(id, value, "place", self.place(document))]
            if other != id:
                op.append({"p": ["components", other], "od": components[other]})
            return op
        if act == "move":
            return [self.set(id, value, "place", self.place(document))]
        if act == "rename":
            return [self.set(id, value, "name", self.name())]
        if act == "retype":
            return [self.set(id, value, "type", self.random.choice(KINDS))]
        if act == "depend":
            ids = [self.pick(queries), self.pick(components)]
            return [self.set(id, value, "dependencies", ids)]
        for key, inner in value["props"].items():
            if isinstance(inner, str) and self.chance(0.5):
                return [{"p": ["components", id, "props", key, 0], "si": "é😀"}]
            if isinstance(inner, list) and inner:
                index = self.random.randrange(len(inner))
                if self.chance(0.5):
                    return [{"p": ["components", id, "props", key, index], "ld": inner[index]}]
                item = self.random.choice([{"label": "n", "value": 2}, {"label": "n"}])
                return [{"p": ["components", id, "props", key, index], "li": item}]
        return [self.set(id, value, "props", self.props())]

    def set(self, id: str, value: Json, key: str, new: Json) -> Json:
        old = {"od": value[key]} if key in value else {}
        return {"p": ["components", id, key], **old, "oi": new}
