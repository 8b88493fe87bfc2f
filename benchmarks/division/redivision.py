"""Change 5 % of the homes of every community and count who moves, against a fresh solve."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks.bars import Bar, at_least, at_most
from benchmarks.division.communities import LIMIT_S, POLICY
from benchmarks.division.instances import changed
from geogrid import measures
from geogrid.partition import divide

if TYPE_CHECKING:
    from benchmarks.bars import Clock
    from benchmarks.division.communities import Run


def redivision(runs: list[Run], clock: Clock) -> list[Bar]:
    """Compare staying with starting afresh."""
    proved, moved, afresh, done = 0, 0, 0, 0
    for seed, one in enumerate([one for run in runs for one in run.solved]):
        if done and clock.is_over():
            break
        graph, plan = changed(one.instance.graph, seed), one.division.plan
        staying = divide(graph, POLICY, incumbent=plan, time_limit_s=LIMIT_S)
        fresh = divide(graph, POLICY, time_limit_s=LIMIT_S)
        moved += measures.households_moved(staying.plan, plan, graph)
        afresh += measures.households_moved(fresh.plan, plan, graph)
        proved += staying.proved
        done += 1
    share = moved / max(afresh, 1)
    print(f"\nre-division: {done} communities, {moved} households moved, {afresh} by a fresh solve")
    return [
        at_most("households moved, as share of a fresh solve", share, 0.1),
        at_least("re-divisions proved", proved / max(done, 1), 1.0),
    ]
