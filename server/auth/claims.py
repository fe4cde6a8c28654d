"""What a verified token says of somebody. Pure.

The names of the claims are the operator's to choose; a dot leads inside (`realm_access.roles`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from ..errors import Code, DesignError
from .secret import TENANT_ID

__all__ = ["DEFAULT_TENANT", "ClaimNames", "Identity", "identity_of"]

DEFAULT_TENANT: Final = "default"
_MAX_NAME: Final = 64
_MAX_SUBJECT: Final = 255  # OpenID Connect Core 2
_MAX_GROUPS: Final = 200
_MAX_GROUP: Final = 128


@dataclass(frozen=True, slots=True)
class ClaimNames:
    """Which claims to read. Without a tenant claim everybody is of the tenant `default`."""

    name: str = "name"
    groups: str = "groups"
    tenant: str | None = None


@dataclass(frozen=True, slots=True)
class Identity:
    """Somebody as the identity provider knows them.

    `issued_at` and `expires_at` are of the token, in ms since 1970.
    """

    issuer: str
    subject: str
    tenant: str
    name: str
    groups: frozenset[str]
    issued_at: int
    expires_at: int


def identity_of(claims: Mapping[str, Any], names: ClaimNames) -> Identity:
    """Whom `claims`, which were verified, speak of.

    Raises: DesignError(SIGN_IN) where something that is needed is missing or cannot be used.
    """
    subject = claims.get("sub")
    if not _is_text(subject, _MAX_SUBJECT):
        raise _unusable("sub")
    tenant: object = DEFAULT_TENANT
    if names.tenant is not None:
        tenant = _claim(claims, names.tenant)
        if not isinstance(tenant, str) or not TENANT_ID.fullmatch(tenant):
            raise _unusable(names.tenant)
    return Identity(
        issuer=str(claims["iss"]),
        subject=str(subject),
        tenant=str(tenant),
        name=_name(claims, names),
        groups=_groups(_claim(claims, names.groups)),
        issued_at=_milliseconds(claims, "iat"),
        expires_at=_milliseconds(claims, "exp"),
    )


def _name(claims: Mapping[str, Any], names: ClaimNames) -> str:
    """Something to show; a name is never a reason to let nobody in."""
    for each in (names.name, "name", "preferred_username", "email"):
        value = _claim(claims, each)
        if isinstance(value, str):
            shown = " ".join("".join(c for c in value if c.isprintable()).split())[:_MAX_NAME]
            if shown:
                return shown
    return "Somebody"


def _groups(value: object) -> frozenset[str]:
    """Those that can be used; too many are a fault of the provider's set-up, and none count then."""
    given = value if isinstance(value, list) else [value] if isinstance(value, str) else []
    if len(given) > _MAX_GROUPS:
        return frozenset()
    return frozenset(each for each in given if _is_text(each, _MAX_GROUP))


def _claim(claims: Mapping[str, Any], path: str) -> object:
    if path in claims:  # a name may have dots of its own: https://example.com/groups
        return claims[path]
    value: object = claims
    for step in path.split("."):
        value = value.get(step) if isinstance(value, Mapping) else None
    return value


def _is_text(value: object, most: int) -> bool:
    return isinstance(value, str) and 0 < len(value) <= most and value.isprintable()


def _milliseconds(claims: Mapping[str, Any], name: str) -> int:
    value = claims.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 2**40:
        raise _unusable(name)
    return int(value * 1_000)


def _unusable(claim: str) -> DesignError:
    return DesignError(Code.SIGN_IN, f"The identity provider's token has no usable claim {claim!r}")
