"""Conversations on components: live for everybody, with people called by name, resolved and opened again."""

from __future__ import annotations

import asyncio

from playwright.async_api import Locator, Page, expect

from tests.browser.conftest import Sit
from tests.browser.desk import Desk, design, import_design
from tests.browser.test_accessibility import faults
from tests.support.process import ServerProcess


def panel(page: Page) -> Locator:
    return page.get_by_role("complementary", name="Comments")


async def test_two_people_talk_about_a_component(sit: Sit, server_process: ServerProcess) -> None:
    document = design("Talk", ("Button", "Save", {"label": "Save"}), ("Text", "Note", {}))
    path = await import_design(server_process.url, document)
    people = await asyncio.gather(sit("Ada", path), sit("Ben", path))
    ada, ben = (Desk(person.page) for person in people)
    await asyncio.gather(ada.ready(), ben.ready())
    await expect(ada.people.get_by_role("button", name="Ben")).to_be_visible()

    await ada.select("Save")
    await ada.page.get_by_role("button", name="Comments").click()
    composer = ada.page.get_by_label("Comment on Save")
    await expect(composer).to_be_focused()
    await ada.page.keyboard.type("Is this right, @Be")
    await expect(ada.page.get_by_role("option", name="Ben")).to_be_visible()
    await ada.page.keyboard.press("Enter")
    await expect(composer).to_have_value("Is this right, @Ben ")
    await ada.page.keyboard.type("?")
    await ada.page.keyboard.press("Control+Enter")
    hers = panel(ada.page)
    await expect(hers.get_by_role("article")).to_contain_text("Is this right, @Ben ?")
    assert "\n".join(await faults(ada.page)) == ""

    # Ben sees it at once, is led to the component, and answers.
    await ben.page.get_by_role("button", name="Comments").click()
    his = panel(ben.page)
    await expect(his.get_by_role("article")).to_contain_text("Is this right")
    await his.get_by_role("button", name="Save").click()
    await expect(ben.page.get_by_label("Comment on Save")).to_be_visible()
    await his.get_by_role("button", name="Reply").click()
    await ben.page.keyboard.type("It is.")
    await ben.page.keyboard.press("Control+Enter")
    await expect(hers.get_by_role("article").nth(1)).to_contain_text("It is.")

    # Resolved, it leaves the list of both, and can be opened again.
    await hers.get_by_role("button", name="Resolve").click()
    await expect(hers.get_by_role("article")).to_have_count(0)
    await expect(his.get_by_role("article")).to_have_count(0)
    await hers.get_by_label("Resolved").check()
    await hers.get_by_role("button", name="Open again").click()
    await expect(his.get_by_role("article")).to_have_count(2)
    await hers.get_by_role("button", name="Close").click()
    await expect(ada.properties).to_be_visible()


async def test_a_comment_stays_on_its_component_when_that_is_deleted_and_comes_back(
    sit: Sit, server_process: ServerProcess
) -> None:
    document = design("Stay", ("Button", "Save", {"label": "Save"}))
    path = await import_design(server_process.url, document)
    ada = Desk((await sit("Ada", path)).page)
    await ada.ready()
    await ada.select("Save")
    await ada.layers.focus()
    await ada.page.keyboard.press("c")
    await ada.page.keyboard.type("Too small")
    await ada.page.keyboard.press("Control+Enter")
    comments = panel(ada.page)
    await expect(comments.get_by_role("article")).to_contain_text("Too small")
    await ada.canvas.focus()
    await ada.page.keyboard.press("Delete")
    await expect(comments).to_contain_text("On something deleted")
    await ada.undo.click()
    await expect(comments.get_by_role("button", name="Save")).to_be_visible()
    await comments.get_by_role("button", name="Delete comment").click()
    await expect(comments.get_by_role("article")).to_have_count(0)
