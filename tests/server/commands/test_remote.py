"""The command line asks a running server."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from server import cli
from tests.support.process import ServerProcess

ANSWER = {
    "from": 3,
    "to": 7,
    "summary": "label of button Save changed",
    "counts": {},
    "changes": [
        {
            "kind": "changed",
            "element": "components/b1",
            "name": "Save",
            "type": "Button",
            "page": "p1",
            "path": ["props", "label"],
            "old": "Save",
            "new": "Send",
        },
        {"kind": "removed", "element": "components/b2", "name": "More", "path": []},
    ],
}


class Door(BaseHTTPRequestHandler):
    """Answers as a server would; remembers what it was asked."""

    status = 200
    body = json.dumps(ANSWER)
    asked: list[tuple[str, str | None]] = []

    def do_GET(self) -> None:
        self.asked.append((self.path, self.headers.get("Authorization")))
        content = self.body.encode()
        self.send_response(self.status)
        if self.status == 302:
            self.send_header("Location", "http://127.0.0.1:1/")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def door(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.setattr(Door, "asked", [])
    with ThreadingHTTPServer(("127.0.0.1", 0), Door) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join()


def test_differences_of_two_versions(
    door: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COWEAVE_TOKEN", "secret")
    assert cli.main(["diff", "--server", door + "/", "--design", "a/b", "3", "7"]) == 1
    assert Door.asked == [("/api/designs/a%2Fb/diff?from=3&to=7", "Bearer secret")]
    assert capsys.readouterr().out.splitlines() == [
        'changed components/b1 Save: props/label: "Save" → "Send"',
        "removed components/b2 More",
    ]
    assert (
        cli.main(["diff", "--server", door, "--design", "d", "--format", "json", "3", "now"]) == 1
    )
    assert Door.asked[-1][0] == "/api/designs/d/diff?from=3"
    assert json.loads(capsys.readouterr().out) == ANSWER


def test_nothing_has_changed(door: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Door, "body", json.dumps({**ANSWER, "changes": []}))
    monkeypatch.delenv("COWEAVE_TOKEN", raising=False)
    assert cli.main(["diff", "--server", door, "--design", "d", "3", "7"]) == 0
    assert Door.asked[0][1] is None


@pytest.mark.parametrize(
    ("status", "body", "told"),
    [
        (404, '{"error":{"code":"X","message":"There is no such design"}}', "no such design"),
        (500, "oops", "500"),
        (200, "no json", "no JSON"),
        (302, "", "302"),
        (200, '{"changes":[{}]}', "not that of a Coweave server"),
    ],
)
def test_a_server_that_does_not_answer_as_asked(
    door: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    status: int,
    body: str,
    told: str,
) -> None:
    monkeypatch.setattr(Door, "status", status)
    monkeypatch.setattr(Door, "body", body)
    assert cli.main(["diff", "--server", door, "--design", "d", "3", "7"]) == 2
    assert told in capsys.readouterr().err


@pytest.mark.parametrize(
    "options",
    [
        ["--server", "http://127.0.0.1:1", "3", "7"],
        ["--server", "http://127.0.0.1:1", "--design", "d", "3", "7"],
        ["--server", "file:///etc", "--design", "d", "3", "7"],
        ["--server", "http://127.0.0.1:1", "--design", "d", "x", "7"],
        ["--server", "http://127.0.0.1:1", "--design", "d", "now", "7"],
    ],
)
def test_what_cannot_be_asked(options: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["diff", *options]) == 2
    assert capsys.readouterr().err.startswith("coweave: ")


def test_a_real_server(server_process: ServerProcess, capsys: pytest.CaptureFixture[str]) -> None:
    url = server_process.url
    assert cli.main(["diff", "--server", url, "--design", "none", "1", "now"]) == 2
    assert "There is no such design" in capsys.readouterr().err
