"""Edits with versions: the table, the stored form, replay."""

from __future__ import annotations

from typing import Any

import pytest

from ot.types import OpError, Reason
from server.document.versioned import (
    TYPE,
    Create,
    Delete,
    NoOp,
    Snapshot,
    coded,
    decode,
    encode,
    is_same,
    replay,
    transform,
    why_of,
)
from server.errors import Code, DesignError

EDIT = [{"p": ["text", 0], "si": "a"}]
LATER = [{"p": ["text", 1], "si": "a"}]
CREATE = Create(TYPE, {"text": ""})


@pytest.mark.parametrize(
    ("edit", "committed", "outcome"),
    [
        (CREATE, CREATE, Code.DOC_ALREADY_CREATED),
        (CREATE, EDIT, Code.DOC_ALREADY_CREATED),
        (CREATE, Delete(), Code.DOC_WAS_DELETED),
        (CREATE, NoOp(), CREATE),
        (EDIT, CREATE, Code.DOC_ALREADY_CREATED),
        (LATER, EDIT, [{"p": ["text", 2], "si": "a"}]),
        (EDIT, Delete(), Code.DOC_WAS_DELETED),
        (EDIT, NoOp(), EDIT),
        (Delete(), CREATE, Code.DOC_ALREADY_CREATED),
        (Delete(), EDIT, Delete()),
        (Delete(), Delete(), Delete()),
        (Delete(), NoOp(), Delete()),
        (NoOp(), CREATE, NoOp()),
        (NoOp(), EDIT, NoOp()),
        (NoOp(), Delete(), NoOp()),
        (NoOp(), NoOp(), NoOp()),
    ],
)
def test_all_sixteen_pairs(edit: Any, committed: Any, outcome: Any) -> None:
    if isinstance(outcome, Code):
        with pytest.raises(DesignError) as refused:
            transform(edit, committed)
        assert refused.value.code == outcome
    else:
        assert transform(edit, committed) == outcome


def test_the_later_edit_is_left() -> None:
    assert transform(EDIT, EDIT) == EDIT  # goes first


def test_two_edits_that_cannot_have_been_made_on_one_document() -> None:
    with pytest.raises(DesignError) as refused:
        transform([{"p": ["a", 0], "sd": "x"}], [{"p": ["a", 0], "sd": "y"}])
    assert refused.value.code == Code.OP_NOT_APPLIED


@pytest.mark.parametrize("edit", [CREATE, Create(TYPE, None), EDIT, [], Delete(), NoOp()])
@pytest.mark.parametrize("fixups", [(), (LATER, EDIT)])
def test_what_is_stored_comes_back(edit: Any, fixups: Any) -> None:
    assert decode(encode(edit, fixups)) == (edit, fixups)


def test_stored_bodies_have_the_shape_of_the_port() -> None:
    assert encode(EDIT) == b'{"op":[{"p":["text",0],"si":"a"}]}'
    assert encode(Delete()) == b'{"del":true}'
    assert encode(NoOp()) == b"{}"
    assert encode(CREATE).startswith(b'{"create":{"type":"http://sharejs.org/types/JSONv0","data":')


def test_a_value_that_cannot_be_sent_is_refused() -> None:
    deep: Any = 1
    for _ in range(300):
        deep = [deep]
    for value in (deep, "\ud83d"):
        with pytest.raises(DesignError) as refused:
            encode([{"p": ["x"], "oi": value}])
        assert refused.value.code == Code.OP_NOT_APPLIED


def test_replay_follows_a_documents_life() -> None:
    snapshot = Snapshot(0, None, None)
    versions = []
    for edit in (CREATE, EDIT, NoOp(), Delete(), NoOp(), Create(TYPE, 5)):
        snapshot = replay(snapshot, edit)
        versions.append((snapshot.version, snapshot.type, snapshot.data))
    assert versions == [
        (1, TYPE, {"text": ""}),
        (2, TYPE, {"text": "a"}),
        (3, TYPE, {"text": "a"}),
        (4, None, None),
        (5, None, None),
        (6, TYPE, 5),
    ]
    assert CREATE.data == {"text": ""}


def test_replay_of_a_damaged_log_raises() -> None:
    with pytest.raises(OpError):
        replay(Snapshot(1, None, None), EDIT)
    with pytest.raises(OpError):
        replay(Snapshot(1, TYPE, {"text": 1}), EDIT)


@pytest.mark.parametrize(
    ("edit", "committed", "fixups", "expected"),
    [
        (EDIT, EDIT, (), True),
        (EDIT, LATER, (), False),
        ([{"p": ["n"], "oi": 1}], [{"p": ["n"], "oi": True}], (), False),
        ([{"p": ["n"], "oi": 1}], [{"p": ["n"], "oi": 1.0}], (), True),
        ([{"p": ["n"], "na": 1}] * 2, [{"p": ["n"], "na": 2}], (), True),
        (
            [{"p": ["n"], "oi": 1}],
            [{"p": ["n"], "oi": 1}, {"p": ["m"], "oi": 2}],
            ([{"p": ["m"], "oi": 2}],),
            True,
        ),
        (CREATE, CREATE, (), True),
        (CREATE, Create(TYPE, {}), (), False),
        (CREATE, Create(TYPE, {"text": "a"}), (EDIT,), True),
        (Delete(), Delete(), (), True),
        (Delete(), EDIT, (), False),
        (EDIT, NoOp(), (), False),
    ],
)
def test_whether_two_edits_are_one(edit: Any, committed: Any, fixups: Any, expected: bool) -> None:
    assert is_same(edit, committed, fixups) is expected


@pytest.mark.parametrize(
    ("reason", "code"),
    [
        (Reason.OP_NOT_LIST, Code.OP_BADLY_FORMED),
        (Reason.PATH_MISSING, Code.OP_BADLY_FORMED),
        (Reason.TOO_MANY_COMPONENTS, Code.TOO_LARGE),
        (Reason.TOO_DEEP, Code.TOO_LARGE),
        (Reason.FORBIDDEN_NAME, Code.OP_NOT_APPLIED),
        (Reason.PATH_NOT_FOUND, Code.OP_NOT_APPLIED),
    ],
)
def test_refusals_of_ot_have_codes_that_clients_know(reason: Reason, code: Code) -> None:
    error = coded(OpError(reason, "it does not fit", path=["a", 0]))
    assert error.code == code
    assert error.details == {"rule": str(reason), "path": ["a", 0]}
    assert error.message == "it does not fit."


def test_why_a_server_command_made_an_op_is_kept_beside_it() -> None:
    op = [{"p": ["why"], "oi": {"kind": "forged"}}]
    why = {"kind": "restore", "version": 3}
    assert why_of(encode(op, why=why)) == why
    assert decode(encode(op, why=why)) == (op, ())
    assert encode(op) == encode(op, why=None)
    assert why_of(encode(op)) is None
    assert why_of(b'{"op":[],"why":"x"}') is None
    assert why_of(b'{"op":[],"why":{"kind":1}}') is None
