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
    DEAD,
    FREE,
    INSIDE,
    OPEN,
    OUTSIDE,
    WHOLE,
    Asked,
    Frame,
    Listed,
    Reach,
    is_whole,
    listed,
    next_node,
    no_rows,
    noted,
    rest_divides,
    settle,
)
from geogrid.partition.legal_grids import NEVER
from geogrid.partition.min_cut import NO_END
from geogrid.partition.steps import ZERO, part, step

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from geogrid.partition.legal_grids import Flag
    from geogrid.partition.problem import Floats, Ints


@part
def order_by_ratio(charge: Ints, weight: Ints) -> Ints:
    """Return the nodes by charge a unit of weight; weightless ones come first or last by their sign."""
    ratio = np.empty(len(charge))
    for v in range(len(charge)):
        if weight[v] > 0:
            ratio[v] = charge[v] / weight[v]
        else:
            ratio[v] = -np.inf if charge[v] < 0 else np.inf
    return np.argsort(ratio, kind="mergesort")


@step
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


@step
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
    if boxes is None:
        nowhere = np.zeros((0, 2))
        boxes = Boxes(nowhere, nowhere, roots[:, None], np.zeros((n, 2)), 1)
    price = np.zeros(n, np.int64) if prices is None else prices
    asked = Asked(limit, best_only, begin, enough, steps_a_root, steps)
    return Listed(*_list(frame, charges, boxes, price, asked, flag))


@njit(cache=True, nogil=True)
def _list(frame: Frame, charges: Ints, boxes: Boxes, price: Ints, asked: Asked, flag: Flag) -> Listed:
    weight, boxed = frame.weight, len(boxes.low) > 0
    n = len(weight)
    levels = np.empty((n + 1, n), np.int8)
    free = np.empty(n, np.int8)
    reach = Reach(np.zeros(n, np.int8), np.zeros(n, np.int64))
    end = np.zeros(n, np.int64)
    rows = no_rows(n)
    least = np.full(len(charges), NO_END, np.int64)
    steps = 0
    for turn in range(len(charges)):
        if rows.length >= asked.enough:
            return listed(rows, least, turn, steps)
        i = (asked.begin + turn) % len(charges)
        charge = charges[i]
        order = order_by_ratio(charge, weight)
        top = asked.limit
        free[:] = FREE
        here = 0
        for seed in range(boxes.near.shape[1]):
            root = boxes.near[i, seed]
            if boxed and fill(order, charge, weight, frame.lower, frame.upper, free)[0] > top + 0.5:
                break
            levels[0] = free
            levels[0, root] = INSIDE
            free[root] = OUTSIDE
            d = ZERO
            while d >= 0:
                here += 1
                steps += 1
                if steps > asked.steps or flag[0]:
                    return listed(rows, least, turn, steps)
                if here > asked.steps_a_root:
                    least[i] = -NO_END
                    break
                outlook, ratio = _examined(frame, order, charge, root, levels[d], end, reach, top)
                if outlook == OPEN:
                    _branch(frame, charge, levels, d, ratio)
                    d += 1
                    continue
                if outlook == WHOLE:
                    cost = _cost(frame, charge, boxes, i, price, levels[d])
                    if cost <= top:
                        rows = noted(rows, levels[d], cost, root)
                        least[i] = min(least[i], cost)
                        top = cost - 1 if asked.best_only else top
                d -= 1
            if least[i] == -NO_END:
                break
    return listed(rows, least, len(charges), steps)


@step
def _examined(
    frame: Frame,
    order: Ints,
    charge: Ints,
    root: int,
    state: NDArray[np.int8],
    end: Ints,
    reach: Reach,
    top: int,
) -> tuple[int, float]:
    """Decide what can be; tell whether it is one WHOLE part, OPEN, or DEAD, and the critical ratio."""
    fixed = True
    ratio = 0.0
    while fixed:
        if settle(frame, root, state, end, reach) < 0:
            return DEAD, ratio
        floor, ratio = fill(order, charge, frame.weight, frame.lower, frame.upper, state)
        if floor > top + 0.5:
            return DEAD, ratio
        fixed = _fix(charge, frame.weight, ratio, top + 0.5 - floor, state)
    whole = is_whole(state)
    if not rest_divides(frame, state, reach, whole):
        return DEAD, ratio
    return WHOLE if whole else OPEN, ratio


@step
def _branch(frame: Frame, charge: Ints, levels: NDArray[np.int8], d: int, ratio: float) -> None:
    """Put the parts with a node and those without it on two levels; the cheaper side comes first, above."""
    v = next_node(frame, levels[d])
    dear = charge[v] - ratio * frame.weight[v] > 0
    for u in range(len(charge)):
        levels[d + 1, u] = levels[d, u]
    levels[d + 1, v] = OUTSIDE if dear else INSIDE
    levels[d, v] = INSIDE if dear else OUTSIDE


@step
def _cost(frame: Frame, charge: Ints, boxes: Boxes, box: int, price: Ints, state: NDArray[np.int8]) -> int:
    """Return what a part costs: its charges; or its moment, if its centre lies in the box, else NO_END."""
    low, high, xy = boxes.low, boxes.high, boxes.xy
    cost = 0
    held = 0
    paid = 0
    x, y, square = 0.0, 0.0, 0.0
    for v in range(len(charge)):
        if state[v] == INSIDE:
            w = frame.weight[v]
            cost += charge[v]
            held += w
            paid += price[v]
            x += w * xy[v, 0]
            y += w * xy[v, 1]
            square += w * (xy[v, 0] ** 2 + xy[v, 1] ** 2)
    if len(low) == 0:
        return cost
    x /= max(held, 1)
    y /= max(held, 1)
    if not (low[box, 0] <= x < high[box, 0] and low[box, 1] <= y < high[box, 1]):
        return NO_END
    # A moment is rounded to whole units where parts are compared: it may have been rounded up.
    return int(np.floor((square - (x * x + y * y) * held - 0.5) * boxes.scale)) - paid
