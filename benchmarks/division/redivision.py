"""Change 5 % of the homes of every community and count who moves, against a fresh solve.

The re-division has the fewest households moved of all plans that are at most one point off the fresh plan's
balance, by each of the three measures of balance; a community whose re-division is not proved counts with
what was found.
"""

from __future__ import annotations

import multiprocessing
from concurrent.futures import ProcessPoolExecutor
from typing import TYPE_CHECKING

import numpy as np

from benchmarks.bars import Bar, at_least, at_most
from benchmarks.division.communities import LIMIT_S, POLICY
from benchmarks.division.instances import changed
from geogrid import measures
from geogrid.partition import Balance, divide, redivide

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benchmarks.bars import Clock
    from benchmarks.division.communities import Run
    from geogrid.adjacency import UnitGraph
    from geogrid.plan import Plan

    # By balance: households moved, by a fresh solve, and whether fewest is proved.
    Told = dict[Balance, tuple[int, int, bool]]

WITHIN = 0.01
PATIENCE_S = 60.0
FEWEST = 5  # so many a quick run divides anew, whatever the time


def redivision(runs: list[Run], clock: Clock, *, workers: int) -> list[Bar]:
    """Compare staying with starting afresh."""
    solved = [one for run in runs for one in run.solved]
    lived_in = [one for one in solved if measures.residential(one.division.plan, one.instance.graph)]
    tasks = [(changed(one.instance.graph, seed), one.division.plan) for seed, one in enumerate(lived_in)]
    told: list[Told] = []
    for one in _all(tasks, workers):
        told.append(one)
        if clock.is_over() and len(told) >= FEWEST:
            break
    return _tell(told)


def _all(tasks: list[tuple[UnitGraph, Plan]], workers: int) -> Iterator[Told]:
    if workers == 1:
        yield from map(_redivided, tasks)
        return
    with ProcessPoolExecutor(workers, mp_context=multiprocessing.get_context("spawn")) as pool:
        yield from pool.map(_redivided, tasks)


def _redivided(task: tuple[UnitGraph, Plan]) -> Told:
    graph, plan = task
    fresh = divide(graph, POLICY, time_limit_s=LIMIT_S)
    told: Told = {}
    for balance in Balance:
        one = redivide(
            graph,
            POLICY,
            plan,
            balance_within=WITHIN,
            balance=balance,
            fresh=fresh,
            time_limit_s=PATIENCE_S,
        )
        told[balance] = one.moved, one.moved_afresh, one.division.proved
    return told


def _tell(told: list[Told]) -> list[Bar]:
    """Print a line for each measure of balance and return its bars."""
    print(
        f"\nre-division of {len(told)} communities after changes of 5 %, within {WITHIN:.0%} of the balance"
    )
    print(
        f"{'balance':8} {'moved':>7} {'afresh':>7} {'share':>6} {'proved':>7} "
        f"{'nobody':>6} {'a tenth':>7} {'half':>5} {'more':>5}"
    )
    bars = []
    for balance in Balance:
        moved, afresh, proved = np.array([one[balance] for one in told]).T
        share = float(moved.sum() / max(afresh.sum(), 1))
        sure = float(proved.mean())
        # Of the communities in which a fresh solve moves somebody: how many of its households must move.
        part = moved[afresh > 0] / afresh[afresh > 0]
        ends = [(part == 0).sum(), (part <= 0.1).sum(), (part <= 0.5).sum(), (part > 0.5).sum()]
        print(
            f"{balance:8} {moved.sum():7} {afresh.sum():7} {share:6.1%} {sure:7.1%} "
            f"{ends[0]:6} {ends[1]:7} {ends[2]:5} {ends[3]:5}",
            flush=True,
        )
        name = f"re-division, balance by {balance}, {len(told)} communities"
        bars += [at_most(f"{name}: share of a fresh solve's moves", share, 0.1)]
        bars += [at_least(f"{name}: proved", sure, 1.0)]
    return bars
