"""Cut a community into basic units that tile it exactly."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from shapely import MultiPolygon, Polygon


class UnitKind(StrEnum):
    """What a basic unit is."""

    COMPOUND = "compound"  # a whole compound
    GROUP = "group"  # a building group of a large compound
    HOMES = "homes"  # a cluster of homes outside any compound
    LAND = "land"  # land without homes


@dataclass(frozen=True, slots=True)
class Unit:
    """An indivisible piece of a community: no grid border runs through it.

    ``geometry`` is in metres in the city's plane. ``households`` is a count; ``estimated`` says that part
    of it was estimated. ``compound_id`` is empty for homes outside a compound and for land.
    """

    id: str
    community_id: str
    kind: UnitKind
    geometry: Polygon | MultiPolygon
    households: int
    name: str = ""
    compound_id: str = ""
    estimated: bool = False
    building_ids: tuple[str, ...] = ()
