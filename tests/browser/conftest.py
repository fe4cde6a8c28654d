"""People at their browsers: real Chromium pages on a real node, each under a name of its own."""

from __future__ import annotations

import re
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.async_api import Browser, ConsoleMessage, Page, Request, async_playwright, expect

from tests.support.process import ServerProcess

ARTIFACTS = Path(__file__).parent / "artifacts"
STATIC = Path(__file__).parents[2] / "server" / "static" / "index.html"
# Generous: a slow machine must not fail a test; what is awaited comes within milliseconds otherwise.
PATIENCE_MS = 20_000
expect.set_options(timeout=PATIENCE_MS)
VIEWPORT = {"width": 1360, "height": 860}

# No sandbox: containers run as root. Nothing may try to reach the network behind the page's back.
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@dataclass
class Person:
    """Someone at a page.

    `complaints` are console errors and warnings (CSP reports among them), uncaught errors, and requests to elsewhere;
    those that match a pattern of `forgives` are left out.
    """

    name: str
    page: Page
    forgives: list[str] = field(default_factory=list)
    _said: list[str] = field(default_factory=list)

    def listen(self) -> None:
        def on_console(message: ConsoleMessage) -> None:
            if message.type in {"error", "warning"}:
                self._said.append(f"{message.type}: {message.text} ({message.location.get('url')})")

        def on_request(request: Request) -> None:
            if not request.url.startswith(("http://127.0.0.1:", "data:", "blob:")):
                self._said.append(f"asked elsewhere: {request.url}")

        self.page.on("console", on_console)
        self.page.on("request", on_request)
        self.page.on("pageerror", lambda error: self._said.append(f"uncaught: {error}"))

    @property
    def complaints(self) -> list[str]:
        return [
            f"{self.name}: {line}"
            for line in self._said
            if not any(re.search(pattern, line) for pattern in self.forgives)
        ]


Sit = Callable[..., Awaitable[Person]]


@pytest.fixture
def server_process(tmp_path: Path) -> Iterator[ServerProcess]:
    assert STATIC.exists(), "the designer is not built: `make test` builds it"
    with ServerProcess(tmp_path / "node") as server:
        yield server


@pytest.fixture
async def chromium() -> AsyncIterator[Browser]:
    names = ("chromium", "chromium-browser", "google-chrome")
    path = next((found for name in names if (found := shutil.which(name))), None)
    assert path, "Chromium is missing: `make test` installs it"
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        try:
            yield browser
        finally:
            await browser.close()


@pytest.fixture
async def sit(
    chromium: Browser, server_process: ServerProcess, request: pytest.FixtureRequest
) -> AsyncIterator[Sit]:
    """`await sit("Ada", "/designs/x")`: a page of a new browser profile, open there under that name; with `beside`
    one more tab of that person's profile.

    At the end each page must have had no error in its console; after a failure its picture lies in `artifacts`.
    """
    people: list[Person] = []

    async def sit_down(
        name: str, path: str = "/", *, base: str = "", beside: Person | None = None
    ) -> Person:
        if beside is None:
            context = await chromium.new_context(viewport=VIEWPORT, reduced_motion="reduce")
            context.set_default_timeout(PATIENCE_MS)
            await context.grant_permissions(["clipboard-read", "clipboard-write"])
        else:
            context = beside.page.context
        person = Person(name, await context.new_page())
        person.listen()
        people.append(person)
        separator = "&" if "?" in path else "?"
        await person.page.goto(f"{base or server_process.url}{path}{separator}user={name}")
        return person

    yield sit_down

    failed = request.node.stash.get(FAILED, False)
    complaints = [line for person in people for line in person.complaints]
    if failed or complaints:
        ARTIFACTS.mkdir(exist_ok=True)
        test = re.sub(r"\W+", "-", request.node.name)
        for person in people:
            if person.page.is_closed():
                continue
            await person.page.screenshot(path=ARTIFACTS / f"{test}-{person.name}.png")
    if complaints:
        pytest.fail("A page complained:\n" + "\n".join(complaints), pytrace=False)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """What the first try of a test met is read, too: it may be a fault that shows rarely."""
    for report in terminalreporter.stats.get("rerun", []):
        terminalreporter.write_line(f"First try of {report.nodeid} ({report.when}):")
        terminalreporter.write_line("\n".join(report.longreprtext.splitlines()[-12:]))


FAILED = pytest.StashKey[bool]()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A browser on a busy machine may miss any bound once: each test gets a second try, which the summary names."""
    here = Path(__file__).parent
    for item in items:
        if item.path.is_relative_to(here):
            item.add_marker(pytest.mark.flaky(reruns=1))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[None]:
    report = yield
    if report.when == "call":
        item.stash[FAILED] = report.failed
    return report
