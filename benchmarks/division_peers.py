"""The peers of the division benchmark, each set up as its documentation advises.

Every peer gets the same units, neighbours and households, the number of grids that geogrid chose, and the
same seconds; a peer that ends earlier is started again with another seed, and its best plan counts.
"""

from __future__ import annotations

import random
import time
import warnings
from functools import partial
from typing import TYPE_CHECKING

import geopandas as gpd
import networkx as nx
import numpy as np
import pymetis
from gerrychain import Graph, Partition
from gerrychain.partition import recursive_tree_part
from gerrychain.proposals import recom
from gerrychain.tree import bipartition_tree
from libpysal.weights import W
from spopt.region import AZP, MaxPHeuristic, RandomRegion, Skater, WardSpatial

from geogrid.plan import Plan

if TYPE_CHECKING:
    from collections.abc import Callable

    from geogrid.adjacency import UnitGraph

    Peer = Callable[["Case", int], list[int]]

SHARE = 0.2


class Case:
    """One community as the peers take it: a frame, weights, a networkx graph, adjacency lists."""

    def __init__(self, graph: UnitGraph, parts: int) -> None:
        units = [unit for unit in graph.units if unit.households > 0]
        self.names = [unit.id for unit in units]
        self.homes = [unit.households for unit in units]
        self.parts = parts
        place = {name: i for i, name in enumerate(self.names)}
        self.edges = [
            (place[e.a], place[e.b], e.length_m) for e in graph.edges if e.a in place and e.b in place
        ]
        self.beside: list[list[int]] = [[] for _ in units]
        for a, b, _ in self.edges:
            self.beside[a].append(b)
            self.beside[b].append(a)
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
        options=pymetis.Options(contig=1, ufactor=round(SHARE * 1000), seed=seed, ncuts=10),
        recursive=False,
    )
    return list(side)


def gerrychain(case: Case, seed: int) -> list[int]:
    """Run a ReCom chain of 200 steps at +-20 % and keep the plan with the least cut border."""
    chance = random.Random(seed)
    net = nx.Graph()
    net.add_nodes_from((i, {"homes": homes}) for i, homes in enumerate(case.homes))
    net.add_edges_from((a, b, {"metres": m}) for a, b, m in case.edges)
    graph = Graph.from_networkx(net)
    ideal = sum(case.homes) / case.parts
    halves = partial(bipartition_tree, max_attempts=200, allow_pair_reselection=True)
    parts = range(case.parts)
    first = recursive_tree_part(graph, parts, ideal, "homes", SHARE, bipartition_tree_fn=halves, rng=chance)
    part = Partition(graph, first)
    best, least = dict(part.assignment), _cut(case, part)
    for _ in range(200):
        part = recom(part, "homes", ideal, SHARE, bipartition_tree_fn=halves, rng=chance)
        if _cut(case, part) < least:
            best, least = dict(part.assignment), _cut(case, part)
    return [int(str(best[i])) for i in range(len(case.homes))]


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


def plans_of(name: str, graph: UnitGraph, land: Plan, parts: int, seconds: float) -> list[Plan]:
    """Return the plans that a peer makes within ``seconds``; land is as in geogrid's own plan."""
    case = Case(graph, parts)
    apart = {unit: grid + 1000 for unit, grid in land.assignment.items() if unit not in set(case.names)}
    until = time.monotonic() + seconds
    found = []
    for seed in range(1, 1000):
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                side = PEERS[name](case, seed)
        except Exception:
            side = []
        if len(side) == len(case.names):
            names = zip(case.names, side, strict=True)
            found.append(Plan(graph.community_id, {unit: int(n) + 1 for unit, n in names} | apart))
        if time.monotonic() > until or name in DETERMINISTIC:
            break
    return found
