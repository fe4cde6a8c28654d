"""Host and Origin, on every door."""

from __future__ import annotations

import asyncio
import itertools
from pathlib import Path

import httpx
import pytest

from server.app import Backend
from server.web.gate import SECURITY_HEADERS, is_host_allowed, is_origin_allowed
from tests.support.process import ServerProcess

LISTED = ("design.example.org", "other.example:8443")


@pytest.mark.parametrize(
    ("host", "allowed"),
    [
        ("localhost", True),
        ("LOCALHOST:8000", True),
        ("127.0.0.1:8000", True),
        ("[::1]", True),
        ("[::1]:8000", True),
        ("design.example.org", True),
        ("design.example.org:99", True),
        ("other.example:8443", True),
        ("other.example", False),
        ("other.example:1", False),
        ("evil.example", False),
        ("localhost.evil.example", False),
        ("localhost:80:80", False),
        ("localhost:x", False),
        ("127.0.0.1.evil.example:8000", False),
        ("", False),
        (None, False),
    ],
)
def test_hosts(host: str | None, allowed: bool) -> None:
    assert is_host_allowed(host, LISTED) is allowed


@pytest.mark.parametrize(
    ("origin", "host", "secure", "allowed"),
    [
        (None, "localhost:8000", False, True),
        ("http://localhost:8000", "localhost:8000", False, True),
        ("HTTP://LocalHost:8000", "localhost:8000", False, True),
        ("https://localhost:8000", "localhost:8000", False, True),
        ("http://localhost:8000", "localhost:8000", True, False),
        ("http://localhost:8001", "localhost:8000", False, False),
        ("http://localhost", "localhost:8000", False, False),
        ("null", "localhost:8000", False, False),
        ("", "localhost:8000", False, False),
        ("http://evil.example", "localhost:8000", False, False),
        ("http://localhost:8000.evil.example", "localhost:8000", False, False),
        ("file://localhost:8000", "localhost:8000", False, False),
        ("https://tool.example", "localhost:8000", False, True),
    ],
)
def test_origins(origin: str | None, host: str, secure: bool, allowed: bool) -> None:
    assert is_origin_allowed(origin, host, secure, ("https://tool.example/",)) is allowed


async def test_every_answer_has_its_headers(http: httpx.AsyncClient) -> None:
    for path in ("/", "/healthz", "/api/designs", "/nothing", "/assets/x"):
        answer = await http.get(path)
        for name, value in SECURITY_HEADERS.items():
            assert answer.headers[name] == value
        assert "unsafe" not in answer.headers["content-security-policy"]


async def test_another_name_is_refused_everywhere(http: httpx.AsyncClient) -> None:
    for path in ("/", "/healthz", "/api/designs"):
        answer = await http.get(path, headers={"host": "evil.example"})
        assert answer.status_code == 421
        assert answer.json()["error"]["code"] == "ERR_DESIGN_FORBIDDEN"


async def test_pages_of_others_change_nothing(http: httpx.AsyncClient, backend: Backend) -> None:
    evil = {"origin": "http://evil.example"}
    for method, path in [
        ("POST", "/api/designs"),
        ("PATCH", "/api/designs/x"),
        ("DELETE", "/api/designs/x"),
    ]:
        answer = await http.request(method, path, json={"name": "x"}, headers=evil)
        assert answer.status_code == 403
    assert (await http.get("/api/designs", headers=evil)).json() == {"designs": []}
    own = {"origin": "http://127.0.0.1:8000"}
    answer = await http.post("/api/designs", json={"name": "x"}, headers=own)
    assert answer.status_code == 201


async def handshake(port: int, path: str, host: str, origin: str | None) -> int:
    """The status of one upgrade request, header by header as given."""
    lines = [
        f"GET {path} HTTP/1.1",
        f"Host: {host}",
        "Upgrade: websocket",
        "Connection: Upgrade",
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
        "Sec-WebSocket-Version: 13",
        *([] if origin is None else [f"Origin: {origin}"]),
    ]
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write("\r\n".join([*lines, "", ""]).encode())
        async with asyncio.timeout(10):
            return int((await reader.readline()).split()[1])
    finally:
        writer.close()


async def test_handshakes(tmp_path: Path) -> None:
    """Origin, Host and path over a real socket: what is refused is refused before it is accepted."""
    with ServerProcess(tmp_path) as server:
        origins = {None: True, "own": True, "http://evil.example": False, "null": False}
        hosts = {
            f"127.0.0.1:{server.port}": True,
            f"localhost:{server.port}": True,
            "evil.example": False,
        }
        paths = {
            "/ws/sharedb?user=Ann": 101,
            "/ws/sharedb?user=" + "x" * 65: 400,
            "/ws/other": 404,
            "/api/designs": 404,
            "/": 404,
        }
        for (origin, o), (host, h), (path, found) in itertools.product(
            origins.items(), hosts.items(), paths.items()
        ):
            status = 421 if not h else 403 if not o else found
            sent = f"http://{host}" if origin == "own" else origin
            assert await handshake(server.port, path, host, sent) == status, (sent, host, path)


async def test_no_socket_outside_development_mode(tmp_path: Path) -> None:
    with ServerProcess(tmp_path, {"COWEAVE_DEVELOPMENT": "0"}) as server:
        host = f"127.0.0.1:{server.port}"
        assert await handshake(server.port, "/ws/sharedb?user=Ann", host, None) == 401
