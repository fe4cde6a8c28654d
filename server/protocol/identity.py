"""Connection ids that only their owner can use: `<public>.<mac>`.

A stock client picks its own id, every broadcast shows the `src` of its op, and whoever sends
another's (src, seq) first makes that person's edit a "duplicate" that is acked and lost. So the
part that others see is not the part that proves: mac = HMAC-SHA256(cluster key, principal, public).
"""

from __future__ import annotations

import hmac
import re
from base64 import urlsafe_b64encode
from hashlib import sha256
from typing import Final

__all__ = ["MIN_KEY_BYTES", "PUBLIC_BYTES", "Identities", "public_from"]

MIN_KEY_BYTES: Final = 16
PUBLIC_BYTES: Final = 12

_ID = re.compile(r"([A-Za-z0-9_-]{16,24})\.([A-Za-z0-9_-]{22})", re.ASCII)


def public_from(random: bytes) -> str:
    """A fresh public part, made of `PUBLIC_BYTES` random bytes."""
    assert len(random) == PUBLIC_BYTES
    return urlsafe_b64encode(random).decode()


class Identities:
    """Makes and verifies ids with the key that all nodes share.

    Args:
        key: at least `MIN_KEY_BYTES` secret bytes.
    """

    def __init__(self, key: bytes) -> None:
        assert len(key) >= MIN_KEY_BYTES, "the cluster key is too short"
        self._key = key

    def whole(self, public: str, principal: str) -> str:
        """The id of `public` as its owner, and nobody else, is told it."""
        # The length first: no other pair of principal and public writes the same bytes.
        text = f"{len(principal)}:{principal}{public}".encode()
        mac = hmac.digest(self._key, text, sha256)[:16]
        return f"{public}.{urlsafe_b64encode(mac).decode().rstrip('=')}"

    def public(self, id: str, principal: str) -> str | None:
        """The public part if `id` was made for `principal`, else None. Constant-time."""
        match = _ID.fullmatch(id)
        if match is None:
            return None
        if not hmac.compare_digest(self.whole(match[1], principal), id):
            return None
        return match[1]
