"""Named measures of plans: what the solver optimises, what the planner sees and what the tests check.

Everything here is computed from the plan and the units alone, without any of the solver's arrays, so that it
can judge the solver's answer.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING

import shapely

from geogrid.plan import GridKind, grids_so_far
from geogrid.policy import Compactness, Objective, window_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from geogrid.adjacency import Edge, UnitGraph
    from geogrid.plan import Grid, Plan
    from geogrid.policy import Policy
    from geogrid.units import Unit


@dataclass(frozen=True, slots=True)
class Measure:
    """A measure of one grid: smaller or larger is better as ``better`` says; ``source`` where it is from."""

    name: str
    version: int
    unit: str
    better: str
    words: str
    of: Callable[[Grid], float]
    source: str = ""


def polsby_popper(grid: Grid) -> float:
    """Return 4 pi A / P^2: 1 for a circle (Polsby and Popper 1991)."""
    rim = grid.geometry.length
    return 4 * math.pi * grid.geometry.area / (rim * rim) if rim else 0.0


def reock(grid: Grid) -> float:
    """Return the area over that of the smallest enclosing circle (Reock 1961)."""
    radius = float(shapely.minimum_bounding_radius(grid.geometry))
    return grid.geometry.area / (math.pi * radius * radius) if radius else 0.0


def convex_hull_ratio(grid: Grid) -> float:
    """Return the area over that of the convex hull."""
    hull = grid.geometry.convex_hull.area
    return grid.geometry.area / hull if hull else 0.0


MEASURES: tuple[Measure, ...] = (
    Measure("households", 1, "households", "", "homes in the grid", lambda grid: float(grid.households)),
    Measure("area", 1, "m2", "", "area of the grid", lambda grid: grid.geometry.area),
    Measure("polsby-popper", 1, "", "larger", "4 pi A / P^2", polsby_popper, "Polsby and Popper 1991"),
    Measure("reock", 1, "", "larger", "share of the smallest enclosing circle", reock, "Reock 1961"),
    Measure("convex-hull-ratio", 1, "", "larger", "share of the convex hull", convex_hull_ratio),
)


def shapes(plan: Plan, graph: UnitGraph) -> dict[str, float]:
    """Return what is told of a plan's shapes beside its objectives.

    ``cut-edges`` counts neighbours in two grids, the others are medians over the grids with homes, if any.
    """
    grids = _with_homes(plan, graph)
    scores = [one for one in MEASURES if one.better] if grids else []
    medians = {one.name: median(one.of(grid) for grid in grids) for one in scores}
    return {"cut-edges": float(cut_edges(plan, graph)), **medians}


def _with_homes(plan: Plan, graph: UnitGraph) -> list[Grid]:
    return [grid for grid in grids_so_far(plan, graph) if grid.kind is GridKind.RESIDENTIAL]


def households_of(plan: Plan, graph: UnitGraph) -> dict[int, int]:
    """Return the households of each grid by number; a special-purpose grid has 0."""
    homes = dict.fromkeys(sorted(set(plan.assignment.values())), 0)
    for unit in graph.units:
        if unit.id in plan.assignment:
            homes[plan.assignment[unit.id]] += unit.households
    return homes


def residential(plan: Plan, graph: UnitGraph) -> dict[int, int]:
    """Return the households of the grids that have any."""
    return {grid: homes for grid, homes in households_of(plan, graph).items() if homes > 0}


def window(plan: Plan, graph: UnitGraph, policy: Policy) -> tuple[int, int] | None:
    """Return the household window that the policy sets for this number of grids."""
    homes = residential(plan, graph)
    return window_of(policy, sum(homes.values()), len(homes))


def window_breach(plan: Plan, graph: UnitGraph, policy: Policy) -> int:
    """Sum the households by which grids lie outside the window."""
    ends = window(plan, graph, policy)
    if ends is None:
        return 0
    homes = residential(plan, graph).values()
    return sum(max(ends[0] - h, h - ends[1], 0) for h in homes)


def compounds_by_grid(plan: Plan, graph: UnitGraph) -> tuple[dict[str, set[int]], dict[int, set[str]]]:
    """Return the grids of each compound and the compounds of each grid."""
    grids: dict[str, set[int]] = defaultdict(set)
    compounds: dict[int, set[str]] = defaultdict(set)
    for unit in graph.units:
        if unit.compound_id and unit.id in plan.assignment:
            grids[unit.compound_id].add(plan.assignment[unit.id])
            compounds[plan.assignment[unit.id]].add(unit.compound_id)
    return dict(grids), dict(compounds)


def compounds_split(plan: Plan, graph: UnitGraph) -> int:
    """Count the compounds that lie in more than one grid."""
    return sum(len(grids) > 1 for grids in compounds_by_grid(plan, graph)[0].values())


def compounds_joined(plan: Plan, graph: UnitGraph) -> int:
    """Count the compounds that share a grid beyond the first of each grid with homes."""
    homes = households_of(plan, graph)
    by_grid = compounds_by_grid(plan, graph)[1]
    return sum(len(compounds) - 1 for grid, compounds in by_grid.items() if homes[grid] > 0)


def crosses_soft_barrier(edge: Edge, policy: Policy) -> bool:
    """Tell whether two connected units lie on two sides of a soft barrier."""
    least = max(policy.min_connection_m, 1e-9)
    both = policy.hard_barriers | policy.soft_barriers
    return edge.open_m(policy.hard_barriers) >= least > edge.open_m(both)


def barriers_crossed(plan: Plan, graph: UnitGraph, policy: Policy) -> int:
    """Count the neighbours in one grid with homes that only touch along a soft barrier."""
    homes = households_of(plan, graph)
    return sum(
        crosses_soft_barrier(edge, policy)
        for edge in _inner(plan, graph)
        if homes[plan.assignment[edge.a]] > 0
    )


def inner_border_m(plan: Plan, graph: UnitGraph) -> float:
    """Sum the metres of border between grids, each border rounded to whole decimetres."""
    return sum(round(edge.length_m * 10) for edge in _cut(plan, graph)) / 10


def cut_edges(plan: Plan, graph: UnitGraph) -> int:
    """Count the neighbours that lie in two grids."""
    return sum(1 for _ in _cut(plan, graph))


def _cut(plan: Plan, graph: UnitGraph) -> Iterable[Edge]:
    side = plan.assignment
    known = (edge for edge in graph.edges if edge.a in side and edge.b in side)
    return (edge for edge in known if side[edge.a] != side[edge.b])


def _inner(plan: Plan, graph: UnitGraph) -> Iterable[Edge]:
    side = plan.assignment
    return (edge for edge in graph.edges if edge.a in side and side[edge.a] == side.get(edge.b))


def households_moved(plan: Plan, incumbent: Plan, graph: UnitGraph) -> int:
    """Count the households that change grid, after the matching of old and new grids that keeps most.

    Units that the plan in force does not know have nowhere to move from and do not count.
    """
    shared: Counter[tuple[int, int]] = Counter()
    for unit in graph.units:
        if unit.id in incumbent.assignment and unit.id in plan.assignment:
            shared[incumbent.assignment[unit.id], plan.assignment[unit.id]] += unit.households
    return sum(shared.values()) - sum(shared[pair] for pair in best_matching(shared).items())


def best_matching(shared: Mapping[tuple[int, int], int]) -> dict[int, int]:
    """Match old with new grids, one to one, so that the households shared are most.

    Ties go to the smaller old number, then to the smaller new one, as far as the assignment allows.
    """
    import numpy as np
    from scipy.optimize import linear_sum_assignment

    old = sorted({pair[0] for pair in shared})
    new = sorted({pair[1] for pair in shared})
    if not old:
        return {}
    table = np.zeros((len(old), len(new)))
    row, column = ({grid: at for at, grid in enumerate(grids)} for grids in (old, new))
    for (o, n), homes in shared.items():
        table[row[o], column[n]] = -homes
    rows, columns = linear_sum_assignment(table)
    pairs = ((old[r], new[c]) for r, c in zip(rows, columns, strict=True))
    return {o: n for o, n in pairs if shared.get((o, n), 0) > 0}


def moment_of(units: Iterable[Unit]) -> float:
    """Return the household-weighted moment of inertia about the units' common centre, in m2 x households."""
    spots = [(unit.households, unit.geometry.centroid) for unit in units]
    homes = sum(weight for weight, _ in spots)
    if homes == 0:
        return 0.0
    x = sum(weight * spot.x for weight, spot in spots) / homes
    y = sum(weight * spot.y for weight, spot in spots) / homes
    return sum(weight * ((spot.x - x) ** 2 + (spot.y - y) ** 2) for weight, spot in spots)


def compactness(plan: Plan, graph: UnitGraph, kind: Compactness) -> float:
    """Return the score that the policy names; smaller is better. Grids without homes do not count."""
    if kind is Compactness.BORDER:
        return inner_border_m(plan, graph)
    if kind is Compactness.MOMENT:
        units = {unit.id: unit for unit in graph.units}
        return sum(moment_of(units[name] for name in names) for names in plan.members().values())
    grids = _with_homes(plan, graph)
    return sum(1 / max(polsby_popper(grid), 1e-12) for grid in grids) / max(len(grids), 1)


def deviation(plan: Plan, graph: UnitGraph, policy: Policy) -> float:
    """Sum the households by which grids differ from the ideal: the mean, or the middle of absolute counts."""
    homes = residential(plan, graph)
    band = policy.band
    if band is not None and band.lower is not None and band.upper is not None:
        middle = (band.lower + band.upper) / 2
    elif policy.grids_min is None and policy.grids_max is None:
        return 0.0
    else:
        middle = sum(homes.values()) / max(len(homes), 1)
    return sum(abs(h - middle) for h in homes.values())


def objective_vector(
    plan: Plan, graph: UnitGraph, policy: Policy, incumbent: Plan | None = None
) -> dict[Objective, float]:
    """Return the value of each of the policy's objectives, in its order; retention only with an incumbent."""
    values: dict[Objective, Callable[[], float]] = {
        Objective.WINDOW: lambda: window_breach(plan, graph, policy),
        Objective.ALIGNMENT: lambda: compounds_split(plan, graph) + compounds_joined(plan, graph),
        Objective.BARRIERS: lambda: barriers_crossed(plan, graph, policy),
        Objective.COMPACTNESS: lambda: compactness(plan, graph, policy.compactness),
        Objective.DEVIATION: lambda: deviation(plan, graph, policy),
    }
    if incumbent is not None:
        values[Objective.RETENTION] = lambda: households_moved(plan, incumbent, graph)
    return {objective: float(values[objective]()) for objective in policy.objectives if objective in values}
