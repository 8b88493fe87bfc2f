"""Give every peer the same communities, rules and seconds; tell who keeps the rules and who is better."""

from __future__ import annotations

import multiprocessing
import statistics
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

from benchmarks.bars import Bar, at_most
from benchmarks.division.communities import POLICY
from benchmarks.division.peers import PEERS, plans_of
from geogrid import measures
from geogrid.policy import Objective
from geogrid.rules import breaches_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benchmarks.bars import Clock
    from benchmarks.division.communities import Run, Solved
    from geogrid.adjacency import UnitGraph
    from geogrid.plan import Plan

    Worth = tuple[float, ...]


@dataclass(frozen=True)
class Entry:
    """The best plan of an engine for one community: what it is worth, and the seconds its engine had.

    ``plan`` is None where it made none; ``keeps`` says that ``geogrid check`` finds no hard rule broken.
    """

    plan: Plan | None
    worth: Worth
    seconds: float
    keeps: bool = False


def contest(runs: list[Run], clock: Clock, floor_s: float, patience_s: float, workers: int) -> list[Bar]:
    """Set every peer on every community for geogrid's own seconds, ``floor_s`` at least, and tell.

    A peer that has no plan yet may go on for ``patience_s``.
    """
    bars = []
    for run in runs:
        bars += _one_set(run, clock.part(1 / len(runs)), floor_s, patience_s, workers)
    return bars


def _one_set(run: Run, clock: Clock, floor_s: float, patience_s: float, workers: int) -> list[Bar]:
    """Compare on one set; a community without homes has nothing to compare."""
    lived_in = [one for one in run.solved if measures.residential(one.division.plan, one.instance.graph)]
    rows: list[dict[str, Entry]] = []
    for one, told in _all_peers(lived_in, floor_s, patience_s, workers):
        if rows and clock.is_over():
            break
        plan = one.division.plan
        ours = Entry(plan, worth(plan, one.instance.graph), one.division.seconds, one.sound)
        rows.append({"geogrid": ours} | {name: _judged(one, entry) for name, entry in told.items()})
    told_of = f"{len(rows)} of {len(lived_in)} communities of {run.name}"
    print(f"\npeers on {told_of}: geogrid's seconds each, {floor_s} s at least")
    print(
        f"{'engine':20} {'plans':>5} {'hard rules':>10} {'grids':>5} {'window':>6} {'breach':>7} "
        f"{'aligned':>7} {'barriers':>8} {'border m':>8} {'seconds':>7} {'better':>6}"
    )
    better = sum(_line(name, rows) for name in ("geogrid", *PEERS))
    return [at_most(f"{run.name}: plans of a peer better than geogrid's, of {len(rows)}", better, 0)]


def _all_peers(
    solved: list[Solved], floor_s: float, patience_s: float, workers: int
) -> Iterator[tuple[Solved, dict[str, Entry]]]:
    """Yield each community with the peers' entries, from processes of their own or from this one."""
    tasks = [
        (one.instance.graph, one.division.plan, max(floor_s, one.division.seconds), patience_s)
        for one in solved
    ]
    if workers == 1:
        yield from ((one, _peers(task)) for one, task in zip(solved, tasks, strict=True))
        return
    with ProcessPoolExecutor(workers, mp_context=multiprocessing.get_context("spawn")) as pool:
        yield from zip(solved, pool.map(_peers, tasks), strict=True)


def _peers(task: tuple[UnitGraph, Plan, float, float]) -> dict[str, Entry]:
    graph, own, seconds, patience = task
    entries = {}
    for name in PEERS:
        began = time.process_time()
        plans = plans_of(name, graph, own, POLICY, seconds, patience)
        spent = time.process_time() - began
        ranked = sorted(((worth(plan, graph), n) for n, plan in enumerate(plans)))
        best = ranked[0] if ranked else None
        entries[name] = Entry(None, (), spent) if best is None else Entry(plans[best[1]], best[0], spent)
    return entries


def worth(plan: Plan, graph: UnitGraph) -> Worth:
    """Return hard rules broken, grids too few or too many, and the objectives in order: less is better."""
    broken = breaches_of(plan, graph, POLICY)
    hard = sum(b.by for b in broken if b.hard)
    count = sum(b.by for b in broken if b.rule == "the_number_of_grids_is_in_range")
    vector = measures.objective_vector(plan, graph, POLICY).values()
    return (hard, count, *(round(value, 6) for value in vector))


def _judged(one: Solved, entry: Entry) -> Entry:
    keeps = entry.plan is not None and one.instance.keeps_hard_rules(entry.plan, POLICY)
    return Entry(entry.plan, entry.worth, entry.seconds, keeps)


def _line(name: str, rows: list[dict[str, Entry]]) -> int:
    """Print an engine's line; return on how many communities it is better than geogrid."""
    entries = [row[name] for row in rows]
    kept = [entry.worth for entry in entries if entry.keeps]
    better = sum(row[name].keeps and row[name].worth < row["geogrid"].worth for row in rows)
    place = {objective: n + 2 for n, objective in enumerate(_told())}
    middle = {
        objective: statistics.median(worth[n] for worth in kept) if kept else float("nan")
        for objective, n in place.items()
    }
    count = sum(worth[1] == 0 for worth in kept)
    window = sum(worth[1] == 0 and worth[place[Objective.WINDOW]] == 0 for worth in kept)
    print(
        f"{name:20} {sum(e.plan is not None for e in entries):5} {len(kept):10} {count:5} {window:6} "
        f"{middle[Objective.WINDOW]:7.0f} {middle[Objective.ALIGNMENT]:7.0f} "
        f"{middle[Objective.BARRIERS]:8.0f} {middle[Objective.COMPACTNESS]:8.0f} "
        f"{statistics.median(e.seconds for e in entries):7.2f} {better:6}",
        flush=True,
    )
    return better


def _told() -> list[Objective]:
    return [objective for objective in POLICY.objectives if objective is not Objective.RETENTION]
