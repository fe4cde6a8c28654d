"""What the command line asks of a running server."""

from __future__ import annotations

import json
import os
import urllib.error
import urllib.request
from typing import Any, Final
from urllib.parse import quote, urlencode, urlsplit

__all__ = ["TOKEN", "RemoteError", "differences"]

TOKEN: Final = "COWEAVE_TOKEN"
"""The variable that holds a service token: on a command line others could see it."""

_SECONDS: Final = 60.0
_MOST_BYTES: Final = 256 << 20
_ROW: Final = frozenset({"kind", "element", "name", "path"})


class RemoteError(Exception):
    """The server did not answer as asked; the message says why, in one line."""


def differences(server: str, design: str, old: str, new: str) -> dict[str, Any]:
    """The answer of `GET /api/designs/{design}/diff`; `new` may be "now". Raises: RemoteError."""
    for version in (old, new):
        if not (version.isascii() and version.isdigit()) and version != "now":
            raise RemoteError(f"A version is a whole number, not {version!r}")
    if old == "now":
        raise RemoteError("Say from which version")
    query = {"from": old} | ({} if new == "now" else {"to": new})
    answer = _get(server, f"/api/designs/{quote(design, safe='')}/diff?{urlencode(query)}")
    rows = answer.get("changes")
    if type(rows) is not list or not all(type(row) is dict and row.keys() >= _ROW for row in rows):
        raise RemoteError(f"{server}: the answer is not that of a Coweave server")
    return answer


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    """A token goes to the server that was named, and nowhere else."""

    def redirect_request(self, *_: Any) -> None:
        return None


def _get(server: str, path: str) -> dict[str, Any]:
    if urlsplit(server).scheme not in ("http", "https"):
        raise RemoteError(f"{server!r} is no address of a server: http://… or https://…")
    headers = {"Accept": "application/json"}
    if token := os.environ.get(TOKEN):
        headers["Authorization"] = f"Bearer {token}"
    request = urllib.request.Request(server.rstrip("/") + path, headers=headers)
    opener = urllib.request.build_opener(_NoRedirects)
    try:
        with opener.open(request, timeout=_SECONDS) as answer:
            content = answer.read(_MOST_BYTES + 1)
    except urllib.error.HTTPError as error:
        raise RemoteError(f"{server}: {_told(error)}") from error
    except (OSError, ValueError) as error:
        raise RemoteError(f"{server} does not answer: {error}") from error
    if len(content) > _MOST_BYTES:
        raise RemoteError(f"{server}: the answer is larger than {_MOST_BYTES:,} bytes")
    return _object(server, content)


def _told(error: urllib.error.HTTPError) -> str:
    try:
        return str(json.loads(error.read(65_536))["error"]["message"])
    except (ValueError, KeyError, TypeError, OSError):
        return f"{error.code} {error.reason}"


def _object(server: str, content: bytes) -> dict[str, Any]:
    try:
        answer = json.loads(content)
    except ValueError:
        answer = None
    if type(answer) is not dict:
        raise RemoteError(f"{server}: the answer is no JSON object")
    return answer
