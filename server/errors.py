"""The closed set of coded errors.

Codes that stock ShareDB clients act on keep ShareDB's names; ours start with `ERR_DESIGN_`. A code
is raised in one or two places and tested there. A broken invariant of our own is an
`AssertionError`, never a code.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Any

__all__ = ["Code", "DesignError"]


class Code(StrEnum):
    """Every code that a door may answer with."""

    # ShareDB's own names (npm sharedb 7.0.0 lib/error.js): stock clients read them.
    MESSAGE_BADLY_FORMED = "ERR_MESSAGE_BADLY_FORMED"
    OP_BADLY_FORMED = "ERR_OT_OP_BADLY_FORMED"
    OP_NOT_APPLIED = "ERR_OT_OP_NOT_APPLIED"
    OP_NOT_PROVIDED = "ERR_OT_OP_NOT_PROVIDED"
    DOC_ALREADY_CREATED = "ERR_DOC_ALREADY_CREATED"
    DOC_DOES_NOT_EXIST = "ERR_DOC_DOES_NOT_EXIST"
    DOC_WAS_DELETED = "ERR_DOC_WAS_DELETED"
    DOC_TYPE_NOT_RECOGNIZED = "ERR_DOC_TYPE_NOT_RECOGNIZED"
    VERSION_TOO_NEW = "ERR_OP_VERSION_NEWER_THAN_CURRENT_SNAPSHOT"
    OPS_NOT_FOUND = "ERR_SUBMIT_TRANSFORM_OPS_NOT_FOUND"
    NO_OP = "ERR_NO_OP"
    SEQ_OVERFLOW = "ERR_CONNECTION_SEQ_INTEGER_OVERFLOW"
    TYPE_HAS_NO_PRESENCE = "ERR_TYPE_DOES_NOT_SUPPORT_PRESENCE"
    UNKNOWN = "ERR_UNKNOWN_ERROR"

    # Ours: about the edit (final; the same edit would fail again).
    INVALID = "ERR_DESIGN_INVALID"  # breaks a schema
    TREE = "ERR_DESIGN_TREE"  # breaks a tree rule (parent, cycle, slot, order, reference)
    NAME_TAKEN = "ERR_DESIGN_NAME_TAKEN"
    UNSAFE_OP = "ERR_DESIGN_UNSAFE_OP"  # outside the safe subset of json0
    TOO_LARGE = "ERR_DESIGN_TOO_LARGE"
    NOT_FOUND = "ERR_DESIGN_NOT_FOUND"  # missing, in the trash, or hidden: one and the same answer
    NOT_BY_SOCKET = "ERR_DESIGN_NOT_BY_SOCKET"  # designs are created and deleted by REST
    FORBIDDEN = "ERR_DESIGN_FORBIDDEN"
    SIGN_IN = "ERR_DESIGN_SIGN_IN"  # no credentials, or none that hold (any more)
    FROZEN = "ERR_DESIGN_FROZEN"
    LAST_OWNER = "ERR_DESIGN_LAST_OWNER"  # a design must have one
    QUOTA = "ERR_DESIGN_QUOTA"  # the tenant or the user has as much as is allowed
    SRC_NOT_YOURS = "ERR_DESIGN_SRC_NOT_YOURS"
    RESEND_DIFFERS = "ERR_DESIGN_RESEND_DIFFERS"
    LOCKED = "ERR_DESIGN_LOCKED"
    PROTECTED = "ERR_DESIGN_PROTECTED"  # changes by merges only
    IMPORT = "ERR_DESIGN_IMPORT"  # a file that no importer understands

    # Ours: about merges, reviews and releases.
    CONFLICT = "ERR_DESIGN_CONFLICT"  # both sides changed the same, differently
    GATED = "ERR_DESIGN_GATED"  # a rule of the design is not met
    STALE = "ERR_DESIGN_STALE"  # it has changed since it was looked at
    OWN_CHANGE = "ERR_DESIGN_OWN_CHANGE"  # nobody approves what they contributed to

    # Ours: about the service (retryable; never sent as an op error).
    UNAVAILABLE = "ERR_DESIGN_UNAVAILABLE"
    OVERLOADED = "ERR_DESIGN_OVERLOADED"
    RATE = "ERR_DESIGN_RATE"  # asked too often: later it will be answered

    @property
    def is_retryable(self) -> bool:
        """Whether the same request may succeed later: told by a notice and a close, never on an op."""
        return self in _RETRYABLE


_RETRYABLE = frozenset({Code.UNAVAILABLE, Code.OVERLOADED, Code.RATE})


class DesignError(Exception):
    """A refusal with a stable code.

    Args:
        code: what kind; clients branch on it.
        message: one sentence for an analyst, naming what and where.
        details: JSON values for programs: `element` ("components/c1"), `path`, `rule`, `keyword`,
            `version`, ...
    """

    def __init__(self, code: Code, message: str, **details: Any) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.details = details

    def __str__(self) -> str:
        return f"{self.code}: {self.message}"
