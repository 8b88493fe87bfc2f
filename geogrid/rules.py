"""The rules of a division, as functions named by what they demand; each returns its breaches."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from geogrid import measures
from geogrid.units import UnitKind

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from geogrid.adjacency import UnitGraph
    from geogrid.plan import Plan
    from geogrid.policy import Policy


class State(StrEnum):
    """The three answers of a rule."""

    HOLDS = "holds"
    BROKEN = "broken"
    NOT_FINISHED = "not_finished"  # units are still without a grid, so it cannot be said


@dataclass(frozen=True, slots=True)
class Breach:
    """One place where a rule does not hold: grid numbers or unit and compound ids, by how much, in words."""

    rule: str
    where: tuple[str, ...]
    by: float
    words: str
    hard: bool = False


@dataclass(frozen=True, slots=True)
class Verdict:
    """A rule's answer."""

    rule: str
    state: State
    hard: bool
    breaches: tuple[Breach, ...] = ()


def every_unit_lies_in_one_grid(plan: Plan, graph: UnitGraph, policy: Policy) -> tuple[Breach, ...]:  # noqa: ARG001
    """Demand that the plan assigns exactly the community's units (hard)."""
    name = "every_unit_lies_in_one_grid"
    known = {unit.id for unit in graph.units}
    strangers = sorted(set(plan.assignment) - known)
    return tuple(Breach(name, (u,), 1, f"the community has no unit {u}", True) for u in strangers)


def every_grid_is_in_one_piece(plan: Plan, graph: UnitGraph, policy: Policy) -> tuple[Breach, ...]:
    """Demand that the units of a grid connect, not counting border along hard barriers (hard)."""
    beside: dict[str, list[str]] = defaultdict(list)
    for edge in graph.edges:
        metres = edge.open_m(policy.hard_barriers)
        if metres > 0 and metres >= policy.min_connection_m:
            beside[edge.a].append(edge.b)
            beside[edge.b].append(edge.a)
    known = {unit.id for unit in graph.units}
    found = []
    for grid, members in plan.members().items():
        count = len(pieces_of([unit for unit in members if unit in known], beside))
        if count > 1:
            words = f"grid {grid} lies in {count} pieces"
            found.append(Breach("every_grid_is_in_one_piece", (str(grid),), count - 1, words, True))
    return tuple(found)


def pieces_of(units: Iterable[str], beside: Mapping[str, Collection[str]]) -> list[tuple[str, ...]]:
    """Return the pieces that units fall into, each sorted, by their first unit."""
    left, found = set(units), []
    while left:
        first = min(left)
        left.discard(first)
        piece, stack = [first], [first]
        while stack:
            near = left.intersection(beside[stack.pop()])
            left -= near
            piece.extend(near)
            stack.extend(near)
        found.append(tuple(sorted(piece)))
    return found


def no_grid_mixes_parts_of_compounds(plan: Plan, graph: UnitGraph, policy: Policy) -> tuple[Breach, ...]:  # noqa: ARG001
    """Demand that a grid with part of one compound holds nothing of another (hard)."""
    grids, compounds = measures.compounds_by_grid(plan, graph)
    found = []
    for grid, names in sorted(compounds.items()):
        parts = sorted(name for name in names if len(grids[name]) > 1)
        if parts and len(names) > 1:
            words = f"grid {grid} holds part of compound {parts[0]} together with another compound"
            found.append(Breach("no_grid_mixes_parts_of_compounds", (str(grid),), len(parts), words, True))
    return tuple(found)


def the_number_of_grids_is_in_range(plan: Plan, graph: UnitGraph, policy: Policy) -> tuple[Breach, ...]:
    """Demand the policy's number of grids with homes."""
    name = "the_number_of_grids_is_in_range"
    count = len(measures.residential(plan, graph))
    low, high = policy.grids_min, policy.grids_max
    if low is not None and count < low:
        words = f"{count} grids with homes instead of at least {low}: {_why_few(graph, policy, count)}"
        return (Breach(name, (), low - count, words),)
    if high is not None and count > high:
        words = (
            f"{count} grids with homes instead of at most {high}: hard barriers or compounds keep them apart"
        )
        return (Breach(name, (), count - high, words),)
    return ()


def _why_few(graph: UnitGraph, policy: Policy, count: int) -> str:
    units = sum(unit.households > 0 for unit in graph.units)
    if units == 0:
        return "the community has no homes"
    if units < (policy.grids_min or 0):
        return f"the community has only {units} units with homes"
    return f"its units cannot be put together to more than {count} connected grids"


def households_lie_in_the_window(plan: Plan, graph: UnitGraph, policy: Policy) -> tuple[Breach, ...]:
    """Demand that the households of every grid with homes lie inside the policy's window."""
    ends = measures.window(plan, graph, policy)
    if ends is None:
        return ()
    lower, upper = ends
    found = []
    for grid, homes in measures.residential(plan, graph).items():
        by = max(lower - homes, homes - upper)
        if by > 0:
            side = f"{by} fewer than {lower}" if homes < lower else f"{by} more than {upper}"
            words = f"grid {grid} has {homes} households, {side}"
            found.append(Breach("households_lie_in_the_window", (str(grid),), by, words))
    return tuple(found)


def every_compound_is_one_grid(plan: Plan, graph: UnitGraph, policy: Policy) -> tuple[Breach, ...]:  # noqa: ARG001
    """Demand that no compound is split between grids and that none share a grid."""
    name = "every_compound_is_one_grid"
    grids, compounds = measures.compounds_by_grid(plan, graph)
    homes = measures.households_of(plan, graph)
    found = [
        Breach(name, (compound,), 1, f"compound {compound} is split between {len(numbers)} grids")
        for compound, numbers in sorted(grids.items())
        if len(numbers) > 1
    ]
    for grid, names in sorted(compounds.items()):
        if len(names) > 1 and homes[grid] > 0:
            words = f"grid {grid} joins {len(names)} compounds"
            found.append(Breach(name, (str(grid),), len(names) - 1, words))
    return tuple(found)


def no_grid_crosses_a_soft_barrier(plan: Plan, graph: UnitGraph, policy: Policy) -> tuple[Breach, ...]:
    """Demand that no two units of a grid touch only along a soft barrier."""
    homes = measures.households_of(plan, graph)
    crossed: dict[int, int] = defaultdict(int)
    for edge in graph.edges:
        grid = plan.assignment.get(edge.a)
        if grid is not None and grid == plan.assignment.get(edge.b) and homes[grid] > 0:
            crossed[grid] += measures.crosses_soft_barrier(edge, policy)
    name = "no_grid_crosses_a_soft_barrier"
    return tuple(
        Breach(
            name, (str(grid),), count, f"grid {grid} crosses a barrier between {count} pairs of neighbours"
        )
        for grid, count in sorted(crossed.items())
        if count
    )


def land_without_homes_is_apart(plan: Plan, graph: UnitGraph, policy: Policy) -> tuple[Breach, ...]:
    """Demand that land without homes forms grids of its own, where the policy has special-purpose grids."""
    if not policy.special_grids:
        return ()
    homes = measures.households_of(plan, graph)
    name = "land_without_homes_is_apart"
    return tuple(
        Breach(
            name,
            (unit.id,),
            1,
            f"land {unit.id} lies in grid {plan.assignment[unit.id]}, to connect its homes",
        )
        for unit in graph.units
        if unit.kind is UnitKind.LAND
        and unit.households == 0
        and unit.id in plan.assignment
        and homes[plan.assignment[unit.id]] > 0
    )


HARD = (every_unit_lies_in_one_grid, every_grid_is_in_one_piece, no_grid_mixes_parts_of_compounds)
BY_POLICY = (
    the_number_of_grids_is_in_range,
    households_lie_in_the_window,
    every_compound_is_one_grid,
    no_grid_crosses_a_soft_barrier,
    land_without_homes_is_apart,
)
RULES = HARD + BY_POLICY
COUNTING = (the_number_of_grids_is_in_range, households_lie_in_the_window)


def judge(plan: Plan, graph: UnitGraph, policy: Policy) -> tuple[Verdict, ...]:
    """Return every rule's answer; not finished while units have no grid and nothing is broken yet."""
    missing = any(unit.id not in plan.assignment for unit in graph.units)
    verdicts = []
    for rule in RULES:
        breaches = rule(plan, graph, policy)
        unsure = missing and (not breaches or rule in COUNTING)
        state = State.NOT_FINISHED if unsure else State.BROKEN if breaches else State.HOLDS
        verdicts.append(Verdict(rule.__name__, state, rule in HARD, () if unsure else breaches))
    return tuple(verdicts)


def breaches_of(plan: Plan, graph: UnitGraph, policy: Policy) -> tuple[Breach, ...]:
    """Return all breaches of all rules, hard ones first."""
    return tuple(breach for rule in RULES for breach in rule(plan, graph, policy))


def newly_broken(before: Plan, after: Plan, graph: UnitGraph, policy: Policy) -> tuple[Breach, ...]:
    """Return the breaches of hard rules in one plan that another has not in the same place."""
    known = {(one.rule, one.where) for one in breaches_of(before, graph, policy)}
    return tuple(
        one for one in breaches_of(after, graph, policy) if one.hard and (one.rule, one.where) not in known
    )
