"""The table of limits: shown as it is, and each line gone beyond by a test."""

from __future__ import annotations

import asyncio
import os
import re
import signal
from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from ot import Limits
from ot.types import Json, Op
from server.document.limits import MAX_DEPTH, MAX_NAME, MAX_ORDER_KEY
from server.document.model import new_design
from server.errors import Code
from server.limits import LIMITS, table
from server.protocol.messages import MAX_CHANNEL, MAX_SAFE_INTEGER, parse
from server.protocol.messages import MAX_NAME as MAX_ID
from server.room.batch import MAX_NOTICES
from server.room.effects import Acked, Refused
from server.room.kind import designs
from server.room.limits import RoomLimits
from server.runtime.registry import MOST_ROOMS, Rooms
from server.runtime.room_task import MAILBOX_EVENTS, Node
from server.settings import Settings
from server.types.registry import TypeRegistry
from server.web.frames import EXTENSION
from server.web.server import listen, serve
from tests.server.room.driver import Driver

TOP = Path(__file__).parents[2]

HERE = "test_limits.py"
BRANCHES = "web/test_branches.py"
COMMENTS = "web/test_comments.py"
REVIEWS = "web/test_reviews.py"
HISTORY = "web/test_history.py"
CHRONICLE = "runtime/test_chronicle.py"
ROOM = "room/test_core.py"
DESIGN = "document/test_design.py"
BOUNDS = "document/test_bounds.py"
MESSAGES = "protocol/test_messages.py"
SESSION = "protocol/test_session.py"
CODEC = "protocol/test_codec.py"
OUTBOX = "web/test_outbox.py"
HTTP = "web/test_http.py"
LEASES = "leases/test_rules.py"
WEB_LEASES = "web/test_leases.py"
REGISTRY = "runtime/test_registry.py"
YJS = "yjs/test_sockets.py"

TESTS = {
    "parts of one edit of a client": (HERE, "test_an_edit_of_a_client"),
    "bytes of one edit of a client": (HERE, "test_an_edit_of_a_client"),
    "parts of one edit that the server makes": (HERE, "test_an_edit_of_the_server"),
    "bytes of one edit that the server makes": (HERE, "test_an_edit_of_the_server"),
    "containers around a value in an edit": (HERE, "test_an_edit_of_a_client"),
    "pairs of parts that meet when an edit is merged with later ones": (
        ROOM,
        "test_RM8_a_batch_is_bounded_in_components_and_in_work",
    ),
    "versions that an edit may be behind": (
        ROOM,
        "test_RM13_an_old_base_is_transformed_over_ops_from_the_store",
    ),
    "bytes of those versions, where they are read from storage": (
        ROOM,
        "test_RM13_no_more_is_read_back_than_memory_may_hold",
    ),
    "overwritten places told to one person for one edit": (HERE, "test_notices_of_one_edit"),
    "bytes of a design": (BOUNDS, "test_limits"),
    "elements in each section": (DESIGN, "test_too_many_elements_by_op_are_refused"),
    "containers around a value": (HERE, "test_how_deep_a_value_may_lie"),
    "components around a component": (DESIGN, "test_too_deep_a_tree_is_refused"),
    "characters of a component's, query's or script's name": (HERE, "test_a_name"),
    "characters of a design's name": (HTTP, "test_names_that_cannot_be"),
    "characters of an order key": (HERE, "test_an_order_key"),
    "leases": (LEASES, "test_LE17_bounds"),
    "seconds that a lease lasts without an edit (`COWEAVE_LEASE_IDLE_SECONDS`)": (
        LEASES,
        "test_LE6_beats_keep_it_for_ten_minutes_without_an_edit",
    ),
    "seconds that it lasts without its holder's connection (`COWEAVE_LEASE_GRACE_SECONDS`)": (
        LEASES,
        "test_LE6_a_session_that_is_not_heard_of_loses_its_lease",
    ),
    "bytes of a frame": ("web/test_sockets.py", "test_huge_frames_end_only_their_connection"),
    "bytes of a message": (CODEC, "test_WP2_size_is_refused_on_the_request"),
    "containers around a value in a message": (CODEC, "test_WP2_nesting_is_bounded"),
    "characters of an id or a collection": (HERE, "test_names_in_messages"),
    "characters of a presence channel": (HERE, "test_names_in_messages"),
    "documents named in one message": (MESSAGES, "test_WP14_bulk_is_bounded"),
    "bytes of one presence": (MESSAGES, "test_WP16_presence_is_bounded"),
    "elements in one wish for leases": (WEB_LEASES, "test_what_is_not_understood_is_refused"),
    "characters of a reason for a lease": (WEB_LEASES, "test_what_is_not_understood_is_refused"),
    "a version or a counter": (HERE, "test_names_in_messages"),
    "documents and channels followed": (SESSION, "test_WP34_subscriptions_are_bounded"),
    "presences": (SESSION, "test_WP52_presences_are_bounded"),
    "bytes of live edits that wait for a reader": (
        OUTBOX,
        "test_a_slow_reader_is_moved_to_catching_up",
    ),
    "bytes of answers that wait for a reader": (
        OUTBOX,
        "test_replies_are_kept_and_stop_the_reading_instead",
    ),
    "seconds in which a reader reads nothing of what waits": (
        "web/test_frames.py",
        "test_a_reader_without_progress_is_dropped",
    ),
    "seconds for the head of a first request": (
        "web/test_server.py",
        "test_silent_connections_are_closed",
    ),
    "seconds between pings, and for the answer to one (`COWEAVE_PING_SECONDS`)": (
        HERE,
        "test_D6_a_silent_peer_is_found",
    ),
    "messages a second, sustained (`COWEAVE_OPS_PER_SECOND`)": (
        "web/test_budget.py",
        "test_what_is_not_spent_comes_back_up_to_the_burst",
    ),
    "messages at once before that (`COWEAVE_OPS_BURST`)": (
        "web/test_budget.py",
        "test_a_burst_is_free_and_then_it_takes_time",
    ),
    "requests over HTTP a second, sustained (`COWEAVE_REQUESTS_PER_SECOND`)": (
        "web/test_budget.py",
        "test_what_is_not_spent_comes_back_up_to_the_burst",
    ),
    "requests at once before that (`COWEAVE_REQUESTS_BURST`)": (
        "web/test_budget.py",
        "test_a_request_waits_a_little_and_is_refused_where_it_would_wait_long",
    ),
    "seconds for which a request waits": (
        "web/test_budget.py",
        "test_a_request_waits_a_little_and_is_refused_where_it_would_wait_long",
    ),
    "connections to a node (`COWEAVE_CONNECTIONS_PER_USER`)": (
        "web/test_seats.py",
        "test_D2_a_person_and_a_node_have_so_many",
    ),
    "characters of a person's name": (HTTP, "test_the_session_is_who_one_says"),
    "sign-ins, and credentials that do not hold, of one address a minute"
    " (`COWEAVE_SIGN_INS_PER_MINUTE`)": (
        "web/test_who.py",
        "test_too_many_bad_credentials_of_one_address",
    ),
    "bytes of a bearer token": (
        "web/test_who.py",
        "test_E2_tokens_of_every_bad_kind_are_refused_alike",
    ),
    "days that a service token holds": ("web/test_members.py", "test_tokens_that_cannot_be"),
    "roles given on one design": ("web/test_sharing.py", "test_a_design_has_so_many_roles"),
    "events of leases in one answer": (WEB_LEASES, "test_a_long_history_comes_in_pieces"),
    "bytes of a body": (HTTP, "test_bodies_are_json_by_name_and_bounded"),
    "bytes of an imported file": (HTTP, "test_files_that_cannot_be_imported"),
    "entries of one page of the timeline": (HISTORY, "test_a_page_is_bounded"),
    "entries that one page looks through": (CHRONICLE, "test_a_page_that_finds_little_is_short"),
    "edits of one entry": (
        "history/test_journal.py",
        "test_an_entry_has_an_end_in_ops_and_in_time",
    ),
    "characters of a version's name": (
        HISTORY,
        "test_a_version_is_named_and_a_protected_name_stays",
    ),
    "characters of a version's note": (
        HISTORY,
        "test_a_version_is_named_and_a_protected_name_stays",
    ),
    "bytes of a wish to restore": (HISTORY, "test_a_wish_to_restore_is_bounded"),
    "open branches of a design": (BRANCHES, "test_a_design_has_so_many_open_branches"),
    "characters of a branch's name": (BRANCHES, "test_wrong_requests"),
    "decisions in one merge": (BRANCHES, "test_a_merge_is_bounded"),
    "bytes of a request to merge": (BRANCHES, "test_a_merge_is_bounded"),
    "approvals that a merge may need": (REVIEWS, "test_rules_and_reviews_are_bounded"),
    "entries of owners, and what each may name": (REVIEWS, "test_rules_and_reviews_are_bounded"),
    "environments of a design": (REVIEWS, "test_rules_and_reviews_are_bounded"),
    "characters of a review's title": (REVIEWS, "test_rules_and_reviews_are_bounded"),
    "characters of a description or verdict": (REVIEWS, "test_rules_and_reviews_are_bounded"),
    "reviewers of a review": (REVIEWS, "test_rules_and_reviews_are_bounded"),
    "comments on a design": (COMMENTS, "test_a_design_has_so_many_comments"),
    "characters of a comment": (COMMENTS, "test_wrong_comments"),
    "people mentioned in a comment": (COMMENTS, "test_wrong_comments"),
    "characters of a reason for a release": ("web/test_environments.py", "test_wrong_releases"),
    "bytes of an update": (YJS, "test_an_update_has_bounds"),
    "items and deletions in an update": (
        "yjs/test_update.py",
        "test_items_are_counted_before_they_are_kept",
    ),
    "updates of one client that wait to be read": (
        "yjs/test_gateway.py",
        "test_whoever_sends_too_much_is_not_listened_to",
    ),
    "updates of one design that are under way": (
        "yjs/test_gateway.py",
        "test_Y13_only_so_many_are_under_way",
    ),
    "bytes of changes that wait for a Yjs client": (
        "yjs/test_outbox.py",
        "test_Y44_a_reader_that_is_too_slow_is_sent_away",
    ),
    "clients that a connection speaks for": (
        "yjs/test_presence.py",
        "test_Y53_a_connection_speaks_for_a_few_and_they_leave_with_it",
    ),
    "bytes of one awareness state": (
        "yjs/test_presence.py",
        "test_Y53_a_state_that_is_too_large_is_left_out",
    ),
    "states in one awareness message": (
        "yjs/test_wire.py",
        "test_what_is_cut_or_wrong_is_malformed",
    ),
    "connections (`COWEAVE_CONNECTIONS`)": (
        "web/test_seats.py",
        "test_D2_a_person_and_a_node_have_so_many",
    ),
    "open designs": (REGISTRY, "test_RM43_the_number_of_open_rooms_is_bounded"),
    "edits, and as many reads, that wait for one design": (
        "runtime/test_mailbox.py",
        "test_who_brings_more_than_there_is_room_for_waits",
    ),
    "readers of one design that are caught up from storage at once": (
        ROOM,
        "test_RM33_a_reader_is_told_when_the_store_is_away",
    ),
    "bytes of edits read from storage at once": (
        "runtime/test_loading.py",
        "test_a_log_is_loaded_in_pieces_bounded_in_bytes",
    ),
    "edits of one design committed together": (
        ROOM,
        "test_RM8_a_batch_is_bounded_in_components_and_in_work",
    ),
    "edits of one design kept in memory": (
        "room/test_window.py",
        "test_trim_bounds_count_and_size",
    ),
    "designs committed together": (
        "runtime/test_committer.py",
        "test_ST62_a_group_is_bounded_in_batches_and_bytes",
    ),
}


def test_the_documents_show_the_table() -> None:
    assert (TOP / "docs/limits.md").read_text("utf-8").endswith("\n" + table())


def test_D2_each_limit_has_its_test() -> None:
    assert [limit.what for limits in LIMITS.values() for limit in limits] == list(TESTS)
    for file, test in TESTS.values():
        text = (TOP / "tests/server" / file).read_text("utf-8")
        assert re.search(rf"^(async )?def {test}\(", text, re.M), (file, test)


def test_what_is_not_said_otherwise_is_the_limit() -> None:
    """The tests of these give smaller ones."""
    assert Node.__dataclass_fields__["mailbox_events"].default == MAILBOX_EVENTS
    assert Rooms.__init__.__kwdefaults__["max_rooms"] == MOST_ROOMS
    assert Settings.from_env({}).ops_burst == Settings().ops_burst == 5_000


# -- lines without a test elsewhere ----------------------------------------------------------------


def opened() -> Driver:
    driver = Driver(designs(TypeRegistry.load()))
    document = new_design("Limits")
    document["components"]["c1"] = {
        "type": "Text",
        "typeVersion": 1,
        "name": "Text1",
        "place": {"page": "page1", "slot": "content", "order": "a0"},
        "props": {"text": ""},
    }
    driver.create(document)
    return driver


def outcome(op: Op, *, scratch: bool = False, **others: Any) -> Code | None:
    """The code that an edit of a fresh document is refused with."""
    driver = Driver() if scratch else opened()
    if scratch:
        driver.create({"n": 0})
    answer = driver.commit("ann", 1, 1, op, **others)
    if isinstance(answer, Refused):
        assert answer.error.message
        return answer.error.code
    assert isinstance(answer, Acked)
    return None


def nested(depth: int) -> Json:
    value: Json = []
    for _ in range(depth - 1):
        value = [value]
    return value


def settings_of(value: Json) -> Op:
    return [{"p": ["settings", "x"], "oi": value}]


def test_an_edit_of_a_client() -> None:
    check_edit(RoomLimits().client)


def test_an_edit_of_the_server() -> None:
    check_edit(RoomLimits().bulk, bulk=True)


def check_edit(limits: Limits, **others: Any) -> None:
    """Each bound is reached, and more is refused (bytes of punctuation are counted roughly)."""

    def result(op: Op) -> Code | None:
        return outcome(op, scratch=True, **others)

    bare = len('[{"p":["x"],"oi":""}]')
    assert result([{"p": ["n"], "na": 1}] * limits.components) is None
    assert result([{"p": ["n"], "na": 1}] * (limits.components + 1)) is Code.TOO_LARGE
    assert result([{"p": ["x"], "oi": "x" * (limits.size - bare)}]) is None
    assert result([{"p": ["x"], "oi": "x" * (limits.size + bare)}]) is Code.TOO_LARGE
    deep = [
        code for depth in range(50, 80) if (code := result([{"p": ["x"], "oi": nested(depth)}]))
    ]
    assert set(deep) == {Code.TOO_LARGE} and abs(len(deep) - (79 - limits.depth)) <= 2


def test_how_deep_a_value_may_lie() -> None:
    around = 2  # the document and its settings
    assert outcome(settings_of(nested(MAX_DEPTH - around))) is None
    assert outcome(settings_of(nested(MAX_DEPTH + 1 - around))) is Code.TOO_LARGE


def test_a_name() -> None:
    def name(text: str) -> Op:
        return [{"p": ["components", "c1", "name"], "od": "Text1", "oi": text}]

    assert outcome(name("x" * MAX_NAME)) is None
    assert outcome(name("x" * (MAX_NAME + 1))) is Code.INVALID


def test_an_order_key() -> None:
    def move(order: str) -> Op:
        place = {"page": "page1", "slot": "content", "order": "a0"}
        new = {**place, "order": order}
        return [{"p": ["components", "c1", "place"], "od": place, "oi": new}]

    assert outcome(move("a0" + "V" * (MAX_ORDER_KEY - 2))) is None
    assert outcome(move("a0" + "V" * (MAX_ORDER_KEY - 1))) is Code.INVALID


def test_notices_of_one_edit() -> None:
    driver = opened()
    keys = [f"k{n}" for n in range(30)]
    first = [{"p": ["settings", key], "oi": 1} for key in keys]
    driver.subscribe("ann", 1)
    driver.commit("ann", 1, 1, first, author="ann")
    driver.commit("ben", 1, 1, [{**part, "oi": 2} for part in first], author="ben")
    told = [one for one in driver.told["ann"] if type(one).__name__ == "Notice"]
    assert len(told) == MAX_NOTICES


def test_names_in_messages() -> None:
    fetch = {"a": "f", "c": "designs", "d": "d", "v": 1}
    for message, field, value, beyond in (
        (fetch, "d", "x" * MAX_ID, "x" * (MAX_ID + 1)),
        (fetch, "c", "x" * MAX_ID, "x" * (MAX_ID + 1)),
        (fetch, "v", MAX_SAFE_INTEGER, MAX_SAFE_INTEGER + 1),
        ({"a": "pr", "ch": ""}, "ch", "x" * MAX_CHANNEL, "x" * (MAX_CHANNEL + 1)),
    ):
        assert parse({**message, field: value})
        with pytest.raises(Exception) as refused:
            parse({**message, field: beyond})
        assert refused.value.code is Code.MESSAGE_BADLY_FORMED  # type: ignore[attr-defined]


async def listening(scope: Any, receive: Any, send: Any) -> None:
    await receive()
    await send({"type": "websocket.accept"})
    while (await receive())["type"] == "websocket.receive":
        pass
    scope["state"]["why"].append(scope["extensions"][EXTENSION].get("dropped"))


async def test_D6_a_silent_peer_is_found() -> None:
    """One that is there but answers no ping, as a laptop that was shut is."""
    why: list[str] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await listening({**scope, "state": {"why": why}}, receive, send)

    started = asyncio.Event()
    with listen("127.0.0.1", 0) as listener:
        url = f"ws://127.0.0.1:{listener.getsockname()[1]}/"
        async with asyncio.TaskGroup() as tasks:
            serving = tasks.create_task(serve(app, listener, started.set, ping_seconds=0.2))
            async with asyncio.timeout(20):
                await started.wait()
                async with connect(url, proxy=None, ping_interval=None) as client:
                    client.transport.pause_reading()  # nothing is read, so nothing answered
                    lost = asyncio.Event()
                    sender = tasks.create_task(send_until_lost(client, lost))
                    await lost.wait()
                    await sender
            os.kill(os.getpid(), signal.SIGTERM)
            await serving
    assert why == ["silent"]


async def send_until_lost(client: Any, lost: asyncio.Event) -> None:
    """The server has closed when writing to it fails."""
    try:
        while True:
            await client.send("x")
            await asyncio.sleep(0.05)
    except (ConnectionClosed, OSError):
        lost.set()
