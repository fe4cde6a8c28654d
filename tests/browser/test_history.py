"""What became of a design: its timeline, any two versions side by side, who wrote what, and the way back."""

from __future__ import annotations

import asyncio
import re

from playwright.async_api import Locator, Page, expect

from tests.browser.conftest import Sit
from tests.browser.desk import Desk, design, import_design
from tests.browser.test_accessibility import faults
from tests.browser.test_code import saved, stored
from tests.support.process import ServerProcess


class Archive:
    """The history page of one design."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.versions = page.get_by_role("listbox", name="Versions")
        self.changed = page.get_by_role("tree", name="Changed")
        self.dialog = page.get_by_role("dialog")

    def entry(self, text: str) -> Locator:
        return self.versions.get_by_role("option", name=re.compile(text, re.IGNORECASE))

    async def press(self, name: str) -> None:
        await self.page.get_by_role("button", name=name, exact=True).click()


async def edited(sit: Sit, server_process: ServerProcess, name: str) -> tuple[str, Desk, Desk]:
    """A design in which Ada renamed a button and Ben rewrote a text."""
    document = design(
        name,
        ("Button", "Save", {"label": "Save"}),
        ("Text", "Note", {"text": "Fill in all of the fields."}),
    )
    path = await import_design(server_process.url, document)
    people = await asyncio.gather(sit("Ada", path), sit("Ben", path))
    ada, ben = (Desk(person.page) for person in people)
    await asyncio.gather(ada.ready(), ben.ready())
    await ada.select("Save")
    await ada.field("Label").fill("Save claim")
    await expect(ben.component("Save")).to_contain_text("Save claim")
    await ben.select("Note")
    await ben.field("Text").fill("Fill in every field.")
    await saved(ben.page)
    await saved(ada.page)
    return path, ada, ben


async def test_the_timeline_says_who_changed_what_and_restores_it_while_others_work(
    sit: Sit, server_process: ServerProcess
) -> None:
    path, ada, ben = await edited(sit, server_process, "Timeline")
    await ada.page.get_by_role("link", name="History").click()
    archive = Archive(ada.page)
    await expect(archive.entry("label of button Save changed").first).to_be_visible()
    await expect(archive.entry("Ada").first).to_be_visible()
    await archive.entry("Created").click()
    await expect(archive.changed.get_by_role("treeitem", name="Save, changed")).to_be_visible()

    # The text's edits are marked inside it, and who wrote it stands beside.
    await archive.changed.get_by_role("treeitem", name="Note, changed").click()
    note = ada.page.get_by_role("region", name="Note")
    await expect(note.locator("ins").first).to_contain_text("every")
    await expect(note.get_by_role("row", name=re.compile("^Text"))).to_contain_text("Ben")

    # One property goes back, seen before it is done; Ben sees it at once.
    await archive.changed.get_by_role("treeitem", name="Save, changed").click()
    await ada.page.get_by_role("button", name="Restore Label").click()
    effects = archive.dialog.get_by_role("list", name="What it does")
    await expect(effects).to_contain_text("Save changed: Label")
    await archive.dialog.get_by_role("button", name="Restore", exact=True).click()
    await expect(archive.dialog).to_be_hidden()
    await expect(ben.component("Save")).to_have_text("Save")
    await expect(ben.component("Note")).to_contain_text("every field")
    document = await stored(server_process, path)
    assert document["components"]["c1"]["props"]["label"] == "Save"
    await expect(archive.entry("Restored").first).to_be_visible()

    # The restore is a change set like any other, and is taken back.
    await archive.entry("Restored").first.click()
    await archive.press("Take back…")
    await archive.dialog.get_by_role("button", name="Take back", exact=True).click()
    await expect(ben.component("Save")).to_contain_text("Save claim")


async def test_a_version_gets_a_name_and_is_found_by_it(
    sit: Sit, server_process: ServerProcess
) -> None:
    path, ada, _ben = await edited(sit, server_process, "Names")
    await ada.page.goto(f"{server_process.url}{path}/history?user=Ada")
    archive = Archive(ada.page)
    await archive.entry("Created").click()
    await archive.press("Name…")
    await archive.dialog.get_by_label("Name").fill("As it came")
    await archive.dialog.get_by_label("Note").fill("Before anybody touched it")
    await archive.dialog.get_by_label("Protected").check()
    await archive.dialog.get_by_role("button", name="Save").click()
    await expect(archive.dialog).to_be_hidden()
    await ada.page.get_by_label("Named only").check()
    await expect(archive.versions.get_by_role("option")).to_have_count(1)
    await expect(archive.entry("As it came")).to_be_visible()
    await expect(ada.page.get_by_role("heading", name="As it came")).to_be_visible()
    await expect(ada.page.get_by_text("Before anybody touched it")).to_be_visible()

    await ada.page.get_by_label("Named only").uncheck()
    await ada.page.get_by_label("Person").select_option("Ben")
    await expect(archive.entry("Created")).to_be_hidden()
    await expect(archive.entry("text of text Note").first).to_be_visible()


async def test_history_by_keyboard_on_both_canvases_and_clean_for_axe(
    sit: Sit, server_process: ServerProcess
) -> None:
    path, ada, _ben = await edited(sit, server_process, "Keys")
    await ada.page.goto(f"{server_process.url}{path}/history?user=Ada")
    archive = Archive(ada.page)
    await expect(archive.versions.get_by_role("option").first).to_be_visible()
    await archive.versions.focus()
    await ada.page.keyboard.press("End")
    await expect(archive.entry("Created")).to_have_attribute("aria-selected", "true")
    await expect(archive.changed.get_by_role("treeitem")).to_have_count(3)
    await archive.changed.focus()
    await ada.page.keyboard.press("ArrowDown")
    await ada.page.keyboard.press("ArrowDown")
    await expect(ada.page.get_by_role("region", name="Save")).to_be_visible()
    await expect(ada.page.get_by_role("region", name="Note")).to_be_hidden()
    assert "\n".join(await faults(ada.page)) == ""

    await archive.press("Both canvases")
    before = ada.page.get_by_role("region", name="Canvas before")
    after = ada.page.get_by_role("region", name="Canvas after")
    await expect(before.get_by_role("group", name=re.compile("^Save,"))).to_have_text("Save")
    await expect(after.get_by_role("group", name=re.compile("^Save,"))).to_have_text("Save claim")
    await expect(after.locator("[data-mark=changed]")).to_have_count(2)
    await after.get_by_role("group", name=re.compile("^Note,")).hover()
    await expect(ada.page.get_by_text(re.compile("Note: Ben set text"))).to_be_visible()
    assert "\n".join(await faults(ada.page)) == ""
    await ada.page.get_by_role("button", name="Dark theme").click()
    assert "\n".join(await faults(ada.page)) == ""
