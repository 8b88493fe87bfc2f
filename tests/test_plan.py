"""Plans, grids, measures and rules on towns whose numbers are derived by hand."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from geogrid import measures
from geogrid.errors import PlanError
from geogrid.model import BarrierKind
from geogrid.plan import Alignment, GridKind, Plan, derive_grids
from geogrid.policy import EIGHT_TO_TEN, Band, Compactness, Objective
from geogrid.rules import State, breaches_of, judge
from tests.brute_force import lattice

# A A B     u00 u01 u02     10 20 30
# h C .     u03 u04 u05     40 50  0
TOWN = lattice(["AAB", "hC."], [10, 20, 30, 40, 50, 0], {("u01", "u02"): BarrierKind.ARTERIAL})
POLICY = replace(EIGHT_TO_TEN, grids_min=2, grids_max=3)
PLAN = Plan("c1", {"u00": 1, "u01": 1, "u02": 2, "u03": 3, "u04": 3, "u05": 4})


def test_grids_are_derived_from_the_plan() -> None:
    grids = derive_grids(PLAN, TOWN)
    assert [grid.households for grid in grids] == [30, 30, 90, 0]
    assert [grid.alignment for grid in grids] == [
        Alignment.WHOLE,
        Alignment.WHOLE,
        Alignment.WHOLE,
        Alignment.SPECIAL,
    ]
    assert [grid.kind for grid in grids][-1] is GridKind.SPECIAL
    assert [grid.geometry.area for grid in grids] == [20_000, 10_000, 20_000, 10_000]
    assert grids[2].unit_ids == ("u03", "u04")


def test_parts_and_joins_are_told_apart() -> None:
    split = derive_grids(PLAN.move({"u01": 3}), TOWN)
    assert split[0].alignment is Alignment.PART
    joined = derive_grids(PLAN.move({"u00": 2, "u01": 2}), TOWN)
    assert joined[0].alignment is Alignment.JOINED
    assert joined[0].compound_ids == ("A", "B")


def test_a_move_and_its_reverse_are_nothing() -> None:
    assert PLAN.move({"u04": 1}).move({"u04": 3}) == PLAN
    with pytest.raises(PlanError, match="u99"):
        PLAN.move({"u99": 1})


def test_a_plan_of_other_units_has_no_grids() -> None:
    with pytest.raises(PlanError, match="u05"):
        derive_grids(Plan("c1", {"u00": 1}), TOWN)


def test_the_vector_of_a_plan() -> None:
    """150 households in 3 grids: window 40-60, so breaches 10 + 10 + 30 and deviations 20 + 20 + 40.

    Borders: u01-u02, u00-u03, u01-u04, u02-u05 and u04-u05, 100 m each.
    """
    vector = measures.objective_vector(PLAN, TOWN, POLICY)
    assert vector == {
        Objective.WINDOW: 50,
        Objective.ALIGNMENT: 0,
        Objective.BARRIERS: 0,
        Objective.COMPACTNESS: 500,
        Objective.DEVIATION: 80,
    }
    joined = PLAN.move({"u02": 1})
    assert measures.barriers_crossed(joined, TOWN, POLICY) == 1
    assert measures.compounds_joined(joined, TOWN) == 1
    assert measures.compounds_split(PLAN.move({"u01": 3}), TOWN) == 1


def test_the_moment_of_two_homes() -> None:
    """40 and 50 households 100 m apart: 40 * 50 / 90 * 100^2; A: 10 * 20 / 30 * 100^2; the rest 0."""
    expected = (40 * 50 / 90 + 10 * 20 / 30) * 100**2
    assert measures.compactness(PLAN, TOWN, Compactness.MOMENT) == pytest.approx(expected)


def test_the_inverse_polsby_popper_of_squares_and_dominoes() -> None:
    """A square has 16 / (4 pi), a domino 36 / (8 pi); two dominoes and one square have homes."""
    expected = (2 * 36 / (8 * math.pi) + 16 / (4 * math.pi)) / 3
    assert measures.compactness(PLAN, TOWN, Compactness.POLSBY_POPPER) == pytest.approx(expected)


def test_a_draft_that_leaves_a_unit_out_is_measured_all_the_same() -> None:
    """Without u02 there are two dominoes with homes."""
    some = Plan("c1", {unit: grid for unit, grid in PLAN.assignment.items() if unit != "u02"})
    assert measures.compactness(some, TOWN, Compactness.POLSBY_POPPER) == pytest.approx(36 / (8 * math.pi))
    assert measures.shapes(some, TOWN)["polsby-popper"] == pytest.approx(8 * math.pi / 36)


def test_renamed_grids_move_nobody() -> None:
    renamed = Plan("c1", {unit: 9 - grid for unit, grid in PLAN.assignment.items()})
    assert measures.households_moved(renamed, PLAN, TOWN) == 0
    # u04 leaves the grid of u03; its 50 stay with the grid's name, so the 40 of u03 are the movers.
    assert measures.households_moved(PLAN.move({"u03": 1}), PLAN, TOWN) == 40


def test_the_shapes_of_two_dominoes_and_a_square() -> None:
    """A domino: Polsby-Popper 8 pi / 36, Reock 2 / (pi r^2) with r = sqrt(5) / 2, hull 1; five borders."""
    assert measures.shapes(PLAN, TOWN) == {
        "cut-edges": 5,
        "polsby-popper": pytest.approx(8 * math.pi / 36),
        "reock": pytest.approx(2 / (math.pi * 5 / 4)),
        "convex-hull-ratio": pytest.approx(1),
    }
    square = next(grid for grid in derive_grids(PLAN, TOWN) if grid.number == 2)
    told = {one.name: one.of(square) for one in measures.MEASURES}
    assert told == {
        "households": 30,
        "area": 10_000,
        "polsby-popper": pytest.approx(math.pi / 4),
        "reock": pytest.approx(2 / math.pi),
        "convex-hull-ratio": pytest.approx(1),
    }


def test_a_sound_plan_breaks_no_hard_rule() -> None:
    wide = replace(POLICY, band=Band(share=0.9))
    assert breaches_of(PLAN, TOWN, wide) == ()
    assert {verdict.state for verdict in judge(PLAN, TOWN, wide)} == {State.HOLDS}


@pytest.mark.parametrize(
    ("moves", "rule"),
    [
        ({"u02": 3}, "every_grid_is_in_one_piece"),
        ({"u01": 2}, "no_grid_mixes_parts_of_compounds"),
        ({"u05": 2}, "land_without_homes_is_apart"),
        ({"u02": 1}, "no_grid_crosses_a_soft_barrier"),
        ({"u00": 5}, "the_number_of_grids_is_in_range"),
        ({"u02": 1, "u05": 1}, "every_compound_is_one_grid"),
        ({}, "households_lie_in_the_window"),
    ],
)
def test_every_rule_tells_its_breach(moves: dict[str, int], rule: str) -> None:
    broken = breaches_of(PLAN.move(moves), TOWN, POLICY)
    assert rule in {breach.rule for breach in broken}


def test_a_river_parts_a_grid() -> None:
    river = lattice(["AA"], [1, 1], {("u00", "u01"): BarrierKind.RIVER})
    broken = breaches_of(Plan("c1", {"u00": 1, "u01": 1}), river, replace(POLICY, grids_min=1))
    assert [breach.words for breach in broken if breach.hard] == ["grid 1 lies in 2 pieces"]


def test_an_unfinished_plan_is_not_judged_by_counts() -> None:
    states = {v.rule: v.state for v in judge(Plan("c1", {"u00": 1}), TOWN, POLICY)}
    assert states["the_number_of_grids_is_in_range"] is State.NOT_FINISHED
    assert states["every_grid_is_in_one_piece"] is State.NOT_FINISHED
