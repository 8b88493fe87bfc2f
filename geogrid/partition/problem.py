"""The household problem of one community: its units as integers and arrays.

Lengths are whole decimetres and counts whole households, so that every objective that is a sum of them is
compared exactly.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import shapely
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from geogrid.adjacency import UnitGraph
    from geogrid.partition.limits import Limit
    from geogrid.policy import Policy

    Ints = NDArray[np.int64]
    Floats = NDArray[np.float64]
    Masks = NDArray[np.uint64]
    Group = tuple[int, ...]

DECIMETRES = 10


@dataclass(frozen=True)
class Problem:
    """``n`` units and ``e`` pairs of neighbours.

    ``compound`` numbers the compounds from 0, -1 for units outside any. ``size`` counts the units of each
    compound. ``open`` says which pairs connect (not across a hard barrier), ``crossing`` which of those cross
    a soft one. ``old`` is the number of the grid in force, -1 where there is none. ``xy`` are centroids in
    metres, ``perimeter`` decimetres, ``area`` square metres. ``kept`` numbers the grids that must stay as
    they are, ``pinned`` those whose successor a unit must lie in; -1 for all others. A plan must keep
    all ``limits``, and the window where ``window_holds``.
    """

    ids: tuple[str, ...]
    weight: Ints
    pairs: Ints
    length: Ints
    open: NDArray[np.bool_]
    crossing: Ints
    compound: Ints
    size: Ints
    xy: Floats
    perimeter: Ints
    area: Floats
    old: Ints
    kept: Ints
    pinned: Ints
    limits: tuple[Limit, ...] = ()
    window_holds: bool = False

    @property
    def n(self) -> int:
        """Return the number of units."""
        return len(self.ids)

    @property
    def total(self) -> int:
        """Return all households."""
        return int(self.weight.sum())

    @property
    def is_locked(self) -> bool:
        """Tell whether grids or units must stay of the plan in force."""
        return bool((self.kept >= 0).any() or (self.pinned >= 0).any())

    @property
    def words(self) -> int:
        """Return how many 64-bit words a set of units takes."""
        return (self.n + 63) // 64


def build_problem(graph: UnitGraph, policy: Policy, old: dict[str, int] | None = None) -> Problem:
    """Turn a unit graph into arrays, all units included."""
    units = graph.units
    index = {unit.id: i for i, unit in enumerate(units)}
    names = sorted({unit.compound_id for unit in units if unit.compound_id})
    number = {name: i for i, name in enumerate(names)}
    compound = np.array([number.get(unit.compound_id, -1) for unit in units], np.int64)
    both = policy.hard_barriers | policy.soft_barriers
    shapes = [unit.geometry for unit in units]
    least = max(policy.min_connection_m, 1e-9)
    is_open = np.array([edge.open_m(policy.hard_barriers) >= least for edge in graph.edges], np.bool_)
    crossing = np.array([edge.open_m(both) < least for edge in graph.edges], np.int64) * is_open
    return Problem(
        ids=tuple(unit.id for unit in units),
        weight=np.array([unit.households for unit in units], np.int64),
        pairs=np.array([(index[e.a], index[e.b]) for e in graph.edges], np.int64).reshape(-1, 2),
        length=np.array([round(e.length_m * DECIMETRES) for e in graph.edges], np.int64),
        open=is_open,
        crossing=crossing,
        compound=compound,
        size=np.bincount(compound[compound >= 0], minlength=len(names)).astype(np.int64),
        xy=np.column_stack(
            [shapely.get_x(shapely.centroid(shapes)), shapely.get_y(shapely.centroid(shapes))]
        ),
        perimeter=np.rint(shapely.length(shapes) * DECIMETRES).astype(np.int64),
        area=np.asarray(shapely.area(shapes), np.float64),
        old=np.array([(old or {}).get(unit.id, -1) for unit in units], np.int64),
        kept=np.full(len(units), -1, np.int64),
        pinned=np.full(len(units), -1, np.int64),
    )


def restrict(problem: Problem, keep: Sequence[int]) -> Problem:
    """Return the problem of the units ``keep`` (ascending) alone; compounds keep their full sizes.

    A compound of which units are left out is therefore never whole here, which is what a fixed
    neighbourhood needs.
    """
    place = np.full(problem.n, -1, np.int64)
    place[list(keep)] = np.arange(len(keep))
    inside = (place[problem.pairs] >= 0).all(axis=1) if len(problem.pairs) else np.zeros(0, np.bool_)
    at = np.asarray(keep, np.int64)
    return replace(
        problem,
        ids=tuple(problem.ids[i] for i in keep),
        weight=problem.weight[at],
        pairs=place[problem.pairs[inside]],
        length=problem.length[inside],
        open=problem.open[inside],
        crossing=problem.crossing[inside],
        compound=problem.compound[at],
        xy=problem.xy[at],
        perimeter=problem.perimeter[at],
        area=problem.area[at],
        old=problem.old[at],
        kept=problem.kept[at],
        pinned=problem.pinned[at],
    )


def neighbour_masks(problem: Problem) -> Masks:
    """Return for each unit the set of units it connects to, as bits (n, words)."""
    masks = np.zeros((problem.n, problem.words), np.uint64)
    for a, b in problem.pairs[problem.open].tolist():
        masks[a, b >> 6] |= np.uint64(1 << (b & 63))
        masks[b, a >> 6] |= np.uint64(1 << (a & 63))
    return masks


def mask_of(units: Iterable[int], words: int) -> Masks:
    """Return a set of units as bits (words,)."""
    mask = np.zeros(words, np.uint64)
    for unit in units:
        mask[unit >> 6] |= np.uint64(1 << (unit & 63))
    return mask


def members_of(mask: Masks) -> tuple[int, ...]:
    """Return the units of a set of bits, ascending."""
    value = sum(int(word) << (64 * place) for place, word in enumerate(mask))
    return tuple(i for i in range(value.bit_length()) if value >> i & 1)


def pieces(problem: Problem, within: Iterable[int]) -> list[tuple[int, ...]]:
    """Return the connected pieces of a set of units, each ascending, by their first unit."""
    rest = set(within)
    beside: dict[int, list[int]] = {i: [] for i in rest}
    for a, b in problem.pairs[problem.open].tolist():
        if a in rest and b in rest:
            beside[a].append(b)
            beside[b].append(a)
    found = []
    while rest:
        reached = {min(rest)}
        edge = list(reached)
        while edge:
            new = [i for i in beside[edge.pop()] if i not in reached]
            reached.update(new)
            edge.extend(new)
        rest -= reached
        found.append(tuple(sorted(reached)))
    return found


def are_in_one_piece(problem: Problem, grid: Ints) -> bool:
    """Tell whether all units of each grid hang together; ``grid`` is the number of each unit's grid (n)."""
    a, b = problem.pairs[problem.open].T
    same = grid[a] == grid[b]
    links = coo_array((np.ones(int(same.sum())), (a[same], b[same])), shape=(problem.n, problem.n))
    return int(connected_components(links, directed=False)[0]) == len(np.unique(grid))


def is_legal(problem: Problem, group: Group) -> bool:
    """Tell whether the compounds in a set of units allow it to be a grid."""
    inside = problem.compound[list(group)]
    names, counts = np.unique(inside[inside >= 0], return_counts=True)
    return len(names) <= 1 or bool((counts == problem.size[names]).all())


def stands(problem: Problem, group: Group) -> bool:
    """Tell whether a set of units may be a grid: legal, and in one piece."""
    return is_legal(problem, group) and len(pieces(problem, group)) == 1


def homes_of(problem: Problem, group: Group) -> int:
    """Return the households of a set of units."""
    return int(problem.weight[list(group)].sum())


def touching(problem: Problem, groups: Sequence[Group]) -> list[tuple[Group, Group]]:
    """Return the pairs of groups that connect."""
    side = {unit: n for n, group in enumerate(groups) for unit in group}
    pairs = {
        (min(side[a], side[b]), max(side[a], side[b]))
        for a, b in problem.pairs[problem.open].tolist()
        if side[a] != side[b]
    }
    return [(groups[a], groups[b]) for a, b in sorted(pairs)]


def ends_of_pairs(problem: Problem) -> tuple[Ints, Ints]:
    """Return where each unit's ends of pairs begin, and the ends: 2 i and 2 i + 1 are those of pair i."""
    ends = problem.pairs.ravel()
    order = np.argsort(ends, kind="stable")
    start = np.searchsorted(ends[order], np.arange(problem.n + 1)).astype(np.int64)
    return start, order.astype(np.int64)
