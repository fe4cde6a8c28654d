"""What every route does with a request: read its body and its numbers, answer refusals in one shape."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response

from ..errors import Code, DesignError
from ..ports import StoreUnavailable
from ..protocol.codec import read_object
from .replies import error_reply, refusal_reply

__all__ = ["MAX_BODY_BYTES", "Endpoint", "coded", "json_body", "whole_number"]

_log = logging.getLogger("coweave.http")

MAX_BODY_BYTES: Final = 65_536

Endpoint = Callable[[Request], Awaitable[Response]]


def coded(call: Endpoint) -> Endpoint:
    """Refusals as they are told; whatever else goes wrong as a code too, and nothing of it shown."""

    async def answered(request: Request) -> Response:
        try:
            return await call(request)
        except DesignError as error:
            code, reply = error.code, refusal_reply(error)
        except StoreUnavailable:
            code = Code.UNAVAILABLE
            reply = error_reply(503, code, "The storage does not answer just now")
        except Exception:
            _log.exception("%s %s failed", request.method, request.url.path)
            code = Code.UNKNOWN
            reply = error_reply(500, code, "Something went wrong on the server")
        request.app.state.meters.refused[code] += 1
        return reply

    return answered


async def json_body(request: Request, limit: int = MAX_BODY_BYTES) -> dict[str, Any]:
    """The JSON object that was sent; nothing sent is an empty one."""
    parts = bytearray()
    async for part in request.stream():
        parts += part
        if len(parts) > limit:
            raise DesignError(Code.TOO_LARGE, f"At most {limit:,} bytes are taken", limit=limit)
    if not parts:
        return {}
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json":
        # Anything else a page of another site could send without asking.
        raise DesignError(Code.MESSAGE_BADLY_FORMED, "Send JSON as content type application/json")
    if len(parts) <= MAX_BODY_BYTES:
        return read_object(bytes(parts), limit)
    return await asyncio.to_thread(read_object, bytes(parts), limit)  # a second of computing


def whole_number(text: str | None, what: str = "A version") -> int | None:
    """A whole number from 0 as it stands in a query. Raises: DesignError(MESSAGE_BADLY_FORMED)."""
    if text is None:
        return None
    if not text.isascii() or not text.isdigit() or len(text) > 15:
        raise DesignError(Code.MESSAGE_BADLY_FORMED, f"{what} is a whole number from 0")
    return int(text)
