"""Many components at once: selecting them, their common form, and the way of copies between designs."""

from __future__ import annotations

import asyncio

from playwright.async_api import expect

from tests.browser.conftest import Sit
from tests.browser.desk import Desk, design, import_design
from tests.support.process import ServerProcess

BUTTONS = (
    ("Button", "First", {"label": "One", "variant": "primary"}),
    ("Button", "Second", {"label": "Two"}),
    ("Text", "Third", {"text": "three"}),
)


async def select_two(desk: Desk) -> None:
    await desk.select("First")
    second = desk.layers.get_by_role("treeitem", name="Second", exact=True)
    await second.click(modifiers=["Control"])
    await expect(desk.properties.get_by_role("heading", level=2)).to_have_text("2 components")


async def test_a_form_over_two_components_sets_both(
    sit: Sit, server_process: ServerProcess
) -> None:
    path = await import_design(server_process.url, design("Both", *BUTTONS))
    people = await asyncio.gather(sit("Ada", path), sit("Ben", path))
    ada, ben = (Desk(person.page) for person in people)
    await asyncio.gather(ada.ready(), ben.ready())
    await select_two(ada)

    label = ada.field("Label")
    await expect(label).to_have_value("")
    await expect(label).to_have_attribute("placeholder", "Mixed")
    await label.fill("Same")
    await label.press("Enter")

    for name in ("First", "Second"):
        await expect(ben.component(name)).to_contain_text("Same")
    await expect(label).to_have_value("Same")
    await ada.undo.click()
    await expect(ben.component("First")).to_contain_text("One")
    await expect(ben.component("Second")).to_contain_text("Two")
    await expect(label).to_have_value("")


async def test_a_rectangle_selects_what_it_encloses(
    sit: Sit, server_process: ServerProcess
) -> None:
    path = await import_design(server_process.url, design("Draw", *BUTTONS))
    ada = Desk((await sit("Ada", path)).page)
    await ada.ready()
    first = await ada.component("First").bounding_box()
    second = await ada.component("Second").bounding_box()
    assert first is not None and second is not None
    mouse = ada.page.mouse
    await mouse.move(first["x"] - 8, first["y"] - 8)
    await mouse.down()
    end = max(each["x"] + each["width"] for each in (first, second)) + 6
    await mouse.move(end, second["y"] + second["height"] + 3, steps=5)
    await mouse.up()

    await expect(ada.properties.get_by_role("heading", level=2)).to_have_text("2 components")
    await ada.page.keyboard.press("Delete")
    await expect(ada.component("First")).to_be_hidden()
    assert await ada.names() == ["Third"]


async def test_copies_go_from_one_design_to_another(
    sit: Sit, server_process: ServerProcess
) -> None:
    here = await import_design(server_process.url, design("Here", *BUTTONS))
    there = await import_design(
        server_process.url, design("There", ("Button", "First", {"label": "Mine"}))
    )
    ada, ben = await sit("Ada", here), await sit("Ben", there)
    source, goal = Desk(ada.page), Desk(ben.page)
    await asyncio.gather(source.ready(), goal.ready())
    await select_two(source)
    await source.page.keyboard.press("Control+c")
    text = await source.page.evaluate("navigator.clipboard.readText()")
    await goal.page.evaluate("text => navigator.clipboard.writeText(text)", text)

    await goal.canvas.focus()
    await goal.page.keyboard.press("Control+v")

    await expect(goal.component("Second")).to_contain_text("Two")
    assert await goal.names() == ["First", "First1", "Second"]

    # What is no copy of components changes nothing.
    await goal.page.evaluate('navigator.clipboard.writeText(\'{"format": "coweave-clip"}\')')
    await goal.page.keyboard.press("Control+v")
    await expect(goal.notices.get_by_role("alert")).to_contain_text("no components")
    assert await goal.names() == ["First", "First1", "Second"]
