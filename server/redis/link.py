"""Where Redis is, and how long anybody waits for it.

`COWEAVE_REDIS` takes a URL of one server (`redis://`, `rediss://` with TLS, `unix://`), of a server
that Sentinels watch (`redis+sentinel://host:port,host:port/<name>[/<db>]`, `rediss+sentinel://`), or
of a cluster's nodes (`redis+cluster://host:port,...`, `rediss+cluster://`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, TypeAlias
from urllib.parse import unquote, urlsplit

from redis.asyncio import Redis, RedisCluster, Sentinel
from redis.asyncio.cluster import ClusterNode
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

__all__ = ["AWAY", "CONNECT_SECONDS", "WAIT_SECONDS", "Client", "Link", "LinkError"]

WAIT_SECONDS: Final = 0.5
"""For one answer. A sound Redis needs a millisecond; a late lock is worth less than an edit."""

CONNECT_SECONDS: Final = 1.0

AWAY: Final = (RedisError, OSError, TimeoutError)
"""What a call raises when Redis cannot do it now: away, full, a replica, loading, out of scripts."""

Client: TypeAlias = Redis | RedisCluster


class LinkError(ValueError):
    """A URL that tells no Redis; the message says what is wrong, without the URL's password."""


@dataclass(frozen=True, slots=True)
class Link:
    """A Redis that can be connected to. Makes clients; holds nothing open itself."""

    kind: str
    """ "single", "sentinel" or "cluster"."""
    url: str
    """Of a single server: as given."""
    hosts: tuple[tuple[str, int], ...] = ()
    """Of the Sentinels, or of some nodes of the cluster."""
    service: str = ""
    """The name by which the Sentinels know the server."""
    options: tuple[tuple[str, Any], ...] = ()

    @classmethod
    def parse(cls, url: str) -> Link:
        """Raises: LinkError."""
        parts = urlsplit(url)
        scheme, _, kind = parts.scheme.partition("+")
        if scheme not in {"redis", "rediss", "unix"} or kind not in {"", "sentinel", "cluster"}:
            raise LinkError(
                "must begin with redis://, rediss:// or unix://, or with redis+sentinel:// or "
                "redis+cluster:// (rediss+… with TLS)"
            )
        if not kind:
            try:
                Redis.from_url(url)
            except ValueError as error:
                raise LinkError(str(error)) from error
            return cls("single", url)
        login, _, listed = parts.netloc.rpartition("@")
        user, _, password = login.partition(":")
        options: dict[str, Any] = {}
        if user:
            options["username"] = unquote(user)
        if password:
            options["password"] = unquote(password)
        if scheme == "rediss":
            options["ssl"] = True
        hosts = tuple(
            _host(one, 26379 if kind == "sentinel" else 6379) for one in listed.split(",")
        )
        names = parts.path.strip("/").split("/")
        if kind == "sentinel":
            if not names[0] or len(names) > 2 or not (names[1:] or ["0"])[0].isdigit():
                raise LinkError("must name the watched server: redis+sentinel://…/<name>[/<db>]")
            if names[1:]:
                options["db"] = int(names[1])
        elif names != [""]:
            raise LinkError("a cluster has no databases: nothing may follow its nodes")
        return cls(kind, url, hosts, names[0], tuple(options.items()))

    def client(self, *, wait_seconds: float = WAIT_SECONDS) -> Client:
        """A pool of connections, none open yet; each call tries once and waits that long at most."""
        waits: dict[str, Any] = {
            "socket_timeout": wait_seconds,
            "socket_connect_timeout": min(CONNECT_SECONDS, wait_seconds * 2),
            "socket_keepalive": True,
            "retry": Retry(NoBackoff(), 0),
        }
        options = dict(self.options)
        if self.kind == "single":
            return Redis.from_url(self.url, **waits)
        if self.kind == "cluster":
            nodes = [ClusterNode(host, port) for host, port in self.hosts]
            return RedisCluster(startup_nodes=nodes, **waits, **options)
        sentinels = Sentinel(list(self.hosts), sentinel_kwargs=waits)  # type: ignore[no-untyped-call]
        master: Redis = sentinels.master_for(self.service, **waits, **options)
        return master

    def listener(self) -> Redis:
        """As `client`, for publish and subscribe: any node of a cluster hears of everything."""
        if self.kind != "cluster":
            client = self.client()
            assert isinstance(client, Redis)
            return client
        host, port = self.hosts[0]
        options: dict[str, Any] = dict(self.options)
        return Redis(
            host=host,
            port=port,
            socket_timeout=WAIT_SECONDS,
            socket_connect_timeout=CONNECT_SECONDS,
            retry=Retry(NoBackoff(), 0),
            **options,
        )


def _host(text: str, default: int) -> tuple[str, int]:
    parts = urlsplit(f"//{text}")
    try:
        host, port = parts.hostname, parts.port
    except ValueError:
        host = port = None
    if not host:
        raise LinkError(f"{text!r} is no host, or host:port")
    return host, port or default
