"""The replica is a function of the log, whatever has happened on the way."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pycrdt import Array, Map, Text

from ot.types import Op
from server.document.versioned import TYPE, Edit, NoOp, Snapshot, encode
from server.ports import StoredOp
from server.types.registry import TypeRegistry
from server.yjs.lib0 import uint
from server.yjs.reading import Reading
from server.yjs.replica import Replica, outermost, places_of
from server.yjs.shape import ROOTS, Shape
from server.yjs.update import EMPTY
from tests.server.yjs.updates import Writer, design, snapshot

SHAPE = Shape(TypeRegistry.load())
SERVER = 1_000


def begin(version: int = 1) -> Replica:
    return Replica.begin(snapshot(version), SHAPE, SERVER)


def held(replica: Replica) -> dict[str, Any]:
    return {root: replica.tree.value((root,)) for root in ROOTS if root != "ext"}


def roots(data: Any) -> dict[str, Any]:
    return {root: data[root] for root in ROOTS if root != "ext"}


def of_doc(doc: Any) -> tuple[bytes, dict[str, Any]]:
    """Which items a document has, and what they hold."""
    return doc.get_state(), {root: doc.get(root, type=Map).to_py() for root in ROOTS}


def stored(version: int, edit: Edit, update: bytes = b"", author: str = "ada") -> StoredOp:
    return StoredOp(version, "src", version, author, 0, encode(edit, (), update=update))


def test_Y1_Y7_a_design_becomes_maps_arrays_texts_and_values() -> None:
    replica = begin()
    assert held(replica) == roots(design())
    component = replica.tree.node(("components", "c1"))
    assert isinstance(component, Map)
    assert type(component["place"]) is dict
    assert isinstance(component["props"]["label"], Text)
    assert isinstance(component["props"]["options"], Array)
    assert isinstance(component["props"]["options"][0], Map)
    assert isinstance(replica.tree.node(("queries", "q1", "body")), Text)
    assert type(replica.tree.node(("queries", "q1", "name"))) is str


def test_Y33_what_is_kept_is_loaded_with_the_same_items() -> None:
    replica = begin()
    replica.owners[7] = "ada"
    again = Replica.load(replica.keep(), SHAPE)
    assert (again.version, again.client, again.owners) == (1, SERVER, {7: "ada"})
    assert again.known == replica.known
    assert of_doc(again.tree.doc) == of_doc(replica.tree.doc)
    assert again.holds(snapshot())


def test_Y34_a_state_that_holds_something_else_is_known() -> None:
    assert not begin().holds(Snapshot(1, TYPE, {**design(), "theme": {"x": 1}}))
    assert not begin().holds(snapshot(2))


PLACE = {"page": "page1", "slot": "content", "order": "a0"}
ITEM = {"label": "x", "value": "x"}
SCRIPT = {"name": "u", "page": None, "body": "1", "config": {}}
LABEL = ["components", "c1", "props", "label"]
OPTIONS = ["components", "c1", "props", "options"]
COMMITTED: dict[str, Op] = {
    "a value": [{"p": ["components", "c1", "name"], "od": "City", "oi": "Town"}],
    "a new value": [{"p": ["components", "c1", "props", "required"], "oi": True}],
    "text in a text": [{"p": [*LABEL, 9], "si": "ß"}],
    "a character of two units": [{"p": [*LABEL, 7], "sd": "😀"}],
    "text in a plain string": [{"p": ["queries", "q1", "name", 3], "si": "All"}],
    "a list's item": [{"p": [*OPTIONS, 0], "li": ITEM}],
    "a move in a list": [{"p": [*OPTIONS, 1], "li": ITEM}, {"p": [*OPTIONS, 0], "lm": 1}],
    "a number": [{"p": ["queries", "q1", "config", "limit"], "na": -3}],
    "a place": [{"p": ["components", "c1", "place"], "od": PLACE, "oi": {**PLACE, "order": "a5"}}],
    "an element more": [{"p": ["scripts", "s1"], "oi": SCRIPT}],
    "the design's name": [{"p": ["meta", "name", 0], "si": "My "}],
}


@pytest.mark.parametrize("op", COMMITTED.values(), ids=COMMITTED)
def test_Y31_what_others_commit_is_held_by_every_client(op: Op) -> None:
    replica, client = begin(), Writer(begin().state())
    made = replica.advance(op)
    assert held(replica) == roots(replica.at(()))
    client.take(made)
    assert of_doc(client.doc) == of_doc(replica.tree.doc)


def test_Y31_one_property_costs_one_item() -> None:
    replica = begin()
    before = dict(replica.known)
    replica.advance([{"p": ["components", "c1", "name"], "od": "City", "oi": "Town"}])
    assert {n: end - before[n] for n, end in replica.known.items()} == {SERVER: 1}


def test_Y31_an_edit_that_was_read_from_an_update_writes_nothing() -> None:
    replica = begin()
    client = Writer(replica.state())
    update = client.write(lambda w: w.props().__setitem__("required", True))
    op: Op = [{"p": ["components", "c1", "props", "required"], "oi": True}]
    assert replica.advance(op, update, "ada") == EMPTY
    assert held(replica) == roots(replica.at(()))
    assert replica.owners == {7: "ada"}


@pytest.mark.parametrize(
    "change",
    [
        lambda w: w.component().__setitem__("name", "not a name!"),
        lambda w: w.props().__setitem__("nosuch", Map({"deep": Array([1.0])})),
        lambda w: w.props().__setitem__("label", 5.0),
        lambda w: w.props()["label"].insert(0, "!!"),
        lambda w: w.props()["options"].insert(0, Map({"bad": True})),
        lambda w: w.root("components").__delitem__("c1"),
        lambda w: w.button("c9", "x y"),
        lambda w: w.props().__setitem__("label", b"bytes"),
        lambda w: w.props()["label"].format(0, 3, {"bold": True}),
        lambda w: w.root("ext").__setitem__("x", 1.0),
        lambda w: w.component().__delitem__("place"),
    ],
)
def test_Y40_a_refused_update_is_taken_back_for_everybody(
    change: Callable[[Writer], None],
) -> None:
    replica = begin()
    sender, reader = Writer(replica.state()), Writer(replica.state(), client=8)
    update = sender.write(change)
    made = replica.advance(NoOp(), update, "ada")
    assert made != EMPTY
    assert held(replica) == roots(design())
    sender.take(made)
    reader.take(update)
    reader.take(made)
    for client in (sender, reader):
        assert of_doc(client.doc) == of_doc(replica.tree.doc)


def test_Y41_a_character_cut_in_two_is_written_anew() -> None:
    replica = begin()
    (half,) = replica.halves
    update = b"\x00\x01" + uint(half[0]) + b"\x01" + uint(half[1]) + b"\x01"
    before = dict(replica.known)
    replica.advance(NoOp(), update, "ada")
    assert held(replica) == roots(design())
    assert replica.known[SERVER] > before[SERVER] + 5
    assert half not in replica.halves


def test_Y13_an_update_that_comes_before_its_own_is_never_taken() -> None:
    replica = begin()
    client = Writer(replica.state())
    client.write(lambda w: w.component().__setitem__("name", "First"))
    second = client.write(lambda w: w.component().__setitem__("name", "Second"))
    with pytest.raises(ValueError, match="missing"):
        replica.advance(NoOp(), second, "ada")


def test_places_that_lie_in_others_are_left_out() -> None:
    assert outermost([("a", "b", "c"), ("a", "b"), ("a", "bb"), ("a", "b")]) == [
        ("a", "b"),
        ("a", "bb"),
    ]
    assert places_of([{"p": [*LABEL, 3], "si": "x"}]) == [tuple(LABEL)]


class Choice:
    """What some clients do, drawn by Hypothesis."""

    def __init__(self, data: st.DataObject) -> None:
        self._data = data

    def of(self, *options: Any) -> Any:
        return self._data.draw(st.sampled_from(options))

    def change(self, client: Writer) -> Callable[[Writer], object]:
        kind = self.of("label", "name", "required", "options", "button", "bytes")
        if kind == "label" and isinstance(client.props()["label"], Text):
            before = str(client.props()["label"])[: self.of(0, 1, 5, 99)]
            text = self.of("a", "😀", "é")
            return lambda w: w.props()["label"].insert(len(before.encode()), text)
        if kind == "options":
            return lambda w: w.props()["options"].insert(0, Map({"label": "n", "value": "n"}))
        if kind == "button":
            id = self.of("b1", "b2")
            return lambda w: w.button(id, "Go")
        if kind == "bytes":
            return lambda w: w.props().__setitem__("label", b"x")
        if kind == "name":
            name = self.of("A", "B")
            return lambda w: w.component().__setitem__("name", name)
        value = self.of(True, False, 2.0)
        return lambda w: w.props().__setitem__("required", value)


@settings(deadline=None, max_examples=60)
@given(st.data())
def test_Y30_Y32_whoever_follows_the_log_has_the_same_items(data: st.DataObject) -> None:
    choice = Choice(data)
    live = begin()
    first = live.keep()
    reading = Reading(live, SHAPE)
    clients = [Writer(live.state(), client=number) for number in (7, 8)]
    log: list[StoredOp] = []

    def commit(edit: Edit, update: bytes, *, is_read: bool) -> None:
        log.append(stored(live.version, edit, update))
        made = live.advance(edit, update, "ada", is_read=is_read)
        reading.follow(made)
        for client in clients:
            if update:
                client.take(update)
            client.take(made)

    for _ in range(data.draw(st.integers(1, 8))):
        if choice.of(True, True, False):
            client = choice.of(*clients)
            update = client.write(choice.change(client))
            places = reading.take(update)
            try:
                op = reading.op(places)
            except ValueError:
                op = []
            is_accepted = bool(op) and choice.of(True, True, False)
            commit(op if is_accepted else NoOp(), update, is_read=is_accepted)
        else:
            name = live.at(("components", "c1", "name"))
            new = choice.of("X", "Y")
            op = [{"p": ["components", "c1", "name"], "od": name, "oi": new}]
            commit(op, b"", is_read=False)

    assert held(live) == roots(live.at(()))
    for client in clients:
        assert of_doc(client.doc) == of_doc(live.tree.doc)
    # A node that starts from the first state, and one from any state in between, have the same items.
    follower = Replica.load(first, SHAPE)
    stop = data.draw(st.integers(0, len(log)))
    for op_ in log[:stop]:
        follower.follow(op_)
    resumed = Replica.load(follower.keep(), SHAPE)
    for replica in (follower, resumed):
        for op_ in log[stop:]:
            replica.follow(op_)
        assert replica.known == live.known
        assert replica.owners == live.owners
        assert of_doc(replica.tree.doc) == of_doc(live.tree.doc)
        # Its clients can go to the other node, and the other way round: nothing comes twice.
        clients[0].take(replica.state())
        assert of_doc(clients[0].doc) == of_doc(live.tree.doc)
