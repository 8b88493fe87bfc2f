"""A division plan: an assignment unit -> grid, from which everything else is derived."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING, cast

import shapely

from geogrid.errors import PlanError
from geogrid.units import UnitKind

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from shapely import MultiPolygon, Polygon

    from geogrid.adjacency import UnitGraph
    from geogrid.units import Unit


class GridKind(StrEnum):
    """A grid with homes, or one of land without homes (专属网格)."""

    RESIDENTIAL = "residential"
    SPECIAL = "special"


class Alignment(StrEnum):
    """How a grid lies to the compounds."""

    WHOLE = "whole"  # one whole compound (and perhaps homes outside any)
    PART = "part"  # part of one compound
    JOINED = "joined"  # several whole compounds
    HOMES = "homes"  # only homes outside compounds
    SPECIAL = "special"  # no homes


@dataclass(frozen=True)
class Plan:
    """An assignment of every unit of one community to a grid, numbered from 1.

    A plan is a value: ``move`` returns a new one. Grid numbers are the last three digits of grid codes.
    """

    community_id: str
    assignment: Mapping[str, int]

    def __post_init__(self) -> None:
        object.__setattr__(self, "assignment", MappingProxyType(dict(self.assignment)))

    def __reduce__(self) -> tuple[type[Plan], tuple[str, dict[str, int]]]:
        """Travel between processes; a mapping proxy alone cannot be pickled."""
        return Plan, (self.community_id, dict(self.assignment))

    def move(self, units: Mapping[str, int]) -> Plan:
        """Return the plan in which each of ``units`` lies in the grid given for it.

        :raises PlanError: a unit is not in this plan.
        """
        strangers = sorted(set(units) - set(self.assignment))
        if strangers:
            raise PlanError(f"community {self.community_id} has no unit {', '.join(strangers)}")
        return Plan(self.community_id, {**self.assignment, **units})

    def members(self) -> dict[int, tuple[str, ...]]:
        """Return the unit ids of each grid, both sorted."""
        grids: dict[int, list[str]] = {}
        for unit, grid in sorted(self.assignment.items()):
            grids.setdefault(grid, []).append(unit)
        return {grid: tuple(units) for grid, units in sorted(grids.items())}


@dataclass(frozen=True, slots=True)
class Grid:
    """One grid, derived from a plan and its units. ``geometry`` in metres in the city's plane.

    ``compound_ids`` are the compounds it touches, sorted by households within the grid, largest first.
    """

    community_id: str
    number: int
    kind: GridKind
    alignment: Alignment
    unit_ids: tuple[str, ...]
    compound_ids: tuple[str, ...]
    building_ids: tuple[str, ...]
    households: int
    estimated: bool
    geometry: Polygon | MultiPolygon


def derive_grids(plan: Plan, graph: UnitGraph) -> tuple[Grid, ...]:
    """Return the grids of ``plan`` by number, their geometry dissolved from the units' tiles.

    :raises PlanError: the plan does not assign exactly the units of ``graph``.
    """
    strangers = {unit.id for unit in graph.units} ^ set(plan.assignment)
    if strangers:
        named = ", ".join(sorted(strangers)[:5])
        raise PlanError(f"the plan of community {plan.community_id} and its units differ: {named}")
    return grids_so_far(plan, graph)


def grids_so_far(plan: Plan, graph: UnitGraph) -> tuple[Grid, ...]:
    """Return the grids of a plan that may leave units out: a draft of which not all is done."""
    units = {unit.id: unit for unit in graph.units}
    sizes = Counter(unit.compound_id for unit in graph.units if unit.compound_id)
    return tuple(
        derive_grid(plan.community_id, number, [units[name] for name in members], sizes)
        for number, members in plan.members().items()
    )


def alignment_of(units: Sequence[Unit], sizes: Mapping[str, int]) -> Alignment:
    """Tell how a grid of ``units`` lies to the compounds; ``sizes`` counts the units of each compound."""
    if sum(unit.households for unit in units) == 0:
        return Alignment.SPECIAL
    here = Counter(unit.compound_id for unit in units if unit.compound_id)
    if not here:
        return Alignment.HOMES
    if any(count < sizes[compound] for compound, count in here.items()):
        return Alignment.PART
    return Alignment.WHOLE if len(here) == 1 else Alignment.JOINED


def derive_grid(community_id: str, number: int, units: Sequence[Unit], sizes: Mapping[str, int]) -> Grid:
    """Return the grid of ``units``; ``sizes`` counts the units of each compound in the community."""
    homes: Counter[str] = Counter()
    for unit in units:
        if unit.compound_id:
            homes[unit.compound_id] += unit.households
    alignment = alignment_of(units, sizes)
    return Grid(
        community_id=community_id,
        number=number,
        kind=GridKind.SPECIAL if alignment is Alignment.SPECIAL else GridKind.RESIDENTIAL,
        alignment=alignment,
        unit_ids=tuple(unit.id for unit in units),
        compound_ids=tuple(sorted(homes, key=lambda name: (-homes[name], name))),
        building_ids=tuple(sorted(name for unit in units for name in unit.building_ids)),
        households=sum(unit.households for unit in units),
        estimated=any(unit.estimated for unit in units),
        geometry=_dissolved(units),
    )


def _dissolved(units: Sequence[Unit]) -> Polygon | MultiPolygon:
    tiles = [unit.geometry for unit in units]
    # The coverage union keeps shared borders vertex for vertex; it needs tiles that do not overlap.
    merged = (
        shapely.coverage_union_all(tiles) if shapely.coverage_is_valid(tiles) else shapely.union_all(tiles)
    )
    return cast("Polygon | MultiPolygon", merged)


__all__ = [
    "Alignment",
    "Grid",
    "GridKind",
    "Plan",
    "UnitKind",
    "alignment_of",
    "derive_grid",
    "derive_grids",
    "grids_so_far",
]
