"""What differs between two published plans, counted by hand on the governed town.

Homes: A 4 x 40, B 2 x 40, C 2 x 40, h01 40 in c1; D 4 x 40, E 2 x 40 in c2. In force before: c1 has
1 = A, 2 = C, 3 = B + h01; c2 has 1 = D, 2 = E.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from geogrid.policy import EIGHT_TO_TEN
from geogrid.snapshot import Snapshot, publish_snapshot
from geogrid.snapshot.changes import PlanChanges, compare_plans
from tests.governed import PLANS, TODAY, divisions, filled, opened

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

G = "210602001001{:03d}".format


def changes(folder: Path, plans: Mapping[str, Mapping[str, int]]) -> PlanChanges:
    """Publish ``PLANS`` and then ``plans``; compare them."""
    with opened(folder) as archive:
        first = filled(archive)
        old = publish_snapshot(archive, first.id, TODAY, folder / "1")
        second = archive.add_version("town", divisions(plans), policy=EIGHT_TO_TEN, who="planner")
        new = publish_snapshot(archive, second.id, TODAY + timedelta(days=30), folder / "2")
        return compare_plans(old, new)


def test_a_plan_does_not_differ_from_itself(town_snapshot: Path) -> None:
    town = Snapshot.open(town_snapshot)
    found = compare_plans(town, town)
    assert (found["unchanged"], found["changes"], found["moved"]) == (5, [], [])
    assert (found["households_compared"], found["households_moved"]) == (600, 0)
    assert (found["addresses_compared"], found["addresses_new"], found["addresses_gone"]) == (18, 0, 0)


def test_two_grids_merge_and_the_smaller_moves(tmp_path: Path) -> None:
    """B + h01 (120 households) and C (80) become one: it succeeds the larger, the 80 of C move."""
    found = changes(tmp_path, {**PLANS, "c1": {"A": 1, "c1/h01": 2, "B": 2, "C": 2}})
    (one,) = found["changes"]
    assert one["kind"] == "merged"
    assert (one["before"], one["after"]) == ([G(2), G(3)], [G(2)])
    assert one["successors"] == [[G(3), G(2)]]
    assert (one["households"], one["households_moved"], one["addresses_moved"]) == (200, 80, 2)
    assert [move["address"] for move in found["moved"]] == ["C小区1号楼", "C小区2号楼"]
    assert {(move["before"], move["after"]) for move in found["moved"]} == {(G(2), G(2))}
    assert (found["unchanged"], found["grids_before"], found["grids_after"]) == (3, 5, 4)


def test_a_grid_splits_and_the_smaller_part_moves(tmp_path: Path) -> None:
    """B (80) stays grid 3's successor, h01 (40) is a new grid."""
    found = changes(tmp_path, {**PLANS, "c1": {"A": 1, "C": 2, "B": 3, "c1/h01": 4}})
    (one,) = found["changes"]
    assert (one["kind"], one["before"], one["after"]) == ("split", [G(3)], [G(3), G(4)])
    assert (one["successors"], one["households_moved"]) == ([[G(3), G(3)]], 40)
    assert found["households_moved"] == 40


def test_homes_that_move_between_two_grids_rearrange_both(tmp_path: Path) -> None:
    """h01 (40) moves from B's grid to C's."""
    found = changes(tmp_path, {**PLANS, "c1": {"A": 1, "C": 2, "B": 3, "c1/h01": 2}})
    (one,) = found["changes"]
    assert (one["kind"], one["households"], one["households_moved"]) == ("rearranged", 200, 40)
    assert one["successors"] == [[G(2), G(2)], [G(3), G(3)]]


def test_numbers_that_swap_move_nobody(tmp_path: Path) -> None:
    found = changes(tmp_path, {**PLANS, "c1": {"A": 2, "C": 1, "B": 3, "c1/h01": 3}})
    assert [(one["kind"], one["before"], one["after"]) for one in found["changes"]] == [
        ("renumbered", [G(2)], [G(1)]),
        ("renumbered", [G(1)], [G(2)]),
    ]
    assert (found["households_moved"], found["addresses_moved"], found["unchanged"]) == (0, 0, 3)


@pytest.mark.parametrize("most", [0, 1])
def test_the_list_of_addresses_is_cut_and_the_count_is_not(tmp_path: Path, most: int) -> None:
    with opened(tmp_path) as archive:
        first = filled(archive)
        old = publish_snapshot(archive, first.id, TODAY, tmp_path / "1")
        plans = {**PLANS, "c1": {"A": 1, "c1/h01": 2, "B": 2, "C": 2}}
        second = archive.add_version("town", divisions(plans), policy=EIGHT_TO_TEN, who="planner")
        new = publish_snapshot(archive, second.id, TODAY + timedelta(days=30), tmp_path / "2")
    found = compare_plans(old, new, most_moved=most)
    assert (len(found["moved"]), found["addresses_moved"]) == (most, 2)
