"""How people come in, as the settings say: which provider, which doors, under which address."""

from __future__ import annotations

import hmac
from urllib.parse import urlsplit

import httpx

from ..accounts import Accounts
from ..auth.claims import ClaimNames
from ..auth.provider import Provider
from ..ports import Clock
from ..settings import Settings, SettingsError
from .acts import Acts
from .budget import Budget
from .cluster_key import cluster_key
from .signin import SignIn, SignInSettings
from .who import Doorkeeper, Doors

__all__ = ["doors_of", "public_host", "provider_client", "provider_of", "sign_in_of"]


def provider_client() -> httpx.AsyncClient:
    """For requests to the identity provider: no redirects, nothing kept, no surroundings believed."""
    limits = httpx.Limits(max_connections=10, max_keepalive_connections=2)
    return httpx.AsyncClient(follow_redirects=False, trust_env=True, limits=limits)


def provider_of(settings: Settings, client: httpx.AsyncClient) -> Provider | None:
    """The identity provider. Raises: SettingsError where something that it needs is not given."""
    if settings.oidc_issuer is None:
        return None
    if settings.oidc_client_id is None or settings.public_url is None:
        raise SettingsError(
            "COWEAVE_OIDC_ISSUER needs COWEAVE_OIDC_CLIENT_ID and COWEAVE_PUBLIC_URL beside it"
        )
    return Provider(settings.oidc_issuer, client)


def doors_of(settings: Settings, provider: Provider | None) -> Doors:
    """Who is let in, and how."""
    return Doors(
        development=settings.is_development,
        admins=frozenset(settings.admins),
        secure=settings.public_url is None or settings.public_url.startswith("https:"),
        provider=provider,
        audience=settings.oidc_audience or settings.oidc_client_id or "",
        claims=_claims(settings),
        failures_per_minute=settings.sign_ins_per_minute,
    )


def sign_in_of(
    settings: Settings,
    provider: Provider,
    doorkeeper: Doorkeeper,
    accounts: Accounts,
    acts: Acts,
    clock: Clock,
) -> SignIn:
    """The routes of a browser that signs in."""
    assert settings.public_url is not None and settings.oidc_client_id is not None
    per_minute = settings.sign_ins_per_minute
    return SignIn(
        SignInSettings(
            public_url=settings.public_url,
            client_id=settings.oidc_client_id,
            client_secret=settings.oidc_client_secret,
            scopes=settings.oidc_scopes,
            claims=_claims(settings),
            session_ms=settings.session_hours * 3_600_000,
            key=hmac.digest(cluster_key(settings), b"coweave sign-in", "sha256"),
        ),
        provider,
        doorkeeper,
        accounts,
        acts,
        clock,
        Budget(2 * per_minute / 60, 2 * per_minute),  # each sign-in asks twice
    )


def public_host(settings: Settings) -> tuple[str, ...]:
    """The Host that browsers send which come by the public address."""
    return (urlsplit(settings.public_url).netloc,) if settings.public_url else ()


def _claims(settings: Settings) -> ClaimNames:
    return ClaimNames(
        settings.oidc_name_claim, settings.oidc_groups_claim, settings.oidc_tenant_claim
    )
