"""One hash for one content."""

from __future__ import annotations

import json

import pytest

from server.document.model import new_design
from server.review.content import content_hash


def test_equal_designs_have_one_hash_and_others_another() -> None:
    design = new_design("Claims \N{GRINNING FACE}")
    shuffled = json.loads(json.dumps(dict(reversed(design.items()))))
    assert content_hash(design) == content_hash(shuffled)
    assert content_hash(design) != content_hash({**design, "theme": {"a": 1}})
    assert content_hash({"a": True}) != content_hash({"a": 1})


@pytest.mark.parametrize(
    ("python", "javascript"), [(1.0, 1), (-0.0, 0), (1e15, 10**15), ([{"a": 2.0}], [{"a": 2}])]
)
def test_a_number_is_what_a_browser_makes_of_it(python: object, javascript: object) -> None:
    assert content_hash({"n": python}) == content_hash({"n": javascript})


def test_the_form_is_as_documented() -> None:
    # printf '{"a":[1,"\xc3\xa9"],"b":{}}' | sha256sum
    told = "sha256:2dcfd7f79b7e9314ebea37b35c7a8f2aaa04d1fcb267965c105da2d7283c6218"
    assert content_hash({"b": {}, "a": [1, "é"]}) == told
