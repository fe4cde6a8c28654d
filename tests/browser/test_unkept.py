"""What somebody typed and cannot be kept is not dropped without a word."""

from __future__ import annotations

from playwright.async_api import expect

from tests.browser.conftest import Sit
from tests.browser.desk import Desk, design, import_design
from tests.support.process import ServerProcess


async def test_what_cannot_be_kept_is_told(sit: Sit, server_process: ServerProcess) -> None:
    path = await import_design(
        server_process.url,
        design("Play", ("Text", "Text1", {"text": "hello"}), ("Button", "Button1", {"label": "Go"})),
    )
    page = (await sit("Ada", path)).page
    desk = Desk(page)
    await desk.ready()

    await desk.select("Button1")
    await desk.field("Name").fill("two words")
    await desk.select("Text1")
    await expect(desk.notices).to_contain_text("Name: “two words” was not kept.")

    await desk.select("Button1")
    await desk.field("Label").fill("y" * 5_000)
    await desk.field("Label").blur()
    await expect(desk.field("Label")).to_have_value("y" * 5_000)
    await expect(desk.field("Label")).to_have_attribute("aria-invalid", "true")
    await desk.select("Text1")
    await expect(desk.notices).to_contain_text("Label: “yyy")

    await page.get_by_label("Design name").fill("N" * 140)
    await page.keyboard.press("Enter")
    await expect(desk.notices).to_contain_text("Design name: “NNN")
    await expect(page.get_by_label("Design name")).to_have_value("Play")
