"""Run the measurements; the last line is JSON: each bar, the figure, whether it is met.

    python -m benchmarks.api SNAPSHOT [--quick]

SNAPSHOT is a compiled snapshot, as ``geogrid demo`` or ``geogrid publish`` leaves it (``.../current``).
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import platform
import tempfile
import time
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import msgspec
import numpy as np

from api import Settings
from api.batch_shapes import Batch
from api.routes.batch import told_batch
from api.served import Served
from benchmarks.api.load import Load, load, lua, require_wrk, resident_mb, serving
from geogrid.snapshot import Snapshot

if TYPE_CHECKING:
    from benchmarks.api.load import Server

PEERS = ("pygeoapi", "tipg", "mapit")
CONNECTIONS = 32


def main() -> None:
    """Measure everything and print it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("snapshot", type=Path, help="a compiled snapshot")
    parser.add_argument("--quick", action="store_true", help="shorter runs")
    given = parser.parse_args()
    require_wrk()
    seconds = 3 if given.quick else 10
    print(f"{platform.machine()}, Python {platform.python_version()}, one worker, {_load()}")
    snapshot = Snapshot.open(given.snapshot)
    city = snapshot.city
    print(f"{city['addresses']:,} addresses, {city['grids']:,} grids\n")
    bars = handler_time(snapshot)
    with tempfile.TemporaryDirectory() as folder:
        questions = asked(snapshot, Path(folder))
        env = {"GEOGRID_BENCH_SNAPSHOT": str(given.snapshot.resolve())}
        with (
            serving("benchmarks.api.hello:app", "/hello", factory=False) as hello,
            serving("benchmarks.api.served:app", "/readyz", factory=True, env=env) as ours,
        ):
            bars |= rates(hello, ours, questions, seconds)
            bars["start to first answer, s"] = bar(ours.first_s, at_most=2.0)
            memory = resident_mb(ours.pid)
            print(f"resident {memory['all']:.0f} MB, of which its own {memory['own']:.0f} MB")
            bars["resident memory, MB"] = bar(memory["all"], at_most=400)
    for peer in PEERS:
        word = "installed, but not driven by this benchmark" if find_spec(peer) else "not installed here"
        print(f"{peer}: not measured ({word})")
    print(_load())
    print(json.dumps({"bars": bars, "quick": given.quick}))


def handler_time(snapshot: Snapshot) -> dict[str, Any]:
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
    figure = sorted(times)[100] * 1e3
    print(f"a batch of 1,000 positions: {figure:.2f} ms of handler time\n")
    return {"batch of 1,000 positions, ms": bar(figure, at_most=1.0)}


def asked(snapshot: Snapshot, folder: Path) -> dict[str, Path]:
    """Write what is asked: 1,000 positions and 1,000 addresses as the city writes them."""
    west, south, east, north = snapshot.city["bounds"]
    chance = np.random.default_rng(7)
    places = np.column_stack([chance.uniform(west, east, 4000), chance.uniform(south, north, 4000)])
    inside = places[snapshot.locate(places[:, 0], places[:, 1]) >= 0][:1000]
    links = [("GET", "/v1/lookup?" + urlencode({"lon": x, "lat": y}), "") for x, y in inside.tolist()]
    texts = [text for text in snapshot.addresses.texts["entry_text"].to_pylist() if text]
    some = [texts[at] for at in chance.integers(0, len(texts), 1000).tolist()]
    bodies = [("POST", "/v1/lookup", json.dumps({"address": text}, ensure_ascii=False)) for text in some]
    return {"by position": lua(folder, "position", links), "by address": lua(folder, "address", bodies)}


def rates(hello: Server, ours: Server, questions: dict[str, Path], seconds: int) -> dict[str, Any]:
    """Load hello and each question in turn, twice, and keep the better of each."""
    found: dict[str, Load] = {}
    for _ in range(2):
        told = {"FastAPI hello": load(hello, None, "/hello", seconds, CONNECTIONS)}
        for name, script in questions.items():
            told[name] = load(ours, script, "/", seconds, CONNECTIONS)
        found = {name: min(one, found.get(name, one), key=lambda x: x.cpu_us) for name, one in told.items()}
    for name, one in found.items():
        print(
            f"{name:15} {one.rate:8,.0f} requests/s, p99 {one.p99_ms:.1f} ms, "
            f"{one.cpu_us:.0f} us of processor time each, {one.errors} errors"
        )
    base = found["FastAPI hello"]
    bars: dict[str, Any] = {}
    for name, least in (("by position", 1.0), ("by address", 0.6)):
        one = found[name]
        bars[f"{name}: rate of hello's"] = bar(one.rate / base.rate, at_least=least)
        bars[f"{name}: rate of hello's, by processor time"] = bar(base.cpu_us / one.cpu_us, at_least=least)
        bars[f"{name}: errors"] = bar(one.errors, at_most=0)
    late = half(ours, found["by position"].rate, questions)
    bars["by position: p99 at half of the ceiling, ms"] = bar(late, at_most=5.0)
    return bars


def half(ours: Server, ceiling: float, questions: dict[str, Path]) -> float:
    """Return the p99 in milliseconds at about half of the ceiling.

    wrk sends as fast as answers come, so half of the load is made by a pause before each request.
    """
    script = questions["by position"]
    pause = max(1, round(CONNECTIONS / (ceiling / 2) * 1e3))
    slow = script.with_name("half.lua")
    slow.write_text(
        script.read_text(encoding="utf-8") + f"\ndelay = function() return {pause} end\n", "utf-8"
    )
    found = load(ours, slow, "/", 5, CONNECTIONS)
    print(f"by position at {found.rate:,.0f} requests/s: p99 {found.p99_ms:.2f} ms")
    return found.p99_ms


def bar(figure: float, *, at_least: float | None = None, at_most: float | None = None) -> dict[str, Any]:
    """Return a figure, its bar, and whether it is met."""
    met = (at_least is None or figure >= at_least) and (at_most is None or figure <= at_most)
    wanted = f">= {at_least}" if at_least is not None else f"<= {at_most}"
    return {"figure": round(float(figure), 4), "bar": wanted, "met": bool(met)}


def _load() -> str:
    return f"load average {os.getloadavg()[0]:.1f} on {os.cpu_count()} processors"


if __name__ == "__main__":
    main()
