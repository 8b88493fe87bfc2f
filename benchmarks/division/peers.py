"""The peers of the division benchmark, each set up as its documentation advises.

Every peer gets the same units, neighbours and households, the number of grids that geogrid chose, and the
same seconds; a peer that ends earlier is started again with another seed, and its best plan counts. A peer's
seconds are those of its processor: other work on the machine costs it nothing.
"""

from __future__ import annotations

import random
import signal
import time
import warnings
from functools import partial
from typing import TYPE_CHECKING

import geopandas as gpd
import networkx as nx
import numpy as np
import pymetis
from gerrychain import Graph, Partition
from gerrychain.constraints import contiguous
from gerrychain.optimization import SingleMetricOptimizer
from gerrychain.partition import recursive_tree_part
from gerrychain.proposals import recom
from gerrychain.tree import bipartition_tree
from libpysal.weights import W
from spopt.region import AZP, MaxPHeuristic, RandomRegion, Skater, WardSpatial

from geogrid import measures
from geogrid.plan import Plan

if TYPE_CHECKING:
    from collections.abc import Callable

    from geogrid.adjacency import UnitGraph
    from geogrid.policy import Policy

    Peer = Callable[["Case", int], list[int]]

SHARE = 0.2


class Case:
    """One community as the peers take it: a frame, weights, a networkx graph, adjacency lists.

    It has the units that geogrid's ``own`` plan puts in grids with homes, and the neighbours that no hard
    barrier parts.
    """

    def __init__(self, graph: UnitGraph, own: Plan, policy: Policy) -> None:
        homes = measures.residential(own, graph)
        units = [unit for unit in graph.units if own.assignment[unit.id] in homes]
        self.names = [unit.id for unit in units]
        self.homes = [unit.households for unit in units]
        self.compounds = [unit.compound_id or unit.id for unit in units]
        self.parts = len(homes)
        place = {name: i for i, name in enumerate(self.names)}
        least = max(policy.min_connection_m, 1e-9)
        self.edges = [
            (place[e.a], place[e.b], e.length_m)
            for e in graph.edges
            if e.a in place and e.b in place and e.open_m(policy.hard_barriers) >= least
        ]
        self.beside: list[list[int]] = [[] for _ in units]
        for a, b, _ in self.edges:
            self.beside[a].append(b)
            self.beside[b].append(a)
        self.net = nx.Graph()
        self.net.add_nodes_from(
            (i, {"homes": homes, "compound": name})
            for i, (homes, name) in enumerate(zip(self.homes, self.compounds, strict=True))
        )
        self.net.add_edges_from((a, b, {"metres": m}) for a, b, m in self.edges)
        self.frame = gpd.GeoDataFrame(
            {"homes": self.homes, "one": 1.0}, geometry=[unit.geometry for unit in units], crs=3826
        )
        self.frame["x"], self.frame["y"] = self.frame.centroid.x, self.frame.centroid.y
        self.weights = W(dict(enumerate(self.beside)), silence_warnings=True)


def metis(case: Case, seed: int) -> list[int]:
    """Divide with METIS: contiguous, at most 20 % over the mean, edge weights of border metres."""
    start = np.cumsum([0, *(len(some) for some in case.beside)])
    metres = {(a, b): max(1, round(m)) for a, b, m in case.edges}
    metres |= {(b, a): m for (a, b), m in metres.items()}
    _, side = pymetis.part_graph(
        case.parts,
        xadj=start,
        adjncy=np.concatenate([np.array(some, int) for some in case.beside]),
        vweights=case.homes,
        eweights=[metres[i, j] for i, some in enumerate(case.beside) for j in some],
        options=pymetis.Options(
            contig=int(nx.is_connected(case.net)), ufactor=round(SHARE * 1000), seed=seed, ncuts=10
        ),
        recursive=False,
    )
    return list(side)


def gerrychain(case: Case, seed: int) -> list[int]:
    """Run ReCom at +-20 % in short bursts for the least cut border, whole compounds preferred.

    Bursts (Cannon, Goldbloom-Helzner, Gupta, Matthews and Suwal 2023) and the region surcharge are what its
    documentation advises for a best plan and for units to keep whole.
    """
    chance = random.Random(seed)
    graph = Graph.from_networkx(case.net)
    ideal = sum(case.homes) / case.parts
    halves = partial(bipartition_tree, max_attempts=200, allow_pair_reselection=True)
    whole = {"compound": 1.0}
    first = recursive_tree_part(
        graph, range(case.parts), ideal, "homes", SHARE, bipartition_tree_fn=halves, rng=chance
    )
    step = partial(
        recom,
        pop_col="homes",
        pop_target=ideal,
        epsilon=SHARE,
        region_surcharge=whole,
        bipartition_tree_fn=halves,
    )
    optimizer = SingleMetricOptimizer(
        step, contiguous, Partition(graph, first), partial(_cut, case), maximize=False, rng=chance
    )
    for _ in optimizer.short_bursts(10, 20):
        pass
    best = optimizer.best_part
    return [int(str(best.assignment[i])) for i in range(len(case.homes))] if best else []


def _cut(case: Case, part: Partition) -> float:
    return float(sum(m for a, b, m in case.edges if part.assignment[a] != part.assignment[b]))


def skater(case: Case, seed: int) -> list[int]:  # noqa: ARG001 - it is deterministic
    """Divide with SKATER on places, with the window's lower end as floor."""
    floor = round((1 - SHARE) * sum(case.homes) / case.parts)
    model = Skater(case.frame, case.weights, ["x", "y"], n_clusters=case.parts, floor=floor, islands="ignore")
    model.solve()
    return list(model.labels_)


def azp(case: Case, seed: int) -> list[int]:
    """Divide with AZP on places."""
    model = AZP(case.frame, case.weights, ["x", "y"], n_clusters=case.parts, random_state=seed)
    model.solve()
    return [int(label) for label in model.labels_]


def ward(case: Case, seed: int) -> list[int]:  # noqa: ARG001 - it is deterministic
    """Divide with spatially constrained Ward clustering on places."""
    model = WardSpatial(case.frame, case.weights, ["x", "y"], n_clusters=case.parts)
    model.solve()
    return list(model.labels_)


def random_region(case: Case, seed: int) -> list[int]:
    """Draw a random contiguous division."""
    np.random.seed(seed)  # noqa: NPY002 - the peer draws from the global generator
    ids = list(range(len(case.homes)))
    model = RandomRegion(ids, num_regions=case.parts, contiguity=case.weights)
    side = dict.fromkeys(ids, -1)
    side.update({unit: n for n, region in enumerate(model.regions) for unit in region})
    return [side[i] for i in ids]


def max_p(case: Case, seed: int) -> list[int]:
    """Divide with max-p: as many regions as the window's lower end allows."""
    np.random.seed(seed)  # noqa: NPY002 - the peer draws from the global generator
    floor = round((1 - SHARE) * sum(case.homes) / case.parts)
    model = MaxPHeuristic(case.frame, case.weights, ["x", "y"], "homes", floor, top_n=2, max_iterations_sa=10)
    model.solve()
    return list(model.labels_)


PEERS: dict[str, Peer] = {
    "METIS": metis,
    "GerryChain ReCom": gerrychain,
    "spopt SKATER": skater,
    "spopt AZP": azp,
    "spopt WardSpatial": ward,
    "spopt RandomRegion": random_region,
    "spopt MaxP": max_p,
}
DETERMINISTIC = frozenset({"spopt SKATER", "spopt WardSpatial"})


def plans_of(
    name: str, graph: UnitGraph, own: Plan, policy: Policy, seconds: float, patience: float
) -> list[Plan]:
    """Return the plans that a peer makes within ``seconds`` of a processor; land is as in geogrid's own plan.

    A run ends when the seconds are over, the first only after ``patience``, so that a slow peer has a plan.
    """
    case = Case(graph, own, policy)
    apart = {unit: grid + 1000 for unit, grid in own.assignment.items() if unit not in set(case.names)}
    began = time.process_time()
    found: list[Plan] = []
    for seed in range(1, 1000):
        left = (seconds if found else max(seconds, patience)) - (time.process_time() - began)
        if left <= 0 or (seed > 1 and name in DETERMINISTIC):
            break
        side = _within(left, partial(PEERS[name], case, seed))
        if len(side) == len(case.names):
            names = zip(case.names, side, strict=True)
            found.append(_renumbered({unit: int(n) for unit, n in names} | apart, graph))
        elif time.process_time() - began > seconds:
            break
    return found


def _within(seconds: float, run: Callable[[], list[int]]) -> list[int]:
    """Return what a run gives within so many seconds; nothing where it fails or is late."""
    try:
        return _alarmed(seconds, run)
    except Exception:  # whatever a peer raises, and an alarm that comes as it ends, it has no plan
        return []


def _alarmed(seconds: float, run: Callable[[], list[int]]) -> list[int]:
    signal.signal(signal.SIGPROF, _late)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return run()
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)


def _late(*_: object) -> None:
    raise TimeoutError


def _renumbered(side: dict[str, int], graph: UnitGraph) -> Plan:
    number = {grid: n + 1 for n, grid in enumerate(sorted(set(side.values())))}
    return Plan(graph.community_id, {unit: number[grid] for unit, grid in side.items()})
