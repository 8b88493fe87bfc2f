"""What a grid costs under each objective: whole numbers, summed over the grids of a plan.

A plan's value is ``constant + sum of its grids' costs``, divided by ``scale``.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np
from numba import njit

from geogrid.partition.leftovers import ONE
from geogrid.partition.problem import DECIMETRES
from geogrid.policy import Compactness, Objective

if TYPE_CHECKING:
    from geogrid.partition.legal_grids import Window
    from geogrid.partition.problem import Floats, Ints, Masks, Problem
    from geogrid.policy import Policy

THOUSANDTHS = 1000


@dataclass(frozen=True, slots=True)
class Ideal:
    """All households of the community and its number of grids (0: follows from the rest)."""

    households: int
    parts: int


@dataclass(frozen=True, slots=True)
class Costs:
    """One objective over a list of legal grids."""

    objective: Objective
    cost: Ints
    constant: int = 0
    scale: int = 1

    def value(self, chosen: Ints) -> Fraction:
        """Return the value of a plan whose grids are at ``chosen``."""
        return self.value_of(int(self.cost[chosen].sum()))

    def value_of(self, total: int) -> Fraction:
        """Return the value of a plan whose grids' costs sum to ``total``."""
        return Fraction(total + self.constant, self.scale)


def costs_of(
    objective: Objective, problem: Problem, masks: Masks, window: Window, policy: Policy, ideal: Ideal
) -> Costs | None:
    """Return what each grid costs, None where the objective cannot tell plans apart here.

    Retention is not a sum over grids alone; ``retention.py`` has it.
    """
    homes = unit_sums(masks, problem.weight)
    if objective is Objective.WINDOW:
        over = np.maximum(homes - window.upper, 0)
        return Costs(objective, np.maximum(over, window.lower - homes)) if policy.band else None
    if objective is Objective.ALIGNMENT:
        return _alignment(problem, masks)
    if objective is Objective.BARRIERS:
        return Costs(objective, pair_sums(masks, problem.pairs, problem.crossing))
    if objective is Objective.COMPACTNESS:
        return _compactness(problem, masks, policy.compactness, ideal.parts)
    if objective is Objective.DEVIATION:
        return _deviation(homes, policy, ideal)
    return None


def _alignment(problem: Problem, masks: Masks) -> Costs:
    whole, large = compounds_inside(masks, problem.compound, problem.size)
    torn = int((problem.size > 1).sum())
    return Costs(Objective.ALIGNMENT, np.maximum(whole - 1, 0) - large, torn)


def _compactness(problem: Problem, masks: Masks, kind: Compactness, parts: int) -> Costs:
    inside = pair_sums(masks, problem.pairs, problem.length)
    if kind is Compactness.BORDER:
        return Costs(Objective.COMPACTNESS, -inside, int(problem.length.sum()), DECIMETRES)
    if kind is Compactness.MOMENT:
        return Costs(Objective.COMPACTNESS, moments(problem, masks))
    rim = (unit_sums(masks, problem.perimeter) - 2 * inside) / DECIMETRES
    area = _unit_float_sums(masks, problem.area)
    inverse = rim * rim / (4 * math.pi * np.maximum(area, 1e-9))
    return Costs(
        Objective.COMPACTNESS, np.rint(inverse * THOUSANDTHS).astype(np.int64), 0, THOUSANDTHS * max(parts, 1)
    )


def moments(problem: Problem, masks: Masks) -> Ints:
    """Return the household-weighted moment of inertia about the grid's own centre, in square metres."""
    x, y = problem.xy.T - problem.xy.mean(axis=0)[:, None]
    w = problem.weight.astype(np.float64)
    homes = np.maximum(_unit_float_sums(masks, w), 1.0)
    square = _unit_float_sums(masks, w * (x * x + y * y))
    centre = _unit_float_sums(masks, w * x) ** 2 + _unit_float_sums(masks, w * y) ** 2
    return np.rint(square - centre / homes).astype(np.int64)


def _deviation(homes: Ints, policy: Policy, ideal: Ideal) -> Costs | None:
    band = policy.band
    if band is not None and band.lower is not None and band.upper is not None:
        return Costs(Objective.DEVIATION, np.abs(2 * homes - band.lower - band.upper), 0, 2)
    if ideal.parts == 0:
        return None
    return Costs(Objective.DEVIATION, np.abs(ideal.parts * homes - ideal.households), 0, ideal.parts)


@njit(cache=True)
def unit_sums(masks: Masks, value: Ints) -> Ints:
    """Sum a number over the units of each set."""
    out = np.zeros(len(masks), np.int64)
    for i in range(len(masks)):
        for u in range(len(value)):
            if (masks[i, u >> 6] >> np.uint64(u & 63)) & ONE:
                out[i] += value[u]
    return out


@njit(cache=True)
def _unit_float_sums(masks: Masks, value: Floats) -> Floats:
    out = np.zeros(len(masks), np.float64)
    for i in range(len(masks)):
        for u in range(len(value)):
            if (masks[i, u >> 6] >> np.uint64(u & 63)) & ONE:
                out[i] += value[u]
    return out


@njit(cache=True)
def pair_sums(masks: Masks, pairs: Ints, value: Ints) -> Ints:
    """Sum a number over the neighbours that lie together in each set."""
    out = np.zeros(len(masks), np.int64)
    for i in range(len(masks)):
        for e in range(len(pairs)):
            a, b = pairs[e, 0], pairs[e, 1]
            both = (masks[i, a >> 6] >> np.uint64(a & 63)) & (masks[i, b >> 6] >> np.uint64(b & 63))
            if both & ONE:
                out[i] += value[e]
    return out


@njit(cache=True)
def compounds_inside(masks: Masks, compound: Ints, size: Ints) -> tuple[Ints, Ints]:
    """Count the compounds that each set touches, and the whole ones among them that have several units."""
    touched = np.zeros(len(masks), np.int64)
    large = np.zeros(len(masks), np.int64)
    here = np.zeros(len(size), np.int64)
    for i in range(len(masks)):
        here[:] = 0
        for u in range(len(compound)):
            if compound[u] >= 0 and (masks[i, u >> 6] >> np.uint64(u & 63)) & ONE:
                here[compound[u]] += 1
        for c in range(len(size)):
            touched[i] += here[c] > 0
            large[i] += size[c] > 1 and here[c] == size[c]
    return touched, large
