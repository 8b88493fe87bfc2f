"""The compiled walk of pricing: nodes are taken in or left out one after the other, from a root outwards."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numba import njit

from geogrid.partition.leftovers import holds, may_be_divided, may_be_grid, swallows
from geogrid.partition.rows import row
from geogrid.partition.steps import ZERO, part, step
from geogrid.partition.terrain import FAR

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from geogrid.partition.leftovers import Terms
    from geogrid.partition.legal_grids import Flag
    from geogrid.partition.problem import Ints, Masks

OPEN, IN, OUT = 0, 1, 2
PUT, TAKEN = ZERO + 1, ZERO - 1
FIRST_ROOM = 256


class Ground(NamedTuple):
    """What is walked on: nodes as units (m, words), their edges, and what both cost.

    An edge is paid its ``cut`` where one end is in and one out, its ``charge`` where both are in; a line goes
    on where it has ``touch``. ``once`` marks nodes of which a grid holds at most one, ``named`` those with
    which a grid has a compound. ``reach`` (roots, m) tells how far each root goes.
    """

    nodes: Masks
    start: Ints
    near: Ints
    cut: Ints
    charge: Ints
    touch: Flag
    values: Ints
    homes: Ints
    giants: Ints
    giant_count: Ints
    once: Masks
    named: Flag
    reach: Flag


class Asked(NamedTuple):
    """Grids that cost at most ``most``: so many, and so many steps a root.

    ``home_price`` is what a number of households costs, ``grid_price`` what a grid with a compound does.
    """

    home_price: Ints
    grid_price: int
    most: int
    best_only: bool
    limit: int
    steps: int


class Line(NamedTuple):
    """The nodes in their order, the ``end`` before each was decided, and what its two sides cost."""

    node: Ints
    end: Ints
    seen: NDArray[np.bool_]
    status: NDArray[np.uint8]
    leave: Ints
    take_in: Ints
    worth: Ints


class Held:
    """What is decided so far, up to the place ``at`` of a line of ``end``, and the grids ``found``.

    A ``rate`` a home is charged in advance in what is ``paid``; ``open_worth`` is the least that the open
    nodes add. Grids dearer than ``best`` are not wanted, ``lowest`` is the least price of a root's.
    """

    rate: int
    at: int
    end: int
    paid: int
    homes: int
    giants: int
    giant_count: int
    named: int
    once: int
    open_worth: int
    open_homes: int
    found: int
    price: int
    best: int
    lowest: int
    is_over: bool


def search_cheap(ground: Ground, terms: Terms, asked: Asked, flag: Flag) -> tuple[Masks, Ints, bool]:
    """Return the grids found, the least price of each root (-FAR: unknown), and whether all were seen."""
    masks, least, finished = _search(ground, terms, asked, row(Held), flag)
    return masks, least, bool(finished)


@njit(cache=True, nogil=True)
def _search(ground: Ground, terms: Terms, asked: Asked, held: Held, flag: Flag) -> tuple[Masks, Ints, bool]:
    roots, words = len(ground.reach), ground.nodes.shape[1]
    line = _line(len(ground.nodes))
    out = np.empty((FIRST_ROOM, words), np.uint64)
    least = np.full(roots, asked.most, np.int64)
    finished = True
    for root in range(roots):
        if flag[0] or not ground.reach[root, root]:
            least[root] = -FAR if flag[0] else FAR
            finished = finished and not flag[0]
            continue
        held.rate = _rate(ground.values, ground.homes, ground.reach[root], terms.most_homes)
        held.best = held.lowest = asked.most
        held.is_over = False
        _begin(ground, line, held, root)
        out = _search_root(ground, terms, asked, line, held, out, flag)
        least[root] = -FAR if held.is_over else held.lowest
        finished = finished and not held.is_over
        if held.is_over and held.found >= asked.limit:
            least[root:] = -FAR
            break
    return out[: held.found].copy(), least, finished


@part
def _search_root(
    ground: Ground, terms: Terms, asked: Asked, line: Line, held: Held, out: Masks, flag: Flag
) -> Masks:
    """Decide the nodes of the line in all ways that have hope; return the grids with those found."""
    union = np.empty(ground.nodes.shape[1], np.uint64)
    steps = 0
    going = True
    while going:
        if held.at < held.end:
            steps += 1
            held.is_over = held.is_over or steps > asked.steps or flag[0] != 0
            if held.is_over:
                break
            side = IN if _may_be_in(ground, terms, line, held) else OUT
        else:
            if _is_wanted(ground, terms, asked, line, held, union) and may_be_grid(terms, union, held.homes):
                if held.found == len(out):
                    out = np.concatenate((out, np.empty_like(out)))
                _note(asked, held, union, out)
            going, side = _turn_back(ground, line, held), OUT
        while going:
            _decide(ground, line, held, side)
            if _has_hope(terms, asked, held):
                break
            going, side = _turn_back(ground, line, held), OUT
    return out


@step
def _is_wanted(ground: Ground, terms: Terms, asked: Asked, line: Line, held: Held, union: Masks) -> bool:
    """Write the nodes that are in as units; tell whether they are cheap and may by their homes be a grid."""
    held.price = _price(asked, line, held)
    if held.price > held.best or held.homes < terms.fewest_homes:
        return False
    _unite(ground, line, held, union)
    return not swallows(terms, union) and may_be_divided(terms, held.homes, held.giants, held.giant_count)


@step
def _note(asked: Asked, held: Held, union: Masks, out: Masks) -> None:
    """Write a grid into the next row; where only the best are asked for, it must be beaten by far."""
    for w in range(len(union)):
        out[held.found, w] = union[w]
    held.found += 1
    held.is_over = held.found >= asked.limit
    if asked.best_only:
        held.lowest = min(held.lowest, held.price)
        held.best = min(held.best, held.price + (asked.most - held.price) // 2 - 1)


@part
def _line(m: int) -> Line:
    return Line(
        np.empty(m, np.int64),
        np.empty(m, np.int64),
        np.zeros(m, np.bool_),
        np.zeros(m, np.uint8),
        np.empty(m, np.int64),
        np.empty(m, np.int64),
        np.empty(m, np.int64),
    )


@part
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


@step
def _begin(ground: Ground, line: Line, held: Held, root: int) -> None:
    """Leave out what a root cannot reach, and put it first in the line."""
    m = len(ground.values)
    for v in range(m):
        line.status[v] = OPEN if ground.reach[root, v] else OUT
        line.seen[v] = False
        line.leave[v] = 0
        line.take_in[v] = ground.values[v] + held.rate * ground.homes[v]
        line.worth[v] = 0
    held.at, held.end, held.paid, held.homes = 0, 1, 0, 0
    held.giants, held.giant_count, held.named, held.once = 0, 0, 0, 0
    held.open_worth, held.open_homes = 0, 0
    for v in range(m):
        if line.status[v] == OPEN:
            held.open_homes += ground.homes[v]
            line.worth[v] = min(0, line.take_in[v])
            held.open_worth += line.worth[v]
    for v in range(m):
        if line.status[v] == OUT:
            _charge_neighbours(ground, line, held, v, PUT)
    line.node[0] = root
    line.seen[root] = True


@step
def _may_be_in(ground: Ground, terms: Terms, line: Line, held: Held) -> bool:
    """Tell whether the next node of the line fits in."""
    v = line.node[held.at]
    return held.homes + ground.homes[v] <= terms.most_homes and not (held.once and holds(ground.once, v))


@step
def _decide(ground: Ground, line: Line, held: Held, side: int) -> None:
    """Put the next node of the line on a side; one that is in lines up its neighbours."""
    v = line.node[held.at]
    held.open_worth -= line.worth[v]
    line.worth[v] = 0
    line.status[v] = side
    line.end[held.at] = held.end
    _carry(ground, line, held, v, PUT)
    _charge_neighbours(ground, line, held, v, PUT)
    if side == IN:
        for at in range(ground.start[v], ground.start[v + 1]):
            u = ground.near[at]
            if ground.touch[at] and line.status[u] == OPEN and not line.seen[u]:
                line.seen[u] = True
                line.node[held.end] = u
                held.end += 1
    held.at += 1


@step
def _turn_back(ground: Ground, line: Line, held: Held) -> bool:
    """Undo decisions until one can be turned from in to out; tell whether there is one but the root's."""
    while held.at > 0:
        held.at -= 1
        v = line.node[held.at]
        was_in = line.status[v] == IN
        while held.end > line.end[held.at]:
            held.end -= 1
            line.seen[line.node[held.end]] = False
        _carry(ground, line, held, v, TAKEN)
        _charge_neighbours(ground, line, held, v, TAKEN)
        line.status[v] = OPEN
        line.worth[v] = min(line.leave[v], line.take_in[v])
        held.open_worth += line.worth[v]
        if was_in and held.at > 0:
            return True
    return False


@step
def _carry(ground: Ground, line: Line, held: Held, v: int, sign: int) -> None:
    """Count a node that was decided (1), or no longer (-1)."""
    held.open_homes -= sign * ground.homes[v]
    if line.status[v] == OUT:
        held.paid += sign * line.leave[v]
        return
    held.paid += sign * line.take_in[v]
    held.homes += sign * ground.homes[v]
    held.giants += sign * ground.giants[v]
    held.giant_count += sign * ground.giant_count[v]
    held.named += sign * ground.named[v]
    held.once += sign * holds(ground.once, v)


@step
def _charge_neighbours(ground: Ground, line: Line, held: Held, v: int, sign: int) -> None:
    """Let the edges of a node charge the nodes around it for its side (1), or no longer (-1)."""
    is_in = line.status[v] == IN
    more = 0
    for at in range(ground.start[v], ground.start[v + 1]):
        u = ground.near[at]
        if is_in:
            line.leave[u] += sign * ground.cut[at]
            line.take_in[u] += sign * ground.charge[at]
        else:
            line.take_in[u] += sign * ground.cut[at]
        if line.status[u] == OPEN:
            fresh = min(line.leave[u], line.take_in[u])
            more += fresh - line.worth[u]
            line.worth[u] = fresh
    held.open_worth += more


@step
def _has_hope(terms: Terms, asked: Asked, held: Held) -> bool:
    """Tell whether the open nodes may still make a grid that is cheap and large enough."""
    least = held.paid + held.open_worth - held.rate * terms.most_homes + min(asked.grid_price, 0)
    return least <= held.best and held.homes + held.open_homes >= terms.fewest_homes


@step
def _price(asked: Asked, line: Line, held: Held) -> int:
    """Return what the nodes that are in cost as a grid."""
    price = held.paid - held.rate * held.homes + int(asked.home_price[held.homes])
    if held.named:
        price += asked.grid_price
    for v in range(len(line.status)):
        if line.status[v] == OPEN:  # Beyond a barrier: never asked, but a neighbour may have a border.
            price += int(line.leave[v])
    return price


@step
def _unite(ground: Ground, line: Line, held: Held, union: Masks) -> None:
    """Write the units of all nodes that are in."""
    for w in range(len(union)):
        union[w] = 0
        for place in range(held.end):
            if line.status[line.node[place]] == IN:
                union[w] |= ground.nodes[line.node[place], w]
