"""Whole designs: made, and judged, without holding up those who edit others."""

from __future__ import annotations

import threading
from typing import Any

import httpx
import pytest

from server.document.design import Design
from server.document.model import new_design


@pytest.fixture
def judges(monkeypatch: pytest.MonkeyPatch) -> list[threading.Thread]:
    """The threads in which designs are loaded and judged from now on."""
    threads: list[threading.Thread] = []
    load = Design.from_json.__func__  # type: ignore[attr-defined]

    def noted(cls: type[Design], *args: Any, **options: Any) -> Any:
        threads.append(threading.current_thread())
        return load(cls, *args, **options)

    monkeypatch.setattr(Design, "from_json", classmethod(noted))
    return threads


async def test_D3_designs_are_judged_beside_the_loop(
    http: httpx.AsyncClient, judges: list[threading.Thread]
) -> None:
    """A large one takes more than a second: nobody else waits for it."""
    made = await http.post("/api/designs/import", json=new_design("Large"))
    assert made.status_code == 201
    copy = await http.post(f"/api/designs/{made.json()['design']['id']}/duplicate")
    assert copy.status_code == 201
    read = await http.get(f"/api/designs/{copy.json()['id']}/snapshot")
    assert read.json()["data"]["meta"]["name"] == "Large (copy)"
    assert len(judges) >= 2
    assert threading.main_thread() not in judges


async def test_a_design_at_fault_is_refused_with_its_reason(http: httpx.AsyncClient) -> None:
    document = new_design("Wrong")
    document["components"]["c1"] = {"type": "Button"}
    answer = await http.post("/api/designs/import", json=document)
    assert answer.status_code == 422
    assert answer.json()["error"]["details"]["element"] == "components/c1"
