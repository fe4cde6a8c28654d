"""A file's tool is known by its shape."""

import pytest

from ot.types import Json
from server.document.model import new_design
from server.interchange import sniff


@pytest.mark.parametrize(
    "data, tool",
    [
        (new_design("x"), "coweave"),
        ({"format": "coweave-design"}, "coweave"),
        ({"pageList": []}, "appsmith"),
        ({"dsl": {}}, "appsmith"),
        ({"pageList": {}}, None),
        ({"dsl": 5}, None),
        ({}, None),
        ([], None),
        ("format", None),
        (None, None),
    ],
)
def test_sniff(data: Json, tool: str | None) -> None:
    assert sniff(data) == tool
