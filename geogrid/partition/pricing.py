"""Find the legal grids that are cheap under given prices, without listing the others.

A grid's price is a sum over its units, over its pairs of neighbours and a function of its households. Units
are taken in or left out one after the other, from a first unit outwards; a branch ends as soon as what is
decided, and the best that the undecided could still add, is dearer than allowed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numba import njit

from geogrid.partition.legal_grids import (
    ONE,
    ZERO,
    facts_of,
    fits,
    is_connected,
    membership,
    part_nodes,
    rest_breach,
    whole_nodes,
)
from geogrid.partition.problem import mask_of, neighbour_masks

if TYPE_CHECKING:
    from geogrid.partition.clock import Clock
    from geogrid.partition.legal_grids import Flag, Nodes, Window
    from geogrid.partition.problem import Floats, Ints, Masks, Problem

# Prices are whole numbers of this share, so that adding and taking away never blurs them.
SCALE = 1024
FAR = 1 << 62


@dataclass(frozen=True)
class Prices:
    """What a grid costs at least: ``unit`` (n), ``pair`` (e) for pairs inside it, ``constant``.

    ``whole`` (compounds) is for a compound that lies in it whole and ``grid`` for a grid that has any; a
    part of a compound pays neither. ``homes`` tells what a number of households costs, at least 0.
    """

    unit: Floats
    pair: Floats
    whole: Floats
    homes: Floats
    grid: float = 0.0
    constant: float = 0.0


@dataclass(frozen=True)
class Cheap:
    """Grids found (m, words), and for each first unit the least price of its grids, if it was found out."""

    masks: Masks
    least: Floats
    finished: bool


@dataclass(frozen=True)
class Terrain:
    """What the search walks on and no price changes.

    ``nodes`` are put together; ``node_of`` (n) is the node of each unit, -1 for none. Edges join nodes with
    neighbouring units: ``edge_of`` (e) tells which edge a pair belongs to, -1 for none; ``start``, ``near``
    and ``edge`` list each node's edges, ``touch`` those that connect. ``reach`` (roots, nodes) says which
    nodes can lie in one grid with a root.
    """

    nodes: Nodes
    parts: bool
    node_of: Ints
    edge_of: Ints
    edges: int
    start: Ints
    near: Ints
    edge: Ints
    touch: Flag
    homes: Ints
    giants: Ints
    giant_count: Ints
    reach: Flag


def terrains(problem: Problem, window: Window, breach: int, *, compound_is_grid: bool) -> list[Terrain]:
    """Return the terrain of whole compounds and that of each compound's parts."""
    whole = whole_nodes(problem, neighbour_masks(problem), compound_is_grid=compound_is_grid)
    parts = part_nodes(problem, compound_is_grid=compound_is_grid)
    return [
        _terrain(problem, nodes, window, breach, parts=nodes is not whole)
        for nodes in (whole, *parts)
        if len(nodes.masks) and nodes.roots
    ]


def _terrain(problem: Problem, nodes: Nodes, window: Window, breach: int, *, parts: bool) -> Terrain:
    m = len(nodes.masks)
    member = membership(nodes.masks, problem.n)
    node_of = np.where(member.any(axis=0), member.argmax(axis=0), -1)
    a, b = node_of[problem.pairs].T if len(problem.pairs) else np.zeros((2, 0), np.int64)
    between = (a >= 0) & (b >= 0) & (a != b)
    keys = np.minimum(a, b) * m + np.maximum(a, b)
    unique, place = np.unique(keys[between], return_inverse=True)
    edge_of = np.full(len(problem.pairs), -1, np.int64)
    edge_of[between] = place
    touch = np.zeros(len(unique), np.uint8)
    touch[edge_of[between & problem.open]] = 1
    ends = np.concatenate([unique // m, unique % m])
    others = np.concatenate([unique % m, unique // m])
    order = np.lexsort((others, ends))
    start = np.searchsorted(ends[order], np.arange(m + 1)).astype(np.int64)
    near, edge = others[order], np.tile(np.arange(len(unique)), 2)[order]
    homes = member @ problem.weight
    giant = problem.weight > window.upper
    most = min(window.upper + breach, problem.total)
    return Terrain(
        nodes,
        parts,
        node_of,
        edge_of,
        len(unique),
        start,
        near,
        edge,
        touch[edge],
        homes,
        member @ (problem.weight * giant),
        member @ giant.astype(np.int64),
        _reach(start, near, touch[edge], homes, nodes.roots, most),
    )


@njit(cache=True, nogil=True)
def _reach(start: Ints, near: Ints, touch: Flag, homes: Ints, roots: int, most: int) -> Flag:
    """Tell which nodes, none before the root, a connected set of at most so many homes may hold."""
    m = len(homes)
    out = np.zeros((roots, m), np.uint8)
    far = np.empty(m, np.int64)
    for root in range(roots):
        far[:] = FAR
        far[root] = homes[root]
        while True:
            u = -1
            for v in range(root, m):
                if not out[root, v] and far[v] <= most and (u < 0 or far[v] < far[u]):
                    u = v
            if u < 0:
                break
            out[root, u] = 1
            for at in range(start[u], start[u + 1]):
                v = near[at]
                if touch[at] and v > root and far[u] + homes[v] < far[v]:
                    far[v] = far[u] + homes[v]
    return out


def cheap_grids(
    problem: Problem,
    terrain: Terrain,
    window: Window,
    breach: int,
    prices: Prices,
    clock: Clock,
    *,
    most: float,
    limit: int,
    steps: int,
    best_only: bool,
) -> Cheap:
    """Find the legal grids that cost at most ``most``.

    With ``best_only`` each first unit tells its cheapest grid, and of the others only those found before
    anything twice as far below ``most``. At most ``limit`` grids are returned, and at most ``steps`` taken
    for each first unit.
    """
    own = prices.unit.copy()
    a, b = problem.pairs.T if len(problem.pairs) else np.zeros((2, 0), np.int64)
    inside = (terrain.node_of[a] == terrain.node_of[b]) & (terrain.node_of[a] >= 0)
    node = np.zeros(len(terrain.homes))
    lived = terrain.node_of >= 0
    np.add.at(node, terrain.node_of[lived], own[lived])
    np.add.at(node, terrain.node_of[a[inside]], prices.pair[inside])
    if not terrain.parts:
        compound = problem.compound[lived]
        owners, first = np.unique(terrain.node_of[lived], return_index=True)
        named_owner = compound[first] >= 0
        node[owners[named_owner]] += prices.whole[compound[first][named_owner]]
    joint = np.zeros(terrain.edges)
    between = terrain.edge_of >= 0
    np.add.at(joint, terrain.edge_of[between], prices.pair[between])
    # Half of what two nodes save together is charged to each cut between them instead.
    saved = np.ceil(np.maximum(-joint, 0.0) * SCALE / 2).astype(np.int64)
    cut = saved[terrain.edge]
    charge = np.floor(np.maximum(joint, 0.0) * SCALE).astype(np.int64)[terrain.edge]
    values = np.floor(node * SCALE).astype(np.int64)
    values -= np.bincount(terrain.near, cut, len(values)).astype(np.int64)
    named = np.zeros(len(values), np.uint8)
    if not terrain.parts:
        named[owners[named_owner]] = 1
    constant = prices.constant
    masks, least, done = _search(
        terrain.nodes.masks,
        terrain.start,
        terrain.near,
        cut,
        charge,
        terrain.touch,
        values,
        terrain.homes,
        terrain.giants,
        terrain.giant_count,
        terrain.reach,
        terrain.nodes.roots,
        terrain.nodes.whole,
        terrain.nodes.once,
        terrain.nodes.split_compounds,
        neighbour_masks(problem),
        problem.weight,
        mask_of(range(problem.n), problem.words),
        facts_of(problem, window, breach),
        np.floor(prices.homes * SCALE).astype(np.int64),
        named,
        int(np.floor(prices.grid * SCALE)),
        int(np.ceil((most - constant) * SCALE)),
        best_only,
        limit,
        steps,
        clock.flag,
    )
    told = np.where(least >= FAR, np.inf, least / SCALE + constant)
    return Cheap(masks, told, bool(done))


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
def _search(  # noqa: C901, PLR0912, PLR0915 - one loop, because numba is several times slower through calls
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
