"""Make the things of the model from checked tables."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import shapely

from geogrid.boundaries.estimate import describe
from geogrid.boundaries.schema import ADDRESS_ELEMENTS, STREET
from geogrid.model import (
    Barrier,
    BarrierKind,
    Branch,
    Building,
    BuildingGroup,
    City,
    Community,
    Compound,
    District,
    Land,
    LandKind,
    Pairing,
    Role,
    Street,
    Subdistrict,
    TeamMember,
    Venue,
    VenueKind,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from geogrid.boundaries.columns import Table
    from geogrid.boundaries.mapping import CityFile
    from geogrid.errors import Fault

    Tables = Mapping[str, Table]


def assemble(tables: Tables, city_file: CityFile, plane: str, faults: tuple[Fault, ...]) -> City:
    """Return the city of tables in which everything is known to be sound."""
    communities = tuple(_community(row) for row in _rows(tables, "communities"))
    buildings = tuple(_building(row) for row in _rows(tables, "buildings"))
    barriers, land, streets = _background(tables)
    return City(
        id=city_file.id,
        name=city_file.name,
        plane=plane,
        grammar=city_file.grammar,
        communities=communities,
        compounds=tuple(_compound(row) for row in _rows(tables, "compounds")),
        buildings=buildings,
        addresses=_addresses(tables),
        districts=_districts(tables),
        subdistricts=_subdistricts(tables),
        building_groups=tuple(
            BuildingGroup(r["id"], r["compound_id"], r["name"], r["buildings"], r["branch_id"])
            for r in _rows(tables, "building_groups")
        ),
        barriers=barriers,
        land=land,
        streets=streets,
        venues=tuple(_venue(row) for row in _rows(tables, "venues")),
        branches=tuple(_branch(row) for row in _rows(tables, "branches")),
        team=tuple(_member(row) for row in _rows(tables, "team")),
        pairings=tuple(_pairing(row) for row in _rows(tables, "pairings")),
        counts=city_file.counts,
        estimation=describe(city_file.estimation) if any(b.estimated for b in buildings) else "",
        attribution=city_file.attribution,
        licence=city_file.licence,
        synthetic=city_file.synthetic,
        language=city_file.language,
        names=dict(city_file.names),
        faults=faults,
    )


def _rows(tables: Tables, layer: str) -> Iterator[dict[str, Any]]:
    if layer not in tables:
        return
    table = tables[layer]
    columns = {str(name): table.frame[name].tolist() for name in table.frame}
    if table.geometry is not None:
        columns["geometry"] = list(table.geometry)
    names = list(columns)
    for values in zip(*columns.values(), strict=True):
        yield dict(zip(names, values, strict=True))


def _whole(value: float) -> int | None:
    return None if np.isnan(value) else int(value)


def _district_id(row: Mapping[str, Any]) -> str:
    return str(row["district_id"] or row["district"])


def _subdistrict_id(row: Mapping[str, Any]) -> str:
    return str(row["subdistrict_id"] or row["subdistrict"])


def _community(row: Mapping[str, Any]) -> Community:
    return Community(
        id=row["id"],
        name=row["name"] or row["id"],
        code=row["code"] or row["id"],
        geometry=row["geometry"],
        district_id=_district_id(row),
        subdistrict_id=_subdistrict_id(row),
        population=_whole(row["population"]),
        secretary=row["secretary"],
    )


def _districts(tables: Tables) -> tuple[District, ...]:
    names = {_district_id(row): row["district"] or row["district_id"] for row in _rows(tables, "communities")}
    return tuple(District(found, name) for found, name in sorted(names.items()) if found)


def _subdistricts(tables: Tables) -> tuple[Subdistrict, ...]:
    found = {
        _subdistrict_id(row): (row["subdistrict"] or row["subdistrict_id"], _district_id(row))
        for row in _rows(tables, "communities")
    }
    return tuple(Subdistrict(key, name, district) for key, (name, district) in sorted(found.items()) if key)


def _compound(row: Mapping[str, Any]) -> Compound:
    return Compound(
        id=row["id"],
        community_id=row["community_id"],
        name=row["name"],
        geometry=row["geometry"],
        kind=row["kind"],
        households=_whole(row["households"]),
        aliases=row["aliases"],
    )


def _building(row: Mapping[str, Any]) -> Building:
    return Building(
        id=row["id"],
        community_id=row["community_id"],
        geometry=row["geometry"],
        households=row["households"],
        estimated=row["estimated"],
        compound_id=row["compound_id"],
        name=row["name"],
        number=row["number"],
        street=row["street"],
        levels=_levels(row["levels"]),
        group_id=row["group_id"],
    )


def _levels(value: float) -> int | None:
    """Return whole levels; 0 is how some sources write "unknown"."""
    return None if np.isnan(value) or value < 1 else round(value)


def _addresses(tables: Tables) -> pd.DataFrame:
    names = {"id": "address_id", "text": "text", "building_id": "building_id", "community_id": "community_id"}
    table = tables.get("addresses")
    if table is None:
        return pd.DataFrame({name: pd.Series(dtype=str) for name in names.values()} | {"x": [], "y": []})
    elements = [name for name in ADDRESS_ELEMENTS if table.frame[name].ne("").any()]
    frame = table.frame[[*names, *elements]].rename(columns=names).astype("str")
    frame.insert(len(names), "x", shapely.get_x(table.geometry))
    frame.insert(len(names) + 1, "y", shapely.get_y(table.geometry))
    return frame


def _background(tables: Tables) -> tuple[tuple[Barrier, ...], tuple[Land, ...], tuple[Street, ...]]:
    """Part the barriers layer into what separates, and what is only drawn: streets and narrow water."""
    barriers, land, streets = [], [], []
    for row in _rows(tables, "barriers"):
        if row["class"] == STREET:
            streets.append(Street(row["id"], row["geometry"], row["name"]))
        elif row["class"] == LandKind.WATER.value:
            land.append(Land(row["id"], LandKind.WATER, row["geometry"], row["name"]))
        else:
            barriers.append(Barrier(row["id"], BarrierKind(row["class"]), row["geometry"], row["name"]))
    land += [Land(r["id"], LandKind(r["class"]), r["geometry"], r["name"]) for r in _rows(tables, "land")]
    return tuple(barriers), tuple(land), tuple(streets)


def _venue(row: Mapping[str, Any]) -> Venue:
    return Venue(
        id=row["id"],
        kind=VenueKind(row["class"]),
        name=row["name"],
        geometry=row["geometry"],
        community_id=row["community_id"],
        subdistrict_id=row["subdistrict_id"],
        phone=row["phone"],
        hours=row["hours"],
    )


def _branch(row: Mapping[str, Any]) -> Branch:
    return Branch(
        id=row["id"],
        name=row["name"],
        compound_ids=row["compounds"],
        community_id=row["community_id"],
        members=_whole(row["members"]),
        member_centre_households=_whole(row["member_centre_households"]),
        building_groups=_whole(row["building_groups"]),
        stars=_whole(row["stars"]),
        founded=row["founded"],
        secretary_id=row["secretary_id"],
        rated=row["rated"],
        model_branch=row["model_branch"] is True,
        fund=_whole(row["fund"]),
    )


def _pairing(row: Mapping[str, Any]) -> Pairing:
    return Pairing(
        id=row["id"],
        organisation=row["organisation"],
        branch_id=row["branch_id"],
        level=row["level"],
        size=_whole(row["size"]),
        geometry=row.get("geometry"),
    )


def _member(row: Mapping[str, Any]) -> TeamMember:
    return TeamMember(
        id=row["id"],
        name=row["name"],
        role=Role(row["role"]),
        # Nobody leaves the service whom the data does not call public in so many words.
        public=row["public"] is True,
        community_id=row["community_id"],
        branch_id=row["branch_id"],
        compound_id=row["compound_id"],
        phone=row["phone"],
        post=row["post"],
        since=row["since"],
        until=row["until"],
        concurrent=row["concurrent"],
    )
