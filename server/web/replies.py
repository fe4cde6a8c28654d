"""JSON answers of the REST interface, errors among them: one shape, one table of statuses."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import orjson
from starlette.responses import Response

from ot.types import Json

from ..errors import Code, DesignError

__all__ = ["error_reply", "json_reply", "refusal_reply"]

_STATUS: Final[Mapping[Code, int]] = {
    Code.MESSAGE_BADLY_FORMED: 400,
    Code.SIGN_IN: 401,
    Code.FORBIDDEN: 403,
    Code.QUOTA: 403,
    Code.NOT_FOUND: 404,
    Code.DOC_DOES_NOT_EXIST: 404,
    Code.VERSION_TOO_NEW: 404,
    Code.LOCKED: 409,
    Code.FROZEN: 409,
    Code.PROTECTED: 403,
    Code.OWN_CHANGE: 403,
    Code.CONFLICT: 409,
    Code.GATED: 409,
    Code.STALE: 409,
    Code.TOO_LARGE: 413,
    Code.LAST_OWNER: 409,
    Code.RATE: 429,
    Code.UNAVAILABLE: 503,
    Code.OVERLOADED: 503,
}
_OTHERWISE: Final = 422  # understood, and refused for what it says


def json_reply(
    value: Json, status: int = 200, headers: Mapping[str, str] | None = None
) -> Response:
    """`value` as JSON, not to be cached unless `headers` say otherwise."""
    return Response(
        orjson.dumps(value),
        status,
        {"cache-control": "no-store", **(headers or {})},
        media_type="application/json",
    )


def error_reply(status: int, code: Code, message: str, **details: Any) -> Response:
    """{"error": {"code", "message", "details"}}."""
    error = {"code": code, "message": message, "details": details}
    return json_reply({"error": error}, status)


def refusal_reply(error: DesignError) -> Response:
    """The same for a refusal, with the status that fits its code."""
    status = _STATUS.get(error.code, _OTHERWISE)
    return error_reply(status, error.code, error.message, **error.details)
