"""What a grid leaves behind, and whether that may still be divided within the breach allowed."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numba import njit

from geogrid.partition.problem import mask_of, neighbour_masks
from geogrid.partition.steps import part, step

if TYPE_CHECKING:
    from geogrid.partition.legal_grids import Window
    from geogrid.partition.problem import Ints, Masks, Problem

NO_UPPER = 1 << 40
ONE = np.uint64(1)


class Terms(NamedTuple):
    """What a set of units must keep to be a grid: the numbers of ``facts_of``, and how units lie.

    A grid has ``fewest_homes`` to ``most_homes`` and must not swallow ``whole``; where its nodes may be torn
    it is checked whether it hangs together.
    """

    beside: Masks
    weight: Ints
    full: Masks
    facts: Ints
    whole: Masks
    is_torn: bool
    fewest_homes: int
    most_homes: int


def facts_of(problem: Problem, window: Window, breach: int) -> Ints:
    """Return the numbers that the compiled bounds look at."""
    giant = problem.weight[problem.weight > window.upper]
    numbers = [window.lower, window.upper, window.parts, breach, problem.total, giant.sum(), len(giant)]
    return np.array(numbers, np.int64)


def terms_of(problem: Problem, window: Window, breach: int, whole: Masks, *, is_torn: bool) -> Terms:
    """Return the terms of grids within ``breach`` households outside the window."""
    return Terms(
        neighbour_masks(problem),
        problem.weight,
        mask_of(range(problem.n), problem.words),
        facts_of(problem, window, breach),
        whole,
        is_torn,
        window.lower - breach,
        min(window.upper + breach, problem.total),
    )


@njit(cache=True)
def rest_breach(facts: Ints, homes: int, giants: int, giant_count: int, grown: bool) -> int:
    """Bound the breach of all other grids, when one holds ``homes`` and so many too-large units.

    While that one still grows, only what its growth cannot mend counts: the rest having too few households.
    """
    lower, upper, parts, total = facts[0], facts[1], facts[2], facts[4]
    all_giants, all_count = facts[5], facts[6]
    over = (all_giants - giants) - (all_count - giant_count) * upper
    if parts == 0:
        return int(over)
    rest = total - homes
    small = rest - (all_giants - giants)
    grids = parts - 1 - (all_count - giant_count)
    more = max(0, grids * lower - small)
    if not grown:
        return int(over + more)
    if grids >= 0:
        more = max(more, small - grids * upper)
    return int(max(over + more, rest - (parts - 1) * upper))


@step
def holds(mask: Masks, place: int) -> bool:
    """Tell whether a set holds the member at a place."""
    return bool((mask[place >> 6] >> np.uint64(place & 63)) & ONE)


@step
def swallows(terms: Terms, units: Masks) -> bool:
    """Tell whether a set holds all that must not be swallowed whole."""
    some = False
    for w in range(len(units)):
        if terms.whole[w] & ~units[w]:
            return False
        some = some or terms.whole[w] != 0
    return some


@step
def own_breach(terms: Terms, homes: int) -> int:
    """Return by how many households a grid lies outside the window."""
    return int(max(homes - terms.facts[1], terms.facts[0] - homes, 0))


@step
def may_be_divided(terms: Terms, homes: int, giants: int, giant_count: int) -> bool:
    """Tell whether a grid of so many homes leaves a rest that, by its total, keeps the breach."""
    rest = rest_breach(terms.facts, homes, giants, giant_count, True)
    return bool(own_breach(terms, homes) + rest <= terms.facts[3])


@part
def may_be_grid(terms: Terms, units: Masks, homes: int) -> bool:
    """Tell whether a set is in one piece, and all that it leaves behind may be divided within the breach."""
    if terms.is_torn and not is_connected(units, terms.beside):
        return False
    own = own_breach(terms, homes)
    return bool(fits(units, terms.beside, terms.weight, terms.full, terms.facts, own))


@part
def _piece_breach(facts: Ints, homes: int, giants: int, giant_count: int) -> int:
    """Bound the breach of a piece that must be divided into grids of its own."""
    lower, upper = facts[0], facts[1]
    over = giants - giant_count * upper
    small = homes - giants
    fewest = 0 if giant_count > 0 else 1
    if upper > 0:
        grids = max(fewest, small // upper)
        least = max(0, grids * lower - small, small - grids * upper)
        least = min(least, max(0, (grids + 1) * lower - small, small - (grids + 1) * upper))
    else:
        least = 0
    return int(over + least)


@part
def fits(mask: Masks, beside: Masks, weight: Ints, full: Masks, facts: Ints, own: int) -> bool:
    """Tell whether the pieces that ``mask`` leaves behind may still be divided within the breach."""
    words = mask.shape[0]
    left = full & ~mask
    front = np.zeros(words, np.uint64)
    lower, upper, parts, allowed = facts[0], facts[1], facts[2], facts[3]
    spent = own
    fewest = 0
    most = 0
    for w in range(words):
        while left[w]:
            front[w] = left[w] & (~left[w] + ONE)
            homes = 0
            giants = 0
            giant_count = 0
            moved = True
            while moved:
                moved = False
                for x in range(words):
                    while front[x]:
                        bit = front[x] & (~front[x] + ONE)
                        front[x] ^= bit
                        left[x] &= ~bit
                        u = 64 * x + place_of(bit)
                        homes += weight[u]
                        if weight[u] > upper:
                            giants += weight[u]
                            giant_count += 1
                        for y in range(words):
                            front[y] |= beside[u, y] & left[y]
                        moved = True
            spent += _piece_breach(facts, homes, giants, giant_count)
            if spent > allowed:
                return False
            if upper > 0:
                fewest += -(-homes // upper)
            most += homes // lower if lower > 0 else NO_UPPER
    if allowed == 0 and parts > 0:
        return bool(fewest <= parts - 1 <= most)
    return True


@njit(cache=True)
def is_connected(row: Masks, beside: Masks) -> bool:
    """Tell whether a set of units is in one piece."""
    words = row.shape[0]
    left = row.copy()
    front = np.zeros(words, np.uint64)
    for w in range(words):
        if left[w]:
            front[w] = left[w] & (~left[w] + ONE)
            break
    moved = True
    while moved:
        moved = False
        for w in range(words):
            while front[w]:
                bit = front[w] & (~front[w] + ONE)
                front[w] ^= bit
                left[w] &= ~bit
                u = 64 * w + place_of(bit)
                for x in range(words):
                    front[x] |= beside[u, x] & left[x]
                moved = True
    return not left.any()


@part
def place_of(bit: np.uint64) -> int:
    """Return the position of the only bit set."""
    place = 0
    if bit & np.uint64(0xFFFFFFFF00000000):
        place += 32
    if bit & np.uint64(0xFFFF0000FFFF0000):
        place += 16
    if bit & np.uint64(0xFF00FF00FF00FF00):
        place += 8
    if bit & np.uint64(0xF0F0F0F0F0F0F0F0):
        place += 4
    if bit & np.uint64(0xCCCCCCCCCCCCCCCC):
        place += 2
    if bit & np.uint64(0xAAAAAAAAAAAAAAAA):
        place += 1
    return place
