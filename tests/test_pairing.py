"""Organisations are paired with branches: given pairs stay, the rest is the cheapest pairing of all."""

from __future__ import annotations

from dataclasses import replace
from itertools import permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import Point

from geogrid.model import Branch, Pairing
from geogrid.roster import propose_pairs
from geogrid.roster.pairing import costs
from tests.governed import governed_town

TOWN = governed_town()
PLACES = {one.id: one.geometry for one in TOWN.compounds}


def organisation(id_: str, compound: str, size: int | None = None) -> Pairing:
    """Return an unpaired organisation that sits in the middle of a compound."""
    return Pairing(id_, id_, "", "city", size, PLACES[compound].centroid)


def test_given_pairs_are_kept_however_far() -> None:
    far = Pairing("q1", "甲", "p1", geometry=Point(90_000, 0))
    near = organisation("q2", "B")
    found = propose_pairs(replace(TOWN, pairings=(far, near), branches=TOWN.branches[:2]))
    assert [(one.organisation_id, one.branch_id, one.given) for one in found.pairs] == [
        ("q1", "p1", True),
        ("q2", "p2", False),
    ]
    assert found.pairs[0].metres is not None
    assert found.pairs[0].metres > 80_000


def test_the_nearest_branch_is_proposed_and_the_rest_told() -> None:
    """p1 covers A and C, p2 B, p3 D; q1 sits in D, q2 in B."""
    found = propose_pairs(replace(TOWN, pairings=(organisation("q1", "D"), organisation("q2", "B"))))
    assert [(one.branch_id, one.metres) for one in found.pairs] == [("p3", 0.0), ("p2", 0.0)]
    assert (found.unpaired_branches, found.unpaired_organisations) == (("p1",), ())


def test_more_organisations_than_branches_leave_some_unpaired() -> None:
    found = propose_pairs(replace(TOWN, pairings=tuple(organisation(f"q{n}", "A") for n in range(5))))
    assert len(found.pairs) == 3
    assert len(found.unpaired_organisations) == 2
    assert found.unpaired_branches == ()


def test_a_branch_with_two_partners_is_told() -> None:
    both = (Pairing("q1", "甲", "p1"), Pairing("q2", "乙", "p1"))
    found = propose_pairs(replace(TOWN, pairings=both))
    assert (found.paired_twice, len(found.pairs)) == (("p1",), 2)


def test_size_decides_where_places_do_not() -> None:
    """Without places only size counts: 30 goes to p1 (30 members), 12 to p2 (12)."""
    sizes = (Pairing("q1", "甲", "", size=12), Pairing("q2", "乙", "", size=30))
    found = propose_pairs(replace(TOWN, pairings=sizes, branches=TOWN.branches[:2]))
    assert [one.branch_id for one in found.pairs] == ["p2", "p1"]
    assert [one.metres for one in found.pairs] == [None, None]


def test_communities_without_partners_come_first() -> None:
    """Of two free branches at no known distance the one whose community has no pair yet gets it."""
    branches = (Branch("b1", "一", (), "c1"), Branch("b2", "二", (), "c1"), Branch("b3", "三", (), "c2"))
    pairings = (Pairing("q1", "甲", "b1"), Pairing("q2", "乙", ""))
    found = propose_pairs(replace(TOWN, branches=branches, pairings=pairings))
    assert found.pairs[1].branch_id == "b3"


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 900), st.integers(0, 300), st.integers(1, 60)), min_size=1, max_size=4)
)
def test_no_pairing_costs_less(drawn: list[tuple[int, int, int]]) -> None:
    """Compare with every pairing there is."""
    pairings = tuple(
        Pairing(f"q{n}", f"q{n}", "", size=size, geometry=Point(x, y)) for n, (x, y, size) in enumerate(drawn)
    )
    found = propose_pairs(replace(TOWN, pairings=pairings))
    grounds = [[PLACES[id_] for id_ in branch.compound_ids] for branch in TOWN.branches]
    metres = np.array(
        [[min(place.distance(one.geometry) for place in ground) for ground in grounds] for one in pairings]
    )
    cost = costs(pairings, TOWN.branches, metres, {})
    row = {one.id: n for n, one in enumerate(pairings)}
    column = {branch.id: n for n, branch in enumerate(TOWN.branches)}
    got = sum(cost[row[one.organisation_id], column[one.branch_id]] for one in found.pairs)
    rows, columns = cost.shape
    if rows <= columns:
        every = [sum(cost[r, c] for r, c in enumerate(p)) for p in permutations(range(columns), rows)]
    else:
        every = [sum(cost[r, c] for c, r in enumerate(p)) for p in permutations(range(rows), columns)]
    assert got == pytest.approx(min(every), abs=1e-9)
