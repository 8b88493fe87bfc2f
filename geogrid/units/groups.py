"""Divide the buildings of a large compound into groups: balanced, compact, each in one piece.

The problem is a capacitated clustering of the graph of building cells. Every arrangement of groups has a
price in metres: the border between groups, ``BREACH_M`` for each household outside the band of 100 to
150, and ``TORN_M`` for each two neighbours in two groups that stand wall to wall, in a row or around a
courtyard. For up to a dozen cells the best of all arrangements is found by dynamic programming over sets of
cells. For more, the search first joins neighbours while that saves most; then it takes two neighbouring
groups at a time and parts their cells anew where the price falls most (the recombination step of DeFord,
Duchin and Solomon, 2021, used to descend), until no pair can be improved. The ways to part them are all there
are for a dozen cells; for more they are the edges of trees, straight cuts, and single cells that change
sides. Each side is in one piece.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import breadth_first_order, minimum_spanning_tree

if TYPE_CHECKING:
    from numpy.typing import NDArray

GROUP_MIN = 100
GROUP_MAX = 150
ALWAYS_CUT_ABOVE = 250
BREACH_M = 30.0
TORN_M = 200.0
ALL_SIDES = 12  # of so few cells all ways to part them are tried
ALL_GROUPS = 12  # so few cells are arranged in the best of all ways
TREES = 12
SWEEPS = 8
ROUNDS = 30


@dataclass(frozen=True, slots=True)
class Cells:
    """The cells that groups are made of, a building or a given group each.

    ``households`` (n,) and ``xy`` (n, 2) are by cell. ``a``, ``b``, ``border_m`` (m,) are the neighbours and
    their shared border, each pair once; ``torn_m`` (m,) is the extra price of parting the two.
    """

    households: NDArray[np.int64]
    xy: NDArray[np.float64]
    a: NDArray[np.int64]
    b: NDArray[np.int64]
    border_m: NDArray[np.float64]
    torn_m: NDArray[np.float64]

    @property
    def lived_in(self) -> NDArray[np.int64]:
        """Return 1 for every cell with homes, else 0."""
        return (self.households > 0).astype(np.int64)


def breach(households: NDArray[np.int64], size: NDArray[np.int64]) -> NDArray[np.int64]:
    """Count the households outside the band; a group of one cell (``size``) with homes may be large."""
    over = np.where(size > 1, np.maximum(households - GROUP_MAX, 0), 0)
    return over + np.maximum(GROUP_MIN - households, 0)


def price(cells: Cells, group: NDArray[np.int64]) -> float:
    """Return the price in metres of an arrangement; ``group`` is 0, 1, ... by cell."""
    households = np.bincount(group, weights=cells.households).astype(np.int64)
    size = np.bincount(group, weights=cells.lived_in).astype(np.int64)
    parted = group[cells.a] != group[cells.b]
    borders = float((cells.border_m + cells.torn_m)[parted].sum())
    return BREACH_M * int(breach(households, size).sum()) + borders


def group_cells(cells: Cells) -> NDArray[np.int64]:
    """Return the group of every cell, 0, 1, ..., numbered in the order of each group's first cell."""
    if len(cells.households) <= ALL_GROUPS:
        group = _best_of_all(cells)
    else:
        group = _join_up(cells)
        for _ in range(ROUNDS):
            better = _recombine_all(cells, group)
            if better is None:
                break
            group = better
    first = np.unique(group, return_index=True)[1]
    return np.argsort(np.argsort(first))[np.unique(group, return_inverse=True)[1]].astype(np.int64)


def _best_of_all(cells: Cells) -> NDArray[np.int64]:
    """Return the arrangement of least price: sets of cells are put together from groups, each once.

    The group of the first cell of a set is tried in all ways, so every arrangement is built in one order.
    """
    n = len(cells.households)
    sets = (np.arange(2**n)[:, None] >> np.arange(n)) & 1 == 1
    inside = (sets[:, cells.a] & sets[:, cells.b]) @ (cells.border_m + cells.torn_m)
    outside = breach(sets @ cells.households, sets @ cells.lived_in)
    # Of two arrangements of one price the better balanced one is taken.
    worth = (BREACH_M + 1e-3) * outside - inside
    legal = _connected(sets, cells.a, cells.b)
    value, last = [0.0] * 2**n, [0] * 2**n
    price_of = np.where(legal, np.round(worth, 6), np.inf).tolist()
    for whole in range(1, 2**n):
        first, part, best = whole & -whole, whole, np.inf
        while part:
            if part & first and price_of[part] + value[whole ^ part] < best:
                best, last[whole] = price_of[part] + value[whole ^ part], part
            part = (part - 1) & whole
        value[whole] = best
    group, left = np.zeros(n, np.int64), 2**n - 1
    for number in range(n):
        group[sets[last[left]]] = number
        left ^= last[left]
        if not left:
            break
    return group


def _join_up(cells: Cells) -> NDArray[np.int64]:
    """Join two neighbouring groups, the pair that saves most first, while any join saves."""
    group = np.arange(len(cells.households))
    households, size = cells.households.copy(), cells.lived_in
    a, b, cost = cells.a.copy(), cells.b.copy(), cells.border_m + cells.torn_m
    while len(a):
        apart = breach(households[a], size[a]) + breach(households[b], size[b])
        together = breach(households[a] + households[b], size[a] + size[b])
        saving = cost + BREACH_M * (apart - together)
        best = int(np.lexsort((b, a, -np.round(saving, 6)))[0])
        if saving[best] <= 0:
            break
        keep, gone = int(a[best]), int(b[best])
        group[group == gone] = keep
        households[keep] += households[gone]
        size[keep] += size[gone]
        a, b, cost = _merged_pairs(np.where(a == gone, keep, a), np.where(b == gone, keep, b), cost)
    return np.unique(group, return_inverse=True)[1].astype(np.int64)


def _merged_pairs(
    a: NDArray[np.int64], b: NDArray[np.int64], cost: NDArray[np.float64]
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    low, high = np.minimum(a, b), np.maximum(a, b)
    apart = low != high
    scale = int(high.max(initial=0)) + 1
    pairs, row = np.unique(low[apart] * scale + high[apart], return_inverse=True)
    total = np.bincount(row, weights=cost[apart], minlength=len(pairs)).astype(np.float64)
    return pairs // scale, pairs % scale, total


def _recombine_all(cells: Cells, group: NDArray[np.int64]) -> NDArray[np.int64] | None:
    """Try to part every one, two and three neighbouring groups anew in two; None if nothing is better."""
    improved = False
    for task in _tasks(cells, group):
        own = np.flatnonzero(np.isin(group, task))
        side = _best_split(cells, own, group[own]) if len(own) > 1 else None
        if side is not None:
            group = group.copy()
            spare = task[1] if len(task) > 1 else int(group.max()) + 1
            group[own] = np.where(side, task[0], spare)
            improved = True
    return np.unique(group, return_inverse=True)[1].astype(np.int64) if improved else None


def _tasks(cells: Cells, group: NDArray[np.int64]) -> list[tuple[int, ...]]:
    low, high, _ = _merged_pairs(group[cells.a], group[cells.b], cells.border_m)
    pairs = list(zip(low.tolist(), high.tolist(), strict=True))
    near: dict[int, set[int]] = {}
    for g, h in pairs:
        near.setdefault(g, set()).add(h)
        near.setdefault(h, set()).add(g)
    triples = {tuple(sorted((g, h, i))) for g, h in pairs for i in (near[g] | near[h]) - {g, h}}
    return [*((g,) for g in range(int(group.max()) + 1)), *pairs, *sorted(triples)]


def _best_split(cells: Cells, own: NDArray[np.int64], now: NDArray[np.int64]) -> NDArray[np.bool_] | None:
    """Return the best two sides of the cells ``own``; None where nothing beats the groups ``now``."""
    place = np.full(len(cells.households), -1)
    place[own] = np.arange(len(own))
    kept = (place[cells.a] >= 0) & (place[cells.b] >= 0)
    a, b = place[cells.a[kept]], place[cells.b[kept]]
    cost = (cells.border_m + cells.torn_m)[kept]
    if len(own) <= ALL_SIDES:
        sides = (np.arange(2 ** (len(own) - 1))[:, None] >> np.arange(len(own))) & 1 == 0
    else:
        xy, whole = cells.xy[own], np.ones((1, len(own)), dtype=bool)
        flips = (now == now[0]) ^ np.eye(len(own), dtype=bool)
        sides = np.vstack([whole, *_tree_sides(xy, a, b, cost), *_sweep_sides(xy), flips])
    prices = _prices(cells, own, sides, a, b, cost)
    better = np.flatnonzero(prices < _price_now(cells, own, now, a, b, cost) - 1e-6)
    better = better[_connected(sides[better], a, b) & _connected(~sides[better], a, b)]
    return sides[better[np.argmin(np.round(prices[better], 6))]] if len(better) else None


def _price_now(
    cells: Cells,
    own: NDArray[np.int64],
    now: NDArray[np.int64],
    a: NDArray[np.int64],
    b: NDArray[np.int64],
    cost: NDArray[np.float64],
) -> float:
    group = np.unique(now, return_inverse=True)[1]
    households = np.bincount(group, weights=cells.households[own]).astype(np.int64)
    size = np.bincount(group, weights=cells.lived_in[own]).astype(np.int64)
    return float(cost[group[a] != group[b]].sum() + BREACH_M * breach(households, size).sum())


def _prices(
    cells: Cells,
    own: NDArray[np.int64],
    sides: NDArray[np.bool_],
    a: NDArray[np.int64],
    b: NDArray[np.int64],
    cost: NDArray[np.float64],
) -> NDArray[np.float64]:
    prices: NDArray[np.float64] = (sides[:, a] != sides[:, b]) @ cost
    for side in (sides, ~sides):
        outside = breach(side @ cells.households[own], side @ cells.lived_in[own])
        prices = prices + BREACH_M * np.where(side.any(axis=1), outside, 0)
    return prices


def _connected(sides: NDArray[np.bool_], a: NDArray[np.int64], b: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Tell for each row whether its cells hang together; no cells do."""
    near = np.eye(sides.shape[1], dtype=np.float32)
    near[a, b] = near[b, a] = 1
    reached = sides & (np.cumsum(sides, axis=1) == 1)
    while True:
        wider = (reached.astype(np.float32) @ near > 0) & sides
        if (wider == reached).all():
            return np.asarray((wider == sides).all(axis=1))
        reached = wider


def _sweep_sides(xy: NDArray[np.float64]) -> list[NDArray[np.bool_]]:
    """Return the sides of straight cuts in ``SWEEPS`` directions, after every cell."""
    below = np.tri(len(xy), dtype=bool)[:-1]
    turns = np.arange(SWEEPS) * np.pi / SWEEPS
    ways = xy @ np.stack([np.cos(turns), np.sin(turns)])
    return [below[:, np.argsort(np.argsort(np.round(way, 6), kind="stable"))] for way in ways.T]


def _tree_sides(
    xy: NDArray[np.float64], a: NDArray[np.int64], b: NDArray[np.int64], cost: NDArray[np.float64]
) -> list[NDArray[np.bool_]]:
    """Lay trees through the cells and return, for every edge of each, the cells on its far side."""
    reach = np.hypot(*(xy[a] - xy[b]).T)
    draw = np.random.default_rng(len(xy))
    sides = []
    for tree in range(TREES):
        base = reach if tree % 2 == 0 else 1 / (1 + cost)
        weight = base * (1 + (draw.random(len(a)) if tree > 1 else 0)) + 1e-9
        sides.append(_far_sides(len(xy), a, b, weight))
    return sides


def _far_sides(
    size: int, a: NDArray[np.int64], b: NDArray[np.int64], weight: NDArray[np.float64]
) -> NDArray[np.bool_]:
    tree = minimum_spanning_tree(coo_array((weight, (a, b)), shape=(size, size)).tocsr())
    order, parent = breadth_first_order(tree, 0, directed=False)
    below = np.eye(size, dtype=bool)
    for node in order[:0:-1].tolist():
        below[parent[node]] |= below[node]
    return below[order[1:]]
