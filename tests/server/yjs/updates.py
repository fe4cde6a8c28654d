"""A Yjs client that keeps every update it makes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pycrdt import Array, Doc, Map, Text

from server.document.model import new_design
from server.document.versioned import TYPE, Snapshot

__all__ = ["Writer", "design", "snapshot"]


def design() -> dict[str, Any]:
    """One page with a select field, a query, and a word outside ASCII."""
    made = new_design("Yjs")
    page = next(iter(made["pages"]))
    made["components"]["c1"] = {
        "type": "Select",
        "typeVersion": 1,
        "name": "City",
        "place": {"page": page, "slot": "content", "order": "a0"},
        "props": {"label": "Städte 😀", "options": [{"label": "Graz", "value": "graz"}]},
    }
    made["queries"]["q1"] = {
        "name": "getCities",
        "page": None,
        "dataSource": None,
        "kind": "sql",
        "body": "select 1",
        "config": {"limit": 10},
    }
    return made


def snapshot(version: int = 1) -> Snapshot:
    return Snapshot(version, TYPE, design())


class Writer:
    """Made from a state; `made` are the updates since."""

    def __init__(self, state: bytes = b"\x00\x00", client: int = 7) -> None:
        self.doc: Doc[Any] = Doc(client_id=client)
        self.made: list[bytes] = []
        self.doc.apply_update(state)
        self._watch = self.doc.observe(lambda event: self.made.append(event.update))

    def root(self, name: str) -> Map[Any]:
        return self.doc.get(name, type=Map)

    def component(self, id: str = "c1") -> Map[Any]:
        found: Map[Any] = self.root("components")[id]
        return found

    def props(self, id: str = "c1") -> Map[Any]:
        found: Map[Any] = self.component(id)["props"]
        return found

    def write(self, change: Callable[[Writer], object]) -> bytes:
        """The one update that a change makes."""
        self.made.clear()
        with self.doc.transaction():
            change(self)
        assert len(self.made) == 1
        return self.made[0]

    def take(self, update: bytes) -> None:
        self.doc.apply_update(update)
        self.made.clear()

    def button(self, id: str, name: str, page: str = "page1") -> None:
        self.root("components")[id] = Map(
            {
                "type": "Button",
                "typeVersion": 1,
                "name": name,
                "place": {"page": page, "slot": "content", "order": "a1"},
                "props": Map({"label": Text("Go")}),
                "events": Map({}),
                "dependencies": Array([]),
            }
        )
