"""The history that people see, made of the ops beside the rooms."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator
from pathlib import Path
from random import Random
from typing import Any

import pytest

import ot
from server.bus.memory import MemoryBus
from server.document.model import new_design
from server.document.versioned import TYPE, Create, Edit, Snapshot, Why, encode
from server.history.blame import Blame, leaves
from server.history.diff import ABSENT, to_op
from server.history.journal import Journal, Made
from server.ports import Commit, DocumentId, NewOp
from server.protocol.packed import pack
from server.runtime.chronicle import Chronicle
from server.runtime.history import History
from server.store import SqlStore
from server.store.chronicle import FORM, Indexed, Query
from server.store.tables import indexed
from server.types.registry import TypeRegistry
from tests.support.histories import HISTORIES, NAMES, versions

REAL = pytest.mark.skipif(not HISTORIES.is_dir(), reason="the corpus of real histories is not here")
DOCUMENT = DocumentId("default", "designs", "d1")
TYPES = TypeRegistry.load()
MINUTE = 60_000


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[SqlStore]:
    async with SqlStore(f"sqlite:///{tmp_path / 'db'}") as store:
        yield store


def chronicle_of(store: SqlStore, **others: Any) -> Chronicle:
    return Chronicle(
        name="node",
        store=store,
        chronicle=store.chronicle,
        history=History(store),
        types=TYPES,
        bus=others.pop("bus", None) or MemoryBus(),
        **others,
    )


class Log:
    """Commits edits one after the other, past the rooms."""

    def __init__(self, store: SqlStore, document: DocumentId = DOCUMENT) -> None:
        self.store = store
        self.document = document
        self.version = 0
        self.time = 0

    async def add(
        self, *edits: Edit, author: str = "ada", pause: int = 0, why: Why | None = None
    ) -> None:
        for start in range(0, len(edits), 500):
            self.time += pause
            ops = [
                NewOp("s", self.version + n, author, self.time, encode(edit, why=why))
                for n, edit in enumerate(edits[start : start + 500], 1)
            ]
            await self.store.commit([Commit(self.document, self.version, tuple(ops))])
            self.version += len(ops)


def label(old: str, new: str, id: str = "b0") -> ot.Op:
    return [{"p": ["components", id, "props", "label"], "od": old, "oi": new}]


def design(count: int = 3) -> dict[str, Any]:
    made = new_design("Claims")
    for at in range(count):
        made["components"][f"b{at}"] = {
            "type": "Button",
            "typeVersion": 1,
            "name": f"Save{at}",
            "place": {"page": "page1", "slot": "content", "order": "a0"},
            "props": {"label": "0", "variant": "primary"},
        }
    return made


async def test_entries_are_what_a_journal_of_all_ops_gives_however_it_came_about(
    store: SqlStore,
) -> None:
    log, random = Log(store), Random(7)
    chronicle = chronicle_of(store)
    await log.add(Create(TYPE, design()))
    for at in range(120):
        await log.add(
            label(str(at), str(at + 1)),
            author=random.choice(["ada", "ben"]),
            pause=random.choice([0, 0, 0, 2, 6]) * MINUTE,
            why=random.choice([None] * 9 + [{"kind": "revert", "version": 2}]),
        )
        if random.random() < 0.2:
            if random.random() < 0.5:
                chronicle = chronicle_of(store)  # another node, or this one after a restart
            assert (await chronicle.up_to_date(DOCUMENT)).version == log.version
    await chronicle.up_to_date(DOCUMENT)
    journal = Journal(Snapshot(0, None, None), TYPES)
    ops = [Made.of(op) for op in await store.read(DOCUMENT, 0)]
    expected = [entry for op in ops if (entry := journal.take(op)) is not None]
    expected += [entry for entry in [journal.entry()] if entry is not None]
    found, rest = await store.chronicle.entries(DOCUMENT, Query(1_000))
    assert found == expected[::-1]
    assert rest is None
    for query, fits in (
        (Query(1_000, author="ben"), lambda each: "ben" in each.authors),
        (Query(1_000, kind="revert"), lambda each: each.kind == "revert"),
        (
            Query(1_000, author="ada", kind="revert"),
            lambda each: each.kind == "revert" and "ada" in each.authors,
        ),
        (Query(1_000, element="components/b0"), lambda each: each.kind != "create"),
        (Query(1_000, element="components/b1"), lambda each: False),
        (Query(1_000, before=50), lambda each: each.version <= 50),
        (Query(1_000, above=50), lambda each: each.version > 50),
    ):
        assert (await store.chronicle.entries(DOCUMENT, query))[0] == [
            each for each in found if fits(each)
        ], query
    for query in (Query(3), Query(3, author="ben"), Query(3, element="components/b0")):
        pages, before = [], None
        whole, _ = await store.chronicle.entries(
            DOCUMENT, Query(1_000, author=query.author, element=query.element)
        )
        while True:
            page, before = await store.chronicle.entries(
                DOCUMENT, Query(3, before, author=query.author, element=query.element)
            )
            assert len(page) <= 3
            pages += page
            if before is None:
                break
        assert pages == whole
    for entry in found:
        assert await store.chronicle.entry(DOCUMENT, entry.version) == entry
        assert await store.chronicle.entry(DOCUMENT, entry.base + 1) == entry
    assert await store.chronicle.entry(DOCUMENT, log.version + 1) is None
    assert await store.chronicle.entry(DOCUMENT, 0) is None


async def test_two_nodes_that_look_at_once_enter_everything_once(store: SqlStore) -> None:
    log = Log(store)
    await log.add(Create(TYPE, design()), *[label(str(at), str(at + 1)) for at in range(2_500)])
    nodes = [chronicle_of(store) for _ in range(3)]
    found = await asyncio.gather(*(node.up_to_date(DOCUMENT) for node in nodes))
    assert {each.version for each in found} == {log.version}
    touches = await store.chronicle.touches(DOCUMENT, "components/b0", log.version)
    assert [version for version, _ in touches] == list(range(log.version, 1, -1))


async def test_a_node_keeps_up_with_what_it_commits_by_itself(store: SqlStore) -> None:
    bus, log = MemoryBus(), Log(store)
    await log.add(Create(TYPE, design()), label("0", "1"))
    async with chronicle_of(store, bus=bus, quiet_seconds=0.01):
        async with asyncio.timeout(30):
            while (await store.chronicle.indexed(DOCUMENT)).version < 2:
                await bus.publish("heads", pack(["node", "default", "designs", "d1", 2]))
                await asyncio.sleep(0.02)


async def test_a_page_that_finds_little_is_short(
    store: SqlStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = Log(store)
    await log.add(Create(TYPE, design()))
    for at in range(20):
        await log.add(label(str(at), str(at + 1)), pause=10 * MINUTE)
    await chronicle_of(store).up_to_date(DOCUMENT)
    monkeypatch.setattr("server.store.chronicle.MOST_LOOKED_AT", 7)
    query = Query(5, author="ada", kind="create")
    found, rest = await store.chronicle.entries(DOCUMENT, query)
    assert (found, rest) == ([], 14)
    found, rest = await store.chronicle.entries(DOCUMENT, Query(5, 7, author="ada", kind="create"))
    assert ([each.kind for each in found], rest) == (["create"], None)


async def test_large_ops_are_read_one_by_one(
    store: SqlStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = Log(store)
    await log.add(Create(TYPE, design()), *[label(str(at), str(at + 1)) for at in range(40)])
    await chronicle_of(store).up_to_date(DOCUMENT)
    found = await store.chronicle.entries(DOCUMENT, Query(10))
    touches = await store.chronicle.touches(DOCUMENT, "components/b0", 99)
    await store.chronicle.forget(DOCUMENT)
    monkeypatch.setattr("server.runtime.chronicle.BYTES_AT_ONCE", 1)
    monkeypatch.setattr("server.runtime.chronicle._MOST_ELEMENTS_KEPT", 0)
    chronicle = chronicle_of(store)
    await chronicle.up_to_date(DOCUMENT)
    assert await store.chronicle.entries(DOCUMENT, Query(10)) == found
    assert await store.chronicle.touches(DOCUMENT, "components/b0", 99) == touches
    state = design()
    state["components"]["b0"]["props"]["label"] = "40"
    made = await blamed(chronicle, state, "components/b0", log.version)
    assert made["props", "label"] == (log.version, "edit", "ada")
    assert made["name",] == (1, "create", "ada")


async def test_what_other_rules_made_is_made_anew(store: SqlStore) -> None:
    log, chronicle = Log(store), chronicle_of(store)
    await log.add(Create(TYPE, design()), label("0", "1"))
    await chronicle.up_to_date(DOCUMENT)
    before = await store.chronicle.entries(DOCUMENT, Query(10))
    await store._database.write(lambda c: c.execute(indexed.update().values(form=FORM - 1)))
    assert await store.chronicle.indexed(DOCUMENT) == Indexed()
    await chronicle.up_to_date(DOCUMENT)
    assert await store.chronicle.entries(DOCUMENT, Query(10)) == before
    await store.chronicle.forget(DOCUMENT)
    assert await store.chronicle.entries(DOCUMENT, Query(10)) == ([], None)
    await chronicle_of(store).up_to_date(DOCUMENT)
    assert await store.chronicle.entries(DOCUMENT, Query(10)) == before


async def blamed(
    chronicle: Chronicle, state: Any, element: str, version: int, path: Any = ()
) -> Any:
    value: Any = state
    for step in element.split("/"):
        value = value.get(step, ABSENT)
    found = await chronicle.blame(DOCUMENT, version, element.split("/"), value, path)
    return {path: (each.version, each.kind, each.author) for path, each in found.items()}


async def test_blame_tells_who_in_which_version_and_why(store: SqlStore) -> None:
    log, chronicle = Log(store), chronicle_of(store)
    state = design()
    await log.add(Create(TYPE, state))
    await log.add(label("0", "1"), author="ben")
    await log.add([{"p": ["components", "b0", "props", "variant"], "od": "primary"}], author="ben")
    await log.add(label("1", "0"), author="ada", why={"kind": "restore", "version": 1})
    del state["components"]["b0"]["props"]["variant"]
    found = await blamed(chronicle, state, "components/b0", 4)
    assert found[("props", "label")] == (4, "restore", "ada")
    assert found[("name",)] == (1, "create", "ada")
    assert await blamed(chronicle, state, "components/b0", 4, ("props", "variant")) == {
        ("props", "variant"): (3, "edit", "ben")
    }
    assert await blamed(chronicle, state, "components/b0", 4, ("props", "never")) == {}
    assert await blamed(chronicle, state, "meta", 4) == {
        ("name",): (1, "create", "ada"),
        ("description",): (1, "create", "ada"),
    }


async def test_what_a_branch_began_with_came_from_its_design(store: SqlStore) -> None:
    log, state = Log(store), design()
    await log.add(Create(TYPE, state), why={"kind": "branch", "design": "root", "version": 7})
    await log.add(label("0", "1"))
    state["components"]["b0"]["props"]["label"] = "1"
    found = await chronicle_of(store).blame(
        DOCUMENT, 2, ("components", "b0"), state["components"]["b0"]
    )
    assert found["props", "label"].kind == "edit"
    assert found["name",].kind == "branch"
    assert found["name",].origin == {"design": "root", "version": 7}


@REAL
@pytest.mark.parametrize("name", NAMES)
async def test_blame_of_a_real_history_equals_a_walk_over_all_ops(
    store: SqlStore, name: str
) -> None:
    log, chronicle = Log(store), chronicle_of(store)
    states = versions(name)
    ops: list[ot.Op] = [[]]
    await log.add(Create(TYPE, states[0]))
    for old, new in itertools.pairwise((*states, states[3])):
        op = to_op(old, new)
        # As many versions as an editor would make of it, one element after the other.
        for _, group in itertools.groupby(op, key=lambda part: part["p"][:2]):
            ops.append(list(group))
            await log.add(ops[-1], pause=MINUTE)
    state = states[3]
    await chronicle.up_to_date(DOCUMENT)
    checked = 0
    elements = [f"components/{id}" for id in state["components"]][::15] + ["settings", "theme"]
    for element in elements:
        steps = tuple(element.split("/"))
        value: Any = state
        for step in steps:
            value = value[step]
        walk = Blame([(*steps, *path) for path in leaves(value)])
        for version in range(len(ops) - 1, 0, -1):
            walk.take(version + 1, ops[version])
        walk.rest(1)
        found = await chronicle.blame(DOCUMENT, log.version, steps, value)
        assert {(*steps, *path): each.version for path, each in found.items()} == walk.found
        checked += len(found)
    assert checked > 100
