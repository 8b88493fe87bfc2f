"""Counts for Prometheus: routes, statuses and times, never who asked or for what.

Counting is a few additions, because every answer is counted; families are made of them when somebody asks.
Where several processes serve, each writes its counts into a folder that they share, and whoever is asked
adds them up.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import secrets
from bisect import bisect_left
from itertools import accumulate
from pathlib import Path
from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable, Iterator

    from prometheus_client.core import Metric

    from api.served import Desk

MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8"
SECONDS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 5.0)
METHODS = frozenset(("GET", "HEAD", "POST", "DELETE", "OPTIONS"))
SHARED = "GEOGRID_COUNTS"  # the folder; set by `geogrid serve` where there are several workers
SHARE_S = 1.0  # how old the counts of another process may be


class Counts:
    """What is counted: for each method, route and status the seconds, and the answers by ``SECONDS``."""

    def __init__(self) -> None:
        self.answers: dict[tuple[str, str, int], list[float]] = {}
        self.limited = 0
        self.rows = 0

    def add(self, other: Counts) -> None:
        """Add what another process counted."""
        for key, row in other.answers.items():
            mine = self.answers.setdefault(key, [0.0] * len(row))
            self.answers[key] = [a + b for a, b in zip(mine, row, strict=True)]
        self.limited += other.limited
        self.rows += other.rows

    def told(self) -> str:
        """Return the counts as JSON."""
        answers = [[*key, row] for key, row in self.answers.items()]
        return json.dumps({"answers": answers, "limited": self.limited, "rows": self.rows})

    @classmethod
    def read(cls, text: str) -> Counts:
        """Return counts from JSON.

        :raises ValueError: it is none.
        """
        told, found = json.loads(text), cls()
        found.answers = {(method, route, status): row for method, route, status, row in told["answers"]}
        found.limited, found.rows = told["limited"], told["rows"]
        return found


class Metrics:
    """What is counted in this process; see ``Counts``."""

    def __init__(self) -> None:
        self._counts = Counts()
        folder = os.environ.get(SHARED)
        self._file = Path(folder) / f"{secrets.token_hex(8)}.json" if folder else None

    def note(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count one answer."""
        key = (method if method in METHODS else "other", route, status)  # the others are no closed list
        row = self._counts.answers.get(key)
        if row is None:
            row = self._counts.answers[key] = [0.0] * (len(SECONDS) + 2)
        row[0] += seconds
        row[1 + bisect_left(SECONDS, seconds)] += 1

    def refused(self) -> None:
        """Count a request that came too soon."""
        self._counts.limited += 1

    def rows(self, count: int) -> None:
        """Count the rows of a batch."""
        self._counts.rows += count

    def text(self, desk: Desk) -> bytes:
        """Return everything in Prometheus' text format."""
        whole = Counts()
        whole.add(self._counts)
        for other in self._others():
            whole.add(other)
        registry = CollectorRegistry()
        registry.register(_Families(whole, desk.version()))
        return bytes(generate_latest(registry))

    def _others(self) -> Iterator[Counts]:
        """Give what the other processes have written; those that have ended count too."""
        for path in self._file.parent.glob("*.json") if self._file else ():
            if path != self._file:
                with contextlib.suppress(OSError, ValueError, KeyError):
                    yield Counts.read(path.read_text(encoding="utf-8"))

    @contextlib.asynccontextmanager
    async def shared(self) -> AsyncIterator[None]:
        """Write the counts for the other processes, where there are any, until the service stops."""
        task = asyncio.create_task(self._share())
        try:
            yield
        finally:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task
            self._write()

    async def _share(self) -> None:
        while self._file:
            await asyncio.sleep(SHARE_S)
            self._write()

    def _write(self) -> None:
        if self._file:
            aside = self._file.with_suffix(".aside")
            with contextlib.suppress(OSError):  # the folder is gone where the whole service ends
                aside.write_text(self._counts.told(), encoding="utf-8")
                aside.replace(self._file)


class _Families:
    """The counts as Prometheus' client knows them."""

    def __init__(self, counts: Counts, version: int) -> None:
        self._counts = counts
        self._version = version

    def collect(self) -> Iterable[Metric]:
        """Give every family."""
        requests = CounterMetricFamily("geogrid_requests", "Requests answered.", labels=_LABELS)
        by_route: dict[str, list[float]] = {}
        for (method, route, status), row in sorted(self._counts.answers.items()):
            requests.add_metric((method, route, str(status)), sum(row[1:]))
            before = by_route.get(route, [0.0] * len(row))
            by_route[route] = [a + b for a, b in zip(before, row, strict=True)]
        seconds = HistogramMetricFamily("geogrid_request_seconds", "Seconds to answer.", labels=("route",))
        for route, row in by_route.items():
            reached = zip((*map(str, SECONDS), "+Inf"), accumulate(row[1:]), strict=True)
            seconds.add_metric((route,), list(reached), row[0])
        yield requests
        yield seconds
        limited = self._counts.limited
        yield CounterMetricFamily("geogrid_limited", "Requests refused for their rate.", value=limited)
        yield CounterMetricFamily("geogrid_batch_rows", "Rows of batches.", value=self._counts.rows)
        told = "The version that is served; 0: none."
        yield GaugeMetricFamily("geogrid_plan_version", told, value=self._version)


_LABELS = ("method", "route", "status")
