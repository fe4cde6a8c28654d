"""What the server does on request: rename with all references, check, export."""

from __future__ import annotations

import asyncio
import json

from playwright.async_api import expect

from tests.browser.conftest import Sit
from tests.browser.desk import Desk, design, import_design
from tests.browser.test_code import stored
from tests.support.process import ServerProcess


def bound(name: str) -> dict[str, object]:
    return design(
        name,
        ("TextInput", "City", {"label": "City"}),
        ("Text", "Greeting", {"text": "Hello {{City.value}}"}),
        ("Text", "Lost", {"text": "{{Nowhere.value}}"}),
    )


async def test_a_new_name_reaches_what_calls_it_and_can_be_taken_back(
    sit: Sit, server_process: ServerProcess
) -> None:
    path = await import_design(server_process.url, bound("Rename"))
    people = await asyncio.gather(sit("Ada", path), sit("Ben", path))
    ada, ben = (Desk(person.page) for person in people)
    await asyncio.gather(ada.ready(), ben.ready())
    people[0].forgives.append(r"Failed to load resource: .*422")
    await ada.select("City")
    await ada.field("Name").fill("Town")
    await ada.field("Name").press("Enter")

    await expect(ada.notices).to_contain_text("City is now Town, also where it is called.")
    await ben.select("Greeting")
    await expect(ben.field("Text")).to_have_value("Hello {{Town.value}}")
    await ada.notices.get_by_role("button", name="Rename back").click()
    await expect(ben.field("Text")).to_have_value("Hello {{City.value}}")
    await expect(ada.field("Name")).to_have_value("City")
    document = await stored(server_process, path)
    assert document["components"]["c1"]["name"] == "City"


async def test_the_check_leads_to_what_is_wrong(sit: Sit, server_process: ServerProcess) -> None:
    path = await import_design(server_process.url, bound("Check"))
    ada = Desk((await sit("Ada", path)).page)
    await ada.ready()
    await ada.page.get_by_role("button", name="Design menu").click()
    await ada.page.get_by_role("menuitem", name="Check").click()
    pane = ada.page.get_by_role("region", name="Check")
    finding = pane.get_by_role("button", name="Nowhere").first
    await finding.click()
    await expect(ada.field("Name")).to_have_value("Lost")
    await ada.field("Text").fill("here")
    await expect(ada.status).to_have_text("Live")
    await pane.get_by_role("button", name="Check again").click()
    await expect(pane).to_contain_text("Nothing is wrong")
    await pane.get_by_role("button", name="Close").click()
    await expect(pane).to_be_hidden()


async def test_a_design_goes_out_as_a_file(sit: Sit, server_process: ServerProcess) -> None:
    path = await import_design(server_process.url, bound("Out: 1/2"))
    ada = Desk((await sit("Ada", path)).page)
    await ada.ready()
    await ada.page.get_by_role("button", name="Design menu").click()
    await expect(ada.page.get_by_role("menuitem", name="Export for Appsmith")).to_be_hidden()
    async with ada.page.expect_download() as coming:
        await ada.page.get_by_role("menuitem", name="Export", exact=True).click()
    download = await coming.value
    assert download.suggested_filename == "Out- 1-2.coweave.json"
    file = json.loads((await download.path()).read_text("utf-8"))
    assert file["components"] == (await stored(server_process, path))["components"]
