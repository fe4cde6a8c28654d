"""Verifies a provider's signed tokens (RFC 7519, 8725): every one that does not hold is answered alike."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import jwt

from ..errors import Code, DesignError
from .provider import ALGORITHMS, Provider

__all__ = ["LEEWAY_SECONDS", "MAX_TOKEN_BYTES", "verified"]

MAX_TOKEN_BYTES: Final = 16_384
LEEWAY_SECONDS: Final = 10
"""Clocks of different machines are never quite the same."""


async def verified(
    provider: Provider, token: str, audience: str, *, nonce: str | None = None
) -> Mapping[str, Any]:
    """The claims of a token that this provider signed for `audience` and that holds now.

    Args: nonce: what an id token must repeat.
    Raises: DesignError: SIGN_IN for whatever is wrong with it; UNAVAILABLE if no keys are known.
    """
    if len(token) > MAX_TOKEN_BYTES or not token.isascii():
        raise _refused("it is too large")
    try:
        header = jwt.get_unverified_header(token)
    except (jwt.PyJWTError, ValueError, RecursionError) as error:
        raise _refused("it cannot be read") from error
    algorithm, kid = header.get("alg"), header.get("kid")
    if algorithm not in frozenset[str]().union(*ALGORITHMS.values()) or "crit" in header:
        raise _refused("it is not signed in a way that is taken")
    if not isinstance(kid, str | None):
        raise _refused("it cannot be read")
    key = await provider.key(kid)
    if key is None or algorithm not in ALGORITHMS[str(key.key_type)]:
        raise _refused("its key is not known")
    issuer = (await provider.metadata()).issuer
    try:
        claims: dict[str, Any] = jwt.decode(
            token,
            key.key,
            algorithms=[str(algorithm)],
            audience=audience,
            issuer=issuer,
            leeway=LEEWAY_SECONDS,
            options={"require": ["exp", "iat", "iss", "sub", "aud"]},
        )
    except jwt.ExpiredSignatureError as error:
        raise _refused("it has expired") from error
    except jwt.ImmatureSignatureError as error:
        raise _refused("it does not hold yet") from error
    except jwt.InvalidAudienceError as error:
        raise _refused("it is meant for somebody else") from error
    except jwt.InvalidIssuerError as error:
        raise _refused("it is another provider's") from error
    except (jwt.PyJWTError, ValueError, TypeError, RecursionError) as error:
        raise _refused("its signature or its claims are wrong") from error
    if nonce is not None and claims.get("nonce") != nonce:
        raise _refused("it belongs to another sign-in")
    return claims


def _refused(why: str) -> DesignError:
    return DesignError(Code.SIGN_IN, f"The token does not hold: {why}")
