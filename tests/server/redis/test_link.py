"""What may stand in COWEAVE_REDIS."""

from __future__ import annotations

import pytest
from redis.asyncio import Redis, RedisCluster

from server.redis.link import Link, LinkError


@pytest.mark.parametrize("url", ["redis://h:1/2", "rediss://u:p@h", "unix:///tmp/redis.sock"])
async def test_one_server(url: str) -> None:
    link = Link.parse(url)
    assert link.kind == "single"
    assert isinstance(link.client(), Redis)
    assert isinstance(link.listener(), Redis)


async def test_a_server_that_sentinels_watch() -> None:
    link = Link.parse("rediss+sentinel://u:p%40ss@a:1,b,[::1]:3/main/2")
    assert link.hosts == (("a", 1), ("b", 26379), ("::1", 3))
    assert link.service == "main"
    assert dict(link.options) == {"username": "u", "password": "p@ss", "ssl": True, "db": 2}
    assert isinstance(link.client(), Redis)


async def test_a_cluster() -> None:
    link = Link.parse("redis+cluster://a:1,b")
    assert link.hosts == (("a", 1), ("b", 6379))
    assert isinstance(link.client(), RedisCluster)
    assert isinstance(link.listener(), Redis)


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("", "must begin"),
        ("localhost:6379", "must begin"),
        ("http://host", "must begin"),
        ("redis+other://host", "must begin"),
        ("redis://host:port", "Port"),
        ("redis+sentinel://a:1", "must name"),
        ("redis+sentinel://a:1/main/x", "must name"),
        ("redis+sentinel://a:1/main/0/1", "must name"),
        ("redis+sentinel://,/main", "no host"),
        ("redis+sentinel://a:b/main", "no host"),
        ("redis+cluster://a/0", "no databases"),
    ],
)
def test_what_is_no_redis_is_refused(url: str, message: str) -> None:
    with pytest.raises(LinkError, match=message):
        Link.parse(url)


def test_no_password_is_told() -> None:
    for url in ("redis://u:hush@host:port", "redis+sentinel://u:hush@a:b/main"):
        with pytest.raises(LinkError) as raised:
            Link.parse(url)
        assert "hush" not in str(raised.value)
