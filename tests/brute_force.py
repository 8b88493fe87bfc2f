"""All plans of a small town, one by one: the judge of the division engine. Shares no code with it."""

from __future__ import annotations

import os
from collections import Counter
from typing import TYPE_CHECKING

from shapely import box

from geogrid import measures
from geogrid.adjacency import Edge, UnitGraph
from geogrid.plan import Plan
from geogrid.units import Unit, UnitKind

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from geogrid.model import BarrierKind
    from geogrid.policy import Objective, Policy

CELL = 100.0
# A proof that is asked for may take as long as the machine needs: no test of one may fail of its load.
PATIENCE_S = 3600.0


def examples(count: int) -> int:
    """Return how many towns a test draws: so many, or the multiple that ``make soak`` asks for."""
    return count * int(os.environ.get("GEOGRID_SOAK", "1"))


def lattice(
    rows: Sequence[str],
    households: Sequence[int],
    walls: Mapping[tuple[str, str], BarrierKind] | None = None,
) -> UnitGraph:
    """Return the graph of a drawing: one cell is one unit, ``u00`` first, named in reading order.

    A capital letter names the compound of a cell, ``h`` is homes outside any, ``.`` is land, a space nothing.
    ``walls`` says which neighbours are divided by a barrier along their whole border.
    """
    cells: dict[tuple[int, int], Unit] = {}
    counts = Counter(letter for row in rows for letter in row)
    numbers = iter(households)
    for i, row in enumerate(rows):
        for j, letter in enumerate(row):
            if letter != " ":
                cells[i, j] = _unit(f"u{len(cells):02d}", letter, (i, j), counts, next(numbers))
    edges = []
    for (i, j), unit in cells.items():
        for place in ((i, j + 1), (i + 1, j)):
            if place in cells:
                a, b = sorted((unit.id, cells[place].id))
                kind = (walls or {}).get((a, b))
                edges.append(Edge(a, b, CELL, () if kind is None else ((kind, CELL),)))
    units = tuple(sorted(cells.values(), key=lambda unit: unit.id))
    return UnitGraph("c1", units, tuple(sorted(edges, key=lambda edge: (edge.a, edge.b))))


def _unit(name: str, letter: str, at: tuple[int, int], counts: Counter[str], households: int) -> Unit:
    shape = box(at[1] * CELL, -at[0] * CELL, (at[1] + 1) * CELL, (1 - at[0]) * CELL)
    if letter == ".":
        return Unit(name, "c1", UnitKind.LAND, shape, 0)
    if letter == "h":
        return Unit(name, "c1", UnitKind.HOMES, shape, households)
    kind = UnitKind.GROUP if counts[letter] > 1 else UnitKind.COMPOUND
    return Unit(name, "c1", kind, shape, households, compound_id=letter)


def groupings(count: int, most: int) -> Iterator[list[int]]:
    """Yield every way to number ``count`` things with at most ``most`` groups, each once."""

    def extend(labels: list[int], used: int) -> Iterator[list[int]]:
        if len(labels) == count:
            yield labels
            return
        for label in range(min(used + 1, most)):
            yield from extend([*labels, label], max(used, label + 1))

    return extend([], 0)


def _whole(names: Sequence[str], beside: Mapping[str, set[str]]) -> bool:
    left = set(names[1:])
    stack = [names[0]]
    while stack:
        near = beside[stack.pop()] & left
        left -= near
        stack.extend(near)
    return not left


def legal_plans(graph: UnitGraph, policy: Policy, most: int) -> Iterator[Plan]:
    """Yield every plan of at most ``most`` grids that breaks no hard rule. All units must be its homes."""
    beside: dict[str, set[str]] = {unit.id: set() for unit in graph.units}
    for edge in graph.edges:
        if edge.open_m(policy.hard_barriers) >= max(policy.min_connection_m, 1e-9):
            beside[edge.a].add(edge.b)
            beside[edge.b].add(edge.a)
    size = Counter(unit.compound_id for unit in graph.units if unit.compound_id)
    compound = {unit.id: unit.compound_id for unit in graph.units}
    names = [unit.id for unit in graph.units]
    fits: dict[frozenset[str], bool] = {}

    def is_legal(group: list[str]) -> bool:
        here = Counter(compound[name] for name in group if compound[name])
        if len(here) > 1 and any(count < size[name] for name, count in here.items()):
            return False
        return _whole(group, beside)

    for labels in groupings(len(names), most):
        groups: dict[int, list[str]] = {}
        for name, label in zip(names, labels, strict=True):
            groups.setdefault(label, []).append(name)
        for group in groups.values():
            key = frozenset(group)
            if key not in fits:
                fits[key] = is_legal(group)
            if not fits[key]:
                break
        else:
            yield Plan(graph.community_id, {n: label + 1 for n, label in zip(names, labels, strict=True)})


def best_vector(
    graph: UnitGraph,
    policy: Policy,
    counts: range,
    incumbent: Plan | None = None,
    allowed: Callable[[Plan], bool] = lambda plan: True,
) -> tuple[float, ...] | None:
    """Return the lexicographically least vector of all legal plans with a number of grids in ``counts``."""
    best: tuple[float, ...] | None = None
    for plan in legal_plans(graph, policy, max(counts)):
        homes = measures.households_of(plan, graph)
        if len(homes) not in counts or min(homes.values()) == 0 or not allowed(plan):
            continue
        vector = rounded(measures.objective_vector(plan, graph, policy, incumbent))
        if best is None or vector < best:
            best = vector
    return best


def rounded(vector: Mapping[Objective, float] | Mapping[str, float]) -> tuple[float, ...]:
    """Return the values of a vector without the last bits of their sums."""
    return tuple(round(value, 6) for value in vector.values())
