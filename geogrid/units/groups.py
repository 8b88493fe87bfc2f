"""Divide the buildings of a large compound into groups: balanced, compact, each in one piece."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

GROUP_MIN = 100
GROUP_MAX = 150
ALWAYS_CUT_ABOVE = 250


@dataclass(frozen=True, slots=True)
class Cells:
    """The building cells of one piece of ground: households, a point each, and shared borders in metres."""

    households: NDArray[np.int64]
    xy: NDArray[np.float64]
    a: NDArray[np.int64]
    b: NDArray[np.int64]
    border_m: NDArray[np.float64]


def group_cells(cells: Cells) -> NDArray[np.int64]:
    """Return the group of every cell, 0, 1, ..., numbered in the order of each group's first cell."""
    size = len(cells.households)
    neighbours: list[dict[int, float]] = [{} for _ in range(size)]
    for a, b, metres in zip(cells.a.tolist(), cells.b.tolist(), cells.border_m.tolist(), strict=True):
        neighbours[a][b] = neighbours[a].get(b, 0.0) + metres
        neighbours[b][a] = neighbours[b].get(a, 0.0) + metres
    group = np.arange(size)
    weight = cells.households.astype(np.int64).copy()
    while True:
        best = _best_merge(group, weight, neighbours)
        if best is None:
            break
        keep, gone = best
        group[group == gone] = keep
        weight[keep] += weight[gone]
        for other, metres in neighbours[gone].items():
            if other != keep:
                neighbours[keep][other] = neighbours[keep].get(other, 0.0) + metres
                neighbours[other][keep] = neighbours[keep][other]
            neighbours[other].pop(gone, None)
        neighbours[gone] = {}
    return np.unique(group, return_inverse=True)[1].astype(np.int64)


def _best_merge(group, weight, neighbours) -> tuple[int, int] | None:  # type: ignore[no-untyped-def]
    """Find the smallest group that may still grow and the neighbour that it shares most border with."""
    alive = sorted(set(group.tolist()), key=lambda g: (weight[g], g))
    for g in alive:
        if weight[g] >= GROUP_MIN:
            return None
        fits = [h for h in neighbours[g] if weight[g] + weight[h] <= GROUP_MAX or weight[g] == 0]
        if fits:
            h = min(fits, key=lambda h: (-neighbours[g][h], weight[h], h))
            return (min(g, h), max(g, h))
    return None
