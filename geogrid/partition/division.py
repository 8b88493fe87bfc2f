"""Divide a community: the best plan under a policy, with its proof."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from fractions import Fraction
from types import MappingProxyType
from typing import TYPE_CHECKING

from geogrid.errors import PlanError
from geogrid.measures import objective_vector
from geogrid.partition.legal_grids import NO_UPPER, Window, least_breach, list_legal_grids
from geogrid.partition.numbering import numbered
from geogrid.partition.objectives import Ideal
from geogrid.partition.problem import Problem, build_problem, members_of, pieces, restrict
from geogrid.partition.search import search, vector_of
from geogrid.partition.stages import Field, find_plan, open_field, run_stage
from geogrid.policy import Objective, check_policy, window_of
from geogrid.rules import breaches_of
from geogrid.units import UnitKind

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from geogrid.adjacency import UnitGraph
    from geogrid.plan import Plan
    from geogrid.policy import Policy

    Progress = Callable[["Division"], None]

LIST_LIMIT = 400_000


@dataclass(frozen=True, slots=True)
class GaveWay:
    """A rule that could not hold: which, where (grid numbers or unit ids), by how much, and in words."""

    rule: str
    where: tuple[str, ...]
    by: float
    words: str


@dataclass(frozen=True)
class Division:
    """A plan and what is known of it.

    ``vector`` names each objective's value in the policy's order, ``bounds`` the least value still possible
    when the objectives before it are at theirs. ``gap`` is that of the first objective not proved, as a share
    of its value; 0 where all are. ``engine`` is ``legal-grids`` (exact), ``search`` or ``none``.
    """

    plan: Plan
    vector: Mapping[str, float]
    bounds: Mapping[str, float]
    gap: float
    proved: bool
    engine: str
    seconds: float
    gave_way: tuple[GaveWay, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "vector", MappingProxyType(dict(self.vector)))
        object.__setattr__(self, "bounds", MappingProxyType(dict(self.bounds)))

    def __reduce__(self) -> tuple[type[Division], tuple[object, ...]]:
        """Travel between processes; a mapping proxy alone cannot be pickled."""
        rest = (self.gap, self.proved, self.engine, self.seconds, self.gave_way)
        return Division, (self.plan, dict(self.vector), dict(self.bounds), *rest)


@dataclass
class _Best:
    """The best field of all numbers of grids so far."""

    groups: list[tuple[int, ...]] = field(default_factory=list)
    slack: dict[Objective, float] = field(default_factory=dict)
    proved: bool = True
    engine: str = "legal-grids"


def divide(
    graph: UnitGraph,
    policy: Policy,
    *,
    incumbent: Plan | None = None,
    time_limit_s: float | None = None,
) -> Division:
    """Divide a community into grids, best under ``policy`` in the strict order of its objectives.

    Land without homes forms special-purpose grids, one for each connected piece, where the policy has them;
    pieces are taken into the household problem only where homes would otherwise fall apart into pieces too
    small for a grid. Every community gets a plan: a rule that cannot hold is told in ``gave_way``.

    :raises PolicyError: the policy contradicts itself.
    :raises PlanError: the graph has no units.
    """
    started = time.monotonic()
    check_policy(policy)
    if not graph.units:
        raise PlanError(f"community {graph.community_id} has no units")
    deadline = started + (policy.time_limit_s if time_limit_s is None else time_limit_s)
    old = dict(incumbent.assignment) if incumbent is not None else {}
    everything = build_problem(graph, policy, old)
    homes, land = _split_land(everything, graph, policy)
    best = _best_groups(restrict(everything, homes), policy, deadline) if homes else _Best()
    groups = [tuple(homes[i] for i in group) for group in best.groups]
    groups += [tuple(piece) for piece in pieces(everything, land)]
    plan = numbered(graph, [[everything.ids[i] for i in group] for group in groups])
    return _told(graph, policy, plan, incumbent, best, time.monotonic() - started)


def _split_land(problem: Problem, graph: UnitGraph, policy: Policy) -> tuple[list[int], list[int]]:
    """Return the units of the household problem and those of the special grids, both ascending."""
    if problem.total == 0:
        return [], list(range(problem.n))
    land = [i for i, unit in enumerate(graph.units) if unit.kind is UnitKind.LAND and unit.households == 0]
    homes = sorted(set(range(problem.n)) - set(land))
    without = [piece for piece in pieces(problem, range(problem.n)) if not problem.weight[list(piece)].any()]
    alone = {i for piece in without for i in piece}
    if not policy.special_grids:
        return [i for i in range(problem.n) if i not in alone], sorted(alone)
    bridges = _bridges(problem, homes, land, policy)
    homes = sorted((set(homes) | bridges) - alone)
    return homes, sorted(set(range(problem.n)) - set(homes))


def _bridges(problem: Problem, homes: list[int], land: list[int], policy: Policy) -> set[int]:
    """Return the land that must join homes: it lies between pieces of which one is too small alone."""
    place = {i: n for n, piece in enumerate(pieces(problem, homes)) for i in piece}
    households = [0] * (max(place.values()) + 1)
    for i, piece_number in place.items():
        households[piece_number] += int(problem.weight[i])
    window = window_of(policy, problem.total, policy.grids_max or 1)
    least = window[0] if window else 1
    found: set[int] = set()
    for piece in pieces(problem, land):
        inside = set(piece)
        pairs = problem.pairs[problem.open].tolist()
        touched = {place[b] for a, b in pairs if a in inside and b in place}
        touched |= {place[a] for a, b in pairs if b in inside and a in place}
        if len(touched) > 1 and min(households[t] for t in touched) < least:
            found |= inside
    return found


def _best_groups(problem: Problem, policy: Policy, deadline: float) -> _Best:
    found = [state for state in _fields(problem, policy, deadline) if state.chosen is not None]
    if not found:
        return _searched(problem, policy, deadline)
    for objective in policy.objectives:
        if objective is Objective.WINDOW and policy.objectives[0] is Objective.WINDOW:
            continue
        values = [run_stage(state, objective, deadline) for state in found]
        least = min(value for value in values if value is not None)
        found = [state for state, value in zip(found, values, strict=True) if value == least]
    state = found[0]
    groups = [members_of(row) for row in state.groups()]
    slack = {objective: float(state.values[objective] - bound) for objective, bound in state.bounds.items()}
    return _Best(groups, slack, state.proved)


def _fields(problem: Problem, policy: Policy, deadline: float) -> list[Field]:
    """Return the numbers of grids with the least breach of the window, each with all its legal grids."""
    found: list[Field] = []
    cap: int | None = None
    for parts in _counts(problem, policy):
        state = _field_of(problem, policy, parts, cap, deadline)
        if state is None:
            return []
        if state.chosen is None:
            continue
        if Objective.WINDOW in state.values:
            breach = int(state.values[Objective.WINDOW])
            if cap is None or breach < cap:
                found, cap = [], breach
        found.append(state)
    return found or _any_count(problem, policy, deadline)


def _any_count(problem: Problem, policy: Policy, deadline: float) -> list[Field]:
    """Return the fields of the number of grids next to the range, where none within it is possible."""
    low, high = policy.grids_min or 1, policy.grids_max or problem.n
    homes = int((problem.weight > 0).sum())
    outside = sorted(
        set(range(1, homes + 1)) - set(range(low, high + 1)), key=lambda k: (max(low - k, k - high), -k)
    )
    for parts in outside:
        state = _field_of(problem, policy, parts, None, deadline)
        if state is None:
            return []
        if state.chosen is not None:
            return [state]
    return []


def _counts(problem: Problem, policy: Policy) -> list[int]:
    """Return the numbers of grids to try, the largest first; 0 stands for any."""
    if policy.grids_min is None and policy.grids_max is None:
        return [0]
    homes = int((problem.weight > 0).sum())
    low, high = policy.grids_min or 1, policy.grids_max or homes
    return list(range(min(high, homes), max(low, len(pieces(problem, range(problem.n)))) - 1, -1))


def _field_of(problem: Problem, policy: Policy, parts: int, cap: int | None, deadline: float) -> Field | None:
    """Return the field of one number of grids; None where its legal grids are too many to list.

    The least breach is found by listing the grids of ever larger breaches: a plan found within the breach
    that was listed for is the best.
    """
    ends = window_of(policy, problem.total, parts)
    window = Window(*(ends or (0, NO_UPPER)), parts)
    first = policy.objectives[0] is Objective.WINDOW and policy.band is not None
    everything = problem.total + parts * (window.lower if first else 0) + problem.n * window.lower
    breach = least_breach(problem, window) if first else everything
    step = max(1, problem.total // max(parts, 1) // 50)
    while True:
        if cap is not None and breach > cap:
            breach = cap
        grids = list_legal_grids(
            problem, window, breach, LIST_LIMIT, compound_is_grid=policy.compound_is_grid
        )
        if not grids.complete:
            return None
        state = open_field(problem, window, Ideal(problem.total, parts), policy, grids.masks)
        if not first:
            find_plan(state, deadline)
            return state if state.proved else None
        value = run_stage(state, Objective.WINDOW, deadline)
        if value is not None and value <= breach:
            return state
        if not state.proved:
            return None
        if breach in (everything, cap):
            state.chosen = None
            return state
        breach = int(value) if value is not None else min(breach + step, everything)
        step *= 3


def _searched(problem: Problem, policy: Policy, deadline: float) -> _Best:
    """Search every number of grids for its share of the time and keep the best plan."""
    counts = _counts(problem, policy)
    plans: list[tuple[tuple[float, ...], int, list[tuple[int, ...]]]] = []
    for tried, parts in enumerate(counts):
        now = time.monotonic()
        share = now + max(deadline - now, 0.0) / (len(counts) - tried)
        groups = search(problem, policy, parts, share)
        vector = vector_of(problem, policy, parts, groups)
        plans.append((tuple(vector[o] for o in policy.objectives if o in vector), tried, groups))
    return _Best(min(plans)[2], {}, proved=False, engine="search")


def _told(
    graph: UnitGraph, policy: Policy, plan: Plan, incumbent: Plan | None, best: _Best, seconds: float
) -> Division:
    vector = objective_vector(plan, graph, policy, incumbent)
    told = {name.value: value for name, value in vector.items()}
    # What was not solved has no bound but that no objective is below zero.
    slack = {
        name.value: 0.0 if best.proved else best.slack.get(name, value) for name, value in vector.items()
    }
    limits = {name: value - slack[name] for name, value in told.items()}
    gap = next((slack[name] / told[name] for name in told if slack[name] > 1e-9 and told[name] > 0), 0.0)
    return Division(
        plan, told, limits, gap, best.proved, best.engine, seconds, _gave_way(graph, policy, plan)
    )


def _gave_way(graph: UnitGraph, policy: Policy, plan: Plan) -> tuple[GaveWay, ...]:
    broken = breaches_of(plan, graph, policy)
    hard = [b for b in broken if b.hard]
    if hard:
        # The solver's own answer is judged by code that shares nothing with its model.
        raise PlanError("; ".join(b.words for b in hard))
    return tuple(GaveWay(b.rule, b.where, b.by, b.words) for b in broken)
