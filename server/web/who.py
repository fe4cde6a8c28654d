"""Who is behind a request, and whether what lets them in still holds.

In this order: a service token or a provider's token in `Authorization: Bearer`; a browser's session
in a cookie; in development mode whoever says so in `?user=`, else in the cookie `coweave_user`, else
"Local user". A credential that does not hold is refused, never passed over for a weaker one.
"""

from __future__ import annotations

import hmac
import time
from collections import OrderedDict
from dataclasses import dataclass, replace
from enum import StrEnum
from hashlib import sha256
from typing import Final
from urllib.parse import unquote

from starlette.requests import HTTPConnection

from ..accounts import Accounts, Member, Tokens
from ..auth.bearer import verified
from ..auth.claims import DEFAULT_TENANT, ClaimNames, Identity, identity_of
from ..auth.provider import Provider
from ..auth.secret import hashed, parse_session, parse_token
from ..errors import Code, DesignError
from ..policy.rights import Kind, Principal
from ..ports import Clock, People, StoreUnavailable
from .acts import origin
from .budget import Budget

__all__ = [
    "COOKIE",
    "CSRF_HEADER",
    "MAX_USER_NAME",
    "TENANT",
    "Credential",
    "Doorkeeper",
    "Doors",
    "Means",
    "Visitor",
    "session_cookie",
]

COOKIE: Final = "coweave_user"
CSRF_HEADER: Final = "x-coweave"
TENANT: Final = DEFAULT_TENANT
MAX_USER_NAME: Final = 64
_NOBODY: Final = "Local user"
_SAFE_METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS"})
_KNOWN_SECONDS: Final = 30.0
"""A provider's token that was verified is not verified again for so long, nor its person looked up."""
_MAX_KNOWN: Final = 1_000
_USED_MS: Final = 600_000
"""How exactly it is noted when a service token was used."""


class Means(StrEnum):
    """What lets somebody in."""

    DEVELOPMENT = "development"
    SESSION = "session"
    TOKEN = "token"  # a service token
    BEARER = "bearer"  # a provider's token


@dataclass(frozen=True, slots=True)
class Credential:
    """What let somebody in: enough to look again whether it holds, and nothing to get in with.

    Args:
        key: the session's hash, or the service token's id.
        issued_at, expires_at: ms since 1970; None: never.
    """

    means: Means
    key: bytes = b""
    issued_at: int = 0
    expires_at: int | None = None


@dataclass(frozen=True, slots=True)
class Visitor:
    """Somebody who was let in."""

    principal: Principal
    credential: Credential


def session_cookie(secure: bool) -> str:
    """The session cookie's name. `__Host-`: no other host, and nothing without TLS, can set it."""
    return "__Host-coweave" if secure else "coweave_session"


@dataclass(frozen=True, slots=True)
class Doors:
    """How people may come in.

    Args:
        admins: subjects, or "group:<name>"; in development mode names (none: everybody).
        secure: whether browsers reach this server by TLS.
        audience: that provider's tokens must be meant for.
        failures_per_minute: credentials of one address that do not hold.
    """

    development: bool
    admins: frozenset[str] = frozenset()
    secure: bool = True
    provider: Provider | None = None
    audience: str = ""
    claims: ClaimNames = ClaimNames()
    failures_per_minute: int = 30


class Doorkeeper:
    """Finds the visitor behind a request or a handshake."""

    def __init__(
        self,
        doors: Doors,
        people: People,
        accounts: Accounts,
        tokens: Tokens,
        clock: Clock,
        *,
        budget: Budget | None = None,
    ) -> None:
        """Args: budget: of each person's requests over HTTP."""
        self._doors = doors
        self._budget = budget
        self._people = people
        self._accounts = accounts
        self._tokens = tokens
        self._clock = clock
        self._cookie = session_cookie(doors.secure)
        per_minute = doors.failures_per_minute
        self._failures = Budget(per_minute / 60, per_minute)
        self._known: OrderedDict[bytes, tuple[Visitor, float]] = OrderedDict()

    @property
    def is_development(self) -> bool:
        """Whether people are believed who they say they are."""
        return self._doors.development

    @property
    def can_sign_in(self) -> bool:
        """Whether there is an identity provider."""
        return self._doors.provider is not None

    async def principal(self, connection: HTTPConnection) -> Principal:
        """Raises: as `visitor`."""
        return (await self.visitor(connection)).principal

    async def visitor(self, connection: HTTPConnection) -> Visitor:
        """Raises DesignError: SIGN_IN (nobody, or a credential that does not hold), RATE after too
        many of those, FORBIDDEN (blocked, or a page of another site), a name that cannot be one, or
        UNAVAILABLE.
        """
        try:
            visitor = await self._visitor(connection)
        except DesignError as error:
            if error.code is Code.SIGN_IN and "authorization" in connection.headers:
                self._note_failure()
            raise
        except StoreUnavailable:
            raise DesignError(Code.UNAVAILABLE, "The storage does not answer just now") from None
        if self._budget is not None and connection.scope["type"] == "http":
            await self._budget.admit(f"{visitor.principal.tenant}/{visitor.principal.id}")
        return visitor

    def _note_failure(self) -> None:
        """Whoever holds a good credential is never kept out by others behind the same address.

        Raises: DesignError(RATE) where too many were tried.
        """
        address = origin().address or ""
        if self._failures.is_spent(address):
            raise DesignError(Code.RATE, "Too many attempts: wait a minute, and try again")
        self._failures.count(address)

    async def again(self, visitor: Visitor) -> Principal | None:
        """The same visitor now, as a live connection must see it; None: let in no more.

        Raises: `StoreUnavailable`.
        """
        credential, principal = visitor.credential, visitor.principal
        if credential.expires_at is not None and credential.expires_at <= self._clock():
            return None
        match credential.means:
            case Means.DEVELOPMENT:
                return principal
            case Means.TOKEN:
                token = await self._tokens.get(principal.tenant, principal.id)
                if token is None or token.revoked_at is not None:
                    return None
                return replace(principal, scopes=token.scopes)
            case Means.SESSION:
                if await self._accounts.session(principal.tenant, credential.key) is None:
                    return None
            case Means.BEARER:
                self._known.pop(credential.key, None)
        member = await self._accounts.member(principal.tenant, principal.id)
        if member is None or not _is_welcome(member, credential.issued_at):
            return None
        return replace(principal, is_admin=self._is_admin(member, principal.groups))

    def forget(self, tenant: str) -> None:
        """Something about people of this tenant was changed."""
        for key in [k for k, (v, _) in self._known.items() if v.principal.tenant == tenant]:
            del self._known[key]

    # -- the ways in -------------------------------------------------------------------------------

    async def _visitor(self, connection: HTTPConnection) -> Visitor:
        given = connection.headers.getlist("authorization")
        if given:
            kind, _, token = given[0].partition(" ")
            if len(given) > 1 or kind.lower() != "bearer" or not token:
                raise _refused("Send one header `Authorization: Bearer <token>`")
            if token.startswith("cwt."):
                return await self._by_service_token(token)
            return await self._by_bearer(token)
        cookie = connection.cookies.get(self._cookie)
        if cookie is not None:
            visitor = await self._by_session(cookie)
            if connection.scope["type"] == "http":
                _require_intent(connection)
            return visitor
        if self._doors.development:
            return await self._by_name(connection)
        raise DesignError(Code.SIGN_IN, "Sign in first", signIn=self._sign_in)

    @property
    def _sign_in(self) -> str | None:
        return "/auth/login" if self.can_sign_in else None

    async def _by_service_token(self, text: str) -> Visitor:
        parsed = parse_token(text)
        token = None if parsed is None else await self._tokens.get(parsed.tenant, parsed.id)
        if parsed is None or token is None:
            raise _refused("The token does not hold")
        now = self._clock()
        if not hmac.compare_digest(token.hash, hashed(parsed.secret)):
            raise _refused("The token does not hold")
        if token.revoked_at is not None:
            raise _refused("The token was revoked")
        if token.expires_at <= now:
            raise _refused("The token has expired")
        if token.used_at is None or now - token.used_at > _USED_MS:
            await self._tokens.used(parsed.tenant, token.id, now)
        principal = Principal(parsed.tenant, token.id, token.name, Kind.TOKEN, scopes=token.scopes)
        return Visitor(
            principal, Credential(Means.TOKEN, token.hash, token.created_at, token.expires_at)
        )

    async def _by_bearer(self, text: str) -> Visitor:
        provider = self._doors.provider
        if provider is None:
            raise _refused("The token does not hold: this server has no identity provider")
        key = sha256(text.encode()).digest()
        known = self._known.get(key)
        if known is not None and time.monotonic() - known[1] < _KNOWN_SECONDS:
            expires = known[0].credential.expires_at
            if expires is None or expires > self._clock():
                return known[0]
        claims = await verified(provider, text, self._doors.audience)
        identity = identity_of(claims, self._doors.claims)
        member = await self.enter(identity)
        credential = Credential(Means.BEARER, key, identity.issued_at, identity.expires_at)
        person = self._person(identity.tenant, member, identity.groups)
        visitor = Visitor(person, credential)
        self._known[key] = visitor, time.monotonic()
        if len(self._known) > _MAX_KNOWN:
            self._known.popitem(last=False)
        return visitor

    async def _by_session(self, cookie: str) -> Visitor:
        parsed = parse_session(cookie)
        session = None
        if parsed is not None:
            key = hashed(parsed.secret)
            session = await self._accounts.session(parsed.tenant, key)
        if parsed is None or session is None or session.expires_at <= self._clock():
            raise _refused("You are signed in no more", signIn=self._sign_in)
        member = await self._accounts.member(parsed.tenant, session.person)
        if member is None or not _is_welcome(member, session.created_at):
            raise _refused("You are signed in no more", signIn=self._sign_in)
        credential = Credential(Means.SESSION, session.hash, session.created_at, session.expires_at)
        principal = self._person(parsed.tenant, member, session.groups)
        return Visitor(principal, credential)

    async def _by_name(self, connection: HTTPConnection) -> Visitor:
        given = connection.query_params.get("user")
        if given is None:
            given = unquote(connection.cookies.get(COOKIE, ""))
        name = " ".join(given.split()) or _NOBODY
        if len(name) > MAX_USER_NAME or not name.isprintable():
            raise DesignError(
                Code.MESSAGE_BADLY_FORMED,
                f"A user's name has at most {MAX_USER_NAME} printable characters",
            )
        person = await self._people.named(TENANT, name)
        is_admin = not self._doors.admins or name in self._doors.admins
        principal = Principal(TENANT, person.id, person.name, is_admin=is_admin)
        return Visitor(principal, Credential(Means.DEVELOPMENT))

    async def enter(self, identity: Identity, *, is_fresh: bool = False) -> Member:
        """The member that an identity is, made at their first sign-in.

        Args: is_fresh: they have come from the provider just now, whatever its clock says.
        Raises: DesignError(FORBIDDEN) where they or their tenant are let in no more; SIGN_IN for
            what was issued before they were signed out.
        """
        member = await self._accounts.signed_in(
            identity.tenant, identity.issuer, identity.subject, identity.name, self._clock()
        )
        if member is None:
            raise DesignError(Code.FORBIDDEN, "Your organisation is not known here")
        if member.blocked_at is not None:
            raise DesignError(Code.FORBIDDEN, "An administrator has closed your access")
        if not is_fresh and identity.issued_at < member.signed_out_at:
            raise _refused("The token does not hold: its owner was signed out since")
        if not member.is_admin and identity.subject in self._doors.admins:
            await self._accounts.set_admin(identity.tenant, member.id, True)
            member = replace(member, is_admin=True)
        return member

    def _person(self, tenant: str, member: Member, groups: frozenset[str]) -> Principal:
        is_admin = self._is_admin(member, groups)
        return Principal(tenant, member.id, member.name, groups=groups, is_admin=is_admin)

    def _is_admin(self, member: Member, groups: frozenset[str]) -> bool:
        """Administrators by a group are so as long as the provider says that they are of it."""
        named = (f"group:{group}" for group in groups)
        return member.is_admin or not self._doors.admins.isdisjoint(named)


def _is_welcome(member: Member, issued_at: int) -> bool:
    return member.blocked_at is None and issued_at >= member.signed_out_at


def _require_intent(connection: HTTPConnection) -> None:
    """A page of another site can make a browser send its cookie, but not this header (CSRF).

    The gate has refused foreign origins before; this holds where a browser sends none.
    """
    if connection.scope["method"] not in _SAFE_METHODS and CSRF_HEADER not in connection.headers:
        raise DesignError(
            Code.FORBIDDEN, f"Send the header {CSRF_HEADER} with what changes anything"
        )


def _refused(message: str, **details: str | None) -> DesignError:
    return DesignError(Code.SIGN_IN, message, **details)
