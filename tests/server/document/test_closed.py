"""Which edits touch what is closed to their author: rules LE2, LE11 and LE12."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from ot.types import Op
from server.document.closed import Hold, ancestors
from server.document.design import Design
from server.errors import Code, DesignError

from .designs import TYPES, button, inside, on_page, query, small

SHUT, SHUT_ALL = Hold(True, False), Hold(True, True)
MINE, MINE_ALL = Hold(False, False), Hold(False, True)


def place(id: str, new: dict[str, Any]) -> Op:
    old = small()["components"][id]["place"]
    return [{"p": ["components", id, "place"], "od": old, "oi": new}]


def prop(id: str) -> Op:
    return [{"p": ["components", id, "props", "disabled"], "oi": True}]


def visible(id: str) -> Op:
    return [{"p": ["components", id, "props", "visible"], "oi": False}]


def delete(section: str, id: str) -> Op:
    return [{"p": [section, id], "od": small()[section][id]}]


def insert(id: str, value: Any) -> Op:
    return [{"p": ["components", id], "oi": value}]


TYPE = [{"p": ["components", "c3", "props", "label", 0], "si": "x"}]

REFUSED: list[tuple[str, Op, Mapping[str, Hold], tuple[str, str]]] = [
    ("a property", prop("c3"), {"components/c3": SHUT}, ("components/c3", "components/c3")),
    ("typing", TYPE, {"components/c3": SHUT}, ("components/c3", "components/c3")),
    (
        "inside contents",
        prop("c3"),
        {"components/c1": SHUT_ALL},
        ("components/c3", "components/c1"),
    ),
    ("on a page", prop("c3"), {"pages/p1": SHUT_ALL}, ("components/c3", "pages/p1")),
    (
        "a query of a page",
        [{"p": ["queries", "q1", "body"], "od": "", "oi": "select 1"}],
        {"pages/p1": SHUT_ALL},
        ("queries/q1", "pages/p1"),
    ),
    ("delete", delete("components", "c3"), {"components/c3": SHUT}, ("components/c3",) * 2),
    (
        "delete what it stands in",
        delete("components", "c1"),
        {"components/c3": SHUT},
        ("components/c3",) * 2,
    ),
    ("delete its page", delete("pages", "p1"), {"components/c3": SHUT}, ("components/c3",) * 2),
    (
        "move what it stands in",
        place("c1", on_page("p1", "a5")),
        {"components/c3": SHUT},
        ("components/c3",) * 2,
    ),
    (
        "move out of contents",
        place("c3", on_page(order="a5")),
        {"components/c3": MINE, "components/c1": SHUT_ALL},
        ("components/c3", "components/c1"),
    ),
    (
        "move into contents",
        place("c4", inside("c2", order="a5")),
        {"components/c4": MINE, "components/c1": SHUT_ALL},
        ("components/c4", "components/c1"),
    ),
    (
        "insert into contents",
        insert("n1", button("New", inside("c2", order="a5"))),
        {"components/c1": SHUT_ALL},
        ("components/n1", "components/c1"),
    ),
    (
        "one of several",
        [*prop("c5"), *prop("c3")],
        {"components/c3": SHUT},
        ("components/c3",) * 2,
    ),
    ("the theme", [{"p": ["theme", "mode"], "oi": "dark"}], {"theme": SHUT}, ("theme", "theme")),
]

ALLOWED: list[tuple[str, Op, Mapping[str, Hold]]] = [
    ("beside it", prop("c5"), {"components/c3": SHUT}),
    ("around it", visible("c1"), {"components/c3": SHUT_ALL}),
    ("inside it without contents", prop("c3"), {"components/c1": SHUT}),
    ("into it without contents", insert("n1", button("New", inside("c2", order="a5"))), {"components/c2": SHUT}),
    ("my own inside contents", prop("c3"), {"components/c3": MINE, "components/c1": SHUT_ALL}),
    ("in mine inside contents", prop("c3"), {"components/c2": MINE_ALL, "components/c1": SHUT_ALL}),
    ("a page beside", delete("pages", "p2"), {"components/c3": SHUT}),
    ("a query of the app", [{"p": ["queries", "q2", "body"], "od": "", "oi": "x"}], {"pages/p1": SHUT_ALL}),
]  # fmt: skip


@pytest.mark.parametrize(
    ("op", "holds", "found"), [case[1:] for case in REFUSED], ids=[case[0] for case in REFUSED]
)
def test_LE11_LE12_refused(op: Op, holds: Mapping[str, Hold], found: tuple[str, str]) -> None:
    draft = Design.from_json(small(), TYPES).draft()
    with pytest.raises(DesignError) as refused:
        draft.apply(op, holds=holds)
    assert refused.value.code is Code.LOCKED
    assert (refused.value.details["element"], refused.value.details["lease"]) == found
    draft.apply(op)  # it was for the lease only, and nothing was left behind


@pytest.mark.parametrize(
    ("op", "holds"), [case[1:] for case in ALLOWED], ids=[case[0] for case in ALLOWED]
)
def test_LE2_LE11_allowed(op: Op, holds: Mapping[str, Hold]) -> None:
    Design.from_json(small(), TYPES).draft().apply(op, holds=holds)


def test_ancestors_end_at_the_page_and_stand_a_circle() -> None:
    values: dict[str, Any] = {f"components/{k}": v for k, v in small()["components"].items()}
    values["queries/q1"] = query("q", None, "d1")
    assert list(ancestors("components/c3", values.get)) == [
        "components/c2",
        "components/c1",
        "pages/p1",
    ]
    assert list(ancestors("queries/q1", values.get)) == []
    circle = {
        "components/a": {"place": {"parent": "b"}},
        "components/b": {"place": {"parent": "a"}},
    }
    assert set(ancestors("components/a", circle.get)) == {"components/a", "components/b"}
