"""Is there a certain form anywhere in a long text? Asked of the linear regular expressions that schemas have.

They go through gigabytes a second where `re` goes through some ten megabytes: what they do not find needs no
closer look.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import jsonschema_rs

__all__ = ["scan"]

_ENGINE: Final = jsonschema_rs.RegexOptions()


def scan(pattern: str) -> Callable[[str], bool]:
    """A question: does a text hold what fits `pattern`? No lookaround, no references back."""
    schema = {"pattern": pattern}
    asked: Callable[[str], bool] = jsonschema_rs.Draft202012Validator(
        schema, pattern_options=_ENGINE
    ).is_valid
    return asked
