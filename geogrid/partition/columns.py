"""The linear program over all legal grids, whose columns are found as its prices ask for them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import highspy
import numpy as np

from geogrid.partition.charges import charge, charges, grid_costs, no_charge, summed
from geogrid.partition.cover import TOLERANCE, add_columns, cover_rows, make_solver, pass_program
from geogrid.partition.objectives import pair_sums, unit_sums
from geogrid.partition.pricing import cheap_grids
from geogrid.partition.problem import DECIMETRES
from geogrid.policy import Objective

if TYPE_CHECKING:
    from collections.abc import Iterator
    from fractions import Fraction

    from geogrid.partition.clock import Clock
    from geogrid.partition.cover import Rows
    from geogrid.partition.legal_grids import Window
    from geogrid.partition.objectives import Costs, Ideal
    from geogrid.partition.pricing import Prices
    from geogrid.partition.problem import Floats, Masks, Problem
    from geogrid.partition.terrain import Terrain
    from geogrid.policy import Policy

# Steps of pricing for each first unit: a quick look first, then as many as it takes.
FIRST_STEPS = 3_000
MORE_STEPS = 8
LEAST_PRICE = 1e-3
A_ROUND = 1_000
# After so many, what is left open stays open.
MOST_STEPS, MOST_A_ROUND = 1 << 40, 300_000


@dataclass
class Pool:
    """The grids found so far (m, words), each once, in the order in which they were found."""

    masks: Masks

    def __post_init__(self) -> None:
        self._known = {row.tobytes() for row in self.masks}

    def add(self, masks: Masks) -> Masks:
        """Keep grids not seen before and return them."""
        fresh = []
        for row in masks:
            if row.tobytes() not in self._known:
                self._known.add(row.tobytes())
                fresh.append(row)
        new = np.array(fresh, np.uint64).reshape(-1, self.masks.shape[1])
        self.masks = np.concatenate([self.masks, new])
        return new


@dataclass(frozen=True)
class Question:
    """One number of grids of one community, its grids within ``breach`` households outside the window."""

    problem: Problem
    policy: Policy
    window: Window
    ideal: Ideal
    breach: int
    terrains: list[Terrain]
    names: tuple[Objective, ...]

    def costs(self, place: int, masks: Masks) -> Costs:
        """Return what grids cost under the objective at ``place``."""
        return grid_costs(self.names[place], self.problem, masks, self.window, self.policy, self.ideal)


@dataclass(frozen=True)
class Bound:
    """What the prices prove: the ``least`` that the grids of a plan cost, infinite where there is no plan.

    ``room`` is what the other grids of a plan can save at most: a grid dearer than the gap and that is in no
    plan within it. ``dual`` and ``rim`` are what it was priced with.
    """

    least: float
    room: float
    dual: Floats
    rim: float


def priced(
    question: Question, place: int, dual: Floats, rim: float, *, artificial: bool = False
) -> Iterator[tuple[Terrain, Prices]]:
    """Yield each terrain with each of the prices that the duals make of the objectives up to ``place``."""
    problem, counts = question.problem, bool(question.window.parts)
    n = problem.n
    start = charge(no_charge(problem), unit=-dual[:n], constant=-float(dual[n]) if counts else 0.0)
    rows = [i for i in range(place) if question.names[i] is not Objective.WINDOW]
    weights = dict(zip(rows, -dual[n + counts :], strict=True))
    weights[place] = 0.0 if artificial else 1.0
    parts = [
        (
            float(weight),
            charges(question.names[i], problem, question.window, question.policy, question.ideal, rim),
        )
        for i, weight in weights.items()
        if weight > 1e-9
    ]
    for prices in summed(parts, start):
        for terrain in question.terrains:
            yield terrain, prices


def _rows(question: Question, place: int, masks: Masks, least: tuple[Fraction, ...]) -> Rows:
    rows = cover_rows(masks, question.problem.n, question.window.parts)
    for i in range(place):
        if question.names[i] is not Objective.WINDOW:
            costs = question.costs(i, masks)
            rows = rows.fixed(costs.cost, float(least[i] * costs.scale - costs.constant))
    return rows


def generated(
    question: Question, pool: Pool, place: int, least: tuple[Fraction, ...], clock: Clock, *, feasible: bool
) -> Bound | None:
    """Generate columns until none is missing, or time is over; None where nothing is proved by then.

    Without a plan in the pool the first program asks how much of the community must stay uncovered.
    """
    if not feasible:
        uncovered = _priced_out(question, pool, place, least, clock, artificial=True)
        if uncovered is None or uncovered.least > 1e-4:
            return None if uncovered is None else replace(uncovered, least=np.inf)
    return _priced_out(question, pool, place, least, clock, artificial=False)


def _priced_out(
    question: Question,
    pool: Pool,
    place: int,
    least: tuple[Fraction, ...],
    clock: Clock,
    *,
    artificial: bool,
) -> Bound | None:
    """Solve the linear program over all grids; with ``artificial`` only what is left uncovered costs."""
    solver = make_solver()
    rows = _rows(question, place, pool.masks, least)
    costs = _cost(question, place, pool.masks, artificial=artificial)
    pass_program(solver, rows, costs, artificial=artificial)
    steps, limit = FIRST_STEPS, A_ROUND
    best: Bound | None = None
    while True:
        with clock.timed(solver):
            solver.run()
        if clock.over or solver.getModelStatus() != highspy.HighsModelStatus.kOptimal:
            return None if artificial else best
        dual = np.array(solver.getSolution().row_dual)
        if artificial and solver.getInfo().objective_function_value <= TOLERANCE:
            return Bound(0.0, 0.0, dual, 0.0)
        rim = _rim(question.problem, pool.masks)
        new, lows, finished = _look(
            question, pool, place, dual, rim, (steps, limit), clock, artificial=artificial
        )
        if finished:
            bound = _bound(question, rows, dual, lows, rim)
            best = bound if best is None or bound.least > best.least else best
            if not len(new) or (artificial and bound.least > 1e-4):
                return best
        if len(new):
            add_columns(
                solver, _rows(question, place, new, least), _cost(question, place, new, artificial=artificial)
            )
        elif steps >= MOST_STEPS:
            return None if artificial else best
        else:
            # What was found may all be known, where prices are only bounds of what grids cost.
            steps, limit = steps * MORE_STEPS, min(limit * MORE_STEPS, MOST_A_ROUND)


def _bound(question: Question, rows: Rows, dual: Floats, lows: Floats, rim: float) -> Bound:
    """Bound a plan by the duals and the cheapest grids: no two of its grids begin with the same unit."""
    lows = np.sort(np.minimum(lows, 0.0))
    most = question.window.parts or len(lows)
    # A price of the wrong sign is nothing: pricing leaves it out alike.
    sound = np.where(np.isfinite(rows.lower), dual, np.minimum(dual, 0.0))
    total = float(rows.upper @ sound)
    return Bound(total + float(lows[:most].sum()), -float(lows[:most].sum()), dual, rim)


def _cost(question: Question, place: int, masks: Masks, *, artificial: bool) -> Floats:
    if artificial:
        return np.zeros(len(masks))
    return question.costs(place, masks).cost.astype(np.float64)


def _look(
    question: Question,
    pool: Pool,
    place: int,
    dual: Floats,
    rim: float,
    most: tuple[int, int],
    clock: Clock,
    *,
    artificial: bool,
) -> tuple[Masks, Floats, bool]:
    """Price all grids: return new cheap ones, the least price of each first unit, and if that is certain.

    At ``most`` so many steps are taken for each first unit, and so many grids returned.
    """
    problem = question.problem
    fresh: list[Masks] = []
    lows: dict[int, Floats] = {}
    finished = True
    for terrain, prices in priced(question, place, dual, rim, artificial=artificial):
        cheap = cheap_grids(
            problem,
            terrain,
            prices,
            clock,
            most=-LEAST_PRICE,
            limit=most[1],
            steps=most[0],
            best_only=True,
        )
        finished = finished and cheap.finished
        at = id(terrain)
        lows[at] = np.minimum(lows[at], cheap.least) if at in lows else cheap.least
        fresh.append(pool.add(cheap.masks))
    new = np.concatenate(fresh) if fresh else np.zeros((0, problem.words), np.uint64)
    return new, np.concatenate(list(lows.values())), finished


def _rim(problem: Problem, masks: Masks) -> float:
    if not len(masks):
        return 0.0
    last = masks[-200:]
    rims = unit_sums(last, problem.perimeter) - 2 * pair_sums(last, problem.pairs, problem.length)
    areas = unit_sums(last, np.rint(problem.area).astype(np.int64))
    return float(np.median(rims / DECIMETRES / np.maximum(areas, 1)))
