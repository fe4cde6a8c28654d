"""A protected design on the socket of a real server: the edit is refused, the session goes on, merges arrive."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest

from server.document.model import new_design
from tests.support.process import ServerProcess

from .test_branches import ADA, BEN, text
from .test_sockets import Wire


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    with ServerProcess(tmp_path_factory.mktemp("server"), {}) as server:
        yield server


@pytest.fixture
async def http(server: ServerProcess) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=server.url) as client:
        yield client


@pytest.fixture
async def at(http: httpx.AsyncClient) -> dict[str, str]:
    document = new_design("Claims")
    document["components"]["t1"] = text("Text1")
    made = await http.post("/api/designs/import", json=document, params=ADA)
    assert made.status_code == 201, made.text
    return {"c": "designs", "d": made.json()["design"]["id"]}


def typing(value: str) -> list[dict[str, Any]]:
    return [{"p": ["components", "t1", "props", "text", 0], "si": value}]


@asynccontextmanager
async def opened(server: ServerProcess, user: str, at: dict[str, str]) -> AsyncIterator[Wire]:
    """Somebody who has the design open, at version 1."""
    wire = await Wire.open(server, user)
    assert (await wire.ask({"a": "s", **at}))["data"]["v"] == 1
    yield wire
    await wire.socket.close()


async def protect(http: httpx.AsyncClient, at: dict[str, str], is_protected: bool) -> None:
    rules = {"protected": is_protected}
    answer = await http.put(f"/api/designs/{at['d']}/rules", json=rules, params=ADA)
    assert answer.status_code == 200, answer.text


async def test_an_edit_of_a_protected_design_is_refused_and_the_session_goes_on(
    http: httpx.AsyncClient, server: ServerProcess, at: dict[str, str]
) -> None:
    async with opened(server, "Ada", at) as wire:
        (acked,) = await acks(wire, wire.op(at, 1, typing("a")))
        assert acked["v"] == 1
        await protect(http, at, True)
        news = (await wire.until("news"))[-1]
        assert news == {"a": "news", **at, "kind": "rules", "id": at["d"]}
        (refused,) = await acks(wire, wire.op(at, 2, typing("b")))
        assert refused["error"]["code"] == "ERR_DESIGN_PROTECTED"
        assert await wire.is_answered()
        await protect(http, at, False)
        await wire.until("news")
        (acked,) = await acks(wire, wire.op(at, 2, typing("c")))
        assert "error" not in acked


async def test_what_is_merged_reaches_those_who_have_it_open(
    http: httpx.AsyncClient, server: ServerProcess, at: dict[str, str]
) -> None:
    await protect(http, at, True)
    made = await http.post(f"/api/designs/{at['d']}/branches", json={"name": "Try"}, params=BEN)
    assert made.status_code == 201, made.text
    branch = {"c": "designs", "d": made.json()["id"]}
    url = f"/api/designs/{at['d']}/branches/{branch['d']}/merge"
    async with opened(server, "Ada", at) as main, opened(server, "Ben", branch) as other:
        (acked,) = await acks(other, other.op(branch, 1, typing("merged: ")))
        assert "error" not in acked
        done = await http.post(url, json={}, params=BEN)
        assert done.status_code == 200, done.text
        told = (await main.until("op"))[-1]
        assert (told["v"], told["op"]) == (1, typing("merged: "))


async def acks(wire: Wire, message: dict[str, Any]) -> list[dict[str, Any]]:
    """The answer to an op, without the news and notices before it."""
    await wire.send(message)
    return [each for each in await wire.until("op") if each["a"] == "op"]
