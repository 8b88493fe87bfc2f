"""Choose the best set of legal grids by a sweep over the units: dynamic programming over covered sets.

Units are put in order along the community. The first unit not yet covered must lie in the next grid, so a
plan is built in exactly one order, and all ways to cover the same units with the same number of grids are
one state, of which only the best is kept. Costs add up, so comparing them as vectors solves all objectives
at once.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numba import njit

from geogrid.partition.leftovers import ONE, holds, place_of
from geogrid.partition.legal_grids import NEVER
from geogrid.partition.steps import ZERO, part, step

if TYPE_CHECKING:
    from geogrid.partition.legal_grids import Flag
    from geogrid.partition.problem import Floats, Ints, Masks

STEP_LIMIT = 100_000_000
FIRST_ROOM = 1 << 13
STATE_LIMIT = 1 << 21
NO_CEILING = 1e299


class Grids(NamedTuple):
    """Grids by their first unit, those of unit u from ``start[u]`` on; ``costs`` are (m, stages)."""

    masks: Masks
    costs: Ints
    price: Floats
    start: Ints


class States(NamedTuple):
    """What is covered with so many grids ``used``, and of the ways to do it the best.

    That ``paid`` (room, stages) and ``spent``, and ``came`` from another state ``by`` a grid. ``table`` finds
    a state by its hash. Those whose first unit not covered is u (n: there is none) are a chain that begins
    with ``first[u]``, each with the next one ``later``.
    """

    table: Ints
    covered: Masks
    used: Ints
    paid: Ints
    spent: Floats
    came: Ints
    by: Ints
    first: Ints
    later: Ints


@dataclass(frozen=True, slots=True)
class Swept:
    """The columns of the best plan (None: there is none); ``finished`` is False where the sweep gave up."""

    columns: Ints | None
    finished: bool


def sweep_order(xy: Floats, pairs: Ints) -> Ints:
    """Return the units in an order in which neighbours stand close: along the longer axis, or by a walk."""
    if len(xy) < 3 or not np.ptp(xy, axis=0).any():
        return _walk(len(xy), pairs)
    centred = xy - xy.mean(axis=0)
    _, axes = np.linalg.eigh(centred.T @ centred)
    along = centred @ axes[:, -1]
    # Whole decimetres and the number of the unit: the last bits of a sum must not change the order.
    return np.lexsort((np.arange(len(xy)), np.rint(along * 10)))


def _walk(n: int, pairs: Ints) -> Ints:
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import reverse_cuthill_mckee

    table = coo_array((np.ones(len(pairs)), (pairs[:, 0], pairs[:, 1])), shape=(n, n))
    return np.asarray(reverse_cuthill_mckee((table + table.T).tocsr()), np.int64)


def sweep(
    masks: Masks,
    costs: Ints,
    parts: int,
    order: Ints,
    price: Floats | None = None,
    potential: Floats | None = None,
    most: float = np.inf,
    step_limit: int = STEP_LIMIT,
    flag: Flag = NEVER,
) -> Swept:
    """Find the plan of least cost vector; ``costs`` (m, stages) are compared from left to right.

    ``parts`` is the number of grids, 0 for any. ``price`` (m) is a weighted sum of the costs; ``potential``
    (n + 1) bounds from below what each unit still to cover, and each further grid, adds to it. Plans that
    are dearer than ``most`` are not looked for. The sweep gives up when ``flag`` is set.
    """
    n = len(order)
    place = np.empty(n, np.int64)
    place[order] = np.arange(n)
    moved = _moved(masks, place)
    first = _lowest(moved)
    by_first = np.argsort(first, kind="stable")
    start = np.searchsorted(first[by_first], np.arange(n + 1)).astype(np.int64)
    bound = np.zeros(n + 1) if potential is None else np.append(potential[order], potential[n])
    ceiling = 1e300 if not np.isfinite(most) else float(most)
    prices = np.zeros(len(masks)) if price is None else price[by_first].astype(np.float64)
    grids = Grids(moved[by_first], np.ascontiguousarray(costs[by_first]), prices, start)
    room, full, finished = FIRST_ROOM, True, False
    found = np.zeros(0, np.int64)
    while full and room <= STATE_LIMIT:
        found, finished, full = _sweep(grids, parts, bound, ceiling, step_limit, room, flag)
        room *= 16
    if len(found) == 0:
        return Swept(None, bool(finished))
    return Swept(np.sort(by_first[found]), bool(finished))


@njit(cache=True)
def _moved(masks: Masks, place: Ints) -> Masks:
    out = np.zeros_like(masks)
    for i in range(len(masks)):
        for u in range(len(place)):
            if (masks[i, u >> 6] >> np.uint64(u & 63)) & ONE:
                out[i, place[u] >> 6] |= ONE << np.uint64(place[u] & 63)
    return out


@njit(cache=True)
def _lowest(masks: Masks) -> Ints:
    out = np.zeros(len(masks), np.int64)
    for i in range(len(masks)):
        for u in range(64 * masks.shape[1]):
            if (masks[i, u >> 6] >> np.uint64(u & 63)) & ONE:
                out[i] = u
                break
    return out


@njit(cache=True, nogil=True)
def _sweep(
    grids: Grids, parts: int, bound: Floats, ceiling: float, step_limit: int, room: int, flag: Flag
) -> tuple[Ints, bool, bool]:
    """Return the grids of the best plan, whether the sweep finished, and whether its room was too small."""
    none = np.zeros(0, np.int64)
    start = grids.start
    n = len(start) - 1
    states = _states(room, grids.masks.shape[1], grids.costs.shape[1], n)
    later, used = states.later, states.used
    fresh = np.zeros(grids.masks.shape[1], np.uint64)
    count = ZERO + 1
    steps = 0
    for u in range(n):
        state = states.first[u]
        while state >= 0:
            if parts == 0 or used[state] < parts:
                steps += start[u + 1] - start[u]
                if steps > step_limit or flag[0]:
                    return none, False, False
                count = _extend(grids, states, u, state, parts, bound, ceiling, fresh, count)
                if count < 0:
                    return none, False, True
            state = later[state]
    return _plan(states, states.first[n]), True, False


@step
def _extend(
    grids: Grids,
    states: States,
    u: int,
    state: int,
    parts: int,
    bound: Floats,
    ceiling: float,
    fresh: Masks,
    count: int,
) -> int:
    """Add to a state each grid of its first unit not covered; return the number of states, -1: no room."""
    n = len(bound) - 1
    used = states.used[state] + 1 if parts > 0 else 0
    left = parts - used if parts > 0 else 0
    for c in range(grids.start[u], grids.start[u + 1]):
        if _clash(grids, c, states, state):
            continue
        lowest = _join(grids, c, states, state, fresh, n)
        if parts > 0 and (left < 0 or (left == 0) != (lowest == n)):
            continue
        spent = states.spent[state] + grids.price[c]
        if ceiling < NO_CEILING and spent + _rest(fresh, lowest, bound) + left * bound[n] > ceiling:
            continue
        slot = _slot(states, fresh, used)
        known = states.table[slot]
        if known < 0:
            if count == len(states.used):
                return -1
            known = count
            count += 1
            states.table[slot] = known
            _open(states, known, fresh, used, lowest)
        elif not _is_better(grids, c, states, state, known):
            continue
        _reach(grids, c, states, state, known)
    return count


@part
def _states(room: int, words: int, stages: int, n: int) -> States:
    """Begin with nothing covered."""
    first = np.full(n + 1, -1, np.int64)
    first[0] = 0
    return States(
        np.full(2 * room, -1, np.int64),
        np.zeros((room, words), np.uint64),
        np.zeros(room, np.int64),
        np.zeros((room, stages), np.int64),
        np.zeros(room),
        np.full(room, -1, np.int64),
        np.full(room, -1, np.int64),
        first,
        np.full(room, -1, np.int64),
    )


@step
def _clash(grids: Grids, c: int, states: States, state: int) -> bool:
    """Tell whether a grid holds a unit that is covered."""
    for w in range(grids.masks.shape[1]):  # noqa: SIM110 - numba knows no generators in a call
        if grids.masks[c, w] & states.covered[state, w]:
            return True
    return False


@step
def _join(grids: Grids, c: int, states: States, state: int, fresh: Masks, n: int) -> int:
    """Write what is covered with one grid more; return the first unit that is not, ``n`` where all are."""
    for w in range(len(fresh)):
        fresh[w] = states.covered[state, w] | grids.masks[c, w]
    for w in range(len(fresh)):
        gap = ~fresh[w]
        if gap:
            return min(64 * w + place_of(gap & (~gap + ONE)), n)
    return n


@step
def _rest(fresh: Masks, lowest: int, bound: Floats) -> float:
    """Bound what the units not covered add."""
    rest = 0.0
    for v in range(lowest, len(bound) - 1):
        if not holds(fresh, v):
            rest += bound[v]
    return rest


@step
def _slot(states: States, fresh: Masks, used: int) -> np.uint64:
    """Return where the table knows the state of so many grids that covers the same, or has place for it."""
    last = np.uint64(len(states.table) - 1)
    slot = np.uint64(used) * np.uint64(0x9E3779B97F4A7C15)
    for w in range(len(fresh)):
        slot = (slot ^ fresh[w]) * np.uint64(0xBF58476D1CE4E5B9)
        slot ^= slot >> np.uint64(29)
    slot &= last
    while states.table[slot] >= 0 and not _is_same(states, states.table[slot], fresh, used):
        slot = (slot + ONE) & last
    return slot


@step
def _is_same(states: States, state: int, fresh: Masks, used: int) -> bool:
    differ = np.uint64(states.used[state] != used)
    for w in range(len(fresh)):
        differ |= states.covered[state, w] ^ fresh[w]
    return not differ


@step
def _open(states: States, state: int, fresh: Masks, used: int, lowest: int) -> None:
    """Write a state, the next to be looked at of those whose first unit not covered is this one."""
    for w in range(len(fresh)):
        states.covered[state, w] = fresh[w]
    states.used[state] = used
    states.later[state] = states.first[lowest]
    states.first[lowest] = state


@step
def _is_better(grids: Grids, c: int, states: States, state: int, known: int) -> bool:
    """Tell whether a state is reached at less cost than so far, by the first stage that differs."""
    for s in range(grids.costs.shape[1]):
        new = states.paid[state, s] + grids.costs[c, s]
        if new != states.paid[known, s]:
            return bool(new < states.paid[known, s])
    return False


@step
def _reach(grids: Grids, c: int, states: States, state: int, known: int) -> None:
    """Write how a state is reached: from another one, by a grid."""
    for s in range(grids.costs.shape[1]):
        states.paid[known, s] = states.paid[state, s] + grids.costs[c, s]
    states.spent[known] = states.spent[state] + grids.price[c]
    states.came[known] = state
    states.by[known] = c


@part
def _plan(states: States, end: int) -> Ints:
    """Return the grids by which a state is reached, from the last one on."""
    length = 0
    at = end
    while at >= 0 and states.by[at] >= 0:
        length += 1
        at = states.came[at]
    found = np.zeros(length, np.int64)
    for i in range(length):
        found[i] = states.by[end]
        end = states.came[end]
    return found
