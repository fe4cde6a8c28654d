"""The samples as `make run` brings them, opened and edited by two people."""

from __future__ import annotations

import asyncio
import os
import re
import subprocess
import sys
from pathlib import Path

import httpx
import pytest
from playwright.async_api import expect

from tests.browser.conftest import Sit
from tests.browser.desk import Desk
from tests.support.process import ServerProcess

TOP = Path(__file__).parents[2]
COMMAND = Path(sys.executable).with_name("coweave")


@pytest.fixture
def samples(server_process: ServerProcess) -> dict[str, str]:
    """Load them while the server runs. Returns the path of each design's page by its name."""
    done = subprocess.run(
        [COMMAND, "samples"],
        env=server_process.environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    rows = httpx.get(f"{server_process.url}/api/designs").json()["designs"]
    return {row["name"]: f"/designs/{row['id']}" for row in rows}


async def test_an_appsmith_app_opens_and_is_edited_by_two(
    sit: Sit, samples: dict[str, str]
) -> None:
    path = next(path for name, path in samples.items() if "CRUD" in name)
    people = await asyncio.gather(sit("Ada", path), sit("Ben", path))
    ada, ben = (Desk(person.page) for person in people)
    await asyncio.gather(ada.ready(), ben.ready())
    before = await ada.names()
    assert len(before) > 10
    # What is not a type of ours is a box that says its name and its type.
    box = ada.canvas.locator("[data-component]", has_text="_WIDGET").first
    await expect(box).to_be_visible()
    name = before[0]
    await ada.select(name)
    await ada.field("Name").fill("RenamedByAda")
    await ada.field("Name").press("Enter")
    await expect(ben.component("RenamedByAda")).to_be_visible()
    await ben.insert("Heading")
    await expect(ada.component("Heading1")).to_be_visible()
    assert await ada.names() == await ben.names()
    assert len(await ada.names()) == len(before) + 1


async def test_the_claims_sample_opens_on_every_page(sit: Sit, samples: dict[str, str]) -> None:
    desk = Desk((await sit("Ada", samples["Claims intake"])).page)
    await desk.ready()
    seen: set[str] = set()
    for page in ("Overview", "New claim", "Claim", "Review", "Reports"):
        await desk.show_page(page)
        names = await desk.names()
        assert names
        seen |= {f"{page}/{name}" for name in names}
    assert len(seen) >= 60


async def test_picture_of_two_people_at_work(
    sit: Sit, samples: dict[str, str], tmp_path: Path
) -> None:
    """The README's picture; `make picture` puts it into docs/images."""
    path = samples["Claims intake"]
    people = await asyncio.gather(sit("Ada", path), sit("Ben", path))
    ada, ben = (Desk(person.page) for person in people)
    await asyncio.gather(ada.ready(), ben.ready())
    for desk in (ada, ben):
        await desk.show_page("New claim")
    await ben.select("email")
    await ben.field("Label").focus()
    await ada.select("firstName")
    await expect(ada.canvas.get_by_text(re.compile("^Ben"))).to_be_visible()
    target = tmp_path / "designer.png"
    if "COWEAVE_PICTURE" in os.environ:
        target = TOP / os.environ["COWEAVE_PICTURE"]
        target.parent.mkdir(exist_ok=True)
    await ada.page.screenshot(path=target)
    assert target.stat().st_size > 20_000
