"""Solve the published instances: is the optimum reached and proved, in how many times the published time."""

from __future__ import annotations

import csv
import json
import statistics
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import shortest_path

from benchmarks.bars import Bar, Clock, at_least, at_most
from geogrid.partition import WeightedGraph, solve, weighted_graph

if TYPE_CHECKING:
    from collections.abc import Iterator

    from geogrid.partition.general import Score

LIMIT_S = 300.0
FEWEST = 3  # so many a quick run solves, whatever the time


@dataclass(frozen=True)
class Published:
    """A published districting instance and its proved optimum."""

    name: str
    graph: WeightedGraph
    parts: int
    lower: int
    upper: int
    moment: bool
    optimum: float
    seconds: float


def optima(folder: Path, clock: Clock) -> list[Bar]:
    """Solve the published instances, the easiest first, and compare value and time."""
    print(
        f"\n{'published':18} {'optimum':>9} {'ours':>9} {'proved':>6} "
        f"{'theirs s':>8} {'ours s':>7} {'ratio':>6}"
    )
    ratios: dict[bool, list[float]] = {False: [], True: []}
    reached: list[bool] = []
    for one in published(folder):
        left = clock.left()
        if left < 1.0 and len(reached) >= FEWEST:
            break
        score: Score = "moment" if one.moment else "cut_edges"
        limit = min(LIMIT_S, max(left, 2.0))
        found = solve(one.graph, one.parts, one.lower, one.upper, objective=score, time_limit_s=limit)
        if not found.proved and limit < LIMIT_S:
            break  # A quick run had too little time for it: that tells nothing.
        ratio = found.seconds / one.seconds
        ratios[one.moment].append(ratio)
        reached.append(found.value == one.optimum and found.proved)
        value = "-" if found.value is None else f"{found.value:.0f}"
        print(
            f"{one.name:18} {one.optimum:9.0f} {value:>9} {found.proved!s:>6} {one.seconds:8.2f} "
            f"{found.seconds:7.2f} {ratio:6.1f} {found.engine}",
            flush=True,
        )
    bars = [at_least(f"optima reached and proved, of {len(reached)}", sum(reached), len(reached))]
    for moment, goal in ((False, 10.0), (True, 5.0)):
        if ratios[moment]:
            name = "moments" if moment else "cut edges"
            bars.append(at_most(f"{name}: median times the published time", _median(ratios[moment]), goal))
    return bars


def _median(some: list[float]) -> float:
    return float(statistics.median(some))


def published(folder: Path) -> Iterator[Published]:
    """Yield the published instances, the easiest first."""
    with (folder / "districting" / "published.csv").open(encoding="utf-8") as file:
        rows = sorted(csv.DictReader(file), key=lambda row: float(row["published_seconds"]))
    for row in rows:
        told = json.loads((folder / "districting" / row["file"]).read_text(encoding="utf-8"))
        moment = "moment" in row["objective"]
        pairs = [(a, b) for a, b, *_ in told["edges"]]
        distance = _hops(len(told["nodes"]), pairs) if moment else None
        graph = weighted_graph([node["pop"] for node in told["nodes"]], pairs, None, distance)
        yield Published(
            Path(row["file"]).stem,
            graph,
            told["k"],
            told["L"],
            told["U"],
            moment,
            float(row["published_optimum"]),
            float(row["published_seconds"]),
        )


def _hops(n: int, pairs: list[tuple[int, int]]) -> np.ndarray:
    a, b = np.array(pairs).T
    table = coo_array((np.ones(len(a)), (a, b)), shape=(n, n))
    return np.asarray(shortest_path(table.tocsr(), directed=False, unweighted=True))
