"""Edits are held to the pages that their author may edit."""

from __future__ import annotations

from typing import Any

import pytest

from server.document.design import Design
from server.document.model import new_design
from server.errors import Code, DesignError
from server.policy.roles import Within
from server.types.registry import TypeRegistry

TYPES = TypeRegistry.load()
CLOSED = Within(all_but=True, pages=frozenset({"pay"}))
ONLY = Within(all_but=False, pages=frozenset({"pay"}))


def component(name: str, place: dict[str, str]) -> dict[str, Any]:
    return {
        "type": "Container",
        "typeVersion": 1,
        "name": name,
        "place": {"slot": "children", "order": "a0", **place},
        "props": {},
    }


def design() -> Design:
    document = new_design("Claims")
    document["pages"]["pay"] = {"name": "Payments", "order": "a1", "settings": {}}
    document["components"] = {
        "onpay": component("one", {"page": "pay"}),
        "inpay": component("two", {"parent": "onpay"}),
        "other": component("three", {"page": "page1"}),
    }
    document["queries"] = {
        "qpay": {"name": "q1", "page": "pay", "kind": "sql", "body": "", "config": {}},
        "qapp": {"name": "q2", "page": None, "kind": "sql", "body": "", "config": {}},
    }
    return Design.from_json(document, TYPES, strict=False)


def place(**at: str) -> dict[str, str]:
    return {"slot": "children", "order": "a0", **at}


EDITS: dict[str, tuple[list[dict[str, Any]], bool, bool]] = {
    # what is edited: (the op, on the page "pay", elsewhere)
    "the page": ([{"p": ["pages", "pay", "name"], "od": "Payments", "oi": "P"}], True, False),
    "another page": ([{"p": ["pages", "page1", "name"], "od": "Page 1", "oi": "P"}], False, True),
    "on the page": ([{"p": ["components", "onpay", "name"], "od": "one", "oi": "x"}], True, False),
    "inside": ([{"p": ["components", "inpay", "props", "x"], "oi": 1}], True, False),
    "deep inside": ([{"p": ["components", "inpay", "name", 0], "si": "x"}], True, False),
    "on another": ([{"p": ["components", "other", "name"], "od": "three", "oi": "x"}], False, True),
    "out of it": (
        [
            {
                "p": ["components", "inpay", "place"],
                "od": place(parent="onpay"),
                "oi": place(page="page1"),
            }
        ],
        True,
        True,
    ),
    "into it": (
        [
            {
                "p": ["components", "other", "place"],
                "od": place(page="page1"),
                "oi": place(parent="onpay"),
            }
        ],
        True,
        True,
    ),
    "its query": ([{"p": ["queries", "qpay", "body", 0], "si": "x"}], True, False),
    "the app's query": ([{"p": ["queries", "qapp", "body", 0], "si": "x"}], False, True),
    "the query to it": ([{"p": ["queries", "qapp", "page"], "od": None, "oi": "pay"}], True, True),
    "the design's name": ([{"p": ["meta", "name"], "od": "Claims", "oi": "x"}], False, True),
    "a new one on it": (
        [{"p": ["components", "n"], "oi": component("n", {"page": "pay"})}],
        True,
        False,
    ),
    "a new one in it": (
        [{"p": ["components", "n"], "oi": component("n", {"parent": "inpay"})}],
        True,
        False,
    ),
    "both": (
        [
            {"p": ["components", "onpay", "name", 0], "si": "x"},
            {"p": ["components", "other", "name", 0], "si": "x"},
        ],
        True,
        True,
    ),
}


def code(op: list[dict[str, Any]], within: Within | None) -> Code | None:
    try:
        design().draft().apply(op, within=within)
    except DesignError as error:
        if error.code is Code.FORBIDDEN:
            assert error.details["element"]
        return error.code
    return None


@pytest.mark.parametrize("name", EDITS)
def test_E3_an_edit_stays_where_its_author_may_edit(name: str) -> None:
    op, on_page, elsewhere = EDITS[name]
    free = code(op, None)
    assert free is not Code.FORBIDDEN
    assert code(op, CLOSED) is (Code.FORBIDDEN if on_page else free)
    assert code(op, ONLY) is (Code.FORBIDDEN if elsewhere else free)


def test_a_page_goes_with_all_that_stands_on_it() -> None:
    page = {"name": "Payments", "order": "a1", "settings": {}}
    op = [{"p": ["pages", "pay"], "od": page}]
    assert code(op, ONLY) is None
    assert code(op, CLOSED) is Code.FORBIDDEN


def test_what_is_refused_leaves_nothing() -> None:
    draft = design().draft()
    op = EDITS["both"][0]
    before = draft.lock_set(op)
    with pytest.raises(DesignError):
        draft.apply(op, within=CLOSED)
    draft.apply([op[1]], within=CLOSED)
    assert draft.lock_set(op) == before
