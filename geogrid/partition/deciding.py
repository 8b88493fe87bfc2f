"""What decides the nodes of a part whatever it costs: reach, weight, and a rest that can be divided."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from geogrid.partition.leftovers import ONE
from geogrid.partition.min_cut import Arcs, put_inside, put_outside
from geogrid.partition.steps import part, step

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from geogrid.partition.problem import Ints, Masks

FREE, INSIDE, OUTSIDE = 0, 1, 2
DEAD, OPEN, WHOLE = 0, 1, 2
ROWS_FIRST = 256


class Frame(NamedTuple):
    """What does not change with the prices: arcs, which of them join, weights, the bounds of a part."""

    arcs: Arcs
    joins: NDArray[np.bool_]
    weight: Ints
    lower: int
    upper: int
    parts: int


class Asked(NamedTuple):
    """Parts that cost at most ``limit``, with ``best_only`` each of a root cheaper than those before.

    Roots are taken in a circle from ``begin`` until ``enough`` parts are found. A root is left after
    ``steps_a_root``, everything after ``steps``.
    """

    limit: int
    best_only: bool
    begin: int
    enough: int
    steps_a_root: int
    steps: int


class Reach(NamedTuple):
    """What a walk has ``seen`` (n), and the nodes in the order in which it met them (n)."""

    seen: NDArray[np.int8]
    queue: Ints


class Rows(NamedTuple):
    """The parts found so far, in the first ``length`` rows."""

    masks: Masks
    cost: Ints
    root: Ints
    length: int


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


@step
def settle(frame: Frame, root: int, state: NDArray[np.int8], end: Ints, reach: Reach) -> int:
    """Decide what reach and weight alone decide; return what that adds to the least, or -1: nothing fits."""
    weight, seen = frame.weight, reach.seen
    more = 0
    while True:
        held, total = _reached(frame, root, state, reach)
        if total < frame.lower or held > frame.upper:
            return -1
        changed = False
        for v in range(len(weight)):
            if state[v] == INSIDE:
                if seen[v] == 0:
                    return -1
            elif state[v] == FREE:
                if seen[v] == 0 or held + weight[v] > frame.upper:
                    state[v] = OUTSIDE
                    more += put_outside(v, end)
                    changed = changed or seen[v] == 1
                elif total - weight[v] < frame.lower:
                    state[v] = INSIDE
                    more += put_inside(v, end)
                    changed = True
        if not changed:
            return more


@step
def _reached(frame: Frame, root: int, state: NDArray[np.int8], reach: Reach) -> tuple[int, int]:
    """Walk from a root as far as a part may reach; return the weights inside, and of all met."""
    first, head, seen, queue = frame.arcs.first, frame.arcs.head, reach.seen, reach.queue
    for v in range(len(seen)):
        seen[v] = 0
    seen[root] = 1
    queue[0] = root
    length = 1
    at = 0
    held = 0
    total = 0
    while at < length:
        v = queue[at]
        at += 1
        total += frame.weight[v]
        if state[v] == INSIDE:
            held += frame.weight[v]
        for a in range(first[v], first[v + 1]):
            u = head[a]
            if frame.joins[a] and seen[u] == 0 and state[u] != OUTSIDE:
                seen[u] = 1
                queue[length] = u
                length += 1
    return held, total


@step
def rest_divides(frame: Frame, state: NDArray[np.int8], reach: Reach, whole: bool) -> bool:
    """Tell whether the pieces outside that touch no free node can by their weights be whole parts."""
    lower, upper, parts = frame.lower, frame.upper, frame.parts
    fewest = 0
    most = 0
    for v in range(len(state)):
        reach.seen[v] = 0
    for start in range(len(state)):
        if state[start] != OUTSIDE or reach.seen[start]:
            continue
        total = _sealed_piece(frame, start, state, reach)
        if total < 0:
            continue
        few = max(-(-total // upper) if upper > 0 else (1 if total == 0 else parts), 1)
        many = total // lower if lower > 0 else parts
        if few > many:
            return False
        fewest += few
        most += many
    return fewest < parts and not (whole and most < parts - 1)


@step
def _sealed_piece(frame: Frame, start: int, state: NDArray[np.int8], reach: Reach) -> int:
    """Return the weight of the piece outside around a node, or -1 where it touches free nodes."""
    first, head, seen, queue = frame.arcs.first, frame.arcs.head, reach.seen, reach.queue
    seen[start] = 1
    queue[0] = start
    length = 1
    at = 0
    total = 0
    sealed = True
    while at < length:
        v = queue[at]
        at += 1
        total += frame.weight[v]
        for a in range(first[v], first[v + 1]):
            u = head[a]
            if not frame.joins[a]:
                continue
            if state[u] == FREE:
                sealed = False
            elif state[u] == OUTSIDE and seen[u] == 0:
                seen[u] = 1
                queue[length] = u
                length += 1
    return total if sealed else -1


@step
def is_whole(state: NDArray[np.int8]) -> bool:
    """Tell whether every node is decided."""
    free = 0
    for v in range(len(state)):
        free += state[v] == FREE
    return free == 0


@step
def next_node(frame: Frame, state: NDArray[np.int8]) -> int:
    """Return the heaviest free node beside the part."""
    first, head, weight = frame.arcs.first, frame.arcs.head, frame.weight
    best = -1
    for v in range(len(weight)):
        if state[v] != FREE or (best >= 0 and weight[v] <= weight[best]):
            continue
        for a in range(first[v], first[v + 1]):
            if frame.joins[a] and state[head[a]] == INSIDE:
                best = v
                break
    return best


@part
def no_rows(n: int) -> Rows:
    """Begin with no parts of ``n`` nodes."""
    return Rows(
        np.zeros((ROWS_FIRST, (n + 63) // 64), np.uint64),
        np.zeros(ROWS_FIRST, np.int64),
        np.zeros(ROWS_FIRST, np.int64),
        0,
    )


@part
def noted(rows: Rows, state: NDArray[np.int8], cost: int, root: int) -> Rows:
    """Return the rows with one more part; the lists grow where they are full."""
    masks, costs, roots, m = rows
    if m == len(costs):
        masks = np.concatenate((masks, np.zeros_like(masks)))
        costs = np.concatenate((costs, np.zeros_like(costs)))
        roots = np.concatenate((roots, np.zeros_like(roots)))
    for v in range(len(state)):
        if state[v] == INSIDE:
            masks[m, v >> 6] |= ONE << np.uint64(v & 63)
    costs[m] = cost
    roots[m] = root
    return Rows(masks, costs, roots, m + 1)


@part
def listed(rows: Rows, least: Ints, roots: int, steps: int) -> Listed:
    """Return what was found in so many steps."""
    m = rows.length
    return Listed(rows.masks[:m], rows.cost[:m], rows.root[:m], least, roots, steps)
