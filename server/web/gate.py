"""Host and Origin are checked before anything else, in every mode; every answer has its headers.

A page of another site can open a WebSocket to this server or post to it in the name of whoever
looks at that page; a browser then sends the page's Origin, which it does not let the page choose.
And a site can point its own name at 127.0.0.1 (DNS rebinding); then the Host is not one of ours.
Programs send no Origin; they are let in.

Here every request also gets its name, which its answer, the log and the record of acts tell.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from starlette.websockets import WebSocket

from ..errors import Code
from .acts import came_from
from .address import REQUEST_HEADER, address_of, request_id
from .replies import error_reply

__all__ = ["SECURITY_HEADERS", "Gate", "is_host_allowed", "is_origin_allowed"]

_LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "[::1]"})
_WILDCARDS: Final = frozenset({"", "0.0.0.0", "::"})
_SAFE_METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS"})

SECURITY_HEADERS: Final = {
    "content-security-policy": (
        "default-src 'self'; img-src 'self' data: https:; object-src 'none'; base-uri 'none'; "
        "form-action 'self'; frame-ancestors 'none'"
    ),
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
}


def is_host_allowed(host: str | None, allowed: Iterable[str]) -> bool:
    """Whether a Host header (`name` or `name:port`) names this server."""
    if not host:
        return False
    host = host.lower()
    name, colon, port = host.rpartition(":")
    if not colon or host.endswith("]"):
        name = host
    elif not port.isascii() or not port.isdigit():
        return False
    return name in _LOOPBACK or any(known.lower() in (host, name) for known in allowed)


def is_origin_allowed(
    origin: str | None, host: str | None, secure: bool, allowed: Iterable[str]
) -> bool:
    """Whether a page of `origin` may act here: none given, this server's own, or a listed one."""
    if origin is None:
        return True
    origin = origin.lower()
    schemes = ("https",) if secure else ("http", "https")  # TLS may end at a proxy before us
    own = {f"{scheme}://{host.lower()}" for scheme in schemes} if host else set()
    return origin in own or any(origin == known.lower().rstrip("/") for known in allowed)


class Gate:
    """ASGI middleware around the whole application.

    Args:
        bind: the address that the server listens on; its own name unless it is a wildcard.
        proxies: addresses whose word on where a request comes from is believed.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        bind: str,
        hosts: tuple[str, ...],
        origins: tuple[str, ...],
        proxies: tuple[str, ...] = (),
    ) -> None:
        self._app = app
        self._proxies = frozenset(proxies)
        self._hosts = (
            hosts if bind in _WILDCARDS else (*hosts, f"[{bind}]" if ":" in bind else bind)
        )
        self._origins = origins

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        name = request_id(scope, self._proxies)
        with came_from(address_of(scope, self._proxies), name):
            await self._let_in(scope, receive, send, name)

    async def _let_in(self, scope: Scope, receive: Receive, send: Send, name: str) -> None:
        refusal = self._refusal(scope)
        if scope["type"] == "websocket":
            if refusal is None:
                await self._app(scope, receive, send)
            else:
                await WebSocket(scope, receive, send).send_denial_response(refusal)
            return
        if refusal is None:
            await self._app(scope, receive, _with_headers(send, name))
        else:
            await refusal(scope, receive, _with_headers(send, name))

    def _refusal(self, scope: Scope) -> Response | None:
        headers = Headers(scope=scope)
        host = headers.get("host")
        if len(headers.getlist("host")) != 1 or not is_host_allowed(host, self._hosts):
            return error_reply(421, Code.FORBIDDEN, "This server does not go by that name")
        if scope["type"] == "http" and scope["method"] in _SAFE_METHODS:
            return None
        secure = scope["scheme"] in ("https", "wss")
        if len(headers.getlist("origin")) > 1 or not is_origin_allowed(
            headers.get("origin"), host, secure, self._origins
        ):
            return error_reply(403, Code.FORBIDDEN, "Pages of that origin may not act here")
        return None


def _with_headers(send: Send, name: str) -> Send:
    async def with_headers(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for header, value in SECURITY_HEADERS.items():
                headers.setdefault(header, value)
            headers[REQUEST_HEADER] = name
        await send(message)

    return with_headers
