"""The stock client's path over a real WebSocket, on the schema-less collection."""

from __future__ import annotations

import asyncio
import uuid
from typing import Any

import httpx
import pytest

from tests.support.process import ServerProcess

JSON0 = "http://sharejs.org/types/JSONv0"


@pytest.fixture
def at() -> dict[str, str]:
    """A document that nobody has used."""
    return {"c": "scratch", "d": f"doc-{uuid.uuid4().hex[:12]}"}


def si(path: list[Any], text: str) -> list[dict[str, Any]]:
    return [{"p": path, "si": text}]


async def test_connect_without_init(clients: Any) -> None:
    id = await clients.connect("ann")
    public, dot, mac = id.partition(".")
    assert dot and public and mac
    frames = (await clients.do("frames", "ann"))["received"]
    assert [frame["a"] for frame in frames] == ["hs"]
    assert await clients.do("ping", "ann")


async def test_create_subscribe_edit(clients: Any, at: dict[str, str]) -> None:
    for name in ("ann", "bob"):
        await clients.connect(name)
    assert (await clients.do("subscribe", "bob", **at))["type"] is None
    created = await clients.do("create", "ann", **at, data={"title": "", "n": 1})
    assert created["version"] == 1 and created["type"] == JSON0
    await clients.do(
        "submit", "ann", **at, ops=[si(["title", 0], "Hello 😀"), [{"p": ["n"], "na": 2}]]
    )
    seen = await clients.do("settled", "bob", **at, version=3)
    assert seen["data"] == {"title": "Hello 😀", "n": 3}
    assert seen["errors"] == []
    await clients.do("del", "bob", **at)
    assert (await clients.do("fetch", "ann", **at))["type"] is None


async def test_roots_of_any_kind(clients: Any, at: dict[str, str]) -> None:
    await clients.connect("ann")
    for number, data in enumerate([0, "text", [1, 2], None, False]):
        here = {**at, "d": f"{at['d']}-{number}"}
        created = await clients.do("create", "ann", **here, data=data)
        assert created["data"] == data
        again = await clients.do("snapshot", "ann", **here)
        assert again["data"] == data


async def test_concurrent_edits_converge(clients: Any, at: dict[str, str]) -> None:
    for name in ("ann", "bob"):
        await clients.connect(name)
    await clients.do("create", "ann", **at, data={"text": "", "list": []})
    await clients.do("subscribe", "bob", **at)
    await clients.do("subscribe", "ann", **at)
    await asyncio.gather(
        *(
            clients.do(
                "submit",
                name,
                **at,
                ops=[
                    op
                    for n in range(20)
                    for op in (
                        si(["text", 0], f"{name}{n} "),
                        [{"p": ["list", 0], "li": f"{name}{n}"}],
                    )
                ],
            )
            for name in ("ann", "bob")
        )
    )
    states = [await clients.do("settled", name, **at, version=81) for name in ("ann", "bob")]
    assert states[0] == states[1]
    assert states[0]["version"] == 81
    words = states[0]["data"]["text"].split()
    assert sorted(words) == sorted(states[0]["data"]["list"])
    assert len(words) == 40


async def test_a_refusal_rolls_back_and_keeps_later_edits(clients: Any, at: dict[str, str]) -> None:
    for name in ("ann", "bob"):
        await clients.connect(name)
    await clients.do("create", "ann", **at, data={"list": ["a"], "title": "", "box": {}})
    await clients.do("subscribe", "ann", **at)
    await clients.do("subscribe", "bob", **at)
    # The client applies it, and takes it back when it hears that such a name may not be.
    named = [{"p": ["box", "k"], "oi": {"toString": "b"}}]
    outcomes = await clients.do(
        "submit",
        "ann",
        **at,
        ops=[named, si(["title", 0], "kept"), [{"p": ["list", 0], "li": "c"}]],
    )
    assert outcomes[0]["error"]["code"] == "ERR_OT_OP_NOT_APPLIED"
    assert outcomes[0]["error"]["data"]["seq"] >= 1
    assert [list(outcome) for outcome in outcomes[1:]] == [["ok"], ["ok"]]
    expected = {"list": ["c", "a"], "title": "kept", "box": {}}
    for name in ("ann", "bob"):
        assert (await clients.do("settled", name, **at, version=3))["data"] == expected


async def test_reconnect_brings_both_sides_up_to_date(clients: Any, at: dict[str, str]) -> None:
    id = await clients.connect("ann")
    await clients.connect("bob")
    await clients.do("create", "ann", **at, data={"text": ""})
    for name in ("ann", "bob"):
        await clients.do("subscribe", name, **at)
    await clients.do("cut", "ann")
    offline = asyncio.gather(clients.do("submit", "ann", **at, ops=[si(["text", 0], "ann ")]))
    await clients.do("submit", "bob", **at, ops=[si(["text", 0], "bob "), si(["text", 0], "was ")])
    assert await clients.do("reconnect", "ann") == id  # it is taken back
    assert (await offline)[0] == [{"ok": True}]
    for name in ("ann", "bob"):
        seen = await clients.do("settled", name, **at, version=4)
        assert sorted(seen["data"]["text"].split()) == ["ann", "bob", "was"]
        assert seen["errors"] == []
    # And it goes on live.
    await clients.do("submit", "bob", **at, ops=[si(["text", 0], "now ")])
    assert (await clients.do("settled", "ann", **at, version=5))["data"]["text"].startswith("now ")


async def test_an_honest_resend_is_applied_once(clients: Any, at: dict[str, str]) -> None:
    await clients.connect("ann")
    await clients.connect("bob")
    await clients.do("create", "ann", **at, data={"text": "", "n": 0})
    for name in ("ann", "bob"):
        await clients.do("subscribe", name, **at)
    # The op arrives and is committed; its ack is lost; others edit before it is sent again.
    await clients.do("deafen", "ann")
    resent = asyncio.gather(clients.do("submit", "ann", **at, ops=[[{"p": ["n"], "na": 1}]]))
    await clients.do("settled", "bob", **at, version=2)
    await clients.do("submit", "bob", **at, ops=[[{"p": ["n"], "na": 10}], si(["text", 0], "x")])
    await clients.do("cut", "ann")
    await clients.do("reconnect", "ann")
    assert (await resent)[0] == [{"ok": True}]
    for name in ("ann", "bob"):
        seen = await clients.do("settled", name, **at, version=4)
        assert seen["data"] == {"text": "x", "n": 11}
        assert seen["version"] == 4 and seen["errors"] == []
    sent = (await clients.do("frames", "ann"))["sent"]
    ops = [message for message in sent if message["a"] == "op" and "op" in message]
    assert len(ops) == 2 and ops[0]["seq"] == ops[1]["seq"]
    assert "src" in ops[1]


async def test_a_dishonest_resend_is_refused(clients: Any, at: dict[str, str]) -> None:
    await clients.connect("ann")
    await clients.do("create", "ann", **at, data={"n": 0})
    op = {"a": "op", **at, "v": 1, "seq": 900, "x": {}}
    await clients.do("raw", "ann", message={**op, "op": [{"p": ["n"], "na": 1}]})
    await clients.do("raw", "ann", message={**op, "op": [{"p": ["n"], "na": 2}]})
    assert await clients.do("ping", "ann")
    frames = (await clients.do("frames", "ann"))["received"]
    answers = [frame for frame in frames if frame["a"] == "op" and frame.get("seq") == 900]
    while len(answers) < 2:
        frames = (await clients.do("frames", "ann"))["received"]
        answers = [frame for frame in frames if frame["a"] == "op" and frame.get("seq") == 900]
    assert "error" not in answers[0]
    assert answers[1]["error"]["code"] == "ERR_DESIGN_RESEND_DIFFERS"
    assert (await clients.do("snapshot", "ann", **at))["data"] == {"n": 1}


async def test_nobody_can_use_anothers_src(clients: Any, at: dict[str, str]) -> None:
    id = await clients.connect("ann")
    await clients.connect("eve")
    await clients.do("create", "ann", **at, data={"n": 0})
    await clients.do("subscribe", "eve", **at)
    await clients.do("submit", "ann", **at, ops=[[{"p": ["n"], "na": 1}]])
    await clients.do("settled", "eve", **at, version=2)
    frames = (await clients.do("frames", "eve"))["received"]
    shown = {frame["src"] for frame in frames if frame["a"] == "op"}
    assert shown == {id.partition(".")[0]}
    for src in (*shown, id):
        message = {"a": "op", **at, "v": 2, "src": src, "seq": 3, "op": [{"p": ["n"], "na": 5}]}
        await clients.do("raw", "eve", message=message)
    errors: list[str] = []
    while len(errors) < 2:
        frames = (await clients.do("frames", "eve"))["received"]
        errors = [frame["error"]["code"] for frame in frames if "error" in frame]
    assert errors == ["ERR_DESIGN_SRC_NOT_YOURS"] * 2


async def test_history_by_version_and_by_time(clients: Any, at: dict[str, str]) -> None:
    await clients.connect("ann")
    await clients.do("create", "ann", **at, data={"n": 0})
    await clients.do("submit", "ann", **at, ops=[[{"p": ["n"], "na": 1}], [{"p": ["n"], "na": 1}]])
    for version, data in ((1, {"n": 0}), (2, {"n": 1}), (3, {"n": 2})):
        snapshot = await clients.do("snapshot", "ann", **at, v=version)
        assert (snapshot["v"], snapshot["type"], snapshot["data"]) == (version, JSON0, data)
    nothing = await clients.do("snapshot", "ann", **at, v=0)
    assert (nothing["v"], nothing["type"]) == (0, None)
    assert (await clients.do("snapshot", "ann", **at))["v"] == 3
    with pytest.raises(Exception, match="ERR_OP_VERSION_NEWER_THAN_CURRENT_SNAPSHOT"):
        await clients.do("snapshot", "ann", **at, v=4)
    assert (await clients.do("snapshotAt", "ann", **at, ts=0))["v"] == 0
    assert (await clients.do("snapshotAt", "ann", **at))["v"] == 3
    far = 32503680000000
    assert (await clients.do("snapshotAt", "ann", **at, ts=far))["data"] == {"n": 2}


async def test_presence(clients: Any, at: dict[str, str]) -> None:
    channel = f"room-{at['d']}"
    for name in ("ann", "bob"):
        await clients.connect(name)
        await clients.do("presenceSubscribe", name, ch=channel)
    await clients.do("presence", "ann", ch=channel, presence="p-ann", value={"at": "c1"})
    await clients.do("presences", "bob", ch=channel, expect={"p-ann": {"at": "c1"}})
    await clients.do("presence", "ann", ch=channel, presence="p-ann", value={"at": "c2"})
    await clients.do("presences", "bob", ch=channel, expect={"p-ann": {"at": "c2"}})
    # A newcomer sees those who are there.
    await clients.connect("cyd")
    await clients.do("presenceSubscribe", "cyd", ch=channel)
    await clients.do("presences", "cyd", ch=channel, expect={"p-ann": {"at": "c2"}})
    # Whoever is cut off is gone, and is back after a reconnect.
    await clients.do("cut", "ann")
    await clients.do("presences", "bob", ch=channel, expect={})
    await clients.do("reconnect", "ann")
    await clients.do("presence", "ann", ch=channel, presence="p-ann", value={"at": "c3"})
    await clients.do("presences", "bob", ch=channel, expect={"p-ann": {"at": "c3"}})


async def test_documents_have_no_presence(clients: Any, at: dict[str, str]) -> None:
    await clients.connect("ann")
    message = {"a": "p", "ch": "x.y", "id": "me", "p": {}, "pv": 0, "v": 1, "t": JSON0, **at}
    await clients.do("raw", "ann", message=message)
    assert await clients.do("ping", "ann")
    frames = (await clients.do("frames", "ann"))["received"]
    codes = [frame["error"]["code"] for frame in frames if "error" in frame]
    assert codes == ["ERR_TYPE_DOES_NOT_SUPPORT_PRESENCE"]


async def test_bulk(clients: Any, at: dict[str, str]) -> None:
    ids = [f"{at['d']}-{n}" for n in range(5)]
    for name in ("ann", "bob"):
        await clients.connect(name)
    for n, id in enumerate(ids[:-1]):
        await clients.do("create", "ann", c="scratch", d=id, data={"n": n})
    assert await clients.do("bulkSubscribe", "bob", c="scratch", ids=ids) == [{"ok": True}] * 5
    for n, id in enumerate(ids[:-1]):
        assert (await clients.do("state", "bob", c="scratch", d=id))["data"] == {"n": n}
    # A reconnect asks for all of them at once, with versions.
    await clients.do("cut", "bob")
    await clients.do("submit", "ann", c="scratch", d=ids[2], ops=[[{"p": ["n"], "na": 5}]])
    await clients.do("reconnect", "bob")
    seen = await clients.do("settled", "bob", c="scratch", d=ids[2], version=2)
    assert seen["data"] == {"n": 7}
    sent = (await clients.do("frames", "bob"))["sent"]
    assert [message["a"] for message in sent if message["a"] in ("s", "bs")] == ["bs", "bs"]
    await clients.do("bulkUnsubscribe", "bob", c="scratch", ids=ids)
    await clients.do("submit", "ann", c="scratch", d=ids[2], ops=[[{"p": ["n"], "na": 5}]])
    assert await clients.do("ping", "bob")
    assert (await clients.do("state", "bob", c="scratch", d=ids[2]))["data"] == {"n": 7}


async def test_designs_are_not_made_by_ops(clients: Any) -> None:
    await clients.connect("ann")
    with pytest.raises(Exception, match="ERR_DESIGN_NOT_BY_SOCKET"):
        await clients.do("create", "ann", c="designs", d="mine", data={})
    with pytest.raises(Exception, match="ERR_DESIGN_NOT_FOUND"):
        await clients.do("subscribe", "ann", c="designs", d="missing")
    with pytest.raises(Exception, match="ERR_DESIGN_NOT_FOUND"):
        await clients.do("fetch", "ann", c="elsewhere", d="x")


async def test_a_design_is_edited_and_refusals_say_where(
    clients: Any, scratch_server: ServerProcess
) -> None:
    async with httpx.AsyncClient(base_url=scratch_server.url) as http:
        row = (await http.post("/api/designs", json={"name": "Claims"})).json()
        at = {"c": "designs", "d": row["id"]}
        await clients.connect("ann")
        opened = await clients.do("subscribe", "ann", **at)
        assert opened["data"]["meta"]["name"] == "Claims"
        page = next(iter(opened["data"]["pages"]))
        button = {
            "type": "Button",
            "typeVersion": 1,
            "name": "Button1",
            "place": {"page": page, "slot": "content", "order": "a0"},
            "props": {"label": "Save"},
        }
        wrong = {**button, "props": {"label": 5}}
        outcomes = await clients.do(
            "submit",
            "ann",
            **at,
            ops=[
                [{"p": ["components", "c1"], "oi": button}],
                [{"p": ["components", "c2"], "oi": wrong}],
                si(["components", "c1", "props", "label", 4], "d"),
                [],
            ],
        )
        assert outcomes[0] == {"ok": True}
        refusal = outcomes[1]["error"]
        assert refusal["code"] == "ERR_DESIGN_INVALID"
        assert refusal["data"]["details"]["element"] == "components/c2"
        assert "label" in refusal["data"]["details"]["path"]
        assert outcomes[2] == {"ok": True}
        # The same name again is completed, and the author is told.
        await clients.do("submit", "ann", **at, ops=[[{"p": ["components", "c3"], "oi": button}]])
        state = await clients.do("state", "ann", **at)
        assert state["data"]["components"]["c3"]["name"] == "Button2"
        assert state["data"]["components"]["c1"]["props"]["label"] == "Saved"
        assert "c2" not in state["data"]["components"]
        notices = (await clients.do("frames", "ann"))["notices"]
        assert [notice["code"] for notice in notices] == ["name-changed"]
        # A rename in the list is an edit like any other.
        renamed = await http.patch(f"/api/designs/{row['id']}", json={"name": "Claims 2"})
        assert renamed.json()["name"] == "Claims 2"
        seen = await clients.do("settled", "ann", **at, version=renamed.json()["version"])
        assert seen["data"]["meta"]["name"] == "Claims 2"
