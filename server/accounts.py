"""What the server needs from outside to know people: who they are, what they were given, what lets
them in. Ports, as in `ports.py`; each call raises `StoreUnavailable` where it cannot answer.

Whatever is changed here counts up the tenant's number of changes, in the same transaction: so a
node finds out with one small question that it has to look again (`Accounts.changes`).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from .policy.rights import Principal
from .policy.roles import Grant
from .ports import Person

__all__ = [
    "Accounts",
    "Grants",
    "LastOwner",
    "Member",
    "Session",
    "Tenant",
    "Tenants",
    "Token",
    "Tokens",
]


class LastOwner(Exception):
    """The design would be left without an owner; nothing was changed."""


class Grants(Protocol):
    """The roles that were given on designs."""

    async def of_design(self, tenant: str, design: str) -> list[Grant]:
        """All on one design."""
        ...

    async def of_principal(self, principal: Principal) -> list[Grant]:
        """All that are meant for somebody, on any design: theirs, their groups', everyone's."""
        ...

    async def put(self, tenant: str, grant: Grant, by: str, at: int) -> None:
        """Give a role, in the place of what this subject had there. Raises `LastOwner`."""
        ...

    async def remove(self, tenant: str, grant: Grant) -> bool:
        """Take what this subject has there, whatever role. False: it had none. Raises `LastOwner`."""
        ...


@dataclass(frozen=True, slots=True)
class Member:
    """A person of a tenant. Times in ms; None: never.

    Args:
        signed_out_at: credentials that were made before it do not hold.
    """

    id: str
    name: str
    is_admin: bool
    joined_at: int
    seen_at: int
    blocked_at: int | None = None
    signed_out_at: int = 0


@dataclass(frozen=True, slots=True)
class Session:
    """A browser that has signed in. `hash` is SHA-256 of the id that only the browser knows."""

    tenant: str
    hash: bytes
    person: str
    groups: frozenset[str]
    created_at: int
    expires_at: int
    address: str = ""


class Accounts(Protocol):
    """People of a tenant and the browsers that they are signed in with."""

    async def signed_in(
        self, tenant: str, issuer: str, subject: str, name: str, at: int
    ) -> Member | None:
        """The person whom an identity provider calls `subject`, entered if they are new.

        Takes over the name. None: there is no such tenant, or it is disabled.
        """
        ...

    async def member(self, tenant: str, id: str) -> Member | None:
        """One person."""
        ...

    async def members(self, tenant: str) -> list[Member]:
        """All who have signed in once, by name."""
        ...

    async def people(self, tenant: str) -> list[Person]:
        """At most 1,000 who have a name here and are not blocked, by name; no tokens."""
        ...

    async def set_admin(self, tenant: str, id: str, is_admin: bool) -> bool:
        """Whether they administer the tenant. False: there is no such person."""
        ...

    async def set_blocked(self, tenant: str, id: str, at: int | None) -> bool:
        """Let them in no more (`at`), or again (None)."""
        ...

    async def sign_out(self, tenant: str, id: str, at: int) -> bool:
        """End all their sessions, and take nothing that was issued before `at`."""
        ...

    async def erase(self, tenant: str, id: str, at: int) -> bool:
        """Forget the person's name and who they are at the provider; end and take all they have.

        What they did stays, under an id that says nothing.
        """
        ...

    async def open_session(self, session: Session) -> None:
        """Keep it until it expires."""
        ...

    async def session(self, tenant: str, hash: bytes) -> Session | None:
        """None: it was ended. Expired ones may still be there."""
        ...

    async def end_session(self, tenant: str, hash: bytes) -> bool:
        """It holds no more."""
        ...

    async def changes(self) -> Mapping[str, int]:
        """How often something was changed, by tenant."""
        ...


@dataclass(frozen=True, slots=True)
class Token:
    """A service token; of its secret only the hash is known. Times in ms.

    `scopes`: see `policy.roles` and `policy.decision`.
    """

    id: str
    name: str
    hash: bytes
    scopes: frozenset[str]
    created_by: str
    created_at: int
    expires_at: int
    used_at: int | None = None
    revoked_at: int | None = None


class Tokens(Protocol):
    """Service tokens of a tenant."""

    async def add(self, tenant: str, token: Token) -> None:
        """Keep it."""
        ...

    async def get(self, tenant: str, id: str) -> Token | None:
        """Also one that is revoked or has expired. None where the tenant is disabled."""
        ...

    async def list(self, tenant: str) -> list[Token]:
        """The newest first."""
        ...

    async def revoke(self, tenant: str, id: str, at: int) -> bool:
        """It holds no more. False: there is none, or it was revoked before."""
        ...

    async def used(self, tenant: str, id: str, at: int) -> None:
        """Note that it was used; need not be exact."""
        ...


@dataclass(frozen=True, slots=True)
class Tenant:
    """An organisation. `quotas` by name; what is not named is not limited."""

    id: str
    name: str
    created_at: int
    disabled_at: int | None = None
    quotas: Mapping[str, int] = field(default_factory=dict)


class Tenants(Protocol):
    """All tenants of the installation."""

    async def add(self, tenant: Tenant) -> bool:
        """False: there is one of that id."""
        ...

    async def get(self, id: str) -> Tenant | None:
        """One of them, disabled or not."""
        ...

    async def list(self) -> list[Tenant]:
        """All, by id."""
        ...

    async def set_disabled(self, id: str, at: int | None) -> bool:
        """Let nobody of it in (`at`), or let them in again (None)."""
        ...

    async def set_quotas(self, id: str, quotas: Mapping[str, int]) -> bool:
        """From now on these."""
        ...

    async def used(self, id: str, names: Collection[str]) -> Mapping[str, int]:
        """How much of "designs" and "bytes" there is. Counting bytes reads all that is stored."""
        ...
