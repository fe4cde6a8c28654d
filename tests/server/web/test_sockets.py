"""The socket of a real server: hostile input of every kind, with a bystander beside it."""

from __future__ import annotations

import asyncio
import itertools
import json
import re
import struct
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any, Self

import httpx
import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from server.document.model import new_design
from server.settings import Settings
from tests.support.process import ServerProcess

JSON0 = "http://sharejs.org/types/JSONv0"
SECONDS = 20
ACK_SECONDS = 1.0  # of time, or of the server's processor time where others use the machine too


class Wire:
    """A client without a library: what is sent is what is written."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket
        self._seqs = itertools.count(1)

    @classmethod
    async def open(cls, server: ServerProcess, user: str) -> Self:
        url = f"{server.socket_url}?user={user}"
        return cls(await connect(url, proxy=None, max_size=None, compression=None))

    async def send(self, message: Any) -> None:
        await self.socket.send(message if isinstance(message, str | bytes) else json.dumps(message))

    async def receive(self) -> dict[str, Any]:
        async with asyncio.timeout(SECONDS):
            answer: dict[str, Any] = json.loads(await self.socket.recv())
            return answer

    async def ask(self, message: Any) -> dict[str, Any]:
        """The next thing that comes back."""
        await self.send(message)
        return await self.receive()

    async def until(self, action: str) -> list[dict[str, Any]]:
        """Everything up to and with the first message of `action`."""
        found = [await self.receive()]
        while found[-1]["a"] != action:
            found.append(await self.receive())
        return found

    async def is_answered(self) -> bool:
        """Whether the connection still does its work."""
        return (await self.ask({"a": "pp"})) == {"a": "pp"}

    def op(self, at: dict[str, str], version: int | None, op: Any, **more: Any) -> dict[str, Any]:
        return {"a": "op", **at, "v": version, "seq": next(self._seqs), "x": {}, "op": op, **more}


class Bystander:
    """Somebody who edits honestly beside it all."""

    def __init__(
        self, wire: Wire, at: dict[str, str], version: int, text: str, server: ServerProcess
    ) -> None:
        self.wire = wire
        self.server = server
        self.at = at
        self.version = version
        self.text = text

    async def edit(self) -> None:
        """One edit; it must be acked soon, with nothing of anyone else before it."""
        op = [{"p": ["meta", "description", len(self.text)], "si": "x"}]
        started, worked = time.monotonic(), self.server.processor_seconds
        answer = await self.wire.ask(self.wire.op(self.at, self.version, op))
        waited = time.monotonic() - started
        worked = self.server.processor_seconds - worked
        # What stands before it in the server's one loop takes the server's time.
        assert min(waited, worked) < ACK_SECONDS, (waited, worked)
        assert answer["a"] == "op" and "error" not in answer, answer
        assert answer["v"] == self.version, "somebody else changed the document"
        self.version += 1
        self.text += "x"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    folder: Path = tmp_path_factory.mktemp("server")
    with ServerProcess(folder, {"COWEAVE_SCRATCH": "1"}) as server:
        yield server
        status = Path(f"/proc/{server.pid}/status")
        if status.exists():  # Linux: after all of this the server is no larger than a busy one
            peak = re.search(r"VmHWM:\s+(\d+) kB", status.read_text("utf-8"))
            assert peak is not None and int(peak[1]) < 600_000, peak


@pytest.fixture
async def design(server: ServerProcess) -> dict[str, str]:
    """A design with one button, c1, at version 1."""
    document = new_design("Hostile")
    page = next(iter(document["pages"]))
    document["components"]["c1"] = {
        "type": "Button",
        "typeVersion": 1,
        "name": "Button1",
        "place": {"page": page, "slot": "content", "order": "a0"},
        "props": {"label": "Save"},
    }
    async with httpx.AsyncClient(base_url=server.url) as http:
        made = await http.post("/api/designs/import", json=document)
    return {"c": "designs", "d": made.json()["design"]["id"]}


@pytest.fixture
async def wire(server: ServerProcess) -> AsyncIterator[Wire]:
    wire = await Wire.open(server, "Eve")
    yield wire
    await wire.socket.close()


@pytest.fixture
async def bystander(server: ServerProcess, design: dict[str, str]) -> AsyncIterator[Bystander]:
    """On the very same design; at the end it has seen no edit but its own."""
    wire = await Wire.open(server, "Bob")
    snapshot = (await wire.ask({"a": "s", **design}))["data"]
    before = snapshot["data"]
    bystander = Bystander(wire, design, snapshot["v"], before["meta"]["description"], server)
    await bystander.edit()
    yield bystander
    await bystander.edit()
    after = (await wire.ask({"a": "f", **design}))["data"]
    expected = {**before, "meta": {**before["meta"], "description": bystander.text}}
    assert after == {"v": bystander.version, "data": expected}
    await wire.socket.close()


UNREADABLE = {
    "nothing": "",
    "no JSON": "nope",
    "cut off": '{"a":"op"',
    "two": '{"a":"pp"}{"a":"pp"}',
    "array": "[]",
    "array of messages": '[{"a":"pp"}]',
    "string": '"op"',
    "number": "1",
    "null": "null",
    "NaN": '{"a":"op","v":NaN}',
    "infinity": '{"a":"op","v":1e999}',
    "duplicate key": '{"a":"pp","a":"pp"}',
    "deep": '{"a":' + "[" * 100_000 + "]" * 100_000 + "}",
    "half a pair": '{"a":"f","c":"designs","d":"\\ud83d"}',
    "binary rubbish": b"\x00\xff\xfe{}",
    "long": '{"a":"f","c":"' + "x" * 2_000_000 + '"}',
}


@pytest.mark.parametrize("frame", UNREADABLE.values(), ids=list(UNREADABLE))
async def test_what_is_no_message(frame: str | bytes, wire: Wire, bystander: Bystander) -> None:
    answer = await wire.ask(frame)
    assert answer["error"]["code"] in ("ERR_MESSAGE_BADLY_FORMED", "ERR_DESIGN_TOO_LARGE")
    assert "Traceback" not in answer["error"]["message"]
    assert await wire.is_answered()


JUNK: list[Any] = [None, True, 0, -1, 1.5, 2**60, "", "x", "__proto__", "x" * 100, [], {}, [[]]]

FIELDS: dict[str, dict[str, Any]] = {
    "hs": {"id": None, "protocol": 1, "protocolMinor": 2},
    "f": {"c": "designs", "d": "d", "v": None},
    "s": {"c": "designs", "d": "d", "v": None},
    "u": {"c": "designs", "d": "d"},
    "bf": {"c": "designs", "b": ["d"]},
    "bs": {"c": "designs", "b": {"d": 1}},
    "bu": {"c": "designs", "b": ["d"]},
    "nf": {"id": 1, "c": "designs", "d": "d", "v": 1},
    "nt": {"id": 1, "c": "designs", "d": "d", "ts": 1},
    "p": {"ch": "designs.d", "id": "me", "p": {}, "pv": 0},
    "ps": {"ch": "designs.d", "seq": 1},
    "pu": {"ch": "designs.d", "seq": 1},
    "pr": {"ch": "designs.d"},
    "qf": {"id": 1, "c": "designs", "q": {}},
    "op": {"c": "designs", "d": "d", "v": 1, "src": None, "seq": 1, "op": []},
    "init": {"id": "x"},
    "fixup": {},
}


@pytest.mark.parametrize("action", list(FIELDS))
async def test_junk_in_every_field(
    action: str, wire: Wire, bystander: Bystander, design: dict[str, str]
) -> None:
    """Whatever stands in a field, each message gets exactly one answer that names it."""
    message = {"a": action, **FIELDS[action]}
    if "d" in message:
        message["d"] = design["d"]
    hostile = [{**message, field: junk} for field in FIELDS[action] for junk in JUNK] + [
        {key: value for key, value in message.items() if key != field} for field in FIELDS[action]
    ]
    refused = 0
    for one in hostile:
        await wire.send(one)
        answer = (await wire.until(action))[-1]  # after the ops that it asked for
        if "error" in answer:
            refused += 1
            assert answer["error"]["code"].startswith("ERR_"), (one, answer)
            assert answer["error"]["code"] != "ERR_UNKNOWN_ERROR", (one, answer)
        assert await wire.is_answered(), one
    # What is not refused is right in its place: a version 0, an empty list, a number as a time.
    least = {
        "hs": 0.3,
        "u": 0.4,
        "bu": 0.4,
        "pu": 0.4,
        "ps": 0.4,
        "op": 1.0,
        "init": 1.0,
        "qf": 1.0,
    }
    assert refused >= least.get(action, 0.3) * len(hostile)


OPS: dict[str, Any] = {
    "no list": {"p": ["meta", "name"], "oi": "x"},
    "no components": [1],
    "null component": [None],
    "no path": [{"oi": 1}],
    "path no list": [{"p": "meta", "oi": 1}],
    "path of junk": [{"p": ["meta", {}], "oi": 1}],
    "path of null": [{"p": ["meta", None], "oi": 1}],
    "path of bool": [{"p": ["meta", True], "oi": 1}],
    "path of prototype": [{"p": ["components", "__proto__"], "oi": {}}],
    "path of constructor": [{"p": ["constructor", "x"], "oi": {}}],
    "prototype in a value": [{"p": ["meta", "x"], "oi": {"__proto__": 1}}],
    "root": [{"p": [], "od": {}, "oi": {}}],
    "whole section": [{"p": ["components"], "od": {}, "oi": {}}],
    "unknown section": [{"p": ["rooms", "r1"], "oi": {}}],
    "format": [{"p": ["format"], "od": "coweave-design", "oi": "x"}],
    "formatVersion": [{"p": ["formatVersion"], "na": 1}],
    "missing element": [{"p": ["components", "c9", "props", "label"], "oi": "x"}],
    "missing key to delete": [{"p": ["meta", "nothing"], "od": 1}],
    "path through text": [{"p": ["meta", "name", "x", "y"], "oi": 1}],
    "replace without od": [{"p": ["meta", "name"], "oi": "x"}],
    "wrong od": [{"p": ["meta", "name"], "od": "y", "oi": "x"}],
    "text beyond the end": [{"p": ["meta", "name", 99], "si": "x"}],
    "negative offset": [{"p": ["meta", "name", -1], "si": "x"}],
    "fraction offset": [{"p": ["meta", "name", 0.5], "si": "x"}],
    "other text deleted": [{"p": ["meta", "name", 0], "sd": "Nope"}],
    "list insert into object": [{"p": ["meta", 0], "li": 1}],
    "add to text": [{"p": ["meta", "name"], "na": 1}],
    "add text": [{"p": ["meta", "name"], "na": "1"}],
    "add true": [{"p": ["meta", "name"], "na": True}],
    "subtype": [{"p": ["meta", "name"], "t": "text0", "o": [{"p": 0, "i": "x"}]}],
    "unknown subtype": [{"p": ["meta", "name"], "t": "rich", "o": []}],
    "no instruction": [{"p": ["meta", "name"]}],
    "two instructions": [{"p": ["meta", "name", 0], "si": "x", "sd": "y"}],
    "NUL": [{"p": ["meta", "name", 0], "si": "\x00"}],
    "big integer": [{"p": ["components", "c1", "props", "x"], "oi": 2**60}],
    "deep value": [{"p": ["meta", "x"], "oi": json.loads("[" * 70 + "]" * 70)}],
    "wrong type of a property": [
        {"p": ["components", "c1", "props", "label"], "od": "Save", "oi": 5}
    ],
    "unknown property": [{"p": ["components", "c1", "props", "nonsense"], "oi": 1}],
    "no component": [{"p": ["components", "c2"], "oi": {}}],
    "component of text": [{"p": ["components", "c2"], "oi": "x"}],
    "bad id": [{"p": ["components", "a b"], "oi": {}}],
    "parent of itself": [
        {
            "p": ["components", "c1", "place"],
            "od": {"page": "page1", "slot": "content", "order": "a0"},
            "oi": {"parent": "c1", "slot": "content", "order": "a0"},
        }
    ],
    "missing page": [
        {
            "p": ["components", "c1", "place"],
            "od": {"page": "page1", "slot": "content", "order": "a0"},
            "oi": {"page": "nowhere", "slot": "content", "order": "a0"},
        }
    ],
    "too many components": [{"p": ["meta", "name", 0], "si": "x"}] * 1_001,
    "1.04 MB of text": [{"p": ["meta", "x"], "oi": "x" * 1_040_000}],
    "2 MB of text": [{"p": ["meta", "x"], "oi": "x" * 2_000_000}],
    "15 MB of text": [{"p": ["meta", "x"], "oi": "x" * 15_000_000}],
}


@pytest.mark.parametrize("op", OPS.values(), ids=list(OPS))
async def test_edits_that_cannot_be(
    op: Any, wire: Wire, bystander: Bystander, design: dict[str, str]
) -> None:
    """Each is answered on the op: a close would make an honest client send it for ever."""
    message = wire.op(design, bystander.version, op)
    answer = await wire.ask(message)
    assert {key: answer[key] for key in ("a", "c", "d", "v", "seq")} == {
        key: message[key] for key in ("a", "c", "d", "v", "seq")
    }
    assert answer["error"]["code"].startswith("ERR_")
    assert answer["error"]["code"] != "ERR_UNKNOWN_ERROR"
    assert len(json.dumps(answer)) < 20_000
    assert await wire.is_answered()


async def test_half_a_character_is_refused_on_the_op(
    wire: Wire, bystander: Bystander, design: dict[str, str]
) -> None:
    message = wire.op(design, bystander.version, [{"p": ["meta", "name", 0], "si": "\ud83d"}])
    answer = await wire.ask(json.dumps(message))
    assert answer["a"] == "op" and answer["seq"] == message["seq"] and answer["d"] == design["d"]
    assert "error" in answer


async def test_other_things_an_op_can_be(
    wire: Wire, bystander: Bystander, design: dict[str, str]
) -> None:
    at = {"c": "designs", "d": design["d"]}
    edit = [{"p": ["meta", "name", 0], "si": "x"}]
    for message, code in [
        (wire.op(at, 10_000, edit), "ERR_OP_VERSION_NEWER_THAN_CURRENT_SNAPSHOT"),
        (wire.op(at, 2**52, edit), "ERR_OP_VERSION_NEWER_THAN_CURRENT_SNAPSHOT"),
        (wire.op(at, bystander.version, []), "ERR_NO_OP"),
        (wire.op({**at, "d": "missing"}, 1, edit), "ERR_DESIGN_NOT_FOUND"),
        (wire.op({**at, "c": "elsewhere"}, 1, edit), "ERR_DESIGN_NOT_FOUND"),
        (wire.op(at, 1, edit, src="aaaaaaaaaaaaaaaa"), "ERR_DESIGN_SRC_NOT_YOURS"),
        (wire.op(at, 1, edit, create={"type": "json0"}), "ERR_OT_OP_BADLY_FORMED"),
    ]:
        assert (await wire.ask(message))["error"]["code"] == code
    for body in ({"create": {"type": "json0", "data": {}}}, {"del": True}):
        message = {"a": "op", **at, "v": bystander.version, "seq": 900, "x": {}, **body}
        assert (await wire.ask(message))["error"]["code"] == "ERR_DESIGN_NOT_BY_SOCKET"
    assert await wire.is_answered()


def test_E1_there_are_enough_of_them() -> None:
    """Each is sent with a bystander beside it, and each must be answered, not only 98 of 100."""
    junk = sum(len(fields) * (len(JUNK) + 1) for fields in FIELDS.values())
    assert junk > 600
    assert len(UNREADABLE) + len(OPS) + len(SCRATCH_OPS) + junk > 650


SCRATCH_OPS: dict[str, Any] = {
    "index beyond the end": [{"p": ["list", 9], "li": 1}],
    "huge index": [{"p": ["list", 10**9], "ld": 0, "li": 1}],
    "negative index": [{"p": ["list", -1], "li": 1}],
    "fraction index": [{"p": ["list", 0.5], "li": 1}],
    "text in a list": [{"p": ["list", 0, 0], "si": "x"}],
    "add a word": [{"p": ["n"], "na": "1"}],
    "missing": [{"p": ["x", "y"], "oi": 1}],
    "prototype": [{"p": ["__proto__", "x"], "oi": 1}],
    "constructor value": [{"p": ["x"], "oi": {"constructor": 1}}],
}


@pytest.mark.parametrize("op", SCRATCH_OPS.values(), ids=list(SCRATCH_OPS))
async def test_edits_that_cannot_be_even_without_a_schema(
    op: Any, wire: Wire, design: dict[str, str]
) -> None:
    at = {"c": "scratch", "d": design["d"]}
    data = {"list": [1], "n": 1}
    create = {"a": "op", **at, "v": None, "seq": 1, "create": {"type": "json0", "data": data}}
    assert "error" not in await wire.ask(create)
    answer = await wire.ask({"a": "op", **at, "v": 1, "seq": 2, "op": op})
    assert answer["error"]["code"].startswith("ERR_OT_"), answer
    assert (await wire.ask({"a": "f", **at}))["data"] == {"v": 1, "data": data}


async def test_huge_frames_end_only_their_connection(wire: Wire, bystander: Bystander) -> None:
    with pytest.raises(ConnectionClosed) as closed:
        await wire.ask("x" * 17_000_000)
    assert closed.value.rcvd is not None and closed.value.rcvd.code == 1009


async def test_a_flood_of_bad_ops_holds_nobody_up(
    wire: Wire, bystander: Bystander, design: dict[str, str]
) -> None:
    wrong = [{"p": ["components", "c1", "props", "label"], "od": "Save", "oi": 5}]
    version = bystander.version
    for _ in range(1_000):
        await wire.send(wire.op(design, version, wrong))
    for _ in range(5):
        await bystander.edit()
    codes = {(await wire.receive())["error"]["code"] for _ in range(1_000)}
    assert codes <= {"ERR_DESIGN_INVALID", "ERR_DESIGN_UNSAFE_OP", "ERR_OT_OP_NOT_APPLIED"}


async def test_D2_who_has_too_many_connections_is_told_before_the_handshake(
    server: ServerProcess, wire: Wire
) -> None:
    open_ = [await Wire.open(server, "Crowd") for _ in range(Settings().connections_per_user)]
    with pytest.raises(InvalidStatus) as refused:
        await Wire.open(server, "Crowd")
    assert refused.value.response.status_code == 403
    assert json.loads(refused.value.response.body)["error"]["code"] == "ERR_DESIGN_QUOTA"
    assert await wire.is_answered()
    await asyncio.gather(*(one.socket.close() for one in open_))
    async with asyncio.timeout(SECONDS):
        while True:  # the seats are free as soon as the server has seen them go
            try:
                again = await Wire.open(server, "Crowd")
                break
            except InvalidStatus:
                await asyncio.sleep(0.01)
    assert await again.is_answered()
    await again.socket.close()


async def test_connections_that_break_off_disturb_nobody(
    server: ServerProcess, bystander: Bystander, design: dict[str, str]
) -> None:
    for number in range(20):
        one = await Wire.open(server, f"gone{number}")
        await one.send({"a": "s", **design})
        await one.send({"a": "p", "ch": f"designs.{design['d']}", "id": "me", "p": {}, "pv": 0})
        transport = one.socket.transport
        raw = transport.get_extra_info("socket")
        raw.setsockopt(*_LINGER)  # closing sends RST
        transport.abort()
    await bystander.edit()


async def test_what_was_sent_before_leaving_is_done(
    server: ServerProcess, wire: Wire, design: dict[str, str]
) -> None:
    """The last edits before a tab is closed: nobody waits for their acks, and they are kept."""
    at, count = {"c": "scratch", "d": f"left-{design['d']}"}, 200
    leaving = await Wire.open(server, "Ann")
    create = {"a": "op", **at, "v": None, "seq": 900, "create": {"type": "json0", "data": 0}}
    assert "error" not in await leaving.ask(create)
    assert (await wire.ask({"a": "s", **at}))["data"]["v"] == 1
    for _ in range(count):
        await leaving.send(leaving.op(at, 1, [{"p": [], "na": 1}]))
    await leaving.socket.close()
    seen = [(await wire.receive())["v"] for _ in range(count)]
    assert seen == list(range(1, 1 + count))
    assert (await wire.ask({"a": "f", **at}))["data"] == {"v": 1 + count, "data": count}


_LINGER = (1, 13, struct.pack("ii", 1, 0))  # SOL_SOCKET, SO_LINGER


async def test_binary_frames_of_json_are_read(wire: Wire) -> None:
    assert await wire.ask(b'{"a":"pp"}') == {"a": "pp"}


async def test_presence_follows_the_rights_of_the_design(
    wire: Wire, design: dict[str, str]
) -> None:
    ok = {"a": "ps", "ch": f"designs.{design['d']}", "seq": 1}
    assert await wire.ask(ok) == ok
    for action, more in (("ps", {"seq": 2}), ("p", {"id": "me", "p": {}, "pv": 0}), ("pr", {})):
        answer = await wire.ask({"a": action, "ch": "designs.missing", **more})
        assert answer["error"]["code"] == "ERR_DESIGN_NOT_FOUND"


async def test_a_design_in_the_trash_is_closed_to_those_who_have_it_open(
    server: ServerProcess, wire: Wire, design: dict[str, str]
) -> None:
    version = (await wire.ask({"a": "s", **design}))["data"]["v"]
    edit = [{"p": ["meta", "name", 0], "si": "x"}]
    async with httpx.AsyncClient(base_url=server.url) as http:
        assert (await http.delete(f"/api/designs/{design['d']}")).status_code == 204
        notice = await wire.receive()
        assert (notice["a"], notice["code"]) == ("notice", "ERR_DESIGN_NOT_FOUND")
        assert notice["d"] == design["d"]
        answer = await wire.ask(wire.op(design, version, edit))
        assert answer["error"]["code"] == "ERR_DESIGN_NOT_FOUND"
        assert (await http.post(f"/api/designs/{design['d']}/restore")).status_code == 200
    assert "error" not in await wire.ask(wire.op(design, version, edit))


async def test_whoever_is_overtaken_is_told_by_whom(
    server: ServerProcess, wire: Wire, design: dict[str, str]
) -> None:
    bob = await Wire.open(server, "Bob")
    version = (await wire.ask({"a": "s", **design}))["data"]["v"]
    await bob.ask({"a": "s", **design})
    path = ["components", "c1", "props", "label"]
    await wire.ask(wire.op(design, version, [{"p": path, "od": "Save", "oi": "Eve's"}]))
    await bob.until("op")  # he has it on the wire, but made his own edit before
    await bob.send(bob.op(design, version, [{"p": path, "od": "Save", "oi": "Bob's"}]))
    notice = (await wire.until("notice"))[-1]
    assert (notice["code"], notice["d"]) == ("overtaken", design["d"])
    details = notice["details"]
    assert (details["element"], details["mine"], details["theirs"]) == (
        "components/c1",
        "Eve's",
        "Bob's",
    )
    assert details["path"] == path
    assert details["by"]["name"] == "Bob"
    await bob.socket.close()


async def test_no_frame_comes_before_the_first_question(wire: Wire) -> None:
    """WP5: no `init`."""
    assert (await wire.ask({"a": "hs", "id": None, "protocol": 1, "protocolMinor": 2}))["a"] == "hs"
