"""What one person does in the editor, and what another sees of it."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import httpx
from playwright.async_api import expect

from tests.browser.conftest import Sit
from tests.browser.desk import Desk, design, import_design
from tests.support.process import ServerProcess


async def both(sit: Sit, path: str) -> tuple[Desk, Desk]:
    people = await asyncio.gather(sit("Ada", path), sit("Ben", path))
    ada, ben = (Desk(person.page) for person in people)
    await asyncio.gather(ada.ready(), ben.ready())
    return ada, ben


async def stored(server: ServerProcess, path: str) -> dict[str, Any]:
    """The design as the server has it."""
    async with httpx.AsyncClient(base_url=server.url) as client:
        answer = await client.get(f"/api{path}/snapshot")
    data: dict[str, Any] = json.loads(answer.text)["data"]
    return data


async def test_each_kind_of_field_is_edited_and_seen(
    sit: Sit, server_process: ServerProcess
) -> None:
    document = design("Fields", ("TextInput", "One", {"label": "One"}), ("Button", "Send", {}))
    path = await import_design(server_process.url, document)
    ada, ben = await both(sit, path)
    await asyncio.gather(ada.select("One"), ben.select("One"))
    await ada.field("Label").fill("Policy number")  # a string
    await ada.field("Help text").fill("As printed")
    await ada.field("Longest").fill("40")  # a number: a draft until it is left
    await ada.field("Longest").press("Enter")
    await ada.properties.get_by_role("switch", name="Required").click()  # a boolean
    await ada.field("Kind of text").select_option("email")  # one of several
    await expect(ben.field("Label")).to_have_value("Policy number")
    await expect(ben.field("Help text")).to_have_value("As printed")
    await expect(ben.field("Longest")).to_have_value("40")
    await expect(ben.properties.get_by_role("switch", name="Required")).to_be_checked()
    await expect(ben.field("Kind of text")).to_have_value("email")
    props = (await stored(server_process, path))["components"]["c1"]["props"]
    kept = {
        name: props[name] for name in ("label", "helpText", "maxLength", "required", "inputType")
    }
    assert kept == {
        "label": "Policy number",
        "helpText": "As printed",
        "maxLength": 40,
        "required": True,
        "inputType": "email",
    }


async def test_a_value_that_the_schema_forbids_is_told_at_the_field_and_not_sent(
    sit: Sit, server_process: ServerProcess
) -> None:
    document = design("Wrong", ("TextInput", "One", {"label": "One", "maxLength": 10}))
    path = await import_design(server_process.url, document)
    desk = Desk((await sit("Ada", path)).page)
    await desk.ready()
    await desk.select("One")
    await desk.field("Longest").fill("many")
    await desk.field("Longest").press("Enter")
    await expect(desk.field("Longest")).to_have_attribute("aria-invalid", "true")
    await expect(desk.properties.get_by_role("alert")).to_be_visible()
    assert (await stored(server_process, path))["components"]["c1"]["props"]["maxLength"] == 10
    await desk.field("Longest").press("Escape")
    await expect(desk.field("Longest")).to_have_value("10")


async def test_pages_are_added_renamed_and_deleted_before_anothers_eyes(
    sit: Sit, server_process: ServerProcess
) -> None:
    ada, ben = await both(sit, await import_design(server_process.url, design("Pages")))
    await ada.page.get_by_role("button", name="Add page").click()
    pages = ben.page.get_by_role("region", name="Pages").get_by_role("listitem")
    await expect(pages).to_have_count(2)
    await (
        ada.page.get_by_role("button", name="Actions for Page 1")
        .or_(ada.page.get_by_role("button", name="Actions for Page 2"))
        .click()
    )
    await ada.page.get_by_role("menuitem", name="Rename").click()
    await expect(ada.page.get_by_role("textbox", name="New name of Page")).to_be_focused()
    await ada.page.keyboard.type("Review")
    await ada.page.keyboard.press("Enter")
    await ben.show_page("Review")
    await ben.insert("Heading")
    await expect(ada.component("Heading1")).to_be_visible()

    await ben.show_layers()
    await ben.page.get_by_role("button", name="Actions for Review").click()
    await ben.page.get_by_role("menuitem", name="Delete page").click()
    for desk in (ada, ben):
        await expect(desk.canvas.get_by_role("group", name="Page Main")).to_be_visible()
    await ben.undo.click()
    await ada.show_page("Review")
    await expect(ada.component("Heading1")).to_be_visible()


async def test_deleting_what_another_edits_and_bringing_it_back(
    sit: Sit, server_process: ServerProcess
) -> None:
    document = design("Delete", ("Card", "Box", {}), ("Text", "After", {"text": "after"}))
    document["components"]["c3"] = {
        "type": "Button",
        "typeVersion": 1,
        "name": "Inner",
        "place": {"parent": "c1", "slot": "content", "order": "a0"},
        "props": {"label": "Press"},
    }
    path = await import_design(server_process.url, document)
    ada, ben = await both(sit, path)
    await ada.select("Inner")
    await ada.field("Label").fill("Press here")
    await expect(ben.component("Inner")).to_contain_text("Press here")

    await ben.select("Box")
    await ben.page.get_by_role("button", name="Delete", exact=True).click()
    await expect(ada.component("Inner")).to_have_count(0)
    await expect(ada.properties.get_by_role("heading", name="Page", exact=True)).to_be_visible()
    assert set((await stored(server_process, path))["components"]) == {"c2"}

    await ben.undo.click()
    for desk in (ada, ben):
        await expect(desk.component("Inner")).to_contain_text("Press here")
        assert await desk.names() == ["Box", "Inner", "After"]


async def test_a_component_is_dragged_to_another_place(
    sit: Sit, server_process: ServerProcess
) -> None:
    texts = tuple(("Text", name, {"text": name}) for name in ("One", "Two", "Three"))
    ada, ben = await both(sit, await import_design(server_process.url, design("Move", *texts)))
    await ada.drag(ada.component("One"), below="Three")
    for desk in (ada, ben):
        await expect(desk.canvas.locator("[data-component]").last).to_have_text("One")
        assert await desk.names() == ["Two", "Three", "One"]


async def test_what_was_done_is_there_after_a_reload(
    sit: Sit, server_process: ServerProcess
) -> None:
    path = await import_design(server_process.url, design("Reload"))
    desk = Desk((await sit("Ada", path)).page)
    await desk.ready()
    await desk.insert("Button")
    await desk.field("Label").fill("Kept")
    await expect(desk.status).to_have_text("Live")
    await desk.page.reload()
    await desk.ready()
    await expect(desk.component("Button1")).to_contain_text("Kept")
