"""The workbench: operations on a drawn town, with all numbers counted by hand.

Units of 100 m: compounds A (a1, a2: 80 households each), B (b1, b2: 60 each) and D (d1: 50), homes outside
compounds (c1, c2: 40 each) and a piece of land. In force is 1: A and the homes, 2: B and D, 3: the land.
"""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import LineString, box

from geogrid.adjacency import UnitGraph, build_graph
from geogrid.errors import RefusedError
from geogrid.plan import GridKind, Plan
from geogrid.policy import EIGHT_TO_TEN, Band
from geogrid.rules import HARD, State
from geogrid.units import Unit, UnitKind
from geogrid.workbench import (
    Adopt,
    Assign,
    Bench,
    Dedicate,
    Draft,
    History,
    Lock,
    Merge,
    OpenGrid,
    Operation,
    Proposal,
    Release,
    Rename,
    Renumber,
    Retire,
    Split,
    Step,
    Unlock,
    apply,
    begin,
    compare,
    mends,
    nudges,
    operation_from_json,
    operation_to_json,
    parts_by_line,
    parts_by_solver,
    preview,
    propose,
    propose_several,
    refuse_broken_locks,
    replay,
    tally,
)

if TYPE_CHECKING:
    from collections.abc import Callable

AT = datetime(2026, 11, 23, 4, tzinfo=UTC)


def unit(name: str, west: float, south: float, homes: int, compound: str = "", east: float = 100.0) -> Unit:
    kind = UnitKind.LAND if not homes else UnitKind.GROUP if compound else UnitKind.HOMES
    tile = box(west, south, west + east, south + 100)
    return Unit(
        name, "c1", kind, tile, homes, compound_id=compound, building_ids=(f"{name}-1",) if homes else ()
    )


# a1 a2 | b1 b2
# c1 c2 | d1 land
UNITS = (
    unit("a1", 0, 100, 80, "A"),
    unit("a2", 100, 100, 80, "A"),
    unit("b1", 200, 100, 60, "B"),
    unit("b2", 300, 100, 60, "B"),
    unit("c1", 0, 0, 40),
    unit("c2", 100, 0, 40),
    unit("d1", 200, 0, 50, "D"),
    unit("land", 300, 0, 0),
)
GRAPH = build_graph(UNITS, (), "c1")
POLICY = replace(EIGHT_TO_TEN, grids_min=2, grids_max=3, band=Band(share=0.2))
REFERENCE = Plan("c1", {"a1": 1, "a2": 1, "c1": 1, "c2": 1, "b1": 2, "b2": 2, "d1": 2, "land": 3})
BENCH = Bench(GRAPH, POLICY, REFERENCE)


def after(*operations: Operation) -> Draft:
    draft = begin(BENCH)
    for operation in operations:
        draft = apply(BENCH, draft, operation)
    return draft


def rules_of(attempt: Callable[[], object]) -> list[str]:
    with pytest.raises(RefusedError) as told:
        attempt()
    return [fault.rule for fault in told.value.faults]


def test_a_draft_begins_as_the_reference() -> None:
    assert begin(BENCH).plan == REFERENCE
    assert begin(BENCH).members == {1: ("a1", "a2", "c1", "c2"), 2: ("b1", "b2", "d1"), 3: ("land",)}


def test_units_that_are_gone_are_left_out_and_new_ones_have_no_grid() -> None:
    older = Bench(GRAPH, POLICY, Plan("c1", {"a1": 1, "gone": 1}))
    draft = begin(older)
    assert dict(draft.assignment) == {"a1": 1}
    assert tally(older, draft).unassigned == ("a2", "b1", "b2", "c1", "c2", "d1", "land")


def test_assign_moves_units_and_nothing_else() -> None:
    draft = after(Assign(("c2",), 2))
    assert draft.members == {1: ("a1", "a2", "c1"), 2: ("b1", "b2", "c2", "d1"), 3: ("land",)}


def test_an_operation_is_refused_whole_with_every_reason() -> None:
    assert rules_of(lambda: after(Assign(("c2", "x", "y"), 9))) == [
        "unknown-unit",
        "unknown-unit",
        "unknown-grid",
    ]


def test_a_compound_is_split_only_with_a_reason_which_is_kept_as_long_as_it_is_split() -> None:
    assert rules_of(lambda: after(Assign(("a2",), 2))) == ["split-needs-reason"]
    assert rules_of(lambda: after(Assign(("a2",), 2, "  "))) == ["split-needs-reason"]
    split = Assign(("a2",), 2, "a road runs through it")
    assert dict(after(split).reasons) == {"A": "a road runs through it"}
    assert dict(after(split, Assign(("c2",), 2)).reasons) == {"A": "a road runs through it"}
    assert dict(after(split, Assign(("a2",), 1)).reasons) == {}


def test_a_compound_moves_whole_without_a_reason() -> None:
    assert after(Assign(("a1", "a2"), 2)).members[2] == ("a1", "a2", "b1", "b2", "d1")


def test_a_grid_that_lost_its_units_stays_until_it_is_retired() -> None:
    emptied = Assign(("land",), 2)
    assert after(emptied).members[3] == ()
    assert 3 not in after(emptied, Retire(3)).members
    assert rules_of(lambda: after(Retire(2))) == ["grid-has-units"]
    assert after(emptied, Assign(("land",), 3)).members == begin(BENCH).members


def test_a_new_grid_takes_the_smallest_free_number() -> None:
    draft = after(Assign(("land",), 2), Retire(3), OpenGrid(("land",), "西门市场"))
    assert draft.members[3] == ("land",)
    assert dict(draft.names) == {3: "西门市场"}
    assert after(OpenGrid()).members[4] == ()


def test_merge_keeps_one_number_and_ends_the_others() -> None:
    draft = after(Rename(2, "东"), Merge((1, 2), 1))
    assert draft.members == {1: ("a1", "a2", "b1", "b2", "c1", "c2", "d1"), 3: ("land",)}
    assert dict(draft.names) == {}


def test_split_leaves_the_number_with_the_part_of_most_households() -> None:
    draft = after(Split(1, (("c1", "c2"), ("a1", "a2"))))
    assert draft.members == {1: ("a1", "a2"), 2: ("b1", "b2", "d1"), 3: ("land",), 4: ("c1", "c2")}
    for parts in ((("c1",), ("a1", "a2")), (("a1", "a2", "c1", "c2"),), (("a1", "a2", "c1", "c2"), ())):
        assert rules_of(partial(after, Split(1, parts))) == ["parts-of-grid"]
    assert rules_of(lambda: after(Split(1, (("a1", "c1"), ("a2", "c2"))))) == ["split-needs-reason"]


def test_release_leaves_the_plan_unfinished() -> None:
    told = tally(BENCH, after(Release(("c2",))))
    assert told.unassigned == ("c2",)
    assert {one.rule: one.state for one in told.verdicts}[HARD[0].__name__] is State.NOT_FINISHED


def test_renumber_goes_from_west_to_east_and_takes_names_and_locks_along() -> None:
    draft = after(
        Merge((1, 2), 2), OpenGrid(("c1", "c2"), "南"), Lock(grids=(1,)), Rename(2, "北"), Renumber()
    )
    assert draft.members == {1: ("c1", "c2"), 2: ("a1", "a2", "b1", "b2", "d1"), 3: ("land",)}
    assert dict(draft.names) == {1: "南", 2: "北"}
    assert draft.locked_grids == {1}


def test_only_a_grid_without_homes_has_a_special_purpose() -> None:
    assert dict(after(Dedicate(3, "公园")).purposes) == {3: "公园"}
    assert dict(after(Dedicate(3, "公园"), Dedicate(3, "")).purposes) == {}
    assert rules_of(lambda: after(Dedicate(1, "公园"))) == ["purpose-with-homes"]


def test_names_are_short_and_printable() -> None:
    assert rules_of(lambda: after(Rename(1, "a\nb"))) == ["unprintable"]
    assert rules_of(lambda: after(Rename(1, "长" * 61))) == ["too-long"]
    assert dict(after(Rename(1, " 一网格 "), Rename(1, "")).names) == {}


def test_locks_hold_whatever_the_operation() -> None:
    grid, single = Lock(grids=(2,)), Lock(units=("c2",))
    assert rules_of(lambda: after(grid, Assign(("b1", "b2"), 1))) == ["locked-grid"]
    assert rules_of(lambda: after(grid, Assign(("c2",), 2))) == ["locked-grid"]
    assert rules_of(lambda: after(grid, Merge((1, 2), 1))) == ["locked-grid"]
    assert rules_of(lambda: after(grid, Split(2, (("b1", "b2"), ("d1",))))) == ["locked-grid"]
    assert rules_of(lambda: after(single, Assign(("c1", "c2"), 2))) == ["locked-unit"]
    assert rules_of(lambda: after(single, Adopt({"c2": 3}))) == ["locked-unit"]
    assert after(single, Assign(("c1",), 2)).members[2] == ("b1", "b2", "c1", "d1")
    assert after(single, Unlock(units=("c2",)), Assign(("c2",), 2)).assignment["c2"] == 2


def test_adopt_takes_over_a_proposal_and_opens_its_grids() -> None:
    draft = after(Adopt({"c1": 7, "c2": 7}, "proposal"))
    assert draft.members[7] == ("c1", "c2")


# History


def step(number: int, parent: int | None, operation: Operation) -> Step:
    return Step(number, parent, operation, "planner", AT)


def test_undo_redo_and_jumps_lose_no_step() -> None:
    steps = {
        1: step(1, None, Assign(("c2",), 2)),
        2: step(2, 1, Assign(("c1",), 2)),
        3: step(3, 1, Rename(1, "西")),  # made after the second was undone
    }
    history = History(steps, 3)
    assert [one.id for one in history.path(3)] == [1, 3]
    assert [one.id for one in history.path(2)] == [1, 2]
    assert history.undone() == 1
    assert History(steps, 1).redone() == 3
    assert History(steps, 1).undone() is None
    assert rules_of(History(steps, None).undone) == ["nothing-to-undo"]
    assert rules_of(History(steps, 3).redone) == ["nothing-to-redo"]
    assert replay(BENCH, history.path(2)) == after(Assign(("c2",), 2), Assign(("c1",), 2))


def test_undo_breaks_no_lock_silently() -> None:
    moved, locked = after(Assign(("c2",), 2)), after(Assign(("c2",), 2), Lock(grids=(2,), units=("c1",)))
    assert rules_of(lambda: refuse_broken_locks(locked, moved)) == ["lock-undone", "lock-undone"]
    refuse_broken_locks(moved, begin(BENCH))
    renamed = apply(BENCH, locked, Rename(1, "西"))
    refuse_broken_locks(renamed, locked)


# What the planner reads


def test_the_table_counts_every_grid_and_compares_it_with_the_reference() -> None:
    told = tally(BENCH, after(Assign(("c2",), 2)))
    one, two, three = told.rows
    assert (one.households, one.units, one.buildings, one.compounds) == (200, 3, 3, ("A",))
    assert (one.was, one.came, one.went) == (240, 0, 40)
    assert (two.households, two.was, two.came, two.went) == (210, 170, 40, 0)
    assert (three.kind, three.households, three.area_m2) == (GridKind.SPECIAL, 0, 10_000.0)
    assert one.area_m2 == 30_000.0
    # 410 households in two grids: 205 each, 20 % either way are 164 to 246.
    assert (told.households, told.window, told.moved) == (410, (164, 246), 40)
    assert told.objectives["window"] == 0.0


def test_a_preview_shows_only_the_rows_that_change_and_changes_nothing() -> None:
    draft = begin(BENCH)
    told = preview(BENCH, draft, Assign(("c2",), 2))
    assert [(row.grid, row.households) for row in told.before] == [(1, 240), (2, 170)]
    assert [(row.grid, row.households) for row in told.after] == [(1, 200), (2, 210)]
    assert told.moved == 40
    assert draft == begin(BENCH)


def test_the_border_of_two_grids_can_be_nudged_both_ways() -> None:
    """c2 touches d1, a2 touches b1: from 1 to 2 c2, a2 alone, A whole; from 2 to 1 d1, b1 alone, B whole."""
    found = {(nudge.move.units, nudge.move.grid): nudge for nudge in nudges(BENCH, begin(BENCH), 1, 2)}
    assert set(found) == {
        (("c2",), 2),
        (("a2",), 2),
        (("a1", "a2"), 2),
        (("d1",), 1),
        (("b1",), 1),
        (("b1", "b2"), 1),
    }
    best = nudges(BENCH, begin(BENCH), 1, 2)[0]
    assert best.move == Assign(("c2",), 2)
    assert (best.giver, best.taker, best.breaks, best.splits) == ((1, 240, 200), (2, 170, 210), (), False)
    assert found[("a2",), 2].splits
    # Half of A beside the whole of B is forbidden.
    assert found[("a2",), 2].breaks == ("no_grid_mixes_parts_of_compounds",)


def test_locked_grids_and_units_are_not_nudged() -> None:
    assert nudges(BENCH, after(Lock(grids=(1,))), 1, 2) == ()
    moves = {nudge.move.units for nudge in nudges(BENCH, after(Lock(units=("c2", "b1"))), 1, 2)}
    assert moves == {("a2",), ("a1", "a2"), ("d1",)}


@pytest.mark.parametrize(
    ("operations", "rule", "mend"),
    [
        ((Release(("c2",)),), "every_unit_lies_in_one_grid", {"c2": 1}),
        ((Assign(("b1", "b2", "d1"), 1), Assign(("c1",), 2)), "the_number_of_grids_is_in_range", None),
        ((Assign(("c1",), 3),), "every_grid_is_in_one_piece", {"c1": 1}),
        ((Assign(("a2",), 2, "test"),), "no_grid_mixes_parts_of_compounds", {"a2": 1}),
        ((Assign(("c1", "c2"), 2),), "households_lie_in_the_window", {"c1": 1}),
        ((Assign(("land",), 2),), "land_without_homes_is_apart", {"land": 3}),
    ],
)
def test_a_broken_rule_comes_with_a_mend(
    operations: tuple[Operation, ...], rule: str, mend: dict[str, int] | None
) -> None:
    draft = after(*operations)
    found = mends(BENCH, draft, rule)
    if mend is None:
        assert all(one.after < one.before for one in found)
        return
    assert mend in [dict(one.operation.assignment) for one in found]
    for one in found:
        assert one.after < one.before
        apply(BENCH, draft, one.operation)  # none is refused


def test_where_nothing_is_broken_nothing_is_mended() -> None:
    assert mends(BENCH, begin(BENCH), "households_lie_in_the_window") == ()


# Parting


def test_a_line_parts_a_grid_by_the_units_inner_points() -> None:
    units = ("a1", "a2", "c1", "c2")
    assert parts_by_line(BENCH, units, LineString([(100, 90), (100, 110)])) == (("a1", "c1"), ("a2", "c2"))
    assert parts_by_line(BENCH, units, LineString([(200, 100), (0, 100)])) == (("c1", "c2"), ("a1", "a2"))
    corner = LineString([(100, 0), (100, 100), (200, 100)])  # turns right around c2
    assert parts_by_line(BENCH, units, corner) == (("a1", "a2", "c1"), ("c2",))
    assert rules_of(lambda: parts_by_line(BENCH, units, LineString([(500, 0), (500, 9)]))) == [
        "line-parts-nothing"
    ]


def test_the_solver_parts_a_grid_evenly() -> None:
    parts = parts_by_solver(BENCH, ("a1", "a2", "c1", "c2"), 2)
    assert sorted(parts) == [("a1", "a2"), ("c1", "c2")]
    assert rules_of(lambda: parts_by_solver(BENCH, ("a1",), 2)) == ["not-divisible"]


# Comparing


def test_a_comparison_tells_what_moves_from_where_to_where() -> None:
    told = compare(
        GRAPH, REFERENCE, after(Split(1, (("c1", "c2"), ("a1", "a2")))).plan, {"c1-1": 3, "c2-1": 4}
    )
    assert dict(told.successors) == {1: 1, 2: 2, 3: 3}
    (flow,) = told.flows
    assert (flow.source, flow.target, flow.units) == (1, 4, ("c1", "c2"))
    assert (flow.households, flow.buildings, flow.addresses) == (80, 2, 7)
    assert (told.founded, told.ended) == ((4,), ())
    assert told.share == pytest.approx(80 / 410)


def test_renumbering_moves_nobody() -> None:
    swapped = Plan("c1", {name: {1: 2, 2: 1}.get(grid, grid) for name, grid in REFERENCE.assignment.items()})
    told = compare(GRAPH, REFERENCE, swapped)
    assert (told.flows, told.households, dict(told.successors)) == ((), 0, {1: 2, 2: 1, 3: 3})


def test_units_without_a_grid_are_told() -> None:
    told = compare(GRAPH, REFERENCE, after(Release(("land", "d1"))).plan)
    assert [(flow.source, flow.target, flow.units) for flow in told.flows] == [
        (2, 0, ("d1",)),
        (3, 0, ("land",)),
    ]
    assert told.ended == (3,)


# Laws


UNIT_SETS = st.lists(st.sampled_from([one.id for one in UNITS]), max_size=4, unique=True).map(tuple)
GRID = st.integers(1, 5)
OPERATIONS: st.SearchStrategy[Operation] = st.one_of(
    st.builds(Assign, UNIT_SETS, GRID, st.sampled_from(["", "why"])),
    st.builds(Release, UNIT_SETS),
    st.builds(OpenGrid, UNIT_SETS, st.just(""), st.sampled_from(["", "why"])),
    st.builds(Merge, st.lists(GRID, min_size=1, max_size=3, unique=True).map(tuple), GRID),
    st.builds(Retire, GRID),
    st.builds(Rename, GRID, st.sampled_from(["", "甲", "乙"])),
    st.just(Renumber()),
    st.builds(Dedicate, GRID, st.sampled_from(["", "公园"])),
    st.builds(Lock, st.lists(GRID, max_size=2, unique=True).map(tuple), UNIT_SETS),
    st.builds(Unlock, st.lists(GRID, max_size=2, unique=True).map(tuple), UNIT_SETS),
    st.builds(Adopt, st.dictionaries(st.sampled_from([one.id for one in UNITS]), GRID, max_size=4)),
)


@settings(max_examples=200, deadline=None)
@given(st.lists(OPERATIONS, max_size=8))
def test_whatever_is_done_a_draft_stays_sound(operations: list[Operation]) -> None:
    """No unit twice or from nowhere, what is locked stays, and what is written comes back equal."""
    draft = begin(BENCH)
    for operation in operations:
        assert operation_from_json(json.loads(json.dumps(operation_to_json(operation)))) == operation
        try:
            then = apply(BENCH, draft, operation)
        except RefusedError:
            continue
        assert set(then.assignment) <= set(BENCH.units)
        assert not then.opened & set(then.assignment.values())
        assert set(then.names) | set(then.purposes) | set(then.locked_grids) <= set(then.members)
        if not isinstance(operation, Unlock | Renumber):
            for unit_id in draft.locked_units:
                assert then.assignment.get(unit_id) == draft.assignment.get(unit_id)
            for grid in draft.locked_grids:
                assert then.members.get(grid) == draft.members[grid]
        assert {row.grid for row in tally(BENCH, then).rows} == set(then.members)
        draft = then


def test_what_is_no_operation_is_refused_with_every_fault() -> None:
    def read(told: object) -> list[str]:
        return rules_of(lambda: operation_from_json(told))

    assert read([]) == read({"kind": "explode"}) == ["unknown-operation"]
    assert read({"kind": "assign", "units": "a1", "more": 1}) == [
        "unknown-field",
        "wrong-type",
        "missing-field",
    ]
    assert read({"kind": "assign", "units": ["a1"], "grid": True}) == ["wrong-type"]
    assert read({"kind": "assign", "units": ["a1"], "grid": 1000}) == ["wrong-type"]
    assert read({"kind": "adopt", "assignment": {"a1": 0}}) == ["wrong-type"]
    assert operation_from_json({"kind": "open-grid", "units": ["a1", "a1"]}) == OpenGrid(("a1",))


def test_the_graph_of_these_tests_is_what_its_drawing_says() -> None:
    assert isinstance(GRAPH, UnitGraph)
    assert BENCH.beside["c2"] == {"a2", "c1", "d1"}
    assert BENCH.compounds == {"A": ("a1", "a2"), "B": ("b1", "b2"), "D": ("d1",)}


# Proposing


def test_a_proposal_keeps_the_numbers_of_grids_that_live_on_and_the_locks() -> None:
    """Windows 164-246 for two grids: 240 and 170 hold already, so nothing needs to move."""
    two = replace(POLICY, grids_max=2)
    calm = propose(BENCH, begin(BENCH), two)
    assert dict(calm.operation.assignment) == {}
    bad = after(Assign(("c1", "c2"), 2))  # 160 and 250
    seen: list[Proposal] = []
    found = propose(BENCH, bad, two, progress=seen.append)
    mended = apply(BENCH, bad, found.operation)
    assert tally(BENCH, mended).objectives["window"] == 0
    assert found.division.proved
    assert seen[-1].operation == found.operation
    locked = after(Assign(("c1", "c2"), 2), Lock(units=("c1",)))
    kept = apply(BENCH, locked, propose(BENCH, locked, two).operation)
    assert kept.assignment["c1"] == 2


def test_a_proposal_for_some_grids_leaves_the_others_alone() -> None:
    draft = after(Split(1, (("a1", "a2"), ("c1", "c2"))))
    found = propose(BENCH, draft, grids=(1, 4))
    assert set(found.operation.assignment) <= {"a1", "a2", "c1", "c2"}
    assert rules_of(lambda: propose(BENCH, draft, grids=(9,))) == ["unknown-grid"]


def test_several_proposals_differ() -> None:
    found = propose_several(BENCH, begin(BENCH), how_many=2, share=0.1)
    plans = [one.division.plan for one in found]
    assert len(plans) == len({tuple(plan.assignment.items()) for plan in plans})
    assert rules_of(lambda: propose_several(BENCH, after(Lock(grids=(1,))))) == ["locks-and-alternatives"]
