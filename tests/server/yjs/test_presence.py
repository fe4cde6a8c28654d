from __future__ import annotations

from typing import Any

from ot.types import Json
from server.policy.rights import Principal
from server.room.presence import Present, SayAgain
from server.yjs import wire
from server.yjs.gateway import Client
from server.yjs.presence import MAX_STATE_BYTES, MOST_IDS, Crowd

CHANNEL = "designs.d1"


class Hub:
    """What the crowd tells the node."""

    def __init__(self) -> None:
        self.calls: list[tuple[Any, ...]] = []

    def subscribe(self, tenant: str, channel: str, listener: Any, src: str) -> None:
        self.calls.append(("subscribe", tenant, channel, src))

    def put(
        self, tenant: str, channel: str, listener: Any, src: str, id: str, value: Json, pv: int
    ) -> None:
        self.calls.append(("put", channel, src, id, value, pv))

    def ask(self, tenant: str, channel: str, src: str) -> None:
        self.calls.append(("ask", tenant, channel, src))

    def leave(self, listener: Any) -> None:
        self.calls.append(("leave",))

    def puts(self) -> list[tuple[Any, ...]]:
        return [call for call in self.calls if call[0] == "put"]


def client(name: str) -> Client:
    return Client(Principal("default", f"u-{name}", name))


async def told(client: Client) -> dict[int, wire.State]:
    """What waits for a client, by number."""
    client.outbox.reply(b"")
    found: dict[int, wire.State] = {}
    for message in await client.outbox.take():
        read = wire.read(message) if message else None
        if isinstance(read, wire.Presences):
            found |= {state.client: state for state in read.states}
    return found


def crowd(*clients: Client) -> tuple[Crowd, Hub]:
    hub = Hub()
    made = Crowd("yjs-1", "default", "d1", hub)
    for each in clients:
        made.join(each)
    return made, hub


async def test_Y50_a_state_goes_to_the_others_under_its_senders_name() -> None:
    ada, ben = client("Ada"), client("Ben")
    both, _ = crowd(ada, ben)
    state = {"user": {"name": "Somebody Else", "color": "#ff0000"}, "cursor": 3}
    both.hear(ada, [wire.State(7, 0, state)])
    assert (await told(ben))[7].value == {
        "user": {"name": "Ada", "id": "u-Ada", "color": "#ff0000"},
        "cursor": 3,
    }
    assert await told(ada) == {}
    late = client("Late")
    both.join(late)
    assert 7 in await told(late)


async def test_Y51_it_is_a_presence_of_the_design() -> None:
    ada = client("Ada")
    both, hub = crowd(ada)
    assert hub.calls[0] == ("subscribe", "default", CHANNEL, "yjs-1")
    more = {"page": "p1", "selection": ["c1", 5]}
    both.hear(ada, [wire.State(7, 4, {"user": {"color": "#00ff00"}, "coweave": more})])
    (put,) = hub.puts()
    assert put[1:4] == (CHANNEL, "yjs-1", "yjs-7")
    assert put[4]["user"] == {"id": "u-Ada", "name": "Ada"}
    assert put[4]["color"] == "#00ff00"
    assert (put[4]["page"], put[4]["selection"]) == ("p1", ["c1"])
    # A renewal of the same is no news.
    both.hear(ada, [wire.State(7, 5, {"user": {"color": "#00ff00"}, "coweave": more})])
    assert len(hub.puts()) == 1
    both.present(SayAgain(CHANNEL, "c1"))
    assert len(hub.puts()) == 2


async def test_Y52_presences_of_other_doors_are_states() -> None:
    ada = client("Ada")
    both, _ = crowd(ada)
    value = {"user": {"id": "u9", "name": "Ben"}, "color": "#123456", "page": "p1"}
    both.present(Present(CHANNEL, "c5", "p", value, 3))
    ((number, state),) = (await told(ada)).items()
    assert number >= 2**52
    assert state.value["user"] == {"id": "u9", "name": "Ben", "color": "#123456"}
    assert state.value["coweave"]["page"] == "p1"
    both.renew_for(ada)
    assert (await told(ada))[number].clock > state.clock
    both.present(Present(CHANNEL, "c5", "p", None, 4))
    assert (await told(ada))[number].value is None
    # Its own come back from nowhere.
    both.present(Present(CHANNEL, "yjs-1", "yjs-7", value, 3))
    assert await told(ada) == {}


async def test_Y53_nobody_speaks_for_others() -> None:
    ada, ben = client("Ada"), client("Ben")
    both, hub = crowd(ada, ben)
    both.hear(ada, [wire.State(7, 1, {})])
    await told(ben)
    both.hear(ben, [wire.State(7, 9, {"forged": True}), wire.State(7, 10, None)])
    assert await told(ada) == {}
    both.present(Present(CHANNEL, "c5", "p", {"user": {}}, 1))
    (number,) = await told(ada)
    both.hear(ada, [wire.State(number, 99, {"forged": True})])
    assert number not in await told(ben) or (await told(ben)) == {}
    assert [put[3] for put in hub.puts()] == ["yjs-7"]


async def test_Y53_a_connection_speaks_for_a_few_and_they_leave_with_it() -> None:
    ada, ben = client("Ada"), client("Ben")
    both, hub = crowd(ada, ben)
    both.hear(ada, [wire.State(number, 0, {}) for number in range(1, MOST_IDS + 5)])
    assert len(await told(ben)) == MOST_IDS
    both.leave(ada)
    assert {state.value for state in (await told(ben)).values()} == {None}
    assert [put[4] for put in hub.puts()[-MOST_IDS:]] == [None] * MOST_IDS
    both.leave(ben)
    assert hub.calls[-1] == ("leave",)


async def test_Y53_a_state_that_is_too_large_is_left_out() -> None:
    ada, ben = client("Ada"), client("Ben")
    both, _ = crowd(ada, ben)
    both.hear(ada, [wire.State(7, 0, {"much": "x" * MAX_STATE_BYTES})])
    assert (await told(ben))[7].value == {"user": {"id": "u-Ada", "name": "Ada"}}


async def test_an_older_state_does_not_replace_a_newer_one() -> None:
    ada, ben = client("Ada"), client("Ben")
    both, _ = crowd(ada, ben)
    both.hear(ada, [wire.State(7, 5, {"at": 5}), wire.State(7, 3, {"at": 3})])
    assert (await told(ben))[7].value["at"] == 5
