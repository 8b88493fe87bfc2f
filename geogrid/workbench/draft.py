"""A draft: a plan while it is being re-divided, with the names, locks and reasons that go with it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache
from itertools import count
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from geogrid.partition import Locks
from geogrid.plan import Plan, derive_grid

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from geogrid.adjacency import UnitGraph
    from geogrid.plan import Grid
    from geogrid.policy import Policy
    from geogrid.units import Unit

DERIVED = 4096  # grids that are kept dissolved; one of them is a few kilobytes


@dataclass(frozen=True)
class Bench:
    """What a draft of one community lies on: its units, the policy, and the plan it is compared with."""

    graph: UnitGraph
    policy: Policy
    reference: Plan

    @cached_property
    def units(self) -> dict[str, Unit]:
        """Return the units by id."""
        return {unit.id: unit for unit in self.graph.units}

    @cached_property
    def compounds(self) -> dict[str, tuple[str, ...]]:
        """Return the unit ids of each compound, sorted."""
        found: dict[str, list[str]] = {}
        for unit in self.graph.units:
            if unit.compound_id:
                found.setdefault(unit.compound_id, []).append(unit.id)
        return {name: tuple(units) for name, units in found.items()}

    @cached_property
    def beside(self) -> dict[str, frozenset[str]]:
        """Return what a unit connects with: enough border that no hard barrier follows."""
        near: dict[str, set[str]] = {unit.id: set() for unit in self.graph.units}
        least = max(self.policy.min_connection_m, 1e-9)
        for edge in self.graph.edges:
            if edge.open_m(self.policy.hard_barriers) >= least:
                near[edge.a].add(edge.b)
                near[edge.b].add(edge.a)
        return {unit: frozenset(some) for unit, some in near.items()}

    @cached_property
    def _derive(self) -> Callable[[int, tuple[str, ...]], Grid]:
        sizes = {name: len(units) for name, units in self.compounds.items()}

        # A step changes a few grids of many; the others are the same as in the plan before it.
        @lru_cache(maxsize=DERIVED)
        def derive(number: int, members: tuple[str, ...]) -> Grid:
            units = [self.units[name] for name in members]
            return derive_grid(self.graph.community_id, number, units, sizes)

        return derive

    def grids(self, plan: Plan) -> tuple[Grid, ...]:
        """Return the grids of a plan by number, of those units that it assigns."""
        return tuple(self._derive(number, members) for number, members in plan.members().items())


@dataclass(frozen=True)
class Draft:
    """The state of a re-division. It is a value: every operation returns a new one.

    ``assignment`` may leave units out: they have no grid yet. ``opened`` are grids without units so far.
    ``reasons`` say why a compound is split, by compound id; ``purposes`` what a grid without homes is for.
    """

    community_id: str
    assignment: Mapping[str, int]
    names: Mapping[int, str] = field(default_factory=dict)
    purposes: Mapping[int, str] = field(default_factory=dict)
    reasons: Mapping[str, str] = field(default_factory=dict)
    opened: frozenset[int] = frozenset()
    locked_grids: frozenset[int] = frozenset()
    locked_units: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        for name in ("assignment", "names", "purposes", "reasons"):
            object.__setattr__(self, name, MappingProxyType(dict(getattr(self, name))))

    @cached_property
    def plan(self) -> Plan:
        """Return the plan, which lacks the units without a grid."""
        return Plan(self.community_id, self.assignment)

    @cached_property
    def members(self) -> dict[int, tuple[str, ...]]:
        """Return the unit ids of every grid, those without units too, both sorted."""
        return dict(sorted({**dict.fromkeys(self.opened, ()), **self.plan.members()}.items()))

    @property
    def locks(self) -> Locks:
        """Return the locks as the solver takes them, with this draft's plan as the one in force."""
        pinned = {
            unit: self.assignment[unit] for unit in sorted(self.locked_units) if unit in self.assignment
        }
        kept = frozenset(grid for grid in self.locked_grids if self.members.get(grid))
        return Locks(kept, pinned)

    def free_number(self) -> int:
        """Return the smallest number that no grid bears."""
        return next(number for number in count(1) if number not in self.members)

    def with_grids(self, assignment: Mapping[str, int], opened: frozenset[int] | None = None) -> Draft:
        """Return the draft with another assignment; what belongs to grids that are gone goes with them."""
        left = (self.opened if opened is None else opened) - set(assignment.values())
        alive = left | set(assignment.values())
        return replace(
            self,
            assignment=assignment,
            opened=left,
            names={grid: name for grid, name in self.names.items() if grid in alive},
            purposes={grid: text for grid, text in self.purposes.items() if grid in alive},
            locked_grids=self.locked_grids & alive,
        )

    def facts(self) -> dict[str, Any]:
        """Return the draft as JSON can write it, everything sorted."""
        return {
            "community": self.community_id,
            "assignment": dict(sorted(self.assignment.items())),
            "names": {str(grid): name for grid, name in sorted(self.names.items())},
            "purposes": {str(grid): text for grid, text in sorted(self.purposes.items())},
            "reasons": dict(sorted(self.reasons.items())),
            "opened": sorted(self.opened),
            "locked_grids": sorted(self.locked_grids),
            "locked_units": sorted(self.locked_units),
        }


def begin(bench: Bench) -> Draft:
    """Return the draft that equals the reference, as far as its units are still there."""
    known = {unit: grid for unit, grid in bench.reference.assignment.items() if unit in bench.units}
    return Draft(bench.graph.community_id, known)
