"""What decides the nodes of a part whatever it costs: reach, weight, and a rest that can be divided."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numba import njit

from geogrid.partition.leftovers import ONE
from geogrid.partition.min_cut import Arcs, put_inside, put_outside

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from geogrid.partition.problem import Ints, Masks

FREE, INSIDE, OUTSIDE = 0, 1, 2
ROWS_FIRST = 256


class Frame(NamedTuple):
    """What does not change with the prices: arcs, which of them join, weights, the bounds of a part."""

    arcs: Arcs
    joins: NDArray[np.bool_]
    weight: Ints
    lower: int
    upper: int
    parts: int


class Listed(NamedTuple):
    """Parts as bits (m, words) with their costs; ``least`` a root (NO_END: none within the limit).

    ``roots`` of them were searched, from the first asked for.
    """

    masks: Masks
    cost: Ints
    root: Ints
    least: Ints
    roots: int
    steps: int


@njit(cache=True)
def settle(  # noqa: C901, PLR0912 - one loop over nodes and reach, in no need of calls
    root: int,
    first: Ints,
    head: Ints,
    joins: NDArray[np.bool_],
    weight: Ints,
    lower: int,
    upper: int,
    state: NDArray[np.int8],
    end: Ints,
    queue: Ints,
    seen: NDArray[np.int8],
) -> int:
    """Decide what reach and weight alone decide; return what that adds to the least, or -1: nothing fits."""
    n = len(weight)
    more = 0
    while True:
        seen[:] = 0
        seen[root] = 1
        queue[0] = root
        length = 1
        at = 0
        held = 0
        reach = 0
        while at < length:
            v = queue[at]
            at += 1
            reach += weight[v]
            if state[v] == INSIDE:
                held += weight[v]
            for a in range(first[v], first[v + 1]):
                u = head[a]
                if joins[a] and seen[u] == 0 and state[u] != OUTSIDE:
                    seen[u] = 1
                    queue[length] = u
                    length += 1
        if reach < lower or held > upper:
            return -1
        changed = False
        for v in range(n):
            if state[v] == INSIDE:
                if seen[v] == 0:
                    return -1
            elif state[v] == FREE:
                if seen[v] == 0 or held + weight[v] > upper:
                    state[v] = OUTSIDE
                    more += put_outside(v, end)
                    changed = changed or seen[v] == 1
                elif reach - weight[v] < lower:
                    state[v] = INSIDE
                    more += put_inside(v, end)
                    changed = True
        if not changed:
            return more


@njit(cache=True)
def rest_divides(
    first: Ints,
    head: Ints,
    joins: NDArray[np.bool_],
    weight: Ints,
    lower: int,
    upper: int,
    parts: int,
    state: NDArray[np.int8],
    queue: Ints,
    seen: NDArray[np.int8],
    whole: bool,
) -> bool:
    """Tell whether the pieces outside that touch no free node can by their weights be whole parts."""
    seen[:] = 0
    fewest = 0
    most = 0
    for start in range(len(weight)):
        if state[start] != OUTSIDE or seen[start]:
            continue
        seen[start] = 1
        queue[0] = start
        length = 1
        at = 0
        total = 0
        sealed = True
        while at < length:
            v = queue[at]
            at += 1
            total += weight[v]
            for a in range(first[v], first[v + 1]):
                u = head[a]
                if not joins[a]:
                    continue
                if state[u] == FREE:
                    sealed = False
                elif state[u] == OUTSIDE and seen[u] == 0:
                    seen[u] = 1
                    queue[length] = u
                    length += 1
        if not sealed:
            continue
        few = max(-(-total // upper) if upper > 0 else (1 if total == 0 else parts), 1)
        many = total // lower if lower > 0 else parts
        if few > many:
            return False
        fewest += few
        most += many
    return fewest < parts and not (whole and most < parts - 1)


@njit(cache=True)
def next_node(
    first: Ints, head: Ints, joins: NDArray[np.bool_], weight: Ints, state: NDArray[np.int8]
) -> int:
    """Return the heaviest free node beside the part."""
    best = -1
    for v in range(len(weight)):
        if state[v] != FREE or (best >= 0 and weight[v] <= weight[best]):
            continue
        for a in range(first[v], first[v + 1]):
            if joins[a] and state[head[a]] == INSIDE:
                best = v
                break
    return best


@njit(cache=True)
def noted(
    masks: Masks,
    cost: Ints,
    owner: Ints,
    rows: int,
    state: NDArray[np.int8],
    value: int,
    root: int,
) -> tuple[Masks, Ints, Ints]:
    """Write a part into row ``rows`` of the lists, which grow where they are full."""
    if rows == len(cost):
        masks = np.concatenate((masks, np.zeros_like(masks)))
        cost = np.concatenate((cost, np.zeros_like(cost)))
        owner = np.concatenate((owner, np.zeros_like(owner)))
    for v in range(len(state)):
        if state[v] == INSIDE:
            masks[rows, v >> 6] |= ONE << np.uint64(v & 63)
    cost[rows] = value
    owner[rows] = root
    return masks, cost, owner
