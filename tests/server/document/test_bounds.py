"""The size of a design is kept by what ops add, without measuring the whole."""

import orjson
import pytest

import ot
from ot.types import Json, Op
from server.document.bounds import check_count, check_op, check_size, growth
from server.document.limits import MAX_BULK_OP_BYTES, MAX_DOCUMENT_BYTES, MAX_ELEMENTS
from server.errors import Code, DesignError


@pytest.mark.parametrize(
    "document, op",
    [
        ({"a": {"b": 1}}, [{"p": ["a", "c"], "oi": {"x": "é"}}]),
        ({"a": {"b": 1, "c": [1, 2]}}, [{"p": ["a", "c"], "od": [1, 2]}]),
        ({"a": {"b": "xx"}}, [{"p": ["a", "b"], "od": "xx", "oi": [True, None]}]),
        ({"a": ["x", "y"]}, [{"p": ["a", 1], "li": {"z": 1}}]),
        ({"a": ["x", "y"]}, [{"p": ["a", 1], "ld": "y"}]),
        ({"a": ["x", "y"]}, [{"p": ["a", 1], "ld": "y", "li": "zzz"}]),
        ({"a": ["x", "y"]}, [{"p": ["a", 1], "lm": 0}]),
        ({"a": "xy"}, [{"p": ["a", 1], "si": 'é"😀'}]),
        ({"a": 'x"y'}, [{"p": ["a", 1], "sd": '"y'}]),
    ],
)
def test_growth_is_exact(document: Json, op: Op) -> None:
    after = ot.apply(document, op)
    assert growth(op) == len(orjson.dumps(after)) - len(orjson.dumps(document))


def test_limits() -> None:
    check_size(MAX_DOCUMENT_BYTES)
    check_count("pages", MAX_ELEMENTS)
    op = [{"p": ["a", "b"], "oi": "x" * MAX_BULK_OP_BYTES}]
    for act in (
        lambda: check_size(MAX_DOCUMENT_BYTES + 1),
        lambda: check_count("pages", MAX_ELEMENTS + 1),
        lambda: check_op(op),
    ):
        with pytest.raises(DesignError) as refused:
            act()
        assert refused.value.code == Code.TOO_LARGE
        assert refused.value.details["actual"] > refused.value.details["limit"]
