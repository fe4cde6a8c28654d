"""An OpenID Connect provider: found by discovery, asked for its keys and for the tokens of a code.

Everything that comes from it is bounded in size and time. Its keys are fetched again when a token
names one that is not known, but not more often than every `_REFETCH_SECONDS`: whoever sends made-up
key names does not make this server ask for them.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

import httpx
import jwt
import orjson

from ..errors import Code, DesignError

__all__ = ["ALGORITHMS", "Metadata", "Provider"]

_TIMEOUT_SECONDS: Final = 5.0
_MAX_ANSWER_BYTES: Final = 262_144
_FRESH_SECONDS: Final = 600.0
_REFETCH_SECONDS: Final = 10.0
_MAX_KEYS: Final = 50

ALGORITHMS: Final[Mapping[str, frozenset[str]]] = {
    "RSA": frozenset({"RS256", "RS384", "RS512", "PS256", "PS384", "PS512"}),
    "EC": frozenset({"ES256", "ES384", "ES512"}),
    "OKP": frozenset({"EdDSA"}),
}
"""Signatures that are taken, by the kind of the key. None in which a public key could be a secret."""


@dataclass(frozen=True, slots=True)
class Metadata:
    """What discovery tells. `end_session`: where people sign out, if there is such a place."""

    issuer: str
    authorization: str
    token: str
    jwks: str
    end_session: str | None
    takes_basic: bool


class Provider:
    """One provider, by its issuer address.

    Args: client: for the requests; it follows no redirects.
    """

    def __init__(self, issuer: str, client: httpx.AsyncClient) -> None:
        self._issuer = issuer.rstrip("/")
        self._client = client
        self._metadata: Metadata | None = None
        self._keys: dict[str, jwt.PyJWK] = {}
        self._fetched_at = float("-inf")
        self._tried_at = float("-inf")
        self._lock = asyncio.Lock()

    async def metadata(self) -> Metadata:
        """What discovery tells. Raises: DesignError(UNAVAILABLE)."""
        if self._metadata is None:
            await self._refresh()
        if self._metadata is None:
            raise _away()
        return self._metadata

    async def key(self, kid: str | None) -> jwt.PyJWK | None:
        """The key of that name; without a name the only one there is. None: there is none.

        Raises: DesignError(UNAVAILABLE) if no key is known at all.
        """
        found = self._find(kid)
        is_fresh = time.monotonic() - self._fetched_at < _FRESH_SECONDS
        if found is None or not is_fresh:
            await self._refresh()
            found = self._find(kid)
        if not self._keys:
            raise _away()
        return found

    async def tokens(self, form: Mapping[str, str], secret: str | None) -> Mapping[str, Any]:
        """What the token endpoint gives for `form`, which has the client's id.

        Raises: DesignError: SIGN_IN if it refuses, UNAVAILABLE if it does not answer.
        """
        known = await self.metadata()
        data, auth = dict(form), None
        if secret is not None and known.takes_basic:
            auth = httpx.BasicAuth(data["client_id"], secret)
        elif secret is not None:
            data["client_secret"] = secret
        try:
            status, answer = await self._ask("POST", known.token, data=data, auth=auth)
        except (httpx.HTTPError, ValueError, TimeoutError) as error:
            raise _away() from error
        if status != 200:
            raise DesignError(Code.SIGN_IN, "The identity provider did not take the sign-in")
        return answer

    def _find(self, kid: str | None) -> jwt.PyJWK | None:
        if kid is None:
            return next(iter(self._keys.values())) if len(self._keys) == 1 else None
        return self._keys.get(kid)

    async def _refresh(self) -> None:
        """Ask again for everything, unless that was tried just now. What is known stays if it fails."""
        async with self._lock:
            now = time.monotonic()
            if now - self._tried_at < _REFETCH_SECONDS:
                return
            self._tried_at = now
            try:
                self._metadata = await self._discover()
                status, found = await self._ask("GET", self._metadata.jwks)
                if status == 200:
                    self._keys = _keys(found)
                    self._fetched_at = now
            except (httpx.HTTPError, ValueError, TimeoutError):
                return

    async def _discover(self) -> Metadata:
        address = f"{self._issuer}/.well-known/openid-configuration"
        status, told = await self._ask("GET", address)
        issuer = told.get("issuer")
        # A provider speaks for its own issuer only (OpenID Connect Discovery 4.3).
        if status != 200 or not isinstance(issuer, str) or issuer.rstrip("/") != self._issuer:
            raise ValueError("not the provider's configuration")
        methods = told.get("token_endpoint_auth_methods_supported", ["client_secret_basic"])
        end = told.get("end_session_endpoint")
        return Metadata(
            issuer=issuer,
            authorization=self._trusted(told.get("authorization_endpoint")),
            token=self._trusted(told.get("token_endpoint")),
            jwks=self._trusted(told.get("jwks_uri")),
            end_session=None if end is None else self._trusted(end),
            takes_basic="client_secret_basic" in methods,
        )

    def _trusted(self, address: object) -> str:
        """An address with TLS, or one of the very machine that the provider was given on."""
        if not isinstance(address, str):
            raise ValueError("an address is missing in the provider's configuration")
        own, given = urlsplit(self._issuer), urlsplit(address)
        is_same = (own.scheme, own.hostname) == (given.scheme, given.hostname)
        if not given.hostname or (given.scheme != "https" and not is_same):
            raise ValueError("the provider's configuration names an address without TLS")
        return address

    async def _ask(
        self,
        method: str,
        address: str,
        *,
        data: dict[str, str] | None = None,
        auth: httpx.BasicAuth | None = None,
    ) -> tuple[int, Mapping[str, Any]]:
        async with asyncio.timeout(_TIMEOUT_SECONDS):
            async with self._client.stream(
                method, address, data=data, auth=auth, headers={"accept": "application/json"}
            ) as response:
                body = bytearray()
                async for part in response.aiter_bytes():
                    body += part
                    if len(body) > _MAX_ANSWER_BYTES:
                        raise ValueError("the provider's answer is too large")
        answer = orjson.loads(bytes(body)) if response.status_code == 200 else {}
        if not isinstance(answer, dict):
            raise ValueError("the provider's answer is no object")
        return response.status_code, answer


def _keys(told: Mapping[str, Any]) -> dict[str, jwt.PyJWK]:
    """The keys that verify signatures, by name; those that cannot be read are left out."""
    found: dict[str, jwt.PyJWK] = {}
    listed = told.get("keys")
    for each in (listed if isinstance(listed, list) else [])[:_MAX_KEYS]:
        if not isinstance(each, dict) or each.get("use", "sig") != "sig":
            continue
        if each.get("kty") not in ALGORITHMS:
            continue
        try:
            found[str(each.get("kid", ""))] = jwt.PyJWK(each)
        except (jwt.PyJWTError, ValueError, TypeError, KeyError):
            continue
    return found


def _away() -> DesignError:
    return DesignError(Code.UNAVAILABLE, "The identity provider does not answer just now")
