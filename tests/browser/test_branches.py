"""Branches in the designer: made, edited, compared, reviewed, merged with conflicts, and versions released."""

from __future__ import annotations

import asyncio
import re

from playwright.async_api import Page, expect

from tests.browser.conftest import Sit
from tests.browser.desk import Desk, design, import_design
from tests.browser.test_accessibility import faults
from tests.browser.test_code import saved, stored
from tests.support.process import ServerProcess


async def tab(page: Page, name: str) -> None:
    await page.get_by_role("navigation", name="History").get_by_role("button", name=name).click()


async def branched(page: Page, name: str) -> Desk:
    """Make a branch on the history page, and open it."""
    await tab(page, "Branches")
    await page.get_by_role("button", name="New branch…").click()
    await page.get_by_role("dialog").get_by_label("Name").fill(name)
    await page.get_by_role("dialog").get_by_role("button", name="Create").click()
    await expect(page.get_by_role("heading", name=name)).to_be_visible()
    await page.get_by_role("link", name="Open").click()
    desk = Desk(page)
    await desk.ready()
    await expect(page.get_by_role("link", name=name)).to_be_visible()
    return desk


async def test_a_branch_is_edited_apart_and_merged_with_its_conflict_answered(
    sit: Sit, server_process: ServerProcess
) -> None:
    document = design(
        "Branches", ("Button", "Save", {"label": "Save"}), ("Button", "Stop", {"label": "Stop"})
    )
    path = await import_design(server_process.url, document)
    people = await asyncio.gather(sit("Ada", f"{path}/history"), sit("Ben", path))
    page = people[0].page
    ben = Desk(people[1].page)
    await ben.ready()
    ada = await branched(page, "Redesign")
    await ada.select("Save")
    await ada.field("Label").fill("Send")
    await ada.field("Variant").select_option("danger")
    await saved(page)
    await expect(ben.component("Save")).to_have_text("Save")
    await ben.select("Save")
    await ben.field("Label").fill("Keep")
    await saved(ben.page)

    await page.get_by_role("link", name="Redesign").click()
    await tab(page, "Branches")
    conflicts = page.get_by_role("region", name="Conflicts")
    await expect(conflicts.get_by_role("group", name="Save, Label")).to_be_visible()
    merge = page.get_by_role("button", name="Merge", exact=True)
    await expect(merge).to_be_disabled()
    assert "\n".join(await faults(page)) == ""
    await conflicts.get_by_role("radio", name=re.compile("Branch")).check()
    await merge.click()
    await expect(ben.component("Save")).to_have_text("Send")
    document = await stored(server_process, path)
    assert document["components"]["c1"]["props"] == {"label": "Send", "variant": "danger"}


async def test_a_protected_design_changes_by_an_approved_branch_and_is_released(
    sit: Sit, server_process: ServerProcess
) -> None:
    document = design("Rules", ("Button", "Save", {"label": "Save"}))
    path = await import_design(server_process.url, document)
    people = await asyncio.gather(sit("Ada", f"{path}/history"), sit("Ben", path))
    for person in people:
        person.forgives.append(r"Failed to load resource: .*(403|409)")
    page, other = people[0].page, people[1].page
    ben = Desk(other)
    await ben.ready()

    # Ben has edited before, so that he can be asked.
    await ben.select("Save")
    await ben.field("Label").fill("Save!")
    await saved(other)
    await tab(page, "Branches")
    await page.get_by_role("button", name="Rules…").click()
    dialog = page.get_by_role("dialog")
    await dialog.get_by_label("Protected").check()
    await dialog.get_by_label("Approvals").fill("1")
    await dialog.get_by_role("button", name="Save").click()
    await expect(dialog).to_be_hidden()

    ada = await branched(page, "Wording")
    await ada.select("Save")
    await ada.field("Label").fill("Send")
    await saved(page)
    await page.get_by_role("link", name="Wording").click()
    await tab(page, "Branches")
    merge = page.get_by_role("button", name="Merge", exact=True)
    await expect(merge).to_be_disabled()
    await page.get_by_role("button", name="Ask for review…").click()
    await dialog.get_by_label("What it is about").fill("Shorter words")
    await dialog.get_by_label("Ben").check()
    await dialog.get_by_role("button", name="Ask").click()
    await expect(dialog).to_be_hidden()

    # Who contributed cannot approve it; Ben can.
    await tab(page, "Reviews")
    await expect(page.get_by_text("Shorter words")).to_be_visible()
    await page.get_by_role("button", name="Approve").click()
    await expect(page.get_by_role("alert")).to_be_visible()
    await other.goto(f"{server_process.url}{path}/history?user=Ben")
    await tab(other, "Reviews")
    await other.get_by_label("Comment on this review").fill("Looks right")
    await other.get_by_role("button", name="Comment", exact=True).click()
    await expect(other.get_by_role("article")).to_contain_text("Looks right")
    assert "\n".join(await faults(other)) == ""
    await other.get_by_role("button", name="Approve").click()
    await expect(other.get_by_role("list", name="Verdicts")).to_contain_text("Ben approved")
    await tab(page, "Branches")
    await merge.click()
    await expect(page.get_by_role("listbox", name="Branches").get_by_role("option")).to_have_count(
        0
    )
    assert (await stored(server_process, path))["components"]["c1"]["props"]["label"] == "Send"

    await tab(page, "Releases")
    await page.get_by_role("listbox", name="Environments").get_by_role("option").first.click()
    await page.get_by_role("button", name="Release…").click()
    await dialog.get_by_label("Reason").fill("First one")
    await dialog.get_by_role("button", name="Release", exact=True).click()
    await expect(dialog).to_be_hidden()
    await expect(page.get_by_role("table")).to_contain_text("First one")
    assert "\n".join(await faults(page)) == ""
