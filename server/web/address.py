"""Where a request comes from, and what it is called."""

from __future__ import annotations

import re
import secrets
from collections.abc import Collection
from ipaddress import ip_address
from typing import Final

from starlette.datastructures import Headers
from starlette.types import Scope

__all__ = ["REQUEST_HEADER", "address_of", "request_id"]

REQUEST_HEADER: Final = "x-request-id"
_REQUEST_ID: Final = re.compile(r"[A-Za-z0-9._-]{8,64}", re.ASCII)


def address_of(scope: Scope, trusted: Collection[str]) -> str:
    """The address of whoever asks; "" where the server does not tell.

    Behind proxies (`trusted`, by address) it is the last one in X-Forwarded-For that is no proxy of
    ours: what stands before it anybody can have written.
    """
    client = scope.get("client")
    address = str(client[0]) if client else ""
    if address in trusted:
        for line in reversed(Headers(scope=scope).getlist("x-forwarded-for")):
            for part in reversed(line.split(",")):
                try:
                    address = str(ip_address(part.strip()))
                except ValueError:
                    return address
                if address not in trusted:
                    return address
    return address


def request_id(scope: Scope, trusted: Collection[str]) -> str:
    """What a trusted proxy calls the request, or a new name."""
    client = scope.get("client")
    if client and str(client[0]) in trusted:
        given = Headers(scope=scope).get(REQUEST_HEADER, "")
        if _REQUEST_ID.fullmatch(given):
            return given
    return secrets.token_hex(8)
