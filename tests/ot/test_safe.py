"""The safe subset has every rule, and every rule a sentence (SPEC OT80)."""

import doctest
import re
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

import ot
from ot import Reason, safe


def test_OT80_every_reason_has_its_rule_in_a_sentence() -> None:
    assert set(safe.RULES) == set(Reason)
    assert all(
        re.fullmatch(r"[A-Z].*\.|si and .*\.|[a-z].*\.", rule) for rule in safe.RULES.values()
    )


def test_OT80_every_reason_stands_in_the_spec() -> None:
    spec = Path(ot.__file__).with_name("SPEC.md").read_text()
    missing = [reason for reason in Reason if f"`{reason}`" not in spec]
    assert not missing


def test_the_example_in_the_spec_is_true() -> None:
    failed, tried = doctest.testfile(str(Path(ot.__file__).with_name("SPEC.md")), False)
    assert (failed, tried > 5) == (0, True)


def test_OT80_refusal_is_both_parts() -> None:
    doc = {"a": 1}
    assert safe.refusal(doc, [{"p": ["a"], "na": 1}]) is None
    form = safe.refusal(doc, [{"p": ["a"], "na": 0.5}])
    assert form is not None and form.reason is Reason.ADD_FRACTION
    fit = safe.refusal(doc, [{"p": ["a"], "oi": 1}])
    assert fit is not None and fit.reason is Reason.KEY_USED
    assert doc == {"a": 1}
    limits = ot.Limits(components=0)
    large = safe.refusal(doc, [{"p": ["a"], "na": 1}], limits)
    assert large is not None and large.reason is Reason.TOO_MANY_COMPONENTS


def test_OT80_form_and_fit_are_told_apart() -> None:
    assert Reason.TOO_DEEP in ot.BADLY_FORMED
    assert Reason.OP_NOT_LIST in ot.BADLY_FORMED
    assert Reason.PATH_NOT_FOUND not in ot.BADLY_FORMED
    assert Reason.TEXT_CONFLICT not in ot.BADLY_FORMED


def test_every_rule_is_tested_by_its_number() -> None:
    spec = Path(ot.__file__).with_name("SPEC.md").read_text()
    rules = set(re.findall(r"\*\*(OT\d+)\*\*", spec))
    tests = "".join(path.read_text() for path in Path(__file__).parent.glob("test_*.py"))
    tested = set(re.findall(r"def test_(OT\d+)_", tests))
    for first, last in re.findall(r"def test_OT(\d+)_to_OT(\d+)_", tests):
        tested |= {f"OT{number}" for number in range(int(first), int(last) + 1)}
    assert rules - tested == set()
    assert tested - rules == set()


scraps = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-2, 4),
    st.floats(),
    st.sampled_from(["", "a", "b", "0", "1", "text0", "__proto__", "\ud83d", "\0", "😀"]),
)
junk = st.recursive(
    scraps,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["a", "b", "p", "i", "d", "id"]), inner, max_size=3)
    ),
    max_leaves=8,
)
paths = st.lists(st.sampled_from(["a", "b", 0, 1, "0"]), max_size=3) | junk
FIELDS = ["na", "li", "ld", "lm", "oi", "od", "si", "sd", "t", "o", "x"]
components = st.builds(
    lambda path, fields: {"p": path, **fields},
    paths,
    st.dictionaries(st.sampled_from(FIELDS), junk, min_size=1, max_size=2),
)
ops = st.lists(components, max_size=3) | junk


@settings(max_examples=600, deadline=None)
@given(junk, ops, ops, st.booleans())
def test_OT80_whatever_comes_is_done_or_refused_by_a_reason(
    doc: Any, mine: Any, other: Any, loose: bool
) -> None:
    # Nothing that people can send ends in another error, which would end the room.
    try:
        mine, other = ot.check(mine, loose=loose), ot.check(other, loose=loose)
    except ot.OpError:
        return
    for side in ("left", "right"):
        try:
            mine = ot.transform(mine, other, side)
        except ot.OpError as error:
            assert error.reason not in ot.BADLY_FORMED
    try:
        ot.check_value(doc)
        (ot.apply_npm if loose else ot.apply)(doc, mine)
    except ot.OpError as error:
        assert isinstance(error.message, str)
