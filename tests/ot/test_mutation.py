"""The tests of `ot` notice at least 85 of 100 small mistakes."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.soak
@pytest.mark.timeout(0)
def test_most_mutants_are_killed() -> None:
    # In a process of its own, which has not imported the engine.
    step = os.environ.get("COWEAVE_OT_MUTANTS", "1")
    done = subprocess.run(
        [sys.executable, "-m", "tests.ot.mutate", step],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    print(done.stdout)
    counted = re.search(r"(\d+) of (\d+) mutants killed", done.stdout)
    assert counted
    killed, made = map(int, counted.groups())
    assert made > 100
    assert killed >= 0.85 * made
