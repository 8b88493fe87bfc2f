"""Column generation: legal grids are found one by one, as the prices of a linear program ask for them.

The grids never found cost at least what pricing proves, which bounds every plan. Where the best plan known
lies close to the bound, all grids that a better plan could contain are few enough to be listed, and settled.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction
from typing import TYPE_CHECKING

import highspy
import numpy as np

from geogrid.partition.bounds import counted, window_for
from geogrid.partition.charges import charge, charges, grid_costs, no_charge, summed
from geogrid.partition.cover import add_columns, cover_rows, make_solver, pass_program
from geogrid.partition.objectives import Ideal, pair_sums, unit_sums
from geogrid.partition.pricing import cheap_grids, terrains
from geogrid.partition.problem import DECIMETRES, mask_of, members_of
from geogrid.partition.stages import open_field, settle
from geogrid.policy import Objective

if TYPE_CHECKING:
    from collections.abc import Iterator

    from geogrid.partition.clock import Clock
    from geogrid.partition.cover import Rows
    from geogrid.partition.legal_grids import Window
    from geogrid.partition.objectives import Costs
    from geogrid.partition.pricing import Prices, Terrain
    from geogrid.partition.problem import Floats, Masks, Problem
    from geogrid.partition.standing import Standing
    from geogrid.policy import Policy

MOST_UNITS = 400
ENUMERATED = 300_000
# Steps of pricing for each first unit: a quick look first, then as many as it takes.
FIRST_STEPS = 3_000
MORE_STEPS = 8
TOLERANCE = 1e-6
LEAST_PRICE = 1e-3
# Share of the bound within which a plan is first looked for where none is known.
GUESS = 0.01
# No sum of costs is so large.
EVERYTHING = 1e13
A_ROUND = 1_000
ENGINE = "column-generation"


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


def generate(standing: Standing, parts: int, clock: Clock) -> None:
    """Bound the plans of ``parts`` grids by generated columns, and prove the best where the gap closes."""
    problem = standing.problem
    if problem.n > MOST_UNITS or (problem.pinned >= 0).any() or (problem.kept >= 0).any():
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
    bound = _generated(question, pool, aim, least, clock, feasible=holds)
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
    for terrain, prices in _priced(question, place, bound.dual, bound.rim):
        cheap = cheap_grids(
            question.problem,
            terrain,
            question.window,
            question.breach,
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


def _priced(
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


def _generated(
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
    _begin(solver, rows, _cost(question, place, pool.masks, artificial=artificial), artificial=artificial)
    steps = FIRST_STEPS
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
        new, lows, finished = _look(question, pool, place, dual, rim, steps, clock, artificial=artificial)
        if finished:
            bound = _bound(question, rows, dual, lows, rim)
            best = bound if best is None or bound.least > best.least else best
            if not len(new) or (artificial and bound.least > 1e-4):
                return best
        if len(new):
            add_columns(
                solver, _rows(question, place, new, least), _cost(question, place, new, artificial=artificial)
            )
        else:
            steps *= MORE_STEPS


def _bound(question: Question, rows: Rows, dual: Floats, lows: Floats, rim: float) -> Bound:
    """Bound a plan by the duals and the cheapest grids: no two of its grids begin with the same unit."""
    lows = np.sort(np.minimum(lows, 0.0))
    most = question.window.parts or len(lows)
    # A price of the wrong sign is nothing: pricing leaves it out alike.
    sound = np.where(np.isfinite(rows.lower), dual, np.minimum(dual, 0.0))
    total = float(rows.upper @ sound)
    return Bound(total + float(lows[:most].sum()), -float(lows[:most].sum()), dual, rim)


def _begin(solver: highspy.Highs, rows: Rows, cost: Floats, *, artificial: bool) -> None:
    from scipy import sparse

    table, r = rows.table, rows.table.shape[0]
    if artificial:
        table = sparse.hstack([table, sparse.eye_array(r), -sparse.eye_array(r)], format="csc")
        cost = np.concatenate([cost, np.ones(2 * r)])
    pass_program(solver, table, rows.lower, rows.upper, cost, integer=False)


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
    steps: int,
    clock: Clock,
    *,
    artificial: bool,
) -> tuple[Masks, Floats, bool]:
    """Price all grids: return new cheap ones, the least price of each first unit, and if that is certain."""
    problem = question.problem
    fresh: list[Masks] = []
    lows: dict[int, Floats] = {}
    finished = True
    for terrain, prices in _priced(question, place, dual, rim, artificial=artificial):
        cheap = cheap_grids(
            problem,
            terrain,
            question.window,
            question.breach,
            prices,
            clock,
            most=-LEAST_PRICE,
            limit=A_ROUND,
            steps=steps,
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
