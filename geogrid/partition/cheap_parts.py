"""List the parts that cost little under prices: connected, within the bounds, and leaving a rest to divide.

A part costs what is charged for its nodes and for the edges around it, less the prices of its nodes. A
branch-and-bound decides node by node. What the part must cost at least is a minimum cut in which a multiplier
makes weight dear or cheap, so that sets outside the bounds do not look good; the flow of the step before is
continued. Nodes that the rest cannot reach, spare or bear are decided at once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

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
from geogrid.partition.min_cut import NO_END, charge_more, push, put_inside, put_outside

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from geogrid.partition.legal_grids import Flag
    from geogrid.partition.problem import Ints, Masks

TURNS_AT_ROOT = 25


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
    found = _list(
        *frame.arcs,
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


@njit(cache=True)
def _tilt(by: int, weight: Ints, end: Ints) -> int:
    """Make each unit of weight cheaper by ``by``; return what that adds to the least."""
    more = 0
    for v in range(len(weight)):
        more += charge_more(v, -by * weight[v], end)
    return more


@njit(cache=True, nogil=True)
def _list(  # noqa: C901, PLR0912, PLR0915 - levels on one stack, because numba cannot recurse cheaply
    first: Ints,
    head: Ints,
    back: Ints,
    paid: Ints,
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
    words = (n + 63) // 64
    depth = n + 2
    room = np.empty((depth, len(head)), np.int64)
    end = np.empty((depth, n), np.int64)
    state = np.empty((depth, n), np.int8)
    floor = np.zeros(depth, np.int64)
    tilt = np.zeros(depth, np.int64)
    phase = np.zeros(depth, np.int8)
    node = np.zeros(depth, np.int64)
    took = np.zeros(depth, np.bool_)
    came = np.zeros(n, np.int64)
    queue = np.zeros(n, np.int64)
    inside = np.zeros(n, np.int8)
    seen = np.zeros(n, np.int8)
    masks = np.zeros((ROWS_FIRST, words), np.uint64)
    cost = np.zeros(ROWS_FIRST, np.int64)
    owner = np.zeros(ROWS_FIRST, np.int64)
    least = np.full(len(roots), NO_END, np.int64)
    rows = 0
    steps = 0
    dearest = 1
    for a in range(len(paid)):
        dearest = max(dearest, paid[a])
    for turn in range(len(roots)):
        if rows >= enough:
            return masks[:rows], cost[:rows], owner[:rows], least, turn, steps
        i = (begin + turn) % len(roots)
        root = roots[i]
        charge = charges[0]
        top = limit
        room[0] = paid
        state[0] = FREE
        floor[0] = 0
        tilt[0] = 0
        for v in range(n):
            floor[0] += min(charge[v], 0)
            end[0, v] = -charge[v]
        for j in range(i):
            state[0, roots[j]] = OUTSIDE
            floor[0] += put_outside(roots[j], end[0])
        state[0, root] = INSIDE
        floor[0] += put_inside(root, end[0])
        stride = max((8 * dearest) // max(lower, 1), 1)
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
                more = settle(root, first, head, joins, weight, lower, upper, state[d], end[d], queue, seen)
                if more < 0:
                    d -= 1
                    continue
                floor[d] += more
                whole = True
                for v in range(n):
                    if state[d, v] == FREE:
                        whole = False
                        break
                if not rest_divides(
                    first, head, joins, weight, lower, upper, parts, state[d], queue, seen, whole
                ):
                    d -= 1
                    continue
                dear = False
                turns = TURNS_AT_ROOT if d == 0 else 1
                stretch = stride
                last = 0
                for tilted in range(turns):
                    floor[d] += push(first, head, back, room[d], end[d], came, queue, inside)
                    if floor[d] + tilt[d] * (lower if tilt[d] > 0 else upper) > top:
                        dear = True
                        break
                    if tilted == turns - 1 or whole:
                        break
                    total = 0
                    for v in range(n):
                        total += weight[v] if inside[v] else 0
                    way = 0
                    if total < lower or (tilt[d] < 0 and total < upper):
                        way = 1
                    elif total > upper or (tilt[d] > 0 and total > lower):
                        way = -1
                    if way == 0:
                        break
                    if last != 0:
                        stretch = stretch + stretch // 2 if way == last else max(stretch // 2, 1)
                    last = way
                    by = way * stretch
                    if tilt[d] * (tilt[d] + by) < 0:
                        by = -tilt[d]
                    tilt[d] += by
                    floor[d] += _tilt(by, weight, end[d])
                if dear:
                    d -= 1
                    continue
                if whole:
                    value = 0
                    for v in range(n):
                        if state[d, v] == INSIDE:
                            value += charge[v]
                            for a in range(first[v], first[v + 1]):
                                if state[d, head[a]] == OUTSIDE:
                                    value += paid[a]
                    if value <= top:
                        masks, cost, owner = noted(masks, cost, owner, rows, state[d], value, root)
                        rows += 1
                        least[i] = min(least[i], value)
                        if best_only:
                            top = value - 1
                    d -= 1
                    continue
                node[d] = next_node(first, head, joins, weight, state[d])
            v = node[d]
            # The side that the relaxed part chose comes first: there a part is found soonest.
            took[d] = inside[v] == 1 if phase[d] == 0 else not took[d]
            phase[d] += 1
            e = d + 1
            room[e] = room[d]
            end[e] = end[d]
            state[e] = state[d]
            floor[e] = floor[d]
            tilt[e] = tilt[d]
            phase[e] = 0
            if took[d]:
                state[e, v] = INSIDE
                floor[e] += put_inside(v, end[e])
            else:
                state[e, v] = OUTSIDE
                floor[e] += put_outside(v, end[e])
            d = e
    return masks[:rows], cost[:rows], owner[:rows], least, len(roots), steps
