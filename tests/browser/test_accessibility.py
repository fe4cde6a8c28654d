"""The designer by axe's rules, and by keyboard. What people build on the canvas is theirs, and is left out."""

from __future__ import annotations

from typing import Any

import httpx
from playwright.async_api import Page, expect

from tests.browser.conftest import Sit
from tests.browser.desk import Desk, design, import_design
from tests.support.node import INTEROP
from tests.support.process import ServerProcess

AXE = INTEROP / "node_modules" / "axe-core" / "axe.min.js"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


async def faults(page: Page) -> list[str]:
    """What axe finds outside the canvas: rule, and where."""
    # Evaluated by the debugger, not by a script element: the page's own policy stays as strict as it is.
    await page.evaluate(AXE.read_text("utf-8"))
    found: dict[str, Any] = await page.evaluate(
        """rules => axe.run(
            { exclude: [['[aria-label^="Canvas"] [data-component]']] },
            { runOnly: { type: 'tag', values: rules } },
        )""",
        RULES,
    )
    return [
        f"{fault['id']}: {node['target']} {node['failureSummary']}"
        for fault in found["violations"]
        for node in fault["nodes"]
    ]


async def test_axe_finds_nothing_in_the_list_of_designs(sit: Sit) -> None:
    page = (await sit("Ada")).page
    await expect(page.get_by_role("heading", name="Designs")).to_be_visible()
    assert "\n".join(await faults(page)) == ""
    await page.get_by_role("button", name="New design", exact=True).click()
    assert "\n".join(await faults(page)) == ""


async def test_axe_finds_nothing_in_the_editor(sit: Sit, server_process: ServerProcess) -> None:
    document = design("Axe", ("Button", "Send", {"label": "Send"}), ("Text", "Hint", {"text": "?"}))
    path = await import_design(server_process.url, document)
    desk = Desk((await sit("Ada", path)).page)
    await desk.ready()
    assert "\n".join(await faults(desk.page)) == ""
    await desk.select("Send")
    assert "\n".join(await faults(desk.page)) == ""
    await desk.insert("Select")
    await expect(desk.component("Select1")).to_be_visible()
    assert "\n".join(await faults(desk.page)) == ""
    await desk.page.get_by_role("button", name="Dark theme").click()
    assert "\n".join(await faults(desk.page)) == ""


async def test_a_component_is_added_named_moved_and_deleted_by_keyboard(
    sit: Sit, server_process: ServerProcess
) -> None:
    path = await import_design(server_process.url, design("Keys", ("Text", "First", {"text": "1"})))
    desk = Desk((await sit("Ada", path)).page)
    await desk.ready()
    press = desk.page.keyboard.press
    await desk.page.get_by_role("tab", name="Insert").focus()
    await press("Enter")
    await desk.page.get_by_role("button", name="Add Button", exact=True).focus()
    await press("Enter")
    await expect(desk.component("Button1")).to_be_visible()
    await desk.field("Name").focus()
    await press("Control+A")
    await desk.page.keyboard.type("Send")
    await press("Enter")
    await expect(desk.component("Send")).to_be_visible()
    await desk.canvas.focus()
    await press("Alt+ArrowUp")
    await expect(desk.canvas.locator("[data-component]").first).to_have_attribute(
        "aria-label", "Send, Button"
    )
    await press("Delete")
    await expect(desk.component("Send")).to_have_count(0)
    await press("Control+Z")
    await expect(desk.component("Send")).to_be_visible()
    assert await desk.names() == ["Send", "First"]


FOCUSED = """() => {
  let element = document.activeElement;
  while (element?.shadowRoot?.activeElement) element = element.shadowRoot.activeElement;
  const label = element?.getAttribute('aria-label') ?? element?.labels?.[0]?.textContent;
  return (label ?? element?.textContent ?? '').trim();
}"""


async def tab_to(page: Page, name: str) -> None:
    """Press Tab until what has that name is focused."""
    passed = []
    for _ in range(80):
        await page.keyboard.press("Tab")
        passed.append(str(await page.evaluate(FOCUSED)))
        if passed[-1] == name:
            return
    raise AssertionError(f"{name} is not reached by Tab: {passed}")


async def test_from_the_list_of_designs_to_a_finished_edit_by_keyboard_alone(
    sit: Sit, server_process: ServerProcess
) -> None:
    buttons = (("Button", "First", {"label": "1"}), ("Button", "Send", {"label": "Send"}))
    path = await import_design(server_process.url, design("Keyboard", *buttons))
    desk = Desk((await sit("Ada")).page)
    await expect(desk.page.get_by_role("link", name="Keyboard")).to_be_visible()
    await tab_to(desk.page, "Keyboard")
    await desk.page.keyboard.press("Enter")
    await desk.ready()
    await expect(desk.layers.get_by_role("treeitem", name="First")).to_be_visible()
    await tab_to(desk.page, "First")
    await desk.page.keyboard.press("ArrowDown")
    await expect(desk.field("Name")).to_have_value("Send")
    await expect(desk.layers.get_by_role("treeitem", name="Send")).to_be_focused()
    await desk.page.keyboard.press("Enter")
    await expect(desk.field("Name")).to_be_focused()
    await tab_to(desk.page, "Label")
    await desk.page.keyboard.press("Control+a")
    await desk.page.keyboard.type("Send it")
    await expect(desk.component("Send")).to_have_text("Send it")
    await expect(desk.status).to_have_text("Live")
    snapshot = await stored(server_process, path)
    assert snapshot["components"]["c2"]["props"]["label"] == "Send it"


async def stored(server_process: ServerProcess, path: str) -> dict[str, Any]:
    async with httpx.AsyncClient(base_url=server_process.url) as client:
        data: dict[str, Any] = (await client.get(f"/api{path}/snapshot")).json()["data"]
        return data
