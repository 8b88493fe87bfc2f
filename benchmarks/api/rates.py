"""Requests a second beside FastAPI's hello of the same build, and the times of single answers."""

from __future__ import annotations

import asyncio
import json
import statistics
import time
from typing import TYPE_CHECKING
from urllib.parse import urlencode

import msgspec
import numpy as np

from api import Settings
from api.batch_shapes import Batch
from api.routes.batch import told_batch
from api.served import Served
from benchmarks.api.load import Load, at_rate, load, lua
from benchmarks.bars import Bar, at_least, at_most

if TYPE_CHECKING:
    from pathlib import Path

    from benchmarks.api.load import Server
    from geogrid.snapshot import Snapshot

CONNECTIONS = 32
GOALS = {"by position": 1.0, "by address": 0.6}


def questions(snapshot: Snapshot, folder: Path) -> dict[str, Path]:
    """Write what is asked as scripts."""
    places, addresses = requests_of(snapshot)
    return {"by position": lua(folder, "position", places), "by address": lua(folder, "address", addresses)}


def requests_of(snapshot: Snapshot) -> tuple[list[tuple[str, str, str]], list[tuple[str, str, str]]]:
    """Return what is asked: 1,000 positions and 1,000 addresses as the city writes them."""
    west, south, east, north = snapshot.city["bounds"]
    chance = np.random.default_rng(7)
    places = np.column_stack([chance.uniform(west, east, 4000), chance.uniform(south, north, 4000)])
    inside = places[snapshot.locate(places[:, 0], places[:, 1]) >= 0][:1000]
    links = [("GET", "/v1/lookup?" + urlencode({"lon": x, "lat": y}), "") for x, y in inside.tolist()]
    texts = [text for text in snapshot.addresses.texts["entry_text"].to_pylist() if text]
    some = [texts[at] for at in chance.integers(0, len(texts), 1000).tolist()]
    bodies = [("POST", "/v1/lookup", json.dumps({"address": text}, ensure_ascii=False)) for text in some]
    return links, bodies


def rates(
    hello: Server, ours: Server, asked: dict[str, Path], seconds: float, rounds: int
) -> tuple[list[Bar], float]:
    """Load hello and each question in turn; return the bars and the rate by position.

    Each round's ratio is of runs next to each other; the median counts. Beside it the ratio by the processor
    time of the server, which other work on the machine disturbs less.
    """
    seen: dict[str, list[Load]] = {name: [] for name in ("FastAPI hello", *asked)}
    for _ in range(rounds):
        seen["FastAPI hello"].append(load(hello.url, hello.pid, None, "/hello", seconds, CONNECTIONS))
        for name, script in asked.items():
            seen[name].append(load(ours.url, ours.pid, script, "/", seconds, CONNECTIONS))
    for name, runs in seen.items():
        _tell(name, runs)
    bars: list[Bar] = []
    for name, goal in GOALS.items():
        pairs = list(zip(seen["FastAPI hello"], seen[name], strict=True))
        by_rate = statistics.median(one.rate / base.rate for base, one in pairs)
        by_time = statistics.median(base.cpu_us / one.cpu_us for base, one in pairs)
        bars.append(at_least(f"{name}: rate of hello's", by_rate, goal))
        bars.append(at_least(f"{name}: rate of hello's, by processor time", by_time, goal))
        bars.append(at_most(f"{name}: errors", sum(one.errors for _, one in pairs), 0))
    return bars, statistics.median(one.rate for one in seen["by position"])


def _tell(name: str, runs: list[Load]) -> None:
    def middle(key: str) -> float:
        return float(statistics.median(getattr(one, key) for one in runs))

    print(
        f"{name:15} {middle('rate'):8,.0f} requests/s, p99 {middle('p99_ms'):.1f} ms, "
        f"{middle('cpu_us'):.0f} us of processor time each, {sum(one.errors for one in runs)} errors"
    )


def at_half(hello: Server, ours: Server, ceiling: float, asked: dict[str, Path], seconds: float) -> list[Bar]:
    """Return the p99 of each question at half of the ceiling, hello's beside it."""
    folder = next(iter(asked.values())).parent
    greeting = lua(folder, "hello", [("GET", "/hello", "")])
    bars = []
    for name, server, script in (
        ("FastAPI hello", hello, greeting),
        *((name, ours, script) for name, script in asked.items()),
    ):
        found = load(server.url, server.pid, at_rate(script, ceiling / 2), "/", seconds, CONNECTIONS)
        print(f"{name} at {found.rate:,.0f} requests/s: p99 {found.p99_ms:.2f} ms")
        if server is ours:
            bars.append(at_most(f"{name}: p99 at half of the ceiling, ms", found.p99_ms, 5))
    return bars


def handler_time(snapshot: Snapshot) -> Bar:
    """Measure a batch of 1,000 positions from bytes to bytes, without the line."""
    here = Served(snapshot)
    west, south, east, north = snapshot.city["bounds"]
    chance = np.random.default_rng(5)
    lon, lat = chance.uniform(west, east, 1000), chance.uniform(south, north, 1000)
    rows = [{"lon": x, "lat": y} for x, y in zip(lon.tolist(), lat.tolist(), strict=True)]
    body = msgspec.json.encode({"rows": rows})
    settings = Settings(snapshot.folder)
    times: list[float] = []

    async def run() -> None:
        for _ in range(200):
            start = time.thread_time()
            await told_batch(here, msgspec.json.decode(body, type=Batch), settings)
            times.append(time.thread_time() - start)

    asyncio.run(run())
    figure = statistics.median(times) * 1e3
    print(f"a batch of 1,000 positions: {figure:.2f} ms of handler time")
    return at_most("batch of 1,000 positions, ms", figure, 1)
