"""The border, or the moment, as a general problem: the same homes and window, without compounds and barriers.

No plan has less than the best division of that problem, which minimum cuts and boxes of centres price well
even where grids are large. Where compounds and barriers do not matter, as in a community of one unit a
compound, its best division is the plan.
"""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np

from geogrid.partition.bounds import counted, window_for
from geogrid.partition.generation import ENGINE
from geogrid.partition.least_parts import least_parts
from geogrid.partition.objectives import Ideal
from geogrid.partition.problem import DECIMETRES, homes_of, members_of, stands
from geogrid.partition.question import cut_question, inertia_question
from geogrid.partition.stages import open_field, settle
from geogrid.policy import Compactness, Objective

if TYPE_CHECKING:
    from geogrid.partition.clock import Clock
    from geogrid.partition.problem import Masks, Problem
    from geogrid.partition.question import Question
    from geogrid.partition.standing import Standing

# From so many units a grid on, minimum cuts, or boxes of centres, price sooner than ``generation``.
LARGE_GRIDS = {Compactness.BORDER: 12, Compactness.MOMENT: 6, Compactness.POLSBY_POPPER: 12}
MOST_UNITS = 400
# Parts that are looked at one by one before the clock is asked again.
MOST_JUDGED = 10_000


def is_exact(problem: Problem) -> bool:
    """Tell whether compounds and barriers leave all connected divisions legal, and all of them alike."""
    alike = (problem.compound >= 0).all() or (problem.compound < 0).all()
    return bool(alike and (problem.size <= 1).all() and not problem.crossing.any())


def loosen(standing: Standing, parts: int, clock: Clock) -> None:
    """Bound the border or moment of plans of ``parts`` grids, and take the plan that attains the bound."""
    problem = standing.problem
    question = None if standing.beaten(parts) else _question(standing, parts)
    if question is None:
        return
    place = counted(problem, standing.policy, parts).index(Objective.COMPACTNESS)
    # A plan of this number of grids leads the way where its grids are parts of the problem.
    lower, upper = question.frame.lower, question.frame.upper
    loads = [homes_of(problem, group) for group in standing.groups]
    fits = standing.parts == parts and all(lower <= load <= upper for load in loads)
    found = least_parts(question, clock, standing.groups if fits else ())
    if np.isfinite(found.bound):
        least = int(np.ceil(found.bound * question.unit - 1e-6))
        scale = DECIMETRES if question.bordered else 1
        standing.raise_at(parts, place, Fraction(least, scale))
    if found.every is not None and (is_exact(problem) or len(found.every) <= MOST_JUDGED):
        _settle(standing, parts, place, found.every, clock)
    elif found.groups is not None and all(stands(problem, group) for group in found.groups):
        standing.offer(parts, found.groups, ENGINE)


def _question(standing: Standing, parts: int) -> Question | None:
    """Return the general problem, None where another score is asked for or the window allows anything."""
    problem, policy = standing.problem, standing.policy
    names = counted(problem, policy, parts)
    if problem.is_locked or policy.compound_is_grid:
        return None
    if policy.compactness is Compactness.POLSBY_POPPER or Objective.COMPACTNESS not in names[1:]:
        return None
    if names[0] is not Objective.WINDOW or parts < 2 or not 2 * parts <= problem.n <= MOST_UNITS:
        return None
    window, breach = window_for(problem, policy, parts), int(standing.least[parts][0])
    lower, upper = max(window.lower - breach, 1), min(window.upper + breach, problem.total)
    if int(problem.weight.max()) > upper or not problem.length.any():
        return None
    if policy.compactness is Compactness.MOMENT:
        return inertia_question(problem.weight, problem.pairs, problem.open, problem.xy, parts, lower, upper)
    return cut_question(problem.weight, problem.pairs, problem.length, parts, lower, upper, problem.open)


def _settle(standing: Standing, parts: int, place: int, masks: Masks, clock: Clock) -> None:
    """Take the best plan of the parts that every plan of this border is made of: it is the best of all."""
    problem, policy = standing.problem, standing.policy
    legal = masks if is_exact(problem) else masks[[stands(problem, members_of(row)) for row in masks]]
    ideal = Ideal(problem.total, parts)
    state = open_field(problem, window_for(problem, policy, parts), ideal, policy, legal)
    vector = settle(state, None, clock)
    if vector is None:
        return
    standing.offer(parts, [members_of(row) for row in state.groups()], ENGINE)
    if state.proved and vector[: place + 1] == standing.least[parts][: place + 1]:
        standing.raise_floor(parts, vector)
