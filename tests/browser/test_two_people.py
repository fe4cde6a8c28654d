"""Two people edit one design, each in a browser of their own."""

from __future__ import annotations

import asyncio
import re

from playwright.async_api import expect

from tests.browser.conftest import Sit
from tests.browser.desk import Desk, design, import_design
from tests.support.process import ServerProcess
from tests.support.proxy import Proxy

# What Chromium itself says about a connection that was cut on purpose.
CUT = [r"WebSocket connection to .* failed", r"Failed to load resource: net::ERR_"]


async def both(sit: Sit, path: str) -> tuple[Desk, Desk]:
    people = await asyncio.gather(sit("Ada", path), sit("Ben", path))
    ada, ben = (Desk(person.page) for person in people)
    await asyncio.gather(ada.ready(), ben.ready())
    return ada, ben


async def test_a_component_dragged_in_one_page_appears_in_the_other(
    sit: Sit, server_process: ServerProcess
) -> None:
    texts = (("Text", "First", {"text": "one"}), ("Text", "Second", {"text": "two"}))
    path = await import_design(server_process.url, design("Drag", *texts))
    ada, ben = await both(sit, path)

    await ada.drag_new("Button", below="First")

    await expect(ben.component("Button1")).to_be_visible()
    assert await ada.names() == ["First", "Button1", "Second"]
    assert await ben.names() == ["First", "Button1", "Second"]


async def test_two_people_type_in_one_field(sit: Sit, server_process: ServerProcess) -> None:
    document = design("Type", ("Button", "Send", {"label": "=="}))
    ada, ben = await both(sit, await import_design(server_process.url, document))
    await asyncio.gather(ada.select("Send"), ben.select("Send"))
    await ada.field("Label").focus()
    await ada.page.keyboard.press("Home")
    await ben.field("Label").focus()
    await ben.page.keyboard.press("End")

    await asyncio.gather(
        ada.page.keyboard.type("from Ada 🐟 ", delay=15),
        ben.page.keyboard.type(" and from Ben", delay=15),
    )

    expected = "from Ada 🐟 == and from Ben"
    await expect(ada.field("Label")).to_have_value(expected)
    await expect(ben.field("Label")).to_have_value(expected)
    await expect(ada.component("Send")).to_contain_text(expected)
    await expect(ben.component("Send")).to_contain_text(expected)


async def test_two_people_add_a_button_at_the_same_moment(
    sit: Sit, server_process: ServerProcess
) -> None:
    path = await import_design(server_process.url, design("Same moment"))
    async with Proxy(server_process.port) as proxy:
        # Ada's edit is on its way while Ben's is made: neither page can know of the other's name.
        ada_person = await sit("Ada", path, base=proxy.url)
        ada_person.forgives += CUT
        ada, ben = Desk(ada_person.page), Desk((await sit("Ben", path)).page)
        await asyncio.gather(ada.ready(), ben.ready())
        proxy.cut()
        await expect(ada.status).to_contain_text("Offline")
        await asyncio.gather(ada.insert("Button"), ben.insert("Button"))
        await expect(ada.component("Button1")).to_be_visible()
        await expect(ben.component("Button1")).to_be_visible()
        proxy.mend()

        await expect(ben.component("Button2")).to_be_visible()
        await expect(ada.component("Button2")).to_be_visible()
        assert sorted(await ada.names()) == sorted(await ben.names()) == ["Button1", "Button2"]
        assert await ada.names() == await ben.names()


async def test_clicks_of_two_people_within_a_moment_all_count(
    sit: Sit, server_process: ServerProcess
) -> None:
    ada, ben = await both(sit, await import_design(server_process.url, design("Clicks")))
    for _ in range(5):
        await asyncio.gather(ada.insert("Button"), ben.insert("Button"))
    everything = sorted(f"Button{n}" for n in range(1, 11))
    for desk in (ada, ben):
        await expect(desk.canvas.locator("[data-component]")).to_have_count(10)
        await expect(desk.component("Button10")).to_be_visible()
        assert sorted(await desk.names()) == everything
    assert await ada.names() == await ben.names()


async def test_a_refusal_is_told_at_the_field_and_takes_back_that_edit_only(
    sit: Sit, server_process: ServerProcess
) -> None:
    fields = (("TextInput", "One", {"label": "One"}), ("TextInput", "Two", {"label": "Two"}))
    path = await import_design(server_process.url, design("Refusal", *fields))
    async with Proxy(server_process.port) as proxy:
        person = await sit("Ada", path, base=proxy.url)
        person.forgives += CUT
        ada, ben = Desk(person.page), Desk((await sit("Ben", path)).page)
        await asyncio.gather(ada.ready(), ben.ready())
        proxy.cut()
        await expect(ada.status).to_contain_text("Offline")
        await ada.select("One")
        await ada.field("Name").fill("Total")
        await ada.field("Name").press("Enter")
        await ada.field("Label").fill("kept")
        await ben.select("Two")
        await ben.field("Name").fill("Total")
        await ben.field("Name").press("Enter")
        await expect(ben.component("Total")).to_be_visible()
        proxy.mend()

        await expect(ada.status).to_have_text("Live")
        await expect(ada.field("Name")).to_have_value("One")
        await expect(ada.field("Name")).to_have_attribute("aria-invalid", "true")
        refusal = ada.properties.get_by_role("alert")
        await expect(refusal).to_contain_text("Total")
        # The edit after it was another one, and was kept.
        await expect(ada.field("Label")).to_have_value("kept")
        await expect(ben.component("One")).to_contain_text("kept")
        assert sorted(await ada.names()) == sorted(await ben.names()) == ["One", "Total"]


async def test_undo_takes_back_ones_own_edit_and_leaves_the_others(
    sit: Sit, server_process: ServerProcess
) -> None:
    document = design("Undo", ("Button", "Send", {"label": "Send"}))
    ada, ben = await both(sit, await import_design(server_process.url, document))
    await asyncio.gather(ada.select("Send"), ben.select("Send"))
    await ada.field("Label").fill("Submit")
    await expect(ben.field("Label")).to_have_value("Submit")
    await ben.field("Name").fill("Deliver")
    await ben.field("Name").press("Enter")
    await expect(ada.component("Deliver")).to_be_visible()

    await ada.undo.click()

    for desk in (ada, ben):
        await expect(desk.field("Label")).to_have_value("Send")
        await expect(desk.component("Deliver")).to_be_visible()
    await ada.redo.click()
    for desk in (ada, ben):
        await expect(desk.field("Label")).to_have_value("Submit")
        await expect(desk.field("Name")).to_have_value("Deliver")


async def test_an_offline_edit_arrives_when_the_line_is_back(
    sit: Sit, server_process: ServerProcess
) -> None:
    document = design("Offline", ("Button", "Send", {"label": "Send"}))
    path = await import_design(server_process.url, document)
    async with Proxy(server_process.port) as proxy:
        person = await sit("Ada", path, base=proxy.url)
        person.forgives += CUT
        ada, ben = Desk(person.page), Desk((await sit("Ben", path)).page)
        await asyncio.gather(ada.ready(), ben.ready())
        await ada.select("Send")
        proxy.cut()
        await expect(ada.status).to_contain_text("Offline")
        await ada.field("Label").fill("From the train")
        await expect(ada.status).to_have_text(re.compile("Offline, [0-9]+ edits? waiting"))
        await ben.insert("Text")
        proxy.mend()

        await expect(ben.component("Send")).to_contain_text("From the train")
        await expect(ada.status).to_have_text("Live")
        assert await ada.names() == await ben.names() == ["Send", "Text1"]


async def test_edits_survive_a_crash_of_the_server(sit: Sit, server_process: ServerProcess) -> None:
    document = design("Crash", ("Button", "Send", {"label": "Send"}))
    path = await import_design(server_process.url, document)
    person = await sit("Ada", path)
    person.forgives += CUT
    ada = Desk(person.page)
    await ada.ready()
    await ada.select("Send")
    await ada.field("Label").fill("Before")
    await expect(ada.status).to_have_text("Live")
    server_process.kill()
    await expect(ada.status).to_contain_text("Offline")
    await ada.field("Name").fill("Deliver")
    await ada.field("Name").press("Enter")
    await asyncio.to_thread(server_process.start)

    await expect(ada.status).to_have_text("Live")
    ben = Desk((await sit("Ben", path)).page)
    await ben.ready()
    await expect(ben.component("Deliver")).to_contain_text("Before")


async def test_people_see_who_is_where(sit: Sit, server_process: ServerProcess) -> None:
    document = design("Presence", ("Button", "Send", {"label": "Send"}))
    ada, ben = await both(sit, await import_design(server_process.url, document))
    await expect(ada.people.get_by_role("button", name="Ben")).to_be_visible()
    await expect(ben.people.get_by_role("button", name="Ada")).to_be_visible()

    await ada.select("Send")
    await expect(ben.canvas.get_by_text(re.compile("^Ada"))).to_be_visible()
    await ben.select("Send")
    await ada.field("Label").focus()
    await expect(ben.properties.get_by_text("Ada", exact=True)).to_be_visible()

    await ada.page.close()
    await expect(ben.people.get_by_role("button", name="Ada")).to_have_count(0)
    await expect(ben.canvas.get_by_text(re.compile("^Ada"))).to_have_count(0)


async def test_a_component_deleted_under_ones_hands_is_told_and_comes_back_with_ones_text(
    sit: Sit, server_process: ServerProcess
) -> None:
    document = design("Gone", ("Button", "Send", {"label": "Send"}), ("Button", "Stop", {}))
    path = await import_design(server_process.url, document)
    ada, ben = await both(sit, path)
    await ada.select("Send")
    await ada.field("Label").fill("Send it all")
    await expect(ben.component("Send")).to_contain_text("Send it all")
    await ben.select("Send")
    await ben.page.keyboard.press("Delete")

    await expect(ada.notices).to_contain_text("Ben deleted Send while you were in its label.")
    await expect(ada.component("Send")).to_be_hidden()
    await ada.notices.get_by_role("button", name="Bring back").click()
    for desk in (ada, ben):
        await expect(desk.component("Send")).to_contain_text("Send it all")
    await expect(ada.field("Label")).to_have_value("Send it all")

    # One that was only selected, and a draft that could not be sent.
    await ada.select("Stop")
    await ada.field("Name").fill("two words")
    await ben.select("Stop")
    await ben.page.keyboard.press("Delete")
    await expect(ada.notices).to_contain_text("Ben deleted Stop while you were in its name.")
    await ada.notices.get_by_role("button", name="Copy mine").last.click()
    assert await ada.page.evaluate("navigator.clipboard.readText()") == "two words"
    await ada.notices.get_by_role("button", name="Bring back").click()
    await expect(ben.component("Stop")).to_be_visible()
