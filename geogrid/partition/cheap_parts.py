"""List the parts that cost little under prices: connected, within the bounds, and leaving a rest to divide.

A part costs what is charged for its nodes and for the edges around it, less the prices of its nodes. A
branch-and-bound decides node by node. What the part must cost at least is a minimum cut in which a multiplier
makes weight dear or cheap, so that sets outside the bounds do not look good; the flow of the step before is
continued. Nodes that the rest cannot reach, spare or bear are decided at once.
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
from geogrid.partition.min_cut import NO_END, charge_more, push, put_inside, put_outside
from geogrid.partition.steps import ZERO, part, step

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from geogrid.partition.legal_grids import Flag
    from geogrid.partition.problem import Ints

TURNS_AT_ROOT = 25


class Levels(NamedTuple):
    """Sets of parts still to be looked at, one a level: what is decided of the nodes ``state`` (depth, n).

    ``room`` (depth, arcs) and ``end`` (depth, n) are the residual network, in which each unit of weight is
    cheaper by ``tilt``; ``floor`` is what it proves.
    """

    state: NDArray[np.int8]
    room: Ints
    end: Ints
    floor: Ints
    tilt: Ints


class Flow(NamedTuple):
    """What pushing flow writes on: the arcs it came by, and which side is ``inside`` at least charge (n)."""

    came: Ints
    inside: NDArray[np.int8]


def list_cheap_parts(
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
    """List the parts that cost at most ``limit``, each for the first root that it holds.

    ``charges`` (1, n) are paid inside. With ``best_only`` each further part of a root must be
    cheaper than those before. Roots are taken in a circle from ``begin`` until ``enough`` parts are found. A
    root is left after ``steps_a_root``, everything after ``steps`` or when
    ``flag`` is raised.
    """
    asked = Asked(limit, best_only, begin, enough, steps_a_root, steps)
    return Listed(*_list(frame, charges[0], roots, asked, flag))


@njit(cache=True, nogil=True)
def _list(frame: Frame, charge: Ints, roots: Ints, asked: Asked, flag: Flag) -> Listed:
    n = len(frame.weight)
    levels = _levels(n, len(frame.arcs.head))
    flow = Flow(np.zeros(n, np.int64), np.zeros(n, np.int8))
    reach = Reach(np.zeros(n, np.int8), np.zeros(n, np.int64))
    rows = no_rows(n)
    least = np.full(len(roots), NO_END, np.int64)
    steps = 0
    for turn in range(len(roots)):
        if rows.length >= asked.enough:
            return listed(rows, least, turn, steps)
        i = (asked.begin + turn) % len(roots)
        top = asked.limit
        _begin(frame, charge, roots, i, levels)
        d = ZERO
        here = 0
        while d >= 0:
            here += 1
            steps += 1
            if steps > asked.steps or flag[0]:
                return listed(rows, least, turn, steps)
            if here > asked.steps_a_root:
                least[i] = -NO_END
                break
            outlook = _examined(frame, roots[i], levels, d, flow, reach, here == 1, top)
            if outlook == OPEN:
                _branch(frame, levels, d, flow)
                d += 1
                continue
            if outlook == WHOLE:
                cost = _cost(frame, charge, levels.state[d])
                if cost <= top:
                    rows = noted(rows, levels.state[d], cost, roots[i])
                    least[i] = min(least[i], cost)
                    top = cost - 1 if asked.best_only else top
            d -= 1
    return listed(rows, least, len(roots), steps)


@part
def _levels(n: int, arcs: int) -> Levels:
    depth = n + 1
    return Levels(
        np.empty((depth, n), np.int8),
        np.empty((depth, arcs), np.int64),
        np.empty((depth, n), np.int64),
        np.zeros(depth, np.int64),
        np.zeros(depth, np.int64),
    )


@step
def _begin(frame: Frame, charge: Ints, roots: Ints, i: int, levels: Levels) -> None:
    """Put all parts that hold a root and none before it on the lowest level."""
    levels.floor[0] = 0
    levels.tilt[0] = 0
    for a in range(len(frame.arcs.paid)):
        levels.room[0, a] = frame.arcs.paid[a]
    for v in range(len(charge)):
        levels.state[0, v] = FREE
        levels.end[0, v] = -charge[v]
        levels.floor[0] += min(charge[v], 0)
    for j in range(i + 1):
        levels.floor[0] += _decide(levels.state[0], levels.end[0], roots[j], j == i)


@step
def _decide(state: NDArray[np.int8], end: Ints, v: int, inside: bool) -> int:
    """Decide a node; return what that adds to the least."""
    state[v] = INSIDE if inside else OUTSIDE
    return put_inside(v, end) if inside else put_outside(v, end)


@step
def _branch(frame: Frame, levels: Levels, d: int, flow: Flow) -> None:
    """Put the parts with a node and those without it on two levels.

    The side that the relaxed part chose comes first, above: there a part is found soonest.
    """
    v = next_node(frame, levels.state[d])
    for u in range(len(frame.weight)):
        levels.state[d + 1, u] = levels.state[d, u]
        levels.end[d + 1, u] = levels.end[d, u]
    for a in range(len(frame.arcs.head)):
        levels.room[d + 1, a] = levels.room[d, a]
    levels.floor[d + 1] = levels.floor[d]
    levels.tilt[d + 1] = levels.tilt[d]
    inside = flow.inside[v] == 1
    levels.floor[d + 1] += _decide(levels.state[d + 1], levels.end[d + 1], v, inside)
    levels.floor[d] += _decide(levels.state[d], levels.end[d], v, not inside)


@step
def _examined(
    frame: Frame, root: int, levels: Levels, d: int, flow: Flow, reach: Reach, at_root: bool, top: int
) -> int:
    """Decide what can be; tell whether a level is one WHOLE part, OPEN, or DEAD: no part of it is wanted."""
    more = settle(frame, root, levels.state[d], levels.end[d], reach)
    if more < 0:
        return DEAD
    levels.floor[d] += more
    whole = is_whole(levels.state[d])
    if not rest_divides(frame, levels.state[d], reach, whole):
        return DEAD
    if _is_dear(frame, levels, d, flow, reach, at_root and not whole, top):
        return DEAD
    return WHOLE if whole else OPEN


@step
def _is_dear(frame: Frame, levels: Levels, d: int, flow: Flow, reach: Reach, at_root: bool, top: int) -> bool:
    """Tell whether all parts cost more than ``top``; at a root weight is tilted against the bounds before."""
    first, head, back, _ = frame.arcs
    turns, stretch = (TURNS_AT_ROOT, _stride(frame)) if at_root else (1, 1)
    last = 0
    for turn in range(turns):
        levels.floor[d] += push(
            first, head, back, levels.room[d], levels.end[d], flow.came, reach.queue, flow.inside
        )
        tilt = levels.tilt[d]
        if levels.floor[d] + tilt * (frame.lower if tilt > 0 else frame.upper) > top:
            return True
        way = _way(frame, flow, tilt) if turn < turns - 1 else 0
        if way == 0:
            return False
        if last != 0:
            stretch = stretch + stretch // 2 if way == last else max(stretch // 2, 1)
        last = way
        by = way * stretch if tilt * (tilt + way * stretch) >= 0 else -tilt
        levels.tilt[d] += by
        for v in range(len(frame.weight)):
            levels.floor[d] += charge_more(v, -by * frame.weight[v], levels.end[d])
    return False


@step
def _stride(frame: Frame) -> int:
    """Return by how much the price of weight changes at first."""
    dearest = 1
    for a in range(len(frame.arcs.paid)):
        dearest = max(dearest, frame.arcs.paid[a])
    return max((8 * dearest) // max(frame.lower, 1), 1)


@step
def _way(frame: Frame, flow: Flow, tilt: int) -> int:
    """Tell whether weight must become cheaper (1) or dearer (-1) for the relaxed part to keep the bounds."""
    total = 0
    for v in range(len(frame.weight)):
        total += frame.weight[v] if flow.inside[v] else 0
    if total < frame.lower or (tilt < 0 and total < frame.upper):
        return 1
    if total > frame.upper or (tilt > 0 and total > frame.lower):
        return -1
    return 0


@step
def _cost(frame: Frame, charge: Ints, state: NDArray[np.int8]) -> int:
    """Return what a part costs: its nodes, and the edges around it."""
    first, head, _, paid = frame.arcs
    cost = 0
    for v in range(len(charge)):
        if state[v] == INSIDE:
            cost += charge[v]
            for a in range(first[v], first[v + 1]):
                if state[head[a]] == OUTSIDE:
                    cost += paid[a]
    return cost
