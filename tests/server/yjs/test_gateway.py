"""The gateway between Yjs clients and a room that answers when the test lets it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from pycrdt import Doc, Map

from server.document.versioned import TYPE, Create, NoOp, encode
from server.errors import Code, DesignError
from server.policy.rights import Principal
from server.policy.roles import OWNS
from server.ports import Commit, DocumentId, NewOp
from server.room.effects import Acked, CaughtUp, CommittedOp, Lost, OpsSince, Refused
from server.room.events import Submit, Subscribe
from server.runtime.history import History
from server.store import MemoryStore
from server.types.registry import TypeRegistry
from server.yjs import wire
from server.yjs.gateway import MOST_IN_FLIGHT, MOST_WAITING, Client, Gateway, Needs
from server.yjs.shape import Shape
from tests.server.yjs.updates import Writer, design

DOCUMENT = DocumentId("default", "designs", "d1")
SHAPE = Shape(TypeRegistry.load())
SECONDS = 20


class Rooms:
    """Keeps what is submitted until the test answers."""

    def __init__(self, store: MemoryStore) -> None:
        self.submitted: list[Submit] = []
        self.arrived = asyncio.Event()
        self._store = store
        self.peer: Any = None

    async def send(self, document: DocumentId, peer: Any, event: Any) -> None:
        self.peer = peer
        if isinstance(event, Subscribe):
            peer.deliver(document, (CaughtUp(event.request),))
            return
        self.submitted.append(event)
        self.arrived.set()

    async def leave(self, peer: Any) -> None:
        self.peer = None

    async def until(self, count: int) -> list[Submit]:
        """What was submitted since the last call, when there is so much of it."""
        async with asyncio.timeout(SECONDS):
            while len(self.submitted) < count:
                self.arrived.clear()
                await self.arrived.wait()
        taken, self.submitted = self.submitted, []
        return taken

    async def commit(self, submit: Submit) -> CommittedOp:
        """Write it to the log as a room does, and answer."""
        version = (await self._store.head(DOCUMENT)).version
        edit = submit.edit or NoOp()
        body = encode(edit, (), update=submit.update)
        new = NewOp(submit.src, submit.seq, submit.author, submit.time, body)
        await self._store.commit([Commit(DOCUMENT, version, (new,))])
        op = CommittedOp(
            *(version, submit.src, submit.seq, submit.author, submit.time, edit),
            update=submit.update,
        )
        self.peer.deliver(DOCUMENT, (Acked(op, submit.request),))
        return op

    def refuse(self, submit: Submit, code: Code, **details: Any) -> None:
        error = DesignError(code, "Not so.", **details)
        self.peer.deliver(DOCUMENT, (Refused(error, submit.request),))


class Rights:
    """Who may edit."""

    def __init__(self) -> None:
        self.refused: DesignError | None = None

    async def check(self, *_: Any) -> Any:
        if self.refused is not None:
            raise self.refused
        return OWNS


class World:
    def __init__(self, store: MemoryStore) -> None:
        self.store = store
        self.rooms = Rooms(store)
        self.rights = Rights()

    def gateway(self) -> Gateway:
        made: Any = Needs(
            rooms=self.rooms,  # type: ignore[arg-type]
            store=self.store,
            states=self.store.yjs_states,
            history=History(self.store),
            rights=self.rights,  # type: ignore[arg-type]
            shape=SHAPE,
            clock=lambda: 1,
        )
        return Gateway(DOCUMENT, made)


class Someone:
    """A client of the gateway, and the document it holds."""

    def __init__(self, gateway: Gateway, name: str) -> None:
        self.gateway = gateway
        self.client = Client(Principal("default", f"u-{name}", name))
        self.writer = Writer(client=100 + sum(name.encode()))
        self.refusals: list[bytes] = []

    async def come(self) -> None:
        await self.gateway.join(self.client)
        self.gateway.answer(self.client, self.writer.doc.get_state())
        await self.hear()

    async def hear(self) -> None:
        """Take what waits."""
        async with asyncio.timeout(SECONDS):
            for message in await self.client.outbox.take():
                read = wire.read(message)
                if isinstance(read, wire.Brought):
                    self.writer.take(read.update)
                elif message[0] == 2:
                    self.refusals.append(message)

    async def rename(self, name: str, id: str = "c1") -> bytes:
        update = self.writer.write(lambda w: w.component(id).__setitem__("name", name))
        await self.gateway.upload(self.client, update)
        return update


@pytest.fixture
async def world() -> AsyncIterator[World]:
    async with MemoryStore() as store:
        held = design()
        for number in range(2, MOST_IN_FLIGHT + 20):
            held["components"][f"c{number}"] = {
                **held["components"]["c1"],
                "name": f"City{number}",
            }
        body = encode(Create(TYPE, held))
        await store.commit([Commit(DOCUMENT, 0, (NewOp("s", 1, "u", 1, body),))])
        yield World(store)


@pytest.fixture
async def gateway(world: World) -> AsyncIterator[Gateway]:
    made = world.gateway()
    running = asyncio.create_task(made.run(60))
    yield made
    made.stop()
    async with asyncio.timeout(SECONDS):
        await running


async def test_Y13_edits_of_different_elements_are_under_way_together(
    world: World, gateway: Gateway
) -> None:
    ada, ben = Someone(gateway, "Ada"), Someone(gateway, "Ben")
    await ada.come()
    await ben.come()
    await ada.rename("A1")
    await ben.rename("B2", "c2")
    first, second = await world.rooms.until(2)
    assert (first.base, second.base) == (1, 1)
    assert (first.author, second.author) == ("u-Ada", "u-Ben")
    for submit in (first, second):
        await world.rooms.commit(submit)
    await ben.hear()
    assert ben.writer.component()["name"] == "A1"


async def test_Y13_a_second_edit_of_an_element_waits_for_the_first(
    world: World, gateway: Gateway
) -> None:
    ada, ben = Someone(gateway, "Ada"), Someone(gateway, "Ben")
    await ada.come()
    await ben.come()
    await ada.rename("First")
    await ben.rename("Second")
    (first,) = await world.rooms.until(1)
    assert first.edit == [{"p": ["components", "c1", "name"], "od": "City", "oi": "First"}]
    await world.rooms.commit(first)
    (second,) = await world.rooms.until(1)
    assert second.base == 2
    assert second.author == "u-Ben"
    # Which of the two stands is for Yjs to say; either way the op is from what is committed.
    assert second.edit in (
        [{"p": ["components", "c1", "name"], "od": "First", "oi": "Second"}],
        [],
    )
    await world.rooms.commit(second)


async def test_Y13_a_senders_updates_come_to_the_log_in_their_order(
    world: World, gateway: Gateway
) -> None:
    ada = Someone(gateway, "Ada")
    await ada.come()
    first = await ada.rename("no name!")
    second = await ada.rename("Fine", "c2")
    (submit,) = await world.rooms.until(1)
    assert submit.update == first
    world.rooms.refuse(submit, Code.INVALID)
    (again,) = await world.rooms.until(1)
    assert (again.update, again.edit) == (first, [])
    await world.rooms.commit(again)
    (submit,) = await world.rooms.until(1)
    assert submit.update == second
    await world.rooms.commit(submit)


async def test_Y13_only_so_many_are_under_way(world: World, gateway: Gateway) -> None:
    people = [Someone(gateway, "P" * number) for number in range(2, MOST_IN_FLIGHT + 12)]
    for person in people:
        await person.come()
    for number, person in enumerate(people, 2):
        await person.rename(f"N{number}", f"c{number}")
    first = await world.rooms.until(1)
    while len(first) < MOST_IN_FLIGHT:
        first += await world.rooms.until(1)
    assert len(first) == MOST_IN_FLIGHT
    for submit in first:
        await world.rooms.commit(submit)
    rest = await world.rooms.until(1)
    while len(rest) < 10:
        rest += await world.rooms.until(1)
    assert {submit.base for submit in rest} == {1 + MOST_IN_FLIGHT}
    for submit in rest:
        await world.rooms.commit(submit)


async def test_whoever_sends_too_much_is_not_listened_to(world: World, gateway: Gateway) -> None:
    ada = Someone(gateway, "Ada")
    await ada.come()
    await ada.rename("N0")
    (first,) = await world.rooms.until(1)
    for number in range(MOST_WAITING):
        await ada.rename(f"N{number}", "c2")
    one_more = asyncio.create_task(ada.rename("Last", "c2"))
    await asyncio.sleep(0)
    assert not one_more.done()
    await world.rooms.commit(first)
    async with asyncio.timeout(SECONDS):
        while not one_more.done():
            for submit in await world.rooms.until(1):
                await world.rooms.commit(submit)
    world.rooms.peer.deliver(DOCUMENT, (Lost(DesignError(Code.UNAVAILABLE, "")),))


async def test_Y14_an_update_that_came_first_on_another_node_is_read_before(
    world: World, gateway: Gateway
) -> None:
    ada = Someone(gateway, "Ada")
    await ada.come()
    await ada.rename("Mine")
    (submit,) = await world.rooms.until(1)
    # Elsewhere a client has appended to the label, and that was committed first.
    elsewhere = Writer(ada.writer.doc.get_update(), client=99)
    update = elsewhere.write(lambda w: w.props("c2").__setitem__("required", True))
    op = [{"p": ["components", "c2", "props", "required"], "oi": True}]
    body = encode(op, (), update=update)
    await world.store.commit([Commit(DOCUMENT, 1, (NewOp("other", 1, "u-B", 1, body),))])
    world.rooms.refuse(submit, Code.VERSION_TOO_NEW, rule="yjs")
    met = CommittedOp(1, "other", 1, "u-B", 1, op, update=update)
    world.rooms.peer.deliver(DOCUMENT, (OpsSince((met,)),))
    (again,) = await world.rooms.until(1)
    if again.base == 1:  # it was read again before the news came: that is refused as well
        world.rooms.refuse(again, Code.VERSION_TOO_NEW, rule="yjs")
        (again,) = await world.rooms.until(1)
    assert again.base == 2
    assert again.edit == [{"p": ["components", "c1", "name"], "od": "City", "oi": "Mine"}]
    await world.rooms.commit(again)
    assert ada.refusals == []


async def test_Y40_a_refused_update_is_committed_without_effect(
    world: World, gateway: Gateway
) -> None:
    ada = Someone(gateway, "Ada")
    await ada.come()
    update = await ada.rename("no name!")
    (submit,) = await world.rooms.until(1)
    world.rooms.refuse(submit, Code.INVALID, path=["components", "c1", "name"])
    (again,) = await world.rooms.until(1)
    assert (again.edit, again.update) == ([], update)
    await world.rooms.commit(again)
    while not ada.refusals or ada.writer.component()["name"] != "City":
        await ada.hear()
    assert b"ERR_DESIGN_INVALID: Not so. (components/c1/name)" in ada.refusals[0]


async def test_Y42_whoever_may_not_edit_is_told_once(world: World, gateway: Gateway) -> None:
    ada = Someone(gateway, "Ada")
    await ada.come()
    world.rights.refused = DesignError(Code.FORBIDDEN, "You may read this design.")
    await ada.rename("A")
    await ada.hear()
    await ada.rename("B")
    assert len(ada.refusals) == 1
    assert ada.client.is_muted
    assert world.rooms.submitted == []
    # And goes on reading.
    ben = Someone(gateway, "Ben")
    await ben.come()
    world.rights.refused = None
    await ben.rename("C", "c2")
    (submit,) = await world.rooms.until(1)
    await world.rooms.commit(submit)
    await ada.hear()
    assert ada.writer.component("c2")["name"] == "C"


async def test_Y42_a_protected_design_takes_not_even_a_refused_update(
    world: World, gateway: Gateway
) -> None:
    ada, ben = Someone(gateway, "Ada"), Someone(gateway, "Ben")
    await ada.come()
    await ben.come()
    await ada.rename("A")
    (submit,) = await world.rooms.until(1)
    world.rooms.refuse(submit, Code.FORBIDDEN)
    (again,) = await world.rooms.until(1)
    world.rooms.refuse(again, Code.FORBIDDEN)
    await ada.hear()
    # What was read of it is forgotten: others' edits are read as if it had never come.
    await ben.rename("B")
    (other,) = await world.rooms.until(1)
    assert other.edit == [{"p": ["components", "c1", "name"], "od": "City", "oi": "B"}]
    await world.rooms.commit(other)
    assert ada.client.is_muted


async def test_Y43_a_lost_room_sends_everybody_to_come_again(world: World) -> None:
    gateway = world.gateway()
    running = asyncio.create_task(gateway.run(60))
    ada = Someone(gateway, "Ada")
    await ada.come()
    world.rooms.peer.deliver(DOCUMENT, (Lost(DesignError(Code.UNAVAILABLE, "away")),))
    async with asyncio.timeout(SECONDS):
        await running
    assert ada.client.outbox.closing == (1013, Code.UNAVAILABLE)
    assert gateway.is_closed


async def test_Y33_Y35_it_is_kept_when_the_last_has_left_and_never_before(world: World) -> None:
    assert await world.store.yjs_states.newest(DOCUMENT) is None
    gateway = world.gateway()
    running = asyncio.create_task(gateway.run(0.01))
    ada = Someone(gateway, "Ada")
    await ada.come()
    await ada.rename("A")
    (submit,) = await world.rooms.until(1)
    await world.rooms.commit(submit)
    gateway.leave(ada.client)
    async with asyncio.timeout(SECONDS):
        await running
    kept = await world.store.yjs_states.newest(DOCUMENT)
    assert kept is not None
    assert (kept.number, kept.version) == (2, 2)


async def test_Y30_two_nodes_have_the_same_items(world: World) -> None:
    one, two = world.gateway(), world.gateway()
    tasks = [asyncio.create_task(each.run(60)) for each in (one, two)]
    docs: list[Doc[Any]] = []
    for gateway in (one, two):
        person = Someone(gateway, "Ada")
        await person.come()
        docs.append(person.writer.doc)
    assert docs[0].get_state() == docs[1].get_state()
    assert docs[0].get("components", type=Map).to_py() == docs[1].get(
        "components", type=Map
    ).to_py()  # fmt: skip
    for gateway in (one, two):
        gateway.stop()
    async with asyncio.timeout(SECONDS):
        await asyncio.gather(*tasks)
