"""Re-division and alternatives, against all plans of small towns."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from itertools import product
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from geogrid import measures
from geogrid.errors import PlanError
from geogrid.partition import Balance, Locks, alternatives, redivide, redivision_curve
from geogrid.partition.redivision import off_balance
from geogrid.plan import Plan
from geogrid.policy import EIGHT_TO_TEN, Band
from tests.brute_force import PATIENCE_S, examples, lattice, legal_plans, rounded
from tests.test_partition_brute_force import towns

if TYPE_CHECKING:
    from collections.abc import Iterator

    from geogrid.adjacency import UnitGraph
    from geogrid.policy import Policy

TWO = replace(EIGHT_TO_TEN, grids_min=2, grids_max=2)
TOWNS = towns(((2, 3), (1, 6), (2, 4)))
QUIET = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]


def plans_of(graph: UnitGraph, policy: Policy, counts: range) -> Iterator[Plan]:
    for plan in legal_plans(graph, policy, max(counts)):
        if len(plan.members()) in counts:
            yield plan


def test_the_curve_from_nobody_moves_to_best_balance() -> None:
    """A row 6 5 4 1: 11 + 5 moves nobody (off 3); 6 + 10 moves the 5 (off 2); nothing is closer to 8."""
    graph = lattice(["ABCD"], [6, 5, 4, 1])
    old = Plan("c1", {"u00": 1, "u01": 1, "u02": 2, "u03": 2})
    curve = redivision_curve(graph, TWO, old, balance=Balance.LARGEST)
    assert [(step.moved, step.off) for step in curve] == [(0, 3 / 8), (5, 2 / 8)]
    assert all(step.division.proved for step in curve)


def test_staying_is_enough_where_the_policy_holds() -> None:
    """A row 10 10 10 12 in two: 20 + 22 is best and in force; with 9 for a 10, 19 + 22 still holds."""
    old = Plan("c1", {"u00": 1, "u01": 1, "u02": 2, "u03": 2})
    told = redivide(lattice(["ABCD"], [9, 10, 10, 12]), TWO, old)
    assert (told.moved, told.off, told.division.proved) == (0, 0.0, True)
    assert told.division.vector["window"] == 0


def test_a_point_of_balance_buys_what_it_says() -> None:
    """A row 8 3 3 6 in two, window 8 to 12, in force 8 + 12; a fresh plan is 11 + 9 and moves the first 3.

    With 14 for the 8 the window is 11 to 15, and 14 + 12 is best. With 20 it is 13 to 19: 20 + 12 is outside
    by 1 + 1, every other plan by more.
    """
    old = Plan("c1", {"u00": 1, "u01": 2, "u02": 2, "u03": 2})
    for homes, afresh, breach in ((8, 3, 0), (14, 0, 0), (20, 0, 2)):
        told = redivide(lattice(["ABCD"], [homes, 3, 3, 6]), TWO, old, balance_within=0.0)
        assert (told.moved, told.moved_afresh) == (0, afresh)
        assert told.off == breach / (homes + 12)


def test_units_come_and_go() -> None:
    """The plan in force knows a unit that is gone and does not know the new compound E of 10 households."""
    old = Plan("c1", {"u00": 1, "u01": 1, "u02": 2, "u03": 2, "gone": 2})
    told = redivide(lattice(["ABCDE"], [10, 10, 10, 10, 10]), TWO, old)
    assert told.moved == 0
    assert told.division.plan.members() == {1: ("u00", "u01"), 2: ("u02", "u03", "u04")}


def test_a_community_without_homes_moves_nobody() -> None:
    told = redivide(lattice([".."], [0, 0]), TWO, Plan("c1", {"u00": 1, "u01": 1}))
    assert (told.moved, told.division.proved) == (0, True)
    assert redivision_curve(lattice([".."], [0, 0]), TWO, Plan("c1", {"u00": 1, "u01": 1})) == ()


def test_merged_communities_and_another_policy() -> None:
    """Two rows that were divided apart, 1 + 1 and 1 + 1, become one community of three grids."""
    old = Plan("c1", {"u00": 1, "u01": 2, "u02": 3, "u03": 4})
    three = replace(EIGHT_TO_TEN, grids_min=3, grids_max=3, band=Band(lower=10, upper=20))
    told = redivide(lattice(["ABCD"], [10, 10, 10, 10]), three, old)
    assert (told.moved, told.division.proved) == (10, True)


def test_locks_that_leave_no_balance_are_told() -> None:
    graph = lattice(["ABCD"], [10, 1, 1, 1])
    old = Plan("c1", {"u00": 1, "u01": 1, "u02": 2, "u03": 2})
    locks = Locks(grids=frozenset({1}))
    with pytest.raises(PlanError, match="redivision_curve"):
        redivide(graph, TWO, old, balance=Balance.LARGEST, balance_within=0.0, locks=locks)
    curve = redivision_curve(graph, TWO, old, balance=Balance.LARGEST, locks=locks)
    assert [step.moved for step in curve] == [0]


@settings(max_examples=examples(40), deadline=None, suppress_health_check=QUIET)
@given(TOWNS, st.sampled_from(list(Balance)), st.integers(1, 3), st.integers(0, 1), st.data())
def test_no_plan_of_that_balance_moves_fewer(
    graph: UnitGraph, balance: Balance, low: int, more: int, data: st.DataObject
) -> None:
    policy = replace(EIGHT_TO_TEN, grids_min=low, grids_max=low + more)
    labels = data.draw(st.lists(st.integers(1, 3), min_size=len(graph.units), max_size=len(graph.units)))
    old = Plan("c1", {unit.id: n for unit, n in zip(graph.units, labels, strict=True)})
    plans = list(plans_of(graph, policy, range(low, low + more + 1)))
    assume(plans)
    told = redivide(graph, policy, old, balance=balance, balance_within=0.05, time_limit_s=PATIENCE_S)
    assert told.division.proved
    goal = off_balance(told.fresh.plan, graph, policy, balance) + Fraction(5, 100)
    assert off_balance(told.division.plan, graph, policy, balance) <= goal
    within = [plan for plan in plans if off_balance(plan, graph, policy, balance) <= goal]
    assert told.moved == min(measures.households_moved(plan, old, graph) for plan in within)
    assert told.moved <= told.moved_afresh


@settings(max_examples=examples(25), deadline=None, suppress_health_check=QUIET)
@given(TOWNS, st.sampled_from(list(Balance)), st.integers(2, 3), st.integers(0, 1000))
def test_every_step_of_the_curve_moves_fewest(
    graph: UnitGraph, balance: Balance, count: int, pick: int
) -> None:
    policy = replace(EIGHT_TO_TEN, grids_min=count, grids_max=count)
    plans = list(plans_of(graph, policy, range(count, count + 1)))
    assume(plans)
    old = plans[pick % len(plans)]
    curve = redivision_curve(graph, policy, old, balance=balance, points=30, time_limit_s=PATIENCE_S)
    told = [(measures.households_moved(p, old, graph), off_balance(p, graph, policy, balance)) for p in plans]
    reached = [off_balance(step.division.plan, graph, policy, balance) for step in curve]
    assert curve[0].moved == 0
    assert reached[-1] == min(off for _, off in told)
    assert [step.moved for step in curve] == sorted({step.moved for step in curve})
    assert reached == sorted(set(reached), reverse=True)
    for step, off in zip(curve, reached, strict=True):
        assert step.division.proved
        assert step.moved == min(moved for moved, other in told if other <= off)


def test_alternatives_differ_and_none_is_dominated() -> None:
    graph = lattice(["ABCD", "EFGH", "IJKL"], [10, 12, 9, 11, 10, 8, 13, 10, 9, 12, 11, 10])
    policy = replace(EIGHT_TO_TEN, grids_min=3, grids_max=4, band=Band(share=0.4))
    plans = alternatives(graph, policy, count=3, share=0.2)
    total = sum(unit.households for unit in graph.units)
    assert len(plans) == 3
    for one, other in product(plans, plans):
        if one is not other:
            assert measures.households_moved(one.plan, other.plan, graph) >= 0.2 * total
            assert any(one.vector[name] < other.vector[name] for name in one.vector)


@settings(max_examples=examples(20), deadline=None, suppress_health_check=QUIET)
@given(TOWNS, st.integers(2, 3), st.sampled_from([0.1, 0.3, 0.5]))
def test_no_alternative_is_missed(graph: UnitGraph, count: int, share: float) -> None:
    """Each is the best of all plans that differ enough from those before and that none of them dominates."""
    policy = replace(EIGHT_TO_TEN, grids_min=count, grids_max=count)
    plans = list(plans_of(graph, policy, range(count, count + 1)))
    assume(plans)
    told = alternatives(graph, policy, count=3, share=share, time_limit_s=PATIENCE_S)
    apart = Fraction(str(share)) * sum(unit.households for unit in graph.units)
    worth = [(rounded(measures.objective_vector(plan, graph, policy)), plan) for plan in plans]
    before: list[Plan] = []
    for place in range(3):
        values = [rounded(measures.objective_vector(plan, graph, policy)) for plan in before]
        left = [
            vector
            for vector, plan in worth
            if all(measures.households_moved(plan, one, graph) >= apart for one in before)
            and all(any(a < b for a, b in zip(vector, one, strict=True)) for one in values)
        ]
        if place >= len(told):
            assert not left
            return
        assert rounded(told[place].vector) == min(left)
        assert told[place].proved
        before.append(told[place].plan)
