"""The key that connection ids are proved with: given, or made once and kept beside the database."""

from __future__ import annotations

import os
import secrets
from hashlib import sha256
from pathlib import Path
from typing import Final

from ..protocol.identity import MIN_KEY_BYTES
from ..settings import Settings, SettingsError

__all__ = ["cluster_key"]

_FILE: Final = "secret"
_BYTES: Final = 32


def cluster_key(settings: Settings) -> bytes:
    """The key of this node's cluster: the same after a restart, so that clients keep their ids.

    Raises: SettingsError if the given secret is too short, or the kept one is not a key.
    """
    if settings.secret is not None:
        if len(settings.secret) < MIN_KEY_BYTES:
            raise SettingsError(f"COWEAVE_SECRET must have at least {MIN_KEY_BYTES} characters")
        return sha256(settings.secret.encode()).digest()
    path = settings.data_dir / _FILE
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return _kept(path)
    with os.fdopen(handle, "wb") as file:
        file.write(secrets.token_bytes(_BYTES))
        file.flush()
        os.fsync(file.fileno())
    return _kept(path)


def _kept(path: Path) -> bytes:
    key = path.read_bytes()
    if len(key) != _BYTES:
        raise SettingsError(f"{path} holds {len(key)} bytes, not the {_BYTES} of a cluster key")
    return key
