"""The rules RM and LK of server/room/SPEC.md, one by one."""

from __future__ import annotations

from typing import Any

import pytest

from ot import Limits
from ot.types import Op
from server.document.model import new_design
from server.document.versioned import TYPE, Create, Delete, NoOp, encode
from server.errors import Code
from server.ports import NewOp
from server.room.effects import (
    Acked,
    Answer,
    AskLocks,
    CaughtUp,
    CommitBatch,
    FindOps,
    Lost,
    Notice,
    OpsSince,
    Publish,
    ReadOps,
    Refused,
    ReleaseLocks,
    Retry,
    SaveMilestone,
    Unsubscribed,
)
from server.room.events import (
    CommitFailed,
    CommitOvertaken,
    CommitUnknown,
    Fetch,
    Leave,
    LocksGranted,
    OpsRead,
    ReadFailed,
    RemoteHead,
    Resume,
    Subscribe,
    Turn,
    Unsubscribe,
)
from server.room.kind import designs
from server.room.limits import RoomLimits
from server.types.registry import TypeRegistry
from tests.sim.world import SimStore

from .driver import Driver

DESIGNS = designs(TypeRegistry.load())


def put(key: str, value: Any = 1) -> list[dict[str, Any]]:
    return [{"p": [key], "oi": value}]


def open_scratch(data: Any = None, **others: Any) -> Driver:
    driver = Driver(**others)
    driver.create({} if data is None else data)
    return driver


def open_design() -> Driver:
    driver = Driver(DESIGNS)
    document = new_design("Claims")
    place = {"page": "page1", "slot": "content", "order": "a0"}
    document["components"] = {
        "c1": {"type": "Container", "typeVersion": 1, "name": "Box", "place": place, "props": {}},
        "c2": {
            "type": "Text",
            "typeVersion": 1,
            "name": "Text1",
            "place": {"parent": "c1", "slot": "content", "order": "a0"},
            "props": {"text": "hello"},
        },
    }
    driver.create(document)
    return driver


def stored(version: int, op: Any, src: str = "other", seq: int | None = None) -> NewOp:
    return NewOp(src, version if seq is None else seq, "a", 0, encode(op))


def refusal(answer: object) -> Code:
    assert isinstance(answer, Refused), answer
    return answer.error.code


# -- a batch ---------------------------------------------------------------------------------------


def test_RM1_steps_come_in_order() -> None:
    driver = open_scratch()
    driver.done.clear()
    driver.subscribe("reader", 1)
    driver.submit("a", 1, 1, put("x"))
    order = [type(effect) for effect in driver.feed(Turn())]
    order += [type(effect) for effect in driver.feed(LocksGranted((True,)))]
    batch = driver.asked[-1]
    assert isinstance(batch, CommitBatch)
    order += [type(effect).__name__ for effect in driver.feed(driver.store.commit(1, batch.ops))]
    assert order == [
        AskLocks,
        CommitBatch,
        "Broadcast",
        "Deliver",
        "ReleaseLocks",
        "Publish",
    ]


def test_RM1_what_queued_meanwhile_is_the_next_batch() -> None:
    driver = open_scratch()
    driver.submit("a", 1, 1, put("x"))
    driver.feed(Turn())
    driver.submit("b", 1, 1, put("y"))
    assert driver.feed(Turn()) == []
    driver.settle()
    assert driver.done[-1] == Retry(0)
    assert driver.answers("b") == []
    driver.feed(Turn())
    driver.settle()
    assert isinstance(driver.answers("b")[0], Acked)


def test_RM2_nothing_is_sent_before_the_commit() -> None:
    driver = open_scratch()
    driver.subscribe("reader", 1)
    driver.submit("a", 1, 1, put("x"))
    driver.submit("b", 1, 9, put("y"))
    driver.feed(Turn())
    batch = driver.until(CommitBatch)
    assert driver.answers("a") == driver.answers("b") == []
    assert driver.versions("reader") == []
    assert isinstance(batch, CommitBatch)
    driver.feed(driver.store.commit(1, batch.ops))
    assert isinstance(driver.answers("a")[0], Acked)
    assert refusal(driver.answers("b")[0]) == Code.VERSION_TOO_NEW
    assert driver.versions("reader") == [1]


def test_RM2_without_anything_to_commit_answers_come_at_once() -> None:
    driver = open_scratch()
    commits = len(driver.store.ops)
    assert refusal(driver.commit("a", 1, 1, [{"p": ["x", "y"], "oi": 1}])) == Code.OP_NOT_APPLIED
    assert len(driver.store.ops) == commits
    assert driver.room.takes_submits


def test_RM3_the_rest_of_a_batch_goes_on() -> None:
    driver = open_scratch({"n": 1})
    driver.submit("a", 1, 1, put("x"))
    driver.submit("b", 1, 1, [{"p": ["missing", 0], "li": 1}])
    driver.submit("c", 1, 1, [{"p": ["n"], "na": 2}])
    driver.feed(Turn())
    driver.settle()
    assert refusal(driver.answers("b")[0]) == Code.OP_NOT_APPLIED
    assert driver.room.snapshot().data == {"n": 3, "x": 1}


def test_RM4_an_overtaken_batch_is_done_again() -> None:
    driver = open_scratch({"text": "b"})
    driver.subscribe("reader", 1)
    driver.submit("a", 1, 1, [{"p": ["text", 1], "si": "c"}])
    driver.feed(Turn())
    driver.until(CommitBatch)
    driver.store.commit(1, (stored(1, [{"p": ["text", 0], "si": "a"}]),))
    effects = driver.feed(CommitOvertaken(tuple(driver.store.ops[1:])))
    assert driver.versions("reader") == [1]
    assert [type(effect).__name__ for effect in effects] == [
        "Broadcast",
        "ReleaseLocks",
        "AskLocks",
    ]
    driver.settle()
    assert driver.room.snapshot().data == {"text": "abc"}
    assert driver.versions("reader") == [1, 2]
    assert driver.versions("a") == [1, 2]


def test_RM5_submits_of_one_src_stay_in_order() -> None:
    driver = open_scratch({"list": []})
    for seq in (1, 2, 3):
        driver.submit("a", seq, 1, [{"p": ["list", 0], "li": seq}])
    driver.feed(Turn())
    driver.settle()
    assert [answer.op.seq for answer in driver.answers("a") if isinstance(answer, Acked)] == [
        1,
        2,
        3,
    ]
    assert [op.seq for op in driver.store.ops[1:]] == [1, 2, 3]


def test_RM6_a_batch_under_way_is_not_shown() -> None:
    driver = open_scratch()
    driver.submit("a", 1, 1, put("x"))
    driver.feed(Turn())
    driver.until(CommitBatch)
    driver.feed(Fetch("reader", None))
    answer = driver.told["reader"][-1]
    assert isinstance(answer, Answer)
    assert answer.snapshot.data == {} and answer.snapshot.version == 1
    driver.feed(Subscribe("late", "late", 0))
    assert driver.versions("late") == [0]


@pytest.mark.parametrize(
    ("edit", "others", "code"),
    [
        ("no list", {}, Code.OP_BADLY_FORMED),
        ([1], {}, Code.OP_BADLY_FORMED),
        ([{"oi": 1}], {}, Code.OP_BADLY_FORMED),
        ([{"p": ["__proto__"], "oi": 1}], {}, Code.OP_NOT_APPLIED),
        (put("x", "long" * 30), {}, Code.TOO_LARGE),
        ([{"p": ["n"], "na": 1}] * 4, {}, Code.TOO_LARGE),
        (Create("text", {}), {}, Code.DOC_TYPE_NOT_RECOGNIZED),
        (Create(TYPE, {"a": "\ud800"}), {}, Code.OP_NOT_APPLIED),
        (put("x"), {"src": ""}, Code.OP_BADLY_FORMED),
        (put("x"), {"seq": 0}, Code.OP_BADLY_FORMED),
        (put("x"), {"base": -1}, Code.OP_BADLY_FORMED),
        (put("x"), {"seq": 2**53 - 1}, Code.SEQ_OVERFLOW),
    ],
)
def test_RM7_wrong_edits_are_refused(edit: Any, others: dict[str, Any], code: Code) -> None:
    driver = open_scratch(limits=RoomLimits(client=Limits(components=3, depth=64, size=100)))
    answer = driver.commit("a", others.pop("seq", 1), others.pop("base", 1), edit, **others)
    assert refusal(answer) == code
    assert len(driver.store.ops) == 1


def test_RM7_server_commands_have_bounds_of_their_own() -> None:
    limits = RoomLimits(client=Limits(components=1, depth=64, size=100))
    driver = open_scratch(limits=limits)
    op = put("x") + put("y")
    assert refusal(driver.commit("a", 1, 1, op)) == Code.TOO_LARGE
    assert isinstance(driver.commit("a", 2, 1, op, bulk=True), Acked)


def test_RM8_a_batch_is_bounded_in_components_and_in_work() -> None:
    limits = RoomLimits(batch_ops=3, batch_components=4, batch_work=20)
    driver = open_scratch({"text": ""}, limits=limits)
    for seq in range(1, 8):
        driver.submit("a", seq, 1, put(f"k{seq}"))
    sizes = []
    while driver.room.unanswered:
        driver.feed(Turn())
        before = len(driver.store.ops)
        driver.settle()
        sizes.append(len(driver.store.ops) - before)
    assert sizes == [3, 3, 1]
    driver.submit("a", 8, 8, put("x") + put("y") + put("z"))
    driver.submit("a", 9, 8, put("v") + put("w"))
    driver.feed(Turn())
    driver.settle()
    assert driver.room.version == 9 and driver.done[-1] == Retry(0)
    driver.feed(Turn())
    driver.settle()
    # Each of these meets what came before: the last has too many meetings, the others share a batch
    # only as far as the work allows.
    driver.submit("b", 1, 8, put("b") * 4)
    driver.submit("b", 2, 1, put("c"))
    driver.submit("b", 3, 1, put("d") * 3)
    driver.feed(Turn())
    driver.settle()
    while driver.room.unanswered:
        driver.feed(Turn())
        driver.settle()
    answers = driver.answers("b")
    assert [type(answer) for answer in answers] == [Acked, Acked, Refused]
    assert refusal(answers[2]) == Code.TOO_LARGE


# -- judging ---------------------------------------------------------------------------------------


def test_RM10_an_edit_is_transformed_over_all_since_its_base() -> None:
    driver = open_scratch({"text": ""})
    for seq in (1, 2):
        driver.submit("a", seq, 1, [{"p": ["text", 0], "si": f"a{seq}"}])
    driver.submit("b", 1, 1, [{"p": ["text", 0], "si": "b"}])
    driver.feed(Turn())
    driver.settle()
    # The later op is 'left' and goes first, also where both are of one src.
    assert driver.room.snapshot().data == {"text": "ba2a1"}


def test_RM11_edits_of_nothing_and_second_creates() -> None:
    driver = Driver()
    assert refusal(driver.commit("a", 1, 0, put("x"))) == Code.DOC_DOES_NOT_EXIST
    assert isinstance(driver.commit("a", 2, 0, Delete()), Acked)
    assert isinstance(driver.commit("a", 3, 1, Create(TYPE, {"a": 1})), Acked)
    assert refusal(driver.commit("b", 1, 2, Create(TYPE, {}))) == Code.DOC_ALREADY_CREATED
    assert refusal(driver.commit("b", 2, 1, Create(TYPE, {}))) == Code.DOC_ALREADY_CREATED
    assert isinstance(driver.commit("b", 3, 2, Delete()), Acked)
    assert refusal(driver.commit("a", 4, 2, put("x"))) == Code.DOC_WAS_DELETED
    assert isinstance(driver.commit("a", 5, 2, Delete()), Acked)
    assert isinstance(driver.commit("a", 6, 4, Create(TYPE, {"again": 1})), Acked)
    assert driver.room.snapshot().data == {"again": 1}
    assert driver.room.version == 5


def test_RM11_create_edit_and_delete_in_one_batch() -> None:
    driver = Driver()
    driver.submit("a", 1, None, Create(TYPE, {}))
    driver.submit("a", 2, None, put("x"))
    driver.submit("b", 1, None, Delete())
    driver.submit("c", 1, None, Create(TYPE, {"new": 1}))
    driver.submit("c", 2, None, put("y"))
    driver.feed(Turn())
    driver.settle()
    assert driver.room.snapshot().data == {"new": 1, "y": 1}
    assert all(isinstance(driver.answers(conn)[-1], Acked) for conn in "abc")


def test_RM13_an_old_base_is_transformed_over_ops_from_the_store() -> None:
    limits = RoomLimits(recent_ops=2, piece_ops=2, catch_up_ops=8)
    driver = open_scratch({"text": ""}, limits=limits)
    for version in range(1, 8):
        driver.commit("a", version, version, [{"p": ["text", 0], "si": str(version)}])
    driver.submit("b", 1, 1, [{"p": ["text", 0], "si": "b"}])
    driver.feed(Turn())
    reads = 0
    while driver.asked:
        reads += isinstance(driver.asked[0], ReadOps)
        driver.answer()
    assert reads == 3
    assert driver.room.snapshot().data == {"text": "b7654321"}
    for version in range(8, 12):
        driver.commit("a", version, version + 1, put("x" + str(version)))
    assert refusal(driver.commit("b", 2, 1, put("old"))) == Code.OPS_NOT_FOUND


def test_RM13_what_is_read_back_may_come_in_several_answers() -> None:
    limits = RoomLimits(recent_ops=2, piece_ops=4)
    driver = open_scratch({"text": ""}, limits=limits)
    for version in range(1, 8):
        driver.commit("a", version, version, [{"p": ["text", 0], "si": str(version)}])
    driver.cut = 1
    assert isinstance(driver.commit("b", 1, 1, [{"p": ["text", 0], "si": "b"}]), Acked)
    assert driver.room.snapshot().data == {"text": "b7654321"}
    driver.subscribe("c", 0)
    driver.settle()
    assert driver.versions("c") == list(range(9))


def test_RM13_no_more_is_read_back_than_memory_may_hold() -> None:
    limits = RoomLimits(recent_ops=2, piece_ops=2, catch_up_bytes=120)
    driver = open_scratch({"text": ""}, limits=limits)
    for version in range(1, 12):
        driver.commit("a", version, version, [{"p": ["text", 0], "si": "x"}])
    assert refusal(driver.commit("b", 1, 2, put("old"))) == Code.OPS_NOT_FOUND
    assert isinstance(driver.commit("b", 2, 10, put("new")), Acked)


def test_RM14_what_others_committed_may_come_in_several_answers() -> None:
    store = SimStore()
    store.commit(0, (stored(0, Create(TYPE, {"text": ""})),))
    for version in range(1, 6):
        store.commit(version, (stored(version, [{"p": ["text", 0], "si": "x"}]),))
    driver = Driver(store=store, version=1)
    driver.cut = 2
    assert isinstance(driver.commit("a", 1, 6, [{"p": ["text", 5], "si": "y"}]), Acked)
    assert driver.room.snapshot().data == {"text": "xxxxxy"}


def test_RM14_a_base_beyond_the_head_is_looked_for_first() -> None:
    store = SimStore()
    store.commit(0, (stored(0, Create(TYPE, {"text": ""})),))
    store.commit(1, (stored(1, [{"p": ["text", 0], "si": "x"}]),))
    driver = Driver(store=store, version=1)
    assert isinstance(driver.commit("a", 1, 2, [{"p": ["text", 1], "si": "y"}]), Acked)
    assert driver.room.snapshot().data == {"text": "xy"}
    answer = driver.commit("a", 2, 9, put("z"))
    assert refusal(answer) == Code.VERSION_TOO_NEW


def test_RM14_a_failed_look_decides_nothing() -> None:
    store = SimStore()
    store.commit(0, (stored(0, Create(TYPE, {})),))
    store.commit(1, (stored(1, put("x")),))
    driver = Driver(store=store, version=1)
    driver.submit("a", 1, 2, put("y"))
    driver.feed(Turn())
    driver.until(ReadOps)
    driver.feed(ReadFailed())
    assert driver.room.is_failing and driver.answers("a") == []
    driver.feed(Turn())
    driver.settle()
    assert isinstance(driver.answers("a")[0], Acked)
    assert not driver.room.is_failing


def test_RM15_an_honest_resend_is_acked_as_what_was_committed() -> None:
    driver = open_scratch({"text": ""})
    op = [{"p": ["text", 0], "si": "a"}]
    driver.commit("b", 1, 1, [{"p": ["text", 0], "si": "b"}])
    first = driver.commit("a", 1, 1, op)
    driver.commit("b", 2, 3, put("x"))
    again = driver.commit("a2", 1, 1, op, src="a")
    assert isinstance(first, Acked) and isinstance(again, Acked)
    assert again.op is first.op and len(driver.store.ops) == 4


@pytest.mark.parametrize(
    ("base", "edit"),
    [
        (1, put("other")),
        (1, put("x", True)),
        (1, [{"p": ["x", 0], "si": "?"}]),
        (1, Delete()),
        (2, put("x")),
        (None, put("other")),
    ],
)
def test_RM15_a_resend_that_differs_is_refused(base: int | None, edit: Any) -> None:
    driver = open_scratch()
    driver.commit("a", 1, 1, put("x"))
    driver.commit("b", 1, 2, put("z"))
    assert refusal(driver.commit("a", 1, base, edit)) == Code.RESEND_DIFFERS
    assert len(driver.store.ops) == 3


def test_RM15_a_resend_from_before_the_window_is_found() -> None:
    driver = open_scratch(limits=RoomLimits(recent_ops=2))
    driver.commit("a", 1, 1, put("x"))
    for seq in range(1, 8):
        driver.commit("b", seq, seq + 1, put(f"y{seq}"))
    assert isinstance(driver.commit("a", 1, 1, put("x")), Acked)
    assert refusal(driver.commit("a", 1, 8, put("x"))) == Code.RESEND_DIFFERS
    assert isinstance(driver.commit("a", 1, None, put("x")), Acked)
    assert len(driver.store.ops) == 9


def test_RM16_a_create_sent_again_is_acked() -> None:
    driver = Driver(limits=RoomLimits(recent_ops=1))
    create = Create(TYPE, {"a": 1})
    driver.commit("a", 1, None, create)
    assert isinstance(driver.commit("a", 1, None, create), Acked)
    for seq in range(1, 5):
        driver.commit("b", seq, seq, put(f"k{seq}"))
    driver.submit("a", 1, None, create)
    driver.feed(Turn())
    assert driver.until(FindOps) == FindOps((("a", 1),))
    driver.asked.append(FindOps((("a", 1),)))
    driver.settle()
    assert isinstance(driver.answers("a")[-1], Acked)
    assert refusal(driver.commit("a", 1, None, Create(TYPE, {"a": 2}))) == Code.RESEND_DIFFERS
    assert refusal(driver.commit("c", 1, None, create)) == Code.DOC_ALREADY_CREATED


def test_RM17_what_is_left_empty() -> None:
    scratch = open_scratch({"text": "ab"})
    delete = [{"p": ["text", 0], "sd": "ab"}]
    for src in "ab":
        assert isinstance(scratch.commit(src, 1, 1, delete), Acked)
    assert isinstance(scratch.commit("c", 1, 3, []), Acked)
    assert isinstance(scratch.commit("c", 2, 4, NoOp()), Acked)
    assert scratch.room.version == 5

    design = open_design()
    delete = [{"p": ["components", "c2", "props", "text", 0], "sd": "hello"}]
    assert isinstance(design.commit("a", 1, 1, delete), Acked)
    assert refusal(design.commit("b", 1, 1, delete)) == Code.NO_OP
    assert refusal(design.commit("b", 2, 2, [])) == Code.NO_OP
    assert refusal(design.commit("b", 3, 2, NoOp())) == Code.NO_OP
    assert design.room.version == 2


def test_RM18_fixups_are_composed_and_given_to_the_author() -> None:
    driver = open_design()
    driver.subscribe("reader", 1)
    box = driver.room.snapshot().data["components"]["c1"]
    delete = [{"p": ["components", "c1"], "od": box}]
    answer = driver.commit("a", 1, 1, delete)
    assert isinstance(answer, Acked) and answer.op.fixups
    assert driver.room.snapshot().data["components"] == {}
    told = driver.told["reader"][-1]
    assert isinstance(told, OpsSince)
    assert isinstance(told.ops[0].edit, list) and len(told.ops[0].edit) == 2
    again = driver.commit("a", 1, 1, delete)
    assert isinstance(again, Acked) and again.op.fixups == answer.op.fixups
    assert len(driver.store.ops) == 2


def test_RM19_times_never_go_back() -> None:
    driver = open_scratch()
    for seq, time in ((1, 50), (2, 40), (3, 60)):
        driver.submit("a", seq, 1, put(f"k{seq}"), time=time)
    driver.feed(Turn())
    driver.settle()
    driver.commit("a", 4, 1, put("k4"), time=10)
    assert [op.time for op in driver.store.ops] == [0, 50, 50, 60, 60]


# -- sending ---------------------------------------------------------------------------------------


def test_RM20_each_gets_the_batch_in_version_order() -> None:
    driver = open_scratch()
    for conn in ("a", "b", "reader"):
        driver.subscribe(conn, 1)
    for conn in ("a", "b"):
        driver.submit(conn, 1, 1, put(conn))
    driver.submit("a", 2, 1, put("a2"))
    driver.feed(Turn())
    driver.settle()
    assert [type(told) for told in driver.told["a"][1:]] == [Acked, OpsSince, Acked]
    assert [type(told) for told in driver.told["b"][1:]] == [OpsSince, Acked, OpsSince]
    for conn in ("a", "b", "reader"):
        assert driver.versions(conn) == [1, 2, 3]


def test_RM21_a_submitter_without_subscription_gets_what_it_missed_once() -> None:
    driver = open_scratch()
    driver.commit("b", 1, 1, put("b1"))
    driver.commit("b", 2, 2, put("b2"))
    driver.submit("a", 1, 1, put("a1"))
    driver.submit("a", 2, 1, put("a2"))
    driver.feed(Turn())
    driver.settle()
    assert driver.versions("a") == [1, 2, 3, 4]
    driver.commit("b", 3, 5, put("b3"))
    driver.commit("a", 3, 1, put("a3"))
    assert driver.versions("a") == [1, 2, 3, 4, 5, 6]


def test_RM21_a_resend_before_the_subscription_gets_what_it_missed() -> None:
    driver = open_scratch()
    driver.commit("b", 1, 1, put("b1"))
    driver.commit("a", 1, 2, put("a1"))
    driver.feed(Leave("a"))
    driver.commit("a2", 1, 1, put("a1"), src="a")
    assert driver.versions("a2") == [1, 2]
    driver.subscribe("a2", 3)
    driver.commit("b", 2, 3, put("b2"))
    assert driver.versions("a2") == [1, 2, 3]


def test_RM22_an_own_op_from_an_earlier_connection_is_sent() -> None:
    driver = open_scratch()
    driver.submit("old", 1, 1, put("x"), src="a")
    driver.feed(Subscribe("new", "a", 1))
    driver.feed(Turn())
    driver.settle()
    assert driver.versions("new") == [1]


def test_RM23_subscribing_with_and_without_a_version() -> None:
    driver = open_scratch()
    driver.commit("a", 1, 1, put("x"))
    driver.subscribe("s")
    driver.subscribe("c", 1)
    driver.feed(Fetch("f", 1, "request"))
    first = driver.told["s"][0]
    assert isinstance(first, Answer) and first.snapshot.version == 2
    assert driver.versions("c") == [1] and isinstance(driver.told["c"][-1], CaughtUp)
    driver.commit("a", 2, 2, put("y"))
    assert driver.versions("s") == [2] and driver.versions("c") == [1, 2]
    assert driver.versions("f") == [1]
    assert driver.told["f"][-1] == CaughtUp("request")
    driver.feed(Unsubscribe("s", "bye"))
    assert driver.told["s"][-1] == Unsubscribed("bye")
    driver.feed(Leave("c"))
    driver.commit("a", 3, 3, put("z"))
    assert driver.versions("s") == [2] and driver.versions("c") == [1, 2]
    assert driver.room.is_unused


def test_RM23_a_new_subscription_gets_nothing_live_before_it_has_caught_up() -> None:
    driver = open_scratch(limits=RoomLimits(recent_ops=1, piece_ops=2))
    for version in range(1, 6):
        driver.commit("a", version, version, put(f"k{version}"))
    driver.subscribe("reader")
    driver.subscribe("reader", 0)
    reading = driver.asked.pop()
    driver.commit("a", 6, 6, put("k6"))
    assert driver.versions("reader") == []
    driver.asked.append(reading)
    driver.settle()
    assert driver.versions("reader") == list(range(7))


def test_RM23_a_document_that_does_not_exist() -> None:
    driver = Driver()
    driver.subscribe("s")
    first = driver.told["s"][0]
    assert isinstance(first, Answer)
    assert (first.snapshot.version, first.snapshot.type, first.snapshot.data) == (0, None, None)


def test_RM24_all_readers_share_one_op() -> None:
    driver = open_scratch()
    for conn in ("a", "b"):
        driver.subscribe(conn, 1)
    driver.commit("c", 1, 1, put("x"))
    one, other = driver.told["a"][-1], driver.told["b"][-1]
    assert isinstance(one, OpsSince) and isinstance(other, OpsSince)
    assert one.ops[0] is other.ops[0]


def test_RM25_a_notice_follows_the_ack() -> None:
    driver = open_design()
    place = {"page": "page1", "slot": "content", "order": "a1"}
    twin = {"type": "Text", "typeVersion": 1, "name": "Text1", "place": place, "props": {}}
    driver.commit("a", 1, 1, [{"p": ["components", "c9"], "oi": twin}])
    told = driver.told["a"]
    assert isinstance(told[-2], Acked) and isinstance(told[-1], Notice)
    assert told[-1].code == "name-changed"


def write(component: str, value: str, old: str = "hello") -> list[dict[str, Any]]:
    return [{"p": ["components", component, "props", "text"], "od": old, "oi": value}]


def overtaken(driver: Driver, conn: str) -> list[dict[str, Any]]:
    return [
        told.details
        for told in driver.told.get(conn, ())
        if isinstance(told, Notice) and told.code == "overtaken"
    ]


def test_RM26_who_is_overtaken_is_told() -> None:
    driver = open_design()
    for conn in ("ann", "bob", "eve"):
        driver.subscribe(conn, 1)
    driver.commit("ann", 1, 1, write("c2", "Ann's"), author="ann")
    driver.commit("bob", 1, 1, write("c2", "Bob's"), author="bob")
    assert overtaken(driver, "ann") == [
        {
            "element": "components/c2",
            "path": ["components", "c2", "props", "text"],
            "mine": "Ann's",
            "theirs": "Bob's",
            "gone": False,
            "by": "bob",
        }
    ]
    assert isinstance(driver.told["ann"][-2], OpsSince)
    assert overtaken(driver, "bob") == overtaken(driver, "eve") == []
    # Who knew it, or wrote the same, or is the same person, overtakes nobody.
    driver.commit("ann", 2, 3, write("c2", "Mine", "Bob's"), author="ann")
    driver.commit("bob", 2, 3, write("c2", "Mine", "Bob's"), author="bob")
    driver.commit("eve", 1, 4, write("c2", "Again", "Mine"), author="bob")
    assert len(overtaken(driver, "ann")) == 1 and overtaken(driver, "bob") == []


def test_RM26_who_loses_a_deleted_component_is_told() -> None:
    driver = open_design()
    driver.subscribe("ann", 1)
    box = driver.room.snapshot().data["components"]["c1"]
    typed = [{"p": ["components", "c2", "props", "text", 0], "si": "typed "}]
    driver.commit("ann", 1, 1, typed, author="ann")
    # The server takes the contents of the box along.
    driver.commit("bob", 1, 1, [{"p": ["components", "c1"], "od": box}], author="bob")
    (details,) = overtaken(driver, "ann")
    assert details["mine"] == "typed " and details["gone"] and details["theirs"] is None
    assert details["path"] == ["components", "c2", "props", "text"]


def test_RM27_who_writes_into_what_is_gone_is_told() -> None:
    driver = open_design()
    text = driver.room.snapshot().data["components"]["c2"]
    driver.commit("bob", 1, 1, [{"p": ["components", "c2"], "od": text}], author="bob")
    typed = [{"p": ["components", "c2", "props", "text", 0], "si": "typed "}]
    assert refusal(driver.commit("ann", 1, 1, typed, author="ann")) == Code.NO_OP
    (details,) = overtaken(driver, "ann")
    assert (details["mine"], details["gone"], details["by"]) == ("typed ", True, "bob")


def rename(id: str, old: str, new: str) -> Op:
    return [{"p": ["components", id, "name"], "od": old, "oi": new}]


def test_RM28_a_refusal_names_the_edit_that_took_the_name() -> None:
    driver = open_design()
    driver.commit("bob", 1, 1, rename("c1", "Box", "Sum"), author="bob")
    answer = driver.commit("ann", 1, 1, rename("c2", "Text1", "Sum"), author="ann")
    assert isinstance(answer, Refused) and answer.error.code == Code.NAME_TAKEN
    assert answer.error.details["conflict"] == {"version": 1, "by": "bob"}
    again = driver.commit("ann", 2, 2, rename("c2", "Text1", "Sum"), author="ann")
    assert isinstance(again, Refused), "made with Bob's edit in sight"
    assert "conflict" not in again.error.details


def test_RM28_a_refusal_names_the_edit_that_moved_the_parent() -> None:
    driver = open_design()
    place = {"page": "page1", "slot": "content", "order": "a1"}
    box = {"type": "Container", "typeVersion": 1, "name": "Box2", "place": place, "props": {}}
    driver.commit("bob", 1, 1, [{"p": ["components", "c3"], "oi": box}], author="bob")

    def move(id: str, old: dict[str, str], parent: str) -> Op:
        new = {"parent": parent, "slot": "content", "order": "a5"}
        return [{"p": ["components", id, "place"], "od": old, "oi": new}]

    driver.commit("bob", 2, 2, move("c1", {**place, "order": "a0"}, "c3"), author="bob")
    answer = driver.commit("ann", 1, 2, move("c3", place, "c1"), author="ann")
    assert isinstance(answer, Refused) and answer.error.details["rule"] == "cycle"
    assert answer.error.details["conflict"] == {"version": 2, "by": "bob"}


def test_RM28_edits_elsewhere_are_not_blamed() -> None:
    driver = open_design()
    text = [{"p": ["components", "c2", "props", "text"], "od": "hello", "oi": "bye"}]
    driver.commit("bob", 1, 1, text, author="bob")
    for author in ("ann", "bob"):
        answer = driver.commit(author, 9, 1, rename("c2", "Text1", "no name"), author=author)
        assert isinstance(answer, Refused) and answer.error.code == Code.INVALID
        assert "conflict" not in answer.error.details


# -- while others are slow -------------------------------------------------------------------------


def test_RM30_submits_are_held_back_and_reads_are_not() -> None:
    driver = open_scratch()
    driver.submit("a", 1, 1, put("x"))
    assert driver.room.takes_submits
    driver.feed(Turn())
    assert not driver.room.takes_submits
    driver.until(CommitBatch)
    driver.subscribe("reader")
    assert isinstance(driver.told["reader"][0], Answer)


def test_RM31_a_failed_commit_is_tried_again_and_answers_nothing() -> None:
    driver = open_scratch()
    driver.submit("a", 1, 1, put("x"))
    driver.feed(Turn())
    delays = []
    for _ in range(8):
        driver.until(CommitBatch)
        driver.feed(CommitFailed())
        assert driver.room.is_failing and not driver.room.takes_submits
        assert driver.answers("a") == []
        retry = driver.done[-1]
        assert isinstance(retry, Retry)
        delays.append(retry.after_ms)
        driver.feed(Fetch("reader", None))
        assert isinstance(driver.told["reader"][-1], Answer)
        driver.feed(Turn())
    assert delays == sorted(delays) and delays[0] == 50 and delays[-1] == 1_000
    driver.settle()
    assert isinstance(driver.answers("a")[0], Acked)
    assert not driver.room.is_failing and len(driver.store.ops) == 2


@pytest.mark.parametrize("is_done", [True, False])
def test_RM32_an_unknown_outcome_is_looked_up(is_done: bool) -> None:
    driver = open_scratch()
    driver.submit("a", 1, 1, put("x"))
    driver.submit("b", 1, 1, put("y"))
    driver.feed(Turn())
    batch = driver.until(CommitBatch)
    assert isinstance(batch, CommitBatch)
    if is_done:
        driver.store.commit(batch.base, batch.ops)
    driver.feed(CommitUnknown())
    driver.feed(Turn())
    driver.until(AskLocks)
    driver.feed(LocksGranted((True, True)))
    assert isinstance(driver.asked[0], ReadOps)
    driver.settle()
    assert isinstance(driver.answers("a")[0], Acked) and isinstance(driver.answers("b")[0], Acked)
    assert [op.src for op in driver.store.ops] == ["creator", "a", "b"]


def test_RM33_old_ops_are_read_beside_a_batch() -> None:
    driver = open_scratch(limits=RoomLimits(recent_ops=2, piece_ops=2))
    for version in range(1, 9):
        driver.commit("a", version, version, put(f"k{version}"))
    driver.submit("a", 9, 9, put("more"))
    driver.feed(Turn())
    commit = driver.until(CommitBatch)
    driver.feed(Subscribe("reader", "reader", 0, "request"))
    assert isinstance(commit, CommitBatch)
    driver.feed(driver.store.commit(commit.base, commit.ops))
    driver.settle()
    assert driver.versions("reader") == list(range(10))
    assert driver.told["reader"][-1] == CaughtUp("request")
    driver.commit("a", 10, 10, put("last"))
    assert driver.versions("reader") == list(range(11))


def test_RM33_a_reader_is_told_when_the_store_is_away() -> None:
    driver = open_scratch(limits=RoomLimits(recent_ops=1, readers=1))
    for version in range(1, 6):
        driver.commit("a", version, version, put(f"k{version}"))
    driver.subscribe("one", 0)
    driver.subscribe("two", 0)
    refused = driver.told["two"][-1]
    assert isinstance(refused, Lost) and refused.error.code == Code.OVERLOADED
    ticket = driver.asked.pop()
    assert isinstance(ticket, ReadOps)
    driver.feed(ReadFailed(ticket.ticket))
    lost = driver.told["one"][-1]
    assert isinstance(lost, Lost) and lost.error.code == Code.UNAVAILABLE
    driver.feed(OpsRead(0, tuple(driver.store.ops[:1]), ticket.ticket))
    assert driver.room.reading == []


def test_RM33_a_reader_that_left_is_forgotten() -> None:
    driver = open_scratch(limits=RoomLimits(recent_ops=1, piece_ops=1))
    for version in range(1, 6):
        driver.commit("a", version, version, put(f"k{version}"))
    driver.subscribe("one", 0)
    assert len(driver.room.reading) == 1
    driver.feed(Leave("one"))
    driver.settle()
    assert driver.told.get("one", []) == [] and driver.room.subscribers == {}


def test_RM34_another_nodes_commits_are_taken_in() -> None:
    driver = open_scratch(limits=RoomLimits(piece_ops=2))
    driver.subscribe("reader", 1)
    for version in range(1, 6):
        driver.store.commit(version, (stored(version, put(f"k{version}")),))
    driver.feed(RemoteHead(6))
    driver.settle()
    assert driver.versions("reader") == [1, 2, 3, 4, 5]
    assert driver.room.snapshot().data == {f"k{version}": 1 for version in range(1, 6)}
    assert driver.feed(RemoteHead(4)) == []


def test_RM34_a_version_that_a_reader_has_seen_is_looked_for() -> None:
    store = SimStore()
    store.commit(0, (stored(0, Create(TYPE, {})),))
    store.commit(1, (stored(1, put("x")),))
    driver = Driver(store=store, version=1)
    driver.subscribe("reader", 2)
    driver.settle()
    assert driver.room.version == 2 and driver.versions("reader") == [1]


def test_RM34_creates_and_deletes_of_another_node() -> None:
    driver = open_scratch()
    others = [put("x"), Delete(), NoOp(), Create(TYPE, {"new": 1}), put("y")]
    for version, edit in enumerate(others, 1):
        driver.store.commit(version, (stored(version, edit),))
    driver.feed(RemoteHead(6))
    driver.settle()
    assert driver.room.snapshot().data == {"new": 1, "y": 1}


def test_RM35_snapshots_are_kept_now_and_then() -> None:
    driver = open_scratch(limits=RoomLimits(milestone_ops=3, milestone_bytes=400))
    for version in range(1, 8):
        driver.commit("a", version, version, put(f"k{version}"))
    driver.commit("a", 8, 8, put("big", "x" * 500))
    kept = [effect.snapshot for effect in driver.done if isinstance(effect, SaveMilestone)]
    assert [snapshot.version for snapshot in kept] == [3, 6, 9]
    assert kept[0].data == {"k1": 1, "k2": 1}


def test_RM35_a_large_document_is_kept_less_often() -> None:
    driver = Driver(DESIGNS, limits=RoomLimits(milestone_ops=2, milestone_most_ops=6))
    document = new_design("Claims")
    document["settings"] = {"note": "x" * 4_000}
    driver.create(document)
    for version in range(1, 12):
        driver.commit("a", version, version, [{"p": ["theme", f"k{version}"], "oi": 1}])
    kept = [effect.snapshot for effect in driver.done if isinstance(effect, SaveMilestone)]
    assert [snapshot.version for snapshot in kept] == [4, 8, 12]


# -- locks -----------------------------------------------------------------------------------------


def test_LK1_one_question_for_all_elements_of_a_batch() -> None:
    driver = open_design()
    driver.submit("a", 1, 1, [{"p": ["components", "c2", "props", "text", 0], "si": "x"}])
    box = driver.room.snapshot().data["components"]["c1"]
    driver.submit("b", 1, 1, [{"p": ["components", "c1"], "od": box}])
    driver.submit("c", 1, 1, [])
    effects = driver.feed(Turn())
    assert len(effects) == 1 and isinstance(effects[0], AskLocks)
    groups = effects[0].groups
    assert "components/c2" in groups[0]
    assert {"components/c1", "components/c2"} <= groups[1]
    assert groups[2] == frozenset()


def test_LK2_locks_are_given_back() -> None:
    driver = open_scratch()
    driver.done.clear()
    driver.commit("a", 1, 1, put("x"))
    assert driver.done == [ReleaseLocks(frozenset({"document"})), Publish(2)]
    assert driver.room.held == frozenset()
    driver.submit("a", 2, 2, put("y"))
    driver.feed(Turn())
    driver.until(CommitBatch)
    assert driver.room.held == frozenset({"document"})
    driver.feed(CommitFailed())
    assert ReleaseLocks(frozenset({"document"})) in driver.done[2:]
    assert driver.room.held == frozenset()


def test_LK3_without_its_locks_a_submit_waits_and_so_do_the_later_ones() -> None:
    driver = open_design()
    text = [{"p": ["components", "c2", "props", "text", 0], "si": "x"}]
    name = [{"p": ["meta", "name"], "od": "Claims", "oi": "Other"}]
    script = [{"p": ["settings", "k"], "oi": 1}]
    driver.submit("a", 1, 1, text)
    driver.submit("a", 2, 1, name)
    driver.submit("b", 1, 1, script)
    driver.feed(Turn())
    driver.asked.clear()
    driver.feed(LocksGranted((False, True, True)))
    driver.settle()
    assert driver.answers("a") == []
    assert isinstance(driver.answers("b")[0], Acked)
    retry = driver.done[-1]
    assert isinstance(retry, Retry) and retry.after_ms > 0
    assert ReleaseLocks(frozenset({"meta", "settings"})) in driver.done
    driver.feed(Turn())
    driver.settle()
    assert [type(answer) for answer in driver.answers("a")] == [Acked, Acked]
    assert [op.seq for op in driver.store.ops if op.src == "a"] == [1, 2]


# -- after a fault ---------------------------------------------------------------------------------


def test_RM40_a_lost_subscription_goes_on() -> None:
    driver = open_scratch()
    driver.commit("a", 1, 1, put("x"))
    driver.feed(Resume("reader", "reader", 1))
    assert driver.versions("reader") == [1]
    assert not any(isinstance(told, CaughtUp) for told in driver.told["reader"])
    driver.commit("a", 2, 2, put("y"))
    assert driver.versions("reader") == [1, 2]


def test_RM40_what_is_unanswered_is_known() -> None:
    driver = open_scratch()
    first = driver.submit("a", 1, 1, put("x"))
    driver.feed(Turn())
    second = driver.submit("b", 1, 1, put("y"))
    assert driver.room.unanswered == [first, second]
    driver.settle()
    assert driver.room.unanswered == [second]
