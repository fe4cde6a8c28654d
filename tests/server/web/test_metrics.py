"""`GET /metrics`, as Prometheus' own parser reads it."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from server.app import Backend
from server.runtime.meters import Meters
from server.web.metrics import Metrics
from tests.support.process import ServerProcess

JSON = {"content-type": "application/json"}


async def figures(http: httpx.AsyncClient) -> dict[str, float]:
    """Every sample by its name and labels."""
    answer = await http.get("/metrics")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    return {
        sample.name + "".join(f" {label}" for label in sample.labels.values()): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }


async def test_an_edit_is_counted_and_timed(http: httpx.AsyncClient, backend: Backend) -> None:
    before = await figures(http)
    assert before["coweave_ops_accepted_total"] == 0
    made = (await http.post("/api/designs", json={"name": "Quite secret"})).json()
    renamed = await http.patch(f"/api/designs/{made['id']}", json={"name": "Another secret"})
    assert renamed.status_code == 200
    after = await figures(http)
    assert after["coweave_ops_accepted_total"] == 2
    assert after["coweave_rooms"] == 1 and after["coweave_ready"] == 1
    assert after["coweave_requests_waiting"] == after["coweave_commits_waiting"] == 0
    for name in ("ack", "judging", "commit", "fan_out"):
        assert after[f"coweave_{name}_seconds_count"] == 2
        assert after[f"coweave_{name}_seconds_bucket +Inf"] == 2
        assert after[f"coweave_{name}_seconds_bucket 10.0"] == 2
        assert 0 <= after[f"coweave_{name}_seconds_sum"] < 20


async def test_refusals_over_http_are_counted_too(http: httpx.AsyncClient) -> None:
    before = await figures(http)
    assert (await http.get("/api/designs/none/snapshot")).status_code == 404
    assert (await http.get("/api/designs/none/check")).status_code == 404
    assert (await http.post("/api/designs", content=b"{", headers=JSON)).status_code == 400
    after = await figures(http)
    for code, count in (("ERR_DESIGN_NOT_FOUND", 2), ("ERR_MESSAGE_BADLY_FORMED", 1)):
        sample = f"coweave_refusals_total {code}"
        assert after[sample] - before.get(sample, 0) == count


async def test_nothing_of_anybody_is_told(http: httpx.AsyncClient) -> None:
    made = (await http.post("/api/designs?user=Ann", json={"name": "Quite secret"})).json()
    text = (await http.get("/metrics")).text
    for private in ("secret", "Ann", "default", made["id"], made["createdBy"]["id"]):
        assert private not in text


def test_counts_have_a_label_each() -> None:
    meters = Meters()
    meters.refused["ERR_NO_OP"] += 3
    meters.dropped["slow"] += 1
    families = {family.name: family for family in Metrics(meters, {}).collect()}
    refused = families["coweave_refusals"].samples
    assert [(s.labels, s.value) for s in refused] == [({"code": "ERR_NO_OP"}, 3)]
    dropped = families["coweave_connections_dropped"].samples
    assert [(s.labels, s.value) for s in dropped] == [({"reason": "slow"}, 1)]


async def test_connections_are_counted_until_they_are_dropped(tmp_path: Path) -> None:
    """At a real server: who is there, what was refused, and why somebody was left."""
    with ServerProcess(tmp_path) as server:
        async with httpx.AsyncClient(base_url=server.url) as http, asyncio.timeout(60):
            async with connect(f"{server.socket_url}?user=Eve", proxy=None) as eve:
                await eve.send(json.dumps({"a": "f", "c": "designs", "d": "none"}))
                assert "error" in json.loads(await eve.recv())
                seen = await figures(http)
                assert seen["coweave_connections"] == 1
                assert seen["coweave_refusals_total ERR_DESIGN_NOT_FOUND"] == 1
                assert seen["coweave_outbox_bytes"] == 0
                with pytest.raises(ConnectionClosed):
                    await eve.send("x" * 17_000_000)
                    await eve.recv()
            async with connect(f"{server.socket_url}?user=Ann", proxy=None) as ann:
                await ann.send(json.dumps({"a": "pp"}))
                await ann.recv()
            while (seen := await figures(http))["coweave_connections"] > 0:
                pass  # asking takes a while of its own
            dropped = {key: value for key, value in seen.items() if "dropped" in key}
            assert dropped == {"coweave_connections_dropped_total frame too large": 1}
