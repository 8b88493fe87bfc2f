"""Straighten the borders between grids: each to where it is shortest, as far as the window lets it move.

Around the border of two neighbouring grids lies a corridor of compounds and homes that may change sides
without a grid leaving the window. The shortest border inside the corridor is a minimum cut (flow-based
refinement, Sanders and Schulz 2011).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numba import njit

from geogrid.partition.min_cut import arcs_of, push
from geogrid.partition.problem import are_in_one_piece
from geogrid.partition.steps import part

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from geogrid.partition.clock import Clock
    from geogrid.partition.legal_grids import Flag, Window
    from geogrid.partition.problem import Ints, Problem

PASSES = 20
CORE, CORRIDOR = 1, 2  # 0 is apart, in a third grid


def straightened(problem: Problem, window: Window, grid: Ints, clock: Clock) -> Ints:
    """Return a plan of less border, or the plan ``grid`` (n) itself; compounds that are whole stay whole."""
    node_of, partly = _nodes(problem, grid)
    n = int(node_of.max()) + 1
    a, b = node_of[problem.pairs].T if len(problem.pairs) else np.zeros((2, 0), np.int64)
    keys = np.minimum(a, b) * n + np.maximum(a, b)
    unique, place = np.unique(keys[a != b], return_inverse=True)
    pairs = np.column_stack([unique // n, unique % n])
    length = np.bincount(place, problem.length[a != b], len(unique)).astype(np.int64)
    opened = np.bincount(place, problem.open[a != b], len(unique)) > 0
    arcs, open_arcs = arcs_of(n, pairs, length), arcs_of(n, pairs, opened.astype(np.int64))
    homes = np.bincount(node_of, problem.weight, n).astype(np.int64)
    side = np.empty(n, np.int64)
    side[node_of] = grid
    upper = min(window.upper, problem.total)
    _straighten(*arcs, open_arcs.paid, homes, side, partly, window.lower, upper, PASSES, clock.flag)
    straight = np.asarray(side[node_of])
    if (problem.size <= 1).all():
        return straight
    # A compound that lies in pieces was one node.
    whole = len(np.unique(straight)) == len(partly) and are_in_one_piece(problem, straight)
    return straight if whole else grid


def _nodes(problem: Problem, grid: Ints) -> tuple[Ints, Ints]:
    """Return the node of each unit, and for each grid the compound of which it holds a part, or -1."""
    inside = np.flatnonzero(problem.compound >= 0)
    compound, count = problem.compound[inside], len(problem.size)
    held = np.zeros((count, int(grid.max()) + 1), np.int64)
    np.add.at(held, (compound, grid[inside]), 1)
    kept = held[compound, grid[inside]] == problem.size[compound]
    label = np.arange(problem.n) + count
    label[inside[kept]] = compound[kept]
    partly = np.full(held.shape[1], -1, np.int64)
    partly[grid[inside[~kept]]] = compound[~kept]
    return np.unique(label, return_inverse=True)[1].astype(np.int64), partly


@njit(cache=True, nogil=True)
def _straighten(  # noqa: C901 - one loop, because numba is several times slower through calls
    first: Ints,
    head: Ints,
    back: Ints,
    paid: Ints,
    is_open: Ints,
    homes: Ints,
    side: Ints,
    partly: Ints,
    lower: int,
    upper: int,
    passes: int,
    flag: Flag,
) -> None:
    """Straighten each border in turn until none gets shorter; ``side`` is changed in place."""
    parts = len(partly)
    load = np.zeros(parts, np.int64)
    for v in range(len(side)):
        load[side[v]] += homes[v]
    stale = np.ones((parts, parts), np.bool_)
    for _ in range(passes):
        shorter = False
        for one in range(parts):
            for other in range(one + 1, parts):
                if flag[0]:
                    return
                if not stale[one, other] or partly[one] != partly[other]:
                    continue
                stale[one, other] = False
                spare_one = min(load[one] - lower, upper - load[other])
                spare_other = min(load[other] - lower, upper - load[one])
                state = np.zeros(len(side), np.int8)
                met = _corridor(first, head, homes, side, one, other, spare_one, state)
                _corridor(first, head, homes, side, other, one, spare_other, state)
                if not met or not _moved(first, head, back, paid, is_open, side, one, other, state):
                    continue
                load[one] = 0
                load[other] = 0
                for v in range(len(side)):
                    if side[v] == one or side[v] == other:
                        load[side[v]] += homes[v]
                for third in range(parts):
                    for changed in (one, other):
                        stale[min(changed, third), max(changed, third)] = True
                shorter = True
        if not shorter:
            return


@part
def _corridor(
    first: Ints,
    head: Ints,
    homes: Ints,
    side: Ints,
    own: int,
    other: int,
    spare: int,
    state: NDArray[np.int8],
) -> bool:
    """Mark the nodes of ``own`` within so many homes of the border to ``other``; tell whether there is one.

    At least one node stays out of the corridor.
    """
    n = len(side)
    queue = np.empty(n, np.int64)
    seen = np.zeros(n, np.bool_)
    length = 0
    members = 0
    for v in range(n):
        if side[v] == own:
            members += 1
            state[v] = CORE
            for a in range(first[v], first[v + 1]):
                if side[head[a]] == other:
                    seen[v] = True
                    queue[length] = v
                    length += 1
                    break
    met = length > 0
    at = 0
    taken = 0
    while at < length and taken + 1 < members:
        v = queue[at]
        at += 1
        if homes[v] > spare:
            continue
        spare -= homes[v]
        state[v] = CORRIDOR
        taken += 1
        for a in range(first[v], first[v + 1]):
            u = head[a]
            if side[u] == own and not seen[u]:
                seen[u] = True
                queue[length] = u
                length += 1
    return met


@part
def _moved(
    first: Ints,
    head: Ints,
    back: Ints,
    paid: Ints,
    is_open: Ints,
    side: Ints,
    one: int,
    other: int,
    state: NDArray[np.int8],
) -> bool:
    """Lay the border along the minimum cut of the corridor if that is shorter and keeps both in one piece."""
    nodes = np.flatnonzero(state == CORRIDOR)
    m = len(nodes)
    starts, heads, backs, room, to_one, to_other = _network(
        first, head, back, paid, side, one, other, state, nodes
    )
    before = 0
    for i in range(m):
        before += to_other[i] if side[nodes[i]] == one else to_one[i]
        for a in range(starts[i], starts[i + 1]):
            if side[nodes[i]] == one and side[nodes[heads[a]]] == other:
                before += room[a]
    inside = np.zeros(m, np.int8)
    came, queue = np.zeros(m, np.int64), np.zeros(m, np.int64)
    pushed = push(starts, heads, backs, room, to_one - to_other, came, queue, inside)
    if np.minimum(to_one, to_other).sum() + pushed >= before:
        return False
    was = side.copy()
    for i in range(m):
        side[nodes[i]] = one if inside[i] else other
    if _in_one_piece(first, head, is_open, side, one) and _in_one_piece(first, head, is_open, side, other):
        return True
    side[:] = was
    return False


@part
def _network(
    first: Ints,
    head: Ints,
    back: Ints,
    paid: Ints,
    side: Ints,
    one: int,
    other: int,
    state: NDArray[np.int8],
    nodes: Ints,
) -> tuple[Ints, Ints, Ints, Ints, Ints, Ints]:
    """Return the arcs inside the corridor, and what joins each of its nodes to what stays on either side."""
    m = len(nodes)
    place = np.full(len(side), -1, np.int64)
    place[nodes] = np.arange(m)
    local = np.full(len(head), -1, np.int64)
    starts = np.zeros(m + 1, np.int64)
    to_one = np.zeros(m, np.int64)
    to_other = np.zeros(m, np.int64)
    count = 0
    for i in range(m):
        for a in range(first[nodes[i]], first[nodes[i] + 1]):
            u = head[a]
            if state[u] == CORRIDOR:
                local[a] = count
                count += 1
            elif side[u] == one:
                to_one[i] += paid[a]
            elif side[u] == other:
                to_other[i] += paid[a]
        starts[i + 1] = count
    heads = np.empty(count, np.int64)
    backs = np.empty(count, np.int64)
    room = np.empty(count, np.int64)
    for arc in np.flatnonzero(local >= 0):
        heads[local[arc]] = place[head[arc]]
        backs[local[arc]] = local[back[arc]]
        room[local[arc]] = paid[arc]
    return starts, heads, backs, room, to_one, to_other


@part
def _in_one_piece(first: Ints, head: Ints, is_open: Ints, side: Ints, own: int) -> bool:
    n = len(side)
    queue = np.empty(n, np.int64)
    seen = np.zeros(n, np.bool_)
    length = 0
    members = 0
    for v in range(n):
        if side[v] == own:
            members += 1
            if length == 0:
                queue[0] = v
                seen[v] = True
                length = 1
    at = 0
    while at < length:
        v = queue[at]
        at += 1
        for a in range(first[v], first[v + 1]):
            u = head[a]
            if is_open[a] and side[u] == own and not seen[u]:
                seen[u] = True
                queue[length] = u
                length += 1
    return members > 0 and length == members
