"""What passwords and keys look like, whatever they stand under: refused in a data source, replaced at
import, found by the check.

`document.schema.json` holds the same pattern (`$defs/open`); a test keeps them equal.
"""

from __future__ import annotations

from typing import Final

__all__ = ["FORMS"]

FORMS: Final = "|".join(
    [
        r"AKIA[0-9A-Z]{16}\b",  # AWS
        r"\bgh[pousr]_[A-Za-z0-9]{36}",  # GitHub
        r"\bsk_live_[A-Za-z0-9]{16,}",  # Stripe
        r"\bxox[abpr]-[A-Za-z0-9-]{10,}",  # Slack
        r"-----BEGIN (?:RSA |EC |OPENSSH )?PRIVATE KEY-----",
        r"\bAIza[0-9A-Za-z_-]{35}\b",  # Google
        r"\bcwt\.[a-z0-9-]{1,40}\.t[0-9a-f]{16}\.[A-Za-z0-9_-]{43}",  # our own service tokens
        r"://[^/\s:@{]+:[^/\s:@{]+@[\w.-]+",  # an address with a password in it
    ]
)
