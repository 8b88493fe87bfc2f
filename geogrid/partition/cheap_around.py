"""List the parts around given centres that cost little under prices, where only nodes are charged.

As ``cheap_parts``, but without edges to pay the bound is a knapsack whose nodes may be broken: its critical
ratio of charge to weight is the best multiplier, and what a node would cost on its other side decides most
nodes at once (Dantzig 1957).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numba import njit

from geogrid.partition.cheap_parts import (
    FREE,
    INSIDE,
    OUTSIDE,
    ROWS_FIRST,
    Frame,
    Listed,
    next_node,
    rest_divides,
    settle,
)
from geogrid.partition.legal_grids import NEVER, ONE
from geogrid.partition.min_cut import NO_END

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from geogrid.partition.legal_grids import Flag
    from geogrid.partition.problem import Ints, Masks


@njit(cache=True)
def order_by_ratio(charge: Ints, weight: Ints) -> Ints:
    """Return the nodes by charge a unit of weight; weightless ones come first or last by their sign."""
    ratio = np.empty(len(charge))
    for v in range(len(charge)):
        if weight[v] > 0:
            ratio[v] = charge[v] / weight[v]
        else:
            ratio[v] = -np.inf if charge[v] < 0 else np.inf
    return np.argsort(ratio, kind="mergesort")


@njit(cache=True)
def fill(
    order: Ints, charge: Ints, weight: Ints, lower: int, upper: int, state: NDArray[np.int8]
) -> tuple[float, float]:
    """Return the least charge of a part whose free nodes may be broken, and the critical ratio.

    Where the lower bound is met without breaking a node, the ratio is that of the last node it made us take.
    """
    held = 0
    least = 0.0
    ratio = 0.0
    for v in range(len(weight)):
        if state[v] == INSIDE:
            held += weight[v]
            least += charge[v]
    if held > upper:
        return np.inf, 0.0
    for v in order:
        if state[v] != FREE:
            continue
        q = charge[v]
        w = weight[v]
        if q < 0:
            if held + w > upper:
                return least + q * ((upper - held) / w), q / w
        else:
            if held >= lower:
                return least, ratio
            if held + w > lower:
                return least + q * ((lower - held) / w), q / w
            ratio = q / w if w > 0 else ratio
        held += w
        least += q
    return (least, ratio) if held >= lower else (np.inf, 0.0)


@njit(cache=True)
def _fix(charge: Ints, weight: Ints, ratio: float, spare: float, state: NDArray[np.int8]) -> bool:
    """Decide the free nodes that cost more than ``spare`` on their other side; tell whether there are any."""
    changed = False
    for v in range(len(weight)):
        if state[v] == FREE:
            reduced = charge[v] - ratio * weight[v]
            if reduced > spare:
                state[v] = OUTSIDE
                changed = True
            elif -reduced > spare:
                state[v] = INSIDE
                changed = True
    return changed


def list_around(
    frame: Frame,
    charges: Ints,
    roots: Ints,
    limit: int,
    *,
    best_only: bool = False,
    begin: int = 0,
    enough: int = NO_END,
    steps_a_root: int = NO_END,
    steps: int = NO_END,
    flag: Flag = NEVER,
) -> Listed:
    """List as ``list_cheap_parts`` does, the same part for every root around which it is cheap.

    ``charges`` (roots, n).
    """
    found = _list(
        frame.arcs.first,
        frame.arcs.head,
        frame.joins,
        frame.weight,
        charges,
        roots,
        limit,
        frame.lower,
        frame.upper,
        frame.parts,
        best_only,
        begin,
        enough,
        steps_a_root,
        steps,
        flag,
    )
    return Listed(*found)


@njit(cache=True, nogil=True)
def _list(  # noqa: C901, PLR0912, PLR0915 - levels on one stack, because numba cannot recurse cheaply
    first: Ints,
    head: Ints,
    joins: NDArray[np.bool_],
    weight: Ints,
    charges: Ints,
    roots: Ints,
    limit: int,
    lower: int,
    upper: int,
    parts: int,
    best_only: bool,
    begin: int,
    enough: int,
    steps_a_root: int,
    step_limit: int,
    flag: Flag,
) -> tuple[Masks, Ints, Ints, Ints, int, int]:
    n = len(weight)
    depth = n + 2
    state = np.empty((depth, n), np.int8)
    phase = np.zeros(depth, np.int8)
    node = np.zeros(depth, np.int64)
    took = np.zeros(depth, np.bool_)
    end = np.zeros(n, np.int64)
    queue = np.zeros(n, np.int64)
    seen = np.zeros(n, np.int8)
    masks = np.zeros((ROWS_FIRST, (n + 63) // 64), np.uint64)
    cost = np.zeros(ROWS_FIRST, np.int64)
    owner = np.zeros(ROWS_FIRST, np.int64)
    least = np.full(len(roots), NO_END, np.int64)
    rows = 0
    steps = 0
    for turn in range(len(roots)):
        if rows >= enough:
            return masks[:rows], cost[:rows], owner[:rows], least, turn, steps
        i = (begin + turn) % len(roots)
        root = roots[i]
        charge = charges[i]
        order = order_by_ratio(charge, weight)
        top = limit
        state[0] = FREE
        state[0, root] = INSIDE
        here = 0
        d = 0
        phase[0] = 0
        while d >= 0:
            if phase[d] == 2:
                d -= 1
                continue
            if phase[d] == 0:
                here += 1
                steps += 1
                if steps > step_limit or flag[0]:
                    return masks[:rows], cost[:rows], owner[:rows], least, turn, steps
                if here > steps_a_root:
                    least[i] = -NO_END
                    break
                dead = False
                while not dead:
                    dead = (
                        settle(root, first, head, joins, weight, lower, upper, state[d], end, queue, seen) < 0
                    )
                    if dead:
                        break
                    floor, ratio = fill(order, charge, weight, lower, upper, state[d])
                    dead = floor > top + 0.5
                    if dead or not _fix(charge, weight, ratio, top + 0.5 - floor, state[d]):
                        break
                whole = True
                for v in range(n):
                    if state[d, v] == FREE:
                        whole = False
                        break
                if dead or not rest_divides(
                    first, head, joins, weight, lower, upper, parts, state[d], queue, seen, whole
                ):
                    d -= 1
                    continue
                if whole:
                    value = 0
                    for v in range(n):
                        if state[d, v] == INSIDE:
                            value += charge[v]
                    if value <= top:
                        if rows == len(cost):
                            masks = np.concatenate((masks, np.zeros_like(masks)))
                            cost = np.concatenate((cost, np.zeros_like(cost)))
                            owner = np.concatenate((owner, np.zeros_like(owner)))
                        for v in range(n):
                            if state[d, v] == INSIDE:
                                masks[rows, v >> 6] |= ONE << np.uint64(v & 63)
                        cost[rows] = value
                        owner[rows] = root
                        rows += 1
                        least[i] = min(least[i], value)
                        if best_only:
                            top = value - 1
                    d -= 1
                    continue
                node[d] = next_node(first, head, joins, weight, state[d])
                took[d] = charge[node[d]] - ratio * weight[node[d]] > 0
            took[d] = not took[d]
            phase[d] += 1
            e = d + 1
            state[e] = state[d]
            phase[e] = 0
            state[e, node[d]] = INSIDE if took[d] else OUTSIDE
            d = e
    return masks[:rows], cost[:rows], owner[:rows], least, len(roots), steps
