"""Answers that are made once."""

from __future__ import annotations

import asyncio
import gzip

import pytest

from server.web import bodies as module
from server.web.bodies import Bodies


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """What was encoded."""
    encode, values = module._encode, []

    def counted(value: object, compressed: bool) -> bytes:
        values.append(value)
        return encode(value, compressed)

    monkeypatch.setattr(module, "_encode", counted)
    return values


async def test_all_who_ask_share_one_body(made: list[object]) -> None:
    bodies = Bodies()
    found = await asyncio.gather(*[bodies.body("k", [1], compressed=False) for _ in range(20)])
    assert found == [b"[1]"] * 20 and made == [[1]]
    assert gzip.decompress(await bodies.body("k", [1], compressed=True)) == b"[1]"
    assert len(made) == 2


async def test_what_is_kept_is_bounded(made: list[object]) -> None:
    bodies = Bodies(max_bytes=10)
    for key in "abca":
        assert await bodies.body(key, "1234", compressed=False) == b'"1234"'
    assert len(made) == 4, "there is room for one only"
    assert await bodies.body("large", "x" * 100, compressed=False) == b'"' + b"x" * 100 + b'"'


async def test_whoever_gives_up_takes_nothing_from_the_others(made: list[object]) -> None:
    bodies = Bodies()
    first = asyncio.create_task(bodies.body("k", [1], compressed=False))
    second = asyncio.create_task(bodies.body("k", [1], compressed=False))
    await asyncio.sleep(0)
    first.cancel()
    assert await second == b"[1]"
    assert await bodies.body("k", [1], compressed=False) == b"[1]"
