"""Edits inside one element take a short way through a draft; it must end where the long one does."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from server.document.design import Design, Draft
from server.errors import DesignError
from server.types import TypeRegistry

TYPES = TypeRegistry.load()
C1 = ["components", "c1"]


def document() -> dict[str, Any]:
    return {
        "format": "coweave-design",
        "formatVersion": 1,
        "meta": {"name": "Claims", "description": ""},
        "settings": {"a": {"b": 1}},
        "theme": {},
        "libraries": {},
        "pages": {"p1": {"name": "Page", "order": "a0", "settings": {}}},
        "components": {
            "c1": {
                "type": "Button",
                "typeVersion": 1,
                "name": "Button1",
                "place": {"page": "p1", "slot": "content", "order": "a0"},
                "props": {"label": "Säve", "bogus": 1},
            }
        },
        "queries": {
            "q1": {
                "name": "get",
                "page": None,
                "dataSource": "d1",
                "kind": "sql",
                "body": "x",
                "config": {},
            }
        },
        "scripts": {},
        "dataSources": {"d1": {"name": "db", "kind": "postgres", "config": {"n": 1}}},
    }


EDITS: list[dict[str, Any]] = [
    {"p": [*C1, "props", "label"], "od": "Säve", "oi": "Go"},
    {"p": [*C1, "props", "label", 1], "si": "é"},
    {"p": [*C1, "props", "label", 0], "sd": "S"},
    {"p": [*C1, "props", "label"], "od": "other", "oi": "Go"},
    {"p": [*C1, "props", "label"], "oi": "Go"},
    {"p": [*C1, "props", "label"], "od": "Säve", "oi": 7},
    {"p": [*C1, "props", "label"], "od": "Säve", "oi": "x" * 201},
    {"p": [*C1, "props", "bogus"], "od": 1},
    {"p": [*C1, "props", "bogus"], "od": 1, "oi": 2},
    {"p": [*C1, "props", "worse"], "oi": 2},
    {"p": [*C1, "props"], "od": {"label": "Säve", "bogus": 1}, "oi": {}},
    {"p": [*C1, "props"], "od": {"label": "Säve", "bogus": 1}},
    {"p": [*C1, "props", "label", "deeper"], "oi": 1},
    {"p": [*C1, 0, "x"], "oi": 1},
    {"p": [*C1, "nothing"], "oi": 1},
    {"p": ["components", "gone", "props", "label"], "oi": "x"},
    {"p": ["components", "no id!", "props", "label"], "oi": "x"},
    {"p": ["queries", "q1", "body", 0], "si": "select "},
    {"p": ["dataSources", "d1", "config", "n"], "na": 2},
    {"p": ["dataSources", "d1", "config", "n"], "na": 2**53},
    {"p": ["pages", "p1", "settings", "x"], "oi": [1, {"y": None}]},
    {"p": ["settings", "a", "b"], "od": 1, "oi": 2},
    {"p": ["format", "a", "b"], "oi": 2},
]


def outcome(edit: dict[str, Any]) -> Any:
    design = Design.from_json(document(), TYPES, strict=False)
    draft = design.draft()
    try:
        applied = draft.apply([copy.deepcopy(edit)])
    except DesignError as error:
        draft.commit()
        assert design.to_json() == document()
        return error.code, error.message, error.details
    draft.commit()
    return applied, design.to_json(), design.size


@pytest.mark.parametrize("edit", EDITS, ids=lambda edit: "-".join(map(str, edit["p"][1:])))
def test_the_short_way_ends_where_the_long_one_does(
    edit: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    short = outcome(edit)
    monkeypatch.setattr(Draft, "_apply_inside", lambda self, op, holds, within: None)
    assert short == outcome(edit)


@pytest.mark.parametrize(
    "path",
    [[*C1, key] for key in ("name", "place", "type", "typeVersion", "events", "dependencies")]
    + [["pages", "p1", "order"], ["queries", "q1", "dataSource"], ["queries", "q1", "page"], C1],
)
def test_what_rules_read_goes_the_long_way(path: list[str]) -> None:
    draft = Design.from_json(document(), TYPES, strict=False).draft()
    assert draft._apply_inside([{"p": path, "oi": 1}], {}, None) is None
