"""Elements and their names."""

import pytest

from server.document.model import (
    element_of,
    elements_of,
    is_id,
    new_design,
    path_of,
    targets_of,
    title_of,
)
from server.errors import Code, DesignError


@pytest.mark.parametrize(
    "path, element",
    [
        (["components", "c1"], "components/c1"),
        (["components", "c1", "props", "a", 0], "components/c1"),
        (["components", "c1", "place"], "components/c1"),
        (["queries", "q1", "place", "x"], "queries/q1"),
        (["meta", "name"], "meta"),
        (["ext", "a", 0], "ext"),
    ],
)
def test_element_of(path: list[str | int], element: str) -> None:
    assert element_of(path) == element
    assert path_of(element) == path[: 1 if "/" not in element else 2]


@pytest.mark.parametrize(
    "path, rule",
    [
        ([], "path"), (["components"], "path"), (["meta"], "path"), (["format"], "path"),
        (["formatVersion", 0], "path"), (["x", "y"], "path"), ([0, "y"], "path"),
        (["pages", ""], "id"), (["pages", "a/b"], "id"), (["pages", "x" * 65], "id"), (["pages", 3], "id"),
        (["pages", "é"], "id"), (["pages", "a\n"], "id"),
        (["components", "c1", "place", "order"], "place"),
    ],
)  # fmt: skip
def test_paths_that_reach_into_no_element(path: list[str | int], rule: str) -> None:
    with pytest.raises(DesignError) as refused:
        element_of(path)
    assert refused.value.code == Code.UNSAFE_OP
    assert refused.value.details == {"rule": rule, "path": path}


def test_elements_of() -> None:
    op = [{"p": ["meta", "name"], "oi": ""}, {"p": ["pages", "p"], "od": 1}, {"p": ["meta", "x"]}]
    assert elements_of(op) == {"meta", "pages/p"}
    assert elements_of([]) == frozenset()


def test_targets_of_whatever_value() -> None:
    assert targets_of("components/c", {"place": {"parent": "a"}}) == ("components/a",)
    assert targets_of("components/c", {"place": {"page": "a"}}) == ("pages/a",)
    assert targets_of("queries/q", {"page": "p", "dataSource": "d"}) == ("pages/p", "dataSources/d")
    assert targets_of("scripts/s", {"page": None}) == ()
    for value in (None, 5, [], {}, {"place": 5}, {"place": {"parent": 5}}):
        assert targets_of("components/c", value) == ()


def test_titles_are_names_or_kinds() -> None:
    assert title_of("components/c1", {"name": "Button1"}) == "Button1"
    assert title_of("components/c1", None) == "The component c1"
    assert title_of("meta", {"name": "x"}) == "The description of the design"
    assert len(title_of("pages/p", {"name": "x" * 999})) == 80


def test_ids_and_the_new_design() -> None:
    assert is_id("a-Z_9") and not is_id("") and not is_id(None)
    assert new_design("X")["meta"]["name"] == "X"
    assert new_design("X") is not new_design("X")
