"""Alternatives: several good plans that differ by a stated share of the households, none dominated."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import TYPE_CHECKING

from geogrid import measures
from geogrid.errors import NoPlanError
from geogrid.partition.division import Division, divide
from geogrid.partition.limits import LikenessLimit, ObjectiveLimit
from geogrid.policy import Objective

if TYPE_CHECKING:
    from collections.abc import Iterator

    from geogrid.adjacency import UnitGraph
    from geogrid.partition.limits import Limit
    from geogrid.plan import Plan
    from geogrid.policy import Policy

FINEST = 10_000
# Below their least value, 0, no plan can be.
FROM_ZERO = frozenset({Objective.WINDOW, Objective.ALIGNMENT, Objective.BARRIERS, Objective.DEVIATION})


_Box = tuple[tuple[Objective, Fraction], ...]


@dataclass
class _Search:
    """What is asked for, the plans found, and the best plan known in each box.

    A box says for some objectives below which value a plan must lie. The boxes together hold all plans that
    none of those found dominates.
    """

    graph: UnitGraph
    policy: Policy
    apart: int
    deadline: float
    found: list[Division]
    boxes: list[_Box]
    told: dict[_Box, Division | None] = field(default_factory=dict)
    proved: bool = True


def alternatives(
    graph: UnitGraph, policy: Policy, *, count: int = 3, share: float = 0.1, time_limit_s: float = 60.0
) -> tuple[Division, ...]:
    """Return up to ``count`` plans; any two differ by at least ``share`` of the households.

    The difference is ``measures.households_moved``, after the best matching of grids. The first plan is the
    best under the policy, each further one the best of all that differ enough from those before it and that
    none of them dominates: it is better than each in some objective. ``proved`` says whether that is proved.
    Fewer come back where there are no more, or the time is over.
    """
    deadline = time.monotonic() + time_limit_s
    first = divide(graph, policy, time_limit_s=time_limit_s / 2)
    total = sum(unit.households for unit in graph.units)
    if any(gave.rule == "the_number_of_grids_is_in_range" for gave in first.gave_way):
        made = len(measures.residential(first.plan, graph))
        policy = replace(policy, grids_min=made, grids_max=made)
    search = _Search(graph, policy, math.ceil(Fraction(str(share)) * total), deadline, [first], [()])
    while len(search.found) < count:
        search.boxes = list(dict.fromkeys(_split(search.boxes, search.found[-1])))
        best = _best_of_boxes(search)
        if best is None:
            break
        search.found.append(best)
    return tuple(search.found)


def _split(boxes: list[_Box], plan: Division) -> Iterator[_Box]:
    """Yield boxes in which every plan is better than ``plan`` in some objective."""
    values = {
        Objective(name): Fraction(value).limit_denominator(FINEST) for name, value in plan.vector.items()
    }
    for box in boxes:
        bounds = dict(box)
        if any(bounds.get(name, value + 1) <= value for name, value in values.items()):
            yield box
            continue
        for name, value in values.items():
            if value > 0 or name not in FROM_ZERO:
                yield tuple(sorted({**bounds, name: value}.items()))


def _best_of_boxes(search: _Search) -> Division | None:
    for box in search.boxes:
        known = search.told.get(box)
        if box not in search.told or (known is not None and _near(search, known.plan)):
            search.told[box] = _best_apart(search, box)
    plans = [plan for box in search.boxes if (plan := search.told[box]) is not None]
    if not plans:
        return None
    best = min(plans, key=lambda one: tuple(round(value, 6) for value in one.vector.values()))
    return replace(best, proved=best.proved and search.proved)


def _best_apart(search: _Search, box: _Box) -> Division | None:
    """Return the best plan of a box that differs enough from all found; None where there is none.

    Plans are first told apart at one unit of each grid, the one with most households. A plan that is still
    too near shows at which units it is: they make a further limit, and the next best plan is sought.
    """
    limits: list[Limit] = [ObjectiveLimit(name, value, below=True) for name, value in box]
    limits += [_alike(search, one.plan, one.plan) for one in search.found]
    while True:
        left = search.deadline - time.monotonic()
        if left <= 0:
            search.proved = False
            return None
        try:
            division = divide(search.graph, search.policy, time_limit_s=left, limits=limits)
        except NoPlanError as error:
            search.proved = search.proved and error.proved
            return None
        near = _near(search, division.plan)
        if not near:
            return division
        limits += [_alike(search, plan, division.plan) for plan in near]


def _near(search: _Search, plan: Plan) -> list[Plan]:
    """Return the plans found from which ``plan`` does not differ enough."""
    others = (one.plan for one in search.found)
    return [o for o in others if measures.households_moved(plan, o, search.graph) < search.apart]


def _alike(search: _Search, plan: Plan, other: Plan) -> LikenessLimit:
    """Return the limit that ``other`` breaks where it is too near to ``plan``, at their common units."""
    homes = {unit.id: unit.households for unit in search.graph.units}
    shared: dict[tuple[int, int], int] = {}
    for name, grid in plan.assignment.items():
        pair = grid, other.assignment[name]
        shared[pair] = shared.get(pair, 0) + homes[name]
    anchors = {}
    for pair in measures.best_matching(shared).items():
        common = [name for name, grid in plan.assignment.items() if (grid, other.assignment[name]) == pair]
        anchors[pair[0]] = max(common, key=lambda name: (homes[name], name))
    return LikenessLimit(plan.assignment, anchors, sum(homes.values()) - search.apart)
