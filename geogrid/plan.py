"""A division plan: an assignment unit -> grid, from which everything else is derived."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING

from geogrid.errors import PlanError
from geogrid.units import UnitKind

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shapely import MultiPolygon, Polygon

    from geogrid.adjacency import UnitGraph


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
    raise NotImplementedError


__all__ = ["Alignment", "Grid", "GridKind", "Plan", "UnitKind", "derive_grids"]
