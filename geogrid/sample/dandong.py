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
from geogrid.sample.layout import Builder, found
from geogrid.sample.names import StreetNames, alias, compound_names, places
from geogrid.sample.organisation import organise
from geogrid.sample.quarters import Rank
from geogrid.sample.shapes import on_lattice, pieces_on_lattice
from geogrid.sample.write import write_city

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from geogrid.sample.blocks import House
    from geogrid.sample.figures import Figures
    from geogrid.sample.layout import Neighbourhood, TownMap
    from geogrid.sample.names import Place

KIND_OF_RANK = {Rank.ARTERIAL: BarrierKind.ARTERIAL, Rank.COLLECTOR: BarrierKind.COLLECTOR}
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
    _numbers: set[tuple[str, int]] = field(default_factory=set)

    def build(
        self,
        id_: str,
        community: str,
        house: House,
        *,
        compound: str = "",
        street: str = "",
        number: str = "",
    ) -> None:
        """Add a building: in a compound, on a street, or without homes on public land."""
        self.houses[id_] = house
        self.buildings.append(
            Building(
                id_,
                community,
                house.footprint,
                house.households,
                compound_id=compound,
                street=street,
                number=number,
                levels=house.floors,
            )
        )

    def house_number(self, road: Street, at: float, door: shapely.Point) -> str:
        """Return the next free number at a place along a road: odd on its left, even on its right."""
        line = road.geometry
        ahead, here = line.interpolate(at + 1.0), line.interpolate(max(0.0, at - 1.0))
        left = (ahead.x - here.x) * (door.y - here.y) > (ahead.y - here.y) * (door.x - here.x)
        number = 2 * int(at // 6.0) + (1 if left else 2)
        while (road.name, number) in self._numbers:
            number += 2
        self._numbers.add((road.name, number))
        return f"{number}号"


def draw_dandong(seed: int = 1, figures: Figures = PUBLISHED) -> City:
    """Return the sample city: real names and codes of communities, all else invented."""
    all_places = places()
    towns = {town.name: found(town, _of_town(town, all_places), seed) for town in ground.TOWNS}
    counts = _compound_counts(all_places, list(towns.values()), figures, seed)
    draft = Draft()
    for laid in towns.values():
        _draw_town(laid, counts, draft, seed)
    _draw_backdrop(list(towns.values()), draft, seed)
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
    rooms = {place: town.room(place) for town in towns for place in town.areas}
    area = np.array([rooms[place] for place in all_places])
    weights = np.sqrt(area) * stream(seed, "compounds").uniform(0.7, 1.5, len(area))
    most = np.clip((area / 26_000).astype(np.int64), 2, 9)
    counts = apportion(figures.compounds, weights, 2, most)
    return {place: int(count) for place, count in zip(all_places, counts, strict=True)}


def _draw_town(laid: TownMap, counts: dict[Place, int], draft: Draft, seed: int) -> None:
    """Add a town's waters, railway, roads and streets, and build its communities between them."""
    town = laid.town
    brook, railway = _draw_lines(laid, draft)
    names = StreetNames(town.name, seed)
    roads = _name_roads(laid, names, draft)
    builder = Builder(laid, (brook.buffer(14.0), railway.buffer(15.0)), seed)
    for place, area in laid.areas.items():
        draft.communities.append(
            Community(place.code, place.name, place.code, area, place.county_code, place.subdistrict_code)
        )
        built = builder.settle(place, counts[place])
        _draw_community(built, [*roads, *_name_streets(built, names, draft)], draft)


def _draw_lines(laid: TownMap, draft: Draft) -> tuple[shapely.Polygon, shapely.LineString]:
    """Add river, brook, railway and bridge; return the brook's water and the railway's line."""
    town = laid.town
    top = max(quarter.bounds[3] for quarter in laid.quarters.values())
    brook = on_lattice(ground.lay(town, ground.brook(town, top + 500.0)).buffer(8.0))
    railway = ground.railway(town.river)
    draft.barriers.append(Barrier(f"{town.name}-R2", BarrierKind.RIVER, brook, "沙河"))
    if not any(one.name == town.river.name for one in draft.barriers):
        river, name = ground.water(town), town.river.name
        draft.barriers += [
            Barrier(f"{town.name}-R1", BarrierKind.RIVER, river, name),
            Barrier(f"{town.name}-T1", BarrierKind.RAILWAY, railway, "铁路"),
            Barrier(f"{town.name}-B1", BarrierKind.ARTERIAL, ground.bridge(town, -250.0), f"{name}大桥"),
        ]
    return brook, railway


def _draw_backdrop(towns: Sequence[TownMap], draft: Draft, seed: int) -> None:
    """Add the woods around the towns; no part of them lies in a community or in water."""
    built = [area.buffer(30.0) for laid in towns for area in laid.areas.values()]
    water = [one.geometry for one in draft.barriers if one.kind is BarrierKind.RIVER]
    taken = shapely.union_all([*built, *water])
    woods = shapely.union_all(
        [hill for laid in towns for hill in ground.backdrop(laid.town, laid.outline, seed)]
        + [hill for laid in towns for _, hill in laid.hills]  # as far as they reach out of the town
    )
    parts = [part for part in pieces_on_lattice(woods.difference(taken)) if part.area > 20_000.0]
    draft.land += [
        Land(f"woods-{n:03d}", LandKind.PARK, part, "山林") for n, part in enumerate(parts, start=1)
    ]


def _name_roads(laid: TownMap, names: StreetNames, draft: Draft) -> list[Street]:
    """Add a town's roads; the pieces of one road bear one name."""
    named: list[Street] = []
    called: dict[int, str] = {}
    for n, road in enumerate(laid.roads, start=1):
        if road.number not in called:
            called[road.number] = names.arterial() if road.rank is Rank.ARTERIAL else names.collector()
        name = called[road.number]
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
    code = built.place.code
    for k, lot in enumerate(built.compounds, start=1):
        compound = f"{code}-{k:02d}"
        kind = "courtyard" if len(lot.houses) <= 4 else "estate"
        draft.compounds.append(Compound(compound, code, "", lot.area, kind))
        for n, house in enumerate(lot.houses, start=1):
            draft.build(f"{compound}-{n:02d}", code, house, compound=compound, number=str(n))
    _draw_street_side(built, roads, draft)
    for n, lot in enumerate(built.land, start=1):
        if lot.land is not None:
            draft.land.append(Land(f"{code}-l{n:02d}", lot.land, lot.area, lot.name))
        for k, house in enumerate(lot.houses, start=1):
            draft.build(f"{code}-l{n:02d}-{k}", code, house)


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
    for road, at, n in sorted(along):
        number = draft.house_number(roads[road], at, doors[n])
        building = f"{built.place.code}-s{n + 1:03d}"
        draft.build(building, built.place.code, houses[n], street=roads[road].name, number=number)


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
            staircase = f"{unit}单元" if building.compound_id or house.staircases > 1 else ""
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
