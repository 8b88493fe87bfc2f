"""Alternatives: several good plans that differ by a stated share of the households."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING

from geogrid import measures
from geogrid.errors import PlanError
from geogrid.partition.division import Division, divide
from geogrid.policy import Objective

if TYPE_CHECKING:
    from collections.abc import Mapping

    from geogrid.adjacency import UnitGraph
    from geogrid.policy import Policy

AFTER = (Objective.COMPACTNESS, Objective.DEVIATION, Objective.ALIGNMENT, Objective.BARRIERS)


def alternatives(
    graph: UnitGraph, policy: Policy, *, count: int = 3, share: float = 0.1, time_limit_s: float = 60.0
) -> tuple[Division, ...]:
    """Return up to ``count`` plans; any two differ by at least ``share`` of the households.

    The first is the best under the policy. Each further one is the best under the policy with another
    objective moved up behind the window, among the plans that differ enough from all before; none is
    dominated by another, that is, each is better than any other in some objective. Fewer come back where
    there are no more.
    """
    deadline = time.monotonic() + time_limit_s
    found = [divide(graph, policy, time_limit_s=time_limit_s)]
    orders = _orders(policy)
    for turn in range(2 * len(orders)):
        left = deadline - time.monotonic()
        if len(found) >= count or left <= 0.05:
            break
        asked = orders[turn % len(orders)]
        plans = [division.plan for division in found]
        try:
            other = divide(graph, asked, time_limit_s=left, unlike=plans, unlike_share=share)
        except PlanError:
            break  # No plan differs enough from those there are.
        vector = measures.objective_vector(other.plan, graph, policy)
        told = {objective.value: value for objective, value in vector.items()}
        if not any(_dominates(one.vector, told) or _dominates(told, one.vector) for one in found):
            found.append(replace(other, vector=told, bounds={}, proved=False))
    return tuple(found)


def _orders(policy: Policy) -> list[Policy]:
    first = [o for o in policy.objectives[:1] if o is Objective.WINDOW]
    orders = []
    for up in AFTER:
        rest = [o for o in policy.objectives if o not in (*first, up)]
        if up in policy.objectives:
            orders.append(replace(policy, objectives=(*first, up, *rest)))
    return orders


def _dominates(one: Mapping[str, float], other: Mapping[str, float]) -> bool:
    return all(one[name] <= other[name] + 1e-9 for name in one)
