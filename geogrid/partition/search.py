"""Search for a good plan where the legal grids are too many to list.

First plans are grown, annealed, and their borders straightened. Then the best is annealed again, as a whole
and a few neighbouring grids at a time, beside plans grown afresh. At last small neighbourhoods are divided
anew exactly.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from geogrid.partition.anneal import HOTTEST, anneal
from geogrid.partition.bounds import window_for
from geogrid.partition.corridors import straightened
from geogrid.partition.first_plans import first_plan, usual_count
from geogrid.partition.growth import grow
from geogrid.partition.neighbourhoods import beside_of, improve
from geogrid.partition.problem import restrict, stands
from geogrid.policy import Compactness

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from geogrid.partition.clock import Clock
    from geogrid.partition.legal_grids import Window
    from geogrid.partition.problem import Group, Ints, Problem
    from geogrid.partition.standing import Standing
    from geogrid.policy import Policy

NEIGHBOURHOODS = (2, 3, 4)
# Units of a neighbourhood whose legal grids may still be few enough to list.
LOCAL_UNITS = 60
STARTS = 4
IDLE_ROUNDS = 24
WAYS = ("again", "locally", "afresh")
LOCAL_GRIDS = 4
# Share of the first heat from which a plan is annealed again.
WARM = 0.2
MOVES_A_UNIT, LEAST_MOVES, MOST_MOVES = 400, 20_000, 1_000_000
ENGINE, IN_FORCE = "search", "in-force"


def offer_in_force(standing: Standing) -> None:
    """Offer the plan in force where it may stay: a plan at once, and one that others must beat."""
    problem = standing.problem
    # Whether it keeps limits, or has one compound a grid, is for the full list to tell.
    if problem.limits or standing.policy.compound_is_grid:
        return
    groups = _in_force(problem)
    parts = len(groups) if len(groups) in standing.least else 0
    if groups and parts in standing.least:
        standing.offer(parts, groups, IN_FORCE)


def start(standing: Standing, parts: int, clock: Clock) -> None:
    """Offer first plans of ``parts`` grids (0: any number), each annealed from another start.

    With locks it is the plan in force; there is none where that one does not keep them or has another number
    of grids.
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
        idle = 0 if _again(standing, parts, clock, turn, idle // len(WAYS)) else idle + 1
        turn += 1
    for size in NEIGHBOURHOODS:
        if size * standing.problem.n <= LOCAL_UNITS * len(standing.groups):
            improve(standing, parts, size, clock, ENGINE)


def _again(standing: Standing, parts: int, clock: Clock, turn: int, patience: int) -> bool:
    """Try the next of the ways to a better plan; tell whether it found one.

    The best plan is annealed again, warm; a few neighbouring grids of it at a time; or a plan grown afresh.
    """
    # Small communities are divided anew exactly afterwards; of large ones only patience makes more.
    longer = 2 ** min(patience, standing.problem.n // LOCAL_UNITS)
    way = WAYS[turn % len(WAYS)]
    if way == "locally" and len(standing.groups) > LOCAL_GRIDS:
        found = [
            _annealed_around(standing, parts, clock, turn, place, longer)
            for place in range(len(standing.groups))
        ]
        return any(found)
    groups = _grown(standing, parts, turn) if way == "afresh" else []
    heat = HOTTEST if groups else WARM * (1 + turn // len(WAYS) % 3)
    return _offer(
        standing, parts, _annealed(standing, parts, groups or standing.groups, clock, turn, heat, longer)
    )


def _grown(standing: Standing, parts: int, turn: int) -> list[Group]:
    window = window_for(standing.problem, standing.policy, parts)
    grid = grow(standing.problem, len(standing.groups), window.upper, turn)
    return [] if grid is None else _groups_of(grid)


def _annealed_around(
    standing: Standing, parts: int, clock: Clock, turn: int, place: int, longer: int
) -> bool:
    """Anneal a grid and its neighbours again, all others staying; tell whether that is better."""
    problem, policy, groups = standing.problem, standing.policy, standing.groups
    if clock.over:
        return False
    cluster = _around(problem, groups, groups[place], LOCAL_GRIDS)
    units = sorted(unit for group in cluster for unit in group)
    at = {unit: i for i, unit in enumerate(units)}
    part = restrict(problem, units)
    window = window_for(problem, policy, parts)
    grid = _numbers(part.n, [[at[unit] for unit in group] for group in cluster])
    heat = WARM * (1 + turn // len(WAYS) % 5)
    grid = _settled(part, policy, window, grid, clock, turn, heat, longer)
    anew = [tuple(units[i] for i in group) for group in _groups_of(grid)]
    return _offer(standing, parts, [group for group in groups if group not in cluster] + anew)


def _around(problem: Problem, groups: list[Group], middle: Group, count: int) -> list[Group]:
    """Return a grid and its next neighbours, so many in all where there are."""
    beside = beside_of(problem, groups)
    found = [middle]
    for group in found:
        found += [near for near in beside[group] if near not in found][: count - len(found)]
    return found


def _offer(standing: Standing, parts: int, groups: list[Group]) -> bool:
    return bool(groups) and parts in {0, len(groups)} and standing.offer(parts, groups, ENGINE)


def _can_anneal(standing: Standing) -> bool:
    """Tell whether single moves keep all rules: they know nothing of locks, nor of one compound a grid."""
    return not (standing.problem.is_locked or standing.policy.compound_is_grid)


def _starts(standing: Standing, parts: int, clock: Clock) -> Iterator[list[Group]]:
    problem = standing.problem
    window = window_for(problem, standing.policy, parts)
    if problem.is_locked:
        yield _in_force(problem)
        return
    target = parts or usual_count(problem, window)
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


def _groups_of(grid: Ints) -> list[Group]:
    return [tuple(np.flatnonzero(grid == g).tolist()) for g in np.unique(grid)]


def _numbers(n: int, groups: Sequence[Sequence[int]]) -> Ints:
    """Return the number of each unit's grid."""
    grid = np.empty(n, np.int64)
    for number, group in enumerate(groups):
        grid[list(group)] = number
    return grid


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
    grid = _numbers(problem.n, groups)
    window = window_for(problem, standing.policy, parts)
    return _groups_of(_settled(problem, standing.policy, window, grid, clock, turn, heat, longer))


def _settled(
    problem: Problem,
    policy: Policy,
    window: Window,
    grid: Ints,
    clock: Clock,
    turn: int,
    heat: float,
    longer: int,
) -> Ints:
    moves = min(max(MOVES_A_UNIT * problem.n, LEAST_MOVES), MOST_MOVES) * longer
    grid = anneal(problem, policy, window, grid, clock, moves=moves, seed=turn + 1, heat=heat)
    if policy.compactness is Compactness.BORDER:
        return straightened(problem, window, grid, clock)
    return grid


def _in_force(problem: Problem) -> list[Group]:
    """Return the plan in force, nothing where a unit is in none or a grid of it may not be."""
    # A unit may be pinned to another grid than the one in force that it lies in.
    stays = (problem.old >= 0) & ((problem.pinned < 0) | (problem.pinned == problem.old))
    if not stays.all():
        return []
    groups = [tuple(np.flatnonzero(problem.old == grid).tolist()) for grid in np.unique(problem.old)]
    return groups if all(stands(problem, group) for group in groups) else []
