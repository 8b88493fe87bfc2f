"""Counts for Prometheus: routes, statuses and times, never who asked or for what."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

if TYPE_CHECKING:
    from api.served import Desk

MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8"
SECONDS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 5.0)
METHODS = frozenset(("GET", "HEAD", "POST", "DELETE", "OPTIONS"))
SHARED = "PROMETHEUS_MULTIPROC_DIR"  # set by `geogrid serve` where there are several workers


class Metrics:
    """What is counted in one process; several processes add up through a shared folder."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        told: dict[str, Any] = {"registry": None if SHARED in os.environ else self._registry}
        self._requests = Counter(
            "geogrid_requests", "Requests answered.", ("method", "route", "status"), **told
        )
        self._seconds = Histogram(
            "geogrid_request_seconds", "Seconds to answer.", ("route",), buckets=SECONDS, **told
        )
        self._refused = Counter("geogrid_limited", "Requests refused for their rate.", **told)
        self._rows = Counter("geogrid_batch_rows", "Rows of batches.", **told)
        self._plan = Gauge(
            "geogrid_plan_version", "The version that is served; 0: none.", multiprocess_mode="max", **told
        )
        self._children: dict[tuple[str, str, int], tuple[Counter, Histogram]] = {}

    def note(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count one answer."""
        key = (method, route, status)
        found = self._children.get(key)
        if found is None:
            counted = method if method in METHODS else "other"
            found = (self._requests.labels(counted, route, str(status)), self._seconds.labels(route))
            if method in METHODS:  # the others are no closed list
                self._children[key] = found
        found[0].inc()
        found[1].observe(seconds)

    def refused(self) -> None:
        """Count a request that came too soon."""
        self._refused.inc()

    def rows(self, count: int) -> None:
        """Count the rows of a batch."""
        self._rows.inc(count)

    def text(self, desk: Desk) -> bytes:
        """Return everything in Prometheus' text format."""
        self._plan.set(desk.version())
        if SHARED not in os.environ:
            return bytes(generate_latest(self._registry))
        shared = CollectorRegistry()
        MultiProcessCollector(shared)  # type: ignore[no-untyped-call]
        return bytes(generate_latest(shared))
