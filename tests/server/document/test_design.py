"""A draft does what `ot` does to the whole document, completes it, and refuses new faults only."""

import copy
import os
import random
import timeit
from typing import Any

import jsonschema_rs
import pytest

import ot
import schemas
from ot.types import Json, Op
from server.document.design import Design
from server.document.faults import Fault, new_faults
from server.document.limits import MAX_DOCUMENT_BYTES, MAX_ELEMENTS, MAX_OP_COMPONENTS
from server.document.model import elements_of, new_design
from server.errors import Code, DesignError

from .designs import TYPES, Author, button, component, inside, mutants, on_page, small

SEEDS = int(os.environ.get("COWEAVE_TEST_SEEDS", "12"))


def opened(document: Json | None = None) -> Design:
    return Design.from_json(document or small(), TYPES)


def refusal(design: Design, op: Op, missed: list[Op] | None = None) -> DesignError:
    draft = design.draft()
    with pytest.raises(DesignError) as refused:
        draft.apply(op, missed or [])
    draft.commit()
    return refused.value


# -- taking a whole design ---------------------------------------------------------------------------


def test_new_design_is_valid() -> None:
    design = Design.from_json(new_design("Claims"), TYPES)
    assert design.name == "Claims"
    assert design.to_json() == new_design("Claims")
    assert design.faults() == []


def test_to_json_is_what_came_and_stays_as_it_was() -> None:
    design = opened()
    first = design.to_json()
    assert first == small()
    draft = design.draft()
    draft.apply([{"p": ["components", "c9"], "oi": button("Button9")}])
    assert design.to_json() == small()
    draft.commit()
    assert first == small()
    assert "c9" in design.to_json()["components"]


def broken(**changes: Any) -> dict[str, Any]:
    document = small()
    for path, value in changes.items():
        section, id = path.split("_")
        document[section][id] = value
    return document


@pytest.mark.parametrize(
    "document, code",
    [
        (None, Code.INVALID),
        ([], Code.INVALID),
        ({}, Code.INVALID),
        ({**small(), "format": "other"}, Code.INVALID),
        ({**small(), "formatVersion": 2}, Code.INVALID),
        ({**small(), "formatVersion": True}, Code.INVALID),
        ({**small(), "pages": []}, Code.INVALID),
        ({**small(), "more": {}}, Code.INVALID),
        ({**small(), "components": {"c1": 5}}, Code.INVALID),
        (broken(**{"components_not an id": button("B")}), Code.INVALID),
        (broken(components_c1={}), Code.INVALID),
        (broken(components_c9=component("Button", "B", on_page(), props={"labl": ""})), Code.INVALID),
        (broken(components_c9=button("B", inside("gone"))), Code.TREE),
        (broken(components_c9=button("B", inside("c3"))), Code.TREE),
        (broken(components_c1=component("Card", "Card1", inside("c2"))), Code.TREE),
        (broken(components_c9=button("B", on_page(order="a00"))), Code.TREE),
        (broken(components_c9=button("Text1")), Code.NAME_TAKEN),
        (broken(components_c9=button("people")), Code.NAME_TAKEN),
        (broken(components_c9=button("B", on_page(), label="\ud800")), Code.OP_NOT_APPLIED),
    ],
)  # fmt: skip
def test_a_wrong_design_is_refused(document: Json, code: Code) -> None:
    with pytest.raises(DesignError) as refused:
        Design.from_json(document, TYPES)
    assert refused.value.code == code
    assert refused.value.message.endswith((".", "?"))


def whole_schema() -> jsonschema_rs.Draft202012Validator:
    files = [schemas.load(schemas.DOCUMENT), schemas.load(schemas.EXPRESSION)]
    registry = jsonschema_rs.Registry([(each["$id"], each) for each in files])
    return jsonschema_rs.Draft202012Validator(files[0], registry=registry, offline=True)


def test_the_published_schema_refuses_nothing_that_is_accepted() -> None:
    """Whoever checks a file by document.schema.json alone is never stricter than the server."""
    schema, random_, accepted = whole_schema(), random.Random(1), 0
    for _ in range(600):
        document = mutants(small(), random_)
        try:
            Design.from_json(document, TYPES)
        except DesignError:
            continue
        accepted += 1
        assert schema.is_valid(document), document
    assert 50 < accepted < 550


def test_dangling_references_are_findings_only() -> None:
    document = small()
    del document["dataSources"]["d1"]
    assert [fault.rule for fault in opened(document).faults()] == ["reference"]


def test_a_stored_design_opens_with_its_faults() -> None:
    document = broken(components_c9=button("Text1", inside("gone"), labl=1))
    design = Design.from_json(document, TYPES, strict=False)
    assert {fault.rule for fault in design.faults()} == {"schema", "parent"}
    assert design.to_json() == document


def test_too_many_elements_are_refused() -> None:
    page = small()["pages"]["p1"]
    document = {**small(), "pages": {f"p{n}": page for n in range(MAX_ELEMENTS + 1)}}
    with pytest.raises(DesignError) as refused:
        Design.from_json(document, TYPES, strict=False)
    assert refused.value.code == Code.TOO_LARGE


def test_too_many_bytes_are_refused() -> None:
    document = small()
    document["scripts"]["s2"] = {
        "name": "big",
        "page": None,
        "body": "x" * MAX_DOCUMENT_BYTES,
        "config": {},
    }
    with pytest.raises(DesignError) as refused:
        Design.from_json(document, TYPES, strict=False)
    assert refused.value.code == Code.TOO_LARGE


# -- one op ------------------------------------------------------------------------------------------


def test_a_property_is_set() -> None:
    design = opened()
    draft = design.draft()
    op = [{"p": ["components", "c3", "props", "label"], "od": "Save", "oi": "Send"}]
    applied = draft.apply(op)
    assert applied.op is op
    assert applied.fixups == ()
    assert applied.elements == {"components/c3"}
    assert applied.notices == ()
    assert applied.name is None
    draft.commit()
    assert design.to_json()["components"]["c3"]["props"] == {"label": "Send"}


def test_the_new_name_of_the_design_is_told() -> None:
    design = opened()
    draft = design.draft()
    applied = draft.apply([{"p": ["meta", "name"], "od": "Claims", "oi": "Losses"}])
    assert applied.name == "Losses"
    assert design.name == "Claims"
    draft.commit()
    assert design.name == "Losses"


def put(path: str, new: Json, **old: Json) -> Op:
    """An op that sets one value; `old` is what it replaces."""
    return [{"p": path.split("/"), **old, "oi": new}]


def move(id: str, new: Json) -> Op:
    return put(f"components/{id}/place", new, od=small()["components"][id]["place"])


BAD_EVENT = {"e1": {"on": "onClick", "order": "a00", "run": ""}}


@pytest.mark.parametrize(
    "op, rule, element",
    [
        ([{"p": [], "od": {}, "oi": {}}], "path", None),
        (put("components", {}, od={}), "path", None),
        (put("format", "", od=""), "path", None),
        ([{"p": ["format", 0], "si": "x"}], "path", None),
        (put("nothing/x", 1), "path", None),
        (put("components/a b", {}), "id", None),
        ([{"p": ["components", 0], "li": {}}], "id", None),
        (put("components/c3/place/order", "a1", od="a0"), "place", None),
        (put("components/c3/props/label", "x"), "key_used", "components/c3"),
        (put("components/c3/props/label", "x", od="Sa"), "value_differs", "components/c3"),
        ([{"p": ["components", "c3", "props", "label", 9], "si": "x"}], "offset_range", "components/c3"),
        ([{"p": ["components", "c4", "props", "text", 7], "si": "x"}], "surrogate_split", "components/c4"),
    ],
)  # fmt: skip
def test_unsafe_ops(op: Op, rule: str, element: str | None) -> None:
    design = opened()
    error = refusal(design, op)
    assert (error.code, error.details["rule"]) == (Code.UNSAFE_OP, rule), error.message
    assert error.details.get("element") == element
    assert design.to_json() == small()


@pytest.mark.parametrize("path", ["components/gone/props/label", "ext/x"])
def test_ops_on_what_is_not_there(path: str) -> None:
    error = refusal(opened(), put(path, "x"))
    assert (error.code, error.details["rule"]) == (Code.OP_NOT_APPLIED, "path_not_found")


@pytest.mark.parametrize(
    "op, rule, element",
    [
        (put("components/c3/props/label", 5, od="Save"), "schema", "components/c3"),
        (put("components/c3/props/labl", "x"), "schema", "components/c3"),
        (put("components/c3/more", 1), "schema", "components/c3"),
        ([{"p": ["components", "c3", "place"], "od": inside("c2")}], "schema", "components/c3"),
        (put("components/c9", 7), "schema", "components/c9"),
        (put("components/c9", {}), "schema", "components/c9"),
        ([{"p": ["meta", "name"], "od": "Claims"}], "schema", "meta"),
        (put("pages/p1/order", "a00", od="a0"), "order", "pages/p1"),
        (put("components/c3/name", "getClaims", od="Button1"), "name", "components/c3"),
        (put("components/c3/name", "people", od="Button1"), "name", "components/c3"),
        (put("queries/q2/name", "Card1", od="people"), "name", "queries/q2"),
        (move("c3", on_page("p2")), "name", "components/c3"),
        (move("c1", on_page("p2")), "name", "components/c3"),
        (move("c1", inside("c2")), "cycle", "components/c1"),
        (move("c1", inside("c1")), "cycle", "components/c1"),
        (move("c4", inside("gone")), "parent", "components/c4"),
        (move("c4", inside("c3")), "slot", "components/c4"),
        (move("c4", inside("c1", "side")), "slot", "components/c4"),
        (move("c4", on_page("p9")), "reference", "components/c4"),
        (move("c4", on_page(order="a00")), "order", "components/c4"),
        (put("components/c9", component("Table", "T", inside("c1", "footer"))), "slot", "components/c9"),
        (put("components/c1/type", "Divider", od="Card"), "slot", "components/c2"),
        (put("queries/q1/dataSource", "d9", od="d1"), "reference", "queries/q1"),
        (put("queries/q1/page", "p9", od="p1"), "reference", "queries/q1"),
        (put("components/c3/dependencies", ["q1", "q9"]), "reference", "components/c3"),
        (put("components/c3/events", BAD_EVENT), "order", "components/c3"),
    ],
)  # fmt: skip
def test_refusals(op: Op, rule: str, element: str | None) -> None:
    design = opened()
    error = refusal(design, op)
    code = {"schema": Code.INVALID, "name": Code.NAME_TAKEN}.get(rule, Code.TREE)
    assert (error.code, error.details["rule"]) == (code, rule), error.message
    assert error.details.get("element") == element
    assert error.message.endswith((".", "?"))
    assert design.to_json() == small()


def test_a_refusal_names_element_and_value() -> None:
    error = refusal(
        opened(), [{"p": ["components", "c3", "props", "label"], "od": "Save", "oi": "x" * 201}]
    )
    assert error.message == "Button1: Label may have at most 200 characters; it has 201."
    assert error.details == {
        "element": "components/c3",
        "name": "Button1",
        "path": ["components", "c3", "props", "label"],
        "rule": "schema",
        "keyword": "maxLength",
        "limit": 200,
        "actual": 201,
    }


def test_too_deep_a_tree_is_refused() -> None:
    document = small()
    place = on_page()
    for depth in range(1, 65):
        document["components"][f"d{depth}"] = component("Container", f"D{depth}", place)
        place = inside(f"d{depth}")
    design = opened(document)
    error = refusal(design, [{"p": ["components", "d65"], "oi": component("Text", "D65", place)}])
    assert error.details["rule"] == "depth"
    move = [{"p": ["components", "d1", "place"], "od": on_page(), "oi": inside("c2")}]
    assert refusal(design, move).details["rule"] == "depth"


def test_too_many_parts_are_refused_unless_in_bulk() -> None:
    op = [
        {"p": ["components", f"n{n}"], "oi": component("Divider", f"N{n}", on_page())}
        for n in range(MAX_OP_COMPONENTS + 1)
    ]
    error = refusal(opened(), op)
    assert error.code == Code.TOO_LARGE
    draft = opened().draft()
    draft.apply(op, bulk=True)


def test_too_many_elements_by_op_are_refused() -> None:
    page = small()["pages"]["p1"]
    document = {**small(), "pages": {f"p{n}": page for n in range(MAX_ELEMENTS)}}
    design = Design.from_json(document, TYPES, strict=False)
    error = refusal(design, [{"p": ["pages", "more"], "oi": page}])
    assert (error.code, error.details["limit"]) == (Code.TOO_LARGE, MAX_ELEMENTS)


def test_a_design_cannot_grow_past_its_limit() -> None:
    document = small()
    for n in range(31):
        body = {"name": f"big{n}", "page": None, "body": "x" * 1_000_000, "config": {}}
        document["scripts"][f"b{n}"] = body
    design = opened(document)
    more = {"name": "more", "page": None, "body": "x" * 999_990, "config": {}}
    draft = design.draft()
    with pytest.raises(DesignError) as refused:
        draft.apply([{"p": ["scripts", "b99"], "oi": more}])
    assert refused.value.code == Code.TOO_LARGE
    draft.apply([{"p": ["scripts", "b0"], "od": document["scripts"]["b0"]}])
    draft.apply([{"p": ["scripts", "b99"], "oi": more}])


# -- old faults --------------------------------------------------------------------------------------


def faulty() -> Design:
    document = small()
    document["components"]["c3"]["props"] = {"labl": 1, "label": "Save"}
    document["components"]["c4"]["place"] = inside("gone")
    document["components"]["c6"] = component("Text", "Card1", on_page())
    document["components"]["c7"] = component(
        "Select", "Select1", on_page(), props={"options": [{"label": "a"}, {"label": "b", "value": 1}]}
    )  # fmt: skip
    document["components"]["c8"] = component("Button", "Button8", inside("c3"))
    return Design.from_json(document, TYPES, strict=False)


@pytest.mark.parametrize(
    "op",
    [
        [{"p": ["components", "c3", "props", "label"], "od": "Save", "oi": "Send"}],
        [{"p": ["components", "c3", "props", "labl"], "od": 1, "oi": 2}],
        [{"p": ["components", "c4", "props", "text", 0], "si": "x"}],
        [{"p": ["components", "c6", "props", "text"], "oi": "x"}],
        [{"p": ["components", "c7", "props", "options", 0], "li": {"label": "n", "value": 2}}],
        [{"p": ["components", "c7", "props", "options", 0], "lm": 1}],
        [{"p": ["components", "c8", "props", "label"], "oi": "x"}],
        [{"p": ["components", "c3", "type"], "od": "Button", "oi": "WIDGET"}],
    ],
)
def test_an_old_fault_refuses_nothing(op: Op) -> None:
    faulty().draft().apply(op)


@pytest.mark.parametrize(
    "op, rule",
    [
        ([{"p": ["components", "c3", "props", "lable"], "oi": 1}], "schema"),
        ([{"p": ["components", "c4", "place"], "od": inside("gone"), "oi": inside("gone2")}], "parent"),
        ([{"p": ["components", "c7", "props", "options", 0], "li": {"label": "n"}}], "schema"),
        ([{"p": ["components", "c7", "props", "options", 1, "value"], "od": 1}], "schema"),
        ([{"p": ["components", "c2", "name"], "od": "Container1", "oi": "Card1"}], "name"),
    ],
)  # fmt: skip
def test_a_new_fault_beside_old_ones_refuses(op: Op, rule: str) -> None:
    assert refusal(faulty(), op).details["rule"] == rule


def test_an_edited_child_that_moves_along_is_looked_at_too() -> None:
    """Found by simulation: its name is taken where the same op moves what it is in."""
    op = [*move("c2", on_page("p2")), {"p": ["components", "c3", "props", "label", 0], "si": "x"}]
    assert refusal(opened(), op).code == Code.NAME_TAKEN


def test_a_broken_bound_may_not_be_broken_further() -> None:
    document = small()
    document["components"]["c3"]["props"] = {"label": "x" * 210}
    design = Design.from_json(document, TYPES, strict=False)
    label = ["components", "c3", "props", "label"]
    draft = design.draft()
    draft.apply([{"p": [*label, 0], "sd": "xxxx"}])
    assert refusal(design, [{"p": [*label, 0], "si": "x"}]).details["keyword"] == "maxLength"


def test_deleting_what_others_use_leaves_findings() -> None:
    design = opened()
    draft = design.draft()
    draft.apply([{"p": ["dataSources", "d1"], "od": small()["dataSources"]["d1"]}])
    draft.apply([{"p": ["queries", "q1", "body", 0], "si": "-- "}])
    draft.commit()
    assert [(fault.element, fault.rule) for fault in design.faults()] == [
        ("queries/q1", "reference")
    ]


def test_an_edit_of_what_the_same_op_leaves_dangling_is_fine() -> None:
    deletion = {"p": ["dataSources", "d1"], "od": small()["dataSources"]["d1"]}
    opened().draft().apply([deletion, *put("queries/q1/name", "other", od="getClaims")])
    error = refusal(opened(), [deletion, *put("queries/q2/dataSource", "d1", od=None)])
    assert (error.details["rule"], error.details["target"]) == ("reference", "d1")


# -- unknown types -----------------------------------------------------------------------------------


def test_unknown_types_and_versions_are_kept_and_take_all() -> None:
    design = opened()
    draft = design.draft()
    unknown = component("STRANGE_WIDGET", "List1", on_page(), props={"x": [1, {"y": None}]})
    draft.apply([{"p": ["components", "u1"], "oi": unknown}])
    draft.apply([{"p": ["components", "u2"], "oi": button("B2", inside("u1", "tab1"))}])
    future = {**button("B3"), "typeVersion": 99, "props": {"new": True}}
    draft.apply([{"p": ["components", "u3"], "oi": future}])
    draft.commit()
    assert design.faults() == []
    assert design.to_json()["components"]["u3"] == future


# -- locks and replay --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "op, locked",
    [
        ([{"p": ["meta", "name"], "od": "Claims", "oi": "x"}], {"meta"}),
        ([{"p": ["components", "c3", "props", "label", 0], "si": "x"}], {"components/c3"}),
        ([{"p": ["components", "c1"], "od": {}}], {"components/c1", "components/c2", "components/c3"}),
        ([{"p": ["pages", "p2"], "od": {}}], {"pages/p2", "components/c5", "scripts/s1"}),
        (
            [{"p": ["components", "c4", "place"], "od": {}, "oi": inside("c2")}],
            {"components/c4", "components/c2", "components/c1", "pages/p1"},
        ),
        ([{"p": ["components", "n"], "oi": button("N", on_page("p2"))}], {"components/n", "pages/p2"}),
        ([{"p": ["queries", "q2", "dataSource"], "od": None, "oi": "d1"}], {"queries/q2", "dataSources/d1"}),
    ],
)  # fmt: skip
def test_lock_set(op: Op, locked: set[str]) -> None:
    assert opened().draft().lock_set(op) == locked


def test_replay_takes_what_was_committed() -> None:
    design = opened()
    draft = design.draft()
    op = [{"p": ["components", "c3", "props", "labl"], "oi": 1}]
    assert draft.replay(op) == {"components/c3"}
    with pytest.raises(ot.OpError):
        draft.replay(op)
    draft.commit()
    assert design.to_json()["components"]["c3"]["props"] == {"label": "Save", "labl": 1}


# -- properties --------------------------------------------------------------------------------------


def indexes(design: Design) -> Any:
    """Everything the state of a design holds, to compare."""
    state = design._state
    return (
        state._elements,
        state._referrers,
        {name: dict(held) for name, held in state._holders.items()},
        state._where,
        design._document,
    )


def whole_faults(document: Json) -> list[Fault]:
    return Design.from_json(document, TYPES, strict=False).faults()


def refuses(before: Json, after: Json) -> bool:
    """By the rule itself, on whole documents: is there a new fault that is not a mere dangling?"""
    old: dict[str, list[Fault]] = {}
    for fault in whole_faults(before):
        old.setdefault(fault.element, []).append(fault)
    new: dict[str, list[Fault]] = {}
    for fault in whole_faults(after):
        new.setdefault(fault.element, []).append(fault)
    return any(
        not is_left_dangling(before, fault)
        for element, faults in new.items()
        for fault in new_faults(old.get(element, []), faults)
    )


def is_left_dangling(before: Json, fault: Fault) -> bool:
    if fault.rule != "reference" or fault.path[2] == "place":
        return False
    section, id, field, *_ = fault.path
    referred = before[section].get(id, {}).get(field)
    return fault.details["target"] in (referred if isinstance(referred, list) else [referred])


@pytest.mark.parametrize("seed", range(SEEDS))
def test_random_ops(seed: int) -> None:
    """A draft equals `ot` on the whole document; what it refuses, whole validation refuses too."""
    author = Author(seed)
    design = opened()
    if seed % 3 == 0:
        design = faulty()
    document = design.to_json()
    accepted = refused = 0
    for step in range(120):
        draft = design.draft()
        for _ in range(1 + step % 3):
            op = author.op(document)
            kept = copy.deepcopy(op)
            result: Json = None
            try:
                applied = draft.apply(op)
            except DesignError as error:
                refused += 1
                assert error.code in (Code.INVALID, Code.TREE, Code.NAME_TAKEN), error
                if not is_completed(document, op):
                    assert refuses(document, ot.apply(document, op)), error
            else:
                accepted += 1
                result = ot.apply(document, op)
                for fixup in applied.fixups:
                    result = ot.apply(result, fixup)
                assert ot.apply(document, applied.op) == result
                assert applied.elements == elements_of(op).union(*map(elements_of, applied.fixups))
                assert not refuses(document, result)
                document = result
            assert op == kept
        draft.commit()
        assert design.to_json() == document
        assert indexes(design) == indexes(Design.from_json(document, TYPES, strict=False))
    assert accepted > 60 and refused > 20, (accepted, refused)


def is_completed(document: Json, op: Op) -> bool:
    """May the op be one that the server completes, so that `op` alone says nothing about it?"""
    return any(len(component["p"]) == 2 for component in op)


@pytest.mark.parametrize("seed", range(4))
def test_random_replay_equals_apply(seed: int) -> None:
    author, design, replica = Author(100 + seed), opened(), opened()
    for _ in range(80):
        draft = design.draft()
        try:
            applied = draft.apply(author.op(design.to_json()))
        except DesignError:
            continue
        draft.commit()
        taken = replica.draft()
        assert taken.replay(applied.op) <= applied.elements
        taken.commit()
        assert indexes(replica) == indexes(design)
        assert replica._size == design._size


def test_cost_of_a_property_set_does_not_grow_with_the_design() -> None:
    def seconds(components: int) -> float:
        document = small()
        for n in range(components):
            document["components"][f"n{n}"] = button(f"N{n}", label="x")
        design = Design.from_json(document, TYPES, strict=False)
        op = [{"p": ["components", "c3", "props", "label"], "od": "Save", "oi": "Save"}]

        def once() -> None:
            draft = design.draft()
            draft.apply(op)
            draft.commit()

        return min(timeit.repeat(once, number=200, repeat=5))

    assert seconds(10_000) < 3 * seconds(10)
