"""Finding by a few letters, the sheet of keys, and a canvas at another size."""

from __future__ import annotations

import asyncio
import re

from playwright.async_api import expect

from tests.browser.conftest import Sit
from tests.browser.desk import Desk, design, import_design
from tests.support.process import ServerProcess

TEXTS = (("Text", "First", {"text": "one"}), ("Text", "Second", {"text": "two"}))


async def sit_at(sit: Sit, server_process: ServerProcess, name: str) -> Desk:
    document = design(name, *TEXTS)
    document["pages"]["p2"] = {"name": "Other", "order": "a1", "settings": {}}
    document["components"]["c9"] = {
        "type": "Button",
        "typeVersion": 1,
        "name": "farAway",
        "place": {"page": "p2", "slot": "content", "order": "a0"},
        "props": {"label": "Far"},
    }
    desk = Desk((await sit("Ada", await import_design(server_process.url, document))).page)
    await desk.ready()
    return desk


async def test_a_component_on_another_page_is_found_by_keys_alone(
    sit: Sit, server_process: ServerProcess
) -> None:
    desk = await sit_at(sit, server_process, "Find")
    await desk.page.keyboard.press("Control+k")
    box = desk.page.get_by_role("combobox", name="Find anything")
    await expect(box).to_be_focused()
    await box.fill("faraw")
    await expect(
        desk.page.get_by_role("listbox", name="Found").get_by_role("option").first
    ).to_contain_text("farAway")
    await desk.page.keyboard.press("Enter")

    await expect(box).to_be_hidden()
    await expect(desk.component("farAway")).to_be_visible()
    await expect(desk.field("Name")).to_have_value("farAway")


async def test_a_component_is_added_and_taken_back_by_the_finder(
    sit: Sit, server_process: ServerProcess
) -> None:
    desk = await sit_at(sit, server_process, "Command")
    for words in ("add button", "undo add"):
        await desk.page.get_by_role("button", name="Find anything").click()
        await desk.page.get_by_role("combobox", name="Find anything").fill(words)
        await desk.page.get_by_role("listbox", name="Found").get_by_role("option").first.click()
        if words == "add button":
            await expect(desk.component("Button1")).to_be_visible()
    await expect(desk.component("Button1")).to_be_hidden()


async def test_the_sheet_of_keys_opens_and_closes_by_keys(
    sit: Sit, server_process: ServerProcess
) -> None:
    desk = await sit_at(sit, server_process, "Keys")
    await desk.canvas.focus()
    await desk.page.keyboard.press("?")
    sheet = desk.page.get_by_role("dialog", name="Keyboard shortcuts")
    await expect(sheet).to_contain_text("Duplicate")
    await desk.page.keyboard.press("Escape")
    await expect(sheet).to_be_hidden()


async def test_a_drop_lands_where_the_line_is_at_half_size(
    sit: Sit, server_process: ServerProcess
) -> None:
    desk = await sit_at(sit, server_process, "Zoom")
    before = await desk.component("First").bounding_box()
    await desk.canvas.focus()
    for _ in range(4):
        await desk.page.keyboard.press("-")
    zoom = desk.page.get_by_role("group", name="Zoom")
    await expect(zoom.get_by_role("button", name=re.compile("50%"))).to_be_visible()
    assert before is not None
    async with asyncio.timeout(20):  # the number is there a moment before the page is laid out anew
        while after := await desk.component("First").bounding_box():
            if after["height"] < before["height"] * 0.6:
                break
    assert after is not None

    await desk.drag_new("Button", below="First")

    await expect(desk.component("Button1")).to_be_visible()
    assert await desk.names() == ["First", "Button1", "Second"]
