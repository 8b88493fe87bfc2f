"""Solve the objectives one after the other over one list of legal grids.

At each objective the linear relaxation prices the grids; a sweep over those within a small gap of its bound
usually settles this objective and all later ones at once. Where the sweep grows too large, the integer
program settles one objective, its value becomes a row, and grids that no best plan can contain are left
behind.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np

from geogrid.partition.cover import TOLERANCE, Relaxed, choose, cover_rows, relax
from geogrid.partition.objectives import Costs, Ideal, costs_of
from geogrid.partition.retention import columns_of, kept_at_most, moved_by, with_successors
from geogrid.partition.sweep import STEP_LIMIT, sweep, sweep_order
from geogrid.policy import Objective

if TYPE_CHECKING:
    from geogrid.partition.clock import Clock
    from geogrid.partition.cover import Chosen, Rows
    from geogrid.partition.legal_grids import Window
    from geogrid.partition.problem import Floats, Ints, Masks, Problem
    from geogrid.policy import Policy

    Vector = tuple[Fraction, ...]

FIRST_GAP = 0.005
WIDER = 3.0
SAMPLE = 400
# Objectives of so few different values (joins, crossings) are guessed before they are solved.
FEW_VALUES = 60
GUESSES = 3


@dataclass
class Field:
    """The grids still in question for one number of grids, and what the stages so far have shown.

    ``origin`` says which grid each column is. ``values`` are those of the plan ``chosen``, ``bounds`` what is
    proved of the stages begun. The field is worked on in place by this file alone.
    """

    problem: Problem
    window: Window
    ideal: Ideal
    policy: Policy
    masks: Masks
    rows: Rows
    origin: Ints
    chosen: Ints | None = None
    proved: bool = True
    worse: bool = False
    empty: bool = False
    contested: bool = False
    told: list[Objective] = field(default_factory=list)
    bounds: dict[Objective, Fraction] = field(default_factory=dict)

    def groups(self) -> Masks:
        """Return the grids chosen."""
        assert self.chosen is not None
        return self.masks[self.origin[self.chosen]]


def open_field(problem: Problem, window: Window, ideal: Ideal, policy: Policy, masks: Masks) -> Field:
    """Begin with a list of legal grids."""
    rows = cover_rows(masks, problem.n, window.parts)
    for limit in problem.limits:
        row = limit.row(problem, masks, window, policy, ideal)
        if row is not None:
            rows = rows.fixed(row[0], float(row[1]))
    return Field(problem, window, ideal, policy, masks, rows, np.arange(len(masks)))


def settle(state: Field, best: Vector | None, clock: Clock) -> Vector | None:
    """Solve all objectives in order; return the values of the plan found, None where there is none.

    ``best`` are the values of the best plan known: the field is left as
    ``worse`` as soon as it is proved to hold nothing better.
    """
    begun = replace(state)
    every = (_costs(state, objective) for objective in state.policy.objectives)
    stages = [costs for costs in every if costs is not None]
    state.told = [costs.objective for costs in stages]
    _run(state, stages, 0, best, clock)
    if state.contested or _moves_more(state, stages):
        state.contested = True
        # Two grids want the same predecessor: only a matching inside the program can tell.
        for name in ("rows", "origin", "chosen", "proved", "worse", "empty"):
            setattr(state, name, getattr(begun, name))
        state.bounds = {}
        _run(state, stages, 0, best, clock)
    return None if state.chosen is None or state.worse or state.empty else vector_of(state)


def _moves_more(state: Field, stages: list[Costs]) -> bool:
    """Tell whether the plan chosen moves more households than its grids one by one let expect."""
    if state.chosen is None or state.worse or state.empty or not state.proved:
        return False
    told = (costs for costs in stages if costs.objective is Objective.RETENTION)
    return any(
        moved_by(state.problem, state.groups()) > int(costs.cost[state.origin][state.chosen].sum())
        for costs in told
    )


def _run(state: Field, stages: list[Costs], first: int, best: Vector | None, clock: Clock) -> None:
    """Settle the objectives from ``first`` on; ``best`` counts as long as the values are equal to its own."""
    for place in range(first, len(stages)):
        costs = stages[place]
        told = best[place] if best is not None else None
        matching = state.contested and costs.objective is Objective.RETENTION
        cost = _match(state) if matching else costs.cost[state.origin]
        same = _same_for_all(state.rows, cost)
        if same is not None and place + 1 < len(stages):
            state.bounds[costs.objective] = costs.value_of(same)
            state.worse = told is not None and costs.value_of(same) > told
        elif _solved(state, stages, place, cost, best, clock):
            return
        if state.worse or state.empty or not state.proved:
            return
        best = best if state.bounds.get(costs.objective) == told else None


def vector_of(state: Field) -> Vector:
    """Return the values of the plan chosen, in the policy's order."""
    assert state.chosen is not None
    groups = state.groups()
    return values_of(state.problem, state.policy, state.window, state.ideal, groups)


def values_of(problem: Problem, policy: Policy, window: Window, ideal: Ideal, groups: Masks) -> Vector:
    """Return the values of a plan as the solver counts them, in the policy's order."""
    values: list[Fraction] = []
    for objective in policy.objectives:
        if objective is Objective.RETENTION:
            if (problem.old >= 0).any():
                values.append(Fraction(moved_by(problem, groups)))
            continue
        costs = costs_of(objective, problem, groups, window, policy, ideal)
        if costs is not None:
            values.append(costs.value(np.arange(len(groups))))
    return tuple(values)


def _costs(state: Field, objective: Objective) -> Costs | None:
    if objective is Objective.RETENTION:
        if not (state.problem.old >= 0).any():
            return None
        return Costs(objective, kept_at_most(state.problem, state.masks))
    return costs_of(objective, state.problem, state.masks, state.window, state.policy, state.ideal)


def _solved(
    state: Field, stages: list[Costs], place: int, cost: Ints, best: Vector | None, clock: Clock
) -> bool:
    """Settle one objective; return True where nothing is left to do for the later ones."""
    costs = stages[place]
    told = best[place] if best is not None else None
    relaxed = relax(state.rows, cost, state.chosen, clock)
    if not relaxed.feasible:
        state.empty = state.proved = relaxed.finished
        return True
    if relaxed.finished:
        bound = _fraction(costs, relaxed.bound)
        if told is not None and bound > told:
            state.worse = True
            return True
        few = place + 1 < len(stages) and np.ptp(cost) <= FEW_VALUES
        if few and _guessed(state, stages, place, cost, relaxed, best, clock):
            return True
        alone = not state.contested and not state.problem.limits
        if alone and _swept(state, stages, place, relaxed, clock):
            return True
    found = choose(state.rows, cost, state.chosen, clock, relaxed)
    state.chosen, state.proved = found.columns, found.proved
    if found.columns is None:
        state.empty = found.proved
        return True
    state.bounds[costs.objective] = _fraction(costs, found.bound)
    state.worse = told is not None and found.proved and costs.value_of(found.value) > told
    if found.proved and not state.worse:
        _fix(state, cost, found)
    return False


def _guessed(
    state: Field,
    stages: list[Costs],
    place: int,
    cost: Ints,
    relaxed: Relaxed,
    best: Vector | None,
    clock: Clock,
) -> bool:
    """Try the least values that the bound allows, as a row of the later objectives; True where it settled.

    A plan that keeps such a value proves it, and the later objectives guide the way to it.
    """
    costs = stages[place]
    least = int(np.ceil(relaxed.bound - TOLERANCE))
    for total in range(least, least + GUESSES):
        value = costs.value_of(total)
        state.worse = best is not None and value > best[place]
        if state.worse:
            return True
        trial = replace(state, rows=state.rows.fixed(cost, float(total)))
        trial.bounds = {**state.bounds, costs.objective: value}
        if state.chosen is not None and int(cost[state.chosen].sum()) > total:
            trial.chosen = None
        _run(trial, stages, place + 1, best if best is not None and value == best[place] else None, clock)
        if trial.contested and not state.contested:
            state.contested = True
            return True
        if not trial.proved:
            return False
        if not trial.empty:
            for name in ("rows", "origin", "chosen", "worse", "bounds"):
                setattr(state, name, getattr(trial, name))
            return True
    return False


def _same_for_all(rows: Rows, cost: Ints) -> int | None:
    """Return the total that every plan has, where the rows alone fix it; None where plans may differ."""
    if not cost.any():
        return 0
    equal = rows.lower == rows.upper
    few = np.unique(np.linspace(0, len(cost) - 1, SAMPLE).astype(np.int64))
    some = rows.table[:, few].toarray()[equal]
    prices = np.zeros(len(equal))
    prices[equal] = np.linalg.lstsq(some.T, cost[few], rcond=None)[0]
    if np.abs(prices[equal] @ some - cost[few]).max() > 1e-7:
        return None
    if np.abs(rows.table.T @ prices - cost).max() > 1e-6:
        return None
    return int(np.rint(prices[equal] @ rows.upper[equal]))


def _swept(state: Field, stages: list[Costs], place: int, relaxed: Relaxed, clock: Clock) -> bool:
    """Try to settle all objectives from ``place`` on by a sweep over the grids within a growing gap."""
    columns = [costs.cost[state.origin] for costs in stages]
    size = max(abs(relaxed.bound + stages[place].constant), 1.0)
    gap = max(FIRST_GAP * size, 1.0)
    order = sweep_order(state.problem.xy, state.problem.pairs)
    price = columns[place] - _row_prices(state, relaxed)
    budget = relaxed.bound - _row_budget(state, relaxed)
    n = state.problem.n
    potential = np.append(relaxed.dual[:n], relaxed.dual[n] if state.window.parts else 0.0)
    while not clock.over:
        inside = np.flatnonzero(relaxed.reduced <= gap + TOLERANCE)
        vector = np.stack([column[inside] for column in columns], axis=1)
        found = sweep(
            state.masks[state.origin[inside]],
            vector,
            state.window.parts,
            order,
            price[inside],
            potential,
            budget + gap + TOLERANCE,
            STEP_LIMIT,
            clock.flag,
        )
        if not found.finished:
            return False
        if found.columns is not None and _within(state, inside[found.columns]):
            return _accept(state, stages, inside[found.columns])
        if len(inside) == len(state.origin) and gap > relaxed.reduced.max() * n:
            if found.columns is None:
                state.empty = True
                return True
            return False
        gap *= WIDER
    return False


def _row_prices(state: Field, relaxed: Relaxed) -> Floats:
    """Return what the rows of settled objectives charge each column."""
    first = state.problem.n + bool(state.window.parts)
    if len(relaxed.dual) == first:
        return np.zeros(len(state.origin))
    charged = relaxed.dual.copy()
    charged[:first] = 0.0
    return np.asarray(state.rows.table.T @ charged)


def _row_budget(state: Field, relaxed: Relaxed) -> float:
    first = state.problem.n + bool(state.window.parts)
    return float(relaxed.dual[first:] @ state.rows.upper[first:])


def _within(state: Field, chosen: Ints) -> bool:
    """Tell whether the plan keeps the values settled before."""
    total = state.rows.table[:, chosen].sum(axis=1)
    return bool((total <= state.rows.upper + TOLERANCE).all())


def _accept(state: Field, stages: list[Costs], chosen: Ints) -> bool:
    plan = state.masks[state.origin[chosen]]
    for costs in stages:
        if costs.objective is Objective.RETENTION:
            least = int(costs.cost[state.origin][chosen].sum())
            if moved_by(state.problem, plan) != least:
                state.contested = True
                return True
    state.chosen = chosen
    for costs in stages:
        state.bounds[costs.objective] = costs.value_of(int(costs.cost[state.origin][chosen].sum()))
    return True


def _match(state: Field) -> Ints:
    """Turn every column into one for each grid in force that it could succeed; return who moves."""
    masks = state.masks[state.origin]
    origin, cost, rows = with_successors(state.problem, masks, state.rows)
    if state.chosen is not None:
        state.chosen = columns_of(state.problem, masks, origin, cost, state.chosen)
    state.origin, state.rows = state.origin[origin], rows
    return cost


def _fraction(costs: Costs, bound: float) -> Fraction:
    if not np.isfinite(bound):
        return Fraction(0)
    return costs.value_of(int(np.ceil(bound - TOLERANCE)))


def _fix(state: Field, cost: Ints, found: Chosen) -> None:
    """Keep only columns that a plan of this value can contain, and the row that keeps the value."""
    assert state.chosen is not None
    if found.reduced is None:
        state.rows = state.rows.fixed(cost, float(found.value))
        return
    keep = found.reduced <= found.value - found.relaxed + 1e-5
    keep[state.chosen] = True
    at = np.flatnonzero(keep)
    place = np.cumsum(keep) - 1
    state.rows = state.rows.take(at).fixed(cost[at], float(found.value))
    state.origin, state.chosen = state.origin[at], place[state.chosen]
