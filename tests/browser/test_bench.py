"""How quick the designer is at 2,000 and 10,000 components; prints a table. `make bench-browser`."""

from __future__ import annotations

import asyncio
import statistics
from collections.abc import Sequence
from typing import Any

import pytest
from playwright.async_api import Page, expect

from tests.browser.conftest import Sit
from tests.browser.desk import Desk, design, import_design
from tests.support.process import ServerProcess

pytestmark = [pytest.mark.bench, pytest.mark.timeout(600)]

GROUP = 20
ROUNDS = 30
WATCH_TASKS = """() => {
  window.tasks = [];
  new PerformanceObserver((list) => {
    for (const each of list.getEntries()) window.tasks.push(each.duration);
  }).observe({ type: "longtask" });
}"""
# Resolves with the time at which the component's text is as wanted, on the page's own clock.
SEEN = """([name, text]) => new Promise((done) => {
  const node = document.querySelector(`[data-name="${name}"]`);
  const look = () => {
    if (!node.textContent.includes(text)) return false;
    requestAnimationFrame(() => done(performance.timeOrigin + performance.now()));
    return true;
  };
  if (look()) return;
  const observer = new MutationObserver(() => {
    if (look()) observer.disconnect();
  });
  observer.observe(node, { subtree: true, childList: true, characterData: true });
})"""
TWO_FRAMES = "() => new Promise((d) => requestAnimationFrame(() => requestAnimationFrame(d)))"


def large(count: int) -> dict[str, Any]:
    """`count` components on one page: containers of twenty, of what people build forms from."""
    document = design("Large")
    kinds = (("Button", "label"), ("TextInput", "label"), ("Text", "text"), ("Checkbox", "label"))
    for group in range(count // GROUP):
        document["components"][f"g{group}"] = {
            "type": "Container",
            "typeVersion": 1,
            "name": f"Group{group}",
            "place": {"page": "p1", "slot": "content", "order": f"a{group:05d}V"},
            "props": {},
        }
        for child in range(GROUP - 1):
            kind, prop = kinds[child % len(kinds)]
            document["components"][f"c{group}x{child}"] = {
                "type": kind,
                "typeVersion": 1,
                "name": f"C{group}x{child}",
                "place": {"parent": f"g{group}", "slot": "content", "order": f"a{child:02d}V"},
                "props": {prop: f"Number {group}-{child}"},
            }
    return document


def percentile(values: Sequence[float], share: float) -> float:
    return sorted(values)[min(len(values) - 1, int(len(values) * share))]


async def painted(page: Page, url: str) -> float:
    """Milliseconds from the navigation to the first frame with components in it."""
    await page.goto(url, wait_until="commit")
    await page.wait_for_selector("[data-component]", state="attached")
    await page.evaluate(TWO_FRAMES)
    return float(await page.evaluate("performance.now()"))


async def crossing(writer: Desk, reader: Desk, text: str) -> float:
    """Milliseconds from a key in one page to the frame in which the other shows it."""
    seen = asyncio.ensure_future(reader.page.evaluate(SEEN, ["C0x0", text]))
    await reader.page.evaluate("0")  # the watch stands before the key is pressed
    before = await writer.page.evaluate("performance.timeOrigin + performance.now()")
    await writer.page.keyboard.insert_text(text)
    return float(await seen) - float(before)


@pytest.mark.parametrize("count", [2_000, 10_000])
async def test_speed(sit: Sit, server_process: ServerProcess, count: int) -> None:
    path = await import_design(server_process.url, large(count))
    people = [await sit("Ada", path), await sit("Ben", path)]
    ada, ben = (Desk(person.page) for person in people)
    url = f"{server_process.url}{path}?user=Ada"
    opens = [await painted(ada.page, url) for _ in range(5)]
    await ada.ready()
    await ben.ready()

    await ada.page.evaluate(WATCH_TASKS)
    await ada.canvas.focus()
    began = await ada.page.evaluate("performance.now()")
    await ada.page.keyboard.press("Control+a")
    await ada.page.evaluate(TWO_FRAMES)
    select_all = await ada.page.evaluate("performance.now()") - began
    await ada.page.keyboard.press("Escape")

    await ada.page.evaluate("window.tasks = []")
    node = ada.canvas.locator("[data-name=C0x1]")
    await ada.drag(node, "C0x4")
    await ada.page.evaluate(TWO_FRAMES)
    longest = await ada.page.evaluate("Math.max(0, ...window.tasks)")

    await ada.canvas.locator("[data-name=C0x0]").click()
    await expect(ada.field("Name")).to_have_value("C0x0")
    await ada.field("Label").click()
    times = []
    for turn in range(ROUNDS):
        times.append(await crossing(ada, ben, f" k{turn}"))
        await asyncio.sleep(0.05)  # keys as a person presses them, not a burst
    print(
        f"\n{count} components: navigation to painted p50 {statistics.median(opens):.0f} ms; "
        f"key to the other screen p50 {statistics.median(times):.0f} ms, "
        f"p95 {percentile(times, 0.95):.0f} ms; "
        f"select all {select_all:.0f} ms; longest task in a drag {longest:.0f} ms"
    )
    assert len(times) == ROUNDS
