"""What the tests of the simulation are given."""

from __future__ import annotations

import pytest


@pytest.fixture
def seed(request: pytest.FixtureRequest) -> int | None:
    """The one seed that was asked for (`--seed`), if any."""
    given: int | None = request.config.getoption("--seed")
    return given
