"""Settings from the environment."""

from __future__ import annotations

from pathlib import Path

import pytest

from server.settings import Settings, SettingsError


def test_defaults_serve_a_laptop() -> None:
    settings = Settings.from_env({})
    assert settings == Settings()
    assert settings.is_development
    assert not settings.scratch


def test_each_variable_is_read() -> None:
    settings = Settings.from_env(
        {
            "COWEAVE_HOST": "0.0.0.0",
            "COWEAVE_PORT": "0",
            "COWEAVE_DATABASE": "sqlite:///x",
            "COWEAVE_DATA_DIR": "/data",
            "COWEAVE_SECRET": "s" * 32,
            "COWEAVE_SCRATCH": "yes",
            "COWEAVE_DEVELOPMENT": "1",
            "COWEAVE_ALLOWED_ORIGINS": "https://a.example, https://b.example",
            "COWEAVE_ALLOWED_HOSTS": "a.example",
            "COWEAVE_OPS_PER_SECOND": "10",
            "COWEAVE_OPS_BURST": "20",
            "COWEAVE_LOG_LEVEL": "debug",
        }
    )
    assert settings == Settings(
        host="0.0.0.0",
        port=0,
        database="sqlite:///x",
        data_dir=Path("/data"),
        secret="s" * 32,
        scratch=True,
        development=True,
        allowed_origins=("https://a.example", "https://b.example"),
        allowed_hosts=("a.example",),
        ops_per_second=10,
        ops_burst=20,
        log_level="DEBUG",
    )


@pytest.mark.parametrize(
    ("host", "given", "development"),
    [
        ("127.0.0.1", None, True),
        ("::1", None, True),
        ("localhost", None, True),
        ("0.0.0.0", None, False),
        ("10.0.0.1", None, False),
        ("0.0.0.0", "on", True),
        ("127.0.0.1", "off", False),
    ],
)
def test_development_is_for_this_machine_unless_said(
    host: str, given: str | None, development: bool
) -> None:
    env = {"COWEAVE_HOST": host} | ({} if given is None else {"COWEAVE_DEVELOPMENT": given})
    assert Settings.from_env(env).is_development is development


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("PORT", "x"),
        ("PORT", "-1"),
        ("PORT", "65536"),
        ("PORT", "²"),
        ("SCRATCH", "maybe"),
        ("DEVELOPMENT", "2"),
        ("OPS_PER_SECOND", "0"),
        ("OPS_BURST", "1.5"),
    ],
)
def test_a_wrong_value_is_named(key: str, value: str) -> None:
    with pytest.raises(SettingsError, match=f"COWEAVE_{key}"):
        Settings.from_env({f"COWEAVE_{key}": value})


def test_redis_is_given_by_its_url() -> None:
    assert Settings.from_env({}).redis is None
    given = Settings.from_env({"COWEAVE_REDIS": "redis://r", "COWEAVE_WRITE_LOCKS": "0"})
    assert given.redis == "redis://r"
    assert not given.write_locks
