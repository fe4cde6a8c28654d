"""What has changed, in words."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest

from server.document.model import new_design
from server.history.diff import changes
from server.history.words import created, page_of, summary
from server.types.registry import TypeRegistry

TYPES = TypeRegistry.load()


def design() -> dict[str, Any]:
    made = new_design("Claims")
    made["pages"]["page1"]["name"] = "Claims"
    for at in range(4):
        made["components"][f"b{at}"] = {
            "type": "Button",
            "typeVersion": 1,
            "name": f"Save{at}",
            "place": {"page": "page1", "slot": "content", "order": f"a{at}"},
            "props": {"label": "Save", "variant": "primary"},
        }
    made["components"]["inner"] = {
        **made["components"]["b0"],
        "name": "Inner",
        "props": {},
        "place": {"parent": "b0", "slot": "content", "order": "a0"},
    }
    made["queries"]["q"] = {"name": "load", "page": None, "body": "SELECT 1", "config": {}}
    return made


def props(number: int, **values: Any) -> Callable[[dict[str, Any]], None]:
    return lambda new: new["components"][f"b{number}"]["props"].update(values)


def several(*edits: Callable[[dict[str, Any]], None]) -> Callable[[dict[str, Any]], None]:
    return lambda new: [edit(new) for edit in edits] and None


def moved(*numbers: int) -> Callable[[dict[str, Any]], None]:
    place = {"page": "page1", "slot": "content", "order": "b00"}
    return lambda new: [new["components"][f"b{at}"].update(place=place) for at in numbers] and None


@pytest.mark.parametrize(
    ("edit", "words"),
    [
        (lambda new: None, ""),
        (props(1, label="Send"), "label of button Save1 changed"),
        (
            several(props(1, label="Send", variant="danger"), moved(0, 2, 3)),
            "3 components moved on Claims, label and variant of button Save1 changed",
        ),
        (
            several(props(1, label="a"), props(2, label="b")),
            "label of 2 components changed on Claims",
        ),
        (moved(1), "button Save1 moved on Claims"),
        (lambda new: new["components"].pop("inner"), "button Inner removed on Claims"),
        (
            lambda new: new["components"]["b1"].update(name="Send"),
            "component Save1 renamed to Send on Claims",
        ),
        (lambda new: new["components"]["b1"].update(type="Text"), "Save1 became Text on Claims"),
        (
            lambda new: new["components"]["b1"].update(typeVersion=2),
            "component Save1 brought to version 2 of its type on Claims",
        ),
        (lambda new: new["queries"]["q"].update(body="SELECT 2"), "body of query load changed"),
        (lambda new: new["meta"].update(name="X"), "name of the design changed"),
        (lambda new: new["pages"].update(p2={"name": "New"}), "page New added"),
        (
            several(props(0, a=1), props(1, b=1), props(2, c=1), props(3, d=1)),
            "a of button Save0 changed, b of button Save1 changed, c of button Save2 changed"
            " and 1 more change",
        ),
        (props(0, **{"\0" * 99: 1}), "… of button Save0 changed"),
        (props(0, a=1, b=1, c=1, d=1), "4 properties of button Save0 changed"),
    ],
)
def test_what_has_changed(edit: Callable[[dict[str, Any]], None], words: str) -> None:
    old = design()
    new = copy.deepcopy(old)
    edit(new)
    assert summary(changes(old, new), old, new, TYPES) == words


def test_a_new_design() -> None:
    assert created(design()) == "design created with 5 components on 1 page"


def test_the_page_of_anything() -> None:
    made = design()
    assert page_of(made, "components/inner", made["components"]["inner"]) == "page1"
    assert page_of(made, "pages/page1", {}) == "page1"
    assert page_of(made, "queries/q", {"page": "page1"}) == "page1"
    assert page_of(made, "meta", {}) is None
    made["components"]["b0"]["place"] = {"parent": "inner"}  # a circle
    assert page_of(made, "components/inner", made["components"]["inner"]) is None
    assert page_of(made, "components/x", {"place": {"parent": ["x"]}}) is None
