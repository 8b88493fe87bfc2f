"""Measure the service: ``python -m benchmarks.api [SNAPSHOT] [--quick] [--part NAME]``.

SNAPSHOT is a compiled snapshot beside its store, as ``geogrid publish`` leaves it. Without one the whole of
Taipei is compiled once (1.1 million addresses; FOLDER or GEOGRID_DATA holds it, else ``../shared/data``) and
kept in ``var/bench``; ``--quick`` takes the shipped city of Songshan. The last line is the JSON of the bars.
"""

from __future__ import annotations

import argparse
import os
import platform
import statistics
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.api.agreement import agreement
from benchmarks.api.city import kept_snapshot
from benchmarks.api.load import memory_mb, require_wrk, serving
from benchmarks.api.peers import beside_peers
from benchmarks.api.rates import at_half, handler_time, questions, rates
from benchmarks.bars import Bar, Clock, at_most, print_bars
from benchmarks.division.instances import data_folder
from geogrid.snapshot import Snapshot

if TYPE_CHECKING:
    from benchmarks.api.load import Server

PARTS = ("start", "rates", "agreement", "peers")
STARTS = 5
QUICK_S = 38.0  # and the end of what has begun by then


def main() -> None:
    """Measure what is asked for and print it."""
    words = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    words.add_argument("snapshot", nargs="?", type=Path, help="a compiled snapshot")
    words.add_argument("--quick", action="store_true", help="a small city and short runs, under 50 s")
    words.add_argument("--part", action="append", choices=PARTS, help="this table alone; may come twice")
    words.add_argument("--data", help="folder of the shared instances")
    given = words.parse_args()
    require_wrk()
    clock = Clock(QUICK_S if given.quick else None)
    print(f"{platform.machine()}, Python {platform.python_version()}, one worker, {_load()}")
    name = "songshan" if given.quick else "taipei"
    place = (given.snapshot or kept_snapshot(name, data_folder(given.data))).resolve()
    bars = measured(place, given.part or PARTS, clock, quick=given.quick)
    print(_load())
    print_bars(bars)


def measured(place: Path, parts: list[str] | tuple[str, ...], clock: Clock, *, quick: bool) -> list[Bar]:
    """Return the bars of the parts asked for."""
    snapshot = Snapshot.open(place)
    city = snapshot.city
    print(f"{city['name']}: {city['addresses']:,} addresses, {city['grids']:,} grids\n")
    bars = starts(place, 1 if quick else STARTS) if "start" in parts else []
    with tempfile.TemporaryDirectory() as folder:
        asked = questions(snapshot, Path(folder))
        env = {**told_to_server(place), "GEOGRID_BENCH_JOBS": f"{folder}/jobs"}
        with (
            serving("benchmarks.api.hello:app", "/hello", factory=False) as hello,
            serving("benchmarks.api.served:app", "/v1/city", factory=True, env=env) as ours,
        ):
            if "rates" in parts:
                bars.append(handler_time(snapshot))
                found, ceiling = rates(hello, ours, asked, 1 if quick else 5, 2 if quick else 7)
                bars += [*found, *at_half(hello, ours, ceiling, asked, 2 if quick else 5)]
                bars.append(memory(ours))
            if "agreement" in parts:
                bars += agreement(snapshot, ours.url, store_of(place), 1_000 if quick else 100_000)
            if "peers" in parts:
                beside_peers(snapshot, ours, 1 if quick else 5, clock)
    return bars


def store_of(place: Path) -> str:
    """Return the store beside a snapshot, as ``geogrid publish`` leaves it."""
    return f"sqlite:///{place.parents[1].with_suffix('')}.db"


def told_to_server(place: Path) -> dict[str, str]:
    """Return the environment of a server of a snapshot; it has its store, as ``geogrid serve`` has."""
    return {"GEOGRID_BENCH_SNAPSHOT": str(place), "GEOGRID_BENCH_STORE": store_of(place)}


def starts(place: Path, count: int) -> list[Bar]:
    """Start a worker ``count`` times and ask it for a position until it answers; the median counts."""
    west, south, east, north = Snapshot.open(place, verify=False, numba=False).city["bounds"]
    first = f"/v1/lookup?lon={(west + east) / 2}&lat={(south + north) / 2}"
    seconds, busy = [], []
    for _ in range(count):
        env = told_to_server(place)
        with serving("benchmarks.api.served:app", first, factory=True, env=env) as ours:
            seconds.append(ours.first_s)
            busy.append(ours.busy_s)
    middle = statistics.median(seconds)
    print(f"start to first answer: {middle:.2f} s, {statistics.median(busy):.2f} s of processor time")
    return [
        at_most("start to first answer, s", middle, 2),
        at_most("start to first answer, s of processor time", statistics.median(busy), 2),
    ]


def memory(ours: Server) -> Bar:
    """Tell the memory of a worker after the load, and what of it others may share."""
    found = memory_mb(ours.pid)
    print(
        f"resident {found['all']:.0f} MB, {found['files']:.0f} MB of them pages of files, which workers share"
    )
    return at_most("resident memory of a worker, MB", found["all"], 400)


def _load() -> str:
    return f"load average {os.getloadavg()[0]:.1f} on {os.cpu_count()} processors"


if __name__ == "__main__":
    main()
