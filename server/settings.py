"""What can be set from outside: one frozen value, read once from the environment, passed by hand."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Settings", "SettingsError"]

_TRUE = {"1", "true", "yes", "on"}
_FALSE = {"0", "false", "no", "off", ""}


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
    data_dir: Path = Path("var")  # the cluster key lies here when `secret` is not given
    secret: str | None = None  # cluster key for connection ids; the same on every node
    scratch: bool = False  # serve the schema-less collection `scratch`
    development: bool | None = None  # None: on when `host` is a loopback address
    allowed_origins: tuple[str, ...] = ()  # beside the server's own
    allowed_hosts: tuple[str, ...] = ()  # Host headers beside loopback names
    ops_per_second: int = 200  # one user's messages, sustained; above it the socket is read slower
    ops_burst: int = 5000  # as many at once before that
    log_level: str = "INFO"

    @property
    def is_development(self) -> bool:
        """Whether a connection without a token is a local user named by `?user=`."""
        if self.development is not None:
            return self.development
        return self.host in {"127.0.0.1", "::1", "localhost"}

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

        def names(key: str) -> tuple[str, ...]:
            return tuple(part.strip() for part in text(key, "").split(",") if part.strip())

        return cls(
            host=text("HOST", default.host),
            port=whole("PORT", default.port, 0, 65535),
            database=text("DATABASE", default.database),
            data_dir=Path(text("DATA_DIR", str(default.data_dir))),
            secret=env.get("COWEAVE_SECRET") or None,
            scratch=bool(flag("SCRATCH", False)),
            development=flag("DEVELOPMENT", None),
            allowed_origins=names("ALLOWED_ORIGINS"),
            allowed_hosts=names("ALLOWED_HOSTS"),
            ops_per_second=whole("OPS_PER_SECOND", default.ops_per_second, 1, 1_000_000),
            ops_burst=whole("OPS_BURST", default.ops_burst, 1, 10_000_000),
            log_level=text("LOG_LEVEL", default.log_level).upper(),
        )
