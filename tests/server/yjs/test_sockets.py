"""The Yjs door of a real server: what a client may do, and what happens to those that may not."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any, Self

import httpx
import pytest
from pycrdt import Array, Doc, Map, Text, XmlFragment
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from server.yjs import wire
from server.yjs.gateway import MAX_UPDATE_BYTES
from server.yjs.lib0 import Reader, uint, with_length
from tests.server.yjs.updates import design
from tests.support.process import ServerProcess

SECONDS = 20


class Client:
    """A Yjs client as stock ones are, but for what it is told to send."""

    def __init__(self, socket: ClientConnection, doc: Doc[Any]) -> None:
        self.socket = socket
        self.doc = doc
        self.refusals: list[str] = []
        self.asked = 0
        self.presences: dict[int, Any] = {}
        self._is_taking = False
        self._watch = self.doc.observe(self._made)
        self._outgoing: list[bytes] = []

    @classmethod
    async def open(
        cls, server: ServerProcess, id: str, user: str, doc: Doc[Any] | None = None
    ) -> Self:
        url = f"{server.url.replace('http', 'ws', 1)}/ws/yjs/{id}?user={user}"
        client = cls(await connect(url, proxy=None, max_size=None, compression=None), doc or Doc())
        await client.send(wire.asks(client.doc.get_state()))
        while "meta" not in client.doc.keys():
            await client.hear()
        return client

    async def send(self, message: bytes) -> None:
        await self.socket.send(message)

    async def change(self, change: Callable[[Self], object]) -> None:
        """One transaction, sent."""
        with self.doc.transaction():
            change(self)
        for update in self._outgoing:
            await self.send(wire.changes(update))
        self._outgoing.clear()

    async def hear(self) -> None:
        """The next message."""
        async with asyncio.timeout(SECONDS):
            data = await self.socket.recv()
        assert isinstance(data, bytes)
        if data[0] == 2:
            self.refusals.append(Reader(data[2:]).string())
            return
        match wire.read(data):
            case wire.Wants(state=state):
                self.asked += 1
                await self.send(wire.brings(self.doc.get_update(state)))
            case wire.Brought(update=update):
                self._is_taking = True
                self.doc.apply_update(update)
                self._is_taking = False
            case wire.Presences(states=states):
                self.presences |= {state.client: state.value for state in states}

    async def until(self, is_so: Callable[[Self], object]) -> None:
        while not is_so(self):
            await self.hear()

    async def closed(self) -> int:
        """Hear until the server ends it; the code."""
        try:
            while True:
                await self.hear()
        except ConnectionClosed as end:
            assert end.rcvd is not None
            return end.rcvd.code

    def root(self, name: str) -> Map[Any]:
        return self.doc.get(name, type=Map)

    @property
    def component(self) -> Map[Any]:
        found: Map[Any] = self.root("components")["c1"]
        return found

    @property
    def props(self) -> Map[Any]:
        found: Map[Any] = self.component["props"]
        return found

    @property
    def body(self) -> Text:
        found: Text = self.root("queries")["q1"]["body"]
        return found

    def take_outgoing(self) -> list[bytes]:
        """What was made and not sent."""
        taken, self._outgoing = self._outgoing, []
        return taken

    def _made(self, event: Any) -> None:
        if not self._is_taking:
            self._outgoing.append(event.update)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    with ServerProcess(tmp_path_factory.mktemp("yjs")) as server:
        yield server


@pytest.fixture
async def http(server: ServerProcess) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=server.url) as http:
        yield http


@pytest.fixture
async def id(http: httpx.AsyncClient) -> str:
    answer = await http.post("/api/designs/import?user=Ada", json=design())
    return str(answer.json()["design"]["id"])


def plain(value: Any) -> Any:
    return value.to_py() if isinstance(value, Array | Map) else None


async def stored(http: httpx.AsyncClient, id: str) -> dict[str, Any]:
    answer = await http.get(f"/api/designs/{id}/snapshot")
    found: dict[str, Any] = answer.json()
    return found


async def test_two_clients_edit_one_design(
    server: ServerProcess, http: httpx.AsyncClient, id: str
) -> None:
    ada, ben = await Client.open(server, id, "Ada"), await Client.open(server, id, "Ben")
    await ada.change(lambda c: c.props["label"].insert(0, "Große "))
    await ben.until(lambda c: str(c.props["label"]) == "Große Städte 😀")
    await ben.change(lambda c: c.props.__setitem__("required", True))
    await ada.until(lambda c: "required" in c.props)
    held = await stored(http, id)
    assert held["v"] == 3
    assert held["data"]["components"]["c1"]["props"]["label"] == "Große Städte 😀"
    versions = (await http.get(f"/api/designs/{id}/versions")).json()
    assert "Ada" in str(versions) and "Ben" in str(versions)


async def test_what_others_commit_comes_as_an_update(
    server: ServerProcess, http: httpx.AsyncClient, id: str
) -> None:
    ada = await Client.open(server, id, "Ada")
    await http.patch(f"/api/designs/{id}?user=Ben", json={"name": "Renamed"})
    await ada.until(lambda c: str(c.root("meta")["name"]) == "Renamed")


async def test_Y40_a_refused_transaction_is_taken_back_as_a_whole(
    server: ServerProcess, http: httpx.AsyncClient, id: str
) -> None:
    ada, ben = await Client.open(server, id, "Ada"), await Client.open(server, id, "Ben")

    def change(client: Client) -> None:
        client.component["name"] = "no name!"
        client.props["required"] = True

    await ada.change(change)
    await ada.until(lambda c: c.refusals)
    assert ada.refusals[0].startswith("ERR_DESIGN_INVALID: ")
    assert "(components/c1/name)" in ada.refusals[0]
    await ada.until(lambda c: c.component["name"] == "City" and "required" not in c.props)
    # The rest of the session is kept.
    await ada.change(lambda c: c.component.__setitem__("name", "Town"))
    await ben.until(lambda c: c.component["name"] == "Town")
    assert "required" not in ben.props
    held = (await stored(http, id))["data"]["components"]["c1"]
    assert held == {**design()["components"]["c1"], "name": "Town"}


@pytest.mark.parametrize(
    "change",
    [
        lambda c: c.props.__setitem__("label", b"bytes"),
        lambda c: c.props.__setitem__("label", float("nan")),
        lambda c: c.props.__setitem__("label", XmlFragment()),
        lambda c: c.props.__setitem__("options", Doc()),
        lambda c: c.props["label"].format(0, 2, {"bold": True}),
        lambda c: c.root("components").__setitem__("x" * 65, Map({"type": "Button"})),
        lambda c: c.root("components").__setitem__("c2", Text("no element")),
        lambda c: c.root("components").__setitem__("__proto__", Map({})),
        lambda c: c.root("meta").__setitem__("name", ""),
        lambda c: c.root("meta").__setitem__("name", "x" * 5_000),
        lambda c: c.props.__setitem__("label", "nul \x00"),
        lambda c: c.component.__setitem__("place", {"parent": "c1", "slot": "x", "order": "a0"}),
    ],
)
async def test_Y41_what_a_design_cannot_hold_is_refused_and_corrected(
    server: ServerProcess, http: httpx.AsyncClient, id: str, change: Callable[[Client], None]
) -> None:
    ada, ben = await Client.open(server, id, "Ada"), await Client.open(server, id, "Ben")
    await ada.change(change)
    await ada.until(lambda c: c.refusals)
    assert ada.refusals[0].startswith("ERR_")
    await ada.change(lambda c: c.component.__setitem__("name", "After"))
    await ben.until(lambda c: c.component["name"] == "After")
    expected = design()
    expected["components"]["c1"]["name"] = "After"
    expected_options = expected["components"]["c1"]["props"]["options"]
    held = (await stored(http, id))["data"]
    assert held == expected
    for client in (ada, ben):
        await client.until(lambda c: str(c.props["label"]) == "Städte 😀")
        await client.until(lambda c: plain(c.props["options"]) == expected_options)


HOSTILE = {
    "nothing": b"",
    "an unknown sync message": b"\x00\x07\x00",
    "a cut message": b"\x00\x02\x7f\x00",
    "no update": wire.changes(b"\xff\xff\xff\xff"),
    "a cut update": wire.changes(b"\x01\x05\x07\x00"),
    "a root of its own": wire.changes(b"\x01\x01\x07\x00\x28\x01\x05other\x01x\x01\x7d\x01\x00"),
    "no state vector": wire.asks(b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"),
    "a presence that is no JSON": b"\x01" + with_length(b"\x01\x07\x01\x03abc"),
    "a thousand presences": b"\x01" + with_length(uint(1_000)),
    "millions of items": wire.changes(uint(2**40) + b"\x01"),
    "a nested value": wire.changes(
        b"\x01\x01\x07\x00\x28\x01\x04meta\x01x\x01" + b"\x75\x01" * 5_000 + b"\x7e\x00"
    ),
}


@pytest.mark.parametrize("message", HOSTILE.values(), ids=HOSTILE)
async def test_Y10_what_is_no_yjs_ends_its_connection_and_no_other(
    server: ServerProcess, http: httpx.AsyncClient, id: str, message: bytes
) -> None:
    ada, ben = await Client.open(server, id, "Ada"), await Client.open(server, id, "Ben")
    await ada.send(message)
    assert await ada.closed() == 4400
    assert ada.refusals and ada.refusals[-1].startswith("ERR_")
    await ben.change(lambda c: c.component.__setitem__("name", "Still"))
    late = await Client.open(server, id, "Late")
    await late.until(lambda c: c.component["name"] == "Still")
    assert (await stored(http, id))["v"] == 2


MISSING = {
    "an update that hangs on nothing": wire.changes(
        b"\x01\x01\x07\x05\xa8\x09\x03\x01\x7d\x01\x00"
    ),
    "an update without its beginning": wire.changes(
        b"\x01\x01\x07\x05\x28\x01\x04meta\x01x\x01\x7d\x01\x00"
    ),
}


@pytest.mark.parametrize("message", MISSING.values(), ids=MISSING)
async def test_Y17_whoever_leaves_something_out_is_asked_for_it(
    server: ServerProcess, http: httpx.AsyncClient, id: str, message: bytes
) -> None:
    ada = await Client.open(server, id, "Ada")
    asked = ada.asked
    await ada.send(message)
    await ada.until(lambda c: c.asked > asked)
    await ada.change(lambda c: c.component.__setitem__("name", "Still"))
    late = await Client.open(server, id, "Late")
    await late.until(lambda c: c.component["name"] == "Still")
    assert (await stored(http, id))["v"] == 2


async def test_Y17_what_was_done_while_away_may_come_after_what_is_done_now(
    server: ServerProcess, http: httpx.AsyncClient, id: str
) -> None:
    ada, ben = await Client.open(server, id, "Ada"), await Client.open(server, id, "Ben")
    with ada.doc.transaction():
        ada.component["name"] = "Away"
    (away,) = ada.take_outgoing()
    asked = ada.asked
    await ada.change(lambda c: c.props.__setitem__("required", True))
    await ada.until(lambda c: c.asked > asked)
    await ben.until(lambda c: c.component["name"] == "Away" and "required" in c.props)
    assert away
    assert ada.refusals == []


async def test_an_update_has_bounds(server: ServerProcess, id: str) -> None:
    ada = await Client.open(server, id, "Ada")
    await ada.change(lambda c: c.body.insert(0, "x" * MAX_UPDATE_BYTES))
    assert await ada.closed() == 4400
    assert ada.refusals[-1].startswith("ERR_DESIGN_TOO_LARGE")


async def test_Y10_random_bytes_harm_nobody(server: ServerProcess, id: str) -> None:
    draw = random.Random(5)
    ben = await Client.open(server, id, "Ben")
    whole = wire.changes(ben.doc.get_update())
    for _ in range(60):
        ada = await Client.open(server, id, "Ada")
        damaged = bytearray(whole)
        for _ in range(draw.randint(1, 6)):
            damaged[draw.randrange(len(damaged))] = draw.randrange(256)
        await ada.send(bytes(damaged))
        await ada.socket.close()
    await ben.change(lambda c: c.root("theme").__setitem__("last", 1.0))
    late = await Client.open(server, id, "Late")
    await late.until(lambda c: c.root("theme").get("last") == 1.0)


async def test_Y10_nobody_writes_under_anothers_number(
    server: ServerProcess, http: httpx.AsyncClient, id: str
) -> None:
    ada, ben = await Client.open(server, id, "Ada"), await Client.open(server, id, "Ben")
    await ada.change(lambda c: c.component.__setitem__("name", "Ada1"))
    await ben.until(lambda c: c.component["name"] == "Ada1")
    forged: Doc[Any] = Doc(client_id=ada.doc.client_id)
    forged.apply_update(ben.doc.get_update())
    made: list[bytes] = []
    watch = forged.observe(lambda event: made.append(event.update))
    forged.get("components", type=Map)["c1"]["name"] = "Forged"
    await ben.send(wire.changes(made[0]))
    assert await ben.closed() == 4400
    assert ben.refusals[-1].startswith("ERR_DESIGN_SRC_NOT_YOURS")
    await ada.change(lambda c: c.component.__setitem__("name", "Ada2"))
    late = await Client.open(server, id, "Late")
    await late.until(lambda c: c.component["name"] == "Ada2")
    assert (await stored(http, id))["data"]["components"]["c1"]["name"] == "Ada2"
    del watch


async def test_Y50_Y52_presence_crosses_the_doors(server: ServerProcess, id: str) -> None:
    ada, ben = await Client.open(server, id, "Ada"), await Client.open(server, id, "Ben")
    state = b'{"user":{"name":"Ada","color":"#ff0000"}}'
    await ada.send(b"\x01" + with_length(b"\x01" + uint(77) + uint(0) + with_length(state)))
    await ben.until(lambda c: 77 in c.presences)
    assert ben.presences[77]["user"]["color"] == "#ff0000"
    await ada.socket.close()
    await ben.until(lambda c: c.presences[77] is None)


async def test_a_flood_of_presences_costs_the_others_one_each(
    server: ServerProcess, id: str
) -> None:
    ada, ben = await Client.open(server, id, "Ada"), await Client.open(server, id, "Ben")
    for clock in range(2_000):
        state = b'{"n":%d}' % clock
        await ada.send(b"\x01" + with_length(b"\x01" + uint(77) + uint(clock) + with_length(state)))
    await ben.until(lambda c: 77 in c.presences and c.presences[77]["n"] == 1_999)


async def test_E2_a_design_that_is_not_there_is_told_before_the_handshake(
    server: ServerProcess,
) -> None:
    for id in ("missing", "..", "%2e%2e", "a%2fb", "{}", "*"):
        with pytest.raises(InvalidStatus) as refused:
            await Client.open(server, id, "Ada")
        assert refused.value.response.status_code == 404


async def test_a_design_that_goes_to_the_trash_is_taken(
    server: ServerProcess, http: httpx.AsyncClient, id: str
) -> None:
    ada = await Client.open(server, id, "Ada")
    await http.delete(f"/api/designs/{id}?user=Ada")
    assert await ada.closed() == 4404


async def test_B1_what_a_client_brings_again_is_taken_once(
    server: ServerProcess, http: httpx.AsyncClient, id: str
) -> None:
    ada, ben = await Client.open(server, id, "Ada"), await Client.open(server, id, "Ben")
    await ada.change(lambda c: c.props["label"].insert(0, "once "))
    await ben.until(lambda c: str(c.props["label"]).startswith("once"))
    for _ in range(3):
        await ada.send(wire.brings(ada.doc.get_update()))
    await ada.change(lambda c: c.component.__setitem__("name", "End"))
    await ben.until(lambda c: c.component["name"] == "End")
    held = await stored(http, id)
    assert held["data"]["components"]["c1"]["props"]["label"] == "once Städte 😀"
    assert held["v"] == 3


async def test_B1_a_client_that_was_away_comes_back_to_a_server_that_was_killed(
    server: ServerProcess, http: httpx.AsyncClient, id: str
) -> None:
    """A thousand edits of others, a crash, and two hundred of one's own: one merged result."""
    away = await Client.open(server, id, "Away")
    await away.change(lambda c: c.body.insert(0, "seen "))
    ben = await Client.open(server, id, "Ben")
    await ben.until(lambda c: str(c.body).startswith("seen"))
    await away.socket.close()
    for number in range(200):
        with away.doc.transaction():
            if number % 2:
                away.body.insert(0, f"<{number}>")
            else:
                away.root("theme")[f"own{number}"] = float(number)
    for number in range(1_000):
        await ben.change(
            lambda c, number=number: c.root("settings").__setitem__("n", float(number))
        )
    await ben.change(lambda c: c.body.insert(len(c.body), " end"))
    late = await Client.open(server, id, "Late")
    await late.until(lambda c: str(c.body).endswith("end"))
    server.kill()
    server.start()
    back = await Client.open(server, id, "Away", away.doc)
    await back.until(lambda c: c.root("settings").get("n") == 999.0)
    fresh = await Client.open(server, id, "Fresh")
    await fresh.until(lambda c: c.root("theme").get("own198") == 198.0)
    await back.until(lambda c: str(c.body) == str(fresh.body))
    body = str(fresh.body)
    assert body.count("seen ") == body.count(" end") == body.count("select") == 1
    assert [body.count(f"<{number}>") for number in (99, 151, 199)] == [1, 1, 1]
    async with httpx.AsyncClient(base_url=server.url) as again:
        held = await stored(again, id)
    assert held["data"]["queries"]["q1"]["body"] == body
    assert held["data"]["settings"]["n"] == 999
