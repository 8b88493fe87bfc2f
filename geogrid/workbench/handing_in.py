"""Hand a draft in: what still keeps it from that, and the division that becomes of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from geogrid import measures
from geogrid.errors import Fault
from geogrid.partition import Division, GaveWay
from geogrid.rules import State, breaches_of, judge

if TYPE_CHECKING:
    from geogrid.workbench.draft import Bench, Draft


def unfit(bench: Bench, draft: Draft) -> tuple[Fault, ...]:
    """Return what keeps a draft from being handed in: broken hard rules, and units without a grid."""
    faults = [
        Fault("no-grid", f"unit {unit} has no grid", "Assign it.", id=unit)
        for unit in sorted(set(bench.units) - set(draft.assignment))
    ]
    for verdict in judge(draft.plan, bench.graph, bench.policy):
        if verdict.hard and verdict.state is State.BROKEN:
            faults += [
                Fault(verdict.rule, breach.words, id=", ".join(breach.where)) for breach in verdict.breaches
            ]
    return tuple(faults)


def by_hand(bench: Bench, draft: Draft) -> Division:
    """Return the division of a finished draft: its objectives, each rule that gave way, nothing proved."""
    vector = measures.objective_vector(draft.plan, bench.graph, bench.policy, bench.reference)
    told = {objective.value: value for objective, value in vector.items()}
    broken = breaches_of(draft.plan, bench.graph, bench.policy)
    return Division(
        plan=draft.plan,
        vector=told,
        bounds={},
        gap=1.0 if any(told.values()) else 0.0,
        proved=False,
        engine="by-hand",
        seconds=0.0,
        gave_way=tuple(GaveWay(one.rule, one.where, one.by, one.words) for one in broken),
        names=draft.names,
        purposes=draft.purposes,
        reasons=draft.reasons,
    )
