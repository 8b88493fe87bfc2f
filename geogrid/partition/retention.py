"""Core retention: match the grids of a plan with those in force, and count who changes grid.

Every legal grid is listed once for each grid in force that it could succeed, and once as a new grid; a grid
in force has at most one successor. So the least number of households that move is again a sum over columns.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy import sparse
from scipy.optimize import linear_sum_assignment

from geogrid.partition.cover import Rows
from geogrid.partition.objectives import unit_sums

if TYPE_CHECKING:
    from collections.abc import Sequence

    from geogrid.partition.problem import Ints, Masks, Problem


def with_successors(problem: Problem, masks: Masks, rows: Rows) -> tuple[Ints, Ints, Rows]:
    """Return which grid each new column is, what it costs in households moved, and the rows over them."""
    known = problem.old >= 0
    kept = unit_sums(masks, problem.weight * known)
    grids = np.unique(problem.old[known])
    origin, cost, slot = [np.arange(len(masks))], [kept], [np.full(len(masks), -1)]
    for place, grid in enumerate(grids):
        shared = unit_sums(masks, problem.weight * (problem.old == grid))
        at = np.flatnonzero(shared)
        origin.append(at)
        cost.append(kept[at] - shared[at])
        slot.append(np.full(len(at), place))
    origins, slots = np.concatenate(origin), np.concatenate(slot)
    matched = np.flatnonzero(slots >= 0)
    once = sparse.csr_array(
        (np.ones(len(matched)), (slots[matched], matched)), shape=(len(grids), len(origins))
    )
    table = sparse.csc_array(sparse.vstack([rows.table[:, origins], once]))
    lower = np.append(rows.lower, np.full(len(grids), -np.inf))
    return origins, np.concatenate(cost), Rows(table, lower, np.append(rows.upper, np.ones(len(grids))))


def kept_at_most(problem: Problem, masks: Masks) -> Ints:
    """Return for each grid the fewest households that moved into it: all but those of its main predecessor.

    Summed over a plan it is a lower bound, and exact where no two grids have the same main predecessor.
    """
    moved = unit_sums(masks, problem.weight * (problem.old >= 0))
    most = np.zeros(len(masks), np.int64)
    for grid in np.unique(problem.old[problem.old >= 0]):
        np.maximum(most, unit_sums(masks, problem.weight * (problem.old == grid)), out=most)
    return moved - most


def moved_by(problem: Problem, groups: Masks) -> int:
    """Return the households that change grid, after the best matching of these grids with those in force."""
    grids = np.unique(problem.old[problem.old >= 0])
    shared = np.array([unit_sums(groups, problem.weight * (problem.old == grid)) for grid in grids], np.int64)
    known = int(problem.weight[problem.old >= 0].sum())
    return known - sum(int(shared[pair]) for pair in zip(*linear_sum_assignment(-shared), strict=True))


def columns_of(problem: Problem, masks: Masks, origin: Ints, cost: Ints, chosen: Ints) -> Ints:
    """Return the columns (after ``with_successors``) that stand for a plan under its best matching."""
    grids = np.unique(problem.old[problem.old >= 0])
    shared = np.array(
        [unit_sums(masks[chosen], problem.weight * (problem.old == grid)) for grid in grids], np.int64
    ).reshape(len(grids), len(chosen))
    partner = dict(zip(*reversed(linear_sum_assignment(-shared)), strict=True))
    known = unit_sums(masks[chosen], problem.weight * (problem.old >= 0))
    found = []
    for at, column in enumerate(chosen.tolist()):
        kept = int(shared[partner[at], at]) if at in partner else 0
        copies = np.flatnonzero(origin == column)
        # Copies of one grid with the same cost succeed different grids; the partner's comes by its number.
        place = partner.get(at, -1) if kept else -1
        ranks = [-1, *np.flatnonzero(shared[:, at]).tolist()]
        found.append(int(copies[ranks.index(place)]))
        assert cost[found[-1]] == known[at] - kept
    return np.array(found, np.int64)


def successors(overlap: Sequence[Sequence[int]]) -> list[tuple[int, int]]:
    """Match rows with columns so that the overlap kept is largest; pairs without overlap are no match."""
    table = np.asarray(overlap, np.int64)
    if table.size == 0:
        return []
    rows, columns = linear_sum_assignment(-table)
    return [(int(r), int(c)) for r, c in zip(rows, columns, strict=True) if table[r, c] > 0]
