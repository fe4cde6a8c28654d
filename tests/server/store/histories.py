"""Databases with a history to look at, written as a node writes them."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from ot.types import Json
from server.document.model import new_design
from server.document.versioned import TYPE, Create, Delete, Edit, NoOp, Snapshot, encode, replay
from server.ports import Commit, Committed, DesignRow, DocumentId, NewOp
from server.runtime.history import milestone_of
from server.store import SqlStore

__all__ = [
    "CLAIMS",
    "KEY",
    "NOTES",
    "ORDERS",
    "Story",
    "design_story",
    "scratch_story",
    "write",
    "write_all",
]

CLAIMS = DocumentId("acme", "designs", "claims")
ORDERS = DocumentId("acme", "designs", "orders")
NOTES = DocumentId("acme", "scratch", "notes")

KEY = b"k" * 32


@dataclass
class Story:
    """A document's edits, and its state at every version."""

    edits: list[Edit] = field(default_factory=list)
    states: list[Snapshot] = field(default_factory=lambda: [Snapshot(0, None, None)])

    def add(self, edit: Edit) -> None:
        self.edits.append(edit)
        self.states.append(replay(self.states[-1], edit))


def design_story(name: str, edits: int) -> Story:
    """Buttons come, are labelled anew by turns, and go."""
    story = Story()
    document = new_design(name)
    page = next(iter(document["pages"]))
    story.add(Create(TYPE, document))
    for number in range(edits):
        there: dict[str, Json] = story.states[-1].data["components"]
        id = f"c{number % 7}"
        path = ["components", id]
        if id not in there:
            place = {"page": page, "slot": "content", "order": f"a{number % 7}"}
            button = {
                **{"type": "Button", "typeVersion": 1, "name": f"Button{number % 7 + 1}"},
                **{"place": place, "props": {"label": "Save"}},
            }
            story.add([{"p": path, "oi": button}])
        elif number % 11 == 0:
            story.add([{"p": path, "od": there[id]}])
        else:
            label = there[id]["props"]["label"]
            story.add([{"p": [*path, "props", "label"], "od": label, "oi": f"{name} {number}"}])
    return story


def scratch_story(edits: int) -> Story:
    """A list that grows; deleted in the middle, and made anew."""
    story = Story()
    for number in range(edits):
        if number in (0, edits // 2 + 1):
            story.add(Create(TYPE, {"list": [], "text": ""}))
        elif number == edits // 2:
            story.add(Delete())
        elif number % 13 == 5:
            story.add(NoOp())
        else:
            story.add([{"p": ["list", 0], "li": number}, {"p": ["text", 0], "si": f"é{number} "}])
    return story


async def write(store: SqlStore, document: DocumentId, story: Story, *, every: int = 10) -> None:
    """Commit the story in batches of `every`, with a milestone after each but the last."""
    for base in range(0, len(story.edits), every):
        ops = tuple(
            NewOp(f"s{n % 3}", n, f"u{n % 2}", 1_000 * n, encode(edit))
            for n, edit in enumerate(story.edits[base : base + every], base + 1)
        )
        head = base + len(ops)
        assert await store.commit([Commit(document, base, ops)]) == [Committed(head)]
        if head < len(story.edits):
            await store.save_milestone(document, milestone_of(story.states[head]))
    if document.collection == "designs":
        name = story.states[-1].data["meta"]["name"]
        row = DesignRow(document.id, name, 1, "u1", 1_000 * head, head, None)
        await store.designs.add(document.tenant, row)


async def write_all(path: Path, *, key: bytes = KEY) -> dict[DocumentId, Story]:
    """A database of two designs and a scratch document."""
    stories = {
        CLAIMS: design_story("Claims", 60),
        ORDERS: design_story("Orders", 25),
        NOTES: scratch_story(40),
    }
    async with SqlStore(f"sqlite:///{path}", key=key) as store:
        for document, story in stories.items():
            await write(store, document, story)
    return stories
