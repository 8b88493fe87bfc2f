"""Carry the plans in force over to the units of today: new compounds, demolished houses, merged communities.

Units are made anew whenever the data change, so ids alone do not tell who lived where. A unit lies in the
grid in force in which most of its buildings were; where it has none, most of its ground.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING

import numpy as np
import shapely

from geogrid.plan import Plan

if TYPE_CHECKING:
    from collections.abc import Iterable

    from geogrid.adjacency import UnitGraph
    from geogrid.units import Unit

LEAST_SHARE = 0.5  # of a unit's ground: with less of it known the unit is new


def carried_over(graph: UnitGraph, *in_force: tuple[UnitGraph, Plan]) -> Plan:
    """Return the plan in force of the units of ``graph``; units whose homes are all new are in none.

    Each pair is a community as it was and its plan; several of them are communities that were merged, and the
    numbers of their grids are made to differ. Geometry in metres in one plane.
    """
    old: list[Unit] = []
    grid_of: list[int] = []
    first = 0
    for before, plan in in_force:
        some = [unit for unit in before.units if unit.id in plan.assignment]
        old += some
        grid_of += [first + plan.assignment[unit.id] for unit in some]
        first += max(plan.assignment.values(), default=0)
    return Plan(graph.community_id, dict(_carried(graph.units, old, grid_of)))


def _carried(units: Iterable[Unit], old: list[Unit], grid_of: list[int]) -> Iterable[tuple[str, int]]:
    homes: dict[str, int] = {}
    for unit, grid in zip(old, grid_of, strict=True):
        homes.update(dict.fromkeys(unit.building_ids, grid))
    ground = shapely.STRtree([unit.geometry for unit in old])
    for unit in units:
        votes = Counter(homes[name] for name in unit.building_ids if name in homes)
        if not votes and not unit.building_ids:
            votes = _by_ground(unit, ground, old, grid_of)
        if votes:
            yield unit.id, min(votes, key=lambda grid: (-votes[grid], grid))


def _by_ground(unit: Unit, ground: shapely.STRtree, old: list[Unit], grid_of: list[int]) -> Counter[int]:
    """Count the square metres that a unit shares with each grid in force; nothing where it is mostly new."""
    shared: dict[int, float] = defaultdict(float)
    for i in ground.query(unit.geometry, predicate="intersects").tolist():
        shared[grid_of[i]] += shapely.intersection(unit.geometry, old[i].geometry).area
    known = sum(shared.values()) >= LEAST_SHARE * unit.geometry.area
    return Counter({grid: int(np.ceil(area)) for grid, area in shared.items() if area > 0} if known else {})
