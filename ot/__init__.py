"""Operational transformation of JSON documents: json0 with text0. Standard library only.

What comes from outside passes `check`; then `transform` past what happened meanwhile; then `apply`.
"""

from . import json0, text0
from .json0 import apply, compose, invert, transform
from .loose import apply_npm
from .normalize import DEFAULT_LIMITS, FORBIDDEN_NAMES, Limits, check, check_value
from .types import (
    BADLY_FORMED,
    MAX_INTEGER,
    Component,
    Json,
    Op,
    OpError,
    Path,
    Reason,
    Side,
    Step,
    where,
)
from .values import same

__all__ = [
    "BADLY_FORMED",
    "DEFAULT_LIMITS",
    "FORBIDDEN_NAMES",
    "MAX_INTEGER",
    "Component",
    "Json",
    "Limits",
    "Op",
    "OpError",
    "Path",
    "Reason",
    "Side",
    "Step",
    "apply",
    "apply_npm",
    "check",
    "check_value",
    "compose",
    "invert",
    "json0",
    "same",
    "text0",
    "transform",
    "where",
]
