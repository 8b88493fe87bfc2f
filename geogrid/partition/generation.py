"""Column generation: legal grids are found one by one, as the prices of a linear program ask for them.

The grids never found cost at least what pricing proves, which bounds every plan. Where the best plan known
lies close to the bound, all grids that a better plan could contain are few enough to be listed, and settled.
"""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np

from geogrid.partition.bounds import counted, window_for
from geogrid.partition.columns import Pool, Question, generated, priced
from geogrid.partition.cover import TOLERANCE
from geogrid.partition.objectives import Ideal
from geogrid.partition.pricing import cheap_grids
from geogrid.partition.problem import mask_of, members_of
from geogrid.partition.stages import open_field, settle
from geogrid.partition.terrain import terrains
from geogrid.policy import Objective

if TYPE_CHECKING:
    from geogrid.partition.clock import Clock
    from geogrid.partition.columns import Bound
    from geogrid.partition.problem import Masks
    from geogrid.partition.standing import Standing

MOST_UNITS = 400
ENUMERATED = 300_000
# Share of the bound within which a plan is first looked for where none is known.
GUESS = 0.01
# No sum of costs is so large.
EVERYTHING = 1e13
ENGINE = "column-generation"


def generate(standing: Standing, parts: int, clock: Clock) -> None:
    """Bound the plans of ``parts`` grids by generated columns, and prove the best where the gap closes."""
    problem = standing.problem
    if problem.n > MOST_UNITS or problem.is_locked:
        return
    if problem.window_holds and counted(problem, standing.policy, parts)[0] is not Objective.WINDOW:
        return
    pool = Pool(np.zeros((0, problem.words), np.uint64))
    while not clock.over and not standing.beaten(parts):
        if problem.window_holds and standing.least[parts][0]:
            standing.no_better(parts)
            return
        before = standing.least.get(parts), standing.vector
        question = _question(standing, parts, int(standing.least[parts][0]))
        if standing.groups and standing.parts == parts and _is_within(standing, question):
            pool.add(np.array([mask_of(group, problem.words) for group in standing.groups]))
        _round(standing, parts, question, pool, clock)
        if before == (standing.least.get(parts), standing.vector):
            return


def _question(standing: Standing, parts: int, breach: int | None) -> Question:
    """Ask for plans with at most ``breach`` households outside the window, where that comes first."""
    problem, policy = standing.problem, standing.policy
    window = window_for(problem, policy, parts)
    names = counted(problem, policy, parts)
    if names[0] is not Objective.WINDOW or breach is None:
        breach = problem.total + (parts + problem.n) * window.lower
    some = terrains(problem, window, breach, compound_is_grid=policy.compound_is_grid)
    return Question(problem, policy, window, Ideal(problem.total, parts), breach, some, names)


def _is_within(standing: Standing, question: Question) -> bool:
    return question.names[0] is not Objective.WINDOW or standing.vector[0] <= question.breach


def _round(standing: Standing, parts: int, question: Question, pool: Pool, clock: Clock) -> None:
    """Bound the first objective that is not proved, and close it if its gap is small enough.

    Where even the window is not proved, the shape of the grids guides the way to a plan that keeps it.
    """
    least = standing.least[parts]
    known = standing.vector if standing.groups else None
    place = next((i for i, low in enumerate(least) if known is None or known[i] > low), 0)
    if question.names[place] is not Objective.WINDOW:
        if not _closed(standing, parts, question, pool, place, clock):
            _none(standing, parts, question, place)
        return
    last = len(question.names) - 1
    shape = (*question.names, Objective.COMPACTNESS).index(Objective.COMPACTNESS)
    for aim in dict.fromkeys((min(shape, last), min(1, last))):
        if _closed(standing, parts, question, pool, aim, clock):
            return
    _none(standing, parts, question, min(1, last))
    if question.problem.window_holds or standing.beaten(parts):
        return
    wide = _question(standing, parts, int(known[0]) if known is not None else None)
    if not _closed(standing, parts, wide, pool, 0, clock):
        _none(standing, parts, wide, 0)


def _closed(standing: Standing, parts: int, question: Question, pool: Pool, aim: int, clock: Clock) -> bool:
    """Bound the objective at ``aim`` with those before it at their floors, and try to close the gap.

    False: there is no plan with those before it at their floors.
    """
    least = standing.least[parts]
    holds = standing.parts == parts and standing.vector[:aim] == least[:aim]
    bound = generated(question, pool, aim, least, clock, feasible=holds)
    if bound is None:
        return True
    if np.isinf(bound.least):
        return False
    _raise(standing, parts, question, aim, bound.least)
    _settle_pool(standing, parts, question, pool, clock.share(0.3))
    guess = GUESS * abs(bound.least) + 1.0
    for room in (guess, 8 * guess, EVERYTHING):
        if standing.beaten(parts) or clock.over:
            break
        reached = bool(standing.groups) and standing.vector[:aim] == least[:aim]
        top = _total(question, aim, standing.vector[aim]) if reached else bound.least + room
        if not _enumerated(standing, parts, question, aim, bound, top, clock) or reached:
            break
        reached = bool(standing.groups) and standing.vector[:aim] == least[:aim]
        if room == EVERYTHING and not reached:
            return False
    return True


def _none(standing: Standing, parts: int, question: Question, aim: int) -> None:
    """Note that no plan has all objectives before ``aim`` at their floors: the last of them is higher."""
    if aim == 0:
        standing.no_better(parts)
        return
    costs = question.costs(aim - 1, mask_of([0], question.problem.words)[None])
    standing.raise_at(parts, aim - 1, standing.least[parts][aim - 1] + Fraction(1, costs.scale))


def _total(question: Question, place: int, value: Fraction) -> float:
    """Return the sum of its grids' costs of a plan with this value."""
    costs = question.costs(place, mask_of([0], question.problem.words)[None])
    return float(value * costs.scale - costs.constant)


def _raise(standing: Standing, parts: int, question: Question, place: int, total: float) -> None:
    """Take a bound on the sum of the grids' costs into the floor."""
    costs = question.costs(place, mask_of([0], question.problem.words)[None])
    standing.raise_at(parts, place, costs.value_of(int(np.ceil(total - 1e-4))))


def _settle_pool(standing: Standing, parts: int, question: Question, pool: Pool, clock: Clock) -> None:
    """Offer the best plan of the grids found so far."""
    state = open_field(question.problem, question.window, question.ideal, question.policy, pool.masks)
    if settle(state, standing.vector if standing.groups else None, clock) is not None:
        standing.offer(parts, [members_of(row) for row in state.groups()], ENGINE)


def _enumerated(
    standing: Standing, parts: int, question: Question, place: int, bound: Bound, top: float, clock: Clock
) -> bool:
    """Settle all grids that a plan within ``top`` can contain; tell whether that could be done."""
    found: list[Masks] = []
    for terrain, prices in priced(question, place, bound.dual, bound.rim):
        cheap = cheap_grids(
            question.problem,
            terrain,
            prices,
            clock,
            most=top - bound.least + bound.room + TOLERANCE,
            limit=ENUMERATED,
            steps=1 << 60,
            best_only=False,
        )
        found.append(cheap.masks)
        if not cheap.finished or sum(map(len, found)) > 4 * ENUMERATED:
            return False
    masks = np.unique(np.concatenate(found), axis=0)
    if len(masks) > ENUMERATED:
        return False
    state = open_field(question.problem, question.window, question.ideal, question.policy, masks)
    vector = settle(state, None, clock)
    if vector is not None:
        standing.offer(parts, [members_of(row) for row in state.groups()], ENGINE)
    if not state.proved:
        return False
    least = standing.least[parts]
    if (
        standing.groups
        and standing.vector[:place] == least[:place]
        and (_total(question, place, standing.vector[place]) <= top + TOLERANCE)
    ):
        standing.engine = ENGINE
        standing.raise_floor(parts, standing.vector)
    else:
        _raise(standing, parts, question, place, top + 1)
    return True
