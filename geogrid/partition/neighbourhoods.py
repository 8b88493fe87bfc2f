"""Divide a few neighbouring grids anew, exactly, over their own legal grids (large neighbourhood search)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from geogrid.partition.bounds import window_for
from geogrid.partition.legal_grids import Window, list_legal_grids
from geogrid.partition.locks import keep_locks
from geogrid.partition.objectives import Ideal
from geogrid.partition.problem import homes_of, mask_of, members_of, restrict, touching
from geogrid.partition.retention import successors
from geogrid.partition.stages import open_field, settle
from geogrid.policy import Objective

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from geogrid.partition.clock import Clock
    from geogrid.partition.problem import Group, Problem
    from geogrid.partition.standing import Standing
    from geogrid.policy import Policy

NEIGHBOURHOOD_LIMIT = 60_000


def improve(standing: Standing, parts: int, size: int, clock: Clock, engine: str) -> None:
    """Divide neighbourhoods of ``size`` grids anew until none of them gets better."""
    problem, policy = standing.problem, standing.policy
    window = window_for(problem, policy, parts)
    tried: set[tuple[Group, ...]] = set()
    groups, moved = standing.groups, True
    while moved:
        moved = False
        for cluster in _clusters(problem, groups, size):
            if clock.over:
                return
            if cluster in tried or any(group not in groups for group in cluster):
                continue
            tried.add(cluster)
            better = _redivided(problem, policy, window, groups, cluster, clock)
            if better is not None:
                groups = [g for g in groups if g not in cluster] + better
                moved = True
                standing.offer(parts, groups, engine)


def beside_of(problem: Problem, groups: Sequence[Group]) -> dict[Group, list[Group]]:
    """Return for each group those that it connects to."""
    beside: dict[Group, list[Group]] = {group: [] for group in groups}
    for a, b in touching(problem, groups):
        beside[a].append(b)
        beside[b].append(a)
    return beside


def _clusters(problem: Problem, groups: list[Group], size: int) -> Iterator[tuple[Group, ...]]:
    beside = beside_of(problem, groups)
    seen: set[tuple[Group, ...]] = set()
    frontier: list[tuple[Group, ...]] = [(group,) for group in sorted(groups)]
    for _ in range(size - 1):
        grown: set[tuple[Group, ...]] = {
            tuple(sorted((*cluster, other)))
            for cluster in frontier
            for group in cluster
            for other in beside[group]
            if other not in cluster
        }
        frontier = sorted(grown)
    for cluster in frontier:
        if cluster not in seen:
            seen.add(cluster)
            yield cluster


def _redivided(
    problem: Problem,
    policy: Policy,
    window: Window,
    groups: list[Group],
    cluster: tuple[Group, ...],
    clock: Clock,
) -> list[Group] | None:
    """Return the best division of the units of a few grids, None where it is the one they have."""
    units = sorted(unit for group in cluster for unit in group)
    part = _with_free_grids(restrict(problem, units), problem, groups, cluster)
    local = Window(window.lower, window.upper, len(cluster) if window.parts else 0)
    place = {unit: i for i, unit in enumerate(units)}
    now = np.array([mask_of([place[u] for u in group], part.words) for group in cluster])
    first = policy.objectives[0] is Objective.WINDOW and policy.band is not None
    breach = sum(max(window.lower - h, h - window.upper, 0) for h in (homes_of(problem, g) for g in cluster))
    if not first:
        breach = problem.total + len(cluster) * window.lower
    listed = list_legal_grids(
        part, local, breach, NEIGHBOURHOOD_LIMIT, compound_is_grid=policy.compound_is_grid, clock=clock
    )
    if not listed.complete:
        return None
    listed = keep_locks(part, listed)
    rows = {row.tobytes(): i for i, row in enumerate(listed.masks)}
    state = open_field(part, local, Ideal(problem.total, window.parts), policy, listed.masks)
    if all(row.tobytes() in rows for row in now):
        state.chosen = np.sort(np.array([rows[row.tobytes()] for row in now]))
    if settle(state, None, clock) is None:
        return None
    found = [tuple(units[i] for i in members_of(row)) for row in state.groups()]
    return None if set(found) == set(cluster) else found


def _with_free_grids(
    part: Problem, problem: Problem, groups: list[Group], cluster: tuple[Group, ...]
) -> Problem:
    """Forget the grids in force whose successors lie outside the cluster."""
    if not (problem.old >= 0).any():
        return part
    grids = np.unique(problem.old[problem.old >= 0]).tolist()
    overlap = [
        [int(problem.weight[[u for u in g if problem.old[u] == o]].sum()) for g in groups] for o in grids
    ]
    taken = {grids[o] for o, g in successors(overlap) if groups[g] not in cluster}
    return replace(part, old=np.where(np.isin(part.old, sorted(taken)), -1, part.old))
