"""The key that proves connection ids."""

from __future__ import annotations

from pathlib import Path

import pytest

from server.settings import Settings, SettingsError
from server.web.cluster_key import cluster_key


def test_it_is_made_once_and_kept_to_oneself(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path / "new" / "folder")
    key = cluster_key(settings)
    assert len(key) == 32
    assert cluster_key(settings) == key
    file = settings.data_dir / "secret"
    assert file.read_bytes() == key
    assert file.stat().st_mode & 0o077 == 0
    assert cluster_key(Settings(data_dir=tmp_path)) != key


def test_a_given_secret_is_the_same_everywhere(tmp_path: Path) -> None:
    one = Settings(secret="a secret of all nodes", data_dir=tmp_path / "one")
    two = Settings(secret="a secret of all nodes", data_dir=tmp_path / "two")
    assert cluster_key(one) == cluster_key(two)
    assert not (tmp_path / "one").exists()


def test_what_is_no_key_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="COWEAVE_SECRET"):
        cluster_key(Settings(secret="short", data_dir=tmp_path))
    (tmp_path / "secret").write_bytes(b"cut of")
    with pytest.raises(SettingsError, match="secret"):
        cluster_key(Settings(data_dir=tmp_path))
