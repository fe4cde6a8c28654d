"""Connections on a real backend, without a socket: what is asked, and what waits to be written."""

from __future__ import annotations

import asyncio
import itertools
from typing import Any

import orjson
import pytest

from server.app import Backend
from server.errors import Code, DesignError
from server.policy.rights import Principal
from server.ports import DocumentId
from server.protocol.identity import Identities
from server.protocol.session import Request, Session
from server.room.effects import Lost, Notice, OpsSince, Refused
from server.web.connection import Connection, Services
from server.web.frames import framed, payloads_in
from server.web.leases import LeaseDoor
from server.web.names import Names
from server.web.outbox import MAX_LIVE_BYTES, MAX_WAITING_BYTES
from server.web.who import Credential, Means, Visitor

IDENTITIES = Identities(b"a key for the tests of connections")
SECONDS = 20


class Client:
    """A connection whose frames the test writes and reads."""

    def __init__(self, backend: Backend, number: int, name: str) -> None:
        names = Names(backend.store.people)
        self.services = Services(
            rooms=backend.rooms,
            history=backend.history,
            store=backend.store,
            presence=backend.presence,
            access=backend.access,
            audience=backend.audience,
            names=names,
            leases=LeaseDoor(
                desk=backend.leases,
                leases=backend.store.leases,
                rooms=backend.rooms,
                access=backend.access,
                acts=backend.acts,
                names=names,
            ),
            acts=backend.acts,
            clock=lambda: 1_000,
        )
        principal = Principal("default", name, name, is_admin=True)
        session = Session(f"default/{name}", IDENTITIES, f"session{number:09d}")
        visitor = Visitor(principal, Credential(Means.DEVELOPMENT))
        self.connection = Connection(f"c{number}", visitor, session, self.services)
        self.raw: list[bytes] = []
        self._seqs = itertools.count(1)

    async def send(self, **message: Any) -> None:
        await self.connection.receive(orjson.dumps(message))

    async def submit(self, d: str, v: int | None, **body: Any) -> None:
        await self.send(a="op", c="scratch", d=d, v=v, seq=next(self._seqs), x={}, **body)

    async def next(self) -> dict[str, Any]:
        """The next frame, as the writer of the socket would take it."""
        async with asyncio.timeout(SECONDS):
            while not self.raw:
                frames = await self.connection.outbox.take()
                self.raw = [text for several in frames for text in payloads_in(several)]
                if not self.raw:
                    assert self.connection.outbox.closing is None, "it was closed"
                    await self.connection.run_errands()
        frame: dict[str, Any] = orjson.loads(self.raw.pop(0))
        return frame

    async def ask(self, **message: Any) -> dict[str, Any]:
        await self.send(**message)
        return await self.next()


@pytest.fixture
def ann(backend: Backend) -> Client:
    return Client(backend, 1, "ann")


@pytest.fixture
def bob(backend: Backend) -> Client:
    return Client(backend, 2, "bob")


async def made(client: Client, d: str, data: Any) -> None:
    await client.submit(d, None, create={"type": "json0", "data": data})
    assert "error" not in await client.next()


async def test_one_frame_serves_all_readers(backend: Backend, ann: Client, bob: Client) -> None:
    cyd = Client(backend, 3, "cyd")
    await made(ann, "x", {"n": 0})
    for client in (bob, cyd):
        assert (await client.ask(a="s", c="scratch", d="x"))["data"]["v"] == 1
    await ann.submit("x", 1, op=[{"p": ["n"], "na": 1}])
    frames = []
    for client in (bob, cyd):
        async with asyncio.timeout(SECONDS):
            (frame,) = await client.connection.outbox.take()
        frames.append(frame)
    assert frames[0] is frames[1]
    (text,) = payloads_in(frames[0])
    assert orjson.loads(text)["op"] == [{"p": ["n"], "na": 1}]


async def test_a_slow_reader_catches_up_without_a_gap(
    backend: Backend, ann: Client, bob: Client
) -> None:
    """More live ops than may wait are dropped, and read again from the log when it reads."""
    await made(ann, "x", {"text": ""})
    assert (await bob.ask(a="s", c="scratch", d="x"))["data"]["v"] == 1
    text, count = "x" * 50_000, 150
    value = ""
    for version in range(1, 1 + count):
        new = text + str(version)
        op = [{"p": ["text"], "od": value, "oi": new}]
        await ann.submit("x", version, op=op)
        assert "error" not in await ann.next()
        value = new
        assert bob.connection.outbox.live_bytes <= MAX_LIVE_BYTES
    behind = bob.connection.outbox.behind()
    assert list(behind) == [DocumentId("default", "scratch", "x")]
    got = [(await bob.next())["v"] for _ in range(count)]
    assert got == list(range(1, 1 + count))
    # And it is live again.
    await ann.submit("x", 1 + count, op=[{"p": ["n"], "oi": 1}])
    assert (await bob.next())["v"] == 1 + count


async def test_a_slow_reader_gets_its_own_acks_in_the_catch_up(
    backend: Backend, ann: Client, bob: Client
) -> None:
    await made(ann, "x", {"n": 0, "text": ""})
    await bob.ask(a="s", c="scratch", d="x")
    await bob.submit("x", 1, op=[{"p": ["n"], "na": 1}])
    value = ""
    for version in range(1, 60):
        new = "x" * 50_000 + str(version)
        await ann.submit("x", version, op=[{"p": ["text"], "od": value, "oi": new}])
        assert "error" not in (await ann.next())
        value = new
    frames = [await bob.next() for _ in range(60)]
    assert [frame["v"] for frame in frames] == list(range(1, 61))
    whole = IDENTITIES.whole("session000000002", "default/bob")
    assert [frame["src"] for frame in frames].count(whole) == 1


async def test_a_lost_document_sends_the_client_back(ann: Client) -> None:
    document = DocumentId("default", "scratch", "x")
    lost = Lost(DesignError(Code.UNAVAILABLE, "The server is stopping."))
    ann.connection.deliver(document, (lost,))
    notice = await ann.next()
    assert (notice["a"], notice["code"]) == ("notice", "ERR_DESIGN_UNAVAILABLE")
    assert ann.connection.outbox.closing == (1013, "ERR_DESIGN_UNAVAILABLE")


async def test_a_fault_in_a_delivery_ends_the_connection(
    ann: Client, caplog: pytest.LogCaptureFixture
) -> None:
    """Going on would leave the client with a gap that nobody knows of."""
    document = DocumentId("default", "scratch", "x")
    broken: Any = OpsSince(ops=(None,))  # type: ignore[arg-type]
    ann.connection.deliver(document, (broken,))
    assert ann.connection.outbox.closing == (1011, "")
    assert "delivery failed" in caplog.text


async def test_a_notice_names_the_other_person(backend: Backend, ann: Client) -> None:
    """Rooms and the log know opaque ids only."""
    document = DocumentId("default", "designs", "d1")
    bob = await backend.store.people.named("default", "Bob")
    for id, name in ((bob.id, "Bob"), (bob.id, "Bob"), ("u-erased", "")):
        notice = Notice("overtaken", "Your change was replaced", {"path": ["x"], "by": id})
        ann.connection.deliver(document, (notice,))
        assert await ann.next() == {
            "a": "notice",
            "c": "designs",
            "d": "d1",
            "code": "overtaken",
            "message": "Your change was replaced",
            "details": {"path": ["x"], "by": {"id": id, "name": name}},
        }


async def test_history_is_answered_from_the_log(ann: Client) -> None:
    await made(ann, "x", {"n": 0})
    await ann.submit("x", 1, op=[{"p": ["n"], "na": 1}])
    await ann.next()
    old = await ann.ask(a="nf", id=1, c="scratch", d="x", v=1)
    assert (old["id"], old["v"], old["data"]) == (1, 1, {"n": 0})
    assert (await ann.ask(a="nt", id=2, c="scratch", d="x", ts=1_000))["data"] == {"n": 1}
    assert (await ann.ask(a="nt", id=3, c="scratch", d="x", ts=999))["v"] == 0
    newer = await ann.ask(a="nf", id=4, c="scratch", d="x", v=3)
    assert newer["error"]["code"] == "ERR_OP_VERSION_NEWER_THAN_CURRENT_SNAPSHOT"


async def test_presence_goes_both_ways_and_ends_with_the_connection(
    ann: Client, bob: Client
) -> None:
    assert (await bob.ask(a="ps", ch="any", seq=1))["a"] == "ps"
    await ann.ask(a="ps", ch="any", seq=1)
    assert await bob.next() == {"a": "pr", "ch": "any"}
    ack = await ann.ask(a="p", ch="any", id="me", p={"x": 1}, pv=0)
    assert ack["src"] == "session000000001"
    assert await bob.next() == ack
    await ann.connection.leave()
    assert await bob.next() == {**ack, "p": None, "pv": 1}


async def test_what_is_taken_away_is_told_and_heard_no_more(
    backend: Backend, ann: Client, bob: Client
) -> None:
    await made(ann, "x", {"n": 0})
    await bob.ask(a="s", c="scratch", d="x")
    gone = DesignError(Code.NOT_FOUND, "This design was moved to the trash")
    await backend.audience.withdraw(DocumentId("default", "scratch", "x"), gone)
    notice = await bob.next()
    assert notice["a"] == "notice" and notice["code"] == "ERR_DESIGN_NOT_FOUND"
    assert (notice["c"], notice["d"]) == ("scratch", "x")
    await ann.submit("x", 1, op=[{"p": ["n"], "na": 1}])
    assert "error" not in await ann.next()
    assert await bob.ask(a="pp") == {"a": "pp"}  # no op before it
    assert (await bob.ask(a="s", c="scratch", d="x", v=2)) == {"a": "s", "c": "scratch", "d": "x"}
    await bob.connection.leave()
    assert len(backend.audience) == 0


async def test_after_leaving_nothing_comes(ann: Client, bob: Client) -> None:
    await made(ann, "x", {"n": 0})
    await bob.ask(a="s", c="scratch", d="x")
    await bob.connection.leave()
    await ann.submit("x", 1, op=[{"p": ["n"], "na": 1}])
    assert (await ann.next())["v"] == 1
    bob.connection.outbox.put(framed(b'{"a":"last"}'))
    assert (await bob.next()) == {"a": "last"}


async def test_D3_reads_are_answered_one_at_a_time(
    backend: Backend, ann: Client, bob: Client
) -> None:
    """Whoever asks for megabytes by a few bytes, again and again, gets no more than they read."""
    await made(ann, "x", {"text": "x" * (MAX_LIVE_BYTES // 2)})
    fetch = {"a": "f", "c": "scratch", "d": "x", "v": None}

    async def ask_for_many() -> None:
        for _ in range(20):
            await ann.send(**fetch)

    asking = asyncio.create_task(ask_for_many())
    for _ in range(20):
        assert (await bob.ask(**fetch))["data"]["v"] == 1
    assert not asking.done()
    for _ in range(20):
        assert (await ann.next())["data"]["v"] == 1
    async with asyncio.timeout(SECONDS):
        await asking


async def test_D1_a_bulk_read_is_told_in_parts(backend: Backend, ann: Client) -> None:
    ids = [f"d{n}" for n in range(6)]
    for id in ids:
        await made(ann, id, {"text": "x" * (MAX_LIVE_BYTES // 2)})
    asking = asyncio.create_task(ann.send(a="bf", c="scratch", b=ids))
    told: dict[str, int] = {}
    frames = 0
    while len(told) < len(ids):
        frame = await ann.next()
        assert len(orjson.dumps(frame)) < 2 * MAX_LIVE_BYTES
        told |= {id: state["v"] for id, state in frame["data"].items()}
        frames += 1
    assert told == dict.fromkeys(ids, 1)
    assert frames > 1
    async with asyncio.timeout(SECONDS):
        await asking


async def test_a_read_that_is_unsubscribed_holds_up_nothing(backend: Backend, ann: Client) -> None:
    await made(ann, "x", {"n": 0})
    assert (await ann.ask(a="s", c="scratch", d="x", v=None))["data"]["v"] == 1
    await ann.send(a="s", c="scratch", d="x", v=0)
    await ann.send(a="u", c="scratch", d="x")
    await ann.send(a="f", c="scratch", d="x", v=None)
    async with asyncio.timeout(SECONDS):
        while "data" not in await ann.next():
            pass


async def test_D1_who_never_reads_is_not_answered_for_ever(ann: Client) -> None:
    await made(ann, "x", {"text": "x" * (MAX_WAITING_BYTES // 2)})
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(1):
            for _ in range(200):
                await ann.send(a="f", c="scratch", d="x", v=None)
    assert ann.connection.outbox.waiting_bytes < 3 * MAX_WAITING_BYTES


async def test_refusals_are_counted_by_code(backend: Backend, ann: Client) -> None:
    refused = backend.rooms.meters.refused
    await made(ann, "x", {"n": 0})
    await ann.submit("x", 1, op=[{"p": ["n", "deeper"], "oi": 1}])
    assert "error" in await ann.next()
    await ann.ask(a="nonsense")
    await ann.ask(a="bf", c="elsewhere", b=["d1", "d2"])
    assert refused == {
        Code.OP_NOT_APPLIED: 1,
        Code.MESSAGE_BADLY_FORMED: 1,
        Code.NOT_FOUND: 2,
    }


async def test_an_edit_is_followed_through_the_log_and_never_told(
    ann: Client, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG", "coweave.socket")
    await made(ann, "x", {"text": "quite secret"})
    caplog.clear()
    await ann.submit("x", 1, op=[{"p": ["text"], "oi": "more secret", "od": "quite secret"}])
    assert "error" not in await ann.next()
    await ann.submit("x", 2, op=[{"p": ["text", 0, "secret"], "oi": "secret"}])
    assert "error" in await ann.next()
    lines = [record.getMessage() for record in caplog.records if record.name == "coweave.socket"]
    assert [line.split()[0] for line in lines] == [
        "op.received",
        "op.acked",
        "op.received",
        "refused",
    ]
    first, second = lines[:2], lines[2:]
    assert "document=scratch/x" in first[0] and "version=1" in first[1]
    for pair in (first, second):
        named = {word for word in pair[0].split() if word.startswith("request=")}
        assert len(named) == 1 and named <= set(pair[1].split())
    assert "code=ERR_OT_OP_NOT_APPLIED" in second[1]
    assert "secret" not in "".join(lines)


async def test_a_refused_edit_names_who_it_conflicts_with(
    backend: Backend, ann: Client, bob: Client
) -> None:
    error = DesignError(Code.TREE, "No", rule="cycle", conflict={"version": 4, "by": "bob"})
    ann.services.names.learn(Principal("default", "bob", "Bob"))
    request = Request({"a": "op", "c": "designs", "d": "d1", "seq": 1})
    ann.connection.deliver(DocumentId("default", "designs", "d1"), (Refused(error, request),))
    details = (await ann.next())["details"]
    assert details["rule"] == "cycle"
    assert details["conflict"] == {"version": 4, "by": {"id": "bob", "name": "Bob"}}
    assert error.details["conflict"]["by"] == "bob", "it is the room's"


@pytest.mark.parametrize("action", ["s", "f"])
async def test_a_long_history_comes_whole_and_before_the_reply(
    backend: Backend, ann: Client, bob: Client, action: str
) -> None:
    """More ops than the room remembers, and than may wait (PROTOCOL 12.3)."""
    await made(ann, "x", {"text": ""})
    text, count, value = "x" * 250_000, 100, ""
    for version in range(1, 1 + count):
        old, value = value, f"{version}{text}"
        await ann.submit("x", version, op=[{"p": ["text"], "od": old, "oi": value}])
        assert "error" not in await ann.next()
    await bob.send(a=action, c="scratch", d="x", v=1)
    versions = []
    while (frame := await bob.next())["a"] != action:
        versions.append(frame["v"])
    assert versions == list(range(1, 1 + count))
    await ann.submit("x", count + 1, op=[{"p": ["more"], "oi": 1}])
    if action == "s":
        assert (await bob.next())["v"] == count + 1
