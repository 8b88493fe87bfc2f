"""Number the grids of a plan from west to east, then from north to south."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import shapely

from geogrid.codes import number_west_to_east
from geogrid.plan import Plan

if TYPE_CHECKING:
    from collections.abc import Sequence

    from geogrid.adjacency import UnitGraph


def numbered(graph: UnitGraph, groups: Sequence[Sequence[str]]) -> Plan:
    """Return the plan of these groups of unit ids; grids with homes are numbered before special ones."""
    units = {unit.id: unit for unit in graph.units}

    def centre(group: Sequence[str]) -> tuple[float, float]:
        tiles = [units[name].geometry for name in group]
        area = sum(tile.area for tile in tiles) or 1.0
        spots = [(tile.area, shapely.centroid(tile)) for tile in tiles]
        return sum(w * spot.x for w, spot in spots) / area, sum(w * spot.y for w, spot in spots) / area

    order: list[Sequence[str]] = []
    for homes in (True, False):
        some = [group for group in groups if any(units[name].households for name in group) is homes]
        places = np.array([centre(group) for group in some]).reshape(-1, 2)
        order += [some[i] for i in number_west_to_east(places, [min(group) for group in some])]
    return Plan(graph.community_id, {name: n for n, group in enumerate(order, start=1) for name in group})
