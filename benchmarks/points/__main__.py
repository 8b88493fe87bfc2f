"""Run the measurements and print tables; the last line is the JSON of the bars."""

from __future__ import annotations

import argparse
import os
import platform
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import shapely

from benchmarks.bars import Bar, Clock, at_least, at_most, print_bars
from benchmarks.points.clock import use_processor_time
from benchmarks.points.own import border_zoo, build_and_open, large_file, rates, single
from benchmarks.points.partitions import partition, points
from benchmarks.points.peers import PEERS, timed
from geogrid.locate import PointIndex

# name, polygons, Voronoi tiles in each, points for geogrid, points for the peers
CITY = ("a city", 2_000, 40, 10_000_000, 500_000)
REGION = ("a region", 100_000, 8, 10_000_000, 500_000)
COUNTRY = (1_000_000, 1)
QUICK_S, PEER_S = 12.0, 3.0  # all peers of a quick run, and one of them


def main() -> None:
    """Measure, print, and judge by the bars."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer peers, a smaller file, no million grids")
    parser.add_argument("--no-peers", action="store_true", help="geogrid alone")
    parser.add_argument("--city", action="store_true", help="the city of 2,000 grids only")
    parser.add_argument(
        "--shared", action="store_true", help="count processor time, on a busy machine; no PostGIS"
    )
    given = parser.parse_args()
    if given.shared:
        use_processor_time()
        del PEERS["PostGIS"]  # its processes are not ours to count
    print(f"{platform.machine()}, Python {platform.python_version()}, 2 threads, {_load()}\n")
    clock = Clock(QUICK_S if given.quick else None)
    bars: list[Bar] = []
    with tempfile.TemporaryDirectory() as folder:
        for name, count, tiles, own, others in (CITY, REGION)[: 1 if given.city else 2]:
            scale = 5 if given.quick else 1
            # Never fewer points for geogrid: a few million fit the caches, and the memory pass with them.
            told = measure(name, count, tiles, own, 0 if given.no_peers else others // scale, clock)
            bars += judged(name, told)
        if not given.city:
            bars += sizes(Path(folder), quick=given.quick)
    print(_load())
    print_bars(bars)


def measure(name: str, count: int, tiles: int, own: int, others: int, clock: Clock) -> dict[str, Any]:
    """Measure one partition beside the peers, each of which gets ``others`` points, and print the table."""
    polygons, labels = partition(count, tiles=tiles)
    index = PointIndex.compile(polygons, labels)
    told: dict[str, Any] = {**rates(index, own, 3), "single": single(index)}
    zoo = border_zoo(polygons, index, 20_000)
    print(f"{name}: {len(polygons):,} grids, index of {index.nbytes / 1e6:.1f} MB, {own:,} points")
    for key in ("random", "spatial", "numpy", "memory pass"):
        print(f"  geogrid, {key:22} {told[key]:10.2f} M points/s")
    print(f"  of the memory pass: random {told['random share']:.1%}, spatial {told['spatial share']:.1%}")
    print(f"  one point in process: {told['single']:.2f} us")
    print(f"  on vertices: {zoo}")
    told["zoo"] = zoo
    told["peers"] = beside(polygons, labels, index, others, clock) if others else {}
    return told


def beside(polygons: Any, labels: Any, index: PointIndex, count: int, clock: Clock) -> dict[str, float]:
    """Return the peers' million points a second; those that cannot run say why."""
    lon, lat = points(count, seed=7)
    ours = index.locate(lon, lat)
    told: dict[str, float] = {}
    for name, peer in PEERS.items():
        if clock.left() < PEER_S:
            print(f"  {name:31} not measured: no time is left in a quick run")
            continue
        try:
            seconds, theirs = timed(peer, polygons, labels, lon, lat, rounds=1 if name == "PostGIS" else 2)
        except (ImportError, RuntimeError, OSError) as error:
            print(f"  {name:31} not measured: {str(error).splitlines()[0][:90]}")
            continue
        told[name] = count / seconds / 1e6
        other = np.flatnonzero(ours != theirs)
        near = shapely.distance(
            shapely.boundary(polygons[ours[other]]), shapely.points(lon[other], lat[other])
        )
        far = f", at most {near.max():.1e} degree from a border" if len(other) else ""
        print(f"  {name:31} {told[name]:10.3f} M points/s, {len(other)} of {count:,} answers differ{far}")
    return told


def judged(name: str, told: dict[str, Any]) -> list[Bar]:
    """Return the bars of one partition."""
    bars = [
        at_most(f"{name}: points on vertices lost", told["zoo"]["lost"], 0),
        at_least(f"{name}: share of the memory pass, random", told["random share"], 0.05),
        at_least(f"{name}: share of the memory pass, spatial", told["spatial share"], 0.15),
        at_most(f"{name}: one point, us", told["single"], 2),
    ]
    if told["peers"]:
        ratio = told["random"] / max(told["peers"].values())
        print(f"  {ratio:.0f} times the fastest peer in random order\n")
        bars.append(at_least(f"{name}: times the fastest peer", ratio, 100 if name == CITY[0] else 60))
    return bars


def sizes(folder: Path, *, quick: bool) -> list[Bar]:
    """Measure building, saving, opening, and (not quick) a million grids and a file of 100 million points."""
    told = build_and_open(CITY[1], CITY[2], folder / "city")
    print(f"a city: {_facts(told)}")
    if quick:
        told = large_file(20_000_000, folder / "city")
        print(f"a file of 20 million points: {_facts(told)}")
        return [at_least("file of 20 million points, M points/s", told["rate"], 8)]
    told = build_and_open(*COUNTRY, folder / "country")
    print(f"a million grids: {_facts(told)}")
    bars = [
        at_most("a million grids: build, s", told["build_s"], 300),
        at_most("a million grids: open, s", told["open_s"], 1),
    ]
    index = PointIndex.open(folder / "country")
    speed = rates(index, CITY[3], 3)
    print(f"a million grids: {_facts(speed)}")
    bars.append(at_most("a million grids: one point, us", single(index), 2))
    told = large_file(100_000_000, folder / "city")
    print(f"a file of 100 million points: {_facts(told)}")
    bars.append(at_least("file of 100 million points, M points/s", told["rate"], 8))
    bars.append(at_most("file of 100 million points, MB", told["rss_mb"], 1000))
    return bars


def _load() -> str:
    return f"load average {os.getloadavg()[0]:.1f} on {os.cpu_count()} processors"


def _facts(told: dict[str, float]) -> str:
    return ", ".join(f"{key} {value:.3g}" for key, value in told.items())


if __name__ == "__main__":
    main()
