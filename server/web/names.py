"""Names of people by their opaque ids, remembered: whoever is connected here is known already."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from ..policy.rights import Principal
from ..ports import People, StoreUnavailable

__all__ = ["Names"]

_MAX_KNOWN: Final = 10_000


class Names:
    """Asks the store for each person once, and anew when something about people has changed."""

    def __init__(self, people: People) -> None:
        self._people = people
        self._known: dict[tuple[str, str], str] = {}

    def learn(self, principal: Principal) -> None:
        """Somebody who is here."""
        self._remember(principal.tenant, principal.id, principal.name)

    def known(self, tenant: str, id: str) -> str | None:
        """The name, if the store need not be asked."""
        return self._known.get((tenant, id))

    def forget(self, tenant: str, id: str) -> None:
        """It was erased."""
        self._known.pop((tenant, id), None)

    def forget_tenant(self, tenant: str) -> None:
        """Somebody of this tenant may have been erased."""
        for key in [key for key in self._known if key[0] == tenant]:
            del self._known[key]

    async def find(self, tenant: str, ids: Iterable[str]) -> dict[str, str]:
        """The names of `ids`; "" for people who are unknown, or while the store is away."""
        ids = set(ids)
        missing = [id for id in ids if (tenant, id) not in self._known]
        if missing:
            try:
                found = await self._people.get(tenant, missing)
            except StoreUnavailable:
                found = {}
            for id, person in found.items():
                self._remember(tenant, id, person.name)
        return {id: self._known.get((tenant, id), "") for id in ids}

    def _remember(self, tenant: str, id: str, name: str) -> None:
        if len(self._known) >= _MAX_KNOWN:
            self._known.clear()
        self._known[tenant, id] = name
