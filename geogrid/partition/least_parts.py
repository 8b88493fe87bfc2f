"""Divide any graph at least cost by column generation over parts, with a proof.

A linear program chooses shares of parts that cover every node once. Its prices say which parts could still
help, and a branch-and-bound finds them all (``cheap_parts``, ``cheap_around``). Prices move inside a box
around the last ones, so that they stay sensible and every box gives a bound (Marsten et al. 1975). Then all
parts are listed whose cost under the prices lies within a room above the bound; the best division into these
is the best of all if it costs no more than bound and room, and otherwise the room grows.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import highspy
import numpy as np

from geogrid.partition.centres import prices_of_centres
from geogrid.partition.cheap_around import list_around
from geogrid.partition.cheap_parts import Listed, list_cheap_parts
from geogrid.partition.cover import choose, cover_rows, make_solver
from geogrid.partition.min_cut import NO_END
from geogrid.partition.problem import mask_of, members_of
from geogrid.partition.question import part_costs
from geogrid.partition.sweep import sweep

if TYPE_CHECKING:
    from collections.abc import Sequence

    from geogrid.partition.clock import Clock
    from geogrid.partition.problem import Floats, Ints, Masks
    from geogrid.partition.question import Question

    Group = tuple[int, ...]

DIVE = 60
FIRST_STEPS = 20_000
BOX_STEPS = 300_000
BOX_SHARE = 6
SWEEP_STEPS = 300_000_000
TURNS = 2_000
MAIN_SHARE = 0.9
PATIENCE = 2
GROWTH = 1.5
EASE = 1e-6
FIRST_ROOM = 0.002
FIRST_SPARE = 0.01


@dataclass(frozen=True, slots=True)
class Found:
    """The parts (None: none found), their cost, and the bound proved (inf: no division), in units.

    ``every`` are all parts of all divisions of that cost, where these were listed.
    """

    groups: list[Group] | None
    value: float
    bound: float
    every: Masks | None = None


@dataclass
class _Pool:
    """The parts known so far, in a linear program with a box of slack around the prices."""

    question: Question
    solver: highspy.Highs
    clock: Clock
    masks: list[Masks] = field(default_factory=list)
    known: set[bytes] = field(default_factory=set)
    steps: int = 0
    bound: float = 0.0
    groups: list[Group] | None = None
    value: float = np.inf
    every: Masks | None = None


def least_parts(question: Question, clock: Clock, known: Sequence[Group] = ()) -> Found:
    """Return the division of least cost, or the best found and a bound when time is over.

    A good division that is ``known`` leads the way to prices.
    """
    pool = _Pool(question, _empty_program(question), clock.share(MAIN_SHARE))
    if question.bordered:
        middle, width = _start(pool)
    else:
        middle, width = _start_in_boxes(pool, known) if question.boxes else _start_around(pool)
    _close(pool, *_price(pool, middle, width, known))
    if pool.groups is None and pool.masks and np.isfinite(pool.bound):
        pool.clock = clock
        _choose(pool, np.array(pool.masks))
    bound = min(_rounded(pool.bound, question.step), pool.value)
    return Found(pool.groups, pool.value, bound, pool.every)


def _empty_program(question: Question) -> highspy.Highs:
    """Return a program whose rows cover the nodes and count the parts, with two slacks a row."""
    solver = make_solver()
    n, parts = question.n, float(question.parts)
    sides = np.append(np.ones(n), parts)
    solver.addRows(n + 1, sides, sides, 0, np.zeros(n + 1, np.int32), np.zeros(0, np.int32), np.zeros(0))
    m = 2 * (n + 1)
    rows = np.repeat(np.arange(n + 1, dtype=np.int32), 2)
    signs = np.tile([1.0, -1.0], n + 1)
    # With an end to what a slack can do the program is bounded whatever the box.
    ends = np.tile([1.0, parts], n + 1)
    ends[-2:] = parts
    solver.addCols(m, np.zeros(m), np.zeros(m), ends, m, np.arange(m, dtype=np.int32), rows, signs)
    return solver


def _list(
    pool: _Pool,
    prices: Floats,
    room: float,
    *,
    best_only: bool = False,
    begin: int = 0,
    enough: int = NO_END,
    dive: int = NO_END,
    steps: int = NO_END,
) -> tuple[Listed, bool]:
    """List the parts that cost at most their prices and ``room``, and tell whether these are all."""
    question, n = pool.question, pool.question.n
    frame = question.frame
    whole = np.rint(prices[:n] * question.scale).astype(np.int64)
    charges = question.charges - whole
    limit = int(np.floor(min((prices[n] + room) * question.scale, NO_END / 4)))
    if question.bordered:
        listed = list_cheap_parts(
            frame,
            charges,
            question.roots,
            limit,
            best_only=best_only,
            begin=begin,
            enough=enough,
            steps_a_root=dive,
            steps=steps,
            flag=pool.clock.flag,
        )
    else:
        listed = list_around(
            frame,
            charges,
            question.roots,
            limit,
            boxes=question.boxes,
            prices=whole,
            best_only=best_only,
            begin=begin,
            enough=enough,
            steps_a_root=dive,
            steps=steps,
            flag=pool.clock.flag,
        )
    pool.steps += listed.steps
    return listed, listed.roots == len(question.roots) and bool((listed.least > -NO_END).all())


def _start(pool: _Pool) -> tuple[Floats, float]:
    """Put the parts with the least borders into the pool; return first prices and the width of a box."""
    question = pool.question
    prices = np.zeros(question.n + 1)
    room = max(question.most, 1.0) / question.n
    while not pool.clock.over and room < 2 * max(question.most, 1.0):
        listed, whole = _list(pool, prices, room, steps=4 * FIRST_STEPS)
        _add(pool, listed.masks)
        if whole:
            pool.bound = question.parts * min(room, int(listed.least.min()) / question.scale)
        if not whole or listed.steps > FIRST_STEPS:
            break
        room *= 1.4
    least = float(part_costs(question, np.array(pool.masks)).min()) if pool.masks else 1.0
    return prices, max(least, 1.0) * question.parts / question.n / 2


def _start_around(pool: _Pool) -> tuple[Floats, float]:
    """Find first prices by a subgradient, put parts that are cheap under them into the pool."""
    question, frame = pool.question, pool.question.frame
    charges = question.charges // question.scale
    price, bound, least = prices_of_centres(
        charges,
        frame.weight,
        frame.lower,
        frame.upper,
        frame.parts,
        TURNS,
        pool.clock.flag,
    )
    pool.bound = max(bound - question.ease, 0.0)
    prices = np.append(price, np.sort(least)[frame.parts - 1])
    listed, _ = _list(pool, prices, FIRST_SPARE * pool.bound / frame.parts, best_only=True, dive=DIVE)
    _add(pool, listed.masks)
    return prices, max(0.03 * pool.bound, 1.0) / question.n


def _start_in_boxes(pool: _Pool, known: Sequence[Group]) -> tuple[Floats, float]:
    """Let every household pay the same, put parts that are cheap under these prices into the pool."""
    question = pool.question
    if known:
        prices = _prices_of(pool, known)
    else:
        prices = np.append(question.frame.weight * question.most / question.frame.weight.sum(), 0.0)
        prices /= question.parts
    listed, _ = _list(pool, prices, 0.0, best_only=True, dive=DIVE)
    _add(pool, listed.masks)
    return prices, float(prices.sum()) / question.n / 4


def _prices_of(pool: _Pool, known: Sequence[Group]) -> Floats:
    """Put the parts of a division into the pool; return prices that share each one's cost by weight."""
    question, weight = pool.question, pool.question.frame.weight
    masks = np.array([mask_of(group, (question.n + 63) // 64) for group in known])
    _add(pool, masks)
    prices = np.zeros(question.n + 1)
    for group, cost in zip(known, part_costs(question, masks), strict=True):
        prices[list(group)] = cost * weight[list(group)] / max(weight[list(group)].sum(), 1)
    return prices


def _add(pool: _Pool, found: Masks) -> int:
    """Add the parts that are not yet in the pool and return how many."""
    fresh = []
    for i, row in enumerate(found):
        key = row.tobytes()
        if key not in pool.known:
            pool.known.add(key)
            fresh.append(i)
    if not fresh:
        return 0
    masks = found[fresh]
    pool.masks += list(masks)
    table = cover_rows(masks, pool.question.n, pool.question.parts).table
    m = len(fresh)
    pool.solver.addCols(
        m,
        part_costs(pool.question, masks).astype(np.float64),
        np.zeros(m),
        np.full(m, highspy.kHighsInf),
        table.nnz,
        table.indptr[:-1].astype(np.int32),
        table.indices.astype(np.int32),
        table.data,
    )
    return m


def _price(pool: _Pool, middle: Floats, width: float, known: Sequence[Group] = ()) -> tuple[Floats, float]:
    """Return the best prices found, below which no part costs, and the bound that they prove."""
    question, n = pool.question, pool.question.n
    best, bound, failed = middle, -np.inf, 0
    while not pool.clock.over:
        prices, least, slack = _settle(pool, middle, width)
        if least is None:
            # Prices far from the last ones are hard to answer; the parts found so far help nearer by.
            failed += 1
            width /= 3
            if failed > PATIENCE:
                break
            continue
        sound = prices.copy()
        sound[n] = min(prices[n], least)
        told = float(sound[:n].sum() + question.parts * sound[n])
        gained = told - bound
        if gained > 0:
            best, bound = sound, told
        little = max(question.step / 2, question.still * abs(bound))
        if slack < EASE or gained < little or bound > question.most:
            break
        if known and question.bordered:
            _prices_of(pool, known)
            known = ()
        middle, width = prices, width * (GROWTH if question.bordered or slack < 1 else 2.0)
    pool.bound = max(pool.bound, bound - question.ease)
    return best, bound


def _settle(pool: _Pool, middle: Floats, width: float) -> tuple[Floats, float | None, float]:
    """Price parts until none is missing while prices stay in the box.

    Return the prices, the least cost of a part under them (None: too much work), and the slack used.
    """
    question, n, solver = pool.question, pool.question.n, pool.solver
    wide = width * np.append(question.spread, 2 * n / question.parts)
    m = 2 * (n + 1)
    sides = np.column_stack([middle + wide, wide - middle]).ravel()
    solver.changeColsCost(m, np.arange(m, dtype=np.int32), sides)
    dive, begin = DIVE, 0
    enough = pool.steps + max(BOX_STEPS, BOX_SHARE * pool.steps)
    while pool.steps < enough and not pool.clock.over:
        with pool.clock.timed(solver):
            solver.run()
        if solver.getModelStatus() == highspy.HighsModelStatus.kUnknown:
            # From a basis that fits no more it may find none.
            solver.clearSolver()
            with pool.clock.timed(solver):
                solver.run()
        if solver.getModelStatus() != highspy.HighsModelStatus.kOptimal:
            break
        solution = solver.getSolution()
        prices = np.array(solution.row_dual)
        listed, whole = _list(
            pool,
            prices,
            -question.ease,
            best_only=True,
            begin=begin,
            # A deep search is dear: what it finds first may make the rest needless.
            enough=1 if dive > DIVE else NO_END,
            dive=dive,
            steps=enough - pool.steps,
        )
        begin = (begin + max(listed.roots - 1, 0)) % len(question.roots)
        if _add(pool, listed.masks):
            continue
        if whole:
            low = int(listed.least.min())
            slack = float(np.sum(solution.col_value[:m]))
            return prices, np.inf if low == NO_END else low / question.scale, slack
        dive = min(20 * dive, NO_END)
    return middle, None, 0.0


def _close(pool: _Pool, prices: Floats, base: float) -> None:
    """List all parts in a growing room above the bound until the best of them is the best of all."""
    question, step = pool.question, pool.question.step
    if base > question.most:
        pool.bound = np.inf
        return
    room = max(_rounded(base, step) - base, FIRST_ROOM * base)
    while np.isfinite(base) and not pool.clock.over:
        listed, whole = _list(pool, prices, room + question.ease)
        if not whole:
            return
        most = base + room + 2 * question.ease
        if not (_sweep(pool, listed.masks, prices, most) or _choose(pool, listed.masks)):
            return
        beyond = _rounded(base + room + question.ease, step)
        pool.bound = max(pool.bound, min(pool.value, beyond))
        if pool.bound >= pool.value:
            if pool.value <= base + room + question.ease:
                pool.every = np.unique(listed.masks, axis=0)
            return
        if base + room > question.most:
            pool.bound = pool.value
            return
        # Only a better plan is still looked for.
        grown = max(beyond - base, room * GROWTH, room + step / 2)
        room = min(grown, pool.value - step - base) if np.isfinite(pool.value) else grown


def _sweep(pool: _Pool, masks: Masks, prices: Floats, most: float) -> bool:
    """Take the best division into parts that costs at most ``most``; tell whether the sweep finished."""
    question = pool.question
    masks = np.unique(masks, axis=0)
    cost = part_costs(question, masks)
    swept = sweep(
        masks,
        cost[:, None],
        question.parts,
        question.order,
        cost.astype(np.float64),
        prices,
        most,
        SWEEP_STEPS,
        pool.clock.flag,
    )
    _take(pool, masks, cost, swept.columns)
    return swept.finished


def _choose(pool: _Pool, masks: Masks) -> bool:
    """Take the best division into parts by an integer program; tell whether it is proved to be that."""
    if pool.clock.over:
        return False
    question = pool.question
    masks = np.unique(masks, axis=0)
    cost = part_costs(question, masks)
    chosen = choose(cover_rows(masks, question.n, question.parts), cost, None, pool.clock)
    _take(pool, masks, cost, chosen.columns)
    return chosen.proved


def _take(pool: _Pool, masks: Masks, cost: Ints, columns: Ints | None) -> None:
    """Keep a division that is better than the one known."""
    if columns is not None and cost[columns].sum() < pool.value:
        pool.value = int(cost[columns].sum())
        pool.groups = [members_of(row) for row in masks[columns]]


def _rounded(bound: float, step: int) -> float:
    """Return the least multiple of ``step`` that is not below the bound."""
    return float(np.ceil(bound / step - EASE) * step) if np.isfinite(bound) else bound
