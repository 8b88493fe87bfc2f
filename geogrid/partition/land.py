"""Which land without homes joins the homes, and which forms special-purpose grids."""

from __future__ import annotations

from typing import TYPE_CHECKING

from geogrid.partition.locks import Locks, check_kept, locked
from geogrid.partition.problem import Problem, build_problem, pieces, restrict
from geogrid.policy import Policy, window_of
from geogrid.units import UnitKind

if TYPE_CHECKING:
    from geogrid.adjacency import UnitGraph
    from geogrid.plan import Plan


def household_problem(
    graph: UnitGraph, policy: Policy, incumbent: Plan | None = None, locks: Locks | None = None
) -> tuple[Problem, list[list[str]]]:
    """Return the household problem and the special-purpose grids, which are given by the land alone."""
    everything = build_problem(graph, policy, dict(incumbent.assignment) if incumbent is not None else {})
    homes, land = _split_land(everything, graph, policy)
    problem = locked(restrict(everything, homes), locks, incumbent)
    check_kept(problem)
    return problem, [[everything.ids[i] for i in piece] for piece in pieces(everything, land)]


def _split_land(problem: Problem, graph: UnitGraph, policy: Policy) -> tuple[list[int], list[int]]:
    """Return the units of the household problem and those of the special grids, both ascending."""
    if problem.total == 0:
        return [], list(range(problem.n))
    land = [i for i, unit in enumerate(graph.units) if unit.kind is UnitKind.LAND and unit.households == 0]
    homes = sorted(set(range(problem.n)) - set(land))
    without = [piece for piece in pieces(problem, range(problem.n)) if not problem.weight[list(piece)].any()]
    alone = {i for piece in without for i in piece}
    if not policy.special_grids:
        return [i for i in range(problem.n) if i not in alone], sorted(alone)
    bridges = _bridges(problem, homes, land, policy)
    homes = sorted((set(homes) | bridges) - alone)
    return homes, sorted(set(range(problem.n)) - set(homes))


def _bridges(problem: Problem, homes: list[int], land: list[int], policy: Policy) -> set[int]:
    """Return the land that must join homes: it lies between pieces of which one is too small alone."""
    place = {i: n for n, piece in enumerate(pieces(problem, homes)) for i in piece}
    households = [0] * (max(place.values()) + 1)
    for i, piece_number in place.items():
        households[piece_number] += int(problem.weight[i])
    window = window_of(policy, problem.total, policy.grids_max or 1)
    least = window[0] if window else 1
    found: set[int] = set()
    for piece in pieces(problem, land):
        inside = set(piece)
        pairs = problem.pairs[problem.open].tolist()
        touched = {place[b] for a, b in pairs if a in inside and b in place}
        touched |= {place[a] for a, b in pairs if b in inside and a in place}
        if len(touched) > 1 and min(households[t] for t in touched) < least:
            found |= inside
    return found
