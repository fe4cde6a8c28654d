"""Who is behind a request.

Development mode: whoever says so in `?user=`, else in the cookie `coweave_user`, else "Local user".
Otherwise nobody is let in: this version has no way to sign in.
"""

from __future__ import annotations

from typing import Final
from urllib.parse import unquote

from starlette.requests import HTTPConnection

from ..errors import Code, DesignError
from ..policy.rights import Principal
from ..ports import People, StoreUnavailable
from .budget import Budget

__all__ = ["COOKIE", "MAX_USER_NAME", "TENANT", "Doorkeeper"]

COOKIE: Final = "coweave_user"
TENANT: Final = "default"
MAX_USER_NAME: Final = 64
_NOBODY: Final = "Local user"


class Doorkeeper:
    """Finds the principal of a request or a handshake."""

    def __init__(
        self,
        people: People,
        *,
        development: bool,
        admins: tuple[str, ...] = (),
        budget: Budget | None = None,
    ) -> None:
        """`budget`: of each person's requests over HTTP."""
        self._budget = budget
        self._people = people
        self._development = development
        self._admins = frozenset(admins)

    @property
    def is_development(self) -> bool:
        """Whether people are believed who they say they are."""
        return self._development

    async def principal(self, connection: HTTPConnection) -> Principal:
        """Raises DesignError: FORBIDDEN, a name that cannot be one, RATE or UNAVAILABLE."""
        if not self._development:
            raise DesignError(
                Code.FORBIDDEN,
                "Nobody can sign in here yet: this server does not run in development mode",
            )
        given = connection.query_params.get("user")
        if given is None:
            given = unquote(connection.cookies.get(COOKIE, ""))
        name = " ".join(given.split()) or _NOBODY
        if len(name) > MAX_USER_NAME or not name.isprintable():
            raise DesignError(
                Code.MESSAGE_BADLY_FORMED,
                f"A user's name has at most {MAX_USER_NAME} printable characters",
            )
        try:
            person = await self._people.named(TENANT, name)
        except StoreUnavailable:
            raise DesignError(Code.UNAVAILABLE, "The storage does not answer just now") from None
        if self._budget is not None and connection.scope["type"] == "http":
            await self._budget.admit(f"{TENANT}/{person.id}")
        is_admin = not self._admins or name in self._admins
        return Principal(TENANT, person.id, person.name, is_admin=is_admin)
