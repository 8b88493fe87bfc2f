"""Choose the best set of legal grids by a sweep over the units: dynamic programming over covered sets.

Units are put in order along the community. The first unit not yet covered must lie in the next grid, so a
plan is built in exactly one order, and all ways to cover the same units with the same number of grids are
one state, of which only the best is kept. Costs add up, so comparing them as vectors solves all objectives
at once.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numba import njit

from geogrid.partition.leftovers import ONE
from geogrid.partition.legal_grids import NEVER

if TYPE_CHECKING:
    from geogrid.partition.legal_grids import Flag
    from geogrid.partition.problem import Floats, Ints, Masks

STEP_LIMIT = 100_000_000
FIRST_ROOM = 1 << 13
STATE_LIMIT = 1 << 21


@dataclass(frozen=True, slots=True)
class Swept:
    """The columns of the best plan (None: there is none); ``finished`` is False where the sweep gave up."""

    columns: Ints | None
    finished: bool


def sweep_order(xy: Floats, pairs: Ints) -> Ints:
    """Return the units in an order in which neighbours stand close: along the longer axis, or by a walk."""
    if len(xy) < 3 or not np.ptp(xy, axis=0).any():
        return _walk(len(xy), pairs)
    centred = xy - xy.mean(axis=0)
    _, axes = np.linalg.eigh(centred.T @ centred)
    along = centred @ axes[:, -1]
    # Whole decimetres and the number of the unit: the last bits of a sum must not change the order.
    return np.lexsort((np.arange(len(xy)), np.rint(along * 10)))


def _walk(n: int, pairs: Ints) -> Ints:
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import reverse_cuthill_mckee

    table = coo_array((np.ones(len(pairs)), (pairs[:, 0], pairs[:, 1])), shape=(n, n))
    return np.asarray(reverse_cuthill_mckee((table + table.T).tocsr()), np.int64)


def sweep(
    masks: Masks,
    costs: Ints,
    parts: int,
    order: Ints,
    price: Floats | None = None,
    potential: Floats | None = None,
    most: float = np.inf,
    step_limit: int = STEP_LIMIT,
    flag: Flag = NEVER,
) -> Swept:
    """Find the plan of least cost vector; ``costs`` (m, stages) are compared from left to right.

    ``parts`` is the number of grids, 0 for any. ``price`` (m) is a weighted sum of the costs; ``potential``
    (n + 1) bounds from below what each unit still to cover, and each further grid, adds to it. Plans that
    are dearer than ``most`` are not looked for. The sweep gives up when ``flag`` is set.
    """
    n = len(order)
    place = np.empty(n, np.int64)
    place[order] = np.arange(n)
    moved = _moved(masks, place)
    first = _lowest(moved)
    by_first = np.argsort(first, kind="stable")
    start = np.searchsorted(first[by_first], np.arange(n + 1)).astype(np.int64)
    bound = np.zeros(n + 1) if potential is None else np.append(potential[order], potential[n])
    ceiling = 1e300 if not np.isfinite(most) else float(most)
    table = np.ascontiguousarray(costs[by_first])
    prices = np.zeros(len(masks)) if price is None else price[by_first].astype(np.float64)
    room, full, finished = FIRST_ROOM, True, False
    found = np.zeros(0, np.int64)
    while full and room <= STATE_LIMIT:
        found, finished, full = _sweep(
            moved[by_first], table, prices, start, parts, n, bound, ceiling, step_limit, room, flag
        )
        room *= 16
    if len(found) == 0:
        return Swept(None, bool(finished))
    return Swept(np.sort(by_first[found]), bool(finished))


@njit(cache=True)
def _moved(masks: Masks, place: Ints) -> Masks:
    out = np.zeros_like(masks)
    for i in range(len(masks)):
        for u in range(len(place)):
            if (masks[i, u >> 6] >> np.uint64(u & 63)) & ONE:
                out[i, place[u] >> 6] |= ONE << np.uint64(place[u] & 63)
    return out


@njit(cache=True)
def _lowest(masks: Masks) -> Ints:
    out = np.zeros(len(masks), np.int64)
    for i in range(len(masks)):
        for u in range(64 * masks.shape[1]):
            if (masks[i, u >> 6] >> np.uint64(u & 63)) & ONE:
                out[i] = u
                break
    return out


@njit(cache=True, nogil=True)
def _sweep(  # noqa: C901, PLR0912, PLR0915 - one loop, because numba is several times slower through calls
    masks: Masks,
    costs: Ints,
    price: Floats,
    start: Ints,
    parts: int,
    n: int,
    bound: Floats,
    ceiling: float,
    step_limit: int,
    room: int,
    flag: Flag,
) -> tuple[Ints, bool, bool]:
    words = masks.shape[1]
    stages = costs.shape[1]
    size = 2 * room
    table = np.full(size, -1, np.int64)
    covered = np.zeros((room, words), np.uint64)
    used = np.zeros(room, np.int64)
    paid = np.zeros((room, stages), np.int64)
    spent = np.zeros(room)
    came = np.full(room, -1, np.int64)
    by = np.full(room, -1, np.int64)
    later = np.full(room, -1, np.int64)
    bucket = np.full(n + 1, -1, np.int64)
    bucket[0] = 0
    count = 1
    steps = 0
    fresh = np.zeros(words, np.uint64)
    for u in range(n):
        state = bucket[u]
        while state >= 0:
            if parts > 0 and used[state] >= parts:
                state = later[state]
                continue
            steps += start[u + 1] - start[u]
            if steps > step_limit or flag[0]:
                return np.zeros(0, np.int64), False, False
            for c in range(start[u], start[u + 1]):
                clash = False
                for w in range(words):
                    if masks[c, w] & covered[state, w]:
                        clash = True
                        break
                if clash:
                    continue
                grids = used[state] + 1 if parts > 0 else 0
                hashed = np.uint64(grids) * np.uint64(0x9E3779B97F4A7C15)
                lowest = n
                for w in range(words):
                    fresh[w] = covered[state, w] | masks[c, w]
                    hashed = (hashed ^ fresh[w]) * np.uint64(0xBF58476D1CE4E5B9)
                    hashed ^= hashed >> np.uint64(29)
                for w in range(words):
                    gap = ~fresh[w]
                    if gap:
                        bit = gap & (~gap + ONE)
                        at = 64 * w
                        while bit > ONE:
                            bit >>= ONE
                            at += 1
                        lowest = min(at, n)
                        break
                if parts > 0 and (grids > parts or (grids == parts) != (lowest == n)):
                    continue
                if ceiling < 1e299:
                    rest = 0.0
                    for v in range(lowest, n):
                        if not (fresh[v >> 6] >> np.uint64(v & 63)) & ONE:
                            rest += bound[v]
                    left = parts - grids if parts > 0 else 0
                    if spent[state] + price[c] + rest + left * bound[n] > ceiling:
                        continue
                slot = hashed & np.uint64(size - 1)
                known = -1
                while table[slot] >= 0:
                    other = table[slot]
                    same = used[other] == grids
                    for w in range(words):
                        if covered[other, w] != fresh[w]:
                            same = False
                            break
                    if same:
                        known = other
                        break
                    slot = (slot + ONE) & np.uint64(size - 1)
                better = True
                if known < 0:
                    if count == room:
                        return np.zeros(0, np.int64), False, True
                    known = count
                    count += 1
                    table[slot] = known
                    for w in range(words):
                        covered[known, w] = fresh[w]
                    used[known] = grids
                    later[known] = bucket[lowest]
                    bucket[lowest] = known
                else:
                    better = False
                    for s in range(stages):
                        new = paid[state, s] + costs[c, s]
                        if new != paid[known, s]:
                            better = new < paid[known, s]
                            break
                if better:
                    for s in range(stages):
                        paid[known, s] = paid[state, s] + costs[c, s]
                    spent[known] = spent[state] + price[c]
                    came[known] = state
                    by[known] = c
            state = later[state]
    end = bucket[n]
    if end < 0:
        return np.zeros(0, np.int64), True, False
    found = np.zeros(n, np.int64)
    length = 0
    while by[end] >= 0:
        found[length] = by[end]
        length += 1
        end = came[end]
    return found[:length].copy(), True, False
