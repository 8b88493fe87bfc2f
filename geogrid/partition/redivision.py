"""Re-divide with the least upheaval: what every moved household buys, from moving nobody to best balance."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import TYPE_CHECKING

from geogrid import measures
from geogrid.partition.division import Division, divide
from geogrid.policy import Band, Objective

if TYPE_CHECKING:
    from geogrid.adjacency import UnitGraph
    from geogrid.partition.locks import Locks
    from geogrid.plan import Plan
    from geogrid.policy import Policy


@dataclass(frozen=True, slots=True)
class Step:
    """One point of the curve: households moved, and the largest share by which a grid is off the ideal."""

    moved: int
    off: float
    division: Division


def redivision_curve(
    graph: UnitGraph,
    policy: Policy,
    incumbent: Plan,
    *,
    grids: int | None = None,
    locks: Locks | None = None,
    points: int = 12,
    time_limit_s: float = 60.0,
) -> tuple[Step, ...]:
    """Return the steps between "move nobody" and "best balance", none dominated by another.

    Each step has the fewest households moved among all plans whose grids lie at least as close to the ideal;
    ``division.proved`` says where that is proved. ``grids`` is the number of grids, by default that of the
    plan in force. The curve is exact where it has fewer than ``points`` steps; else it is thinned evenly.
    """
    deadline = time.monotonic() + time_limit_s
    count = grids or len(measures.residential(incumbent, graph)) or 1
    total = sum(unit.households for unit in graph.units)
    ideal = Fraction(total, count)
    steps: list[Step] = []
    off = _largest_off(incumbent, graph, ideal)
    best = _best_balance(graph, policy, incumbent, count, locks, deadline)
    while time.monotonic() < deadline:
        division = _fewest_moved(graph, policy, incumbent, count, ideal, off, locks, deadline)
        if division is None and not steps and off < total:
            # The plan in force is no plan of these units any more: nobody can stay.
            off = min(max(2 * off, ideal / 2), Fraction(total))
            continue
        if division is None:
            break
        reached = _largest_off(division.plan, graph, ideal)
        moved = measures.households_moved(division.plan, incumbent, graph)
        steps = [step for step in steps if step.moved < moved]
        steps.append(Step(moved, float(reached / ideal), division))
        width = max(reached - best, Fraction(0)) / max(points - len(steps), 1)
        off = reached - max(width, Fraction(1, count))
        if reached <= best or len(steps) >= points:
            break
    return tuple(steps)


def _largest_off(plan: Plan, graph: UnitGraph, ideal: Fraction) -> Fraction:
    homes = measures.residential(plan, graph).values()
    return max((abs(h - ideal) for h in homes), default=Fraction(0))


def _band_around(ideal: Fraction, off: Fraction) -> Band:
    return Band(lower=max(math.ceil(ideal - off), 0), upper=max(math.floor(ideal + off), 0))


def _fewest_moved(
    graph: UnitGraph,
    policy: Policy,
    incumbent: Plan,
    count: int,
    ideal: Fraction,
    off: Fraction,
    locks: Locks | None,
    deadline: float,
) -> Division | None:
    """Return the plan that moves fewest with every grid within ``off`` of the ideal; None: there is none."""
    band = _band_around(ideal, off)
    if (band.lower or 0) > (band.upper or 0):
        return None
    rest = tuple(o for o in policy.objectives if o not in (Objective.WINDOW, Objective.RETENTION))
    asked = replace(
        policy,
        grids_min=count,
        grids_max=count,
        band=band,
        objectives=(Objective.WINDOW, Objective.RETENTION, *rest),
    )
    left = max(deadline - time.monotonic(), 0.05)
    division = divide(graph, asked, incumbent=incumbent, locks=locks, time_limit_s=left)
    within = division.vector[Objective.WINDOW] == 0
    return division if within and len(measures.residential(division.plan, graph)) == count else None


def _best_balance(
    graph: UnitGraph, policy: Policy, incumbent: Plan, count: int, locks: Locks | None, deadline: float
) -> Fraction:
    """Return the least largest deviation that any plan has: by halving the window."""
    total = sum(unit.households for unit in graph.units)
    ideal = Fraction(total, count)
    low, high = 0, math.ceil(_largest_off(incumbent, graph, ideal)) + 1
    while low < high and time.monotonic() < deadline:
        middle = (low + high) // 2
        if _fewest_moved(graph, policy, incumbent, count, ideal, Fraction(middle), locks, deadline):
            high = middle
        else:
            low = middle + 1
    return Fraction(high)
