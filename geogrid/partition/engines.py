"""The three engines behind one question, tried one after the other for every number of grids.

Legal grids are listed where they are few enough; columns are generated where they are too many; and a search
gives the plan that is told, with what is known of the bound, where neither ends in time.
"""

from __future__ import annotations

from enum import StrEnum
from fractions import Fraction
from typing import TYPE_CHECKING

from geogrid.partition.bounds import window_for
from geogrid.partition.generation import generate
from geogrid.partition.legal_grids import least_breach, list_legal_grids
from geogrid.partition.locks import keep_locks
from geogrid.partition.loosened import LARGE_GRIDS, is_exact, loosen
from geogrid.partition.objectives import Ideal
from geogrid.partition.problem import members_of, pieces
from geogrid.partition.search import offer_in_force, search, start
from geogrid.partition.stages import open_field, settle
from geogrid.partition.standing import Standing
from geogrid.policy import Objective

if TYPE_CHECKING:
    from collections.abc import Callable

    from geogrid.partition.clock import Clock
    from geogrid.partition.problem import Problem
    from geogrid.partition.stages import Field
    from geogrid.policy import Policy

    Vector = tuple[Fraction, ...]

# Grids that are listed before columns are generated, and where there is no other way.
LIST_LIMIT = 100_000
FULL_LIMIT = 1_000_000  # a program over more of them takes more than 3 GB
LISTED_UNITS = 400
# Shares of the time left that listing, and the first search, may take before the next engine gets the rest.
LIST_SHARE = 0.3
START_SHARE = 0.05
LARGE_UNITS, SEARCH_SHARE = 120, 0.3
# Of the two ways of pricing.
FIRST_SHARE, SECOND_SHARE = 0.8, 0.7


class Engine(StrEnum):
    """What answered: the legal grids listed, columns generated, or a search."""

    LEGAL_GRIDS = "legal-grids"
    COLUMNS = "column-generation"
    SEARCH = "search"


def best_plan(
    problem: Problem,
    policy: Policy,
    clock: Clock,
    told: Callable[[Standing], object],
    engine: Engine | None = None,
) -> Standing:
    """Find the best plan of all numbers of grids allowed, or of the nearest number that is possible."""
    standing = Standing(problem, policy, told)
    inside = _counts(problem, policy)
    for parts in inside:
        standing.open(parts)
    if engine is None:
        offer_in_force(standing)
    # The number of grids of which most can be hoped comes first: its plan may close the others.
    for parts in sorted(inside, key=standing.least.__getitem__):
        _attempt(standing, parts, clock, engine)
    strict = problem.window_holds or problem.limits
    outside = () if standing.groups or strict else _counts_outside(problem, policy)
    for parts in outside:
        # Whether a plan of a number in the range exists stays open for those that were not closed.
        standing.missed |= set(standing.least)
        standing.least.clear()
        standing.open(parts)
        _attempt(standing, parts, clock, engine)
        if standing.groups or (clock.over and engine is Engine.LEGAL_GRIDS):
            break
    return standing


def _attempt(standing: Standing, parts: int, clock: Clock, engine: Engine | None) -> None:
    """Let the engines try one number of grids until it is closed."""
    if standing.beaten(parts):
        return
    if clock.over:
        # Every community gets a plan.
        if not standing.groups and engine is not Engine.LEGAL_GRIDS:
            start(standing, parts, clock)
        return
    if engine in {None, Engine.LEGAL_GRIDS}:
        # Only the rows of a full list keep limits.
        alone = bool(engine or standing.problem.limits)
        allowed = clock if alone else clock.share(LIST_SHARE)
        listable = alone or standing.problem.n <= LISTED_UNITS
        if (listable and _listed(standing, parts, FULL_LIMIT if alone else LIST_LIMIT, allowed)) or alone:
            return
    elif standing.problem.limits:
        return
    start(standing, parts, clock if engine is Engine.SEARCH else clock.share(START_SHARE))
    if engine is None and standing.problem.n > LARGE_UNITS:
        # Of so many units little can be proved: a good plan comes first.
        search(standing, parts, clock.share(SEARCH_SHARE))
    if engine is not Engine.SEARCH:
        _generated(standing, parts, clock)
    if engine is not Engine.COLUMNS and not standing.beaten(parts):
        search(standing, parts, clock)


def _generated(standing: Standing, parts: int, clock: Clock) -> None:
    """Let the two ways of pricing take turns, that which suits the size of the grids first."""
    problem = standing.problem
    large = is_exact(problem) and problem.n >= LARGE_GRIDS[standing.policy.compactness] * max(parts, 1)
    first, second = (loosen, generate) if large else (generate, loosen)
    first(standing, parts, clock.share(FIRST_SHARE))
    second(standing, parts, clock.share(SECOND_SHARE))


def _listed(standing: Standing, parts: int, limit: int, clock: Clock) -> bool:
    """Settle a number of grids by listing its legal grids; tell whether it is closed.

    The least breach of the window is found by listing the legal grids of ever larger breaches: a plan found
    within the breach that was listed for is the best.
    """
    problem, policy = standing.problem, standing.policy
    window = window_for(problem, policy, parts)
    first = policy.objectives[0] is Objective.WINDOW and policy.band is not None
    everything = problem.total + (parts + problem.n) * window.lower
    breach = min(least_breach(problem, window), everything) if first else everything
    cap = int(standing.vector[0]) if standing.groups and first else everything
    if problem.window_holds and first:
        cap = 0
    step = max(1, problem.total // max(parts, 1) // 50)
    while breach <= cap:
        grids = list_legal_grids(
            problem, window, breach, limit, compound_is_grid=policy.compound_is_grid, clock=clock
        )
        if not grids.complete:
            return False
        grids = keep_locks(problem, grids)
        state = open_field(problem, window, Ideal(problem.total, parts), policy, grids.masks)
        best = standing.vector if standing.groups else None
        vector = settle(state, best, clock)
        if not state.proved:
            _take_unproved(standing, parts, state, vector, breach if first else None)
            return False
        if vector is not None and (not first or vector[0] <= breach):
            standing.offer(parts, _groups(state), Engine.LEGAL_GRIDS)
            standing.raise_floor(parts, vector)
            return True
        if state.worse and best is not None and (not first or best[0] <= breach):
            standing.raise_floor(parts, best)
            return True
        if breach == cap:
            break
        if first:
            standing.raise_at(parts, 0, Fraction(breach + 1))
        breach = min(int(vector[0]) if vector is not None else breach + step, cap)
        step *= 3
    standing.no_better(parts)
    return True


def _take_unproved(
    standing: Standing, parts: int, state: Field, vector: Vector | None, breach: int | None
) -> None:
    """Keep the plan found before the time was over, and the bounds of the stages that were begun."""
    if vector is not None:
        standing.offer(parts, _groups(state), Engine.LEGAL_GRIDS)
    for place, name in enumerate(state.told):
        if name not in state.bounds:
            break
        bound = state.bounds[name]
        if place == 0 and breach is not None and bound > breach:
            standing.raise_at(parts, 0, Fraction(breach + 1))
            break
        standing.raise_at(parts, place, bound)
        if vector is None or bound < vector[place]:
            break


def _groups(state: Field) -> list[tuple[int, ...]]:
    return [members_of(row) for row in state.groups()]


def _counts_outside(problem: Problem, policy: Policy) -> list[int]:
    """Return the numbers of grids outside the range, the nearest first."""
    low, high = policy.grids_min or 1, policy.grids_max or problem.n
    homes = int((problem.weight > 0).sum())
    outside = set(range(1, homes + 1)) - set(range(low, high + 1))
    return sorted(outside, key=lambda k: (max(low - k, k - high), -k))


def _counts(problem: Problem, policy: Policy) -> list[int]:
    """Return the numbers of grids to try, the largest first; 0 stands for any."""
    if policy.grids_min is None and policy.grids_max is None:
        return [0]
    homes = int((problem.weight > 0).sum())
    low, high = policy.grids_min or 1, policy.grids_max or homes
    return list(range(min(high, homes), max(low, len(pieces(problem, range(problem.n)))) - 1, -1))
