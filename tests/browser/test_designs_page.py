"""The list of designs, as one person uses it."""

from __future__ import annotations

import json
import re
from pathlib import Path

from playwright.async_api import Locator, Page, expect

from tests.browser.conftest import Sit
from tests.browser.desk import Desk, design


def row(page: Page, name: str) -> Locator:
    header = page.get_by_role("rowheader", name=name, exact=True)
    return page.get_by_role("row").filter(has=header)


async def choose(page: Page, name: str, entry: str) -> None:
    await page.get_by_role("button", name=f"Actions for {name}", exact=True).click()
    await page.get_by_role("menuitem", name=entry).click()


async def test_create_rename_duplicate_trash_and_restore(sit: Sit) -> None:
    page = (await sit("Ada")).page
    await page.get_by_role("button", name="New design", exact=True).click()
    dialog = page.get_by_role("dialog", name="New design")
    await dialog.get_by_label("Name").fill("Claims")
    await dialog.get_by_role("button", name="Create").click()
    desk = Desk(page)
    await desk.ready()
    await expect(page).to_have_title(re.compile("^Claims"))
    await desk.insert("Button")
    await expect(desk.component("Button1")).to_be_visible()

    await page.get_by_role("link", name="All designs").click()
    await expect(row(page, "Claims")).to_contain_text("Ada")
    await choose(page, "Claims", "Rename")
    dialog = page.get_by_role("dialog", name="Rename design")
    await dialog.get_by_label("Name").fill("Claims intake")
    await dialog.get_by_role("button", name="Rename").click()
    await expect(row(page, "Claims intake")).to_be_visible()

    await choose(page, "Claims intake", "Duplicate")
    rows = page.get_by_role("rowheader")
    await expect(rows).to_have_count(2)
    (copy,) = set(await rows.get_by_role("link").all_inner_texts()) - {"Claims intake"}
    assert copy.startswith("Claims intake")
    await page.get_by_role("link", name=copy, exact=True).click()
    await desk.ready()
    await expect(desk.component("Button1")).to_be_visible()
    await page.get_by_role("link", name="All designs").click()

    await choose(page, "Claims intake", "Move to trash")
    await expect(rows).to_have_count(1)
    await page.get_by_role("link", name="Trash").click()
    await page.get_by_role("button", name="Restore Claims intake", exact=True).click()
    await expect(page.get_by_text("The trash is empty.")).to_be_visible()
    await page.get_by_role("link", name="All designs").click()
    await expect(row(page, "Claims intake")).to_be_visible()
    await expect(row(page, copy)).to_be_visible()


async def test_a_design_in_the_trash_closes_and_opens_for_nobody(sit: Sit) -> None:
    ada = await sit("Ada")
    await ada.page.get_by_role("button", name="New design", exact=True).click()
    await ada.page.get_by_role("button", name="Create").click()
    await Desk(ada.page).ready()
    path = "/designs/" + ada.page.url.split("/designs/")[1].split("?")[0]
    ben = await sit("Ben")
    await choose(ben.page, "Untitled design", "Move to trash")
    await expect(ben.page.get_by_text("There is no design yet.")).to_be_visible()
    await expect(ada.page.get_by_role("heading", name="There is no such design")).to_be_visible()

    # A missing, a hidden and a trashed design look the same; the browser reports the 404s by itself.
    ben.forgives.append(r"Failed to load resource: .*404")
    await ben.page.goto(ben.page.url.split("/?")[0] + path)
    await expect(ben.page.get_by_role("heading", name="There is no such design")).to_be_visible()


async def test_a_rename_in_the_list_shows_where_the_design_is_open(sit: Sit) -> None:
    ada = await sit("Ada")
    await ada.page.get_by_role("button", name="New design", exact=True).click()
    await ada.page.get_by_role("button", name="Create").click()
    await Desk(ada.page).ready()
    ben = (await sit("Ben")).page
    await choose(ben, "Untitled design", "Rename")
    await ben.get_by_role("textbox", name="Name").fill("Claims")
    await ben.get_by_role("button", name="Rename").click()
    await expect(ada.page.get_by_label("Design name")).to_have_value("Claims")


async def test_import_by_file(sit: Sit, tmp_path: Path) -> None:
    good, bad = tmp_path / "good.json", tmp_path / "bad.json"
    good.write_text(json.dumps(design("From a file", ("Heading", "Title", {"text": "Hello"}))))
    bad.write_text('{"some": "other JSON"}')
    person = await sit("Ada")
    person.forgives.append(r"Failed to load resource: .*(400|422)")
    page = person.page
    await page.get_by_label("Design file").set_input_files(bad)
    await expect(page.get_by_role("alert")).to_contain_text("bad.json could not be imported")
    await page.get_by_label("Design file").set_input_files(good)
    desk = Desk(page)
    await desk.ready()
    await expect(desk.component("Title")).to_have_text("Hello")
