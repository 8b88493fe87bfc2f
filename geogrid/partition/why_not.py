"""Why not? What forbids that a unit lies in a grid, or what it costs."""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from geogrid.errors import NoPlanError, NotFoundError
from geogrid.partition.division import Division, divide
from geogrid.partition.locks import Locks
from geogrid.partition.relaxations import COUNT, without_compounds
from geogrid.partition.sentences import Sentence
from geogrid.policy import Objective
from geogrid.rules import newly_broken

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from geogrid.adjacency import UnitGraph
    from geogrid.plan import Plan
    from geogrid.policy import Policy
    from geogrid.rules import Breach


@dataclass(frozen=True)
class Answer:
    """Why a unit does not lie in a grid.

    ``forbidden`` is where the bare move breaks hard rules. ``reason`` says why no plan of as many grids as
    the policy allows has the unit there. Where one has, ``costs`` is how much worse each
    objective gets in the best such ``plan``.
    """

    forbidden: tuple[Breach, ...]
    reason: Sentence | None = None
    costs: Mapping[str, float] = field(default_factory=dict)
    plan: Plan | None = None
    proved: bool = False


def why_not(
    graph: UnitGraph, policy: Policy, plan: Plan, unit: str, grid: int, *, time_limit_s: float = 30.0
) -> Answer:
    """Tell what forbids that ``unit`` lies in ``grid`` of ``plan``, or what it costs.

    The grid is known by its unit with most households, which stays in it.

    :raises NotFoundError: the plan has no such unit or grid.
    """
    members = plan.members()
    if unit not in plan.assignment:
        raise NotFoundError("unit", unit)
    if grid not in members:
        raise NotFoundError("grid", str(grid))
    deadline = time.monotonic() + time_limit_s
    homes = {one.id: one.households for one in graph.units}
    anchor = max(members[grid], key=lambda name: (homes.get(name, 0), name))
    asked = replace(policy, objectives=tuple(o for o in policy.objectives if o is not Objective.RETENTION))
    forbidden = newly_broken(plan, plan.move({unit: grid}), graph, policy)
    wish = _Wish(plan, unit, anchor, grid, deadline)
    try:
        wished = wish.best(graph, asked, 0.5)
    except NoPlanError as error:
        return Answer(forbidden, _reason(wish, graph, asked), proved=error.proved)
    free = divide(graph, asked, time_limit_s=max(deadline - time.monotonic(), 0.05))
    costs = {name: wished.vector[name] - free.vector[name] for name in free.vector}
    return Answer(forbidden, None, costs, wished.plan, wished.proved and free.proved)


@dataclass(frozen=True)
class _Wish:
    """That ``unit`` lies in one grid with ``anchor``, which is in ``grid`` of ``plan``."""

    plan: Plan
    unit: str
    anchor: str
    grid: int
    deadline: float

    def best(self, graph: UnitGraph, policy: Policy, share: float) -> Division:
        """Return the best plan that has it.

        :raises NoPlanError: there is none, or none was found in this share of the time left.
        """
        locks = Locks(units={self.unit: self.grid, self.anchor: self.grid})
        left = max(share * (self.deadline - time.monotonic()), 0.05)
        division = divide(graph, policy, incumbent=self.plan, locks=locks, time_limit_s=left)
        side = division.plan.assignment
        apart = side[self.unit] != side[self.anchor]  # Land without homes is no part of the problem.
        if apart or any(gave.rule == COUNT for gave in division.gave_way):
            raise NoPlanError(graph.community_id, proved=apart or division.proved)
        return division


def _reason(wish: _Wish, graph: UnitGraph, policy: Policy) -> Sentence:
    """Find the first rule without which a plan has it."""
    values: dict[str, str | int] = {"unit": wish.unit, "anchor": wish.anchor}
    for key, other, changed in _loosened(graph, policy):
        try:
            wish.best(other, changed, 0.3)
        except NoPlanError:
            continue
        return Sentence(f"no-plan-for-{key}", values)
    return Sentence("no-plan", values)


def _loosened(graph: UnitGraph, policy: Policy) -> Iterator[tuple[str, UnitGraph, Policy]]:
    yield "land", graph, replace(policy, special_grids=False)
    yield "parts", without_compounds(graph, {unit.compound_id for unit in graph.units}), policy
    yield "barriers", graph, replace(policy, hard_barriers=frozenset())
    yield "count", graph, replace(policy, grids_min=1, grids_max=None, band=None)
