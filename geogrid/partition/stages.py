"""Solve the objectives one after the other over one list of legal grids.

Each stage's best value becomes a row of the next; grids that no best plan can contain are left behind.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np

from geogrid.partition.cover import TOLERANCE, choose, cover_rows
from geogrid.partition.objectives import Costs, Ideal, costs_of
from geogrid.partition.retention import columns_of, with_successors
from geogrid.policy import Objective

if TYPE_CHECKING:
    from geogrid.partition.cover import Chosen, Rows
    from geogrid.partition.legal_grids import Window
    from geogrid.partition.problem import Ints, Masks, Problem
    from geogrid.policy import Policy


@dataclass
class Field:
    """The grids still in question for one number of grids, and what the stages so far have shown.

    ``origin`` says which grid each column is. The field is worked on in place by ``run_stage`` alone.
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
    values: dict[Objective, Fraction] = field(default_factory=dict)
    bounds: dict[Objective, Fraction] = field(default_factory=dict)

    def groups(self) -> Masks:
        """Return the grids chosen."""
        assert self.chosen is not None
        return self.masks[self.origin[self.chosen]]


def open_field(problem: Problem, window: Window, ideal: Ideal, policy: Policy, masks: Masks) -> Field:
    """Begin with a list of legal grids."""
    rows = cover_rows(masks, problem.n, window.parts)
    return Field(problem, window, ideal, policy, masks, rows, np.arange(len(masks)))


def find_plan(state: Field, deadline: float) -> None:
    """Find any plan at all, or prove that there is none."""
    found = choose(state.rows, np.zeros(len(state.origin), np.int64), None, deadline)
    state.chosen, state.proved = found.columns, found.proved


def run_stage(state: Field, objective: Objective, deadline: float) -> Fraction | None:
    """Solve one objective; return its value, None where no plan exists or none was found in time."""
    costs = _costs(state, objective)
    if costs is None:
        return Fraction(0)
    if not state.proved:
        return _only_value(state, costs)
    found = choose(state.rows, costs.cost, state.chosen, deadline)
    state.proved = state.proved and found.proved
    if found.columns is None:
        return None
    state.chosen = found.columns
    value = costs.value(found.columns)
    state.values[objective] = value
    bound = value if found.proved else _fraction(costs, found.bound)
    state.bounds[objective] = bound
    if found.proved:
        _fix(state, costs, found)
    return value


def _costs(state: Field, objective: Objective) -> Costs | None:
    if objective is Objective.RETENTION:
        return _retention(state)
    args = (state.problem, state.masks, state.window, state.policy, state.ideal)
    costs = costs_of(objective, *args)
    if costs is None:
        return None
    return Costs(objective, costs.cost[state.origin], costs.constant, costs.scale)


def _retention(state: Field) -> Costs | None:
    if not (state.problem.old >= 0).any():
        return None
    masks = state.masks[state.origin]
    origin, cost, rows = with_successors(state.problem, masks, state.rows)
    if state.chosen is not None:
        state.chosen = columns_of(state.problem, masks, origin, cost, state.chosen)
    state.masks, state.origin, state.rows = masks, origin, rows
    return Costs(Objective.RETENTION, cost)


def _only_value(state: Field, costs: Costs) -> Fraction | None:
    if state.chosen is None:
        return None
    value = costs.value(state.chosen)
    state.values[costs.objective] = value
    return value


def _fraction(costs: Costs, bound: float) -> Fraction:
    if not np.isfinite(bound):
        return Fraction(0)
    return Fraction(int(np.ceil(bound - TOLERANCE)) + costs.constant, costs.scale)


def _fix(state: Field, costs: Costs, found: Chosen) -> None:
    """Keep only columns that a plan of this value can contain, and the row that keeps the value."""
    assert state.chosen is not None
    if (costs.cost == 0).all():
        return
    state.rows = state.rows.fixed(costs.cost, float(found.value))
    if found.reduced is None:
        return
    keep = found.reduced <= found.value - found.relaxed + 1e-5
    keep[state.chosen] = True
    at = np.flatnonzero(keep)
    place = np.cumsum(keep) - 1
    state.rows, state.origin, state.chosen = state.rows.take(at), state.origin[at], place[state.chosen]
