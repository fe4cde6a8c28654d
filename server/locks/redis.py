"""Write locks in Redis: what several nodes need (DESIGN 5).

Redis decides who goes first, never who is right: the commit does that. So whatever happens to Redis
costs waiting or a second try, and no edit. A call that cannot be answered raises; the room goes on
without locks.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Awaitable, Sequence
from hashlib import sha1
from importlib.resources import files
from itertools import chain
from typing import Any, Final, cast

from redis.exceptions import NoScriptError

from ..ports import DocumentId, LocksUnavailable
from ..redis.breaker import Breaker
from ..redis.link import AWAY, Link
from .keys import lock_keys, plain

__all__ = ["TTL_MS", "RedisLocks"]

TTL_MS: Final = 2_000
"""A lock outlives its holder by this at most; a batch takes milliseconds. One that takes longer
loses its locks, and nothing else: the commit finds out what others did meanwhile."""

_log = logging.getLogger("coweave.locks")


class _Script:
    """A Lua script by its name in scripts/."""

    def __init__(self, name: str) -> None:
        self.text = files(__package__).joinpath("scripts", f"{name}.lua").read_text("utf-8")
        self.hash = sha1(self.text.encode(), usedforsecurity=False).hexdigest()


_ACQUIRE = _Script("acquire")
_RELEASE = _Script("release")


class RedisLocks:
    """The port `Locks` on Redis: one round trip to take a batch's locks, one to give them back.

    Each taking has a value of its own, which is compared for giving back; so a release that comes
    late never takes away what was taken again since.
    """

    def __init__(self, link: Link, *, ttl_ms: int = TTL_MS) -> None:
        self._client = link.client()
        self._ttl_ms = ttl_ms
        self._breaker = Breaker()
        self._taken: dict[tuple[DocumentId, str], str] = {}
        self._taking = 0

    async def close(self) -> None:
        await self._client.aclose()

    async def acquire(
        self, document: DocumentId, groups: Sequence[frozenset[str]], owner: str
    ) -> list[bool]:
        """As the port says; where Redis did not answer lately, it raises at once."""
        keys = lock_keys(document, frozenset().union(*groups))
        if not keys:
            return [True] * len(groups)
        self._taking += 1
        start = f"{plain(owner)}:"
        value = f"{start}{self._taking}"
        number = {element: place for place, element in enumerate(keys, 1)}
        asked = chain.from_iterable((len(group), *(number[e] for e in group)) for group in groups)
        answer = await self._run(_ACQUIRE, [*keys.values()], [start, value, self._ttl_ms, *asked])
        granted = [flag == 1 for flag in answer]
        for group, is_granted in zip(groups, granted, strict=True):
            if is_granted:
                self._taken.update(dict.fromkeys(((document, element) for element in group), value))
        return granted

    async def release(self, document: DocumentId, elements: frozenset[str], owner: str) -> None:
        """As the port says. What Redis does not hear of expires."""
        start = f"{plain(owner)}:"
        mine: dict[str, str] = {}
        for element, key in lock_keys(document, elements).items():
            value = self._taken.get((document, element), "")
            if value.startswith(start):
                del self._taken[document, element]
                mine[key] = value
        if mine:
            await self._run(_RELEASE, [*mine], [*mine.values()])

    async def _run(self, script: _Script, keys: list[str], arguments: list[Any]) -> Any:
        if not self._breaker.allows(time.monotonic()):
            raise LocksUnavailable("Redis did not answer a moment ago")
        command = [len(keys), *keys, *arguments]
        try:
            try:
                answer = await self._call("EVALSHA", script.hash, *command)
            except NoScriptError:  # Redis was restarted, or is another one now
                answer = await self._call("EVAL", script.text, *command)
        except AWAY as error:
            if self._breaker.failed(time.monotonic()):
                _log.warning("no locks from Redis, edits go on without: %r", error)
            raise LocksUnavailable(f"Redis cannot lock now: {error!r}") from error
        if self._breaker.answered():
            _log.info("Redis gives locks again")
        return answer

    async def _call(self, *command: Any) -> Any:
        return await cast(Awaitable[Any], self._client.execute_command(*command))
