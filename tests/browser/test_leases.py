"""Ada locks what she works on; Ben sees it, is kept from it, asks for it and takes it over."""

from __future__ import annotations

import asyncio
import re

from playwright.async_api import Locator, expect

from tests.browser.conftest import Person, Sit
from tests.browser.desk import Desk, design, import_design
from tests.support.process import ServerProcess

COMPONENTS = (
    ("Container", "Box", {}),
    ("Text", "Hello", {"text": "hello"}),
    ("Button", "Send", {"label": "Go"}),
)


class Leased(Desk):
    """A desk with the parts that locks add."""

    def __init__(self, person: Person) -> None:
        super().__init__(person.page)
        self.person = person
        self.line = self.properties.get_by_role("note", name="Lock")

    async def lock(self, name: str, how: str = "Lock") -> None:
        await self.select(name)
        await self.properties.get_by_role("button", name=how, exact=True).click()
        await expect(self.line).to_contain_text("Locked for you")

    def row(self, name: str) -> Locator:
        return self.layers.get_by_role("treeitem", name=name, exact=True)

    def button(self, name: str) -> Locator:
        return self.properties.get_by_role("button", name=name, exact=True)

    def badge(self, text: str) -> Locator:
        """On the canvas, drawn over the page."""
        return self.canvas.locator("[class*=leaseName]").filter(has_text=text)


async def seated(sit: Sit, server: ServerProcess) -> tuple[Leased, Leased]:
    path = await import_design(server.url, design("Locks", *COMPONENTS))
    people = await asyncio.gather(sit("Ada", path), sit("Ben", path))
    ada, ben = (Leased(person) for person in people)
    await asyncio.gather(ada.ready(), ben.ready())
    return ada, ben


async def test_C5_the_other_sees_who_holds_it_and_cannot_edit(
    sit: Sit, server_process: ServerProcess
) -> None:
    ada, ben = await seated(sit, server_process)
    await ben.select("Send")
    await expect(ben.field("Label")).to_be_enabled()

    await ada.lock("Send")
    await expect(ada.field("Label")).to_be_enabled()
    # On the form, in the layers, on the canvas, and in words for who sees none of these.
    await expect(ben.line).to_contain_text("Ada has locked this, for 10 more minutes")
    await expect(ben.row("Send")).to_contain_text("Ada")
    await expect(ben.row("Send")).to_have_attribute("aria-description", "Locked by Ada")
    await expect(ben.badge("Ada")).to_be_visible()
    await expect(ben.page.locator("[aria-live=polite]").first).to_contain_text(
        "Ada has locked Send"
    )
    await expect(ben.field("Label")).to_be_disabled()
    await expect(ben.field("Name")).to_be_disabled()

    # Neither key nor menu nor drag gets past it, and each attempt says why.
    await ben.row("Send").press("Delete")
    await expect(ben.notices).to_contain_text("Ada has locked Send.")
    await ben.drag(ben.row("Send"), below="Hello")
    assert await ben.names() == ["Box", "Hello", "Send"]
    # The rest of the design is as free as before.
    await ben.select("Hello")
    await expect(ben.field("Text")).to_be_enabled()

    await ada.button("Release").click()
    await expect(ben.row("Send")).not_to_contain_text("Ada")
    await ben.select("Send")
    await expect(ben.field("Label")).to_be_enabled()
    await ben.field("Label").fill("Gone")
    await expect(ada.component("Send")).to_contain_text("Gone")


async def test_a_holder_is_asked_and_taken_over(sit: Sit, server_process: ServerProcess) -> None:
    ada, ben = await seated(sit, server_process)
    await ada.lock("Send")
    await ben.select("Send")

    await ben.button("Ask Ada").click()
    dialog = ben.page.get_by_role("dialog", name="Ask Ada for Send")
    await dialog.get_by_label("Message").fill("two minutes?")
    await dialog.get_by_role("button", name="Ask").click()
    await expect(ada.notices).to_contain_text("Ben asks you for Send: “two minutes?”")

    await ben.button("Take over…").click()
    dialog = ben.page.get_by_role("dialog", name="Take Send over from Ada")
    await dialog.get_by_role("button", name="Take over").click()
    await expect(dialog.get_by_role("alert")).to_have_text("Please give a reason.")
    await dialog.get_by_role("textbox").fill("The demo is now")
    await dialog.get_by_role("button", name="Take over").click()
    await expect(dialog).to_be_hidden()

    await expect(ben.line).to_contain_text("Locked for you")
    await expect(ben.field("Label")).to_be_enabled()
    await expect(ada.notices).to_contain_text("Ben has taken over Send: “The demo is now”")
    await expect(ada.field("Label")).to_be_disabled()
    await expect(ada.line).to_contain_text("Ben has locked this")
    await expect(ada.line).to_contain_text("The demo is now")


async def test_who_is_asked_gives_it_by_one_click(sit: Sit, server_process: ServerProcess) -> None:
    ada, ben = await seated(sit, server_process)
    await ada.lock("Send")
    await ben.select("Send")
    await ben.button("Ask Ada").click()
    await ben.page.get_by_role("dialog").get_by_role("button", name="Ask").click()
    await ada.notices.get_by_role("button", name="Release Send").click()
    await expect(ben.field("Label")).to_be_enabled()


async def test_contents_are_held_by_keyboard_too(sit: Sit, server_process: ServerProcess) -> None:
    ada, ben = await seated(sit, server_process)
    await ada.row("Send").click()
    await ada.row("Send").press("Shift+L")
    await expect(ben.row("Send")).to_contain_text("Ada")
    await expect(ada.row("Send")).to_contain_text("You")
    await ada.row("Send").press("Shift+L")
    await expect(ben.row("Send")).not_to_contain_text("Ada")

    await ada.lock("Box", "Lock with contents")
    await expect(ben.row("Box")).to_contain_text("Ada")
    await ben.select("Box")
    await ben.insert("Button")
    await expect(ben.notices).to_contain_text("Ada has locked Box")
    assert await ben.names() == ["Box", "Hello", "Send"]


async def test_an_offline_edit_that_a_lock_refuses_keeps_its_text(
    sit: Sit, server_process: ServerProcess
) -> None:
    ada, ben = await seated(sit, server_process)
    ben.person.forgives.append("ERR_INTERNET_DISCONNECTED")
    await ben.select("Hello")
    await ben.page.context.set_offline(True)
    await expect(ben.status).to_contain_text("Offline")
    await expect(ben.line).to_contain_text("unknown")
    await ben.field("Text").fill("written on the train")
    await ada.lock("Hello")
    await ben.page.context.set_offline(False)

    await expect(ben.component("Hello")).to_contain_text("hello")
    field = ben.properties.locator("[data-property='props/text']")
    await expect(field).to_contain_text("Ada has locked this part of the design.")
    await expect(field).to_contain_text("written on the train")
    await field.get_by_role("button", name="Copy what was refused").click()
    copied = await ben.page.evaluate("navigator.clipboard.readText()")
    assert copied == "written on the train"
    await field.get_by_role("button", name="Ask for it").click()
    await expect(ben.page.get_by_role("dialog", name=re.compile("^Ask Ada"))).to_be_visible()


async def test_a_query_that_another_holds_is_read_only(
    sit: Sit, server_process: ServerProcess
) -> None:
    document = design("Locks", *COMPONENTS)
    document["scripts"]["s1"] = {"name": "tools", "page": None, "body": "go()", "config": {}}
    path = await import_design(server_process.url, document)
    ada, ben = Leased(await sit("Ada", path)), Leased(await sit("Ben", path))
    for desk in (ada, ben):
        await desk.ready()
        await desk.page.get_by_role("tab", name="Data").click()
        await desk.page.get_by_role("button", name=re.compile("^tools")).first.click()
    hers, his = (desk.page.get_by_role("region", name="Script tools") for desk in (ada, ben))
    await hers.get_by_role("button", name="Lock", exact=True).click()
    await expect(his.get_by_role("note", name="Lock")).to_contain_text("Ada has locked this")
    editor = his.get_by_label("Body of tools")
    await expect(editor).to_contain_text("go()")
    await editor.click()
    await ben.page.keyboard.type("stop();")
    await expect(editor).to_have_text("go()")
    await expect(his.get_by_label("Name", exact=True)).to_be_disabled()
