"""Edits that were not acknowledged outlive their tab: a reload, a crash, and one that came at the worst moment."""

from __future__ import annotations

import json
import re
from typing import Any

import httpx
from playwright.async_api import Page, WebSocket, expect

from tests.browser.conftest import Sit
from tests.browser.desk import Desk, design, import_design
from tests.browser.test_code import stored
from tests.browser.test_two_people import CUT
from tests.support.process import ServerProcess
from tests.support.proxy import Proxy

WAITING = re.compile("Offline, [0-9]+ edits? waiting")
KEPT = """async () => {
  const database = await new Promise((done) => {
    const request = indexedDB.open("coweave");
    request.onsuccess = () => done(request.result);
  });
  const rows = await new Promise((done) => {
    const request = database.transaction("outbox").objectStore("outbox").getAll();
    request.onsuccess = () => done(request.result);
  });
  database.close();
  return rows;
}"""


async def kept(page: Page) -> list[dict[str, Any]]:
    """What the profile's tabs have in their outbox."""
    rows: list[dict[str, Any]] = await page.evaluate(KEPT)
    return rows


async def edits_kept(page: Page, *texts: str) -> None:
    """Returns when the outbox holds edits with these texts: a crash from now on loses none of them."""
    for text in texts:
        await page.wait_for_function(
            f"async (text) => JSON.stringify(await ({KEPT})()).includes(text)", arg=text
        )


async def nothing_kept(page: Page) -> None:
    await page.wait_for_function(f"async () => (await ({KEPT})()).length === 0")


def button(name: str) -> dict[str, Any]:
    return design(name, ("Button", "Send", {"label": "Send"}), ("Button", "Stop", {}))


async def test_offline_edits_survive_the_end_of_their_tab(
    sit: Sit, server_process: ServerProcess
) -> None:
    path = await import_design(server_process.url, button("Reload"))
    async with Proxy(server_process.port) as proxy:
        first = await sit("Ada", path, base=proxy.url)
        first.forgives += CUT
        ada, ben = Desk(first.page), Desk((await sit("Ben", path)).page)
        await ada.ready()
        await ben.ready()
        await ada.select("Send")
        proxy.cut()
        await expect(ada.status).to_contain_text("Offline")
        await ada.field("Label").fill("From the train")
        await ada.insert("Text")
        await expect(ada.status).to_have_text(WAITING)
        await edits_kept(first.page, "From the train", "Text1")
        await first.page.close()
        await ben.insert("Card")
        proxy.mend()

        again = Desk((await sit("Ada", path, base=proxy.url, beside=first)).page)
        await again.ready()
        await expect(again.notices).to_contain_text("were not saved when this design was last open")
        await expect(ben.component("Send")).to_contain_text("From the train")
        await expect(ben.component("Text1")).to_be_visible()
        await expect(again.component("Card1")).to_be_visible()
        await nothing_kept(again.page)
        document = await stored(server_process, path)
        assert sorted(each["name"] for each in document["components"].values()) == [
            "Card1",
            "Send",
            "Stop",
            "Text1",
        ]
        # They can be taken back, too.
        await again.undo.click()
        await expect(ben.component("Text1")).to_be_hidden()


async def test_a_tab_that_dies_between_commit_and_ack_has_edited_once(
    sit: Sit, server_process: ServerProcess
) -> None:
    path = await import_design(server_process.url, button("Crash"))
    async with Proxy(server_process.port) as proxy:
        first = await sit("Ada", path, base=proxy.url)
        first.forgives += CUT
        ada, ben = Desk(first.page), Desk((await sit("Ben", path)).page)
        await ada.ready()
        await ben.ready()
        await ada.select("Send")
        await ada.field("Label").press("End")
        proxy.deafen()
        await ada.page.keyboard.type("!")
        await ada.page.keyboard.type("?")
        await expect(ben.component("Send")).to_contain_text("Send!")
        await edits_kept(first.page, "?")
        await first.page.close()
        await ben.select("Send")
        await ben.field("Label").press("Home")
        await ben.page.keyboard.type("Now: ")
        proxy.mend()

        again = Desk((await sit("Ada", path, base=proxy.url, beside=first)).page)
        await again.ready()
        for desk in (again, ben):
            await expect(desk.component("Send")).to_have_text("Now: Send!?")
        await nothing_kept(again.page)
        document = await stored(server_process, path)
        assert document["components"]["c1"]["props"]["label"] == "Now: Send!?"


def listen_for_ids(page: Page) -> list[str]:
    """The ids under which the page's connections speak, as the server says them."""
    ids: list[str] = []

    def on_frame(frame: str | bytes) -> None:
        message = json.loads(frame)
        if message["a"] == "hs":
            ids.append(message["id"])

    def on_socket(socket: WebSocket) -> None:
        socket.on("framereceived", on_frame)

    page.on("websocket", on_socket)
    return ids


async def test_tabs_of_one_person_never_share_an_id(
    sit: Sit, server_process: ServerProcess
) -> None:
    """Two tabs die with edits: the next one sends both, each under the id it had."""
    path = await import_design(server_process.url, button("Tabs"))
    async with Proxy(server_process.port) as proxy:
        first = await sit("Ada", path, base=proxy.url)
        second = await sit("Ada", path, base=proxy.url, beside=first)
        first.forgives += CUT
        second.forgives += CUT
        for person, name in ((first, "Send"), (second, "Stop")):
            await Desk(person.page).ready()
            await Desk(person.page).select(name)
        proxy.cut()
        for person, text in ((first, "One"), (second, "Two")):
            desk = Desk(person.page)
            await expect(desk.status).to_contain_text("Offline")
            await desk.field("Label").fill(text)
            await edits_kept(person.page, text)
        rows = await kept(first.page)
        assert len({row["id"] for row in rows}) == len({row["key"] for row in rows}) == 2
        await first.page.close()
        await second.page.close()
        proxy.mend()

        third = await sit("Ada", "/", beside=first)
        ids = listen_for_ids(third.page)
        await third.page.goto(f"{proxy.url}{path}?user=Ada")
        await Desk(third.page).ready()
        await nothing_kept(third.page)
        document = await stored(server_process, path)
        assert [document["components"][id]["props"]["label"] for id in ("c1", "c2")] == [
            "One",
            "Two",
        ]
        fourth = await sit("Ada", "/", beside=first)
        others = listen_for_ids(fourth.page)
        await fourth.page.goto(f"{proxy.url}{path}?user=Ada")
        await Desk(fourth.page).ready()
        assert {row["id"] for row in rows} <= set(ids)
        assert others and not set(ids) & set(others)


PUT = """async (rows) => {
  const database = await new Promise((done) => {
    const request = indexedDB.open("coweave");
    request.onsuccess = () => done(request.result);
  });
  const transaction = database.transaction("outbox", "readwrite");
  for (const row of rows) transaction.objectStore("outbox").put(row);
  await new Promise((done) => { transaction.oncomplete = done; });
  database.close();
}"""


async def test_what_fits_nothing_any_more_is_handed_over_and_not_kept_for_ever(
    sit: Sit, server_process: ServerProcess
) -> None:
    """Rows of a database that was restored from a backup since, and rows that are none."""
    path = await import_design(server_process.url, button("Odd"))
    person = await sit("Ada", path)
    person.forgives.append(r"Failed to load resource: .*(400|404|422)")
    desk = Desk(person.page)
    await desk.ready()
    async with httpx.AsyncClient(base_url=server_process.url) as client:
        user = (await client.get("/api/session?user=Ada")).json()["user"]["id"]
    whose = {"design": path.rsplit("/", 1)[1], "user": user}
    lost = {"op": [{"p": ["components", "c1", "props", "label"], "oi": "x"}], "label": "Edit label"}
    await person.page.evaluate(
        PUT,
        [
            {**whose, "key": "late", "id": None, "seq": 1, "v": 9_999, "edits": [lost]},
            {**whose, "key": "odd", "id": 7, "seq": "x", "v": None, "edits": "none"},
        ],
    )
    await person.page.reload()
    await desk.ready()
    await expect(desk.notices).to_contain_text("fit no version there is: Edit label")
    await nothing_kept(person.page)
    await desk.select("Send")
    await desk.field("Label").fill("Still works")
    await expect(desk.status).to_have_text("Live")
    document = await stored(server_process, path)
    assert document["components"]["c1"]["props"]["label"] == "Still works"
