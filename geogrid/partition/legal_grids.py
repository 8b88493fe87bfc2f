"""List the legal grids of a community: every connected set of units that a plan could contain.

A legal grid is a connected set of whole compounds and of units outside compounds, or a connected part of one
compound, perhaps with units outside compounds. Sets are rows of 64-bit words, one bit a unit.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numba import njit

from geogrid.partition.leftovers import (
    ONE,
    facts_of,
    holds,
    is_connected,
    may_be_divided,
    may_be_grid,
    place_of,
    rest_breach,
    swallows,
    terms_of,
)
from geogrid.partition.problem import mask_of, neighbour_masks
from geogrid.partition.steps import ZERO, part, step

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from geogrid.partition.clock import Clock
    from geogrid.partition.leftovers import Terms
    from geogrid.partition.problem import Ints, Masks, Problem

    Flag = NDArray[np.uint8]

STEPS_PER_GRID = 20
NEVER = np.zeros(1, np.uint8)
FIRST_ROOM = 1024


@dataclass(frozen=True, slots=True)
class Window:
    """Households of a grid and number of grids: ``lower``..``upper``, and ``parts`` grids (0: any number)."""

    lower: int
    upper: int
    parts: int


@dataclass(frozen=True, slots=True)
class LegalGrids:
    """The sets found (m, words); ``complete`` is False where the list was cut off at its limit or in time."""

    masks: Masks
    complete: bool


def list_legal_grids(
    problem: Problem,
    window: Window,
    breach: int,
    limit: int,
    *,
    compound_is_grid: bool = False,
    clock: Clock | None = None,
) -> LegalGrids:
    """List every legal grid that a plan with at most ``breach`` households outside the window can contain.

    A set is left out only where a bound proves that the rest cannot be divided within ``breach``; the bound
    looks at the households of each piece that the set leaves behind.
    """
    flag = NEVER if clock is None else clock.flag
    terms = terms_of(problem, window, breach, np.zeros(problem.words, np.uint64), is_torn=False)
    whole = whole_nodes(problem, terms.beside, compound_is_grid=compound_is_grid)
    found = [_list(problem, window, terms, whole, limit, flag)]
    for nodes in part_nodes(problem, compound_is_grid=compound_is_grid):
        room = limit - sum(len(grids.masks) for grids in found)
        found.append(_list(problem, window, terms, nodes, max(room, 0), flag))
    masks = np.concatenate([grids.masks for grids in found])
    return LegalGrids(masks, all(grids.complete for grids in found))


@dataclass(frozen=True)
class Nodes:
    """What is put together: sets of units (m, words); of them only the first ``roots`` may begin a set.

    ``whole`` is a set that must not be swallowed whole (the compound whose parts are listed); ``once`` marks
    nodes of which a set holds at most one.
    """

    masks: Masks
    roots: int
    whole: Masks
    once: Masks
    split_compounds: bool


def whole_nodes(problem: Problem, beside: Masks, *, compound_is_grid: bool) -> Nodes:
    """Return whole compounds and units outside compounds."""
    here = np.bincount(problem.compound[problem.compound >= 0], minlength=len(problem.size))
    once: list[int] = []
    masks: list[Masks] = []
    for c in np.flatnonzero((here == problem.size) & (here > 0)).tolist():
        once.append(len(masks))
        masks.append(mask_of(np.flatnonzero(problem.compound == c).tolist(), problem.words))
    masks.extend(mask_of([u], problem.words) for u in np.flatnonzero(problem.compound < 0).tolist())
    nodes = np.array(masks, np.uint64).reshape(-1, problem.words)
    alone = mask_of(once if compound_is_grid else [], max(1, (len(nodes) + 63) // 64))
    torn = any(not is_connected(row, beside) for row in nodes[: len(once)])
    return Nodes(nodes, len(nodes), np.zeros(problem.words, np.uint64), alone, torn)


def part_nodes(problem: Problem, *, compound_is_grid: bool) -> list[Nodes]:
    """Return for each compound that may be cut its units, and those outside compounds."""
    loose = np.flatnonzero(problem.compound < 0).tolist()
    beside = neighbour_masks(problem)
    found = []
    for c in range(len(problem.size)):
        inside = np.flatnonzero(problem.compound == c).tolist()
        if not inside or problem.size[c] == 1:
            continue
        row = mask_of(inside, problem.words)
        # One compound, one grid: it is cut only where no grid could hold it in one piece.
        if compound_is_grid and len(inside) == problem.size[c] and is_connected(row, beside):
            continue
        masks = np.array([mask_of([u], problem.words) for u in inside + loose], np.uint64)
        swallowed = row if len(inside) == problem.size[c] else np.zeros(problem.words, np.uint64)
        none = np.zeros((len(masks) + 63) // 64, np.uint64)
        found.append(Nodes(masks, len(inside), swallowed, none, False))
    return found


def least_breach(problem: Problem, window: Window) -> int:
    """Return a number of households that lie outside the window in every plan, from the totals alone."""
    facts = facts_of(problem, Window(window.lower, window.upper, window.parts + bool(window.parts)), 0)
    return int(rest_breach(facts, 0, 0, 0, True))


class Ground(NamedTuple):
    """What is put together: nodes as units (m, words), those ``beside`` each as nodes, and their homes."""

    nodes: Masks
    beside: Masks
    homes: Ints
    giants: Ints
    giant_count: Ints
    once: Masks


class Levels(NamedTuple):
    """A set on each level, as units and by its homes, and the nodes that may join it: ``front``.

    ``shut`` are those that were joined before, here or below: each set is built in one order alone.
    """

    front: Masks
    shut: Masks
    units: Masks
    homes: Ints
    giants: Ints
    giant_count: Ints
    once: NDArray[np.bool_]


@njit(cache=True, nogil=True)
def _grow(ground: Ground, terms: Terms, roots: int, limit: int, flag: Flag) -> tuple[Masks, bool]:
    """Return the sets that may be grids, and whether these are all."""
    levels = _levels(ground)
    units, homes = levels.units, levels.homes
    out = np.empty((FIRST_ROOM, ground.nodes.shape[1]), np.uint64)
    count = 0
    steps = 0
    for root in range(roots):
        _begin(levels, root)
        d = ZERO
        while d >= 0:
            v = _next_node(levels, d)
            if v < 0:
                d -= 1
                continue
            if not _may_join(ground, terms, levels, d, v):
                continue
            steps += 1
            if steps > STEPS_PER_GRID * limit or flag[0]:
                return out[:count].copy(), False
            if not _join(ground, terms, levels, d, v):
                continue
            d += 1
            if _may_be_divided(terms, levels, d) and may_be_grid(terms, units[d], homes[d]):
                if count == limit:
                    return out[:count].copy(), False
                if count == len(out):
                    out = np.concatenate((out, np.empty_like(out)))
                out[count] = units[d]
                count += 1
    return out[:count].copy(), True


@part
def _levels(ground: Ground) -> Levels:
    """Make room for sets of all nodes, and one level more for none."""
    m, words = ground.nodes.shape
    node_words = ground.beside.shape[1]
    return Levels(
        np.zeros((m + 2, node_words), np.uint64),
        np.zeros((m + 2, node_words), np.uint64),
        np.zeros((m + 2, words), np.uint64),
        np.zeros(m + 2, np.int64),
        np.zeros(m + 2, np.int64),
        np.zeros(m + 2, np.int64),
        np.zeros(m + 2, np.bool_),
    )


@step
def _begin(levels: Levels, root: int) -> None:
    """Let a root alone join the empty set on the lowest level, and none before it ever."""
    for w in range(levels.front.shape[1]):
        levels.front[0, w] = 0
        levels.shut[0, w] = 0
    levels.front[0, root >> 6] = ONE << np.uint64(root & 63)
    for v in range(root):
        levels.shut[0, v >> 6] |= ONE << np.uint64(v & 63)


@step
def _next_node(levels: Levels, d: int) -> int:
    """Take the first node of the front and shut it; return it, or -1."""
    for w in range(levels.front.shape[1]):
        front = levels.front[d, w]
        if front:
            bit = front & (~front + ONE)
            levels.front[d, w] ^= bit
            levels.shut[d, w] |= bit
            return 64 * w + place_of(bit)
    return -1


@step
def _may_join(ground: Ground, terms: Terms, levels: Levels, d: int, v: int) -> bool:
    """Tell whether a set with one node more may still become a grid."""
    if levels.once[d] and holds(ground.once, v):
        return False
    homes = levels.homes[d] + ground.homes[v]
    giants, giant_count = levels.giants[d] + ground.giants[v], levels.giant_count[d] + ground.giant_count[v]
    over = max(0, homes - terms.facts[1])
    return bool(over + rest_breach(terms.facts, homes, giants, giant_count, False) <= terms.facts[3])


@step
def _join(ground: Ground, terms: Terms, levels: Levels, d: int, v: int) -> bool:
    """Put the set with one node more, and its front, on the next level; tell whether it may be such a set."""
    levels.homes[d + 1] = levels.homes[d] + ground.homes[v]
    levels.giants[d + 1] = levels.giants[d] + ground.giants[v]
    levels.giant_count[d + 1] = levels.giant_count[d] + ground.giant_count[v]
    levels.once[d + 1] = levels.once[d] or holds(ground.once, v)
    for w in range(levels.units.shape[1]):
        levels.units[d + 1, w] = levels.units[d, w] | ground.nodes[v, w]
    for w in range(levels.front.shape[1]):
        levels.shut[d + 1, w] = levels.shut[d, w]
        levels.front[d + 1, w] = (levels.front[d, w] | ground.beside[v, w]) & ~levels.shut[d, w]
    return not swallows(terms, levels.units[d + 1])


@step
def _may_be_divided(terms: Terms, levels: Levels, d: int) -> bool:
    return may_be_divided(terms, levels.homes[d], levels.giants[d], levels.giant_count[d])


def _list(problem: Problem, window: Window, terms: Terms, nodes: Nodes, limit: int, flag: Flag) -> LegalGrids:
    """List the sets that are put together of some nodes."""
    m = len(nodes.masks)
    if m == 0 or nodes.roots == 0:
        return LegalGrids(np.zeros((0, problem.words), np.uint64), True)
    member = membership(nodes.masks, problem.n)
    giant = problem.weight > window.upper
    node_of = np.where(member.any(axis=0), member.argmax(axis=0), -1)
    a, b = node_of[problem.pairs[problem.open]].T if len(problem.pairs) else np.zeros((2, 0), np.int64)
    known = (a >= 0) & (b >= 0)
    touching = np.zeros((m, m), np.bool_)
    touching[a[known], b[known]] = touching[b[known], a[known]] = True
    np.fill_diagonal(touching, val=False)
    node_beside = np.array([mask_of(np.flatnonzero(row).tolist(), (m + 63) // 64) for row in touching])
    ground = Ground(
        nodes.masks,
        node_beside,
        member @ problem.weight,
        member @ (problem.weight * giant),
        member @ giant.astype(np.int64),
        nodes.once,
    )
    own = terms._replace(whole=nodes.whole, is_torn=nodes.split_compounds)
    masks, complete = _grow(ground, own, nodes.roots, limit, flag)
    return LegalGrids(masks, bool(complete))


def membership(masks: Masks, n: int) -> Ints:
    """Return sets of bits as a table of 0 and 1 (m, n)."""
    units = np.arange(n)
    words = masks[:, units >> 6]
    return ((words >> (units & 63).astype(np.uint64)) & ONE).astype(np.int64)
