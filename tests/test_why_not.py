"""What forbids a wish, what it costs, and what would have to give way."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from geogrid import measures
from geogrid.errors import NotFoundError
from geogrid.model import BarrierKind
from geogrid.partition import divide, relaxations, why_not
from geogrid.partition.sentences import LANGUAGES, Sentence, _text
from geogrid.policy import EIGHT_TO_TEN, Band
from tests.brute_force import PATIENCE_S, best_vector, examples, lattice, legal_plans, rounded
from tests.test_partition_brute_force import towns

if TYPE_CHECKING:
    from geogrid.adjacency import UnitGraph
    from geogrid.partition import Relaxation
    from geogrid.plan import Plan
    from geogrid.policy import Policy

TWO = replace(EIGHT_TO_TEN, grids_min=2, grids_max=2)
TOWNS = towns(((2, 3), (1, 6)))
RIVER = {("u00", "u01"): BarrierKind.RIVER, ("u02", "u03"): BarrierKind.RIVER}
BANDS = (Band(share=0.1), Band(lower=5, upper=9))
QUIET = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]


def said(told: tuple[Relaxation, ...]) -> list[str]:
    return [one.words for one in told]


def test_why_a_unit_is_not_in_a_grid() -> None:
    graph = lattice(["ABCD"], [10] * 4)
    plan = divide(graph, TWO).plan
    answer = why_not(graph, TWO, plan, "u00", plan.assignment["u03"])
    assert [one.rule for one in answer.forbidden] == ["every_grid_is_in_one_piece"]
    assert answer.proved
    with pytest.raises(NotFoundError):
        why_not(graph, TWO, plan, "u00", 9)


def test_what_a_wish_costs() -> None:
    """10 10 10 10 in two: with the second and the third together, three and one: 30 + 10, window 16 to 24."""
    graph = lattice(["ABCD"], [10] * 4)
    plan = divide(graph, TWO).plan
    answer = why_not(graph, TWO, plan, "u01", plan.assignment["u02"])
    assert answer.forbidden == ()
    assert answer.reason is None
    assert answer.costs["window"] == 12
    assert answer.plan is not None
    assert answer.plan.assignment["u01"] == answer.plan.assignment["u03"]


@pytest.mark.parametrize(
    ("count", "rows", "walls", "beside", "key"),
    [
        (2, ["AB", "CD"], RIVER, "u01", "no-plan-for-barriers"),
        (3, ["AB", "AC"], {}, "u01", "no-plan-for-parts"),
        (2, [".ABC"], {}, "u01", "no-plan-for-land"),
        (2, ["ABCD"], {}, "u03", "no-plan-for-count"),
    ],
)
def test_what_rule_forbids_a_wish(
    count: int, rows: list[str], walls: dict[tuple[str, str], BarrierKind], beside: str, key: str
) -> None:
    """The first unit wishes to lie with another one."""
    graph = lattice(rows, [10] * 4, walls)
    policy = replace(EIGHT_TO_TEN, grids_min=count, grids_max=count)
    plan = divide(graph, policy).plan
    answer = why_not(graph, policy, plan, "u00", plan.assignment[beside])
    assert answer.plan is None
    assert answer.proved
    assert answer.reason is not None
    assert answer.reason.key == key
    assert "u00" in answer.reason.say("zh-Hans")


def test_the_least_relaxations() -> None:
    """30 10 10: two grids of 25 +- 20 % cannot be; 30 + 20 is off by 5 = 20 %: so nothing gives way there.

    With 40 10 10 the ideal is 30: 40 + 20 is off by 10, a third.
    """
    assert relaxations(lattice(["ABC"], [30, 10, 10]), TWO) == ()
    told = relaxations(lattice(["ABC"], [40, 10, 10]), TWO)
    assert told[0].by == 8  # 40 - 36 and 24 - 20
    assert "Widen the window to 34 % on each side of the ideal." in said(told)
    assert any("Cut u00" in words for words in said(told))
    assert all(one.proved for one in told)


def test_a_river_that_must_be_crossed() -> None:
    """10 | 10 20 with a river after the first: 10 + 30, or 20 + 20 over the river."""
    graph = lattice(["ABC"], [10, 10, 20], {("u00", "u01"): BarrierKind.RIVER})
    told = {one.rule: one for one in relaxations(graph, TWO)}
    crossed = told["every_grid_is_in_one_piece"]
    assert (crossed.where, crossed.by) == (("u00 - u01",), 1)
    assert crossed.sentence.say("zh-Hans") == "允许网格跨越河流(1 处:u00 - u01)。"


def test_land_that_must_join() -> None:
    """40 . 30 50 in two of 48 to 72 or three of 32 to 48: only 40 + 30 and 50 would do, over the land."""
    policy = replace(EIGHT_TO_TEN, grids_min=2, grids_max=3)
    ways = {way.rule: way for way in relaxations(lattice(["A.BC"], [40, 0, 30, 50]), policy)}
    assert ways["land_without_homes_is_apart"].where == ("u01",)


def test_parts_that_must_mix() -> None:
    """A B of 30 + 10 and 20 in two grids of 24 to 36: 30 and 10 + 20 would do, but 10 is part of A."""
    graph = lattice(["AAB"], [30, 10, 20])
    ways = {way.rule: way for way in relaxations(graph, TWO)}
    mixed = ways["no_grid_mixes_parts_of_compounds"]
    assert (mixed.where, mixed.by) == (("A",), 1)


def test_every_sentence_is_there_in_three_languages() -> None:
    keys = {language: set(_text(language)) for language in LANGUAGES}
    assert keys["en"] == keys["zh-Hans"] == keys["zh-Hant"]
    assert Sentence("other-count", {"to": 7, "low": 8, "high": 10}).say("zh-Hant").startswith("劃分為 7 個")
    with pytest.raises(KeyError):
        Sentence("other-count").say("fr")


def within(graph: UnitGraph, policy: Policy) -> bool:
    """Tell whether any legal plan keeps number and window: by looking at all."""
    counts = range(policy.grids_min or 1, (policy.grids_max or len(graph.units)) + 1)
    return any(
        len(plan.members()) in counts and measures.window_breach(plan, graph, policy) == 0
        for plan in legal_plans(graph, policy, max(counts))
    )


@settings(max_examples=examples(40), deadline=None, suppress_health_check=QUIET)
@given(TOWNS, st.integers(1, 3), st.integers(0, 1), st.sampled_from(BANDS))
def test_each_relaxation_would_do_and_no_less(graph: UnitGraph, low: int, more: int, band: Band) -> None:
    policy = replace(EIGHT_TO_TEN, grids_min=low, grids_max=low + more, band=band)
    told = relaxations(graph, policy, time_limit_s=PATIENCE_S)
    assert bool(told) != within(graph, policy)
    for one in told:
        key = one.sentence.key
        if key == "households-outside":
            best = best_vector(graph, policy, range(low, low + more + 1))
            assert best is not None
            assert one.by == best[0]
        elif key == "wider-share":
            share = int(one.sentence.values["to"])
            assert within(graph, replace(policy, band=Band(share=share / 100)))
            assert not within(graph, replace(policy, band=Band(share=(share - 1) / 100)))
        elif key == "wider-counts":
            by = int(one.by)
            for less, holds in ((0, True), (1, False)):
                wider = Band(lower=max(5 - by + less, 0), upper=9 + by - less)
                assert within(graph, replace(policy, band=wider)) is holds
        elif key == "other-count":
            count = int(one.sentence.values["to"])
            assert within(graph, replace(policy, grids_min=count, grids_max=count))
            nearer = [n for n in range(1, 8) if max(low - n, n - low - more) < one.by]
            assert not any(within(graph, replace(policy, grids_min=n, grids_max=n)) for n in nearer)


@settings(max_examples=examples(40), deadline=None, suppress_health_check=QUIET)
@given(TOWNS, st.integers(2, 3), st.integers(0, 100), st.integers(0, 100))
def test_a_wish_costs_what_the_best_such_plan_is_worse(
    graph: UnitGraph, count: int, pick: int, other: int
) -> None:
    policy = replace(EIGHT_TO_TEN, grids_min=count, grids_max=count)
    free = best_vector(graph, policy, range(count, count + 1))
    assume(free is not None)
    plan = divide(graph, policy, time_limit_s=PATIENCE_S).plan
    unit = sorted(plan.assignment)[pick % len(plan.assignment)]
    grid = sorted(plan.members())[other % count]
    homes = {one.id: one.households for one in graph.units}
    anchor = max(plan.members()[grid], key=lambda name: (homes[name], name))

    def together(plan: Plan) -> bool:
        return plan.assignment[unit] == plan.assignment[anchor]

    wished = best_vector(graph, policy, range(count, count + 1), None, together)
    answer = why_not(graph, policy, plan, unit, grid, time_limit_s=PATIENCE_S)
    assert answer.proved
    if wished is None:
        assert answer.plan is None
        return
    assert free is not None
    assert answer.plan is not None
    assert together(answer.plan)
    expected = [a - b for a, b in zip(wished, free, strict=True)]
    # The costs and both vectors are rounded to six decimals each.
    assert list(rounded(answer.costs)) == pytest.approx(expected, abs=2e-6)
