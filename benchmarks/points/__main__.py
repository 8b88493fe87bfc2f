"""Run the measurements and print tables; the last line is JSON: each bar, the figure, whether it is met."""

from __future__ import annotations

import argparse
import json
import os
import platform
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import shapely

from benchmarks.points.clock import use_processor_time
from benchmarks.points.own import border_zoo, build_and_open, large_file, rates, single
from benchmarks.points.partitions import partition, points
from benchmarks.points.peers import PEERS, timed
from geogrid.locate import PointIndex

# name, polygons, Voronoi tiles in each, points for geogrid, points for the peers
CITY = ("a city", 2_000, 40, 10_000_000, 500_000)
REGION = ("a region", 100_000, 8, 10_000_000, 500_000)
COUNTRY = (1_000_000, 1)


def main() -> None:
    """Measure, print, and judge by the bars."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer points, no million grids, no large file")
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
    bars: dict[str, dict[str, Any]] = {}
    with tempfile.TemporaryDirectory() as folder:
        for name, count, tiles, own, others in (CITY, REGION)[: 1 if given.city else 2]:
            scale = 5 if given.quick else 1
            told = measure(name, count, tiles, own // scale, others // scale, peers=not given.no_peers)
            bars |= judged(name, told)
        if not given.city:
            bars |= sizes(Path(folder), quick=given.quick)
    print(_load())
    print(json.dumps({"bars": bars, "quick": given.quick}))


def measure(name: str, count: int, tiles: int, own: int, others: int, *, peers: bool) -> dict[str, Any]:
    """Measure one partition beside the peers and print the table."""
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
    told["peers"] = beside(polygons, labels, index, others) if peers else {}
    return told


def beside(polygons: Any, labels: Any, index: PointIndex, count: int) -> dict[str, float]:
    """Return the peers' million points a second; those that cannot run say why."""
    lon, lat = points(count, seed=7)
    ours = index.locate(lon, lat)
    told: dict[str, float] = {}
    for name, peer in PEERS.items():
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


def judged(name: str, told: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Return the bars of one partition."""
    city = name == CITY[0]
    bars = {
        f"{name}: points lost": bar(told["zoo"]["lost"], at_most=0),
        f"{name}: share of the memory pass, random": bar(told["random share"], at_least=0.05),
        f"{name}: share of the memory pass, spatial": bar(told["spatial share"], at_least=0.15),
        f"{name}: one point, us": bar(told["single"], at_most=2.0),
    }
    if told["peers"]:
        ratio = told["random"] / max(told["peers"].values())
        bars[f"{name}: times the fastest peer"] = bar(ratio, at_least=100 if city else 60)
        print(f"  {ratio:.0f} times the fastest peer in random order\n")
    return bars


def sizes(folder: Path, *, quick: bool) -> dict[str, dict[str, Any]]:
    """Measure building, saving, opening, and (not quick) a million grids and a file of 100 million points."""
    bars: dict[str, dict[str, Any]] = {}
    told = build_and_open(CITY[1], CITY[2], folder / "city")
    print(f"a city: {_facts(told)}")
    if quick:
        told = large_file(5_000_000, folder / "city")
        print(f"a file of 5 million points: {_facts(told)}")
        return {"file, M points/s": bar(told["rate"], at_least=8)}
    told = build_and_open(*COUNTRY, folder / "country")
    print(f"a million grids: {_facts(told)}")
    bars["a million grids: build, s"] = bar(told["build_s"], at_most=300)
    bars["a million grids: open, s"] = bar(told["open_s"], at_most=1)
    index = PointIndex.open(folder / "country")
    speed = rates(index, CITY[3], 3)
    print(f"a million grids: {_facts(speed)}")
    bars["a million grids: one point, us"] = bar(single(index), at_most=2)
    told = large_file(100_000_000, folder / "city")
    print(f"a file of 100 million points: {_facts(told)}")
    bars["file of 100 million, M points/s"] = bar(told["rate"], at_least=8)
    bars["file of 100 million, MB"] = bar(told["rss_mb"], at_most=1000)
    return bars


def bar(figure: float, *, at_least: float | None = None, at_most: float | None = None) -> dict[str, Any]:
    """Return a figure, its bar, and whether it is met."""
    met = (at_least is None or figure >= at_least) and (at_most is None or figure <= at_most)
    wanted = f">= {at_least}" if at_least is not None else f"<= {at_most}"
    return {"figure": float(np.round(figure, 4)), "bar": wanted, "met": bool(met)}


def _load() -> str:
    return f"load average {os.getloadavg()[0]:.1f} on {os.cpu_count()} processors"


def _facts(told: dict[str, float]) -> str:
    return ", ".join(f"{key} {value:.3g}" for key, value in told.items())


if __name__ == "__main__":
    main()
