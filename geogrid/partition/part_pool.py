"""The parts known so far: the linear program that chooses shares of them, the best division into them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import highspy
import numpy as np

from geogrid.partition.cheap_around import list_around
from geogrid.partition.cheap_parts import list_cheap_parts
from geogrid.partition.cover import choose, cover_rows, make_solver
from geogrid.partition.min_cut import NO_END
from geogrid.partition.problem import members_of
from geogrid.partition.question import part_costs
from geogrid.partition.sweep import sweep

if TYPE_CHECKING:
    from geogrid.partition.clock import Clock
    from geogrid.partition.deciding import Listed
    from geogrid.partition.problem import Floats, Group, Ints, Masks
    from geogrid.partition.question import Question

SWEEP_STEPS = 300_000_000


@dataclass
class Pool:
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


def open_pool(question: Question, clock: Clock) -> Pool:
    """Begin with no parts."""
    return Pool(question, _empty_program(question), clock)


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


def list_parts(
    pool: Pool,
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


def add_parts(pool: Pool, found: Masks) -> int:
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


def take_swept(pool: Pool, masks: Masks, prices: Floats, most: float) -> bool:
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


def take_chosen(pool: Pool, masks: Masks) -> bool:
    """Take the best division into parts by an integer program; tell whether it is proved to be that."""
    if pool.clock.over:
        return False
    question = pool.question
    masks = np.unique(masks, axis=0)
    cost = part_costs(question, masks)
    chosen = choose(cover_rows(masks, question.n, question.parts), cost, None, pool.clock)
    _take(pool, masks, cost, chosen.columns)
    return chosen.proved


def _take(pool: Pool, masks: Masks, cost: Ints, columns: Ints | None) -> None:
    """Keep a division that is better than the one known."""
    if columns is not None and cost[columns].sum() < pool.value:
        pool.value = int(cost[columns].sum())
        pool.groups = [members_of(row) for row in masks[columns]]
