"""Looks again and again whether those who are connected may still be: expired, signed out, revoked,
or with another role than before. What is decided here acts on live connections within seconds.

Every node asks for one small row per tenant, and looks closer only where that has changed; so what
another node does counts here too, without a message that could be lost.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Final, Protocol, Self

from ..accounts import Accounts
from ..errors import Code, DesignError
from ..policy.rights import Principal
from ..ports import Clock, StoreUnavailable
from .access import Access
from .acts import Acts
from .quotas import Quotas
from .who import Doorkeeper, Visitor

__all__ = ["CLOSE_SIGN_IN", "LOOK_SECONDS", "Guest", "Watch"]

_log = logging.getLogger("coweave.watch")

CLOSE_SIGN_IN: Final = 4401
"""Close code for a connection whose credential does not hold any more."""

LOOK_SECONDS: Final = 1.0
"""Between two looks. With a second of the database's that is well below the five that are promised."""


class Guest(Protocol):
    """A connection of somebody who was let in."""

    @property
    def visitor(self) -> Visitor:
        """As they were let in, or as they were seen last."""
        ...

    async def reconsider(self, principal: Principal) -> None:
        """This is who they are now: take from them what they may not have any more."""
        ...

    def expel(self, error: DesignError) -> None:
        """Close the connection with `CLOSE_SIGN_IN`; `error` says why."""
        ...


class Watch:
    """Those who are connected to this node. As a context it looks after them."""

    def __init__(
        self,
        accounts: Accounts,
        access: Access,
        doorkeeper: Doorkeeper,
        acts: Acts,
        clock: Clock,
        quotas: Quotas | None = None,
    ) -> None:
        self._quotas = quotas
        self._accounts = accounts
        self._doorkeeper = doorkeeper
        self._acts = acts
        self._clock = clock
        self._guests: set[Guest] = set()
        self._seen: Mapping[str, int] = {}
        self._hurry = asyncio.Event()
        self._forget: list[Callable[[str], None]] = [access.forget_tenant, doorkeeper.forget]
        self._tasks = asyncio.TaskGroup()
        self._running: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        await self._tasks.__aenter__()
        self._running = self._tasks.create_task(self._run(), name="watch")
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._running is not None:
            self._running.cancel()
        await self._tasks.__aexit__(None, None, None)  # what ends the context is not its own fault
        await self._acts.flush()

    def enter(self, guest: Guest) -> None:
        """Look after it."""
        self._guests.add(guest)

    def leave(self, guest: Guest) -> None:
        """It has gone by itself."""
        self._guests.discard(guest)

    def count(self, tenant: str, id: str | None = None) -> int:
        """How many connections a tenant has here, or one of its people."""
        principals = (guest.visitor.principal for guest in self._guests)
        return sum(
            1 for each in principals if each.tenant == tenant and (id is None or each.id == id)
        )

    def also(self, forget: Callable[[str], None]) -> None:
        """Call it with each tenant of which something has changed."""
        self._forget.append(forget)

    async def require_seat(self, tenant: str) -> None:
        """One more connection of a tenant. Raises: DesignError(QUOTA, UNAVAILABLE)."""
        if self._quotas is not None:
            try:
                await self._quotas.require(tenant, "connections", self.count(tenant))
            except StoreUnavailable:
                message = "The storage does not answer just now"
                raise DesignError(Code.UNAVAILABLE, message) from None

    def hurry(self) -> None:
        """Something was changed by this node: look now."""
        self._hurry.set()

    async def look(self) -> None:
        """Look once. Raises: `StoreUnavailable`: what cannot be known stays as it is."""
        now = self._clock()
        for guest in tuple(self._guests):
            expires = guest.visitor.credential.expires_at
            if expires is not None and expires <= now:
                self._expel(guest, "Your sign-in has expired")
        changes = await self._accounts.changes()
        before, self._seen = self._seen, changes
        changed = {tenant for tenant, number in changes.items() if before.get(tenant) != number}
        for tenant in changed:
            for forget in self._forget:
                forget(tenant)
        try:
            for guest in tuple(self._guests):
                if guest.visitor.principal.tenant in changed:
                    await self._look_at(guest)
        except StoreUnavailable:
            self._seen = before  # not all were looked at: next time again
            raise

    async def _look_at(self, guest: Guest) -> None:
        principal = await self._doorkeeper.again(guest.visitor)
        if principal is None:
            self._expel(guest, "Your sign-in does not hold any more")
        else:
            await guest.reconsider(principal)

    def _expel(self, guest: Guest, message: str) -> None:
        self.leave(guest)
        guest.expel(DesignError(Code.SIGN_IN, message))

    async def _run(self) -> None:
        while True:
            try:
                async with asyncio.timeout(LOOK_SECONDS):
                    await self._hurry.wait()
            except TimeoutError:
                pass
            self._hurry.clear()
            try:
                await self.look()
                await self._acts.flush()
            except StoreUnavailable:
                continue
            except Exception:
                _log.exception("a look at those who are connected failed")
