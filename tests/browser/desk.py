"""An open design as a person sees it: what can be found and done on its page, by role and name."""

from __future__ import annotations

import re
from typing import Any

import httpx
from playwright.async_api import Locator, Page, expect

__all__ = ["Desk", "design", "import_design"]


def design(name: str, *components: tuple[str, str, dict[str, Any]]) -> dict[str, Any]:
    """A valid design of one page, "Main"; `components` are (type, name, props), in order, ids c1, c2, …"""
    return {
        "format": "coweave-design",
        "formatVersion": 1,
        "meta": {"name": name, "description": ""},
        "settings": {},
        "theme": {},
        "libraries": {},
        "pages": {"p1": {"name": "Main", "order": "a0", "settings": {}}},
        "components": {
            f"c{n}": {
                "type": kind,
                "typeVersion": 1,
                "name": own,
                "place": {"page": "p1", "slot": "content", "order": f"a{n}"},
                "props": props,
            }
            for n, (kind, own, props) in enumerate(components, 1)
        },
        "queries": {},
        "scripts": {},
        "dataSources": {},
    }


async def import_design(url: str, document: dict[str, Any]) -> str:
    """Bring it to the server at `url` by REST. Returns the path of its page."""
    async with httpx.AsyncClient(base_url=url, timeout=60) as client:
        answer = await client.post("/api/designs/import", json=document)
        assert answer.status_code == 201, answer.text
        return f"/designs/{answer.json()['design']['id']}"


class Desk:
    """The editor of one design on `page`."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.canvas = page.get_by_role("region", name="Canvas")
        self.properties = page.get_by_role("complementary", name="Properties")
        self.layers = page.get_by_role("tree", name="Layers")
        self.people = page.get_by_role("list", name="People here")
        self.status = page.get_by_role("status")
        self.notices = page.get_by_role("list", name="Notices")
        self.undo = page.get_by_role("button", name=re.compile("^Undo"))
        self.redo = page.get_by_role("button", name=re.compile("^Redo"))

    async def ready(self) -> None:
        """Returns when the design is shown and the line is up."""
        await expect(self.canvas).to_be_visible()
        await expect(self.status).to_have_text("Live")

    def component(self, name: str) -> Locator:
        """On the canvas, by its own name."""
        return self.canvas.get_by_role("group", name=re.compile(f"^{re.escape(name)}, "))

    async def names(self) -> list[str]:
        """All components of the page that is shown, in the order of the canvas."""
        labels = await self.canvas.locator("[data-component]").evaluate_all(
            "nodes => nodes.map(node => node.ariaLabel.split(',')[0])"
        )
        return [str(label) for label in labels]

    async def select(self, name: str) -> None:
        await self.layers.get_by_role("treeitem", name=name, exact=True).click()
        await expect(self.field("Name")).to_have_value(name)

    def field(self, label: str) -> Locator:
        """The input of the form with that label."""
        return self.properties.get_by_label(label, exact=True)

    async def insert(self, title: str) -> None:
        """Add a component by a click, where the designer puts it."""
        await self._palette()
        await self.page.get_by_role("button", name=f"Add {title}", exact=True).click()

    async def show_page(self, name: str) -> None:
        await self.show_layers()
        pages = self.page.get_by_role("region", name="Pages")
        # Its accessible name also says who is there.
        await pages.get_by_role(
            "button", name=re.compile(rf"^{re.escape(name)}( \w+ is on this page|$)")
        ).click()
        await expect(self.canvas.get_by_role("group", name=f"Page {name}")).to_be_visible()

    async def _palette(self) -> None:
        await self.page.get_by_role("tab", name="Insert").click()

    async def show_layers(self) -> None:
        await self.page.get_by_role("tab", name="Layers").click()

    async def drag_new(self, title: str, below: str) -> None:
        """Drag a component out of the palette to just below another on the canvas."""
        await self._palette()
        await self.drag(self.page.get_by_role("button", name=f"Add {title}", exact=True), below)

    async def drag(self, what: Locator, below: str) -> None:
        """Drag it to just below a component on the canvas."""
        target = await self.component(below).bounding_box()
        assert target is not None
        await what.hover()
        await self.page.mouse.down()
        x, y = target["x"] + target["width"] / 2, target["y"] + target["height"] - 2
        # A drag starts with the first moves; the last ones are where the line is drawn.
        await self.page.mouse.move(x, y - 30, steps=5)
        await self.page.mouse.move(x, y, steps=5)
        await self.page.mouse.up()
