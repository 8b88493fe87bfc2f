"""The sample city has the published figures, the same bytes every time, and survives its own format."""

from __future__ import annotations

import hashlib
from collections import Counter
from typing import TYPE_CHECKING

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from geogrid.boundaries import read_city
from geogrid.errors import Severity
from geogrid.model import Role, VenueKind
from geogrid.sample import draw_dandong, write_city
from geogrid.sample.chance import apportion
from tests.sampled import sample_city

if TYPE_CHECKING:
    from pathlib import Path

    from geogrid.model import City


@pytest.fixture(scope="module")
def city() -> City:
    return sample_city()


def test_published_figures_come_out_of_the_data(city: City) -> None:
    # Typed here from the published account of 2020, counted there from what was drawn.
    assert len(city.subdistricts) == 20
    assert len(city.communities) == 193
    assert len(city.compounds) == 788
    assert len(city.branches) == 955
    assert len(city.building_groups) == 3_027
    assert sum(branch.member_centre_households or 0 for branch in city.branches) == 8_621
    assert sum(branch.members or 0 for branch in city.branches) == 41_312
    assert sum(branch.building_groups or 0 for branch in city.branches) == 3_027
    assert Counter(pair.level for pair in city.pairings) == {"city": 413, "county": 542}
    assert sum(branch.model_branch for branch in city.branches) == 20
    assert sum(branch.fund is not None for branch in city.branches) == 805
    assert sum(branch.fund or 0 for branch in city.branches) == 4_830_000
    secretaries = [member for member in city.team if member.role is Role.LEADER and not member.until]
    assert sum(not member.concurrent for member in secretaries) == 612
    assert sum(bool(member.concurrent) for member in secretaries) == 17
    assert sum(venue.kind is VenueKind.SERVICE_CENTRE for venue in city.venues) == 20
    assert sum(venue.kind is VenueKind.SERVICE_STATION for venue in city.venues) == 193
    assert sum((branch.stars or 0) >= 3 for branch in city.branches) / 955 >= 0.9
    assert 290_000 <= sum(building.households for building in city.buildings) <= 330_000


def test_every_pair_is_one_to_one(city: City) -> None:
    assert {pair.branch_id for pair in city.pairings} == {branch.id for branch in city.branches}


def test_homes_and_addresses_agree(city: City) -> None:
    rows = city.addresses.groupby("building_id").size()
    homes = {one.id: one.households for one in city.buildings if one.households}
    assert homes == rows.to_dict()
    assert not city.addresses["text"].duplicated().any()
    assert "元宝区兴东街道泰河花园3号楼2单元501室" in set(city.addresses["text"])


def test_people_say_that_they_are_invented(city: City) -> None:
    assert city.synthetic
    assert all(member.name.endswith("(虚构)") for member in city.team)


def test_geometry_is_a_city(city: City) -> None:
    areas = np.array([community.geometry for community in city.communities])
    assert shapely.coverage_is_valid(areas)
    home = dict(zip((community.id for community in city.communities), areas, strict=True))
    shapely.prepare(areas)
    assert all(home[compound.community_id].contains(compound.geometry) for compound in city.compounds)
    by_compound = {compound.id: compound.geometry for compound in city.compounds}
    inside = [by_compound[b.compound_id].contains(b.geometry) for b in city.buildings if b.compound_id]
    assert all(inside)
    tree = shapely.STRtree([building.geometry for building in city.buildings])
    left, _ = tree.query(tree.geometries, predicate="overlaps")
    assert len(left) == 0, "buildings stand in each other"


def test_building_groups_hold_every_building_of_a_compound_once(city: City) -> None:
    grouped = Counter(building for group in city.building_groups for building in group.building_ids)
    assert grouped == Counter(building.id for building in city.buildings if building.compound_id)


def test_same_seed_gives_the_same_bytes_and_reads_back(city: City, tmp_path: Path) -> None:
    digests = []
    for folder in (tmp_path / "one", tmp_path / "two"):
        write_city(city if folder.name == "one" else draw_dandong(seed=1), folder)
        digests.append({f.name: hashlib.sha256(f.read_bytes()).hexdigest() for f in sorted(folder.iterdir())})
    assert digests[0] == digests[1]
    again = read_city(tmp_path / "one")
    assert [fault for fault in again.faults if fault.severity is not Severity.WARNING] == []
    assert again.branches == city.branches
    assert again.subdistricts == city.subdistricts
    assert [b.households for b in again.buildings] == [b.households for b in city.buildings]
    assert len(again.addresses) == len(city.addresses)


@given(st.lists(st.floats(0.1, 100), min_size=1, max_size=8), st.integers(0, 40), st.integers(0, 3))
def test_apportion_sums_and_stays_near_fair(weights: list[float], more: int, least: int) -> None:
    total = least * len(weights) + more
    shares = apportion(total, weights, least)
    assert shares.sum() == total
    assert (shares >= least).all()
    if least == 0:
        fair = np.array(weights) / sum(weights) * total
        assert (np.abs(shares - fair) <= 1 + 1e-9).all()


def test_apportion_refuses_bounds_that_cannot_hold() -> None:
    with pytest.raises(ValueError, match="no division"):
        apportion(5, [1, 1], least=3)
