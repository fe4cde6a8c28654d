"""The server completes what it can: deletes take their contents, names move on, the homeless find a home."""

from typing import Any

import pytest

import ot
from ot.types import Json, Op
from server.document.applied import Applied
from server.document.complete import NAME_CHANGED, PARENT_GONE
from server.document.design import Design
from server.errors import Code, DesignError

from .designs import TYPES, button, component, inside, on_page, small


class Room:
    """A design to which ops come one after the other."""

    def __init__(self, document: Json) -> None:
        self.design = Design.from_json(document, TYPES, strict=False)
        self.log: list[Op] = []

    def take(self, op: Op, base: int | None = None) -> Applied:
        """Accept an op made at version `base` (None: the newest), as a room would."""
        missed = self.log[base:] if base is not None else []
        for other in missed:
            op = ot.transform(op, other, "left")
        draft = self.design.draft()
        applied = draft.apply(op, missed)
        draft.commit()
        self.log.append(applied.op)
        assert [fault for fault in self.design.faults() if fault.rule != "reference"] == []
        return applied

    @property
    def components(self) -> dict[str, Any]:
        found: dict[str, Any] = self.design.to_json()["components"]
        return found


@pytest.fixture
def room() -> Room:
    return Room(small())


def delete(room: Room, section: str, id: str) -> Op:
    return [{"p": [section, id], "od": room.design.to_json()[section][id]}]


def insert(id: str, value: Json) -> Op:
    return [{"p": ["components", id], "oi": value}]


# -- deletes -----------------------------------------------------------------------------------------


def test_delete_takes_the_subtree(room: Room) -> None:
    applied = room.take(delete(room, "components", "c1"))
    assert set(room.components) == {"c4", "c5"}
    assert applied.elements == {"components/c1", "components/c2", "components/c3"}
    assert applied.fixups == (
        [
            {"p": ["components", "c2"], "od": small()["components"]["c2"]},
            {"p": ["components", "c3"], "od": small()["components"]["c3"]},
        ],
    )
    assert applied.op == [*delete(Room(small()), "components", "c1"), *applied.fixups[0]]
    assert applied.notices == ()


def test_delete_takes_what_came_in_meanwhile(room: Room) -> None:
    deletion = [
        {"p": ["components", id], "od": small()["components"][id]} for id in ("c1", "c2", "c3")
    ]
    room.take(insert("c9", button("Late", inside("c2"))))
    applied = room.take(deletion, base=0)
    assert set(room.components) == {"c4", "c5"}
    assert [part["p"] for part in applied.fixups[0]] == [["components", "c9"]]


def test_delete_spares_what_was_moved_out_meanwhile(room: Room) -> None:
    deletion = delete(room, "components", "c1")
    room.take([{"p": ["components", "c3", "place"], "od": inside("c2"), "oi": on_page()}])
    room.take(deletion, base=0)
    assert set(room.components) == {"c3", "c4", "c5"}


def test_delete_spares_what_the_same_op_moves_out(room: Room) -> None:
    move = {"p": ["components", "c3", "place"], "od": inside("c2"), "oi": on_page()}
    room.take([move, *delete(room, "components", "c1")])
    assert set(room.components) == {"c3", "c4", "c5"}


def test_deleting_a_page_takes_components_queries_and_scripts(room: Room) -> None:
    room.take(delete(room, "pages", "p2"))
    document = room.design.to_json()
    assert set(document["components"]) == {"c1", "c2", "c3", "c4"}
    assert document["scripts"] == {}
    room.take(delete(room, "pages", "p1"))
    document = room.design.to_json()
    assert document["components"] == {}
    assert set(document["queries"]) == {"q2"}
    assert set(document["dataSources"]) == {"d1"}


def test_replacing_is_no_delete(room: Room) -> None:
    card = small()["components"]["c1"]
    applied = room.take([{"p": ["components", "c1"], "od": card, "oi": {**card, "type": "Form"}}])
    assert applied.fixups == ()
    assert "c3" in room.components


def test_undo_of_a_delete_brings_all_back(room: Room) -> None:
    applied = room.take(delete(room, "components", "c1"))
    room.take(ot.invert(applied.op))
    assert room.design.to_json() == small()


# -- names -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name, page, free",
    [
        ("Button1", "p1", "Button2"),
        ("Card1", "p1", "Card2"),
        ("Card1", "p2", "Card1"),
        ("getClaims", "p1", "getClaims1"),
        ("people", "p2", "people1"),
        ("tools", "p1", "tools"),
        ("tools", "p2", "tools1"),
    ],
)
def test_an_inserted_name_moves_on(room: Room, name: str, page: str, free: str) -> None:
    applied = room.take(insert("c9", button(name, on_page(page))))
    assert room.components["c9"]["name"] == free
    if free == name:
        assert applied.fixups == applied.notices == ()
        return
    change = {"p": ["components", "c9", "name"], "od": name, "oi": free}
    assert applied.fixups == ([change],)
    ((code, message, details),) = applied.notices
    assert code == NAME_CHANGED
    assert name in message and free in message
    assert details == {
        "element": "components/c9",
        "name": free,
        "path": ["components", "c9", "name"],
        "from": name,
        "to": free,
    }


def test_two_people_add_a_button_at_once(room: Room) -> None:
    room.take(insert("c8", button("Button2")))
    room.take(insert("c9", button("Button2")), base=0)
    assert [room.components[id]["name"] for id in ("c8", "c9")] == ["Button2", "Button3"]


def test_within_one_op_the_first_keeps_its_name(room: Room) -> None:
    op = [part for n in range(4) for part in insert(f"n{n}", button("Button2"))]
    room.take(op)
    names = [room.components[f"n{n}"]["name"] for n in range(4)]
    assert names == ["Button2", "Button3", "Button4", "Button5"]


def test_a_name_stays_within_its_length(room: Room) -> None:
    name = "x" * 64
    room.take(insert("n1", button(name)))
    room.take(insert("n2", button(name)))
    assert room.components["n2"]["name"] == "x" * 63 + "1"


def test_app_wide_names_meet_those_of_all_pages(room: Room) -> None:
    value = {"name": "Button1", "page": None, "body": "", "config": {}}
    room.take([{"p": ["scripts", "s9"], "oi": value}])
    assert room.design.to_json()["scripts"]["s9"]["name"] == "Button2"
    room.take(insert("c9", button("Button2", on_page("p2"))))
    assert room.components["c9"]["name"] == "Button3"


def test_a_restored_name_that_was_given_away_moves_on(room: Room) -> None:
    applied = room.take(delete(room, "components", "c3"))
    room.take(insert("c9", button("Button1")))
    room.take(ot.invert(applied.op))
    assert room.components["c3"]["name"] == "Button2"


def test_a_rename_is_refused_not_changed(room: Room) -> None:
    with pytest.raises(DesignError) as refused:
        room.take([{"p": ["components", "c3", "name"], "od": "Button1", "oi": "Text1"}])
    assert refused.value.code == Code.NAME_TAKEN
    assert refused.value.message == "The name Text1 is taken by a component on this page."


# -- a parent that is gone ---------------------------------------------------------------------------


def test_insert_lands_in_the_nearest_surviving_ancestor(room: Room) -> None:
    room.take(delete(room, "components", "c2"))
    applied = room.take(insert("c9", button("B9", inside("c2"))), base=0)
    assert room.components["c9"]["place"] == inside("c1", order="a2")
    assert [part["p"] for part in applied.fixups[0]] == [["components", "c9", "place"]]
    ((code, message, details),) = applied.notices
    assert code == PARENT_GONE
    assert message == "B9 now stands in Card1: what it was put into has been deleted meanwhile."
    assert details["element"] == "components/c9"
    assert details["from"] == inside("c2")
    assert details["to"] == inside("c1", order="a2")


def test_insert_lands_on_the_page_when_all_around_is_gone(room: Room) -> None:
    room.take(delete(room, "components", "c1"))
    room.take(insert("c9", button("B9", inside("c2"))), base=0)
    assert room.components["c9"]["place"] == on_page(order="a0V")


def test_deletes_one_after_the_other(room: Room) -> None:
    room.take(delete(room, "components", "c2"))
    room.take(delete(room, "components", "c1"))
    room.take(insert("c9", button("B9", inside("c2"))), base=0)
    assert room.components["c9"]["place"]["page"] == "p1"


def test_a_moved_component_lands_too(room: Room) -> None:
    move = [{"p": ["components", "c4", "place"], "od": on_page(order="a1"), "oi": inside("c2")}]
    room.take(delete(room, "components", "c2"))
    applied = room.take(move, base=0)
    assert room.components["c4"]["place"] == inside("c1", order="a2")
    assert applied.op == [
        {**move[0], "oi": inside("c1", order="a2")},
    ]


def test_a_pasted_subtree_stays_together_and_in_order(room: Room) -> None:
    paste = [
        *insert("n2", button("N2", inside("c2", order="a2"))),
        *insert("n1", component("Container", "N1", inside("c2", order="a1"))),
        *insert("n3", button("N3", inside("n1"))),
    ]
    room.take(delete(room, "components", "c1"))
    room.take(paste, base=0)
    places = {id: room.components[id]["place"] for id in ("n1", "n2", "n3")}
    assert places["n3"] == inside("n1")
    assert places["n1"]["page"] == places["n2"]["page"] == "p1"
    assert "a0" < places["n1"]["order"] < places["n2"]["order"] < "a1"


def test_landing_respects_what_a_slot_takes() -> None:
    document = small()
    document["components"]["c6"] = component("Container", "Foot", inside("c1", "footer"))
    room = Room(document)
    room.take(delete(room, "components", "c6"))
    room.take(insert("c9", component("Table", "T9", inside("c6"))), base=0)
    assert room.components["c9"]["place"]["slot"] == "content"
    room.take(insert("n9", button("B9", inside("c6"))), base=0)
    assert room.components["n9"]["place"]["slot"] == "footer"


def test_under_unknown_types_the_slot_stays() -> None:
    document = small()
    document["components"]["u1"] = component("TABS_WIDGET", "Tabs1", on_page())
    document["components"]["u2"] = component("CANVAS_WIDGET", "Canvas1", inside("u1", "tab2"))
    room = Room(document)
    room.take(delete(room, "components", "u2"))
    room.take(insert("c9", component("Table", "T9", inside("u2"))), base=0)
    assert room.components["c9"]["place"] == inside("u1", "tab2", order="a1")


def test_where_the_page_is_gone_too_the_edit_is_refused(room: Room) -> None:
    room.take(delete(room, "pages", "p1"))
    with pytest.raises(DesignError) as refused:
        room.take(insert("c9", button("B9", inside("c2"))), base=0)
    assert (refused.value.code, refused.value.details["rule"]) == (Code.TREE, "parent")


def test_a_parent_that_never_was_is_refused(room: Room) -> None:
    with pytest.raises(DesignError) as refused:
        room.take(insert("c9", button("B9", inside("never"))), base=0)
    assert (refused.value.code, refused.value.details["rule"]) == (Code.TREE, "parent")


def test_all_completions_in_one_op(room: Room) -> None:
    op = [*insert("c9", button("Text1", inside("c2"))), *delete(room, "pages", "p2")]
    room.take(delete(room, "components", "c2"))
    applied = room.take(op, base=0)
    (fixup,) = applied.fixups
    assert [part["p"] for part in fixup] == [
        ["components", "c5"],
        ["scripts", "s1"],
        ["components", "c9", "place"],
        ["components", "c9", "name"],
    ]
    assert [code for code, _, _ in applied.notices] == [PARENT_GONE, NAME_CHANGED]


def test_where_the_ancestor_takes_nothing_any_more_it_lands_beside(room: Room) -> None:
    room.take(delete(room, "components", "c2"))
    room.take([{"p": ["components", "c1", "type"], "od": "Card", "oi": "Divider"}])
    room.take(insert("c9", button("B9", inside("c2"))), base=0)
    assert room.components["c9"]["place"] == on_page(order="a0V")


def test_beside_may_be_in_a_component_further_up() -> None:
    document = small()
    document["components"]["c0"] = component("Container", "Outer", on_page(order="a5"))
    document["components"]["c1"]["place"] = inside("c0", order="a3")
    room = Room(document)
    room.take(delete(room, "components", "c2"))
    room.take([{"p": ["components", "c1", "type"], "od": "Card", "oi": "Divider"}])
    room.take(insert("c9", button("B9", inside("c2"))), base=0)
    assert room.components["c9"]["place"] == inside("c0", order="a4")


def test_where_no_key_is_left_between_two_an_equal_one_does() -> None:
    low, high = "a0" + "0" * 125 + "1", "a0" + "0" * 125 + "2"
    document = small()
    document["components"]["c2"]["place"] = inside("c1", order=low)
    document["components"]["c6"] = button("B6", inside("c1", order=high))
    room = Room(document)
    room.take(delete(room, "components", "c2"))
    room.take(insert("c9", button("B9", inside("c2"))), base=0)
    assert room.components["c9"]["place"] == inside("c1", order=low)


def test_a_malformed_insert_is_refused_not_completed(room: Room) -> None:
    room.take(delete(room, "components", "c2"))
    for value in (
        5,
        {},
        {"place": inside("c2")},
        {"type": [], "place": inside("c2"), "name": "Text1"},
    ):
        with pytest.raises(DesignError) as refused:
            room.take(insert("c9", value), base=0)
        assert refused.value.code == Code.INVALID


def test_many_equal_names_at_once_stay_apart_and_cheap() -> None:
    room = Room(small())
    op = [part for n in range(1_000) for part in insert(f"n{n}", button("Button1"))]
    room.take(op)
    names = {each["name"] for id, each in room.components.items() if id.startswith("n")}
    assert names == {f"Button{n}" for n in range(2, 1_002)}
