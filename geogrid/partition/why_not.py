"""Why not? What forbids a wish, what it costs, and the least that would have to give way."""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from geogrid import measures
from geogrid.errors import NotFoundError, PlanError
from geogrid.partition.division import Division, divide
from geogrid.partition.locks import Locks
from geogrid.policy import Band, Objective, window_of
from geogrid.rules import breaches_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from geogrid.adjacency import UnitGraph
    from geogrid.plan import Plan
    from geogrid.policy import Policy


@dataclass(frozen=True, slots=True)
class Relaxation:
    """One way to make the rules hold together: which rule gives way, where, by how much, and in words."""

    rule: str
    where: tuple[str, ...]
    by: float
    words: str


@dataclass(frozen=True)
class Answer:
    """Why a unit does not lie in a grid.

    ``forbidden`` are the rules that the bare move breaks, in words. ``costs`` is how much worse each
    objective gets in the best plan that has the unit there (``plan``, None where no plan has).
    """

    forbidden: tuple[str, ...]
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
    before = set(breaches_of(plan, graph, policy))
    moved = plan.move({unit: grid})
    forbidden = tuple(b.words for b in breaches_of(moved, graph, policy) if b.hard and b not in before)
    homes = {one.id: one.households for one in graph.units}
    anchor = max(members[grid], key=lambda name: (homes[name], name))
    asked = replace(policy, objectives=tuple(o for o in policy.objectives if o is not Objective.RETENTION))
    try:
        wished = divide(
            graph,
            asked,
            incumbent=plan,
            locks=Locks(units={unit: grid, anchor: grid}),
            time_limit_s=time_limit_s / 2,
        )
    except PlanError:
        words = f"no plan has {unit} in one grid with {anchor}"
        return Answer((*forbidden, words), proved=True)
    free = divide(graph, asked, time_limit_s=time_limit_s / 2)
    costs = {name: wished.vector[name] - free.vector[name] for name in free.vector}
    return Answer(forbidden, costs, wished.plan, wished.proved and free.proved)


def relaxations(graph: UnitGraph, policy: Policy, *, time_limit_s: float = 30.0) -> tuple[Relaxation, ...]:
    """Return the least relaxations that would make the count and the window hold together; none if they do.

    Each is found by solving: the breach that is left with the policy as it is, the narrowest window that
    holds, the nearest number of grids whose window holds, and the units too large for any grid.
    """
    deadline = time.monotonic() + time_limit_s
    division = divide(graph, policy, time_limit_s=time_limit_s / 3)
    if not division.vector.get(Objective.WINDOW, 0.0):
        return ()
    found = [_breach(division, graph, policy)]
    found += _too_large(graph, policy)
    for search in (_narrowest_window, _nearest_count):
        one = search(graph, policy, deadline)
        if one is not None:
            found.append(one)
    return tuple(found)


def _breach(division: Division, graph: UnitGraph, policy: Policy) -> Relaxation:
    rule = "households_lie_in_the_window"
    where = tuple(g.where[0] for g in division.gave_way if g.rule == rule)
    by = measures.window_breach(division.plan, graph, policy)
    proof = "no plan has fewer" if division.proved else "the fewest found"
    return Relaxation(rule, where, by, f"allow {by} households outside the window; {proof}")


def _too_large(graph: UnitGraph, policy: Policy) -> Iterator[Relaxation]:
    total = sum(unit.households for unit in graph.units)
    ends = window_of(policy, total, policy.grids_min or policy.grids_max or 1)
    for unit in graph.units:
        if ends is not None and unit.households > ends[1]:
            by = unit.households - ends[1]
            name = unit.name or unit.id
            words = f"cut {name}: it alone has {unit.households} households, {by} more than a grid may have"
            yield Relaxation("households_lie_in_the_window", (unit.id,), by, words)


def _holds(graph: UnitGraph, policy: Policy, deadline: float) -> bool:
    left = max((deadline - time.monotonic()) / 3, 0.05)
    asked = replace(policy, objectives=(Objective.WINDOW, Objective.COMPACTNESS))
    division = divide(graph, asked, time_limit_s=left)
    in_range = not any(gave.rule == "the_number_of_grids_is_in_range" for gave in division.gave_way)
    return in_range and division.vector[Objective.WINDOW] == 0


def _narrowest_window(graph: UnitGraph, policy: Policy, deadline: float) -> Relaxation | None:
    """Find the least whole per cent of the ideal that a window must leave to each side."""
    band = policy.band
    if band is None or band.share is None:
        return None
    low, high = int(band.share * 100) + 1, 99
    if not _holds(graph, replace(policy, band=Band(share=high / 100)), deadline):
        return None
    while low < high and time.monotonic() < deadline:
        middle = (low + high) // 2
        if _holds(graph, replace(policy, band=Band(share=middle / 100)), deadline):
            high = middle
        else:
            low = middle + 1
    words = (
        f"widen the window to {high} % on each side of the ideal: then every rule of number and size holds"
    )
    return Relaxation("households_lie_in_the_window", (), high / 100 - band.share, words)


def _nearest_count(graph: UnitGraph, policy: Policy, deadline: float) -> Relaxation | None:
    low, high = policy.grids_min, policy.grids_max
    if low is None or high is None:
        return None
    for by in range(1, high):
        for count in (high + by, low - by):
            if count < 1 or time.monotonic() > deadline:
                continue
            asked = replace(policy, grids_min=count, grids_max=count)
            if _holds(graph, asked, deadline):
                words = f"form {count} grids instead of {low} to {high}: then all lie in the window"
                return Relaxation("the_number_of_grids_is_in_range", (), by, words)
        if time.monotonic() > deadline:
            break
    return None
