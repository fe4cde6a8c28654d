"""How much a tenant may have, where somebody has set it a limit (`coweave tenant quota`)."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Final

from ..accounts import Tenants
from ..errors import Code, DesignError

__all__ = ["Quotas"]

_KNOWN_SECONDS: Final = 30.0
"""Bytes are counted by reading all that is stored; so a tenant may exceed them for so long."""

_WHAT: Final = {
    "designs": "designs",
    "bytes": "bytes of stored edits",
    "connections": "connections",
}


class Quotas:
    """Remembers the limits of each tenant, and how much there was of what is limited."""

    def __init__(self, tenants: Tenants) -> None:
        self._tenants = tenants
        self._limits: dict[str, Mapping[str, int]] = {}
        self._used: dict[tuple[str, str], tuple[int, float]] = {}

    async def require(self, tenant: str, name: str, used: int | None = None) -> None:
        """Room for one more. Raises: DesignError(QUOTA); `StoreUnavailable`.

        Args: used: how much there is, where the caller knows that best.
        """
        limits = self._limits.get(tenant)
        if limits is None:
            row = await self._tenants.get(tenant)
            limits = self._limits[tenant] = {} if row is None else row.quotas
        most = limits.get(name)
        if most is None:
            return
        if used is None:
            used = await self._count(tenant, name)
        if used >= most:
            raise DesignError(
                Code.QUOTA,
                f"Your organisation may have {most:,} {_WHAT[name]}, and has them",
                quota=name,
                limit=most,
            )

    def forget(self, tenant: str) -> None:
        """Something about the tenant was changed."""
        self._limits.pop(tenant, None)
        for name in _WHAT:
            self._used.pop((tenant, name), None)

    async def _count(self, tenant: str, name: str) -> int:
        now = time.monotonic()
        known = self._used.get((tenant, name))
        if known is not None and now - known[1] < _KNOWN_SECONDS and name == "bytes":
            return known[0]
        used = (await self._tenants.used(tenant, [name])).get(name, 0)
        self._used[tenant, name] = used, now
        return used
