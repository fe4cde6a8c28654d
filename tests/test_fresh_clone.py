"""`make run` as a newcomer meets it: a clean clone, an empty home, nothing set up."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import urllib.request
from pathlib import Path

import pytest

from tests.support.process import Program

TOP = Path(__file__).parents[1]
GONE_AFTER_CTRL_C = {0, 130, -signal.SIGINT}


def get(url: str) -> str:
    with urllib.request.urlopen(url, timeout=10) as response:
        assert response.status == 200
        return str(response.read().decode())


@pytest.mark.timeout(900)
def test_make_run_in_a_clean_clone(tmp_path: Path) -> None:
    clone, home = tmp_path / "a clone", tmp_path / "home"
    home.mkdir()
    subprocess.run(["git", "clone", "--quiet", "--no-hardlinks", TOP, clone], check=True)
    inherited = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("COWEAVE_", "VIRTUAL_ENV", "PYTEST_", "MAKE", "MFLAGS", "npm_"))
    }
    environment = {**inherited, "HOME": str(home), "CI": "true", "COWEAVE_PORT": "0"}

    first = Program(["make", "run"], clone, environment, seconds=600)
    first.start()
    assert '<div id="root">' in get(first.url + "/")
    assert json.loads(get(first.url + "/healthz")) == {"ok": True}
    assert json.loads(get(first.url + "/readyz"))["ready"] is True
    samples = json.loads(get(first.url + "/api/designs"))["designs"]
    assert len(samples) >= 2
    assert first.stop(signal.SIGINT) in GONE_AFTER_CTRL_C, first.log
    assert "Traceback" not in first.log

    again = Program(["make", "run"], clone, environment, seconds=30)
    again.start()
    assert json.loads(get(again.url + "/api/designs"))["designs"] == samples
    assert again.stop(signal.SIGINT) in GONE_AFTER_CTRL_C, again.log
    for step in ("Installing", "Building", "Making"):
        assert step in first.log
        assert step not in again.log
