"""The compiled walk of pricing: nodes are taken in or left out one after the other, from a root outwards."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numba import njit

from geogrid.partition.leftovers import ONE, fits, is_connected, rest_breach
from geogrid.partition.legal_grids import ZERO
from geogrid.partition.terrain import FAR

if TYPE_CHECKING:
    from geogrid.partition.legal_grids import Flag
    from geogrid.partition.problem import Ints, Masks


@njit(cache=True, nogil=True)
def _rate(values: Ints, homes: Ints, reach: Flag, most: int) -> int:
    """Return the price of a home at which the reachable nodes worth having have ``most`` homes."""
    m = len(values)
    rate = np.zeros(m)
    for v in range(m):
        if reach[v] and values[v] < 0:
            rate[v] = -values[v] / max(homes[v], 1)
    taken = 0
    for v in np.argsort(-rate):
        taken += homes[v]
        if rate[v] <= 0.0:
            break
        if taken >= most:
            return int(rate[v])
    return 0


@njit(cache=True, nogil=True)
def search_cheap(  # noqa: C901, PLR0912, PLR0915 - one loop, because numba is several times slower through calls
    nodes: Masks,
    start: Ints,
    near: Ints,
    cut: Ints,
    charge: Ints,
    touch: Flag,
    values: Ints,
    homes: Ints,
    giants: Ints,
    giant_count: Ints,
    reach: Flag,
    roots: int,
    whole: Masks,
    once: Masks,
    check_connected: bool,
    beside: Masks,
    weight: Ints,
    full: Masks,
    facts: Ints,
    home_price: Ints,
    named: Flag,
    grid_price: int,
    most: int,
    best_only: bool,
    limit: int,
    step_limit: int,
    flag: Flag,
) -> tuple[Masks, Ints, bool]:
    """Return the grids found, the least price of each root (-FAR: unknown), and whether all were seen."""
    m, words = nodes.shape
    lower, upper, allowed = facts[0], facts[1], facts[3]
    cap = min(upper + allowed, facts[4])
    few = lower - allowed
    out = np.empty((256, words), np.uint64)
    count = 0
    least = np.full(roots, most, np.int64)
    finished = True
    has_whole = whole.any()
    status = np.zeros(m, np.uint8)  # 0 open, 1 in, 2 out
    seen = np.zeros(m, np.bool_)
    line = np.empty(m, np.int64)
    length = np.empty(m + 1, np.int64)
    decided = np.zeros(m + 1, np.uint8)
    leave = np.empty(m, np.int64)
    take_in = np.empty(m, np.int64)
    worth = np.empty(m, np.int64)
    union = np.zeros(words, np.uint64)
    for root in range(roots):
        if flag[0]:
            least[root] = -FAR
            finished = False
            continue
        best = most
        lowest = most
        rate = _rate(values, homes, reach[root], cap)
        for v in range(m):
            status[v] = 0 if reach[root, v] else 2
            seen[v] = False
            leave[v] = 0
            take_in[v] = values[v] + rate * homes[v]  # The price of taking it in.
        if not reach[root, root]:
            least[root] = FAR
            continue
        for v in range(m):
            if status[v] == 2:
                for at in range(start[v], start[v + 1]):
                    take_in[near[at]] += cut[at]
        open_sum = 0
        open_homes = 0
        for v in range(m):
            worth[v] = min(0, take_in[v]) if status[v] == 0 else 0
            open_sum += worth[v]
            open_homes += homes[v] if status[v] == 0 else 0
        paid = 0
        held = 0
        held_giants = 0
        held_count = 0
        held_once = 0
        # The root is the first in the line and always taken in.
        line[0] = root
        seen[root] = True
        end = 1
        at_line = 0
        decided[0] = 0
        steps = 0
        over = False
        while True:
            # Forward: decide the next node of the line, taking it in first.
            back = False
            if at_line == end:
                price = paid - rate * held + home_price[held]
                for place in range(end):
                    if status[line[place]] == 1 and named[line[place]]:
                        price += grid_price
                        break
                for v in range(m):
                    if status[v] == 0:  # Beyond a barrier: never asked, but a neighbour may have a border.
                        price += leave[v]
                if price <= best and held >= few:
                    for w in range(words):
                        union[w] = ZERO
                    for place in range(end):
                        if status[line[place]] == 1:
                            for w in range(words):
                                union[w] |= nodes[line[place], w]
                    swallowed = bool(has_whole)
                    for w in range(words):
                        if whole[w] & ~union[w]:
                            swallowed = False
                    own = max(held - upper, lower - held, 0)
                    if (
                        not swallowed
                        and own + rest_breach(facts, held, held_giants, held_count, True) <= allowed
                        and (not check_connected or is_connected(union, beside))
                        and fits(union, beside, weight, full, facts, own)
                    ):
                        if count == out.shape[0]:
                            bigger = np.empty((2 * count, words), np.uint64)
                            bigger[:count] = out
                            out = bigger
                        out[count] = union
                        count += 1
                        if best_only:
                            lowest = min(lowest, price)
                            best = min(best, price + (most - price) // 2 - 1)
                        if count >= limit:
                            over = True
                back = True
            else:
                v = line[at_line]
                steps += 1
                if steps > step_limit or flag[0]:
                    over = True
                take = held + homes[v] <= cap
                if take and (once[v >> 6] >> np.uint64(v & 63)) & ONE == ONE and held_once:
                    take = False
                if over:
                    break
                decided[at_line] = 1 if take else 2
            redo = True
            while redo:
                redo = False
                if back:
                    # Undo decisions until one can be turned from in to out.
                    turned = False
                    while at_line > 0:
                        at_line -= 1
                        v = line[at_line]
                        was_in = decided[at_line] == 1
                        if was_in:
                            end_was = length[at_line]
                            while end > end_was:
                                end -= 1
                                seen[line[end]] = False
                            held -= homes[v]
                            held_giants -= giants[v]
                            held_count -= giant_count[v]
                            if (once[v >> 6] >> np.uint64(v & 63)) & ONE == ONE:
                                held_once -= 1
                            paid -= take_in[v]
                        else:
                            paid -= leave[v]
                        status[v] = 0
                        for at in range(start[v], start[v + 1]):
                            u = near[at]
                            if was_in:
                                leave[u] -= cut[at]
                                take_in[u] -= charge[at]
                            else:
                                take_in[u] -= cut[at]
                            if status[u] == 0 and u != v:
                                fresh = min(leave[u], take_in[u])
                                open_sum += fresh - worth[u]
                                worth[u] = fresh
                        worth[v] = min(leave[v], take_in[v])
                        open_sum += worth[v]
                        open_homes += homes[v]
                        if was_in and at_line > 0:
                            decided[at_line] = 2
                            turned = True
                            break
                    if not turned:
                        break
                # Do what was decided of the node at this place.
                v = line[at_line]
                status[v] = decided[at_line]
                open_sum -= worth[v]
                worth[v] = 0
                open_homes -= homes[v]
                length[at_line] = end
                if decided[at_line] == 1:
                    paid += take_in[v]
                    held += homes[v]
                    held_giants += giants[v]
                    held_count += giant_count[v]
                    if (once[v >> 6] >> np.uint64(v & 63)) & ONE == ONE:
                        held_once += 1
                else:
                    paid += leave[v]
                for at in range(start[v], start[v + 1]):
                    u = near[at]
                    if decided[at_line] == 1:
                        leave[u] += cut[at]
                        take_in[u] += charge[at]
                        if touch[at] and status[u] == 0 and not seen[u]:
                            seen[u] = True
                            line[end] = u
                            end += 1
                    else:
                        take_in[u] += cut[at]
                    if status[u] == 0:
                        fresh = min(leave[u], take_in[u])
                        open_sum += fresh - worth[u]
                        worth[u] = fresh
                at_line += 1
                back = False
                if paid + open_sum - rate * cap + min(grid_price, 0) > best or held + open_homes < few:
                    back = True
                    redo = True
            if back:
                break
        if over:
            finished = False
            least[root] = -FAR
            if count >= limit:
                for later in range(root + 1, roots):
                    least[later] = -FAR
                return out[:count].copy(), least, False
        else:
            least[root] = lowest
    return out[:count].copy(), least, finished
