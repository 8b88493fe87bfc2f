"""Divide a graph into few parts with few edges between them: peel off the part with the least border first.

For a number of cut edges ``c`` growing from the least possible, every connected part whose border is at
most ``2 c / parts`` is tried (some part of any such plan has no more), and the rest is divided in the same
way with the edges left. The first ``c`` with a plan is the optimum. A branch ends as soon as the edges that
it has already cut are more than allowed, so the work grows with the cut and hardly with the graph.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import numpy as np
from numba import njit

from geogrid.partition.legal_grids import ONE, ZERO, _place

if TYPE_CHECKING:
    from geogrid.partition.problem import Ints, Masks

STEPS_A_SECOND = 2_000_000


def least_cut(
    beside: Masks, weight: Ints, parts: int, lower: int, upper: int, deadline: float
) -> tuple[Masks | None, int, bool]:
    """Return the parts (None: none found), the cut edges proved to be needed, and whether it finished.

    ``beside`` are neighbour sets as bits (n, words).
    """
    ends = (len(weight) * (len(weight) - 1)) // 2
    for cut in range(ends + 1):
        steps = int(STEPS_A_SECOND * max(deadline - time.monotonic(), 0.0))
        found, finished = _peel(beside, weight, parts, lower, upper, cut, steps)
        if not finished:
            return None, cut, False
        if len(found):
            return found, cut, True
        if cut > _all_edges(beside):
            return None, cut, True
    return None, ends, True


def _all_edges(beside: Masks) -> int:
    return sum(int(word).bit_count() for word in beside.ravel()) // 2


@njit(cache=True)
def _ones(word: np.uint64) -> int:
    word = word - ((word >> ONE) & np.uint64(0x5555555555555555))
    word = (word & np.uint64(0x3333333333333333)) + ((word >> np.uint64(2)) & np.uint64(0x3333333333333333))
    word = (word + (word >> np.uint64(4))) & np.uint64(0x0F0F0F0F0F0F0F0F)
    return int((word * np.uint64(0x0101010101010101)) >> np.uint64(56))


@njit(cache=True)
def _weighs(start: int, inside: Masks, beside: Masks, weight: Ints, seen: Masks) -> int:
    """Return the weight of the piece of ``inside`` around ``start``; its nodes are put into ``seen``."""
    words = inside.shape[0]
    front = np.zeros(words, np.uint64)
    front[start >> 6] = ONE << np.uint64(start & 63)
    seen[start >> 6] |= front[start >> 6]
    total = 0
    moved = True
    while moved:
        moved = False
        for w in range(words):
            while front[w]:
                bit = front[w] & (~front[w] + ONE)
                front[w] ^= bit
                u = 64 * w + _place(bit)
                total += weight[u]
                for x in range(words):
                    new = beside[u, x] & inside[x] & ~seen[x]
                    seen[x] |= new
                    front[x] |= new
                moved = True
    return total


@njit(cache=True)
def _divisible(left: Masks, beside: Masks, weight: Ints, parts: int, lower: int, upper: int) -> bool:
    """Tell whether the pieces of ``left`` can by their weights be ``parts`` parts."""
    words = left.shape[0]
    seen = np.zeros(words, np.uint64)
    fewest = 0
    most = 0
    for w in range(words):
        while left[w] & ~seen[w]:
            bit = left[w] & ~seen[w]
            bit &= ~bit + ONE
            total = _weighs(64 * w + _place(bit), left, beside, weight, seen)
            few = -(-total // upper)
            many = total // lower if lower > 0 else parts
            if few > many:
                return False
            fewest += few
            most += many
    return fewest <= parts <= most


@njit(cache=True)
def _peel(  # noqa: C901, PLR0912, PLR0915 - levels on one stack, because numba cannot recurse cheaply
    beside: Masks, weight: Ints, parts: int, lower: int, upper: int, cut: int, step_limit: int
) -> tuple[Masks, bool]:
    n, words = beside.shape
    depth = n + 2
    inside = np.zeros((parts, depth, words), np.uint64)
    shut = np.zeros((parts, depth, words), np.uint64)
    front = np.zeros((parts, depth, words), np.uint64)
    border = np.zeros((parts, depth), np.int64)
    homes = np.zeros((parts, depth), np.int64)
    tried = np.zeros((parts, depth), np.int64)  # 0: not yet, 1: included, 2: both ways
    chosen = np.zeros((parts, depth), np.int64)
    alive = np.zeros((parts + 1, words), np.uint64)
    left_cut = np.zeros(parts + 1, np.int64)
    root = np.zeros(parts, np.int64)
    at = np.zeros(parts, np.int64)
    seen = np.zeros(words, np.uint64)
    open_set = np.zeros(words, np.uint64)
    for v in range(n):
        alive[0, v >> 6] |= ONE << np.uint64(v & 63)
    left_cut[0] = cut
    none = np.zeros((0, words), np.uint64)
    if parts == 1:
        fits = _divisible(alive[0], beside, weight, 1, lower, upper)
        return (alive[:1].copy(), True) if fits else (none, True)
    level = 0
    root[0] = -1
    at[0] = -1
    steps = 0
    while level >= 0:
        need = parts - level
        if at[level] < 0:
            # The next root: nodes before it are in other parts. With two parts, one holds the first node.
            r = root[level] + 1
            while r < n and not (alive[level, r >> 6] >> np.uint64(r & 63)) & ONE:
                r += 1
            if r >= n or (need == 2 and root[level] >= 0):
                level -= 1
                continue
            root[level] = r
            at[level] = 0
            for w in range(words):
                inside[level, 0, w] = ZERO
                shut[level, 0, w] = ZERO
            for v in range(r):
                if (alive[level, v >> 6] >> np.uint64(v & 63)) & ONE:
                    shut[level, 0, v >> 6] |= ONE << np.uint64(v & 63)
            inside[level, 0, r >> 6] = ONE << np.uint64(r & 63)
            homes[level, 0] = weight[r]
            edges = 0
            for w in range(words):
                edges += _ones(beside[r, w] & shut[level, 0, w])
                front[level, 0, w] = beside[r, w] & alive[level, w] & ~shut[level, 0, w]
            border[level, 0] = edges
            tried[level, 0] = 0
            if weight[r] > upper:
                at[level] = -1
                continue
        d = at[level]
        most = left_cut[level] if need == 2 else (2 * left_cut[level]) // need
        if tried[level, d] == 2 or border[level, d] > most:
            at[level] -= 1
            continue
        if tried[level, d] == 0:
            steps += 1
            if steps > step_limit:
                return none, False
            # The node with most edges into the part decides first.
            best = -1
            most_edges = 0
            for w in range(words):
                reach = front[level, d, w]
                while reach:
                    bit = reach & (~reach + ONE)
                    reach ^= bit
                    v = 64 * w + _place(bit)
                    edges = 0
                    for x in range(words):
                        edges += _ones(beside[v, x] & inside[level, d, x])
                    if edges > most_edges:
                        most_edges = edges
                        best = v
            if best < 0:
                # All neighbours are decided: a part.
                tried[level, d] = 2
                if homes[level, d] < lower or homes[level, d] > upper:
                    continue
                for w in range(words):
                    alive[level + 1, w] = alive[level, w] & ~inside[level, d, w]
                if not _divisible(alive[level + 1], beside, weight, need - 1, lower, upper):
                    continue
                left_cut[level + 1] = left_cut[level] - border[level, d]
                if need == 2:
                    found = np.zeros((parts, words), np.uint64)
                    for q in range(level + 1):
                        found[q] = inside[q, at[q]]
                    found[parts - 1] = alive[level + 1]
                    return found, True
                level += 1
                root[level] = -1
                at[level] = -1
                continue
            chosen[level, d] = best
            tried[level, d] = 1
            v = best
            if homes[level, d] + weight[v] <= upper:
                e = d + 1
                for w in range(words):
                    inside[level, e, w] = inside[level, d, w]
                    shut[level, e, w] = shut[level, d, w]
                inside[level, e, v >> 6] |= ONE << np.uint64(v & 63)
                edges = border[level, d]
                for w in range(words):
                    edges += _ones(beside[v, w] & shut[level, d, w])
                    near = beside[v, w] & alive[level, w] & ~shut[level, d, w]
                    front[level, e, w] = (front[level, d, w] | near) & ~inside[level, e, w]
                border[level, e] = edges
                homes[level, e] = homes[level, d] + weight[v]
                tried[level, e] = 0
                at[level] = e
            continue
        # Leave the node out: its edges into the part are cut for good.
        v = chosen[level, d]
        tried[level, d] = 0
        edges = border[level, d]
        for w in range(words):
            edges += _ones(beside[v, w] & inside[level, d, w])
        border[level, d] = edges
        shut[level, d, v >> 6] |= ONE << np.uint64(v & 63)
        front[level, d, v >> 6] &= ~(ONE << np.uint64(v & 63))
        if edges > most:
            tried[level, d] = 2
            continue
        for w in range(words):
            open_set[w] = alive[level, w] & ~shut[level, d, w]
            seen[w] = ZERO
        if _weighs(root[level], open_set, beside, weight, seen) < lower:
            tried[level, d] = 2
    return none, True
