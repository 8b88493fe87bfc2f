"""Objectives as prices: what each unit, pair and household of a grid adds to its cost at least."""

from __future__ import annotations

import math
from itertools import product
from typing import TYPE_CHECKING

import numpy as np

from geogrid.partition.objectives import THOUSANDTHS, Costs, costs_of
from geogrid.partition.pricing import Prices
from geogrid.partition.problem import DECIMETRES
from geogrid.partition.retention import kept_at_most
from geogrid.policy import Compactness, Objective

if TYPE_CHECKING:
    from collections.abc import Sequence

    from geogrid.partition.legal_grids import Window
    from geogrid.partition.objectives import Ideal
    from geogrid.partition.problem import Floats, Masks, Problem
    from geogrid.policy import Policy

# A grid's centre lies in one of so many boxes to each side of the community.
BOXES = 8


def grid_costs(
    objective: Objective, problem: Problem, masks: Masks, window: Window, policy: Policy, ideal: Ideal
) -> Costs:
    """Return what each grid costs under an objective that is counted; retention as its bound per grid."""
    if objective is Objective.RETENTION:
        return Costs(objective, kept_at_most(problem, masks))
    costs = costs_of(objective, problem, masks, window, policy, ideal)
    assert costs is not None
    return costs


def charges(
    objective: Objective, problem: Problem, window: Window, policy: Policy, ideal: Ideal, rim: float
) -> list[Prices]:
    """Return prices of which the least is no more than what the objective costs, for any grid.

    ``rim`` is the usual rim of a grid over its area: what is convex in them is bounded by its tangent there.
    """
    nothing = no_charge(problem)
    if objective is Objective.WINDOW:
        homes = np.arange(problem.total + 1)
        breach = np.maximum(np.maximum(homes - window.upper, window.lower - homes), 0)
        return [charge(nothing, homes=breach.astype(np.float64))]
    if objective is Objective.ALIGNMENT:
        return [charge(nothing, whole=(problem.size == 1).astype(np.float64), grid=-1.0)]
    if objective is Objective.BARRIERS:
        return [charge(nothing, pair=problem.crossing.astype(np.float64))]
    if objective is Objective.RETENTION:
        return _retention(problem, nothing)
    if objective is Objective.DEVIATION:
        return [charge(nothing, homes=_deviation(problem, policy, ideal))]
    return _compactness(problem, policy.compactness, nothing, rim)


def _compactness(problem: Problem, kind: Compactness, nothing: Prices, rim: float) -> list[Prices]:
    if kind is Compactness.BORDER:
        return [charge(nothing, pair=-problem.length.astype(np.float64))]
    return _moments(problem, nothing) if kind is Compactness.MOMENT else [_roundness(problem, nothing, rim)]


def no_charge(problem: Problem) -> Prices:
    """Return prices that are all nothing."""
    n, e, c = problem.n, len(problem.pairs), len(problem.size)
    return Prices(np.zeros(n), np.zeros(e), np.zeros(c), np.zeros(problem.total + 1))


def charge(prices: Prices, **more: Floats | float) -> Prices:
    """Return the same prices with others in some places."""
    values = {name: getattr(prices, name) for name in ("unit", "pair", "whole", "homes", "grid", "constant")}
    return Prices(**{**values, **more})


def summed(parts: Sequence[tuple[float, list[Prices]]], start: Prices) -> list[Prices]:
    """Add objectives up with their weights (0 or more): every choice of one of each one's prices."""
    weighed = [(weight, some) for weight, some in parts if weight]
    found = []
    for choice in product(*(some for _, some in weighed)):
        total = start
        for (weight, _), one in zip(weighed, choice, strict=True):
            total = Prices(
                total.unit + weight * one.unit,
                total.pair + weight * one.pair,
                total.whole + weight * one.whole,
                total.homes + weight * one.homes,
                total.grid + weight * one.grid,
                total.constant + weight * one.constant,
            )
        found.append(total)
    return found


def _retention(problem: Problem, nothing: Prices) -> list[Prices]:
    known = problem.weight * (problem.old >= 0)
    grids = np.unique(problem.old[problem.old >= 0])
    return [charge(nothing, unit=(known - problem.weight * (problem.old == g)).astype(float)) for g in grids]


def _deviation(problem: Problem, policy: Policy, ideal: Ideal) -> Floats:
    homes, band = np.arange(problem.total + 1), policy.band
    if band is not None and band.lower is not None and band.upper is not None:
        return np.abs(2 * homes - band.lower - band.upper).astype(np.float64)
    return np.abs(ideal.parts * homes - ideal.households).astype(np.float64)


def _moments(problem: Problem, nothing: Prices) -> list[Prices]:
    """Charge each home its squared distance to a box: no more than that to a centre inside."""
    xy = problem.xy - problem.xy.mean(axis=0)
    low, high = xy[problem.weight > 0].min(axis=0), xy[problem.weight > 0].max(axis=0)
    step = np.maximum((high - low) / BOXES, 1e-9)
    found = []
    for place in product(range(BOXES), range(BOXES)):
        corner = low + step * place
        off = np.maximum(np.maximum(corner - xy, xy - corner - step), 0.0)
        found.append(charge(nothing, unit=problem.weight * (off**2).sum(axis=1), constant=-1.0))
    return found


def _roundness(problem: Problem, nothing: Prices, rim: float) -> Prices:
    """Charge rim^2 / (4 pi area) by its tangent: it is convex in the rim and the area."""
    share = THOUSANDTHS / (4 * math.pi)
    unit = share * (2 * rim * problem.perimeter / DECIMETRES - rim**2 * problem.area)
    pair = -share * 4 * rim * problem.length / DECIMETRES
    return charge(nothing, unit=unit, pair=pair, constant=-1.0)
