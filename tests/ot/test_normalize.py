"""Checks on an op from outside (SPEC OT1-OT9)."""

from typing import Any

import pytest

import ot
from ot import Limits, OpError, Reason, check, check_value

DEEP: Any = 0
for _ in range(64):
    DEEP = [DEEP]


def refused(op: Any, limits: Limits = ot.DEFAULT_LIMITS, loose: bool = False) -> OpError:
    with pytest.raises(OpError) as caught:
        check(op, limits, loose=loose)
    assert caught.value.reason in ot.BADLY_FORMED
    return caught.value


@pytest.mark.parametrize(
    "component",
    [
        {"p": [], "na": 1},
        {"p": ["a"], "na": -(2**53)},
        {"p": ["a"], "na": 2.0},
        {"p": ["a", 0], "li": None},
        {"p": ["a", 2**53], "ld": 1},
        {"p": ["a", 0], "ld": 1, "li": [{}]},
        {"p": ["a", 0], "lm": 0},
        {"p": [], "oi": 1},
        {"p": ["a"], "od": True},
        {"p": ["a", ""], "od": None, "oi": "日本 😀"},
        {"p": ["a", 0], "si": "x"},
        {"p": [0], "sd": ""},
    ],
)
def test_OT2_one_component_of_each_kind_passes(component: Any) -> None:
    op = [component]
    assert check(op) is op
    assert check(op, loose=True) == op


def test_OT1_an_empty_op_is_an_op() -> None:
    assert check([]) == []


@pytest.mark.parametrize("op", [None, {}, "[]", ({"p": [], "na": 1},), 3])
def test_OT1_an_op_is_a_list(op: Any) -> None:
    error = refused(op)
    assert (error.reason, error.component, error.path) == (Reason.OP_NOT_LIST, None, None)


@pytest.mark.parametrize("component", [None, [], "p", 1])
@pytest.mark.parametrize("loose", [False, True])
def test_OT1_a_component_is_an_object(component: Any, loose: bool) -> None:
    error = refused([{"p": [], "na": 1}, component], loose=loose)
    assert (error.reason, error.component) == (Reason.COMPONENT_NOT_OBJECT, 1)


@pytest.mark.parametrize("component", [{"na": 1}, {"p": None, "na": 1}, {"p": "a", "na": 1}])
@pytest.mark.parametrize("loose", [False, True])
def test_OT1_a_component_has_a_path(component: Any, loose: bool) -> None:
    error = refused([component], loose=loose)
    assert (error.reason, error.component) == (Reason.PATH_MISSING, 0)


@pytest.mark.parametrize("step", [-1, 1.0, True, None, [], 2**53 + 1])
def test_OT1_a_step_is_a_key_or_an_index(step: Any) -> None:
    for path in ([step], [step, "a"], ["a", step]):
        error = refused([{"p": path, "na": 1}])
        assert (error.reason, error.component, error.path) == (Reason.PATH_STEP, 0, path)


@pytest.mark.parametrize(
    ("component", "reason"),
    [
        ({"p": ["a"]}, Reason.NO_INSTRUCTION),
        ({"p": ["a"], "xx": 1}, Reason.UNKNOWN_FIELD),
        ({"p": ["a"], "oi": 1, "x": 1}, Reason.UNKNOWN_FIELD),
        ({"p": ["a"], 3: 1}, Reason.UNKNOWN_FIELD),
        ({"p": ["a", 0], "li": 1, "oi": 1}, Reason.MIXED_INSTRUCTIONS),
        ({"p": ["a", 0], "si": "a", "sd": "a"}, Reason.MIXED_INSTRUCTIONS),
        ({"p": ["a", 0], "lm": 1, "ld": 1}, Reason.MIXED_INSTRUCTIONS),
        ({"p": ["a"], "t": "text0"}, Reason.MIXED_INSTRUCTIONS),
        ({"p": ["a"], "na": 1, "od": 1}, Reason.MIXED_INSTRUCTIONS),
    ],
)
def test_OT2_a_component_is_one_instruction(component: Any, reason: Reason) -> None:
    assert refused([component]).reason is reason
    assert refused([component], loose=True).reason is reason


@pytest.mark.parametrize("fields", [{"li": 1}, {"ld": 1}, {"lm": 0}, {"si": ""}, {"sd": ""}])
def test_OT3_lists_and_texts_need_an_index(fields: dict[str, Any]) -> None:
    assert refused([{"p": [], **fields}]).reason is Reason.PATH_EMPTY
    assert refused([{"p": [], **fields}], loose=True).reason is Reason.PATH_EMPTY
    assert refused([{"p": ["a", "0"], **fields}]).reason is Reason.INDEX_TYPE
    assert refused([{"p": ["a", "x"], **fields}], loose=True).reason is Reason.INDEX_TYPE


@pytest.mark.parametrize("to", ["0", -1, 1.0, None, True])
def test_OT3_a_move_ends_at_an_index(to: Any) -> None:
    assert refused([{"p": ["a", 0], "lm": to}]).reason is Reason.INDEX_TYPE


@pytest.mark.parametrize("field", ["oi", "od"])
def test_OT3_objects_need_a_key(field: str) -> None:
    assert refused([{"p": ["a", 0], field: 1}]).reason is Reason.KEY_TYPE


@pytest.mark.parametrize("text", [None, 1, ["a"], {}])
def test_OT4_text_is_text(text: Any) -> None:
    assert refused([{"p": ["a", 0], "si": text}]).reason is Reason.TEXT_TYPE
    assert refused([{"p": ["a", 0], "sd": text}]).reason is Reason.TEXT_TYPE


@pytest.mark.parametrize("amount", ["1", None, True, [1]])
def test_OT4_what_is_added_is_a_number(amount: Any) -> None:
    assert refused([{"p": ["a"], "na": amount}]).reason is Reason.ADD_TYPE
    assert refused([{"p": ["a"], "na": amount}], loose=True).reason is Reason.ADD_TYPE


def test_OT4_only_whole_numbers_are_added() -> None:
    assert refused([{"p": ["a"], "na": 0.5}]).reason is Reason.ADD_FRACTION
    assert refused([{"p": ["a"], "na": 1e21}]).reason is Reason.NUMBER_RANGE
    assert refused([{"p": ["a"], "na": -1e21}]).reason is Reason.NUMBER_RANGE
    for amount in (0.5, 1e21):
        assert check([{"p": ["a"], "na": amount}], loose=True)


@pytest.mark.parametrize("t", ["rich-text", "", None, ["text0"]])
def test_OT5_the_only_subtype_is_text0(t: Any) -> None:
    op = [{"p": ["a"], "t": t, "o": [{"p": 0, "i": "a"}]}]
    assert refused(op).reason is Reason.SUBTYPE_UNKNOWN
    assert refused(op, loose=True).reason is Reason.SUBTYPE_UNKNOWN


def test_OT5_the_subtype_is_for_loose_ops() -> None:
    op = [{"p": [], "t": "text0", "o": [{"p": 0, "i": "a"}, {"p": 1, "d": ""}]}]
    assert refused(op).reason is Reason.SUBTYPE_REFUSED
    assert check(op, loose=True) == op


@pytest.mark.parametrize(
    "edits",
    [
        None,
        {},
        [],
        [3],
        [{"p": 0}],
        [{"i": "a"}],
        [{"p": 0, "i": "a", "d": "a"}],
        [{"p": 0, "i": "a", "x": 1}],
        [{"p": -1, "i": "a"}],
        [{"p": "0", "i": "a"}],
        [{"p": 0, "i": 1}],
        [{"p": 0, "d": None}],
    ],
)
def test_OT5_text_edits_are_well_formed(edits: Any) -> None:
    assert refused([{"p": [], "t": "text0", "o": edits}], loose=True).reason is Reason.TEXT_TYPE


@pytest.mark.parametrize("value", [b"bytes", (1,), {1: 2}, {None: 1}, {"a": {True: 1}}, {1, 2}])
def test_OT6_values_are_json(value: Any) -> None:
    assert refused([{"p": ["a"], "oi": value}]).reason is Reason.VALUE_TYPE


@pytest.mark.parametrize(
    "number", [float("nan"), float("inf"), float("-inf"), -0.0, 2**53 + 1, -(2**53) - 1]
)
def test_OT6_numbers_are_what_every_side_can_hold(number: Any) -> None:
    for value in (number, [number], {"a": {"b": number}}):
        for fields in ({"oi": value}, {"od": value}):
            assert refused([{"p": ["a"], **fields}]).reason is Reason.NUMBER_RANGE
        for fields in ({"li": value}, {"ld": value}, {"ld": 1, "li": value}):
            assert refused([{"p": ["a", 0], **fields}]).reason is Reason.NUMBER_RANGE
    for loose in (False, True):
        assert refused([{"p": ["a"], "na": number}], loose=loose).reason is Reason.NUMBER_RANGE


@pytest.mark.parametrize("number", [0, 0.0, 2**53, -(2**53), 0.5, -1e300, 5e-324])
def test_OT6_other_numbers_pass(number: Any) -> None:
    check_value([number])


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("\ud83d", Reason.SURROGATE),
        ("a\ude00b", Reason.SURROGATE),
        ("\0", Reason.NUL),
        ("é\0", Reason.NUL),
    ],
)
def test_OT7_text_is_whole_and_without_nul(text: str, reason: Reason) -> None:
    for component in (
        {"p": ["a"], "oi": text},
        {"p": ["a"], "oi": [{text: 1}]},
        {"p": ["a", text], "oi": 1},
        {"p": [text, "a"], "oi": 1},
        {"p": ["a", 0], "si": text},
        {"p": ["a", 0], "sd": text},
    ):
        assert refused([component]).reason is reason
    op = [{"p": ["a"], "t": "text0", "o": [{"p": 0, "i": text}]}]
    assert refused(op, loose=True).reason is reason


@pytest.mark.parametrize("name", sorted(ot.FORBIDDEN_NAMES))
def test_OT7_names_of_every_object_are_no_keys(name: str) -> None:
    for component in (
        {"p": [name], "oi": 1},
        {"p": [name, "a"], "od": 1},
        {"p": ["a"], "oi": {name: 1}},
        {"p": ["a", 0], "ld": [{"a": {name: 1}}]},
    ):
        assert refused([component]).reason is Reason.FORBIDDEN_NAME
    assert check([{"p": ["a"], "oi": name}])
    assert {"__proto__", "constructor", "prototype"} <= ot.FORBIDDEN_NAMES


def test_OT8_values_nest_64_deep() -> None:
    check_value(DEEP)
    with pytest.raises(OpError) as caught:
        check_value({"a": DEEP})
    assert caught.value.reason is Reason.TOO_DEEP
    # The containers on the path count.
    assert check([{"p": ["a"] * 3, "oi": DEEP[0][0][0]}])
    assert refused([{"p": ["a"] * 4, "oi": DEEP[0][0][0]}]).reason is Reason.TOO_DEEP
    assert check([{"p": ["a"] * 64, "oi": 1}])
    assert refused([{"p": ["a"] * 65, "oi": 1}]).reason is Reason.TOO_DEEP


def test_OT8_a_value_deeper_than_python_recurses_is_refused() -> None:
    deep: Any = {}
    for _ in range(100_000):
        deep = {"a": deep}
    assert refused([{"p": ["a"], "oi": deep}]).reason is Reason.TOO_DEEP
    while deep:  # taken apart by hand: to forget it at once would recurse as deep
        deep = deep.pop("a")


def test_OT8_components_are_bounded() -> None:
    one = {"p": ["a"], "na": 1}
    limits = Limits(components=3)
    assert check([one] * 3, limits)
    assert refused([one] * 4, limits).reason is Reason.TOO_MANY_COMPONENTS
    edits = {"p": [], "t": "text0", "o": [{"p": 0, "i": "a"}] * 2}
    assert check([edits], limits, loose=True)
    assert refused([edits, edits], limits, loose=True).reason is Reason.TOO_MANY_COMPONENTS


@pytest.mark.parametrize(
    "value", ["x" * 100, ["xxxxxxx"] * 10, [None] * 17, [1] * 13, [[]] * 50, {"x" * 100: 1}]
)
def test_OT8_size_is_bounded(value: Any) -> None:
    check_value(value, Limits(size=130))
    with pytest.raises(OpError) as caught:
        check_value(value, Limits(size=90))
    assert caught.value.reason is Reason.TOO_LARGE
    for fields in ({"oi": "x" * 50, "od": "x" * 50}, {"oi": 1}):
        path = ["x" * 50 * ("od" not in fields), "a"]
        assert refused([{"p": path, **fields}] * 2, Limits(size=80)).reason is Reason.TOO_LARGE
    assert refused([{"p": ["x", 0], "si": "x" * 100}], Limits(size=90)).reason is Reason.TOO_LARGE


def test_OT9_digit_strings_become_indices() -> None:
    op = [
        {"p": ["a", "0"], "li": 1},
        {"p": ["a", "12"], "ld": 1},
        {"p": ["0", "1"], "lm": "3"},
        {"p": ["a", 0], "lm": "0"},
    ]
    before = str(op)
    assert check(op, loose=True) == [
        {"p": ["a", 0], "li": 1},
        {"p": ["a", 12], "ld": 1},
        {"p": ["0", 1], "lm": 3},
        {"p": ["a", 0], "lm": 0},
    ]
    assert str(op) == before


def test_OT9_numbers_become_keys() -> None:
    assert check([{"p": [0, 5], "oi": 1}], loose=True) == [{"p": [0, "5"], "oi": 1}]
    assert check([{"p": [5], "od": 1}], loose=True) == [{"p": ["5"], "od": 1}]


@pytest.mark.parametrize("step", ["", "01", "-1", "1.0", " 1", "1e3", "١", "9" * 16])
def test_OT9_other_strings_are_no_indices(step: str) -> None:
    assert refused([{"p": ["a", step], "li": 1}], loose=True).reason is Reason.INDEX_TYPE
    assert refused([{"p": ["a", 0], "lm": step}], loose=True).reason is Reason.INDEX_TYPE


@pytest.mark.parametrize("field", ["si", "sd"])
def test_OT9_offsets_are_never_strings(field: str) -> None:
    # Nor does npm take them.
    assert refused([{"p": ["a", "7"], field: "x"}], loose=True).reason is Reason.INDEX_TYPE
