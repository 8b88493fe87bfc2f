"""What is known so far of one community's best plan: how good it is, and what no plan can beat."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from geogrid.partition.bounds import counted, floors, window_for
from geogrid.partition.objectives import Ideal
from geogrid.partition.problem import mask_of
from geogrid.partition.stages import values_of
from geogrid.policy import Objective

if TYPE_CHECKING:
    from collections.abc import Callable
    from fractions import Fraction

    from geogrid.partition.problem import Problem
    from geogrid.policy import Policy

    Group = tuple[int, ...]
    Vector = tuple[Fraction, ...]


class Standing:
    """The best plan so far, and for each number of grids still in question a vector that no plan beats.

    Engines write into it as they go, and ``told`` is called at each gain: so the answer can be taken at any
    moment.
    """

    def __init__(self, problem: Problem, policy: Policy, told: Callable[[Standing], object]) -> None:
        self.problem = problem
        self.policy = policy
        self.groups: list[Group] = []
        self.parts = 0
        self.vector: Vector = ()
        self.least: dict[int, Vector] = {}
        self.engine = "none"
        # Numbers of grids that come before this one, but of which no plan was found or denied.
        self.missed: set[int] = set()
        self._told = told

    def open(self, parts: int) -> None:
        """Begin with a number of grids: of it only the floors are known."""
        self.least.setdefault(parts, floors(self.problem, self.policy, parts))

    def beaten(self, parts: int) -> bool:
        """Tell whether no plan of ``parts`` grids can be better than the best known."""
        if parts not in self.least:
            return True
        return bool(self.groups) and self.vector <= self.least[parts]

    def offer(self, parts: int, groups: list[Group], engine: str) -> bool:
        """Take a plan if it is better than the best known."""
        vector = self.vector_of(parts, groups)
        names = counted(self.problem, self.policy, parts)
        if self.problem.window_holds and dict(zip(names, vector, strict=True)).get(Objective.WINDOW):
            return False
        if self.groups and self.vector <= vector:
            return False
        self.groups, self.parts, self.vector, self.engine = sorted(groups), parts, vector, engine
        self._told(self)
        return True

    def raise_floor(self, parts: int, least: Vector) -> None:
        """Take a better vector that no plan of ``parts`` grids beats."""
        if parts in self.least and least > self.least[parts]:
            before = self.floor
            self.least[parts] = least
            if self.groups and self.floor != before:
                self._told(self)

    def raise_at(self, parts: int, place: int, value: Fraction) -> None:
        """Take a bound on the objective at ``place``, those before it being at their floors.

        What was known of the later ones held only as long as this one stayed at its floor.
        """
        least = self.least.get(parts)
        if least is None or value <= least[place]:
            return
        names = counted(self.problem, self.policy, parts)
        known = dict(zip(names[: place + 1], (*least[:place], value), strict=True))
        breach = known.get(Objective.WINDOW)
        rest = floors(self.problem, self.policy, parts, None if breach is None else math.ceil(breach))
        self.raise_floor(parts, (*least[:place], value, *rest[place + 1 :]))

    def no_better(self, parts: int) -> None:
        """Note that no plan of ``parts`` grids is better than the best known, or none at all."""
        if self.groups:
            self.raise_floor(parts, self.vector)
        else:
            self.least.pop(parts)

    def vector_of(self, parts: int, groups: list[Group]) -> Vector:
        """Return the values of a plan, as the solver counts them."""
        masks = np.array([mask_of(group, self.problem.words) for group in groups])
        window, ideal = window_for(self.problem, self.policy, parts), Ideal(self.problem.total, parts)
        return values_of(self.problem, self.policy, window, ideal, masks)

    @property
    def floor(self) -> Vector:
        """Return a vector that no plan beats; the best plan's own where it is proved."""
        least = min(self.least.values(), default=self.vector)
        return min(least, self.vector) if self.groups else least

    @property
    def proved(self) -> bool:
        """Tell whether no plan is better."""
        return not self.missed and (not self.groups or self.vector <= self.floor)

    def slack(self) -> dict[Objective, float]:
        """Return how far each objective is from the least still possible with those before it as they are."""
        names = counted(self.problem, self.policy, self.parts)
        if self.proved:
            return dict.fromkeys(names, 0.0)
        values = dict(zip(names, self.vector, strict=True))
        breach = int(values.get(Objective.WINDOW, 0))
        alone = [
            floors(self.problem, self.policy, parts, breach)
            for parts in sorted({*self.least, *self.missed, self.parts})
        ]
        found: dict[Objective, float] = {}
        level = not self.missed
        for place, name in enumerate(names):
            bound = self.floor[place] if level else min(one[place] for one in alone)
            found[name] = max(float(self.vector[place] - bound), 0.0)
            level = level and bound == self.vector[place]
        return found
