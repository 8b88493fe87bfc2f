"""Divide a community: the best plan under a policy, with its proof."""

from __future__ import annotations

import time
from dataclasses import dataclass, field, fields, replace
from functools import partial
from types import MappingProxyType
from typing import TYPE_CHECKING

from geogrid.errors import NoPlanError, PlanError
from geogrid.measures import objective_vector
from geogrid.partition.clock import running
from geogrid.partition.engines import Engine, best_plan
from geogrid.partition.land import household_problem
from geogrid.partition.numbering import numbered
from geogrid.partition.ready import make_ready
from geogrid.partition.standing import Standing
from geogrid.policy import check_policy
from geogrid.rules import breaches_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from geogrid.adjacency import UnitGraph
    from geogrid.partition.limits import Limit
    from geogrid.partition.locks import Locks
    from geogrid.plan import Plan
    from geogrid.policy import Policy

    Progress = Callable[["Division"], object]


@dataclass(frozen=True, slots=True)
class GaveWay:
    """A rule that could not hold: which, where (grid numbers or unit ids), by how much, and in words."""

    rule: str
    where: tuple[str, ...]
    by: float
    words: str


_MAPPINGS = ("vector", "bounds", "names", "purposes", "reasons")


@dataclass(frozen=True)
class Division:
    """A plan and what is known of it.

    ``vector`` names each objective's value in the policy's order, ``bounds`` the least value still possible
    when the objectives before it are at theirs. ``gap`` is that of the first objective not proved, as a share
    of its value; 0 where all are. ``engine`` is what found the plan or proved it: ``legal-grids``,
    ``column-generation``, ``search``, ``in-force`` where nothing is better, ``by-hand``, or ``none`` where
    there was nothing to divide. A planner's own words come with a plan made by hand: ``names`` of grids,
    ``purposes`` of those without homes, ``reasons`` for compounds that are split, by compound id.
    """

    plan: Plan
    vector: Mapping[str, float]
    bounds: Mapping[str, float]
    gap: float
    proved: bool
    engine: str
    seconds: float
    gave_way: tuple[GaveWay, ...] = ()
    names: Mapping[int, str] = field(default_factory=dict)
    purposes: Mapping[int, str] = field(default_factory=dict)
    reasons: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name in _MAPPINGS:
            object.__setattr__(self, name, MappingProxyType(dict(getattr(self, name))))

    def __reduce__(self) -> tuple[Callable[..., Division], tuple[object, ...]]:
        """Travel between processes; a mapping proxy alone cannot be pickled."""
        values = {one.name: getattr(self, one.name) for one in fields(self)}
        return partial(Division, **values | {name: dict(values[name]) for name in _MAPPINGS}), ()


def divide(
    graph: UnitGraph,
    policy: Policy,
    *,
    incumbent: Plan | None = None,
    locks: Locks | None = None,
    time_limit_s: float | None = None,
    progress: Progress | None = None,
    stop: Callable[[], bool] | None = None,
    engine: Engine | str | None = None,
    limits: Sequence[Limit] = (),
    window_holds: bool = False,
) -> Division:
    """Divide a community into grids, best under ``policy`` in the strict order of its objectives.

    Land without homes forms special-purpose grids, one for each connected piece, where the policy has them;
    pieces are taken into the household problem only where homes would otherwise fall apart into pieces too
    small for a grid. Every community gets a plan: a rule that cannot hold is told in ``gave_way``.

    ``progress`` is called with a whole ``Division`` at each better plan and each better bound; ``stop`` (the
    ``is_set`` of a ``threading.Event``, say) is asked many times a second, from another thread too, and ends
    the work as the time limit does. ``engine`` has one engine answer alone. The answer keeps all
    ``limits`` and, if ``window_holds``, has no grid outside the window.

    :raises PolicyError: the policy contradicts itself.
    :raises PlanError: the graph has no units, or the locks contradict each other.
    :raises NoPlanError: locks and limits leave no plan, or the engine asked for found none.
    """
    make_ready()
    started = time.monotonic()
    check_policy(policy)
    if not graph.units:
        raise PlanError(f"community {graph.community_id} has no units")
    deadline = started + (policy.time_limit_s if time_limit_s is None else time_limit_s)
    problem, special = household_problem(graph, policy, incumbent, locks)
    problem = replace(problem, limits=tuple(limits), window_holds=window_holds)

    def division_of(standing: Standing) -> Division:
        groups = [[problem.ids[i] for i in group] for group in standing.groups]
        plan = numbered(graph, groups + special)
        return _told(graph, policy, plan, incumbent, standing, time.monotonic() - started)

    def tell(standing: Standing) -> None:
        if progress is not None:
            progress(division_of(standing))

    if not problem.n:
        return division_of(Standing(problem, policy, tell))
    with running(deadline, stop) as clock:
        standing = best_plan(problem, policy, clock, tell, Engine(engine) if engine else None)
    if not standing.groups:
        raise NoPlanError(graph.community_id, proved=not (standing.missed or standing.least))
    return division_of(standing)


def _told(
    graph: UnitGraph, policy: Policy, plan: Plan, incumbent: Plan | None, standing: Standing, seconds: float
) -> Division:
    vector = objective_vector(plan, graph, policy, incumbent)
    told = {name.value: value for name, value in vector.items()}
    slack = {name.value: by for name, by in standing.slack().items()}
    # An objective that cannot tell plans apart here has no slack.
    bounds = {name: value - slack.get(name, 0.0) for name, value in told.items()}
    gap = next((by / told[name] for name, by in slack.items() if by > 1e-9 and told[name] > 0), 0.0)
    gave_way = _gave_way(graph, policy, plan)
    return Division(plan, told, bounds, gap, standing.proved, standing.engine, seconds, gave_way)


def _gave_way(graph: UnitGraph, policy: Policy, plan: Plan) -> tuple[GaveWay, ...]:
    broken = breaches_of(plan, graph, policy)
    hard = [b for b in broken if b.hard]
    if hard:
        # The solver's own answer is judged by code that shares nothing with its model.
        raise PlanError("; ".join(b.words for b in hard))
    return tuple(GaveWay(b.rule, b.where, b.by, b.words) for b in broken)
