"""Search for a good plan where the legal grids are too many to list.

First plans are grown and annealed; then a few neighbouring grids at a time are divided anew, exactly, over
their own legal grids (large neighbourhood search).
"""

from __future__ import annotations

from collections import deque
from dataclasses import replace
from heapq import heapify, heappop, heappush
from typing import TYPE_CHECKING

import numpy as np

from geogrid.partition.anneal import HOTTEST, anneal
from geogrid.partition.bounds import window_for
from geogrid.partition.growth import grow
from geogrid.partition.legal_grids import Window, list_legal_grids
from geogrid.partition.locks import keep_locks
from geogrid.partition.objectives import Ideal
from geogrid.partition.problem import is_legal, mask_of, members_of, pieces, restrict
from geogrid.partition.retention import successors
from geogrid.partition.stages import open_field, settle
from geogrid.policy import Objective

if TYPE_CHECKING:
    from collections.abc import Iterator

    from geogrid.partition.clock import Clock
    from geogrid.partition.problem import Ints, Problem
    from geogrid.partition.standing import Standing
    from geogrid.policy import Policy

    Group = tuple[int, ...]

NEIGHBOURHOOD_LIMIT = 60_000
NEIGHBOURHOODS = (2, 3, 4)
# Units of a neighbourhood whose legal grids may still be few enough to list.
LOCAL_UNITS = 60
STARTS = 4
IDLE_ROUNDS = 8
# Share of the first heat from which a plan is annealed again.
WARM = 0.2
MOVES_A_UNIT, LEAST_MOVES, MOST_MOVES = 400, 20_000, 1_000_000
ENGINE = "search"


def start(standing: Standing, parts: int, clock: Clock) -> None:
    """Offer first plans of ``parts`` grids (0: any number), each annealed from another start.

    With locks it is the plan in force, which keeps them; there is none where that one has another number of
    grids.
    """
    for turn, groups in enumerate(_starts(standing, parts, clock)):
        _offer(standing, parts, groups)
        if _can_anneal(standing):
            _offer(standing, parts, _annealed(standing, parts, groups, clock, turn, HOTTEST))


def search(standing: Standing, parts: int, clock: Clock) -> None:
    """Improve the best plan of ``parts`` grids until nothing more is found, or time is over."""
    if standing.parts != parts or not standing.groups:
        start(standing, parts, clock)
    if standing.parts != parts:
        return
    turn, idle = STARTS, 0
    while _can_anneal(standing) and idle < IDLE_ROUNDS and not clock.over:
        heat = WARM * (1 + turn % 3)
        # Small communities are divided anew exactly below; of large ones only patience makes more.
        longer = 2 ** min(idle, standing.problem.n // LOCAL_UNITS)
        groups = _annealed(standing, parts, standing.groups, clock, turn, heat, longer)
        idle = 0 if _offer(standing, parts, groups) else idle + 1
        turn += 1
    window = window_for(standing.problem, standing.policy, parts)
    for size in NEIGHBOURHOODS:
        if size * standing.problem.n <= LOCAL_UNITS * len(standing.groups):
            _improve(standing, parts, window, size, clock)


def _offer(standing: Standing, parts: int, groups: list[Group]) -> bool:
    return bool(groups) and parts in {0, len(groups)} and standing.offer(parts, groups, ENGINE)


def _is_locked(problem: Problem) -> bool:
    return bool((problem.kept >= 0).any() or (problem.pinned >= 0).any())


def _can_anneal(standing: Standing) -> bool:
    """Tell whether single moves keep all rules: they know nothing of locks, nor of one compound a grid."""
    return not (_is_locked(standing.problem) or standing.policy.compound_is_grid)


def _starts(standing: Standing, parts: int, clock: Clock) -> Iterator[list[Group]]:
    problem = standing.problem
    window = window_for(problem, standing.policy, parts)
    if _is_locked(problem):
        yield _in_force(problem)
        return
    target = parts or _usual_count(problem, window)
    for turn in range(STARTS if _can_anneal(standing) else 0):
        grid = grow(problem, target, window.upper, turn) if turn == 0 or not clock.over else None
        if grid is None:
            if turn:
                return
            break
        yield _groups_of(grid)
    else:
        if _can_anneal(standing):
            return
    yield first_plan(problem, window, clock)


def _usual_count(problem: Problem, window: Window) -> int:
    upper = min(window.upper, problem.total)
    return min(max(1, round(2 * problem.total / (window.lower + upper))), problem.n)


def _groups_of(grid: Ints) -> list[Group]:
    return [tuple(np.flatnonzero(grid == g).tolist()) for g in np.unique(grid)]


def _annealed(
    standing: Standing,
    parts: int,
    groups: list[Group],
    clock: Clock,
    turn: int,
    heat: float,
    longer: int = 1,
) -> list[Group]:
    """Anneal a plan, slower by ``longer`` where short turns find nothing more."""
    problem = standing.problem
    if len(groups) < 2:
        return groups
    grid = np.empty(problem.n, np.int64)
    for number, group in enumerate(groups):
        grid[list(group)] = number
    moves = min(max(MOVES_A_UNIT * problem.n, LEAST_MOVES), MOST_MOVES) * longer
    window = window_for(problem, standing.policy, parts)
    return _groups_of(
        anneal(problem, standing.policy, window, grid, clock, moves=moves, seed=turn + 1, heat=heat)
    )


def _in_force(problem: Problem) -> list[Group]:
    groups = [tuple(np.flatnonzero(problem.old == grid).tolist()) for grid in np.unique(problem.old)]
    sound = all(is_legal(problem, group) and len(pieces(problem, group)) == 1 for group in groups)
    return groups if sound and (problem.old >= 0).all() else []


def first_plan(problem: Problem, window: Window, clock: Clock) -> list[Group]:
    """Put whole compounds together, smallest first, and cut the largest grids, until the number is right."""
    groups = _seeds(problem)
    upper = min(window.upper, problem.total)
    target = window.parts or _usual_count(problem, window)
    stuck: set[Group] = set()
    while not clock.over:
        large = [g for g in groups if g not in stuck and _homes(problem, g) > upper and len(g) > 1]
        if not large and len(groups) < target:
            large = [g for g in groups if g not in stuck and len(g) > 1]
        if not large:
            break
        widest = max(large, key=lambda g: (_homes(problem, g), g))
        halves = _halves(problem, widest)
        if halves is None:
            stuck.add(widest)
        else:
            groups = [g for g in groups if g != widest] + list(halves)
    return _merged(problem, groups, target)


def _seeds(problem: Problem) -> list[Group]:
    """Return each compound as a grid, or its pieces, and each unit outside compounds."""
    seeds: list[Group] = [(int(u),) for u in np.flatnonzero(problem.compound < 0)]
    for c in range(len(problem.size)):
        seeds += pieces(problem, np.flatnonzero(problem.compound == c).tolist())
    return seeds


def _homes(problem: Problem, group: Group) -> int:
    return int(problem.weight[list(group)].sum())


def _halves(problem: Problem, group: Group) -> tuple[Group, Group] | None:
    """Cut a set of units in two connected sets of about the same households."""
    beside = _beside(problem, group)
    best: tuple[int, Group, Group] | None = None
    for root in (group[0], group[-1], group[len(group) // 2]):
        order = _breadth_first(beside, root)
        half, homes = [], 0
        for unit in order[:-1]:
            half.append(unit)
            homes += int(problem.weight[unit])
            rest = tuple(sorted(set(group) - set(half)))
            if len(pieces(problem, rest)) != 1:
                continue
            off = abs(2 * homes - _homes(problem, group))
            if best is None or off < best[0]:
                best = off, tuple(sorted(half)), rest
    return None if best is None else best[1:]


def _beside(problem: Problem, group: Group) -> dict[int, list[int]]:
    inside = set(group)
    beside: dict[int, list[int]] = {u: [] for u in group}
    for a, b in problem.pairs[problem.open].tolist():
        if a in inside and b in inside:
            beside[a].append(b)
            beside[b].append(a)
    return beside


def _breadth_first(beside: dict[int, list[int]], root: int) -> list[int]:
    seen, queue = {root: None}, deque([root])
    while queue:
        for unit in beside[queue.popleft()]:
            if unit not in seen:
                seen[unit] = None
                queue.append(unit)
    return list(seen)


def _merged(problem: Problem, groups: list[Group], target: int) -> list[Group]:
    """Put together the two neighbours with fewest households, as long as there are too many grids."""
    alive = dict(enumerate(groups))
    load = {number: _homes(problem, group) for number, group in alive.items()}
    number_of = {group: number for number, group in alive.items()}
    beside: dict[int, set[int]] = {number: set() for number in alive}
    for one, other in _touching(problem, groups):
        beside[number_of[one]].add(number_of[other])
        beside[number_of[other]].add(number_of[one])
    heap = [(load[a] + load[b], a, b) for a in alive for b in beside[a] if a < b]
    heapify(heap)
    while len(alive) > target and heap:
        _, a, b = heappop(heap)
        if a not in alive or b not in alive or not is_legal(problem, alive[a] + alive[b]):
            continue
        new = len(load)
        alive[new] = tuple(sorted(alive.pop(a) + alive.pop(b)))
        load[new] = load[a] + load[b]
        beside[new] = {near for near in beside[a] | beside[b] if near in alive}
        for near in sorted(beside[new]):
            beside[near].add(new)
            heappush(heap, (load[new] + load[near], near, new))
    return sorted(alive.values())


def _touching(problem: Problem, groups: list[Group]) -> list[tuple[Group, Group]]:
    side = {unit: n for n, group in enumerate(groups) for unit in group}
    pairs = {
        (min(side[a], side[b]), max(side[a], side[b]))
        for a, b in problem.pairs[problem.open].tolist()
        if side[a] != side[b]
    }
    return [(groups[a], groups[b]) for a, b in sorted(pairs)]


def _improve(standing: Standing, parts: int, window: Window, size: int, clock: Clock) -> None:
    """Divide neighbourhoods of ``size`` grids anew until none of them gets better."""
    problem, policy = standing.problem, standing.policy
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
                _offer(standing, parts, groups)


def _clusters(problem: Problem, groups: list[Group], size: int) -> Iterator[tuple[Group, ...]]:
    beside: dict[Group, set[Group]] = {group: set() for group in groups}
    for a, b in _touching(problem, groups):
        beside[a].add(b)
        beside[b].add(a)
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
    breach = sum(max(window.lower - h, h - window.upper, 0) for h in (_homes(problem, g) for g in cluster))
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
