"""The buckets in which an op is found."""

from __future__ import annotations

import pytest

from server.history.touched import Touched, buckets, touched


@pytest.mark.parametrize(
    ("path", "element", "bucket"),
    [
        (["components", "c1"], "components/c1", ""),
        (["components", "c1", "name"], "components/c1", "name"),
        (["components", "c1", "name", 3], "components/c1", "name"),
        (["components", "c1", "props", "label"], "components/c1", "props/label"),
        (["components", "c1", "props", "rows", 1, "t", 0], "components/c1", "props/rows"),
        (["components", "c1", "dependencies", 0], "components/c1", "dependencies"),
        (["meta", "name"], "meta", "name"),
        (["theme", "colors", "primary", 2], "theme", "colors/primary"),
    ],
)
def test_what_an_op_touches(path: list[str | int], element: str, bucket: str) -> None:
    assert touched([{"p": path, "od": 1}]) == {Touched(element, bucket)}


def test_hostile_keys_are_kept_short_and_found_again() -> None:
    path = ["components", "c1", "props", "é\0" * 5_000, "x"]
    ((element, name),) = touched([{"p": path, "od": 1}])
    assert (element, name) == ("components/c1", "props/" + "é" * 32)
    assert name in buckets(tuple(path[2:]))


def test_a_value_is_found_where_it_is_and_above() -> None:
    assert buckets(("props", "rows", 1, "t")) == ["props/rows", "props", ""]
    assert buckets(("name",)) == ["name", ""]
    assert buckets(()) == [""]
