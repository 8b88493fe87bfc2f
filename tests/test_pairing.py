"""Organisations are paired with branches: given pairs stay, the rest is the cheapest pairing of all."""

from __future__ import annotations

import json
from dataclasses import replace
from itertools import permutations
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import Point

from geogrid.boundaries import read_city
from geogrid.cli import main
from geogrid.exports import pairings_table
from geogrid.model import Branch, Pairing
from geogrid.roster import accept_pairs, propose_pairs, reason_of
from geogrid.roster.pairing import BALANCE_WEIGHT, SIZE_WEIGHT, Costing
from geogrid.sample import write_city
from geogrid.tables import write_table
from tests.governed import governed_town
from tests.published import publish

if TYPE_CHECKING:
    from pathlib import Path

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
    cost = Costing(replace(TOWN, pairings=pairings)).table(pairings, TOWN.branches).total
    row = {one.id: n for n, one in enumerate(pairings)}
    column = {branch.id: n for n, branch in enumerate(TOWN.branches)}
    got = sum(cost[row[one.organisation_id], column[one.branch_id]] for one in found.pairs)
    rows, columns = cost.shape
    if rows <= columns:
        every = [sum(cost[r, c] for r, c in enumerate(p)) for p in permutations(range(columns), rows)]
    else:
        every = [sum(cost[r, c] for c, r in enumerate(p)) for p in permutations(range(rows), columns)]
    assert got == pytest.approx(min(every), abs=1e-9)


def test_a_pair_says_what_it_costs_and_why() -> None:
    """q2 sits in B: 0 m to p2. ln(24 / 12) is 0.693, half of it 0.347. One of c1's two branches is paired."""
    pairings = (Pairing("q1", "甲", "p1"), Pairing("q2", "乙", "", "city", 24, PLACES["B"].centroid))
    town = replace(TOWN, pairings=pairings, branches=TOWN.branches[:2])
    (pair,) = propose_pairs(town).proposed
    assert pair.cost.distance == 0.0
    assert pair.cost.size == pytest.approx(SIZE_WEIGHT * np.log(2), abs=1e-4)
    assert pair.cost.balance == pytest.approx(BALANCE_WEIGHT / 2)
    assert pair.cost.total == pytest.approx(0.3466 + 0.25, abs=1e-4)
    told = reason_of(pair, pairings[1], TOWN.branches[1])
    assert told == "0 m apart, 24 members beside 12, 50% of the branches in that community have a partner"


def seeking_town() -> tuple[Pairing, ...]:
    return (
        Pairing("q1", "甲支部", "p1", "city", 25, PLACES["A"].centroid),
        Pairing("q2", "乙支部", "", "county", 12, PLACES["B"].centroid),
        Pairing("q3", "丙支部", "", "county", 9, PLACES["D"].centroid),
        Pairing("q4", "丁支部", "", "county", 7),
    )


@pytest.mark.parametrize("ending", ["parquet", "geojson", "gpkg", "csv", "xlsx"])
def test_proposals_are_written_accepted_and_loaded(tmp_path: Path, ending: str) -> None:
    """p1 is given; p2 and p3 are proposed; the fourth stays without. Loaded again, three are given."""
    town = replace(TOWN, pairings=seeking_town(), addresses=TOWN.addresses.iloc[:0])
    report = propose_pairs(town)
    write_city(town, tmp_path)
    (tmp_path / "pairings.parquet").unlink()
    write_table(tmp_path / f"pairings.{ending}", pairings_table(town, report), layer="pairings")
    if ending in ("csv", "xlsx"):
        with (tmp_path / "city.toml").open("a", encoding="utf-8") as file:
            file.write(f'\n[[layers.pairings]]\nfile = "pairings.{ending}"\ncrs = "EPSG:4326"\n')
    loaded = read_city(tmp_path)
    assert [one.branch_id for one in loaded.pairings] == ["p1", "p2", "p3", ""]
    assert [one.branch_id for one in accept_pairs(town, report)] == ["p1", "p2", "p3", ""]
    again = propose_pairs(loaded)
    assert (len(again.pairs), again.proposed, again.unpaired_organisations) == (3, (), ("q4",))
    place = loaded.pairings[1].geometry
    assert place is not None
    assert place.distance(PLACES["B"].centroid) < 0.05
    assert [one.size for one in loaded.pairings] == [25, 12, 9, 7]


def test_the_command_lists_proposals_and_writes_them(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    publish(tmp_path, replace(TOWN, pairings=seeking_town()))
    store = f"sqlite:///{tmp_path}/store.db"

    def told(*words: str) -> str:
        with pytest.raises(SystemExit) as ended:
            main(["pairings", *words, "--store", store])
        assert not ended.value.code
        return capsys.readouterr().out

    found = json.loads(told("--json"))
    assert [(one["organisation"], one["branch_id"]) for one in found["proposed"]] == [
        ("乙支部", "p2"),
        ("丙支部", "p3"),
    ]
    assert (found["given"], found["unpaired_organisations"], found["unpaired_branches"]) == (1, 1, 0)
    plain = told()
    assert "乙支部" in plain
    assert "0 m apart, 12 members beside 12" in plain
    assert "2 of them with a proposed branch" in told(str(tmp_path / "pairings.csv"))
    assert "proposed" in (tmp_path / "pairings.csv").read_text(encoding="utf-8-sig")
