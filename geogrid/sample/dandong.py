"""Draw the sample city and write it in the documented format; the same seed gives the same bytes."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import shapely

from geogrid.crs import plane_for
from geogrid.model import (
    Barrier,
    BarrierKind,
    Building,
    City,
    Community,
    Compound,
    District,
    Grammar,
    Land,
    LandKind,
    Street,
    Subdistrict,
)
from geogrid.sample import ground
from geogrid.sample.chance import apportion, stream
from geogrid.sample.figures import PUBLISHED
from geogrid.sample.layout import found, settle
from geogrid.sample.names import StreetNames, alias, compound_names, places
from geogrid.sample.organisation import organise
from geogrid.sample.quarters import Rank
from geogrid.sample.write import write_city

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from geogrid.sample.blocks import House
    from geogrid.sample.figures import Figures
    from geogrid.sample.layout import Neighbourhood, TownMap
    from geogrid.sample.names import Place

KIND_OF_RANK = {Rank.ARTERIAL: BarrierKind.ARTERIAL, Rank.COLLECTOR: BarrierKind.COLLECTOR}
LAND_NAMES = {
    LandKind.PARK: "公园",
    LandKind.SCHOOL: "小学",
    LandKind.MARKET: "市场",
    LandKind.HOSPITAL: "医院",
}
ATTRIBUTION = (
    "虚构示例数据;社区名称与代码取自国家统计局统计用区划代码(2019)。"
    "Synthetic sample; names and codes of communities: National Bureau of Statistics of China, 2019."
)
KNOWN = ("兴东街道", "泰河花园")  # the address that the documentation uses


@dataclass
class Draft:
    """The city while it is being drawn."""

    compounds: list[Compound] = field(default_factory=list)
    buildings: list[Building] = field(default_factory=list)
    houses: dict[str, House] = field(default_factory=dict)
    land: list[Land] = field(default_factory=list)
    streets: list[Street] = field(default_factory=list)
    barriers: list[Barrier] = field(default_factory=list)
    communities: list[Community] = field(default_factory=list)


def draw_dandong(seed: int = 1, figures: Figures = PUBLISHED) -> City:
    """Return the sample city: real names and codes of communities, all else invented."""
    all_places = places()
    towns = {town.name: found(town, _of_town(town, all_places), seed) for town in ground.TOWNS}
    counts = _compound_counts(all_places, list(towns.values()), figures, seed)
    draft = Draft()
    for laid in towns.values():
        _draw_town(laid, counts, draft, seed)
    _name_compounds(draft, seed)
    made = organise(draft.communities, draft.compounds, draft.buildings, figures, seed)
    group_of = {b: group.id for group in made.groups for b in group.building_ids}
    buildings = tuple(replace(b, group_id=group_of.get(b.id, "")) for b in draft.buildings)
    return City(
        id="dandong",
        name="丹东(示例)",
        plane=plane_for(*ground.ORIGIN),
        grammar=Grammar.MAINLAND,
        communities=tuple(draft.communities),
        compounds=tuple(draft.compounds),
        buildings=buildings,
        addresses=_addresses(draft, all_places),
        districts=tuple(District(i, n) for i, n in sorted({(p.county_code, p.county) for p in all_places})),
        subdistricts=tuple(
            Subdistrict(i, n, c)
            for i, n, c in sorted({(p.subdistrict_code, p.subdistrict, p.county_code) for p in all_places})
        ),
        building_groups=made.groups,
        barriers=tuple(draft.barriers),
        land=tuple(draft.land),
        streets=tuple(draft.streets),
        venues=made.venues,
        branches=made.branches,
        team=made.team,
        pairings=made.pairings,
        attribution=ATTRIBUTION,
        licence="CC0-1.0",
        synthetic=True,
        names={"zh-Hans": "丹东(示例)", "zh-Hant": "丹東(示例)", "en": "Dandong (synthetic sample)"},
    )


def _of_town(town: ground.Town, all_places: Sequence[Place]) -> list[Place]:
    return [place for place in all_places if place.county_code in town.counties]


def _compound_counts(
    all_places: Sequence[Place], towns: Sequence[TownMap], figures: Figures, seed: int
) -> dict[Place, int]:
    """Spread the published number of compounds over the communities, by the room that they have."""
    quarters = {place: quarter for town in towns for place, quarter in town.quarters.items()}
    area = np.array([quarters[place].area for place in all_places])
    weights = np.sqrt(area) * stream(seed, "compounds").uniform(0.7, 1.5, len(area))
    most = np.clip((area / 16_000).astype(np.int64), 2, 9)
    counts = apportion(figures.compounds, weights, 2, most)
    return {place: int(count) for place, count in zip(all_places, counts, strict=True)}


def _draw_town(laid: TownMap, counts: dict[Place, int], draft: Draft, seed: int) -> None:
    """Add a town's barriers and streets, and build its communities between them."""
    town = laid.town
    extent = 4_200.0 if town.river_below else 2_300.0
    middle = 1_500.0 if town.river_below else 900.0
    brook = ground.stream_through(town, 600.0, 4_000.0 if town.river_below else 2_600.0)
    railway = ground.railway_through(town, middle, extent)
    if town.river_below:
        draft.barriers.append(
            Barrier(f"{town.name}-R1", BarrierKind.RIVER, ground.river(town, extent), "大江")
        )
    draft.barriers.append(Barrier(f"{town.name}-R2", BarrierKind.RIVER, brook, "沙河"))
    draft.barriers.append(Barrier(f"{town.name}-T1", BarrierKind.RAILWAY, railway, "铁路"))
    names = StreetNames(town.name, seed)
    roads = _name_roads(laid, names, draft)
    obstacle = shapely.union_all([brook.buffer(22.0), railway.buffer(16.0)])
    for place in laid.quarters:
        built = settle(laid, place, counts[place], obstacle, seed)
        _draw_community(built, [*roads, *_name_streets(built, names, draft)], draft)


def _name_roads(laid: TownMap, names: StreetNames, draft: Draft) -> list[Street]:
    named = []
    for n, road in enumerate(laid.roads, start=1):
        name = names.arterial() if road.rank is Rank.ARTERIAL else names.collector()
        street = Street(f"{laid.town.name}-W{n:03d}", ground.lay(laid.town, road.line), name)
        draft.barriers.append(Barrier(street.id, KIND_OF_RANK[road.rank], street.geometry, name))
        named.append(street)
    return named


def _name_streets(built: Neighbourhood, names: StreetNames, draft: Draft) -> list[Street]:
    code = built.place.code
    named = [
        Street(f"{code}-w{n:02d}", line, names.street()) for n, line in enumerate(built.streets, start=1)
    ]
    draft.streets += named
    return named


def _draw_community(built: Neighbourhood, roads: list[Street], draft: Draft) -> None:
    place = built.place
    draft.communities.append(
        Community(place.code, place.name, place.code, built.area, place.county_code, place.subdistrict_code)
    )
    for k, lot in enumerate(built.compounds, start=1):
        compound = f"{place.code}-{k:02d}"
        draft.compounds.append(Compound(compound, place.code, "", lot.area, "courtyard"))
        for n, house in enumerate(lot.houses, start=1):
            building = f"{compound}-{n:02d}"
            draft.houses[building] = house
            draft.buildings.append(
                Building(
                    building,
                    place.code,
                    house.footprint,
                    house.households,
                    compound_id=compound,
                    number=str(n),
                    levels=house.floors,
                )
            )
    _draw_street_side(built, roads, draft)
    for n, lot in enumerate((lot for lot in built.land if lot.land), start=1):
        if lot.land is not None:
            name = f"{place.name.removesuffix('社区')}{LAND_NAMES[lot.land]}"
            draft.land.append(Land(f"{place.code}-l{n:02d}", lot.land, lot.area, name))


def _draw_street_side(built: Neighbourhood, roads: list[Street], draft: Draft) -> None:
    """Number the street-side houses along the nearest road: odd on its left, even on its right."""
    houses = [house for lot in built.street_side for house in lot.houses]
    if not houses:
        return
    lines = [road.geometry for road in roads]
    doors = [shapely.centroid(house.footprint) for house in houses]
    nearest = shapely.STRtree(lines).nearest(doors)
    along = [
        (int(r), lines[int(r)].project(door), n)
        for n, (r, door) in enumerate(zip(nearest, doors, strict=True))
    ]
    taken: set[tuple[int, int]] = set()
    for road, at, n in sorted(along):
        line = lines[road]
        ahead, here = line.interpolate(at + 1.0), line.interpolate(max(0.0, at - 1.0))
        cross = (ahead.x - here.x) * (doors[n].y - here.y) - (ahead.y - here.y) * (doors[n].x - here.x)
        number = 2 * int(at // 6.0) + (1 if cross > 0 else 2)
        while (road, number) in taken:
            number += 2
        taken.add((road, number))
        building = f"{built.place.code}-s{n + 1:03d}"
        draft.houses[building] = houses[n]
        draft.buildings.append(
            Building(
                building,
                built.place.code,
                houses[n].footprint,
                houses[n].households,
                number=f"{number}号",
                street=roads[road].name,
                levels=houses[n].floors,
            )
        )


def _name_compounds(draft: Draft, seed: int) -> None:
    """Name the compounds; the best known of them stands where the documentation says."""
    rng = stream(seed, "compound aliases")
    names = compound_names(len(draft.compounds), seed)
    known = _known(draft)
    order = [known, *(n for n in range(len(draft.compounds)) if n != known)]
    subdistrict = {community.id: community.subdistrict_id for community in draft.communities}
    taken: set[tuple[str, str]] = set()
    for name, at in zip(names, order, strict=True):
        compound = draft.compounds[at]
        whole = f"{name}二期" if (subdistrict[compound.community_id], name) in taken else name
        taken.add((subdistrict[compound.community_id], whole))
        draft.compounds[at] = replace(compound, name=whole, aliases=alias(whole, rng))


def _known(draft: Draft) -> int:
    """Return the compound that has a building 3 with a unit 2 and a flat 501 in the known subdistrict."""
    codes = {place.code for place in places() if place.subdistrict == KNOWN[0]}
    for n, compound in enumerate(draft.compounds):
        house = draft.houses.get(f"{compound.id}-03")
        if compound.community_id in codes and house and house.staircases >= 2 and 5 <= house.floors <= 7:
            return n
    raise ValueError(f"no compound of {KNOWN[0]} can bear the known name")


def _addresses(draft: Draft, all_places: Sequence[Place]) -> pd.DataFrame:
    """Return a row for every home, in the order of the buildings."""
    front = {place.code: f"{place.county}{place.subdistrict}" for place in all_places}
    compound = {c.id: c.name for c in draft.compounds}
    columns: dict[str, list[str]] = {
        name: [] for name in ("text", "building_id", "community_id", "unit", "number")
    }
    for building in draft.buildings:
        house = draft.houses[building.id]
        base = f"{compound[building.compound_id]}{building.number}号楼" if building.compound_id else ""
        base = front[building.community_id] + (base or f"{building.street}{building.number}")
        for unit in range(1, house.staircases + 1):
            rooms = [f"{f}{r:02d}" for f in range(1, house.floors + 1) for r in range(1, house.flats + 1)]
            staircase = f"{unit}单元" if building.compound_id else ""
            columns["text"] += [f"{base}{staircase}{room}室" for room in rooms]
            columns["number"] += rooms
            columns["unit"] += [str(unit) if staircase else ""] * len(rooms)
        columns["building_id"] += [building.id] * house.households
        columns["community_id"] += [building.community_id] * house.households
    frame = pd.DataFrame(columns)
    frame.insert(0, "address_id", [str(n) for n in range(1, len(frame) + 1)])
    return frame.assign(x=np.nan, y=np.nan)


def write_dandong(folder: Path, seed: int = 1) -> City:
    """Draw the sample city, write it into ``folder`` in the documented format, and return it."""
    city = draw_dandong(seed)
    write_city(city, folder)
    return city
