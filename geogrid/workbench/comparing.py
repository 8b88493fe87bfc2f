"""Compare two plans: what moves, from which grid to which, and what that means for homes and addresses."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from geogrid import measures

if TYPE_CHECKING:
    from collections.abc import Mapping

    from geogrid.adjacency import UnitGraph
    from geogrid.plan import Plan
    from geogrid.workbench.draft import Bench


@dataclass(frozen=True, slots=True)
class Flow:
    """The units that go from one grid to another, which is not its successor.

    ``source`` or ``target`` is 0 where a unit had no grid, or has none.
    """

    source: int
    target: int
    units: tuple[str, ...]
    households: int
    buildings: int
    addresses: int


@dataclass(frozen=True, slots=True)
class Comparison:
    """What changes between two plans of the same units.

    ``successors`` gives for each old grid the new one that keeps most of its households; ``founded`` are new
    grids that succeed none, ``ended`` old ones without a successor.
    """

    successors: Mapping[int, int]
    flows: tuple[Flow, ...]
    founded: tuple[int, ...]
    ended: tuple[int, ...]
    households: int
    addresses: int
    all_households: int

    @property
    def share(self) -> float:
        """Return the share of all households that change grid."""
        return self.households / self.all_households if self.all_households else 0.0


def compare(
    graph: UnitGraph, before: Plan, after: Plan, addresses: Mapping[str, int] | None = None
) -> Comparison:
    """Compare two plans of one community; ``addresses`` counts those of each building."""
    heirs = heirs_of(graph, before, after)
    flows = _flows(graph, before, after, heirs, addresses or {})
    return Comparison(
        successors=dict(sorted(heirs.items())),
        flows=flows,
        founded=tuple(sorted(set(after.assignment.values()) - set(heirs.values()))),
        ended=tuple(sorted(set(before.assignment.values()) - set(heirs))),
        households=sum(flow.households for flow in flows),
        addresses=sum(flow.addresses for flow in flows),
        all_households=sum(unit.households for unit in graph.units),
    )


def figures_of(bench: Bench, plan: Plan) -> dict[str, float]:
    """Return the plan's objectives in the policy's order, of itself alone, and its shapes."""
    vector = measures.objective_vector(plan, bench.graph, bench.policy)
    return {one.value: value for one, value in vector.items()} | measures.shapes(plan, bench.graph)


def heirs_of(graph: UnitGraph, before: Plan, after: Plan) -> dict[int, int]:
    """Return for each grid of ``before`` the one of ``after`` that succeeds it, if any does.

    Grids with homes are matched so that most households stay; what is left, special-purpose grids above all,
    by area.
    """
    heirs = measures.best_matching(shared_households(graph, before, after))
    areas: Counter[tuple[int, int]] = Counter()
    taken = set(heirs.values())
    for unit in graph.units:
        old, new = before.assignment.get(unit.id, 0), after.assignment.get(unit.id, 0)
        if old and new and old not in heirs and new not in taken:
            areas[old, new] += max(round(unit.geometry.area), 1)
    return heirs | measures.best_matching(areas)


def shared_households(graph: UnitGraph, before: Plan, after: Plan) -> Counter[tuple[int, int]]:
    """Return the households that lie in each pair of a grid of ``before`` and one of ``after``."""
    shared: Counter[tuple[int, int]] = Counter()
    for unit in graph.units:
        pair = before.assignment.get(unit.id, 0), after.assignment.get(unit.id, 0)
        if all(pair):
            shared[pair] += unit.households
    return shared


def _flows(
    graph: UnitGraph, before: Plan, after: Plan, heirs: Mapping[int, int], addresses: Mapping[str, int]
) -> tuple[Flow, ...]:
    moving: dict[tuple[int, int], list[str]] = {}
    for unit in graph.units:
        old, new = before.assignment.get(unit.id, 0), after.assignment.get(unit.id, 0)
        stays = old != 0 and heirs.get(old) == new
        if not stays and (old or new):
            moving.setdefault((old, new), []).append(unit.id)
    units = {unit.id: unit for unit in graph.units}
    return tuple(
        Flow(
            old,
            new,
            tuple(names),
            sum(units[name].households for name in names),
            sum(len(units[name].building_ids) for name in names),
            sum(addresses.get(building, 0) for name in names for building in units[name].building_ids),
        )
        for (old, new), names in sorted(moving.items())
    )
