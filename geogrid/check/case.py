"""What one community's plan is judged by, and what may be found wrong with it."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from geogrid.model import Barrier, Building, Community, Compound
    from geogrid.policy import Policy
    from geogrid.units import Unit


@dataclass(frozen=True, slots=True)
class Finding:
    """Something wrong with a plan: the rule it breaks, the ids or grid numbers concerned, and a sentence."""

    rule: str
    community_id: str
    where: tuple[str, ...]
    words: str


class Excuse(Protocol):
    """A rule that is said to have given way: which, where (grid numbers or ids), by how much, in words."""

    @property
    def rule(self) -> str:
        """The rule's name."""

    @property
    def where(self) -> tuple[str, ...]:
        """Grid numbers or ids."""

    @property
    def by(self) -> float:
        """How much."""

    @property
    def words(self) -> str:
        """The reason."""


@dataclass(frozen=True)
class Case:
    """Everything that one community's plan is judged by."""

    community: Community
    units: tuple[Unit, ...]
    assignment: Mapping[str, int]
    compounds: tuple[Compound, ...]
    buildings: tuple[Building, ...]
    barriers: tuple[Barrier, ...]
    policy: Policy
    gave_way: tuple[Excuse, ...] | None
    codes: Mapping[int, str] | None

    @cached_property
    def members(self) -> dict[int, list[Unit]]:
        """The units of each grid."""
        grids: dict[int, list[Unit]] = defaultdict(list)
        for unit in self.units:
            if unit.id in self.assignment:
                grids[self.assignment[unit.id]].append(unit)
        return dict(sorted(grids.items()))

    @cached_property
    def grid_of_building(self) -> dict[str, list[int]]:
        """The grids that count each building."""
        grids: dict[str, list[int]] = defaultdict(list)
        for number, units in self.members.items():
            for unit in units:
                for building in unit.building_ids:
                    grids[building].append(number)
        return grids

    @cached_property
    def homes(self) -> dict[int, int]:
        """The households of each grid, counted from its buildings, and from compounds without any."""
        built = {building.compound_id for building in self.buildings}
        stated = {c.id: c.households or 0 for c in self.compounds if c.id not in built}
        homes = dict.fromkeys(self.members, 0)
        for building in self.buildings:
            for number in self.grid_of_building.get(building.id, ()):
                homes[number] += building.households
        for number, units in self.members.items():
            for compound in {unit.compound_id for unit in units} & set(stated):
                homes[number] += stated.pop(compound)
        return homes

    @cached_property
    def compound_grids(self) -> dict[str, set[int]]:
        """The grids in which each compound has land or homes."""
        grids: dict[str, set[int]] = defaultdict(set)
        for number, units in self.members.items():
            for unit in units:
                if unit.compound_id:
                    grids[unit.compound_id].add(number)
        known = {compound.id for compound in self.compounds}
        for building in self.buildings:
            if building.households and building.compound_id in known:
                grids[building.compound_id].update(self.grid_of_building.get(building.id, ()))
        return grids

    def found(self, rule: str, where: Iterable[object], words: str) -> Finding:
        """Return a finding in this community."""
        return Finding(rule, self.community.id, tuple(str(thing) for thing in where), words)
