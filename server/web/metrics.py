"""`GET /metrics`: the node's figures in Prometheus' text format.

All figures are of the node as a whole. Labels are codes and reasons, from closed sets; no name, id
or content of a tenant, a person or a design is among them, so whoever may watch the process may
read this.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from itertools import accumulate
from typing import Final

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from ..runtime.meters import BOUNDS, Histogram, Meters

__all__ = ["Gauge", "Metrics"]

Gauge = Callable[[], float]
"""A figure that is looked at when it is asked for."""

_CONTENT_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"


class Metrics:
    """Meters and gauges as Prometheus reads them.

    Args:
        gauges: what is so many just now, by name and explanation.
    """

    def __init__(self, meters: Meters, gauges: Mapping[tuple[str, str], Gauge]) -> None:
        self._meters = meters
        self._gauges = dict(gauges)
        self._registry = CollectorRegistry(auto_describe=False)
        self._registry.register(self)

    def route(self) -> Route:
        """Where the figures are read."""
        return Route("/metrics", self._show, methods=["GET"])

    def collect(self) -> Iterator[Metric]:
        """All figures as they are now; called by the registry."""
        meters = self._meters
        for name, histogram, what in (
            ("ack", meters.ack, "From the arrival of an edit to its ack (whole milliseconds)."),
            ("judging", meters.judging, "To transform, complete and validate a batch of edits."),
            ("locking", meters.locking, "To take the write locks of a batch of edits."),
            ("commit", meters.commit, "From asking for a batch's commit to its answer."),
            ("fan_out", meters.fan_out, "To give a committed batch to all who have it open."),
        ):
            yield _seconds(f"coweave_{name}_seconds", what, histogram)
        yield CounterMetricFamily("coweave_ops_accepted", "Edits committed.", meters.accepted)
        yield CounterMetricFamily(
            "coweave_edits_postponed",
            "Edits that waited for a lock of another node.",
            meters.postponed,
        )
        yield CounterMetricFamily(
            "coweave_batches_overtaken",
            "Batches judged again because another node had committed first.",
            meters.overtaken,
        )
        yield _labelled(
            "coweave_refusals", "Requests answered with an error.", "code", meters.refused
        )
        yield _labelled(
            "coweave_connections_dropped",
            "Connections that this node ended.",
            "reason",
            meters.dropped,
        )
        for (name, what), look in self._gauges.items():
            yield GaugeMetricFamily(f"coweave_{name}", what, look())

    async def _show(self, request: Request) -> Response:
        headers = {"cache-control": "no-store"}
        return Response(generate_latest(self._registry), 200, headers, media_type=_CONTENT_TYPE)


def _seconds(name: str, what: str, histogram: Histogram) -> Metric:
    bounds = [*map(str, BOUNDS), "+Inf"]
    buckets = list(zip(bounds, accumulate(histogram.counts), strict=True))
    return HistogramMetricFamily(name, what, buckets=buckets, sum_value=histogram.total)


def _labelled(name: str, what: str, label: str, counts: Counter[str]) -> Metric:
    family = CounterMetricFamily(name, what, labels=[label])
    for value, count in sorted(counts.items()):
        family.add_metric([value], count)
    return family
