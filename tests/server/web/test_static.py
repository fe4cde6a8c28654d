"""The designer's files."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette

from server.web.static import designer_routes


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "static"
    (root / "assets").mkdir(parents=True)
    (tmp_path / "secret.txt").write_text("secret")
    (root / "assets" / "main-1a2b3c.js").write_text("js")
    (root / "icon.svg").write_text("<svg/>")
    return root


@pytest.fixture
async def http(root: Path) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(app=Starlette(routes=designer_routes(root)))
    async with httpx.AsyncClient(transport=transport, base_url="http://x") as client:
        yield client


async def test_before_it_is_built_a_page_says_how(http: httpx.AsyncClient) -> None:
    answer = await http.get("/")
    assert answer.status_code == 503
    assert "make run" in answer.text


@pytest.mark.parametrize("path", ["/", "/designs/abc", "/designs/abc/history", "/trash"])
async def test_its_pages_are_one_file_asked_for_anew(
    http: httpx.AsyncClient, root: Path, path: str
) -> None:
    (root / "index.html").write_text("<title>Coweave</title>")
    answer = await http.get(path)
    assert answer.status_code == 200 and "Coweave" in answer.text
    assert answer.headers["cache-control"] == "no-cache"
    assert answer.headers["content-type"].startswith("text/html")


async def test_assets_are_kept_for_ever(http: httpx.AsyncClient) -> None:
    answer = await http.get("/assets/main-1a2b3c.js")
    assert answer.text == "js"
    assert "immutable" in answer.headers["cache-control"]
    assert (await http.get("/icon.svg")).status_code == 200


@pytest.mark.parametrize(
    "path",
    [
        "/assets/none.js",
        "/assets/",
        "/assets/%2e%2e/%2e%2e/secret.txt",
        "/assets/..%2f..%2fsecret.txt",
        "/..%2fsecret.txt",
        "/index.html",
        "/none",
        "/designs/a/b",
    ],
)
async def test_nothing_else_is_there(http: httpx.AsyncClient, path: str) -> None:
    answer = await http.get(path)
    assert answer.status_code == 404
    assert "secret" not in answer.text
