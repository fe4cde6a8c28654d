"""Stock ShareDB clients under Node.js, against a real server in a process of its own."""

from __future__ import annotations

import asyncio
import itertools
import json
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.node import INTEROP, find_node
from tests.support.process import ServerProcess

ANSWER_SECONDS = 30


class ClientError(Exception):
    """What the client's callback was given."""

    def __init__(self, error: dict[str, Any]) -> None:
        super().__init__(f"{error['code']}: {error['message']}")
        self.code = error["code"]
        self.message = error["message"]
        self.data = error["data"]


class Clients:
    """The driver process. `do` is one command (tests/interop/driver.mjs) and waits for its answer."""

    def __init__(self, process: asyncio.subprocess.Process, socket_url: str) -> None:
        self.socket_url = socket_url
        self._process = process
        self._numbers = itertools.count(1)
        self._waiting: dict[int, asyncio.Future[Any]] = {}

    async def do(self, name: str, client: str, **fields: Any) -> Any:
        assert self._process.stdin is not None
        id = next(self._numbers)
        self._waiting[id] = asyncio.get_running_loop().create_future()
        line = json.dumps({"id": id, "do": name, "client": client, **fields})
        self._process.stdin.write(line.encode() + b"\n")
        async with asyncio.timeout(ANSWER_SECONDS):
            return await self._waiting[id]

    async def connect(self, client: str, user: str | None = None, *, packed: bool = False) -> str:
        """Connect under a user's name, `packed`: in msgpack; gives the connection's id."""
        url = f"{self.socket_url}?user={user or client}"
        return str(await self.do("connect", client, url=url, packed=packed))

    async def listen(self) -> None:
        """Take answers until the driver ends."""
        assert self._process.stdout is not None
        async for line in self._process.stdout:
            answer = json.loads(line)
            waiting = self._waiting.pop(answer["id"])
            if waiting.done():
                continue
            if "error" in answer:
                waiting.set_exception(ClientError(answer["error"]))
            else:
                waiting.set_result(answer["ok"])


@pytest.fixture(scope="module")
def scratch_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    """One server for a module's tests; each uses documents of its own."""
    folder: Path = tmp_path_factory.mktemp("server")
    with ServerProcess(folder, {"COWEAVE_SCRATCH": "1"}) as server:
        yield server


@pytest.fixture
async def clients(scratch_server: ServerProcess) -> AsyncIterator[Clients]:
    process = await asyncio.create_subprocess_exec(
        find_node(),
        "driver.mjs",
        cwd=INTEROP,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        limit=64 * 1024 * 1024,
    )
    driver = Clients(process, scratch_server.socket_url)
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(driver.listen())
        yield driver
        assert process.stdin is not None
        process.stdin.close()
        async with asyncio.timeout(10):
            assert await process.wait() == 0
