"""Fixtures that all tests may use."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.process import ServerProcess


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--seed", type=int, help="play this seed of the simulation, and no other")


@pytest.fixture
def server_process(tmp_path: Path) -> Iterator[ServerProcess]:
    """A running node with the collection `scratch` on; stopped cleanly at the end, without a traceback in its log."""
    with ServerProcess(tmp_path / "node", {"COWEAVE_SCRATCH": "1"}) as server:
        yield server
