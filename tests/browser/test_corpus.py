"""Real apps of other tools, opened: nothing in them makes the designer stumble, on none of their pages."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.browser.conftest import Person, Sit
from tests.browser.desk import Desk
from tests.browser.test_code import stored
from tests.server.interchange.corpus import APPSMITH, TOOLJET, exports, git_folder, read
from tests.support.process import ServerProcess

COMMAND = Path(sys.executable).with_name("coweave")
LARGEST = 5
pytestmark = pytest.mark.skipif(
    not APPSMITH.is_dir(), reason="the corpus of real exports is not here"
)


async def look_at_every_page(person: Person, server: ServerProcess, path: str) -> int:
    """Open the design, go through its pages. Returns how many components it saw."""
    await person.page.goto(f"{server.url}{path}?user=Ada")
    desk = Desk(person.page)
    await desk.ready()
    snapshot = await stored(server, path)
    seen = 0
    for page in sorted(snapshot["pages"].values(), key=lambda each: str(each["order"])):
        await desk.show_page(page["name"])
        seen += len(await desk.names())
    assert seen == len(snapshot["components"])
    return seen


def imported(server: ServerProcess, file: Path) -> str | None:
    """The path of its page; None for a file that the import refuses with reasons."""
    data: Any = read(file)
    answer = httpx.post(f"{server.url}/api/designs/import", json=data, timeout=60)
    if answer.status_code == 422:
        return None
    assert answer.status_code == 201, f"{file.name}: {answer.text}"
    return f"/designs/{answer.json()['design']['id']}"


def imported_folder(server: ServerProcess, folder: Path) -> str:
    """The path of its page; brought by the command line, which alone takes folders."""
    done = subprocess.run(
        [COMMAND, "import", folder],
        env=server.environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    (row,) = httpx.get(f"{server.url}/api/designs").json()["designs"]
    return f"/designs/{row['id']}"


async def open_all(sit: Sit, server: ServerProcess, files: Iterable[Path]) -> None:
    person = await sit("Ada")
    opened = 0
    for file in files:
        path = await asyncio.to_thread(imported, server, file)
        if path is None:
            continue
        await look_at_every_page(person, server, path)
        opened += 1
        assert person.complaints == [], file.name
    assert opened > 0


async def test_the_largest_apps_open_without_an_error(
    sit: Sit, server_process: ServerProcess
) -> None:
    apps = sorted(exports(APPSMITH), key=lambda each: -each.stat().st_size)[:LARGEST]
    await open_all(sit, server_process, [*apps, *exports(TOOLJET)[:2]])


async def test_an_app_from_a_git_folder_opens_without_an_error(
    sit: Sit, server_process: ServerProcess, tmp_path: Path
) -> None:
    folder = tmp_path / "app"
    for name, text in git_folder().items():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, "utf-8")
    path = await asyncio.to_thread(imported_folder, server_process, folder)
    person = await sit("Ada")
    assert await look_at_every_page(person, server_process, path) > 100


@pytest.mark.soak
async def test_every_app_of_the_corpus_opens_without_an_error(
    sit: Sit, server_process: ServerProcess
) -> None:
    await open_all(sit, server_process, [*exports(APPSMITH), *exports(TOOLJET)])
