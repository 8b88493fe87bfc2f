"""Branches and teams matched to grids; only public people are shown, and vacancies always are."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geogrid.model import Branch, BuildingGroup, City, Role, TeamMember
from geogrid.plan import Grid, Plan, derive_grids
from geogrid.roster import Roster, ground_held, match_roster, public_view, tally_city
from geogrid.roster.matching import Overlap, match
from tests.governed import BRANCHES, CHIEF, PLANS, SECRETARY, TEAM, TODAY, governed_town, graphs_of

TOWN = governed_town()
GRAPHS = graphs_of(TOWN)


def grids_of(assignment: dict[str, int], community: str = "c1") -> tuple[Grid, ...]:
    return derive_grids(Plan(community, assignment), GRAPHS[community])


def roster(
    assignment: dict[str, int], city: City = TOWN, community: str = "c1", as_of: date = TODAY
) -> Roster:
    return match_roster(city, grids_of(assignment, community), as_of=as_of)


def branch_ids(found: Roster) -> list[str]:
    return [team.branch.id if team.branch else "" for team in found.teams]


def test_a_branch_goes_where_most_of_its_households_are() -> None:
    """p1 covers A (160) and C (80): grid 1 = A; p2 covers B (80): grid 3; grid 2 = C gets none."""
    found = roster(PLANS["c1"])
    assert branch_ids(found) == ["p1", "", "p2"]
    assert [team.to_be_founded for team in found.teams] == [False, True, False]
    assert found.teams[1].proposed_name == "C小区党支部"
    assert [[one.id for one in team.branches] for team in found.teams] == [["p1"], ["p1"], ["p2"]]
    assert [(one.branch.id, one.number, one.grids, one.split) for one in found.branches] == [
        ("p1", 1, (1, 2), True),
        ("p2", 3, (3,), False),
    ]


def test_two_branches_in_one_grid_leave_one_without() -> None:
    """A, B and C are one grid: p1 has 240 households there, p2 has 80; the homes outside are grid 2."""
    found = roster({"A": 1, "B": 1, "C": 1, "c1/h01": 2})
    assert branch_ids(found) == ["p1", ""]
    assert [(one.branch.id, one.number) for one in found.branches] == [("p1", 1), ("p2", None)]
    assert [one.id for one in found.teams[0].branches] == ["p1", "p2"]


def test_the_whole_matching_is_best_not_each_branch_alone() -> None:
    """q1 covers A (160) and B (80), q2 A alone: q1 in A leaves q2 out (160); q2 in A and q1 in B is 240."""
    town = replace(TOWN, branches=(Branch("q1", "甲", ("A", "B")), Branch("q2", "乙", ("A",))))
    assert branch_ids(roster({"A": 1, "B": 2, "C": 3, "c1/h01": 3}, town)) == ["q2", "q1", ""]


def test_equal_branches_are_told_apart_by_their_ids() -> None:
    both = (Branch("z", "甲", ("A",)), Branch("y", "乙", ("A",)))
    for branches in (both, both[::-1]):
        town = replace(TOWN, branches=branches)
        assert branch_ids(roster({"A": 1, "B": 2, "C": 2, "c1/h01": 2}, town)) == ["y", ""]


def test_a_compound_without_households_still_has_its_branch() -> None:
    empty = tuple(replace(one, households=0) for one in TOWN.buildings)
    assert branch_ids(roster(PLANS["c1"], replace(TOWN, buildings=empty))) == ["p1", "", "p2"]


def test_a_branch_of_another_community_is_not_matched_here() -> None:
    assert branch_ids(roster(PLANS["c2"], community="c2")) == ["p3", ""]
    elsewhere = replace(BRANCHES[0], community_id="c2")
    town = replace(TOWN, branches=(elsewhere,))
    assert branch_ids(roster(PLANS["c1"], town)) == ["", "", ""]


def test_names_of_branches_to_be_founded_are_unique() -> None:
    """Grid 2 would be called after C, but a branch of that name exists already, without a compound."""
    town = replace(TOWN, branches=(Branch("p", "C小区党支部", (), "c1"),))
    found = roster({"A": 1, "C": 2, "B": 3, "c1/h01": 3}, town)
    assert [team.proposed_name for team in found.teams] == ["A小区党支部", "C小区党支部(2)", "B小区党支部"]


def test_homes_outside_compounds_are_named_after_the_nearest_courtyard() -> None:
    """b stands south of B and east of C, beside both: the first by id gives its name."""
    found = roster({"A": 1, "B": 2, "C": 3, "c1/h01": 4}, replace(TOWN, branches=()))
    assert found.teams[3].proposed_name == "B小区党支部(2)"


@pytest.mark.parametrize(("language", "name"), [("zh-Hant", "A小区黨支部"), ("en", "A小区 branch")])
def test_the_proposed_name_is_in_the_language_of_the_data(language: str, name: str) -> None:
    town = replace(TOWN, branches=(), language=language)
    assert roster(PLANS["c1"], town).teams[0].proposed_name == name


def test_a_grid_without_homes_needs_no_branch() -> None:
    empty = replace(grids_of(PLANS["c1"])[1], households=0)
    found = match_roster(replace(TOWN, branches=()), [empty], as_of=TODAY)
    assert (found.teams[0].to_be_founded, found.teams[0].proposed_name) == (False, "")


# Teams


def seats(found: Roster, number: int) -> dict[Role, tuple[list[str], bool]]:
    return {seat.role: ([one.name for one in seat.people], seat.vacant) for seat in found.team(number).seats}


def test_the_team_of_a_grid_has_four_levels() -> None:
    """m1 leads the community; s1 is p1's secretary; w1 works in A; v1 begins next year, w2 ended today."""
    assert seats(roster(PLANS["c1"]), 1) == {
        Role.CHIEF_LEADER: (["样例甲"], False),
        Role.LEADER: (["样例乙"], False),
        Role.WORKER: (["样例丙"], False),
        Role.VOLUNTEER: ([], True),
    }


def test_vacancies_are_listed_and_a_hidden_person_is_no_vacancy() -> None:
    """Grid 2 (C) has nobody who works there; grid 3 (B) has a leader who is not public."""
    found = roster(PLANS["c1"])
    assert seats(found, 3)[Role.LEADER] == ([], False)
    assert seats(found, 2)[Role.WORKER] == ([], True)
    assert seats(roster({"A": 1, "B": 1, "C": 1, "c1/h01": 2}), 2)[Role.LEADER] == ([], True)


def test_who_serves_a_compound_serves_its_grid_until_a_branch_is_founded() -> None:
    """p1 covers A and C and serves grid 1 = A; in grid 2 = C its secretary acts."""
    found = roster(PLANS["c1"]).team(2)
    leader = next(seat for seat in found.seats if seat.role is Role.LEADER)
    assert (found.branch, found.serving, found.to_be_founded) == (None, BRANCHES[0], True)
    assert ([one.name for one in leader.people], leader.acting) == (["样例乙"], True)
    own = next(seat for seat in roster(PLANS["c1"]).team(1).seats if seat.role is Role.LEADER)
    assert not own.acting


def test_another_branch_of_the_grid_leads_where_its_own_has_no_secretary() -> None:
    """A and B are grid 1; p1 is matched there without a secretary; p2's acts, and p2's workers help."""
    workers = (
        TeamMember("w8", "样例己", Role.WORKER, public=True, branch_id="p2"),
        TeamMember("w9", "样例庚", Role.WORKER, public=True, branch_id="p1"),
    )
    without = (replace(BRANCHES[0], secretary_id=""), BRANCHES[1])
    team = tuple(one for one in TEAM if one.id not in {"s1", "w1", "w2"}) + workers
    plan = {"A": 1, "B": 1, "C": 1, "c1/h01": 2}
    found = roster(plan, replace(TOWN, branches=without, team=team))
    assert branch_ids(found) == ["p1", ""]
    assert seats(found, 1)[Role.WORKER][0] == ["样例己", "样例庚"]
    leader = next(seat for seat in found.team(1).seats if seat.role is Role.LEADER)
    assert (leader.member_ids, leader.acting) == (("PRIVATE-ID",), True)


def test_building_groups_that_a_branch_covers_stay_with_it() -> None:
    """Both branches cover A; A1, A2 belong to y, A3, A4 to x: by compound alone x would take grid 1."""
    whole = grids_of({"A": 1, "B": 2, "C": 2, "c1/h01": 2})
    west = replace(whole[0], building_ids=("A1", "A2"))
    east = replace(whole[0], number=2, building_ids=("A3", "A4"))
    both = (Branch("x", "甲", ("A",)), Branch("y", "乙", ("A",)))
    groups = (
        BuildingGroup("g1", "A", "一组", ("A1", "A2"), "y"),
        BuildingGroup("g2", "A", "二组", ("A3", "A4"), "x"),
    )
    town = replace(TOWN, branches=both, building_groups=groups)
    assert branch_ids(match_roster(town, [west, east], as_of=TODAY)) == ["y", "x"]
    without = replace(town, building_groups=())
    assert branch_ids(match_roster(without, [west, east], as_of=TODAY)) == ["x", "y"]


# The matching is the best of all


def every_matching(rows: int, columns: int) -> list[list[tuple[int, int]]]:
    """Return each way to give some rows a column of their own."""
    found: list[list[tuple[int, int]]] = [[]]
    for row in range(rows):
        found += [
            [*one, (row, column)]
            for one in found
            for column in range(columns)
            if column not in {taken for _, taken in one}
        ]
    return found


@settings(max_examples=60, deadline=None)
@given(
    homes=st.lists(st.lists(st.integers(0, 6), min_size=3, max_size=3), min_size=1, max_size=4),
    before=st.lists(st.integers(0, 3), min_size=4, max_size=4),
)
def test_no_matching_is_better_and_none_lets_more_branches_stay(
    homes: list[list[int]], before: list[int]
) -> None:
    """Branch r covers homes[r][c] households in grid c + 1; before[r] - 1 is the grid that it held."""
    gain = np.array(homes, dtype=float)
    overlap, branches, held = drawn_overlap(homes, before)
    got = match(overlap, branches, held)
    rows = {branch.id: row for row, branch in enumerate(branches)}
    pairs = [(rows[branch.id], number - 1) for number, branch in got.items()]

    def worth(one: list[tuple[int, int]]) -> tuple[int, float]:
        stays = sum(before[row] == column + 1 and gain[row, column] > 0 for row, column in one)
        return stays, sum(gain[row, column] for row, column in one)

    assert worth(pairs) == max(worth(one) for one in every_matching(*gain.shape))
    assert all(gain[pair] > 0 for pair in pairs)


def drawn_overlap(
    homes: list[list[int]], before: list[int]
) -> tuple[Overlap, list[Branch], dict[str, list[str]]]:
    """Return branches of one compound each, with a building in each grid, and what they held."""
    template = grids_of(PLANS["c1"])[0]
    house = TOWN.buildings[0]
    buildings, branches, held = [], [], {}
    inside: dict[int, list[str]] = {column + 1: [f"anchor-{column + 1}"] for column in range(3)}
    for row, several in enumerate(homes):
        branches.append(Branch(f"b{row}", f"b{row}", (f"k{row}",)))
        for column, count in enumerate(several):
            if count:
                id_ = f"{row}-{column}"
                buildings.append(replace(house, id=id_, compound_id=f"k{row}", households=count))
                inside[column + 1].append(id_)
        if before[row]:
            held[f"b{row}"] = [f"anchor-{before[row]}"]
    grids = [
        replace(template, number=number, building_ids=tuple(ids), compound_ids=())
        for number, ids in inside.items()
    ]
    return Overlap(replace(TOWN, buildings=tuple(buildings)), grids), branches, held


def test_after_a_redivision_branches_that_could_stay_did_stay() -> None:
    """p1 covers A (160) and C (80). C and A1, A2 (160) are now grid 1, A3, A4 (80) grid 2.

    By households alone p1 serves grid 1. Had it served A3 and A4 before, it goes with them.
    """
    whole = grids_of({"A": 1, "B": 2, "C": 2, "c1/h01": 2})
    left = replace(whole[0], building_ids=("A1", "A2", "C1", "C2"), compound_ids=("A", "C"))
    right = replace(whole[0], number=2, building_ids=("A3", "A4"), compound_ids=("A",))
    town = replace(TOWN, branches=BRANCHES[:1])
    fresh = match_roster(town, [left, right], as_of=TODAY)
    assert branch_ids(fresh) == ["p1", ""]
    stayed = match_roster(town, [left, right], as_of=TODAY, held={"p1": {"A3", "A4"}})
    assert branch_ids(stayed) == ["", "p1"]
    assert ground_held(stayed, [left, right]) == {"p1": frozenset({"A3", "A4"})}


# The whole city


def test_a_city_is_counted_by_subdistrict() -> None:
    """c1 (t1): p1 in A, p2 in B; C is to be founded and led by p1's secretary. c2 (no subdistrict): p3 in D.

    E is to be founded; nobody leads D or E. p2's leader is not public but leads.
    """
    grids = [*grids_of(PLANS["c1"]), *grids_of(PLANS["c2"], "c2")]
    rosters = [roster(PLANS["c1"]), roster(PLANS["c2"], community="c2")]
    tally = tally_city(TOWN, grids, rosters, most_grids=1)
    first = next(one for one in tally.subdistricts if one.id == "t1")
    assert (first.grids, first.to_found, first.to_merge, first.in_two_grids) == (3, 1, 0, 1)
    assert (first.grids_led, first.grids_led_by_another, first.leaders_vacant) == (2, 1, 0)
    assert (first.compounds, first.compounds_with_branch, first.communities) == (3, 3, 1)
    assert (tally.total.grids, tally.total.to_found, tally.total.leaders_vacant) == (5, 2, 2)
    assert (tally.total.branches, tally.total.compounds, tally.total.compounds_with_branch) == (3, 5, 4)
    assert [(one.name, one.grids) for one in tally.overburdened] == [("样例乙", (("c1", 1), ("c1", 2)))]
    assert tally_city(TOWN, grids, rosters).overburdened == ()


def test_who_leads_too_many_grids_is_not_named_unless_public() -> None:
    hidden = tuple(replace(one, public=False) for one in TEAM)
    found = roster(PLANS["c1"], replace(TOWN, team=hidden))
    grids = grids_of(PLANS["c1"])
    tally = tally_city(replace(TOWN, team=hidden), grids, [found], most_grids=1)
    assert [one.name for one in tally.overburdened] == [""]


def test_a_secretary_known_by_name_only_is_not_shown_and_not_vacant() -> None:
    town = replace(TOWN, team=())
    assert seats(roster(PLANS["c1"], town), 1)[Role.CHIEF_LEADER] == ([], False)
    assert seats(roster(PLANS["c2"], town, "c2"), 1)[Role.CHIEF_LEADER] == ([], True)


@pytest.mark.parametrize(
    ("days", "workers", "volunteers"),
    [
        (-400, ["样例丁"], []),
        (-1, ["样例丙", "样例丁"], []),
        (0, ["样例丙"], []),
        (39, ["样例丙"], ["样例戊"]),
    ],
)
def test_a_day_tells_who_serves(days: int, workers: list[str], volunteers: list[str]) -> None:
    """w1 from 2026-01-01; w2 until 2026-11-23, that day not included; v1 from 2027-01-01 (39 days on)."""
    told = seats(roster(PLANS["c1"], as_of=TODAY + timedelta(days=days)), 1)
    assert (told[Role.WORKER][0], told[Role.VOLUNTEER][0]) == (workers, volunteers)


def test_the_secretary_leads_before_other_leaders_of_the_branch() -> None:
    deputy = replace(SECRETARY, id="a0", name="样例副")
    town = replace(TOWN, team=(*TEAM, deputy))
    assert seats(roster(PLANS["c1"], town), 1)[Role.LEADER] == (["样例乙"], False)
    unnamed = replace(town, branches=(replace(BRANCHES[0], secretary_id=""), *BRANCHES[1:]))
    assert seats(roster(PLANS["c1"], unnamed), 1)[Role.LEADER][0] == ["样例副", "样例乙"]


def test_a_worker_of_a_divided_compound_is_on_both_teams() -> None:
    """A is cut by hand: A1, A2 in grid 1, A3, A4 in grid 2. w1 works for all of A."""
    whole = grids_of({"A": 1, "B": 2, "C": 2, "c1/h01": 2})
    west = replace(whole[0], building_ids=("A1", "A2"))
    east = replace(whole[0], number=2, building_ids=("A3", "A4"))
    found = match_roster(TOWN, [west, east], as_of=TODAY)
    assert [seats(found, number)[Role.WORKER][0] for number in (1, 2)] == [["样例丙"], ["样例丙"]]
    assert found.branches[0].grids == (1, 2)


@given(public=st.lists(st.booleans(), max_size=6))
def test_public_view_shows_those_who_agreed_and_no_other(public: list[bool]) -> None:
    members = [
        TeamMember(f"id-{n}", f"name-{n}", Role.WORKER, public=agreed, phone=f"phone-{n}", branch_id=f"b-{n}")
        for n, agreed in enumerate(public)
    ]
    shown = repr(public_view(members))
    for n, agreed in enumerate(public):
        assert (f"name-{n}" in shown, f"phone-{n}" in shown) == (agreed, agreed)
        assert f"id-{n}" not in shown
        assert f"b-{n}" not in shown


def test_public_view_gives_name_role_post_and_phone_only() -> None:
    (shown,) = public_view([CHIEF])
    assert (shown.name, shown.role, shown.post, shown.phone) == (
        "样例甲",
        Role.CHIEF_LEADER,
        "",
        "0415-0000001",
    )
    assert set(type(shown).__slots__) == {"name", "role", "post", "phone", "concurrent"}
