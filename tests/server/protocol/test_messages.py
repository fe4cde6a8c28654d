"""Every field of every message, right and wrong."""

from __future__ import annotations

from typing import Any

import pytest

from server.errors import Code, DesignError
from server.protocol import messages
from server.protocol.codec import JSON0_URI
from server.protocol.messages import parse

OP: dict[str, Any] = {"a": "op", "c": "designs", "d": "d1", "v": 1, "seq": 1, "op": []}

WRONG: dict[str, list[Any]] = {
    "name": [None, 1, True, [], {}, "", "x" * 65, "__proto__", "constructor", "toString", "a\x00b"],
    "channel": [None, 1, [], {}, "", "x" * 161, "__proto__", "a\x00b"],
    "count": [-1, 1.5, "1", True, [], {}, 2**53],
}


def refusal(raw: dict[str, Any]) -> DesignError:
    with pytest.raises(DesignError) as caught:
        parse(raw)
    return caught.value


@pytest.mark.parametrize("action", ["op", "f", "s", "u", "nf", "nt"])
@pytest.mark.parametrize(
    ("field", "words"), [("c", "Invalid collection"), ("d", "Invalid id")], ids=["c", "d"]
)
@pytest.mark.parametrize("value", WRONG["name"], ids=repr)
def test_WP10_names_of_documents(action: str, field: str, words: str, value: Any) -> None:
    error = refusal({**OP, "a": action, "id": 1, field: value})
    assert (error.code, error.message) == (Code.MESSAGE_BADLY_FORMED, words)


@pytest.mark.parametrize("action", ["p", "ps", "pu", "pr"])
@pytest.mark.parametrize("value", WRONG["channel"], ids=repr)
def test_WP10_names_of_channels(action: str, value: Any) -> None:
    error = refusal({"a": action, "ch": value, "id": "x", "pv": 0, "p": {}, "seq": 1})
    assert (error.code, error.message) == (Code.MESSAGE_BADLY_FORMED, "Invalid presence channel")


@pytest.mark.parametrize("value", WRONG["name"], ids=repr)
def test_WP10_names_of_presences(value: Any) -> None:
    error = refusal({"a": "p", "ch": "c", "id": value, "pv": 0, "p": {}})
    assert (error.code, error.message) == (Code.MESSAGE_BADLY_FORMED, "Invalid presence ID")


@pytest.mark.parametrize("value", WRONG["name"], ids=repr)
@pytest.mark.parametrize("action", ["bf", "bs", "bu"])
def test_WP10_names_in_bulk(action: str, value: Any) -> None:
    assert refusal({"a": action, "c": "designs", "b": ["ok", value]}).message == "Invalid id"
    assert refusal({"a": action, "c": value, "b": ["ok"]}).message == "Invalid collection"


@pytest.mark.parametrize("value", WRONG["count"], ids=repr)
def test_WP11_versions_and_counters(value: Any) -> None:
    for action in ("op", "f", "s", "nf"):
        assert refusal({**OP, "a": action, "v": value}).message == "Invalid version"
    assert refusal({"a": "bs", "c": "c", "b": {"x": value}}).message == "Invalid version"
    assert refusal({"a": "ps", "ch": "c", "seq": value}).message == "Invalid seq"
    presence = {"a": "p", "ch": "c", "id": "x", "p": {}, "pv": value}
    assert refusal(presence).message == "Invalid presence version"


@pytest.mark.parametrize("value", [None, 0, -1, 1.5, "1", True, [], {}], ids=repr)
def test_WP12_an_op_has_a_seq(value: Any) -> None:
    assert refusal({**OP, "seq": value}).message == "Invalid seq"


@pytest.mark.parametrize("value", [2**53 - 1, 2**63, 1e300])
def test_WP12_seq_runs_out(value: Any) -> None:
    assert refusal({**OP, "seq": value}).code is Code.SEQ_OVERFLOW


@pytest.mark.parametrize("value", [1, True, [], {}, ""], ids=repr)
def test_WP12_src_is_a_string(value: Any) -> None:
    assert refusal({**OP, "src": value}).message == "Invalid src"


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({}, Code.OP_NOT_PROVIDED),
        ({"op": [], "del": True}, Code.OP_BADLY_FORMED),
        ({"op": [], "create": {"type": "json0"}}, Code.OP_BADLY_FORMED),
        ({"op": None}, Code.OP_BADLY_FORMED),
        ({"op": {}}, Code.OP_BADLY_FORMED),
        ({"op": "x"}, Code.OP_BADLY_FORMED),
        ({"create": None}, Code.OP_BADLY_FORMED),
        ({"create": []}, Code.OP_BADLY_FORMED),
        ({"create": {}}, Code.OP_BADLY_FORMED),
        ({"create": {"type": 1}}, Code.OP_BADLY_FORMED),
        ({"create": {"type": "text0"}}, Code.DOC_TYPE_NOT_RECOGNIZED),
        ({"create": {"type": "http://sharejs.org/types/JSONv1"}}, Code.DOC_TYPE_NOT_RECOGNIZED),
        ({"del": False}, Code.OP_BADLY_FORMED),
        ({"del": 1}, Code.OP_BADLY_FORMED),
        ({"del": None}, Code.OP_BADLY_FORMED),
    ],
    ids=repr,
)
def test_WP13_exactly_one_edit(body: dict[str, Any], code: Code) -> None:
    envelope = {key: value for key, value in OP.items() if key != "op"}
    assert refusal({**envelope, **body}).code is code


@pytest.mark.parametrize(
    ("body", "parsed"),
    [
        ({"op": [{"p": []}]}, {"op": [{"p": []}]}),
        ({"del": True}, {"del": True}),
        ({"create": {"type": "json0", "data": 1}}, {"create": {"type": JSON0_URI, "data": 1}}),
        ({"create": {"type": JSON0_URI}}, {"create": {"type": JSON0_URI, "data": None}}),
    ],
    ids=repr,
)
def test_WP13_each_kind_of_edit(body: dict[str, Any], parsed: dict[str, Any]) -> None:
    envelope = {key: value for key, value in OP.items() if key != "op"}
    message = parse({**envelope, **body, "x": {"source": "ui"}})
    assert message == messages.SubmitOp("designs", "d1", 1, None, 1, parsed)


@pytest.mark.parametrize("path", [["__proto__"], ["a", "constructor"], ["a", 0, "toString", "b"]])
def test_WP13_paths_into_the_prototype(path: list[Any]) -> None:
    error = refusal({**OP, "op": [{"p": ["a"], "oi": 1}, {"p": path, "oi": 1}]})
    assert (error.code, error.message) == (Code.OP_NOT_APPLIED, "Invalid path segment")
    assert error.details == {"path": path}


@pytest.mark.parametrize("op", [[1], [None], [{}], [{"p": 1}], [{"p": [1, None, {}]}]], ids=repr)
def test_WP13_other_faults_of_an_op_are_left_to_its_room(op: list[Any]) -> None:
    message = parse({**OP, "op": op})
    assert isinstance(message, messages.SubmitOp) and message.body == {"op": op}


@pytest.mark.parametrize("value", [None, 1, "x", True], ids=repr)
def test_WP14_bulk_lists(value: Any) -> None:
    for action in ("bf", "bs", "bu"):
        error = refusal({"a": action, "c": "c", "b": value})
        assert error.message == "Invalid bulk subscribe data"


def test_WP14_bulk_is_bounded() -> None:
    many = [f"d{n}" for n in range(1_001)]
    for b in (many, dict.fromkeys(many, 1)):
        assert refusal({"a": "bs", "c": "c", "b": b}).code is Code.TOO_LARGE
    assert refusal({"a": "bu", "c": "c", "b": many}).code is Code.TOO_LARGE
    message = parse({"a": "bs", "c": "c", "b": many[:-1]})
    assert isinstance(message, messages.BulkRead) and len(message.since) == 1_000


def test_WP14_bulk_forms() -> None:
    assert parse({"a": "bf", "c": "c", "b": ["x"]}) == messages.BulkRead(
        "c", {"x": None}, True, False
    )
    assert parse({"a": "bs", "c": "c", "b": {"x": 3, "y": None}}) == messages.BulkRead(
        "c", {"x": 3, "y": None}, False, True
    )
    assert parse({"a": "bu", "c": "c", "b": ["x", "x"]}) == messages.BulkUnsubscribe("c", ("x",))


@pytest.mark.parametrize("value", ["1", True, [], {}, 1e300], ids=repr)
def test_WP15_timestamps(value: Any) -> None:
    assert refusal({"a": "nt", "c": "c", "d": "d", "ts": value}).message == "Invalid timestamp"


@pytest.mark.parametrize(("value", "at"), [(None, None), (5, 5), (5.9, 5), (-1, -1)])
def test_WP15_times_are_whole_milliseconds(value: Any, at: int | None) -> None:
    message = parse({"a": "nt", "c": "c", "d": "d", "ts": value})
    assert message == messages.LookBack("c", "d", "time", at)


def test_WP16_presence_is_bounded() -> None:
    presence = {"a": "p", "ch": "c", "id": "x", "pv": 0}
    assert refusal({**presence, "p": "x" * 8_191}).code is Code.TOO_LARGE
    assert parse({**presence, "p": "x" * 8_190})
    assert parse({**presence, "p": None}) == messages.PresencePut("c", "x", None, 0)


def test_WP16_documents_have_no_presence() -> None:
    raw = {"a": "p", "ch": "c.d", "c": "c", "d": "d", "v": 1, "t": JSON0_URI}
    assert refusal({**raw, "id": "x", "pv": 0, "p": {}}).code is Code.TYPE_HAS_NO_PRESENCE


@pytest.mark.parametrize(
    "action", [None, 1, "", "x", [], {}, "init", "q", "qf", "qs", "qu", "fixup"], ids=repr
)
def test_WP17_unknown_actions(action: Any) -> None:
    assert refusal({"a": action, "id": 1}).code is Code.MESSAGE_BADLY_FORMED


@pytest.mark.parametrize("value", [True, [], {}], ids=repr)
def test_WP20_protocol_is_a_number_or_text(value: Any) -> None:
    assert refusal({"a": "hs", "protocol": value}).message == "Invalid protocol"
    assert refusal({"a": "hs", "protocolMinor": value}).message == "Invalid protocol"


@pytest.mark.parametrize("value", [1, True, [], {}], ids=repr)
def test_WP20_the_id_is_text(value: Any) -> None:
    assert refusal({"a": "hs", "id": value}).message == "Invalid id"


def test_the_rest_parses() -> None:
    assert parse({"a": "hs", "id": None, "protocol": 1, "protocolMinor": 2}) == messages.Handshake(
        None
    )
    assert parse({"a": "f", "c": "c", "d": "d"}) == messages.Read("c", "d", None, False)
    assert parse({"a": "s", "c": "c", "d": "d", "v": 0}) == messages.Read("c", "d", 0, True)
    assert parse({"a": "u", "c": "c", "d": "d"}) == messages.Unsubscribe("c", "d")
    assert parse({"a": "nf", "c": "c", "d": "d", "v": 2}) == messages.LookBack(
        "c", "d", "version", 2
    )
    assert parse({"a": "pp"}) == messages.Ping()
    assert parse({"a": "ps", "ch": "c", "seq": 1}) == messages.PresenceSubscribe("c", 1)
    assert parse({"a": "pu", "ch": "c", "seq": 2}) == messages.PresenceUnsubscribe("c", 2)
    assert parse({"a": "pr", "ch": "c"}) == messages.PresenceRequest("c")
