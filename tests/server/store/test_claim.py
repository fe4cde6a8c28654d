"""One node serves a SQLite database: a second one would show an old state (PROMISES B5)."""

from __future__ import annotations

from pathlib import Path

import pytest

from server.store import StoreUnfit, claimed


def test_B5_a_second_node_is_refused(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'x' / 'coweave.sqlite3'}"
    with claimed(url):
        with pytest.raises(StoreUnfit, match="Another node serves .*COWEAVE_DATABASE"):
            with claimed(url):
                raise AssertionError("both have it")
        with claimed(f"sqlite:///{tmp_path / 'other.sqlite3'}"):
            pass
    with claimed(url):
        pass


def test_nodes_may_share_another_database() -> None:
    url = "postgresql://nobody@127.0.0.1:1/none"
    with claimed(url), claimed(url):
        pass
