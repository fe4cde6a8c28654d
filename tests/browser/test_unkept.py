"""What somebody typed and cannot be kept is not dropped without a word."""

from __future__ import annotations

from playwright.async_api import expect

from tests.browser.conftest import Sit
from tests.browser.desk import Desk, design, import_design
from tests.support.process import ServerProcess


async def test_what_cannot_be_kept_is_told(sit: Sit, server_process: ServerProcess) -> None:
    path = await import_design(
        server_process.url,
        design(
            "Play", ("Text", "Text1", {"text": "hello"}), ("Button", "Button1", {"label": "Go"})
        ),
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


async def test_what_was_written_in_a_deleted_component_can_be_copied(
    sit: Sit, server_process: ServerProcess
) -> None:
    path = await import_design(
        server_process.url, design("Play", ("Button", "Button1", {"label": "Go"}))
    )
    ada, ben = await sit("Ada", path), await sit("Ben", path)
    ada.forgives.append("ERR_INTERNET_DISCONNECTED")
    hers, his = Desk(ada.page), Desk(ben.page)
    await hers.ready()
    await his.ready()

    # The form's code editor has come before anybody needs it: it could not be fetched offline.
    await ada.page.wait_for_function(
        "performance.getEntriesByType('resource')"
        ".some(each => each.name.includes('CodeEditor') && each.responseEnd > 0)"
    )
    await ada.page.context.set_offline(True)
    await expect(hers.status).to_contain_text("Offline")
    await hers.select("Button1")
    await hers.field("Label").fill("Written offline")
    await his.select("Button1")
    await ben.page.get_by_role("button", name="Delete").first.click()
    await expect(his.component("Button1")).to_have_count(0)
    await ada.page.context.set_offline(False)

    notice = hers.notices.get_by_role("listitem").filter(has_text="Ben deleted")
    await expect(notice).to_contain_text("“Written offline”")
    await notice.get_by_role("button", name="Copy mine").click()
    await expect(hers.status).to_have_text("Live")
