"""Credentials that this server gives out: service tokens and the cookies of browser sessions.

    cwt.<tenant>.<id>.<secret>      a service token, in `Authorization: Bearer`
    <tenant>.<secret>               a session, in a cookie

A secret has 256 random bits, so its plain SHA-256 is as good as a slow hash: nobody can try them
all. Only that is kept.
"""

from __future__ import annotations

import re
import secrets
from hashlib import sha256
from typing import Final, NamedTuple

__all__ = [
    "TENANT_ID",
    "SessionSecret",
    "TokenSecret",
    "hashed",
    "new_secret",
    "new_token_id",
    "parse_session",
    "parse_token",
]

TENANT_ID: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,39}", re.ASCII)
"""What a tenant may be called: it stands in keys, cookies and tokens."""

_SECRET: Final = r"[A-Za-z0-9_-]{43}"
_SESSION: Final = re.compile(rf"({TENANT_ID.pattern})\.({_SECRET})", re.ASCII)
_TOKEN: Final = re.compile(rf"cwt\.({TENANT_ID.pattern})\.(t[0-9a-f]{{16}})\.({_SECRET})", re.ASCII)


class SessionSecret(NamedTuple):
    """What a session's cookie says."""

    tenant: str
    secret: str

    def __str__(self) -> str:
        return f"{self.tenant}.{self.secret}"


class TokenSecret(NamedTuple):
    """What a service token says."""

    tenant: str
    id: str
    secret: str

    def __str__(self) -> str:
        return f"cwt.{self.tenant}.{self.id}.{self.secret}"


def new_secret() -> str:
    """256 random bits."""
    return secrets.token_urlsafe(32)


def new_token_id() -> str:
    """The public name of a token; it is the author of what is done with it."""
    return "t" + secrets.token_hex(8)


def hashed(secret: str) -> bytes:
    """What is kept of a secret."""
    return sha256(secret.encode()).digest()


def parse_session(cookie: str) -> SessionSecret | None:
    """None: it is not of that form."""
    found = _SESSION.fullmatch(cookie)
    return None if found is None else SessionSecret(*found.groups())


def parse_token(text: str) -> TokenSecret | None:
    """None: it is not of that form."""
    found = _TOKEN.fullmatch(text)
    return None if found is None else TokenSecret(*found.groups())
