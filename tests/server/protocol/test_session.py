"""One connection, message by message."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from server.errors import Code, DesignError
from server.protocol import messages
from server.protocol.codec import JSON0_URI
from server.protocol.identity import Identities
from server.protocol.session import Close, Do, Request, Send, Session, Step

IDENTITIES = Identities(b"a key for all nodes of one cluster")
PUBLIC = "session000000001"
OTHER = "session000000002"
DOCUMENT = ("designs", "d1")


@pytest.fixture
def session() -> Session:
    return Session("ann", IDENTITIES, PUBLIC)


def receive(session: Session, **message: Any) -> list[Step]:
    return session.receive(orjson.dumps(message))


def sent(steps: list[Step] | Step | bytes | None) -> Any:
    """The one frame of these steps."""
    if isinstance(steps, list):
        assert len(steps) == 1, steps
        steps = steps[0]
    if isinstance(steps, Send):
        steps = steps.frame
    assert isinstance(steps, bytes), steps
    return orjson.loads(steps)


def do(steps: list[Step]) -> Do:
    assert len(steps) == 1 and isinstance(steps[0], Do), steps
    return steps[0]


def dos(steps: list[Step]) -> list[Do]:
    assert all(isinstance(step, Do) for step in steps), steps
    return [step for step in steps if isinstance(step, Do)]


# -- frames ----------------------------------------------------------------------------------------


def test_WP1_what_cannot_be_read_is_answered(session: Session) -> None:
    assert sent(session.receive(b"{"))["error"]["code"] == Code.MESSAGE_BADLY_FORMED
    half = b'{"a":"op","c":"designs","d":"d1","v":1,"seq":4,"op":[{"p":["a",0],"si":"\\ud83d"}]}'
    answer = sent(session.receive(half))
    assert {key: answer[key] for key in ("a", "c", "d", "v", "seq")} == {
        "a": "op",
        "c": "designs",
        "d": "d1",
        "v": 1,
        "seq": 4,
    }
    assert answer["error"]["code"] == Code.MESSAGE_BADLY_FORMED


def test_WP4_an_error_repeats_a_small_request_and_names_a_large_one(session: Session) -> None:
    small = {"a": "op", "c": "designs", "d": "d1", "v": -1, "seq": 1, "op": [], "x": {"y": 1}}
    answer = sent(receive(session, **small))
    assert answer.pop("error") == {
        "code": "ERR_MESSAGE_BADLY_FORMED",
        "message": "Invalid version",
    }
    assert answer == small
    large = {**small, "op": [{"p": ["a"], "oi": "x" * 10_000}], "src": "s" * 600}
    answer = sent(receive(session, **large))
    del answer["error"]
    assert answer == {"a": "op", "c": "designs", "d": "d1", "v": -1, "seq": 1}


def test_WP4_details_lie_beside_the_error(session: Session) -> None:
    step = do(receive(session, a="op", c="designs", d="d1", v=1, seq=1, op=[]))
    error = DesignError(Code.INVALID, "Label is too long", element="components/c1", limit=3)
    answer = sent(session.refused(step.request, error))
    assert answer["error"] == {"code": "ERR_DESIGN_INVALID", "message": "Label is too long"}
    assert answer["details"] == {"element": "components/c1", "limit": 3}
    assert answer["seq"] == 1


# -- who it is -------------------------------------------------------------------------------------


def test_WP20_the_handshake_is_answered_each_time(session: Session) -> None:
    expected = {
        "a": "hs",
        "protocol": 1,
        "protocolMinor": 2,
        "id": IDENTITIES.whole(PUBLIC, "ann"),
        "type": JSON0_URI,
    }
    for id in (None, expected["id"], None):
        assert sent(receive(session, a="hs", id=id, protocol=1, protocolMinor=2)) == expected


def test_WP21_an_id_is_taken_back(session: Session) -> None:
    whole = IDENTITIES.whole(OTHER, "ann")
    assert sent(receive(session, a="hs", id=whole))["id"] == whole
    assert session.src == OTHER


def test_WP21_not_after_something_was_done_under_another(session: Session) -> None:
    receive(session, a="s", c="designs", d="d1")
    whole = IDENTITIES.whole(OTHER, "ann")
    assert sent(receive(session, a="hs", id=whole))["id"] == IDENTITIES.whole(PUBLIC, "ann")
    assert session.src == PUBLIC


@pytest.mark.parametrize("id", [OTHER, IDENTITIES.whole(OTHER, "bob"), "x" * 500])
def test_WP22_an_id_of_another_starts_a_new_session(session: Session, id: str) -> None:
    assert sent(receive(session, a="hs", id=id))["id"] == IDENTITIES.whole(PUBLIC, "ann")


def test_WP23_ops_are_by_this_connection_or_one_of_the_same_owner(session: Session) -> None:
    op = {"a": "op", "c": "designs", "d": "d1", "v": 1, "seq": 1, "op": []}
    own = do(receive(session, **op)).message
    assert isinstance(own, messages.SubmitOp) and own.src == PUBLIC
    resent = do(receive(session, **op, src=IDENTITIES.whole(OTHER, "ann"))).message
    assert isinstance(resent, messages.SubmitOp) and resent.src == OTHER
    for src in (OTHER, PUBLIC, IDENTITIES.whole(OTHER, "bob")):
        answer = sent(receive(session, **op, src=src))
        assert answer["error"]["code"] == "ERR_DESIGN_SRC_NOT_YOURS"


def test_WP24_only_the_owner_sees_the_whole_id(session: Session) -> None:
    assert session.owns(PUBLIC) and not session.owns(OTHER)
    ours = session.own_op(DOCUMENT, 3, PUBLIC, 1, {"op": []}, ())
    assert sent(ours)["src"] == IDENTITIES.whole(PUBLIC, "ann")


def test_the_proven_srcs_are_bounded(session: Session) -> None:
    for n in range(200):
        src = IDENTITIES.whole(f"session{n:09d}", "ann")
        receive(session, a="op", c="designs", d="d1", v=1, seq=1, op=[], src=src)
    assert not session.owns("session000000050")
    assert session.owns("session000000199")
    assert session.owns(PUBLIC)


# -- reading ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("action", ["f", "s"])
def test_WP30_a_snapshot(session: Session, action: str) -> None:
    step = do(receive(session, a=action, c="designs", d="d1"))
    assert step.message == messages.Read("designs", "d1", None, action == "s")
    names = {"a": action, "c": "designs", "d": "d1"}
    assert sent(session.answered(step.request, 4, JSON0_URI, {"n": None})) == {
        **names,
        "data": {"v": 4, "data": {"n": None}},
    }
    assert sent(session.answered(step.request, 4, JSON0_URI, None)) == {
        **names,
        "data": {"v": 4, "data": None},
    }
    assert sent(session.answered(step.request, 0, None, None)) == {
        **names,
        "data": {"v": 0, "type": None},
    }


def test_WP31_a_catch_up(session: Session) -> None:
    step = do(receive(session, a="s", c="designs", d="d1", v=3))
    assert step.message == messages.Read("designs", "d1", 3, True)
    assert sent(session.reached(step.request)) == {"a": "s", "c": "designs", "d": "d1"}


def test_WP32_unsubscribing(session: Session) -> None:
    assert sent(receive(session, a="u", c="designs", d="d1")) == {
        "a": "u",
        "c": "designs",
        "d": "d1",
    }  # nothing to be done for what it does not hold
    receive(session, a="s", c="designs", d="d1")
    assert session.holds(DOCUMENT)
    step = do(receive(session, a="u", c="designs", d="d1"))
    assert not session.holds(DOCUMENT)
    assert step.message == messages.Unsubscribe("designs", "d1")
    assert sent(session.reached(step.request)) == {"a": "u", "c": "designs", "d": "d1"}


def test_WP33_a_bulk_of_snapshots_is_one_answer(session: Session) -> None:
    one, two, three = dos(receive(session, a="bs", c="designs", b=["d1", "d2", "d3"]))
    assert two.message == messages.Read("designs", "d2", None, True)
    assert session.answered(two.request, 5, JSON0_URI, {}) == []
    missing = DesignError(Code.NOT_FOUND, "There is no such design")
    assert session.refused(one.request, missing) == []
    assert sent(session.answered(three.request, 0, None, None)) == {
        "a": "bs",
        "c": "designs",
        "data": {
            "d1": {"error": {"code": "ERR_DESIGN_NOT_FOUND", "message": "There is no such design"}},
            "d2": {"v": 5, "data": {}},
            "d3": {"v": 0, "type": None},
        },
    }


def test_WP33_a_large_bulk_is_answered_in_parts(session: Session) -> None:
    asked = dos(receive(session, a="bf", c="designs", b=["d1", "d2", "d3", "d4"]))
    text = "x" * 600_000
    told: dict[str, Any] = {}
    sizes = []
    for one in asked:
        for step in session.answered(one.request, 1, JSON0_URI, text):
            answer = sent(step)
            assert (answer["a"], answer["c"]) == ("bf", "designs")
            told.update(answer["data"])
            sizes.append(len(answer["data"]))
    assert told == {f"d{n}": {"v": 1, "data": text} for n in range(1, 5)}
    assert sizes == [2, 2], "and nothing empty at the end"


def test_WP33_what_fails_at_the_end_of_a_large_bulk_is_told(session: Session) -> None:
    asked = dos(receive(session, a="bf", c="designs", b=["d1", "d2"]))
    first = sent(session.answered(asked[0].request, 1, JSON0_URI, "x" * 1_100_000))
    assert list(first["data"]) == ["d1"]
    gone = DesignError(Code.NOT_FOUND, "There is no such design")
    last = sent(session.refused(asked[1].request, gone))
    assert last["data"]["d2"]["error"]["code"] == Code.NOT_FOUND


def test_WP33_a_bulk_with_versions(session: Session) -> None:
    one, two, three = dos(receive(session, a="bs", c="designs", b={"d1": 1, "d2": 2, "d3": 3}))
    assert two.message == messages.Read("designs", "d2", 2, True)
    assert session.reached(one.request) == []
    assert session.refused(two.request, DesignError(Code.NOT_FOUND, "gone")) == []
    refusal, answer = session.reached(three.request)
    assert sent(refusal) == {
        "a": "bs",
        "c": "designs",
        "b": {"d2": 2},
        "error": {"code": "ERR_DESIGN_NOT_FOUND", "message": "gone"},
    }
    assert sent(answer) == {"a": "bs", "c": "designs", "b": {"d1": 1, "d3": 3}}


def test_WP33_a_bulk_unsubscribe(session: Session) -> None:
    receive(session, a="bs", c="designs", b=["d1", "d2"])
    one, two = dos(receive(session, a="bu", c="designs", b=["d1", "d2"]))
    assert one.message == messages.Unsubscribe("designs", "d1")
    assert session.reached(one.request) == []
    assert sent(session.reached(two.request)) == {"a": "bu", "c": "designs", "b": ["d1", "d2"]}


def test_WP33_a_bulk_unsubscribe_of_what_is_not_held(session: Session) -> None:
    assert sent(receive(session, a="bu", c="c", b=["x"])) == {"a": "bu", "c": "c", "b": ["x"]}


def test_WP34_what_was_refused_is_not_held(session: Session) -> None:
    step = do(receive(session, a="s", c="designs", d="d1"))
    session.refused(step.request, DesignError(Code.NOT_FOUND, "gone"))
    assert not session.holds(DOCUMENT)


def test_WP33_empty_bulks_are_answered(session: Session) -> None:
    assert sent(receive(session, a="bf", c="c", b=[])) == {"a": "bf", "c": "c", "data": {}}
    assert sent(receive(session, a="bs", c="c", b={})) == {"a": "bs", "c": "c", "b": {}}
    assert sent(receive(session, a="bu", c="c", b=[])) == {"a": "bu", "c": "c", "b": []}


def test_WP34_subscriptions_are_bounded(session: Session) -> None:
    receive(session, a="bs", c="designs", b=[f"d{n}" for n in range(999)])
    receive(session, a="ps", ch="designs.d1", seq=1)
    answer = sent(receive(session, a="s", c="designs", d="one-more"))
    assert answer["error"]["code"] == "ERR_DESIGN_TOO_LARGE"
    answer = sent(receive(session, a="ps", ch="designs.d2", seq=2))
    assert answer["error"]["code"] == "ERR_DESIGN_TOO_LARGE"
    do(receive(session, a="s", c="designs", d="d7"))  # again is not one more
    do(receive(session, a="u", c="designs", d="d7"))
    do(receive(session, a="s", c="designs", d="one-more"))


def test_WP35_an_own_op_in_a_catch_up_serves_as_ack_and_as_op(session: Session) -> None:
    body = {"op": [{"p": ["a"], "oi": 1}]}
    frame = sent(session.own_op(DOCUMENT, 3, PUBLIC, 2, body, [[{"p": ["b"], "oi": 2}]]))
    whole = IDENTITIES.whole(PUBLIC, "ann")
    assert frame == {
        "a": "op",
        "c": "designs",
        "d": "d1",
        "v": 3,
        "src": whole,
        "seq": 2,
        "op": [{"p": ["a"], "oi": 1}],
        "fixup": [{"src": whole, "seq": 2, "v": 3, "op": [{"p": ["b"], "oi": 2}]}],
    }


# -- submitting ------------------------------------------------------------------------------------


def test_WP40_an_ack_names_the_src_that_the_client_knows(session: Session) -> None:
    old = IDENTITIES.whole(OTHER, "ann")
    receive(session, a="op", c="designs", d="d1", v=1, seq=9, src=old, op=[])
    assert sent(session.acked(DOCUMENT, 1, OTHER, 9, ())) == {
        "a": "op",
        "c": "designs",
        "d": "d1",
        "v": 1,
        "src": old,
        "seq": 9,
    }


@pytest.mark.parametrize("code", [Code.UNAVAILABLE, Code.OVERLOADED])
def test_WP41_what_may_succeed_later_closes_instead(session: Session, code: Code) -> None:
    step = do(receive(session, a="op", c="designs", d="d1", v=1, seq=1, op=[]))
    notice, close = session.refused(step.request, DesignError(code, "Storage is down"))
    assert sent(notice) == {
        "a": "notice",
        "c": "designs",
        "d": "d1",
        "code": code,
        "message": "Storage is down",
        "details": {},
    }
    assert close == Close(1013, code)


def test_WP43_notices(session: Session) -> None:
    assert sent(session.notice(DOCUMENT, "parent-gone", "Moved", {"element": "components/c"})) == {
        "a": "notice",
        "c": "designs",
        "d": "d1",
        "code": "parent-gone",
        "message": "Moved",
        "details": {"element": "components/c"},
    }


# -- history, presence, ping -----------------------------------------------------------------------


@pytest.mark.parametrize("message", [{"a": "nf", "v": 2}, {"a": "nt", "ts": 99}])
def test_WP50_history(session: Session, message: dict[str, Any]) -> None:
    step = do(receive(session, **message, id=7, c="designs", d="d1"))
    assert isinstance(step.message, messages.LookBack)
    names = {"a": message["a"], "id": 7, "m": None}
    assert sent(session.looked_back(step.request, 2, JSON0_URI, [1])) == {
        **names,
        "v": 2,
        "type": JSON0_URI,
        "data": [1],
    }
    assert sent(session.looked_back(step.request, 0, None, None)) == {**names, "v": 0, "type": None}


@pytest.mark.parametrize("action", ["ps", "pu"])
def test_WP51_channels(session: Session, action: str) -> None:
    step = do(receive(session, a=action, ch="designs.d1", seq=5))
    assert sent(session.done(step.request)) == {"a": action, "ch": "designs.d1", "seq": 5}
    stale = {"a": action, "ch": "designs.d1", "seq": 4}
    assert sent(receive(session, **stale)) == stale
    do(receive(session, a=action, ch="designs.d2", seq=4))


def test_WP52_presence(session: Session) -> None:
    raw = {"a": "p", "ch": "designs.d1", "id": "me", "p": {"x": 1}, "pv": 3}
    step = do(receive(session, **raw))
    assert isinstance(step.message, messages.PresencePut)
    assert sent(session.present(step.request, step.message)) == {**raw, "src": PUBLIC}


def test_WP52_presences_are_bounded(session: Session) -> None:
    def put(n: int, value: Any) -> list[Step]:
        return receive(session, a="p", ch="designs.d1", id=f"p{n}", p=value, pv=0)

    for n in range(16):
        do(put(n, {}))
    assert sent(put(16, {}))["error"]["code"] == "ERR_DESIGN_TOO_LARGE"
    do(put(3, {"again": True}))
    do(put(3, None))
    do(put(16, {}))


def test_WP52_what_was_refused_holds_no_place(session: Session) -> None:
    gone = DesignError(Code.NOT_FOUND, "There is no such design")
    for n in range(2_000):
        one = do(receive(session, a="p", ch=f"designs.no{n}", id="me", p={}, pv=0))
        assert sent(session.refused(one.request, gone))["error"]["code"] == Code.NOT_FOUND
        one = do(receive(session, a="ps", ch=f"designs.no{n}", seq=n))
        assert sent(session.refused(one.request, gone))["error"]["code"] == Code.NOT_FOUND
    do(receive(session, a="ps", ch="designs.d1", seq=3_000))
    for n in range(16):
        do(receive(session, a="p", ch="designs.d1", id=f"p{n}", p={}, pv=0))
        # Others go on seeing what was there before: it holds its place.
        again = do(receive(session, a="p", ch="designs.d1", id=f"p{n}", p={}, pv=1))
        session.refused(again.request, gone)
        assert "error" in sent(receive(session, a="p", ch="designs.d1", id=f"p{n}", p="x" * 9_000))
    answer = sent(receive(session, a="p", ch="designs.d1", id="more", p={}, pv=0))
    assert answer["error"]["code"] == Code.TOO_LARGE


def test_WP53_requests_and_pings(session: Session) -> None:
    step = do(receive(session, a="pr", ch="designs.d1"))
    assert sent(session.done(step.request)) == {"a": "pr"}
    assert sent(receive(session, a="pp")) == {"a": "pp"}


def test_a_request_is_not_shared_between_messages(session: Session) -> None:
    first = do(receive(session, a="f", c="designs", d="d1")).request
    second = do(receive(session, a="f", c="designs", d="d1")).request
    assert isinstance(first, Request) and first is not second
