"""`GET /metrics`, as Prometheus' own parser reads it."""

from __future__ import annotations

import httpx
from prometheus_client.parser import text_string_to_metric_families

from server.app import Backend
from server.runtime.meters import Meters
from server.web.metrics import Metrics


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
