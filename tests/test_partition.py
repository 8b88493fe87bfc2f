"""The engine's other faces: the general problem, re-division, alternatives, why not, limits."""

from __future__ import annotations

import time
from dataclasses import replace
from itertools import pairwise
from threading import Event
from typing import TYPE_CHECKING

import pytest

from geogrid.errors import PlanError
from geogrid.model import BarrierKind
from geogrid.partition import (
    Locks,
    divide,
)
from geogrid.partition.ready import make_ready
from geogrid.plan import Plan
from geogrid.policy import COMPOUND_FIRST, EIGHT_TO_TEN, HOUSEHOLDS_300_500
from tests.brute_force import lattice

if TYPE_CHECKING:
    from geogrid.adjacency import UnitGraph
    from geogrid.partition import Division

TWO = replace(EIGHT_TO_TEN, grids_min=2, grids_max=2)


def test_a_river_community_is_divided_bank_by_bank() -> None:
    walls = {("u01", "u02"): BarrierKind.RIVER, ("u05", "u06"): BarrierKind.RIVER}
    division = divide(lattice(["ABCD", "EFGH"], [10] * 8, walls), TWO)
    assert division.vector["window"] == 0
    assert division.plan.members() == {1: ("u00", "u01", "u04", "u05"), 2: ("u02", "u03", "u06", "u07")}


def test_land_forms_special_grids_after_those_with_homes() -> None:
    division = divide(lattice(["A.B"], [10, 0, 10]), TWO)
    assert division.plan.assignment == {"u00": 1, "u02": 2, "u01": 3}
    joined = divide(lattice(["A.B"], [10, 0, 10]), replace(TWO, special_grids=False))
    assert len(joined.plan.members()) == 2


def test_land_bridges_homes_that_are_too_few_alone() -> None:
    """4 households east of the park cannot be a grid of at least 16: the park joins them to the west."""
    graph = lattice(["AB.C"], [20, 16, 0, 4])
    division = divide(graph, TWO)
    assert division.vector["window"] == 0
    assert division.plan.assignment["u02"] == division.plan.assignment["u03"]
    assert "land_without_homes_is_apart" in {gave.rule for gave in division.gave_way}


def test_a_community_without_homes_is_special_with_a_reason() -> None:
    division = divide(lattice(["..."], [0, 0, 0]), EIGHT_TO_TEN)
    assert set(division.plan.assignment.values()) == {1}
    assert "no homes" in division.gave_way[0].words


def test_too_few_units_give_what_is_possible() -> None:
    division = divide(lattice(["ABC"], [10, 10, 10]), EIGHT_TO_TEN)
    assert len(division.plan.members()) == 3
    assert "only 3 units" in next(g.words for g in division.gave_way if "number" in g.rule)


def test_the_other_presets() -> None:
    graph = lattice(["AABh", "CCDh"], [150, 150, 100, 20, 100, 200, 350, 30])
    first = divide(graph, COMPOUND_FIRST)
    assert first.vector["alignment"] == 0
    assert len(first.plan.members()) == 4
    sizes = divide(graph, HOUSEHOLDS_300_500)
    assert sizes.vector["window"] == 0


def test_the_same_input_gives_the_same_plan() -> None:
    graph = lattice(["ABCDE", "FGHIJ", "KLMNO"], list(range(10, 25)))
    policy = replace(EIGHT_TO_TEN, grids_min=4, grids_max=5)
    assert divide(graph, policy).plan == divide(graph, policy).plan


def square(side: int) -> UnitGraph:
    """Return a town of compounds of ten households, one a cell."""
    rows = ["".join(chr(0x4E00 + side * i + j) for j in range(side)) for i in range(side)]
    return lattice(rows, [10] * side * side)


@pytest.mark.parametrize("engine", [None, "legal-grids", "column-generation", "search"])
def test_a_time_limit_holds_within_a_second(engine: str | None) -> None:
    town, policy = square(16), replace(EIGHT_TO_TEN, grids_min=8, grids_max=8)
    make_ready()
    started = time.monotonic()
    try:
        division = divide(town, policy, time_limit_s=1.5, engine=engine)
    except PlanError:
        assert engine == "legal-grids"  # It has no plan before its list is whole.
    else:
        assert not division.proved
        assert 0 < division.gap <= 1
    assert time.monotonic() - started < 2.5


def test_the_best_plan_so_far_can_be_taken_at_any_moment() -> None:
    """Each division told is whole, and better than the one before or with a better bound."""
    told: list[Division] = []
    last = divide(square(12), EIGHT_TO_TEN, time_limit_s=4.0, progress=told.append)
    assert len(told) > 1
    for one, other in pairwise(told):
        better = tuple(other.vector.values()) < tuple(one.vector.values())
        assert better or tuple(other.bounds.values()) != tuple(one.bounds.values())
        assert one.seconds <= other.seconds
    assert tuple(told[-1].vector.values()) == tuple(last.vector.values())
    for one in told:
        assert set(one.plan.assignment) == {f"u{i:02d}" for i in range(144)}
        assert all(one.bounds[name] <= last.vector[name] for name in one.bounds if one.vector == last.vector)


def test_the_caller_can_stop_a_division() -> None:
    wish = Event()
    started = time.monotonic()
    division = divide(
        square(12), EIGHT_TO_TEN, time_limit_s=60.0, progress=lambda _: wish.set(), stop=wish.is_set
    )
    assert time.monotonic() - started < 10
    assert not division.proved
    assert len(division.plan.assignment) == 144


def test_locks_that_make_no_sense_are_refused() -> None:
    graph = lattice(["ABCD"], [10] * 4)
    old = Plan("c1", {"u00": 1, "u01": 1, "u02": 2, "u03": 2})
    for locks in (Locks(grids=frozenset({7})), Locks(units={"u99": 1}), Locks(frozenset({1}), {"u02": 1})):
        with pytest.raises(PlanError):
            divide(graph, TWO, incumbent=old, locks=locks)
    with pytest.raises(PlanError):
        divide(graph, TWO, locks=Locks(grids=frozenset({1})))


def test_the_plan_in_force_is_told_at_once_and_kept_where_none_is_better() -> None:
    """A row 10 10 10 10 in two halves is best: it is told first, and proved. With 30 at one end it is not."""
    old = Plan("c1", {"u00": 1, "u01": 1, "u02": 2, "u03": 2})
    for homes, engine in (((10, 10, 10, 10), "in-force"), ((30, 10, 10, 10), "legal-grids")):
        told: list[Division] = []
        division = divide(lattice(["ABCD"], homes), TWO, incumbent=old, progress=told.append)
        assert (told[0].engine, told[0].plan.members()) == (
            "in-force",
            {1: ("u00", "u01"), 2: ("u02", "u03")},
        )
        assert (division.engine, division.proved) == (engine, True)


def test_a_plan_in_force_that_may_not_stay_is_not_offered() -> None:
    """Its number of grids is not asked for, a unit is new, or a grid lies in two pieces."""
    graph = lattice(["ABCD"], [10, 10, 10, 10])
    for grids in ([1, 1, 1, 1], [1, 1, 2], [1, 2, 1, 2]):
        old = Plan("c1", {f"u{i:02d}": grid for i, grid in enumerate(grids)})
        told: list[Division] = []
        division = divide(graph, TWO, incumbent=old, progress=told.append)
        assert "in-force" not in {one.engine for one in told}
        assert division.proved


def test_a_plan_in_force_that_breaks_a_lock_is_not_offered() -> None:
    """Halves are in force; u01 must go with u03, so the best left are 10 and 30, or the other way round."""
    old = Plan("c1", {"u00": 1, "u01": 1, "u02": 2, "u03": 2})
    locks = Locks(units={"u01": 2, "u03": 2})
    division = divide(lattice(["ABCD"], [10, 10, 10, 10]), TWO, incumbent=old, locks=locks)
    assert division.plan.assignment == {"u00": 1, "u01": 2, "u02": 2, "u03": 2}
    assert division.proved
