"""Carry a plan over to newer units of the same community: every unit to the grid most of it lay in."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import shapely

from geogrid.plan import Plan

if TYPE_CHECKING:
    from geogrid.adjacency import UnitGraph
    from geogrid.units import Unit


def carried(plan: Plan, old: UnitGraph, new: UnitGraph) -> Plan:
    """Return the plan on the units of ``new``; a unit with homes that were not there before has no grid.

    A unit that is unchanged keeps its grid. Else the buildings that it shares with the old units decide, and
    for land without homes the common area.
    """
    before = {unit.id: unit for unit in old.units}
    grid_of = {b: plan.assignment[u.id] for u in old.units if u.id in plan.assignment for b in u.building_ids}
    tree = shapely.STRtree([unit.geometry for unit in old.units])
    found: dict[str, int] = {}
    for unit in new.units:
        same = before.get(unit.id)
        if same is not None and same.building_ids == unit.building_ids and unit.id in plan.assignment:
            found[unit.id] = plan.assignment[unit.id]
            continue
        shares = Counter(grid_of[b] for b in unit.building_ids if b in grid_of)
        if not shares and not unit.households:
            shares = _by_area(unit, plan, old, tree)
        if shares:
            found[unit.id] = min(shares, key=lambda grid: (-shares[grid], grid))
    return Plan(plan.community_id, found)


def _by_area(unit: Unit, plan: Plan, old: UnitGraph, tree: shapely.STRtree) -> Counter[int]:
    shares: Counter[int] = Counter()
    for at in tree.query(unit.geometry, predicate="intersects"):
        grid = plan.assignment.get(old.units[at].id)
        area = shapely.intersection(unit.geometry, old.units[at].geometry).area
        if grid is not None and area > 1:
            shares[grid] += round(area)
    return shares
