"""Divide any graph at least cost by column generation over parts, with a proof.

A linear program chooses shares of parts that cover every node once. Its prices say which parts could still
help, and a branch-and-bound finds them all (``cheap_parts``, ``cheap_around``). Prices move inside a box
around the last ones, so that they stay sensible and every box gives a bound (Marsten et al. 1975). Then all
parts are listed whose cost under the prices lies within a room above the bound; the best division into these
is the best of all if it costs no more than bound and room, and otherwise the room grows.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import highspy
import numpy as np

from geogrid.partition.centres import prices_of_centres
from geogrid.partition.min_cut import NO_END
from geogrid.partition.part_pool import Pool, add_parts, list_parts, open_pool, take_chosen, take_swept
from geogrid.partition.problem import mask_of
from geogrid.partition.question import part_costs

if TYPE_CHECKING:
    from collections.abc import Sequence

    from geogrid.partition.clock import Clock
    from geogrid.partition.problem import Floats, Group, Masks
    from geogrid.partition.question import Question

DIVE = 60
FIRST_STEPS = 20_000
BOX_STEPS = 300_000
BOX_SHARE = 6
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


def least_parts(question: Question, clock: Clock, known: Sequence[Group] = ()) -> Found:
    """Return the division of least cost, or the best found and a bound when time is over.

    A good division that is ``known`` leads the way to prices.
    """
    pool = open_pool(question, clock.share(MAIN_SHARE))
    if question.bordered:
        middle, width = _start(pool)
    else:
        middle, width = _start_in_boxes(pool, known) if question.boxes else _start_around(pool)
    _close(pool, *_price(pool, middle, width, known))
    if pool.groups is None and pool.masks and np.isfinite(pool.bound):
        pool.clock = clock
        take_chosen(pool, np.array(pool.masks))
    bound = min(_rounded(pool.bound, question.step), pool.value)
    return Found(pool.groups, pool.value, bound, pool.every)


def _start(pool: Pool) -> tuple[Floats, float]:
    """Put the parts with the least borders into the pool; return first prices and the width of a box."""
    question = pool.question
    prices = np.zeros(question.n + 1)
    room = max(question.most, 1.0) / question.n
    while not pool.clock.over and room < 2 * max(question.most, 1.0):
        listed, whole = list_parts(pool, prices, room, steps=4 * FIRST_STEPS)
        add_parts(pool, listed.masks)
        if whole:
            pool.bound = question.parts * min(room, int(listed.least.min()) / question.scale)
        if not whole or listed.steps > FIRST_STEPS:
            break
        room *= 1.4
    least = float(part_costs(question, np.array(pool.masks)).min()) if pool.masks else 1.0
    return prices, max(least, 1.0) * question.parts / question.n / 2


def _start_around(pool: Pool) -> tuple[Floats, float]:
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
    listed, _ = list_parts(pool, prices, FIRST_SPARE * pool.bound / frame.parts, best_only=True, dive=DIVE)
    add_parts(pool, listed.masks)
    return prices, max(0.03 * pool.bound, 1.0) / question.n


def _start_in_boxes(pool: Pool, known: Sequence[Group]) -> tuple[Floats, float]:
    """Let every household pay the same, put parts that are cheap under these prices into the pool."""
    question = pool.question
    if known:
        prices = _prices_of(pool, known)
    else:
        prices = np.append(question.frame.weight * question.most / question.frame.weight.sum(), 0.0)
        prices /= question.parts
    listed, _ = list_parts(pool, prices, 0.0, best_only=True, dive=DIVE)
    add_parts(pool, listed.masks)
    return prices, float(prices.sum()) / question.n / 4


def _prices_of(pool: Pool, known: Sequence[Group]) -> Floats:
    """Put the parts of a division into the pool; return prices that share each one's cost by weight."""
    question, weight = pool.question, pool.question.frame.weight
    masks = np.array([mask_of(group, (question.n + 63) // 64) for group in known])
    add_parts(pool, masks)
    prices = np.zeros(question.n + 1)
    for group, cost in zip(known, part_costs(question, masks), strict=True):
        prices[list(group)] = cost * weight[list(group)] / max(weight[list(group)].sum(), 1)
    return prices


def _price(pool: Pool, middle: Floats, width: float, known: Sequence[Group] = ()) -> tuple[Floats, float]:
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


def _settle(pool: Pool, middle: Floats, width: float) -> tuple[Floats, float | None, float]:
    """Price parts until none is missing while prices stay in the box.

    Return the prices, the least cost of a part under them (None: too much work), and the slack used.
    """
    question, n, solver = pool.question, pool.question.n, pool.solver
    wide = width * np.append(question.spread, 2 * n / question.parts)
    m = 2 * (n + 1)
    sides = np.column_stack([middle + wide, wide - middle]).ravel()
    solver.changeColsCost(m, np.arange(m, dtype=np.int32), sides)
    dive, begin, wanted = DIVE, 0, 1
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
        listed, whole = list_parts(
            pool,
            prices,
            -question.ease,
            best_only=True,
            begin=begin,
            # A deep search is dear: what it finds first may make the rest needless.
            enough=wanted if dive > DIVE else NO_END,
            dive=dive,
            steps=enough - pool.steps,
        )
        begin = (begin + max(listed.roots - 1, 0)) % len(question.roots)
        if add_parts(pool, listed.masks):
            continue
        if whole:
            low = int(listed.least.min())
            slack = float(np.sum(solution.col_value[:m]))
            return prices, np.inf if low == NO_END else low / question.scale, slack
        if len(listed.masks) >= wanted and dive > DIVE:
            # Within the solver's tolerance parts of the pool are worth their price: look past them.
            wanted *= 2
        else:
            dive = min(20 * dive, NO_END)
    return middle, None, 0.0


def _close(pool: Pool, prices: Floats, base: float) -> None:
    """List all parts in a growing room above the bound until the best of them is the best of all."""
    question, step = pool.question, pool.question.step
    if base > question.most:
        pool.bound = np.inf
        return
    room = max(_rounded(base, step) - base, FIRST_ROOM * base)
    while np.isfinite(base) and not pool.clock.over:
        listed, whole = list_parts(pool, prices, room + question.ease)
        if not whole:
            return
        most = base + room + 2 * question.ease
        if not (take_swept(pool, listed.masks, prices, most) or take_chosen(pool, listed.masks)):
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


def _rounded(bound: float, step: int) -> float:
    """Return the least multiple of ``step`` that is not below the bound."""
    return float(np.ceil(bound / step - EASE) * step) if np.isfinite(bound) else bound
