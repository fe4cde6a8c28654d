"""A provider and a backend that trusts it, in this process, for tests of who may come in."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import httpx

from server.app import Backend, create_app, open_backend
from server.settings import Settings
from tests.support.provider import AUDIENCE, CLIENT, SECRET, Provider

__all__ = ["ISSUER", "PUBLIC", "Site", "open_site"]

ISSUER = "http://127.0.0.1:7000"
PUBLIC = "http://127.0.0.1:8000"


class Site:
    """A server in production mode beside its provider; requests stay in this process."""

    def __init__(
        self, provider: Provider, settings: Settings, backend: Backend, stack: AsyncExitStack
    ) -> None:
        self.provider = provider
        self.settings = settings
        self.backend = backend
        self.app = create_app(settings, backend)
        self._stack = stack

    async def client(self, **options: Any) -> httpx.AsyncClient:
        """A browser or program that nobody knows yet."""
        transport = httpx.ASGITransport(app=self.app, client=("192.0.2.1", 1))
        made = httpx.AsyncClient(transport=transport, base_url=PUBLIC, **options)
        return await self._stack.enter_async_context(made)

    async def program(self, sub: str, *, name: str = "", **claims: Any) -> httpx.AsyncClient:
        """A client with a provider's token of that person."""
        token = self.provider.issue({"sub": sub, "name": name or sub.capitalize()}, claims)
        return await self.client(headers={"authorization": f"Bearer {token}"})

    async def browser(self, sub: str, *, to: str = "/", **claims: Any) -> httpx.AsyncClient:
        """A client that has signed in by the browser's way."""
        browser = await self.client(headers={"x-coweave": "1", "origin": PUBLIC})
        self.provider.person = {"sub": sub, "name": sub.capitalize(), **claims}
        begun = await browser.get("/auth/login", params={"to": to})
        assert begun.status_code == 302, begun.text
        answer = await self.at_provider(begun.headers["location"])
        done = await browser.get(answer.removeprefix(PUBLIC))
        assert done.status_code == 303, done.text
        return browser

    async def at_provider(self, address: str) -> str:
        """Go to the provider; where it sends the browser back to."""
        transport = httpx.ASGITransport(app=self.provider.app())
        async with httpx.AsyncClient(transport=transport) as http:
            answer = await http.get(address)
        assert answer.status_code == 302, answer.text
        return str(answer.headers["location"])

    async def person(self, client: httpx.AsyncClient) -> str:
        """The opaque id of whoever a client is."""
        answer = await client.get("/api/session")
        assert answer.status_code == 200, answer.text
        id = answer.json()["user"]["id"]
        assert re.fullmatch(r"[ut][0-9a-f]{16}", id)
        return str(id)


@asynccontextmanager
async def open_site(folder: Path, **changes: Any) -> AsyncIterator[Site]:
    """A site on a database of its own; `changes` to its settings."""
    provider = Provider(ISSUER)
    chosen: dict[str, Any] = {
        "database": f"sqlite:///{folder / 'coweave.sqlite3'}",
        "data_dir": folder,
        "development": False,
        "public_url": PUBLIC,
        "oidc_issuer": ISSUER,
        "oidc_client_id": CLIENT,
        "oidc_client_secret": SECRET,
        "oidc_audience": AUDIENCE,
        "sign_ins_per_minute": 10_000,
        **changes,
    }
    settings = Settings(**chosen)
    async with AsyncExitStack() as stack:
        client = httpx.AsyncClient(transport=httpx.ASGITransport(app=provider.app()))
        backend = await stack.enter_async_context(open_backend(settings, client=client))
        yield Site(provider, settings, backend, stack)
