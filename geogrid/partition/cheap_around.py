"""List the parts around centres that cost little under prices, where only nodes are charged.

As ``cheap_parts``, but without edges to pay the bound is a knapsack whose nodes may be broken: its critical
ratio of charge to weight is the best multiplier, and what a node would cost on its other side decides most
nodes at once (Dantzig 1957).

A centre is a node of the part, or lies anywhere in a box: then the charges are a bound for all centres in the
box, and a part is listed in the box that its own centre lies in, at its own moment.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numba import njit

from geogrid.partition.deciding import (
    FREE,
    INSIDE,
    OUTSIDE,
    ROWS_FIRST,
    Frame,
    Listed,
    next_node,
    noted,
    rest_divides,
    settle,
)
from geogrid.partition.legal_grids import NEVER
from geogrid.partition.min_cut import NO_END

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from geogrid.partition.legal_grids import Flag
    from geogrid.partition.problem import Floats, Ints, Masks


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


class Boxes(NamedTuple):
    """Where centres may lie: corners ``low`` and ``high`` (k, 2), and the nodes ``near`` each (k, n).

    ``xy`` (n, 2) are the nodes' places; a moment counts ``scale`` times.
    """

    low: Floats
    high: Floats
    near: Ints
    xy: Floats
    scale: int


def list_around(
    frame: Frame,
    charges: Ints,
    roots: Ints,
    limit: int,
    *,
    boxes: Boxes | None = None,
    prices: Ints | None = None,
    best_only: bool = False,
    begin: int = 0,
    enough: int = NO_END,
    steps_a_root: int = NO_END,
    steps: int = NO_END,
    flag: Flag = NEVER,
) -> Listed:
    """List as ``list_cheap_parts`` does, the same part for every root around which it is cheap.

    ``charges`` (roots, n). With ``boxes`` a root is a box, ``charges`` hold for any centre in it, and a part
    costs its moment less ``prices`` (n).
    """
    n = len(frame.weight)
    nowhere = np.zeros((0, 2))
    low, high, near, xy, scale = boxes or Boxes(nowhere, nowhere, roots[:, None], np.zeros((n, 2)), 1)
    found = _list(
        frame.arcs.first,
        frame.arcs.head,
        frame.joins,
        frame.weight,
        charges,
        near,
        low,
        high,
        xy,
        scale,
        np.zeros(n, np.int64) if prices is None else prices,
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


@njit(cache=True)
def _worth(
    state: NDArray[np.int8],
    charge: Ints,
    weight: Ints,
    box: int,
    low: Floats,
    high: Floats,
    xy: Floats,
    scale: int,
    price: Ints,
) -> int:
    """Return what the part costs: its charges; or its moment, if its centre lies in the box, else NO_END."""
    value = 0
    held = 0
    paid = 0
    x, y, square = 0.0, 0.0, 0.0
    for v in range(len(weight)):
        if state[v] == INSIDE:
            value += charge[v]
            held += weight[v]
            paid += price[v]
            x += weight[v] * xy[v, 0]
            y += weight[v] * xy[v, 1]
            square += weight[v] * (xy[v, 0] ** 2 + xy[v, 1] ** 2)
    if len(low) == 0:
        return value
    x /= max(held, 1)
    y /= max(held, 1)
    if not (low[box, 0] <= x < high[box, 0] and low[box, 1] <= y < high[box, 1]):
        return NO_END
    # A moment is rounded to whole units where parts are compared: it may have been rounded up.
    return int(np.floor((square - (x * x + y * y) * held - 0.5) * scale)) - paid


@njit(cache=True, nogil=True)
def _list(  # noqa: C901, PLR0912, PLR0915 - levels on one stack, because numba cannot recurse cheaply
    first: Ints,
    head: Ints,
    joins: NDArray[np.bool_],
    weight: Ints,
    charges: Ints,
    near: Ints,
    low: Floats,
    high: Floats,
    xy: Floats,
    scale: int,
    price: Ints,
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
    least = np.full(len(charges), NO_END, np.int64)
    base = np.empty(n, np.int8)
    boxed = len(low) > 0
    rows = 0
    steps = 0
    for turn in range(len(charges)):
        if rows >= enough:
            return masks[:rows], cost[:rows], owner[:rows], least, turn, steps
        i = (begin + turn) % len(charges)
        charge = charges[i]
        order = order_by_ratio(charge, weight)
        top = limit
        here = 0
        base[:] = FREE
        for seed in range(near.shape[1]):
            root = near[i, seed]
            if boxed and fill(order, charge, weight, lower, upper, base)[0] > top + 0.5:
                break
            state[0] = base
            state[0, root] = INSIDE
            base[root] = OUTSIDE
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
                            settle(root, first, head, joins, weight, lower, upper, state[d], end, queue, seen)
                            < 0
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
                        value = _worth(state[d], charge, weight, i, low, high, xy, scale, price)
                        if value <= top:
                            masks, cost, owner = noted(masks, cost, owner, rows, state[d], value, root)
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
            if least[i] == -NO_END:
                break
    return masks[:rows], cost[:rows], owner[:rows], least, len(charges), steps
