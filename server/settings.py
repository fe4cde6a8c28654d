"""What can be set from outside: one frozen value, read once from the environment, passed by hand."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

__all__ = ["Settings", "SettingsError"]

_TRUE = {"1", "true", "yes", "on"}
_FALSE = {"0", "false", "no", "off", ""}
_LOOPBACK = {"127.0.0.1", "::1", "localhost"}


def _is_trustworthy(address: str) -> bool:
    """What credentials may be sent to: TLS, or this very machine."""
    try:
        parts = urlsplit(address)
        host = parts.hostname
        _ = parts.port
    except ValueError:
        return False
    if parts.query or parts.fragment or parts.username or not host:
        return False
    return parts.scheme == "https" or (parts.scheme == "http" and host in _LOOPBACK)


class SettingsError(ValueError):
    """An environment variable holds what cannot be used; the message names it."""


@dataclass(frozen=True, slots=True)
class Settings:
    """All settings of one node.

    Defaults serve a laptop: SQLite, in-process locks, loopback, development mode.
    """

    host: str = "127.0.0.1"
    port: int = 8000
    database: str = "sqlite:///var/coweave.sqlite3"  # an SQLAlchemy URL
    redis: str | None = None  # None: locks and messages of one process, for one node
    write_locks: bool = True  # with Redis; without them the commit alone decides who goes first
    data_dir: Path = Path("var")  # the cluster key lies here when `secret` is not given
    secret: str | None = None  # cluster key for connection ids; the same on every node
    scratch: bool = False  # serve the schema-less collection `scratch`
    development: bool | None = None  # None: on when `host` is loopback and nobody can sign in
    allowed_origins: tuple[str, ...] = ()  # beside the server's own
    allowed_hosts: tuple[str, ...] = ()  # Host headers beside loopback names
    ops_per_second: int = 200  # one user's messages, sustained; above it the socket is read slower
    ops_burst: int = 5000  # as many at once before that
    requests_per_second: int = 100  # one user's requests over HTTP, sustained
    requests_burst: int = 1000  # as many at once before that
    connections: int = 10_000  # sockets that the node takes
    ping_seconds: int = 20  # between pings, and for the answer: a silent peer is found within two
    lease_idle_seconds: int = 600  # a lease lasts so long without an edit
    lease_grace_seconds: int = 30  # and so long without its holder's connection
    log_level: str = "INFO"
    packs: tuple[str, ...] = ()  # folders of packs of component types, beside ours
    public_url: str | None = None  # where people reach this server; needed for signing in
    oidc_issuer: str | None = None  # whose tokens hold, and where people sign in
    oidc_client_id: str | None = None
    oidc_client_secret: str | None = None
    oidc_audience: str | None = None  # of bearer tokens; the client id when not given
    oidc_scopes: str = "openid profile email"
    oidc_name_claim: str = "name"
    oidc_groups_claim: str = "groups"
    oidc_tenant_claim: str | None = None  # None: everybody is of the tenant `default`
    admins: tuple[str, ...] = ()  # subjects, or `group:<name>`; in development mode names
    new_designs: str | None = None  # the role that everyone has on a new design, or "none"
    session_hours: int = 12
    trusted_proxies: tuple[str, ...] = ()  # addresses whose X-Forwarded-For is believed
    sign_ins_per_minute: int = 30  # of one address: sign-ins and credentials that do not hold
    connections_per_user: int = 100  # sockets that one user may have open on a node

    @property
    def is_development(self) -> bool:
        """Whether a connection without a token is a local user named by `?user=`."""
        if self.development is not None:
            return self.development
        return self.host in _LOOPBACK and self.oidc_issuer is None

    @property
    def role_on_new_designs(self) -> str | None:
        """What everyone of the tenant is on a new design; None: nothing, its maker shares it."""
        if self.new_designs is None:
            return "editor" if self.is_development else None
        return None if self.new_designs == "none" else self.new_designs

    @classmethod
    def from_env(cls, environ: Mapping[str, str] | None = None) -> Settings:
        """Read `COWEAVE_*`. Raises `SettingsError` naming the variable that is wrong."""
        env = os.environ if environ is None else environ
        default = cls()

        def text(key: str, fallback: str) -> str:
            return env.get(f"COWEAVE_{key}", fallback)

        def flag(key: str, fallback: bool | None) -> bool | None:
            value = env.get(f"COWEAVE_{key}")
            if value is None:
                return fallback
            if value.lower() in _TRUE:
                return True
            if value.lower() in _FALSE:
                return False
            raise SettingsError(f"COWEAVE_{key} must be 1 or 0, not {value!r}")

        def whole(key: str, fallback: int, low: int, high: int) -> int:
            value = text(key, str(fallback))
            if not value.isascii() or not value.isdigit() or not low <= int(value) <= high:
                raise SettingsError(
                    f"COWEAVE_{key} must be a whole number from {low} to {high}, not {value!r}"
                )
            return int(value)

        def address(key: str) -> str | None:
            value = env.get(f"COWEAVE_{key}", "").rstrip("/") or None
            if value is not None and not _is_trustworthy(value):
                raise SettingsError(
                    f"COWEAVE_{key} must be an https address (or http on loopback), not {value!r}"
                )
            return value

        def one_of(key: str, *allowed: str) -> str | None:
            value = env.get(f"COWEAVE_{key}") or None
            if value is not None and value not in allowed:
                raise SettingsError(f"COWEAVE_{key} must be one of {', '.join(allowed)}")
            return value

        def names(key: str) -> tuple[str, ...]:
            return tuple(part.strip() for part in text(key, "").split(",") if part.strip())

        return cls(
            host=text("HOST", default.host),
            port=whole("PORT", default.port, 0, 65535),
            database=text("DATABASE", default.database),
            redis=env.get("COWEAVE_REDIS") or None,
            write_locks=bool(flag("WRITE_LOCKS", True)),
            data_dir=Path(text("DATA_DIR", str(default.data_dir))),
            secret=env.get("COWEAVE_SECRET") or None,
            scratch=bool(flag("SCRATCH", False)),
            development=flag("DEVELOPMENT", None),
            allowed_origins=names("ALLOWED_ORIGINS"),
            allowed_hosts=names("ALLOWED_HOSTS"),
            ops_per_second=whole("OPS_PER_SECOND", default.ops_per_second, 1, 1_000_000),
            ops_burst=whole("OPS_BURST", default.ops_burst, 1, 10_000_000),
            requests_per_second=whole(
                "REQUESTS_PER_SECOND", default.requests_per_second, 1, 1_000_000
            ),
            requests_burst=whole("REQUESTS_BURST", default.requests_burst, 1, 10_000_000),
            connections=whole("CONNECTIONS", default.connections, 1, 1_000_000),
            ping_seconds=whole("PING_SECONDS", default.ping_seconds, 1, 20),
            lease_idle_seconds=whole("LEASE_IDLE_SECONDS", default.lease_idle_seconds, 1, 86_400),
            lease_grace_seconds=whole("LEASE_GRACE_SECONDS", default.lease_grace_seconds, 1, 3_600),
            log_level=text("LOG_LEVEL", default.log_level).upper(),
            packs=names("PACKS"),
            public_url=address("PUBLIC_URL"),
            oidc_issuer=address("OIDC_ISSUER"),
            oidc_client_id=env.get("COWEAVE_OIDC_CLIENT_ID") or None,
            oidc_client_secret=env.get("COWEAVE_OIDC_CLIENT_SECRET") or None,
            oidc_audience=env.get("COWEAVE_OIDC_AUDIENCE") or None,
            oidc_scopes=text("OIDC_SCOPES", default.oidc_scopes),
            oidc_name_claim=text("OIDC_NAME_CLAIM", default.oidc_name_claim),
            oidc_groups_claim=text("OIDC_GROUPS_CLAIM", default.oidc_groups_claim),
            oidc_tenant_claim=env.get("COWEAVE_OIDC_TENANT_CLAIM") or None,
            admins=names("ADMINS"),
            new_designs=one_of("NEW_DESIGNS", "none", "viewer", "reviewer", "editor"),
            session_hours=whole("SESSION_HOURS", default.session_hours, 1, 24 * 30),
            trusted_proxies=names("TRUSTED_PROXIES"),
            sign_ins_per_minute=whole(
                "SIGN_INS_PER_MINUTE", default.sign_ins_per_minute, 1, 100_000
            ),
            connections_per_user=whole(
                "CONNECTIONS_PER_USER", default.connections_per_user, 1, 100_000
            ),
        )
