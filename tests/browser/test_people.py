"""Sharing, looking after people, and signing in, as people do it in a browser."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx
import pytest
from playwright.async_api import Browser, expect

from tests.browser.conftest import PATIENCE_MS, VIEWPORT, Person, Sit
from tests.support.process import ServerProcess
from tests.support.provider import AUDIENCE, CLIENT, SECRET, ProviderProcess


@pytest.fixture
def server_process(tmp_path: Path) -> Iterator[ServerProcess]:
    """A node where only Ada is administrator, and nothing is shared by itself."""
    own = {"COWEAVE_ADMINS": "Ada", "COWEAVE_NEW_DESIGNS": "none"}
    with ServerProcess(tmp_path / "node", own) as server:
        yield server


async def make(server: ServerProcess, name: str) -> str:
    async with httpx.AsyncClient(base_url=server.url) as http:
        await http.get("/api/session", params={"user": "Ben"})
        made = await http.post("/api/designs", params={"user": "Ada"}, json={"name": name})
        return str(made.json()["id"])


async def test_E2_what_is_shared_and_taken_shows_at_once(
    sit: Sit, server_process: ServerProcess
) -> None:
    id = await make(server_process, "Claims")
    ada = await sit("Ada", f"/designs/{id}")
    await ada.page.get_by_role("button", name="Share", exact=True).click()
    dialog = ada.page.get_by_role("dialog", name="Share")
    await dialog.get_by_label("Share with").select_option(label="Ben")
    await dialog.get_by_label("As", exact=True).select_option(label="Editor")
    await dialog.get_by_role("button", name="Share", exact=True).click()
    await expect(dialog.get_by_label("Role of Ben")).to_have_value("editor")

    ben = await sit("Ben", f"/designs/{id}")
    ben.forgives = ["404", "403"]
    await expect(ben.page.get_by_label("Design name")).to_have_value("Claims")
    await dialog.get_by_label("Role of Ben").select_option(label="Viewer")
    await expect(ben.page.get_by_text("You are viewer of this design now")).to_be_visible()
    await dialog.get_by_role("button", name="Remove Ben").click()
    await expect(ben.page.get_by_label("Design name")).not_to_be_visible()
    await dialog.get_by_role("button", name="Done").click()
    await ben.page.goto(f"{server_process.url}/?user=Ben")
    await expect(ben.page.get_by_text("There is no design yet.")).to_be_visible()


async def test_a_page_is_given_to_one_person(sit: Sit, server_process: ServerProcess) -> None:
    id = await make(server_process, "Claims")
    ada = await sit("Ada", f"/designs/{id}")
    await ada.page.get_by_role("button", name="Share", exact=True).click()
    dialog = ada.page.get_by_role("dialog", name="Share")
    await dialog.get_by_label("Share with").select_option(label="Ben")
    await dialog.get_by_label("On").select_option(label="Page Page 1")
    await dialog.get_by_role("button", name="Share", exact=True).click()
    await expect(dialog.get_by_label("Role of Ben, Page Page 1")).to_have_value("editor")
    async with httpx.AsyncClient(base_url=server_process.url, params={"user": "Ben"}) as http:
        own = (await http.get(f"/api/designs/{id}/access")).json()
    assert own["role"] == "viewer" and own["parts"] == {"pages/page1": "editor"}


async def test_administrators_look_after_tokens_and_read_the_record(
    sit: Sit, server_process: ServerProcess
) -> None:
    await make(server_process, "Claims")
    ada = await sit("Ada")
    await ada.page.get_by_role("button", name="Ada: menu").click()
    await ada.page.get_by_role("menuitem", name="People, tokens, record").click()
    await ada.page.get_by_role("tab", name="Service tokens").click()
    await ada.page.get_by_label("Name").fill("<img src=x onerror=alert(1)>")
    await ada.page.get_by_role("button", name="Make token").click()
    secret = await ada.page.get_by_role("status").get_by_text("cwt.").inner_text()
    async with httpx.AsyncClient(base_url=server_process.url) as http:
        bearer = {"authorization": f"Bearer {secret}"}
        assert (await http.get("/api/designs", headers=bearer)).status_code == 200
        await ada.page.get_by_role("button", name="Revoke").click()
        await expect(ada.page.get_by_text("Revoked")).to_be_visible()
        assert (await http.get("/api/designs", headers=bearer)).status_code == 401
    await ada.page.get_by_role("tab", name="Record").click()
    record = ada.page.get_by_role("table", name="Record of acts")
    await expect(record.get_by_text("token.revoke")).to_be_visible()
    await ada.page.get_by_label("About").select_option(label="design")
    await expect(record.get_by_text("token.revoke")).not_to_be_visible()
    await expect(record.get_by_text("design.create")).to_be_visible()
    ben = await sit("Ben", "/people")
    ben.forgives = ["403"]
    await expect(ben.page.get_by_text("That is for administrators")).to_be_visible()


# -- with an identity provider -------------------------------------------------------------------------


@pytest.fixture
def provider(tmp_path: Path) -> Iterator[ProviderProcess]:
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    with ProviderProcess(tmp_path / "provider", environment) as provider:
        yield provider


@pytest.fixture
def site(tmp_path: Path, provider: ProviderProcess) -> Iterator[ServerProcess]:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    own = {
        "COWEAVE_PORT": str(port),
        "COWEAVE_PUBLIC_URL": f"http://127.0.0.1:{port}",
        "COWEAVE_OIDC_ISSUER": provider.url,
        "COWEAVE_OIDC_CLIENT_ID": CLIENT,
        "COWEAVE_OIDC_CLIENT_SECRET": SECRET,
        "COWEAVE_OIDC_AUDIENCE": AUDIENCE,
        "COWEAVE_ADMINS": "ada",
    }
    with ServerProcess(tmp_path / "site", own) as server:
        yield server


@pytest.fixture
async def ada(chromium: Browser, provider: ProviderProcess) -> AsyncIterator[Person]:
    await asyncio.to_thread(provider.control, "person", sub="ada", name="Ada")
    context = await chromium.new_context(viewport=VIEWPORT, reduced_motion="reduce")
    context.set_default_timeout(PATIENCE_MS)
    person = Person("Ada", await context.new_page(), ["401", "favicon"])
    person.listen()
    yield person
    await context.close()
    assert person.complaints == []


async def until_named(http: httpx.AsyncClient, name: str) -> None:
    """The list shows what was committed, a moment after the page shows it."""
    while (await http.get("/api/designs")).json()["designs"][0]["name"] != name:  # noqa: ASYNC110
        await asyncio.sleep(0.05)


async def test_E2_signing_in_editing_and_being_signed_out(
    ada: Person, site: ServerProcess, provider: ProviderProcess
) -> None:
    page = ada.page
    await page.goto(f"{site.url}/?trash=1")
    await page.get_by_role("link", name="Sign in").click()
    await expect(page.get_by_role("button", name="Ada: menu")).to_be_visible()
    assert page.url == f"{site.url}/?trash=1"  # where they wanted to go
    await page.goto(site.url)
    await page.get_by_role("button", name="New design").click()
    await page.get_by_role("button", name="Create").click()
    await expect(page.get_by_text("Live")).to_be_visible()
    await page.get_by_label("Design name").fill("Signed")
    await page.keyboard.press("Enter")
    token = await asyncio.to_thread(provider.token, {"sub": "ada", "name": "Ada"})
    async with httpx.AsyncClient(
        base_url=site.url, headers={"authorization": f"Bearer {token}"}
    ) as http:
        async with asyncio.timeout(PATIENCE_MS / 1_000):
            await until_named(http, "Signed")
        me = (await http.get("/api/session")).json()["user"]["id"]
        assert (await http.post(f"/api/members/{me}/sign-out")).status_code == 204
    await expect(page.get_by_text("You are signed in no more")).to_be_visible()
    await page.get_by_role("link", name="Sign in again").click()
    await expect(page.get_by_label("Design name")).to_have_value("Signed")
    await page.goto(site.url)
    await page.get_by_role("button", name="Ada: menu").click()
    await page.get_by_role("menuitem", name="Sign out").click()
    await page.wait_for_url(f"{provider.url}/logout")
