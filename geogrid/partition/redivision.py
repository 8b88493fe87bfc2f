"""Re-divide with the least upheaval: what every moved household buys, from moving nobody to best balance.

Balance is what the policy asks for (households outside its window, inside which all plans are equal), or one
of the two figures that districting reports: the largest and the mean deviation from the ideal. For each
balance the fewest households that must move are found exactly: the balance is a bound, retention comes first.
"""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, replace
from enum import StrEnum
from fractions import Fraction
from typing import TYPE_CHECKING

from geogrid import measures
from geogrid.errors import NoPlanError, PlanError
from geogrid.partition.division import Division, GaveWay, divide
from geogrid.partition.limits import BreachLimit
from geogrid.policy import Band, Objective, window_of
from geogrid.rules import breaches_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from geogrid.adjacency import UnitGraph
    from geogrid.partition.limits import Limit
    from geogrid.partition.locks import Locks
    from geogrid.plan import Plan
    from geogrid.policy import Policy


class Balance(StrEnum):
    """How balance is measured: as a share, and less is better."""

    WINDOW = "window"  # households outside the policy's window, of all households
    LARGEST = "largest"  # how far the worst grid is off the ideal, of the ideal
    MEAN = "mean"  # how far the grids are off the ideal in the mean, of the ideal


@dataclass(frozen=True, slots=True)
class Step:
    """One point of the curve: households moved, how far the grids are off the ideal, and the plan.

    ``division.proved`` says whether it is proved that no fewer need move; its vector and the rules that gave
    way are those of the policy.
    """

    moved: int
    off: float
    division: Division


@dataclass(frozen=True, slots=True)
class Redivision:
    """The plan that moves fewest at nearly the balance of a ``fresh`` one, and what that one would move."""

    division: Division
    moved: int
    off: float
    fresh: Division
    moved_afresh: int
    off_afresh: float


@dataclass(frozen=True)
class _Question:
    """Who asks for what: everything that stays the same from step to step."""

    graph: UnitGraph
    policy: Policy
    incumbent: Plan
    balance: Balance
    locks: Locks | None
    deadline: float

    @property
    def total(self) -> int:
        """All households."""
        return sum(unit.households for unit in self.graph.units)

    def off(self, plan: Plan) -> Fraction:
        """Return how far the grids of a plan are off the ideal."""
        return off_balance(plan, self.graph, self.policy, self.balance)


def off_balance(plan: Plan, graph: UnitGraph, policy: Policy, balance: Balance) -> Fraction:
    """Return how far the grids with homes are off the balance, as a share."""
    homes = list(measures.residential(plan, graph).values())
    if not homes:
        return Fraction(0)
    ideal = Fraction(sum(homes), len(homes))
    if balance is Balance.WINDOW:
        return Fraction(measures.window_breach(plan, graph, policy), sum(homes))
    off = [abs(h - ideal) / ideal for h in homes]
    return max(off) if balance is Balance.LARGEST else sum(off, Fraction(0)) / len(off)


def redivide(
    graph: UnitGraph,
    policy: Policy,
    incumbent: Plan,
    *,
    balance_within: float = 0.01,
    balance: Balance = Balance.WINDOW,
    locks: Locks | None = None,
    fresh: Division | None = None,
    time_limit_s: float = 60.0,
) -> Redivision:
    """Return the plan that moves fewest of all that are within ``balance_within`` of a fresh plan's balance.

    The ``fresh`` plan is the best under ``policy`` as if nothing were in force; it is solved where it is not
    given. The number of grids is any that the policy allows (or that of the fresh plan, where none can hold).

    :raises PlanError: no plan that keeps the locks is so well balanced.
    """
    began = time.monotonic()
    fresh = fresh or divide(graph, policy, time_limit_s=time_limit_s / 3)
    asked = _Question(graph, policy, incumbent, balance, locks, began + time_limit_s)
    goal = asked.off(fresh.plan) + Fraction(str(balance_within))
    afresh = measures.households_moved(fresh.plan, incumbent, graph)
    counts = _counts(asked, fresh) if asked.total else []
    step = _fewest_of_counts(asked, goal, counts)
    if (locks is None or not asked.total) and (step is None or step.moved > afresh):
        # The time was over, or nobody lives here; the fresh plan is always one of them.
        step = Step(afresh, float(asked.off(fresh.plan)), _retold(asked, fresh, proved=afresh == 0))
    if step is None:
        raise PlanError(
            f"no plan that keeps the locks was found at most {float(goal):.1%} off balance; "
            "take a step of redivision_curve, or unlock"
        )
    return Redivision(step.division, step.moved, step.off, fresh, afresh, float(asked.off(fresh.plan)))


def _counts(asked: _Question, fresh: Division) -> list[int]:
    """Return the numbers of grids to try: that in force first, then the nearest to it."""
    made = len(measures.residential(fresh.plan, asked.graph))
    held = len(measures.residential(asked.incumbent, asked.graph))
    low, high = asked.policy.grids_min, asked.policy.grids_max
    allowed = {made, held} if low is None or high is None else set(range(low, high + 1))
    return sorted(allowed if made in allowed else {made}, key=lambda count: (abs(count - held), count))


def _fewest_of_counts(asked: _Question, goal: Fraction, counts: Iterable[int]) -> Step | None:
    best: Step | None = None
    proved = True
    for count in counts:
        if best is not None and _moved_at_least(asked, goal, count) >= best.moved:
            continue
        step, sure = _fewest_moved(asked, goal, count)
        proved &= sure
        if step is not None and (best is None or step.moved < best.moved):
            best = step
    return best and replace(best, division=replace(best.division, proved=proved))


def _moved_at_least(asked: _Question, goal: Fraction, count: int) -> int:
    """Bound the households that move when the number of grids changes: whole grids go, or are filled anew."""
    stay = {unit.id: unit.households for unit in asked.graph.units if unit.id in asked.incumbent.assignment}
    homes = dict.fromkeys(asked.incumbent.assignment.values(), 0)
    for name, households in stay.items():
        homes[asked.incumbent.assignment[name]] += households
    held = sorted(h for h in homes.values() if h)
    if count <= len(held):
        return sum(held[: len(held) - count])
    band = _bounded(asked, goal, count, ())[0].band
    least = band.lower or 0 if band else 0
    return max((count - len(held)) * least - (asked.total - sum(stay.values())), 0)


def redivision_curve(
    graph: UnitGraph,
    policy: Policy,
    incumbent: Plan,
    *,
    grids: int | None = None,
    balance: Balance = Balance.WINDOW,
    locks: Locks | None = None,
    points: int = 12,
    time_limit_s: float = 60.0,
) -> tuple[Step, ...]:
    """Return the steps between "move nobody" and "best balance": ever more households, ever better balance.

    Each step has the fewest households moved among all plans whose grids lie at least as close to the ideal;
    ``division.proved`` says where that is proved. ``grids`` is the number of grids, by default that of the
    plan in force. The curve is exact where it has fewer than ``points`` steps; else it is thinned evenly.
    """
    asked = _Question(graph, policy, incumbent, balance, locks, time.monotonic() + time_limit_s)
    count = grids or len(measures.residential(incumbent, graph)) or 1
    first = _first_step(asked, count)
    if first is None:
        return ()
    best = _best_balance(asked, count, asked.off(first.division.plan))
    steps = [first]
    for step in _further_steps(asked, count, best, points, asked.off(first.division.plan)):
        steps = [*(one for one in steps if one.moved < step.moved), step]
    return tuple(steps)


def _first_step(asked: _Question, count: int) -> Step | None:
    """Return the step that moves fewest: nobody, where the plan in force is still one of these units."""
    off = asked.off(asked.incumbent)
    while off <= count:
        step, _ = _fewest_moved(asked, off, count)
        if step is not None or time.monotonic() > asked.deadline:
            return step
        off = max(2 * off, Fraction(1, 2))
    return None


def _further_steps(
    asked: _Question, count: int, best: Fraction, points: int, reached: Fraction
) -> Iterator[Step]:
    for made in range(1, points):
        if reached <= best or time.monotonic() > asked.deadline:
            return
        width = max((reached - best) / (points - made), _grain(asked, count))
        step, _ = _fewest_moved(asked, max(reached - width, best), count)
        if step is None:
            return
        yield step
        reached = asked.off(step.division.plan)


def _best_balance(asked: _Question, count: int, known: Fraction) -> Fraction:
    """Return the least that any plan is off balance, by halving."""
    grain = _grain(asked, count)
    low, high = 0, math.ceil(known / grain)
    while low < high and time.monotonic() < asked.deadline:
        middle = (low + high) // 2
        try:
            _within(asked, middle * grain, count, (Objective.WINDOW,))
        except NoPlanError:
            low = middle + 1
        else:
            high = middle
    return high * grain


def _grain(asked: _Question, count: int) -> Fraction:
    """Return of what every value of the balance is a whole multiple."""
    return Fraction(1, asked.total * (count if asked.balance is Balance.MEAN else 1))


def _fewest_moved(asked: _Question, off: Fraction, count: int) -> tuple[Step | None, bool]:
    """Return the plan that moves fewest at ``off`` balance at most, None without one; and if that is sure."""
    rest = (o for o in asked.policy.objectives if o not in (Objective.WINDOW, Objective.RETENTION))
    try:
        division = _within(asked, off, count, (Objective.WINDOW, Objective.RETENTION, *rest))
    except NoPlanError as error:
        return None, error.proved
    moved = measures.households_moved(division.plan, asked.incumbent, asked.graph)
    proved = division.proved or division.bounds.get(Objective.RETENTION, 0.0) >= moved
    step = Step(moved, float(asked.off(division.plan)), _retold(asked, division, proved=proved))
    return step, proved


def _within(asked: _Question, off: Fraction, count: int, objectives: tuple[Objective, ...]) -> Division:
    """Return the best plan of ``count`` grids that is ``off`` balance at most.

    :raises NoPlanError: there is none, or none was found.
    """
    policy, limits = _bounded(asked, off, count, objectives)
    graph, locks, incumbent = asked.graph, asked.locks, asked.incumbent
    left = max(asked.deadline - time.monotonic(), 0.05)
    division = divide(
        graph, policy, incumbent=incumbent, locks=locks, time_limit_s=left, limits=limits, window_holds=True
    )
    made = len(measures.residential(division.plan, graph))
    if division.vector[Objective.WINDOW] > 0 or made != count:
        raise NoPlanError(graph.community_id, proved=False)
    return division


def _bounded(
    asked: _Question, off: Fraction, count: int, objectives: tuple[Objective, ...]
) -> tuple[Policy, tuple[Limit, ...]]:
    """Return a policy and limits that hold for just the plans that are ``off`` balance at most."""
    ideal = Fraction(asked.total, max(count, 1))
    most = off * asked.total
    limits: tuple[Limit, ...] = ()
    if asked.balance is Balance.LARGEST:
        lower, upper = ideal - off * ideal, ideal + off * ideal
    elif asked.balance is Balance.MEAN:
        # What is too much in some grids is too little in others.
        lower, upper = ideal - most / 2, ideal + most / 2
        limits = (BreachLimit(ideal, ideal, most),)
    else:
        ends = window_of(asked.policy, asked.total, count) or (0, asked.total)
        lower, upper = ends[0] - most, ends[1] + most
        limits = (BreachLimit(Fraction(ends[0]), Fraction(ends[1]), most),) if most else ()
    band = Band(lower=max(math.ceil(lower), 0), upper=max(math.floor(upper), math.ceil(lower), 0))
    policy = replace(asked.policy, grids_min=count, grids_max=count, band=band, objectives=objectives)
    return policy, limits


def _retold(asked: _Question, division: Division, *, proved: bool) -> Division:
    """Return the division as the policy sees its plan; ``proved`` speaks of the households moved alone."""
    plan, graph, policy = division.plan, asked.graph, asked.policy
    vector = measures.objective_vector(plan, graph, policy, asked.incumbent)
    gave_way = (GaveWay(b.rule, b.where, b.by, b.words) for b in breaches_of(plan, graph, policy))
    told = {name.value: value for name, value in vector.items()}
    return replace(division, vector=told, bounds={}, proved=proved, gave_way=tuple(gave_way))
