"""Queries, scripts and data sources, and the code editors in which two people write at once."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
from playwright.async_api import Locator, Page, expect

from tests.browser.conftest import Sit
from tests.browser.desk import Desk, design, import_design
from tests.browser.test_accessibility import faults
from tests.support.process import ServerProcess


def with_data(name: str, *components: tuple[str, str, dict[str, Any]]) -> dict[str, Any]:
    document = design(name, *components)
    document["dataSources"] = {"d1": {"name": "Claims", "kind": "postgres", "config": {}}}
    document["queries"] = {
        "q1": {
            "name": "getClaims",
            "page": "p1",
            "dataSource": "d1",
            "kind": "sql",
            "body": "select 1",
            "config": {},
        }
    }
    return document


async def open_data(desk: Desk, name: str) -> Locator:
    """Open a query or script by a click. Returns its editor."""
    structure = desk.page.get_by_role("complementary", name="Structure")
    await desk.page.get_by_role("tab", name="Data").click()
    await structure.get_by_role("button", name=name, exact=True).click()
    editor = desk.page.get_by_role("textbox", name=f"Body of {name}", exact=True)
    await expect(editor).to_be_visible()
    return editor


async def two(sit: Sit, path: str) -> tuple[Desk, Desk]:
    people = await asyncio.gather(sit("Ada", path), sit("Ben", path))
    ada, ben = (Desk(person.page) for person in people)
    await asyncio.gather(ada.ready(), ben.ready())
    return ada, ben


async def stored(server_process: ServerProcess, path: str) -> dict[str, Any]:
    async with httpx.AsyncClient(base_url=server_process.url) as client:
        answer = await client.get(f"/api{path}/snapshot")
        data: dict[str, Any] = answer.json()["data"]
        return data


async def saved(page: Page) -> None:
    """Returns when nothing is on its way any more."""
    await expect(page.get_by_role("status")).to_have_text("Live")


async def test_two_people_write_one_query(sit: Sit, server_process: ServerProcess) -> None:
    path = await import_design(server_process.url, with_data("Write"))
    ada, ben = await two(sit, path)
    of_ada, of_ben = await asyncio.gather(open_data(ada, "getClaims"), open_data(ben, "getClaims"))
    await of_ada.focus()
    await ada.page.keyboard.press("Control+Home")
    await of_ben.focus()
    await ben.page.keyboard.press("Control+End")

    await asyncio.gather(
        ada.page.keyboard.type("-- from Ada 🐟\n", delay=15),
        ben.page.keyboard.type("\nfrom claims -- 🐠 Ben", delay=15),
    )

    expected = "-- from Ada 🐟\nselect 1\nfrom claims -- 🐠 Ben"
    for desk, editor in ((ada, of_ada), (ben, of_ben)):
        await expect(editor).to_contain_text("from Ada 🐟")
        await expect(editor).to_contain_text("🐠 Ben")
        await saved(desk.page)
    await expect(of_ada).to_contain_text("Ben")
    assert (await stored(server_process, path))["queries"]["q1"]["body"] == expected

    # One's own keystrokes go, the other's stay.
    await ada.page.keyboard.press("Control+z")
    await expect(of_ben).not_to_contain_text("from Ada")
    await expect(of_ben).to_contain_text("🐠 Ben")


async def test_another_cursor_stays_where_its_owner_is(
    sit: Sit, server_process: ServerProcess
) -> None:
    path = await import_design(server_process.url, with_data("Cursor"))
    ada, ben = await two(sit, path)
    of_ada, of_ben = await asyncio.gather(open_data(ada, "getClaims"), open_data(ben, "getClaims"))
    await of_ben.focus()
    await ben.page.keyboard.press("Control+End")
    cursor = of_ada.locator(".cm-caret", has_text="Ben")
    await expect(cursor).to_be_visible()
    await of_ada.focus()
    await ada.page.keyboard.press("Control+Home")

    await ada.page.keyboard.type("-- first\n")

    # It stands behind all text of the last line.
    await expect(of_ada.locator(".cm-line").last).to_contain_text("select 1")
    await expect(of_ada.locator(".cm-line").last.locator(".cm-caret")).to_be_visible()
    await expect(of_ben).to_contain_text("-- first")


async def test_a_query_is_added_renamed_bound_and_deleted(
    sit: Sit, server_process: ServerProcess
) -> None:
    path = await import_design(server_process.url, with_data("Life", ("Table", "Table1", {})))
    ada, ben = await two(sit, path)
    await ada.page.get_by_role("tab", name="Data").click()
    await ben.page.get_by_role("tab", name="Data").click()
    await ada.page.get_by_role("button", name="Add query").click()
    pane = ada.page.get_by_role("region", name="Query query1")
    await expect(pane).to_be_visible()

    # A taken name is said at the field and not sent.
    name = pane.get_by_label("Name", exact=True)
    await name.fill("getClaims")
    await name.press("Enter")
    await expect(pane.get_by_role("alert")).to_contain_text("getClaims is taken")
    await name.fill("listOpen")
    await name.press("Enter")
    structure = ben.page.get_by_role("complementary", name="Structure")
    await expect(structure.get_by_role("button", name="listOpen", exact=True)).to_be_visible()

    pane = ada.page.get_by_role("region", name="Query listOpen")
    sample = pane.get_by_label("Sample result", exact=True)
    await sample.fill('[{"city": "Graz"}]')
    await sample.press("Control+Enter")
    await ada.show_layers()
    await ada.select("Table1")
    data = ada.properties.get_by_role("textbox", name="Data", exact=True)
    await data.fill("{{listOpen.data}}")
    await data.press("Enter")
    await expect(ben.component("Table1")).to_contain_text("Graz")

    await ada.page.get_by_role("tab", name="Data").click()
    await ada.page.get_by_role("button", name="Actions for listOpen").click()
    await ada.page.get_by_role("menuitem", name="Delete query").click()
    await expect(pane).to_be_hidden()
    await expect(structure.get_by_role("button", name="listOpen", exact=True)).to_be_hidden()
    await ada.undo.click()
    await expect(structure.get_by_role("button", name="listOpen", exact=True)).to_be_visible()


async def test_an_expression_offers_names_and_marks_what_is_open(
    sit: Sit, server_process: ServerProcess
) -> None:
    path = await import_design(server_process.url, with_data("Bind", ("Table", "Table1", {})))
    ada, ben = await two(sit, path)
    await asyncio.gather(ada.select("Table1"), ben.select("Table1"))
    data = ada.properties.get_by_role("textbox", name="Data", exact=True)
    await data.click()
    await ada.page.keyboard.type("{{ getC")
    await ada.page.get_by_role("option", name="getClaims").click()
    await expect(data).to_have_text("{{ getClaims}}")
    await ada.page.keyboard.type(".da")
    await ada.page.get_by_role("option", name="data").click()
    await expect(data).to_have_text("{{ getClaims.data}}")
    await data.press("Enter")
    await expect(ben.properties.get_by_role("textbox", name="Data", exact=True)).to_have_text(
        "{{ getClaims.data}}"
    )

    await data.fill("{{ getClaims.data.map( }}")
    await expect(data.locator(".cm-fault")).to_be_visible()
    await data.press("Enter")
    await expect(ada.properties.get_by_role("alert")).to_contain_text("A ) is expected here")
    # The first may only close the list of names.
    await data.press("Escape")
    await data.press("Escape")
    await expect(data).to_have_text("{{ getClaims.data}}")
    await saved(ada.page)
    assert (await stored(server_process, path))["components"]["c1"]["props"]["data"] == (
        "{{ getClaims.data}}"
    )


async def test_fast_typing_on_a_slow_machine_keeps_its_letters_in_order(
    sit: Sit, server_process: ServerProcess
) -> None:
    """The form is drawn some keys later than they are typed: what it says then is old."""
    path = await import_design(server_process.url, with_data("Fast", ("Table", "Table1", {})))
    ada = Desk((await sit("Ada", path)).page)
    await ada.ready()
    await ada.select("Table1")
    data = ada.properties.get_by_role("textbox", name="Data", exact=True)
    await data.click()
    chrome = await ada.page.context.new_cdp_session(ada.page)
    await chrome.send("Emulation.setCPUThrottlingRate", {"rate": 8})
    text = "getClaims then what one two three four five"
    for _ in range(2):
        await data.press("Control+a")
        await data.press("Delete")
        await ada.page.keyboard.type(text)
        await expect(data).to_have_text(text)


async def test_a_data_source_that_goes_leaves_its_queries(
    sit: Sit, server_process: ServerProcess
) -> None:
    path = await import_design(server_process.url, with_data("Source"))
    ada = Desk((await sit("Ada", path)).page)
    await ada.ready()
    await open_data(ada, "getClaims")
    pane = ada.page.get_by_role("region", name="Query getClaims")
    await expect(pane.get_by_label("Data source", exact=True)).to_have_value("d1")

    await ada.page.get_by_role("button", name="Actions for Claims").click()
    await ada.page.get_by_role("menuitem", name="Delete data source").click()

    await expect(pane.get_by_label("Data source", exact=True)).to_have_value("")
    await saved(ada.page)
    assert (await stored(server_process, path))["queries"]["q1"]["dataSource"] is None


async def test_axe_finds_nothing_where_code_is_written(
    sit: Sit, server_process: ServerProcess
) -> None:
    path = await import_design(server_process.url, with_data("Axe", ("Table", "Table1", {})))
    ada, ben = await two(sit, path)
    await asyncio.gather(open_data(ada, "getClaims"), open_data(ben, "getClaims"))
    await ben.page.get_by_role("textbox", name="Body of getClaims").focus()
    await expect(ada.page.locator(".cm-caret", has_text="Ben")).to_be_visible()
    assert "\n".join(await faults(ada.page)) == ""
    await ada.page.get_by_role("button", name="Claims", exact=True).click()
    await expect(ada.page.get_by_role("region", name="Data source Claims")).to_be_visible()
    assert "\n".join(await faults(ada.page)) == ""
    await ada.page.get_by_role("button", name="Dark theme").click()
    await ada.page.get_by_role("button", name="Find anything").click()
    assert "\n".join(await faults(ada.page)) == ""
