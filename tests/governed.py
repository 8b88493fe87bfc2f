"""A small town with branches and a team, and its plans drawn by hand: no solver takes part.

c1 is ``AAB`` over ``AAB`` over ``CCb`` and c2 ``DDE`` over ``DDE``, 100 m cells, 40 households a building, so
that its units are A (160), B (80), C (80), h01 (40) and D (160), E (80). All people are invented.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from shapely import LineString, Point

from geogrid.adjacency import UnitGraph, build_graph
from geogrid.archive import Archive, Version
from geogrid.model import (
    Branch,
    BuildingGroup,
    City,
    District,
    Pairing,
    Role,
    Street,
    Subdistrict,
    TeamMember,
    Venue,
    VenueKind,
)
from geogrid.partition import Division, GaveWay
from geogrid.plan import Plan
from geogrid.policy import EIGHT_TO_TEN
from geogrid.units import build_units
from tests.stores import store_of
from tests.town import draw_city

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

TODAY = date(2026, 11, 23)
NOON = datetime(2026, 11, 23, 4, tzinfo=UTC)  # 12:00 in Shanghai


def noon() -> datetime:
    """Return NOON: a clock that another process can be given."""
    return NOON


# p1 is joint over A and C, p2 serves B, p3 D; E has none. Whatever holds PRIVATE must never leave.
BRANCHES = (
    Branch(
        "p1",
        "A小区党支部",
        ("A", "C"),
        "c1",
        30,
        3,
        4,
        5,
        date(2019, 7, 1),
        "s1",
        rated=date(2020, 7, 1),
        model_branch=True,
        fund=6_000,
    ),
    Branch("p2", "B小区党支部", ("B",), "c1", members=12, secretary_id="PRIVATE-ID"),
    Branch("p3", "D小区党支部", ("D",)),
)
CHIEF = TeamMember("m1", "样例甲", Role.CHIEF_LEADER, public=True, community_id="c1", phone="0415-0000001")
SECRETARY = TeamMember("s1", "样例乙", Role.LEADER, public=True, branch_id="p1", post="党支部书记")
HIDDEN = TeamMember(
    "PRIVATE-ID",
    "PRIVATE-NAME",
    Role.LEADER,
    public=False,
    branch_id="p2",
    phone="PRIVATE-PHONE",
    post="PRIVATE-POST",
    concurrent=("PRIVATE-OTHER-POST",),
)
TEAM = (
    CHIEF,
    SECRETARY,
    HIDDEN,
    TeamMember("w1", "样例丙", Role.WORKER, public=True, compound_id="A", since=date(2026, 1, 1)),
    TeamMember("w2", "样例丁", Role.WORKER, public=True, compound_id="A", until=TODAY),
    TeamMember("v1", "样例戊", Role.VOLUNTEER, public=True, branch_id="p1", since=date(2027, 1, 1)),
)


def governed_town() -> City:
    """Return the town with every layer of the model filled."""
    town = draw_city("AAB\nAAB\nCCb", "DDE\nDDE")
    first, second = town.communities
    return replace(
        town,
        communities=(
            replace(first, subdistrict_id="t1", population=900, secretary="PRIVATE-SECRETARY"),
            replace(second, district_id="d1"),
        ),
        compounds=tuple(replace(one, aliases=(f"{one.name}花园",), kind="mixed") for one in town.compounds),
        districts=(District("d1", "样例区"),),
        subdistricts=(Subdistrict("t1", "样例街道", "d1"),),
        building_groups=(BuildingGroup("g1", "A", "A一组", ("A1", "A2")),),
        streets=(Street("r1", _line(town), "样例路"),),
        venues=(
            Venue("n1", VenueKind.SERVICE_STATION, "c1服务站", Point(50, 50), "c1", phone="0415-0000009"),
            Venue("n2", VenueKind.SERVICE_CENTRE, "街道服务中心", Point(60, 60), subdistrict_id="t1"),
        ),
        branches=BRANCHES,
        team=TEAM,
        pairings=(Pairing("q1", "样例市直机关支部", "p1", "city", 25, Point(150, 150)),),
        addresses=_addresses(town),
        attribution="样例数据",
        licence="CC0-1.0",
        estimation="none",
        names={"en": "Town", "zh-Hans": "样例市"},
    )


def _line(town: City) -> LineString:
    west, south, east, _ = town.communities[0].geometry.bounds
    return LineString([(west, south + 100), (east, south + 100)])


def _addresses(town: City) -> pd.DataFrame:
    """Return the town's addresses and one of no building (in E), one outside, one without a place."""
    odd = pd.DataFrame(
        {
            "address_id": ["x1", "x2", "x3"],
            "text": ["E小区门卫室", "远郊路1号", "无名路2号"],
            "building_id": ["", "", ""],
            "community_id": ["c2", "", ""],
            "x": [555.0, 5000.0, np.nan],
            "y": [150.0, 5000.0, np.nan],
        }
    )
    frame = pd.concat([town.addresses, odd], ignore_index=True)
    return frame.assign(road=pd.Series(["", None] * len(frame)).iloc[: len(frame)].astype("str"))


def graphs_of(city: City) -> dict[str, UnitGraph]:
    """Return units and graph of every community."""
    return {one.id: build_graph(build_units(city, one.id), city.barriers, one.id) for one in city.communities}


# A and h01 | B | C in c1, D | E in c2.
PLANS = {"c1": {"A": 1, "c1/h01": 3, "B": 3, "C": 2}, "c2": {"D": 1, "E": 2}}


def division(community_id: str, assignment: Mapping[str, int]) -> Division:
    """Return a division as a solver would: a made-up vector, bound and a rule that gave way."""
    return Division(
        plan=Plan(community_id, assignment),
        vector={"window": 12.0, "alignment": 1.0, "barriers": 0.0},
        bounds={"window": 10.0, "alignment": 0.0, "barriers": 0.0},
        gap=1 / 6,
        proved=False,
        engine="search",
        seconds=0.25,
        gave_way=(GaveWay("grids_within_count", (community_id,), 5.0, "3 grids, 8 are asked for"),),
    )


def divisions(plans: Mapping[str, Mapping[str, int]] = PLANS) -> list[Division]:
    """Return the divisions of ``plans``."""
    return [division(community_id, assignment) for community_id, assignment in plans.items()]


def opened(folder: Path, at: datetime = NOON) -> Archive:
    """Return an archive whose clock stands still."""
    return Archive.open(store_of(folder), clock=lambda: at)


def filled(archive: Archive, city: City | None = None) -> Version:
    """Store the town, its units and a draft of ``PLANS``; return the draft."""
    town = city or governed_town()
    archive.store_city(town)
    archive.store_graphs(town.id, graphs_of(town).values())
    return archive.add_version(town.id, divisions(), policy=EIGHT_TO_TEN, who="planner")
