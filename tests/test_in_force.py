"""Plans in force, carried over to the units of today."""

from __future__ import annotations

from dataclasses import replace

from shapely import box

from geogrid.partition import divide, redivide
from geogrid.partition.in_force import carried_over
from geogrid.plan import Plan
from geogrid.policy import EIGHT_TO_TEN
from tests.brute_force import lattice

TWO = replace(EIGHT_TO_TEN, grids_min=2, grids_max=2)


def test_units_that_are_the_same_keep_their_grid() -> None:
    graph = lattice(["ABCD"], [10] * 4)
    plan = divide(graph, TWO).plan
    assert carried_over(graph, (graph, plan)) == plan


def test_buildings_tell_where_a_renamed_unit_was() -> None:
    """The ids are shifted by one place; the buildings are not. The last unit has a new house alone."""
    before = lattice(["ABC"], [10] * 3)
    old = tuple(replace(u, building_ids=(f"b{i}", f"c{i}")) for i, u in enumerate(before.units))
    after = lattice(["XABC"], [5, 10, 10, 10])
    names = (("new",), ("b0", "c0"), ("b1", "new2"), ("b2",))
    new = tuple(replace(u, building_ids=some) for u, some in zip(after.units, names, strict=True))
    plan = Plan("c1", {"u00": 1, "u01": 2, "u02": 2})
    carried = carried_over(replace(after, units=new), (replace(before, units=old), plan))
    assert carried.assignment == {"u01": 1, "u02": 2, "u03": 2}


def test_ground_tells_where_there_is_no_building() -> None:
    """A unit of three cells, two of them in grid 2; and one on ground that nobody had."""
    before = lattice(["ABC"], [10] * 3)
    plan = Plan("c1", {"u00": 1, "u01": 2, "u02": 2})
    wide = lattice(["ABC", "D  "], [10] * 4)
    first = replace(wide.units[0], geometry=box(0, 0, 300, 100))
    after = replace(wide, units=(first, wide.units[3]))
    assert carried_over(after, (before, plan)).assignment == {"u00": 2}


def test_merged_communities_keep_their_grids_apart() -> None:
    """Two halves of a row, each in force as one grid of its own number 1; nobody has to move."""
    row = lattice(["ABCD"], [10] * 4)
    west, east = replace(row, units=row.units[:2]), replace(row, units=row.units[2:])
    halves = (west, Plan("w", {"u00": 1, "u01": 1})), (east, Plan("e", {"u02": 1, "u03": 1}))
    merged = carried_over(row, *halves)
    assert merged.assignment == {"u00": 1, "u01": 1, "u02": 2, "u03": 2}
    assert redivide(row, TWO, merged).moved == 0
