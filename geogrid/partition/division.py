"""Divide a community: the best plan under a policy, with its proof."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import cache
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np

from geogrid.errors import PlanError
from geogrid.measures import objective_vector
from geogrid.partition.legal_grids import NO_UPPER, Window, least_breach, list_legal_grids
from geogrid.partition.locks import Locks, check_kept, keep_locks, locked
from geogrid.partition.numbering import numbered
from geogrid.partition.objectives import Ideal
from geogrid.partition.problem import Problem, build_problem, members_of, pieces, restrict
from geogrid.partition.search import search, vector_of_groups
from geogrid.partition.stages import Field, open_field, settle
from geogrid.policy import Compactness, Objective, Policy, check_policy, window_of
from geogrid.rules import breaches_of
from geogrid.units import UnitKind

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from geogrid.adjacency import UnitGraph
    from geogrid.plan import Plan

    Progress = Callable[[Plan, float, float], object]
    Watch = Callable[[list[tuple[int, ...]]], object]

LIST_LIMIT = 2_000_000
GRIDS_A_SECOND = 120_000
# Share of the time left that proof may take before the search gets the rest.
PROOF_SHARE = 0.6


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


@dataclass(frozen=True)
class _Best:
    """The best plan so far: its grids, its values, and how far each value is from what is proved."""

    groups: list[tuple[int, ...]] = field(default_factory=list)
    vector: tuple[Fraction, ...] = ()
    slack: dict[Objective, float] = field(default_factory=dict)
    proved: bool = True
    engine: str = "legal-grids"


def divide(
    graph: UnitGraph,
    policy: Policy,
    *,
    incumbent: Plan | None = None,
    locks: Locks | None = None,
    time_limit_s: float | None = None,
    progress: Progress | None = None,
    unlike: Sequence[Plan] = (),
    unlike_share: float = 0.0,
) -> Division:
    """Divide a community into grids, best under ``policy`` in the strict order of its objectives.

    Land without homes forms special-purpose grids, one for each connected piece, where the policy has them;
    pieces are taken into the household problem only where homes would otherwise fall apart into pieces too
    small for a grid. Every community gets a plan: a rule that cannot hold is told in ``gave_way``.
    ``progress`` is called with each better plan, the least value still possible of the first objective, and
    the gap of that objective. From each plan in ``unlike`` the answer differs by at least ``unlike_share`` of
    the households.

    :raises PolicyError: the policy contradicts itself.
    :raises PlanError: the graph has no units, or the locks leave no plan.
    """
    make_ready()
    started = time.monotonic()
    check_policy(policy)
    if not graph.units:
        raise PlanError(f"community {graph.community_id} has no units")
    deadline = started + (policy.time_limit_s if time_limit_s is None else time_limit_s)
    problem, special = household_problem(graph, policy, incumbent, locks)
    problem = _unlike(problem, unlike, unlike_share)

    def plan_of(groups: list[tuple[int, ...]]) -> Plan:
        return numbered(graph, [[problem.ids[i] for i in group] for group in groups] + special)

    least = _first_bound(problem, policy)

    def watch(groups: list[tuple[int, ...]]) -> None:
        if progress is not None:
            plan = plan_of(groups)
            value = next(iter(objective_vector(plan, graph, policy, incumbent).values()), 0.0)
            progress(plan, least, (value - least) / value if value > least else 0.0)

    best = _best_groups(problem, policy, deadline, watch) if problem.n else _Best()
    if problem.n and not best.groups:
        raise PlanError(f"no plan of community {graph.community_id} keeps what was asked for")
    plan = plan_of(best.groups)
    return _told(graph, policy, plan, incumbent, best, time.monotonic() - started)


def _unlike(problem: Problem, plans: Sequence[Plan], share: float) -> Problem:
    others = tuple(np.array([plan.assignment[name] for name in problem.ids], np.int64) for plan in plans)
    return replace(problem, others=others, apart=math.ceil(share * problem.total))


@cache
def make_ready() -> None:
    """Have numba compile what it has not cached yet, so that no community's time limit pays for it."""
    units = np.arange(4)
    pairs = np.array([[0, 1], [1, 2], [2, 3]])
    ones, none = np.ones(4, np.int64), np.full(4, -1, np.int64)
    xy = np.column_stack([units, units % 2]).astype(np.float64)
    line = Problem(
        tuple("abcd"), ones, pairs, ones[:3], np.ones(3, np.bool_), 0 * ones[:3], np.array([0, 0, 1, -1]),
        np.array([2, 1]), xy, ones, np.ones(4), none, none, none
    )  # fmt: skip
    policy = Policy("ready", 2, 2)
    window = Window(1, 3, 2)
    masks = list_legal_grids(line, window, 4, 100).masks
    for kind in Compactness:
        settle(
            open_field(line, window, Ideal(4, 2), replace(policy, compactness=kind), masks),
            None,
            time.monotonic() + 60,
        )


def household_problem(
    graph: UnitGraph, policy: Policy, incumbent: Plan | None = None, locks: Locks | None = None
) -> tuple[Problem, list[list[str]]]:
    """Return the household problem and the special-purpose grids, which are given by the land alone."""
    everything = build_problem(graph, policy, dict(incumbent.assignment) if incumbent is not None else {})
    homes, land = _split_land(everything, graph, policy)
    problem = locked(restrict(everything, homes), locks, incumbent)
    check_kept(problem)
    return problem, [[everything.ids[i] for i in piece] for piece in pieces(everything, land)]


def _first_bound(problem: Problem, policy: Policy) -> float:
    """Return what the totals alone prove of the first objective, over all numbers of grids allowed."""
    vectors = (
        [_least_vector(problem, policy, parts) for parts in _counts(problem, policy)] if problem.n else []
    )
    return min((float(vector[0]) for vector in vectors if vector), default=0.0)


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


def _best_groups(problem: Problem, policy: Policy, deadline: float, watch: Watch) -> _Best:
    """Return the best plan of all numbers of grids allowed, or of the nearest number that is possible."""
    best: _Best | None = None
    for parts in _counts(problem, policy):
        best = _better(best, problem, policy, parts, deadline, watch)
    for parts in () if best is not None else _counts_outside(problem, policy):
        best = _better(best, problem, policy, parts, deadline, watch)
        if best is not None:
            break
    return best or _Best()


def _better(
    best: _Best | None, problem: Problem, policy: Policy, parts: int, deadline: float, watch: Watch
) -> _Best | None:
    """Return the better of the best plan known and the best plan of ``parts`` grids."""
    if best is not None and best.vector < _least_vector(problem, policy, parts):
        return best
    now = time.monotonic()
    if best is not None and now > deadline:
        return replace(best, proved=False)
    until = deadline if best is not None else now + PROOF_SHARE * (deadline - now)
    found = _exact(problem, policy, parts, best.vector if best else None, until)
    if found is None and problem.others:
        found = _Best([], (), {}, proved=False)
    elif found is None:
        found = _searched(problem, policy, parts, deadline, watch)
    if found.groups:
        watch(found.groups)
    unsure = (best is not None and not best.proved) or not found.proved
    if not found.groups or (best is not None and best.vector <= found.vector):
        return best if best is None else replace(best, proved=not unsure)
    return replace(found, proved=not unsure)


def _least_vector(problem: Problem, policy: Policy, parts: int) -> tuple[Fraction, ...]:
    """Return a vector that no plan of ``parts`` grids beats, as far as the totals alone tell.

    A compound is joined unless it is the first of its grid, so at least as many joins are left as there are
    more compounds than grids.
    """
    window = Window(*(window_of(policy, problem.total, parts) or (0, NO_UPPER)), parts)
    known = {
        Objective.WINDOW: least_breach(problem, window) if policy.band else None,
        Objective.ALIGNMENT: max(len(np.unique(problem.compound[problem.compound >= 0])) - parts, 0),
        Objective.BARRIERS: 0,
    }
    least: list[Fraction] = []
    for objective in policy.objectives:
        if objective is Objective.WINDOW and policy.band is None:
            continue
        if objective not in known or parts == 0:
            break
        least.append(Fraction(known[objective] or 0))
    return tuple(least)


def _exact(
    problem: Problem, policy: Policy, parts: int, best: tuple[Fraction, ...] | None, deadline: float
) -> _Best | None:
    """Return the best plan of ``parts`` grids, without groups where it cannot beat ``best``, None if unknown.

    The least breach of the window is found by listing the legal grids of ever larger breaches: a plan found
    within the breach that was listed for is the best.
    """
    window = Window(*(window_of(policy, problem.total, parts) or (0, NO_UPPER)), parts)
    first = policy.objectives[0] is Objective.WINDOW and policy.band is not None
    everything = problem.total + (parts + problem.n) * window.lower
    breach = min(least_breach(problem, window), everything) if first else everything
    cap = everything if best is None or not first else int(best[0])
    step = max(1, problem.total // max(parts, 1) // 50)
    while breach <= cap:
        pace = GRIDS_A_SECOND * min(1.0, (60 / problem.n) ** 1.5)
        limit = int(min(LIST_LIMIT, pace * max(deadline - time.monotonic(), 0.02)))
        grids = list_legal_grids(problem, window, breach, limit, compound_is_grid=policy.compound_is_grid)
        if not grids.complete:
            return None
        grids = keep_locks(problem, grids)
        state = open_field(problem, window, Ideal(problem.total, parts), policy, grids.masks)
        vector = settle(state, best, deadline)
        if vector is not None and (not first or vector[0] <= breach or not state.proved):
            return _settled(state, vector)
        if vector is None and not state.proved:
            return None
        if vector is None and state.worse and best is not None and (not first or best[0] <= breach):
            break
        if breach == cap:
            break
        breach = min(int(vector[0]) if vector is not None else breach + step, cap)
        step *= 3
    return _Best([], (), {}, proved=True)


def _settled(state: Field, vector: tuple[Fraction, ...]) -> _Best:
    groups = [members_of(row) for row in state.groups()]
    names = [o for o in state.policy.objectives if o in state.bounds]
    values = dict(zip(state.told, vector, strict=True))
    slack = {name: float(values[name] - state.bounds[name]) for name in names}
    return _Best(groups, vector, slack, state.proved)


def _counts_outside(problem: Problem, policy: Policy) -> list[int]:
    """Return the numbers of grids outside the range, the nearest first."""
    low, high = policy.grids_min or 1, policy.grids_max or problem.n
    homes = int((problem.weight > 0).sum())
    outside = set(range(1, homes + 1)) - set(range(low, high + 1))
    return sorted(outside, key=lambda k: (max(low - k, k - high), -k))


def _counts(problem: Problem, policy: Policy) -> list[int]:
    """Return the numbers of grids to try, the largest first; 0 stands for any."""
    if policy.grids_min is None and policy.grids_max is None:
        return [0]
    homes = int((problem.weight > 0).sum())
    low, high = policy.grids_min or 1, policy.grids_max or homes
    return list(range(min(high, homes), max(low, len(pieces(problem, range(problem.n)))) - 1, -1))


def _searched(problem: Problem, policy: Policy, parts: int, deadline: float, watch: Watch) -> _Best:
    """Search for a plan of ``parts`` grids where its legal grids are too many to list."""
    groups = search(problem, policy, parts, deadline, watch)
    if not groups or (parts and len(groups) != parts):
        return _Best([], (), {}, proved=False, engine="search")
    return _Best(groups, vector_of_groups(problem, policy, parts, groups), {}, proved=False, engine="search")


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
