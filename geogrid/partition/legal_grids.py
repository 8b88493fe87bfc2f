"""List the legal grids of a community: every connected set of units that a plan could contain.

A legal grid is a connected set of whole compounds and of units outside compounds, or a connected part of one
compound, perhaps with units outside compounds. Sets are rows of 64-bit words, one bit a unit.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numba import njit

from geogrid.partition.leftovers import ONE, facts_of, fits, is_connected, place_of, rest_breach
from geogrid.partition.problem import mask_of, neighbour_masks

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from geogrid.partition.clock import Clock
    from geogrid.partition.problem import Ints, Masks, Problem

    Flag = NDArray[np.uint8]

STEPS_PER_GRID = 20
NEVER = np.zeros(1, np.uint8)
ZERO = np.uint64(0)


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
    facts = facts_of(problem, window, breach)
    beside = neighbour_masks(problem)
    whole = whole_nodes(problem, beside, compound_is_grid=compound_is_grid)
    found = [_list(problem, facts, beside, whole, limit, flag)]
    for nodes in part_nodes(problem, compound_is_grid=compound_is_grid):
        room = limit - sum(len(grids.masks) for grids in found)
        found.append(_list(problem, facts, beside, nodes, max(room, 0), flag))
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


@njit(cache=True, nogil=True)
def _grow(  # noqa: C901, PLR0912, PLR0915 - one loop, because numba is several times slower through calls
    nodes: Masks,
    node_beside: Masks,
    node_weight: Ints,
    node_giants: Ints,
    node_giant_count: Ints,
    roots: int,
    whole: Masks,
    once: Masks,
    check_connected: bool,
    beside: Masks,
    weight: Ints,
    full: Masks,
    facts: Ints,
    limit: int,
    flag: Flag,
) -> tuple[Masks, bool]:
    m, words = nodes.shape
    node_words = node_beside.shape[1]
    out = np.empty((1024, words), np.uint64)
    count = 0
    front = np.zeros((m + 2, node_words), np.uint64)
    shut = np.zeros((m + 2, node_words), np.uint64)
    units = np.zeros((m + 2, words), np.uint64)
    homes = np.zeros(m + 2, np.int64)
    giants = np.zeros(m + 2, np.int64)
    giant_count = np.zeros(m + 2, np.int64)
    taken_once = np.zeros(m + 2, np.bool_)
    lower, upper, allowed = facts[0], facts[1], facts[3]
    has_whole = whole.any()
    steps = 0
    for root in range(roots):
        front[0] = ZERO
        front[0, root >> 6] = ONE << np.uint64(root & 63)
        shut[0] = ZERO
        for v in range(root):
            shut[0, v >> 6] |= ONE << np.uint64(v & 63)
        units[0] = ZERO
        depth = 0
        while depth >= 0:
            v = -1
            for w in range(node_words):
                if front[depth, w]:
                    bit = front[depth, w] & (~front[depth, w] + ONE)
                    v = 64 * w + place_of(bit)
                    front[depth, w] ^= bit
                    shut[depth, w] |= bit
                    break
            if v < 0:
                depth -= 1
                continue
            alone = (once[v >> 6] >> np.uint64(v & 63)) & ONE == ONE
            if alone and taken_once[depth]:
                continue
            h = homes[depth] + node_weight[v]
            g = giants[depth] + node_giants[v]
            gc = giant_count[depth] + node_giant_count[v]
            if max(0, h - upper) + rest_breach(facts, h, g, gc, False) > allowed:
                continue
            steps += 1
            if steps > STEPS_PER_GRID * limit or flag[0]:
                return out[:count].copy(), False
            deeper = depth + 1
            homes[deeper] = h
            giants[deeper] = g
            giant_count[deeper] = gc
            taken_once[deeper] = taken_once[depth] or alone
            swallowed = bool(has_whole)
            for w in range(words):
                units[deeper, w] = units[depth, w] | nodes[v, w]
                if whole[w] & ~units[deeper, w]:
                    swallowed = False
            if swallowed:
                continue
            for w in range(node_words):
                shut[deeper, w] = shut[depth, w]
                front[deeper, w] = (front[depth, w] | node_beside[v, w]) & ~shut[depth, w]
            own = max(h - upper, lower - h, 0)
            if (
                own + rest_breach(facts, h, g, gc, True) <= allowed
                and (not check_connected or is_connected(units[deeper], beside))
                and fits(units[deeper], beside, weight, full, facts, own)
            ):
                if count == limit:
                    return out[:count].copy(), False
                if count == out.shape[0]:
                    bigger = np.empty((2 * count, words), np.uint64)
                    bigger[:count] = out
                    out = bigger
                out[count] = units[deeper]
                count += 1
            depth = deeper
        taken_once[0] = False
    return out[:count].copy(), True


def _list(problem: Problem, facts: Ints, beside: Masks, nodes: Nodes, limit: int, flag: Flag) -> LegalGrids:
    m = len(nodes.masks)
    if m == 0 or nodes.roots == 0:
        return LegalGrids(np.zeros((0, problem.words), np.uint64), True)
    member = membership(nodes.masks, problem.n)
    giant = problem.weight > facts[1]
    node_of = np.where(member.any(axis=0), member.argmax(axis=0), -1)
    a, b = node_of[problem.pairs[problem.open]].T if len(problem.pairs) else np.zeros((2, 0), np.int64)
    known = (a >= 0) & (b >= 0)
    touching = np.zeros((m, m), np.bool_)
    touching[a[known], b[known]] = touching[b[known], a[known]] = True
    np.fill_diagonal(touching, val=False)
    node_beside = np.array([mask_of(np.flatnonzero(row).tolist(), (m + 63) // 64) for row in touching])
    full = mask_of(range(problem.n), problem.words)
    masks, complete = _grow(
        nodes.masks,
        node_beside,
        member @ problem.weight,
        member @ (problem.weight * giant),
        member @ giant.astype(np.int64),
        nodes.roots,
        nodes.whole,
        nodes.once,
        nodes.split_compounds,
        beside,
        problem.weight,
        full,
        facts,
        limit,
        flag,
    )
    return LegalGrids(masks, bool(complete))


def membership(masks: Masks, n: int) -> Ints:
    """Return sets of bits as a table of 0 and 1 (m, n)."""
    units = np.arange(n)
    words = masks[:, units >> 6]
    return ((words >> (units & 63).astype(np.uint64)) & ONE).astype(np.int64)
