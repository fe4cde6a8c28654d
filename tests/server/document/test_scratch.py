"""Documents without rules have the shape of designs."""

from __future__ import annotations

import pytest

from ot.types import OpError
from server.document.scratch import Scratch
from server.errors import Code, DesignError


def test_any_value_may_be_the_root() -> None:
    for value in (None, 1, "text", [1], {"a": {}}):
        assert Scratch.from_json(value).to_json() == value
    assert Scratch.from_json({}).name is None


def test_a_draft_changes_nothing_until_it_is_committed() -> None:
    scratch = Scratch.from_json({"a": [1]})
    draft = scratch.draft()
    applied = draft.apply([{"p": ["a", 0], "li": 0}])
    assert applied.op == [{"p": ["a", 0], "li": 0}] and applied.fixups == ()
    draft.apply([{"p": ["b"], "oi": 2}])
    assert scratch.to_json() == {"a": [1]}
    draft.commit()
    assert scratch.to_json() == {"a": [0, 1], "b": 2}


def test_a_refused_op_leaves_the_draft_as_it_was() -> None:
    scratch = Scratch.from_json({"a": [1]})
    draft = scratch.draft()
    with pytest.raises(DesignError) as refused:
        draft.apply([{"p": ["b"], "oi": 2}, {"p": ["a", 9], "li": 0}])
    assert refused.value.code == Code.OP_NOT_APPLIED
    assert refused.value.details["path"] == ["a", 9]
    draft.commit()
    assert scratch.to_json() == {"a": [1]}


def test_ops_apply_as_npms_do() -> None:
    scratch = Scratch.from_json({"k": 1})
    draft = scratch.draft()
    draft.apply([{"p": ["k"], "oi": 2}])  # without `od`
    draft.apply([{"p": ["missing"], "od": 1}])
    draft.commit()
    assert scratch.to_json() == {"k": 2}


def test_the_whole_document_is_one_element() -> None:
    draft = Scratch.from_json({}).draft()
    op = [{"p": ["a"], "oi": 1}]
    assert draft.lock_set(op) == draft.apply(op).elements == draft.replay(op)


def test_a_stored_op_that_does_not_apply_is_no_refusal() -> None:
    with pytest.raises(OpError):
        Scratch.from_json({}).draft().replay([{"p": ["a", "b"], "oi": 1}])
