"""Limits: sums over the grids of a plan that must not exceed a number, as rows of the choice of grids.

They ask for what no objective in strict order can: a plan within a point of another's balance, better than
another in one objective, unlike another in a share of the households.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from geogrid.partition.objectives import costs_of, unit_sums

if TYPE_CHECKING:
    from collections.abc import Mapping
    from fractions import Fraction

    from geogrid.partition.legal_grids import Window
    from geogrid.partition.objectives import Ideal
    from geogrid.partition.problem import Ints, Masks, Problem
    from geogrid.policy import Objective, Policy

    Row = tuple[Ints, int]


@dataclass(frozen=True, slots=True)
class ObjectiveLimit:
    """An objective must be at most ``most``, or below it."""

    objective: Objective
    most: Fraction
    below: bool = False

    def row(self, problem: Problem, masks: Masks, window: Window, policy: Policy, ideal: Ideal) -> Row | None:
        """Return what each grid adds and the most of it; None where no plan can differ in this objective."""
        costs = costs_of(self.objective, problem, masks, window, policy, ideal)
        if costs is None:
            return None
        most = self.most * costs.scale - costs.constant
        return costs.cost, math.ceil(most) - 1 if self.below else math.floor(most)


@dataclass(frozen=True, slots=True)
class BreachLimit:
    """The households outside ``lower`` to ``upper``, summed over the grids, must be at most ``most``."""

    lower: Fraction
    upper: Fraction
    most: Fraction

    def row(self, problem: Problem, masks: Masks, window: Window, policy: Policy, ideal: Ideal) -> Row | None:  # noqa: ARG002
        """Return what each grid adds and the most of it, times the denominator of the bounds."""
        times = math.lcm(self.lower.denominator, self.upper.denominator)
        homes = times * unit_sums(masks, problem.weight)
        outside = np.maximum(int(times * self.lower) - homes, homes - int(times * self.upper))
        return np.maximum(outside, 0), math.floor(times * self.most)


@dataclass(frozen=True)
class LikenessLimit:
    """A plan must share at most so many households with another, counted at one unit of each of its grids.

    ``grid_of`` is the other plan, ``anchors`` names one unit in each of its grids. Each unit lies in one grid
    of any plan, so this matches the grids one to one, and the best matching shares no less.
    """

    grid_of: Mapping[str, int]
    anchors: Mapping[int, str]
    most: int

    def row(self, problem: Problem, masks: Masks, window: Window, policy: Policy, ideal: Ideal) -> Row | None:  # noqa: ARG002
        """Return the households that each grid shares at its anchors, and the most of them."""
        place = {name: i for i, name in enumerate(problem.ids)}
        old = np.array([self.grid_of.get(name, -1) for name in problem.ids], np.int64)
        shared = np.zeros(len(masks), np.int64)
        for grid, name in sorted(self.anchors.items()):
            holds = unit_sums(masks, (np.arange(problem.n) == place[name]).astype(np.int64))
            np.maximum(shared, holds * unit_sums(masks, problem.weight * (old == grid)), out=shared)
        return shared, self.most


Limit = ObjectiveLimit | BreachLimit | LikenessLimit
