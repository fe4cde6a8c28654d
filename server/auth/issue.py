"""Makes service tokens."""

from __future__ import annotations

from typing import Final

from ..accounts import Token
from ..document.model import is_id
from ..errors import Code, DesignError
from ..policy.rights import Right
from ..policy.roles import Role
from .secret import TokenSecret, hashed, new_secret, new_token_id

__all__ = ["MAX_TOKEN_DAYS", "new_token"]

MAX_TOKEN_DAYS: Final = 366
_DAY_MS: Final = 86_400_000
_MAX_NAME: Final = 64
_MAX_SCOPES: Final = 50
_TENANT_SCOPES: Final = frozenset({str(Right.CREATE), str(Right.AUDIT)})


def new_token(
    tenant: str, name: object, scopes: object, days: object, by: str, now: int
) -> tuple[Token, TokenSecret]:
    """A token and its secret, which nobody is told again.

    Args: by: the opaque id of whoever makes it, or "". now: ms since 1970.
    Raises: DesignError(MESSAGE_BADLY_FORMED) for what cannot be one.
    """
    if type(name) is not str or not 0 < len(name.strip()) <= _MAX_NAME or not name.isprintable():
        raise _malformed(f"`name` must have 1 to {_MAX_NAME} printable characters")
    if type(days) is not int or not 1 <= days <= MAX_TOKEN_DAYS:
        raise _malformed(f"`days` must be a whole number from 1 to {MAX_TOKEN_DAYS}")
    if type(scopes) is not list or not 1 <= len(scopes) <= _MAX_SCOPES:
        raise _malformed(f"`scopes` must be a list of 1 to {_MAX_SCOPES}")
    if not all(type(scope) is str and _is_scope(scope) for scope in scopes):
        raise _malformed("A scope is create, audit, <role>:* or <role>:<design>")
    secret = TokenSecret(tenant, new_token_id(), new_secret())
    token = Token(
        id=secret.id,
        name=name.strip(),
        hash=hashed(secret.secret),
        scopes=frozenset(scopes),
        created_by=by,
        created_at=now,
        expires_at=now + days * _DAY_MS,
    )
    return token, secret


def _is_scope(scope: str) -> bool:
    role, _, design = scope.partition(":")
    return scope in _TENANT_SCOPES or (role in list(Role) and (design == "*" or is_id(design)))


def _malformed(message: str) -> DesignError:
    return DesignError(Code.MESSAGE_BADLY_FORMED, message)
