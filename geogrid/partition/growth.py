"""Grow a first plan: grids spread from seeds over whole compounds, the one with fewest households first."""

from __future__ import annotations

from heapq import heapify, heappop, heappush
from typing import TYPE_CHECKING

import numpy as np

from geogrid.partition.problem import homes_of, pieces

if TYPE_CHECKING:
    from geogrid.partition.problem import Floats, Ints, Problem

ITERATIONS = 20


def grow(problem: Problem, parts: int, largest: int, turn: int) -> Ints | None:
    """Return the grid of each unit (n), ``parts`` of them, or None where whole compounds cannot be grids.

    That is where one has more than ``largest`` households or lies in pieces. Each ``turn`` seeds from another
    direction.
    """
    clusters = _clusters(problem)
    homes = np.array([homes_of(problem, units) for units in clusters])
    torn = any(len(units) > 1 and len(pieces(problem, units)) > 1 for units in clusters)
    single = np.array([len(units) == 1 for units in clusters])
    if torn or (homes[~single] > largest).any() or len(clusters) < parts:
        return None
    centre = np.array([problem.xy[list(units)].mean(axis=0) for units in clusters])
    beside = _beside(problem, clusters)
    seeds = _seeds(_components(beside), homes, centre, parts, turn)
    if seeds is None:
        return None
    owner = _spread(seeds, homes, centre, beside)
    grid = np.empty(problem.n, np.int64)
    for cluster, units in enumerate(clusters):
        grid[list(units)] = owner[cluster]
    return grid


def _clusters(problem: Problem) -> list[tuple[int, ...]]:
    alone = [(u,) for u in np.flatnonzero(problem.compound < 0).tolist()]
    order = np.argsort(problem.compound, kind="stable")[len(alone) :]
    starts = np.flatnonzero(np.diff(problem.compound[order], prepend=-1))
    return alone + [tuple(units.tolist()) for units in np.split(order, starts[1:]) if len(units)]


def _beside(problem: Problem, clusters: list[tuple[int, ...]]) -> list[list[int]]:
    cluster_of = {unit: place for place, units in enumerate(clusters) for unit in units}
    beside: list[set[int]] = [set() for _ in clusters]
    for a, b in problem.pairs[problem.open].tolist():
        one, other = cluster_of[a], cluster_of[b]
        if one != other:
            beside[one].add(other)
            beside[other].add(one)
    return [sorted(near) for near in beside]


def _components(beside: list[list[int]]) -> list[list[int]]:
    left, found = set(range(len(beside))), []
    while left:
        reached = {min(left)}
        edge = list(reached)
        while edge:
            new = [i for i in beside[edge.pop()] if i not in reached]
            reached.update(new)
            edge.extend(new)
        left -= reached
        found.append(sorted(reached))
    return found


def _seeds(
    components: list[list[int]], homes: Ints, centre: Floats, parts: int, turn: int
) -> list[int] | None:
    """Return a seed for each grid: each component has its share of them, at least one."""
    loads = np.array([homes[some].sum() for some in components])
    most = np.array([len(some) for some in components])
    if len(components) > parts:
        return None
    shares = np.ones(len(components), np.int64)
    while shares.sum() < parts:
        room = shares < most
        shares[np.argmax(np.where(room, loads / shares, -1.0))] += 1
    return [
        seed
        for some, share in zip(components, shares.tolist(), strict=True)
        for seed in _spaced(np.array(some), homes, centre, share, turn)
    ]


def _spaced(some: Ints, homes: Ints, centre: Floats, share: int, turn: int) -> list[int]:
    """Return the clusters in the middle of so many parts of about the same households (Lloyd's iteration)."""
    at, weight = centre[some], np.maximum(homes[some], 1).astype(np.float64)
    angle = turn * np.pi / 5
    along = at @ np.array([np.cos(angle), np.sin(angle)])
    order = np.lexsort((some, np.rint(along * 10)))
    place = np.cumsum(weight[order]) - weight[order] / 2
    label = np.empty(len(some), np.int64)
    label[order] = np.minimum((place * share / weight.sum()).astype(np.int64), share - 1)
    middle = np.zeros((share, 2))
    for _ in range(ITERATIONS):
        for g in range(share):
            inside = label == g
            if inside.any():
                middle[g] = np.average(at[inside], axis=0, weights=weight[inside])
        label = ((at[:, None, :] - middle[None]) ** 2).sum(axis=2).argmin(axis=1)
    taken: list[int] = []
    for g in range(share):
        for place_of in np.argsort(((at - middle[g]) ** 2).sum(axis=1), kind="stable").tolist():
            if int(some[place_of]) not in taken:
                taken.append(int(some[place_of]))
                break
    return taken


def _spread(seeds: list[int], homes: Ints, centre: Floats, beside: list[list[int]]) -> Ints:
    """Let the grid with fewest households take the nearest cluster beside it, until all are taken."""
    owner = np.full(len(homes), -1, np.int64)
    edges: list[list[tuple[float, int]]] = [[] for _ in seeds]
    loads = []
    for grid, seed in enumerate(seeds):
        owner[seed] = grid
        loads.append((int(homes[seed]), grid))
    heapify(loads)

    def reach(grid: int, cluster: int) -> None:
        for near in beside[cluster]:
            if owner[near] < 0:
                off = float(((centre[near] - centre[seeds[grid]]) ** 2).sum())
                heappush(edges[grid], (off, near))

    for grid, seed in enumerate(seeds):
        reach(grid, seed)
    while loads:
        load, grid = heappop(loads)
        while edges[grid] and owner[edges[grid][0][1]] >= 0:
            heappop(edges[grid])
        if edges[grid]:
            cluster = heappop(edges[grid])[1]
            owner[cluster] = grid
            reach(grid, cluster)
            heappush(loads, (load + int(homes[cluster]), grid))
    return owner
