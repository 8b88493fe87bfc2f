"""The engine against all plans of thousands of small towns."""

from __future__ import annotations

from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, assume, given, note, settings
from hypothesis import strategies as st

from geogrid.model import BarrierKind
from geogrid.partition import Locks, divide
from geogrid.plan import Plan
from geogrid.policy import EIGHT_TO_TEN, Band, Compactness, Objective
from tests.brute_force import PATIENCE_S, best_vector, examples, lattice, legal_plans, rounded

if TYPE_CHECKING:
    from geogrid.adjacency import UnitGraph
    from geogrid.partition import Division
    from geogrid.policy import Policy

SHAPES = ((1, 5), (2, 3), (2, 4), (3, 3))
LARGE = ((2, 5), (3, 4), (2, 6))
RELAXED = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]


@st.composite
def towns(draw: st.DrawFn, shapes: tuple[tuple[int, int], ...] = SHAPES) -> UnitGraph:
    rows, columns = draw(st.sampled_from(shapes))
    letters = draw(st.lists(st.sampled_from("AABBCDEFGh"), min_size=rows * columns, max_size=rows * columns))
    homes = draw(st.lists(st.integers(1, 30), min_size=rows * columns, max_size=rows * columns))
    drawing = ["".join(letters[r * columns : (r + 1) * columns]) for r in range(rows)]
    graph = lattice(drawing, homes)
    pairs = [(edge.a, edge.b) for edge in graph.edges]
    kinds = st.sampled_from([BarrierKind.RIVER, BarrierKind.ARTERIAL, BarrierKind.ARTERIAL])
    walls = draw(st.dictionaries(st.sampled_from(pairs), kinds, max_size=4))
    return lattice(drawing, homes, walls)


@st.composite
def policies(draw: st.DrawFn, most: int = 4) -> Policy:
    low = draw(st.integers(1, most))
    high = draw(st.integers(low, most))
    band = draw(
        st.one_of(
            st.none(),
            st.sampled_from([0.0, 0.1, 0.2, 0.5]).map(lambda share: Band(share=share)),
            st.tuples(st.integers(0, 40), st.integers(0, 40)).map(
                lambda ends: Band(lower=min(ends), upper=max(*ends, 1))
            ),
        )
    )
    return replace(
        EIGHT_TO_TEN,
        grids_min=low,
        grids_max=high,
        band=band,
        objectives=tuple(draw(st.permutations(list(Objective)))) if draw(st.booleans()) else tuple(Objective),
        compactness=draw(st.sampled_from(list(Compactness))),
    )


def agrees(
    graph: UnitGraph, policy: Policy, incumbent: Plan | None = None, engine: str | None = None
) -> None:
    """Compare values: with counts that no plan has, the engine must say so and still give a plan."""
    counts = range(policy.grids_min or 1, (policy.grids_max or len(graph.units)) + 1)
    expected = best_vector(graph, policy, counts, incumbent)
    division = divide(graph, policy, incumbent=incumbent, time_limit_s=PATIENCE_S, engine=engine)
    note(f"expected {expected}")
    note(f"{dict(division.vector)}, {dict(division.plan.assignment)}")
    assert division.proved
    if expected is None:
        assert any(gave.rule == "the_number_of_grids_is_in_range" for gave in division.gave_way)
        return
    has_values(division, policy, expected)


def has_values(division: Division, policy: Policy, expected: tuple[float, ...]) -> None:
    tolerance = 1e-2 if policy.compactness is Compactness.POLSBY_POPPER else 1e-6
    if policy.compactness is Compactness.BORDER:
        assert rounded(division.vector) == expected
        return
    # A rounded score per grid decides ties differently in its last digit; all before it must be equal.
    for got, best, name in zip(division.vector.values(), expected, division.vector, strict=True):
        if name == Objective.COMPACTNESS:
            assert got == pytest.approx(best, rel=tolerance, abs=3)
            return
        assert got == pytest.approx(best)


@settings(max_examples=examples(150), deadline=None, suppress_health_check=RELAXED)
@given(towns(SHAPES[:2]), policies())
def test_no_plan_of_a_small_town_is_better(graph: UnitGraph, policy: Policy) -> None:
    agrees(graph, policy)


@settings(max_examples=examples(60), deadline=None, suppress_health_check=RELAXED)
@given(towns(SHAPES[:2]), policies())
def test_what_generated_columns_prove_is_the_best_plan(graph: UnitGraph, policy: Policy) -> None:
    agrees(graph, policy, engine="column-generation")


@settings(max_examples=examples(60), deadline=None, suppress_health_check=RELAXED)
@given(
    st.sampled_from(((2, 4), (3, 3), (2, 5), (3, 4))),
    st.lists(st.integers(1, 30), min_size=12, max_size=12),
    st.sampled_from([Compactness.BORDER, Compactness.MOMENT]),
    st.sampled_from([0.1, 0.2, 0.5]),
    st.integers(2, 3),
    st.booleans(),
)
def test_what_the_general_problem_proves_of_large_grids_is_the_best_plan(
    shape: tuple[int, int], homes: list[int], kind: Compactness, share: float, parts: int, walled: bool
) -> None:
    """One compound a unit, in so few grids that minimum cuts and boxes of centres come before all else."""
    rows, columns = shape
    drawing = ["ABCDEFGHIJKL"[r * columns : (r + 1) * columns] for r in range(rows)]
    river = {("u00", "u01"): BarrierKind.RIVER} if walled else {}
    graph = lattice(drawing, homes[: rows * columns], river)
    policy = replace(EIGHT_TO_TEN, grids_min=parts, grids_max=parts, band=Band(share=share), compactness=kind)
    agrees(graph, policy, engine="column-generation")


@settings(max_examples=examples(60), deadline=None, suppress_health_check=RELAXED)
@given(towns(SHAPES[:3]), policies(), st.sampled_from(["search", "column-generation"]), st.booleans())
def test_no_plan_beats_the_bounds_that_are_told(
    graph: UnitGraph, policy: Policy, engine: str, stopped: bool
) -> None:
    """The bounds of a search, or of any engine that is stopped at once, hold for the best plan of all."""
    counts = range(policy.grids_min or 1, (policy.grids_max or len(graph.units)) + 1)
    expected = best_vector(graph, policy, counts)
    assume(expected is not None)
    assert expected is not None
    division = divide(graph, policy, engine=engine, time_limit_s=PATIENCE_S, stop=lambda: stopped)
    note(f"expected {expected}")
    note(f"{dict(division.vector)}, bounds {dict(division.bounds)}")
    # Scores that are rounded grid by grid.
    loose = {Compactness.BORDER: 1e-6, Compactness.MOMENT: 3.0, Compactness.POLSBY_POPPER: 0.01}
    for name, best in zip(division.vector, expected, strict=True):
        assert division.bounds[name] <= best + (loose[policy.compactness] if name == "compactness" else 1e-6)
        if division.vector[name] != pytest.approx(best):
            break


@settings(max_examples=examples(60), deadline=None, suppress_health_check=RELAXED)
@given(towns(SHAPES[:2]), policies(), st.data())
def test_no_plan_keeps_more_households_in_their_grids(
    graph: UnitGraph, policy: Policy, data: st.DataObject
) -> None:
    labels = data.draw(st.lists(st.integers(1, 3), min_size=len(graph.units), max_size=len(graph.units)))
    known = data.draw(st.integers(1, len(graph.units)))
    old = Plan("c1", {unit.id: n for unit, n in list(zip(graph.units, labels, strict=True))[:known]})
    agrees(graph, policy, old)


@pytest.mark.slow
@settings(max_examples=examples(1000), deadline=None, suppress_health_check=RELAXED)
@given(towns(), policies())
def test_no_plan_of_a_thousand_towns_is_better(graph: UnitGraph, policy: Policy) -> None:
    agrees(graph, policy)


@pytest.mark.slow
@pytest.mark.parametrize("engine", [None, "column-generation"])
@settings(max_examples=examples(25), deadline=None, suppress_health_check=RELAXED)
@given(graph=towns(LARGE), policy=policies(3))
def test_no_plan_of_a_town_of_twelve_units_is_better(
    engine: str | None, graph: UnitGraph, policy: Policy
) -> None:
    agrees(graph, policy, engine=engine)


@settings(max_examples=examples(60), deadline=None, suppress_health_check=RELAXED)
@given(towns(SHAPES[:3]), policies(), st.integers(2, 4), st.integers(0, 10_000))
def test_no_plan_that_keeps_the_locks_is_better(
    graph: UnitGraph, drawn: Policy, count: int, pick: int
) -> None:
    policy = replace(drawn, grids_min=count, grids_max=count)
    plans = list(islice(legal_plans(graph, policy, count), 200))
    assume(plans)
    old = plans[pick % len(plans)]
    members = old.members()
    grid = sorted(members)[pick % len(members)]
    others = [unit for unit, number in old.assignment.items() if number != grid][:2]
    locks = Locks(frozenset({grid}), {unit: old.assignment[unit] for unit in others})

    def keeps(plan: Plan) -> bool:
        groups = {number: set(names) for number, names in plan.members().items()}
        if set(members[grid]) not in groups.values():
            return False
        together = [plan.assignment[unit] for unit in others]
        apart = [old.assignment[unit] for unit in others]
        return len(others) < 2 or (together[0] == together[1]) == (apart[0] == apart[1])

    expected = best_vector(graph, policy, range(count, count + 1), old, keeps)
    if expected is None:
        return
    division = divide(graph, policy, incumbent=old, locks=locks, time_limit_s=PATIENCE_S)
    assert division.proved
    assert keeps(division.plan)
    has_values(division, policy, expected)
