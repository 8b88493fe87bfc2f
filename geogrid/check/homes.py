"""Check the homes: compounds, buildings and households in their grids."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

import shapely

if TYPE_CHECKING:
    from collections.abc import Iterator

    from geogrid.check.case import Case, Finding


def no_grid_mixes_parts_of_compounds(case: Case) -> Iterator[Finding]:
    """Demand that a grid with part of one compound holds nothing of another."""
    held: dict[int, list[str]] = defaultdict(list)
    for compound, grids in sorted(case.compound_grids.items()):
        for number in grids:
            held[number].append(compound)
    for number, names in sorted(held.items()):
        split = [name for name in names if len(case.compound_grids[name]) > 1]
        if split and len(names) > 1:
            words = f"grid {number} holds part of compound {split[0]} and something of {len(names) - 1} more"
            yield case.found("no_grid_mixes_parts_of_compounds", [number, *names], words)


def every_home_lies_in_one_grid(case: Case) -> Iterator[Finding]:
    """Demand that each building with homes is counted in one grid, that it stands there, and the sums."""
    name = "every_home_lies_in_one_grid"
    known = {building.id for building in case.buildings}
    ground = {
        number: shapely.union_all([u.geometry for u in units]) for number, units in case.members.items()
    }
    for building in sorted(case.buildings, key=lambda b: b.id):
        grids = case.grid_of_building.get(building.id, [])
        if building.households and len(grids) != 1:
            yield case.found(name, [building.id], f"building {building.id} lies in {len(grids)} grids")
        elif building.households and not building.geometry.intersects(ground[grids[0]]):
            words = f"building {building.id} is counted in grid {grids[0]} and does not stand there"
            yield case.found(name, [building.id, grids[0]], words)
    for building_id in sorted(set(case.grid_of_building) - known):
        yield case.found(name, [building_id], f"{building_id} is counted and is no building here")
    for number, units in case.members.items():
        told, counted = sum(unit.households for unit in units), case.homes[number]
        if told != counted:
            words = f"grid {number} is said to have {told} households; its buildings have {counted}"
            yield case.found(name, [number], words)
