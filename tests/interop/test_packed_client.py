"""The stock client around msgpack (clients/packed-socket.mjs), beside one that speaks JSON."""

from __future__ import annotations

import asyncio
import uuid
from typing import Any

import pytest

VALUES = {
    "text": "é 😀 \u2028",
    "numbers": [0, -1, 1.5, 2**40, -(2**40), 1e21],
    "none": None,
    "yes": True,
}


@pytest.fixture
async def both(clients: Any) -> Any:
    """Ada speaks JSON, Ben msgpack."""
    await clients.connect("ada")
    await clients.connect("ben", packed=True)
    return clients


@pytest.fixture
def at() -> dict[str, str]:
    return {"c": "scratch", "d": f"doc-{uuid.uuid4().hex[:12]}"}


async def test_WP6_every_value_is_the_same_in_both(both: Any, at: dict[str, str]) -> None:
    assert (await both.do("create", "ben", **at, data=VALUES))["data"] == VALUES
    assert (await both.do("subscribe", "ada", **at))["data"] == VALUES
    for name in ("ada", "ben"):
        assert (await both.do("snapshot", name, **at))["data"] == VALUES
    op = [{"p": ["numbers", 0], "ld": 0, "li": {"deep": [VALUES]}}]
    assert await both.do("submit", "ben", **at, ops=[op]) == [{"ok": True}]
    expected = {**VALUES, "numbers": [{"deep": [VALUES]}, *VALUES["numbers"][1:]]}
    assert (await both.do("settled", "ada", **at, version=2))["data"] == expected


async def test_B4_edits_at_once_converge(both: Any, at: dict[str, str]) -> None:
    await both.do("create", "ada", **at, data={"text": ""})
    for name in ("ada", "ben"):
        await both.do("subscribe", name, **at)
    await asyncio.gather(
        *(
            both.do(
                "submit",
                name,
                **at,
                ops=[[{"p": ["text", 0], "si": f"{name}{n} "}] for n in range(30)],
            )
            for name in ("ada", "ben")
        )
    )
    states = [await both.do("settled", name, **at, version=61) for name in ("ada", "ben")]
    assert states[0] == states[1]
    assert len(set(states[0]["data"]["text"].split())) == 60


async def test_WP6_refusals_ping_presence_and_bulk(both: Any, at: dict[str, str]) -> None:
    await both.do("create", "ben", **at, data={"box": {}})
    await both.do("subscribe", "ben", **at)
    op = [{"p": ["box", "k"], "oi": {"toString": "b"}}]
    (outcome,) = await both.do("submit", "ben", **at, ops=[op])
    assert outcome["error"]["code"] == "ERR_OT_OP_NOT_APPLIED"
    assert outcome["error"]["data"]["op"] == op
    assert await both.do("ping", "ben")
    channel = f"scratch.{at['d']}"
    for name in ("ada", "ben"):
        await both.do("presenceSubscribe", name, ch=channel)
        await both.do("presence", name, ch=channel, presence=name, value={"at": [name, 1]})
    await both.do("presences", "ada", ch=channel, expect={"ben": {"at": ["ben", 1]}})
    await both.do("presences", "ben", ch=channel, expect={"ada": {"at": ["ada", 1]}})
    ids = [at["d"], f"{at['d']}-none"]
    answers = await both.do("bulkSubscribe", "ben", c="scratch", ids=ids)
    assert [list(answer) for answer in answers] == [["ok"], ["ok"]]


async def test_WP6_text_on_a_packed_connection_is_refused(both: Any) -> None:
    await both.do("raw", "ben", message='{"a":"pp"}')
    assert await both.do("ping", "ben")
    received = (await both.do("frames", "ben"))["received"]
    assert received[1]["error"]["code"] == "ERR_MESSAGE_BADLY_FORMED"


async def test_reconnecting_keeps_what_was_not_acked(both: Any, at: dict[str, str]) -> None:
    await both.do("create", "ben", **at, data={"n": 0})
    await both.do("subscribe", "ben", **at)
    await both.do("deafen", "ben")
    waiting = asyncio.create_task(both.do("submit", "ben", **at, ops=[[{"p": ["n"], "na": 1}]] * 3))
    await both.do("subscribe", "ada", **at)
    await both.do("settled", "ada", **at, version=2)
    await both.do("cut", "ben")
    await both.do("reconnect", "ben")
    assert await waiting == [{"ok": True}] * 3
    assert (await both.do("settled", "ada", **at, version=4))["data"] == {"n": 3}
