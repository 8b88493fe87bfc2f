"""Read a city: files in, one validated ``City`` out, or all of its faults."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import shapely

from geogrid.boundaries.assemble import assemble
from geogrid.boundaries.columns import Table, clean_table
from geogrid.boundaries.coverage import mend_communities, mend_compounds
from geogrid.boundaries.estimate import estimate_households
from geogrid.boundaries.faults import FaultBook
from geogrid.boundaries.files import read_files
from geogrid.boundaries.mapping import CityFile, read_city_file
from geogrid.boundaries.place import check_plane, choose_plane, place_table
from geogrid.boundaries.relate import (
    drop_outside,
    house_buildings,
    known_ids,
    owners_by_place,
    place_in,
    refuse_dangling,
    refuse_duplicates,
    refuse_ids_of_units,
    refuse_shared_codes,
)
from geogrid.boundaries.repair import mend_shapes
from geogrid.boundaries.schema import LAYERS
from geogrid.boundaries.shift import tell_shift
from geogrid.boundaries.standin import stand_in, tell_differences, tell_people_without_homes
from geogrid.errors import Fault
from geogrid.model import LandKind

if TYPE_CHECKING:
    from geogrid.model import City

CITY_FILE = "city.toml"
# Any plane serves to find the other faults of a city whose own cannot be chosen.
SPARE_PLANE = "EPSG:3857"

Layers = dict[str, Table]


def read_city(source: str | Path, mapping: str | Path | None = None) -> City:
    """Read the city in a folder, or in one file with several layers.

    ``mapping`` is its ``city.toml``; by default the one in the folder, and where there is none the files
    must use the documented names (docs/city-data.md).

    :raises InputError: with every fault found; nothing is kept.
    """
    book = FaultBook()
    place = Path(source)
    city_file = _city_file(place, mapping, book)
    tables = [clean_table(raw, book) for raw in read_files(place, city_file, book)]
    plane = city_file.plane or _plane(tables)
    known = known_ids(tables)
    sound = [mend_shapes(place_table(table, plane, book), book) for table in tables]
    layers = _joined([refuse_dangling(table, known, book) for table in sound], book)
    communities = layers.get("communities")
    if communities is None:
        _tell_no_ground(book)
        raise book.refusal()
    if city_file.plane:
        check_plane(plane, communities, CITY_FILE, book)
    related = _related(layers, communities, city_file, plane, book)
    book.raise_errors()
    return assemble(related, city_file, plane, book.faults())


def _city_file(place: Path, mapping: str | Path | None, book: FaultBook) -> CityFile:
    if not place.exists():
        book.add(Fault("missing-file", "there is nothing there", "Check the path", file=place.name))
        raise book.refusal()
    beside = place / CITY_FILE
    path = Path(mapping) if mapping is not None else (beside if beside.is_file() else None)
    city_file = read_city_file(path, place.resolve().stem, book)  # "." has no name
    book.raise_errors()
    return city_file


def _plane(tables: list[Table]) -> str:
    ground = [table for table in tables if table.layer.name == "communities"]
    return next((plane for table in ground if (plane := choose_plane(table)) is not None), SPARE_PLANE)


def _tell_no_ground(book: FaultBook) -> None:
    if not book.has_errors():
        message = "there is no community that can be used"
        book.add(Fault("missing-layer", message, "Add a layer communities", layer="communities"))


def _joined(tables: list[Table], book: FaultBook) -> Layers:
    """Return one table a layer, of all its sources, without empty ones."""
    joined: Layers = {}
    for layer in LAYERS:
        parts = [table for table in tables if table.layer is layer and len(table.frame)]
        if parts:
            joined[layer.name] = refuse_duplicates(_one([_narrowed(part) for part in parts]), book)
    return joined


def _one(parts: list[Table]) -> Table:
    if len(parts) == 1:
        return parts[0]
    geometry = np.concatenate([part.shapes for part in parts]) if parts[0].layer.shapes else None
    frame = pd.concat([part.frame for part in parts], ignore_index=True)
    return replace(parts[0], frame=frame, geometry=geometry)


def _narrowed(table: Table) -> Table:
    """Turn barrier areas narrower than the source's ``min_width_m`` into background water."""
    if table.layer.name != "barriers" or not table.min_width_m:
        return table
    width = 2 * shapely.area(table.shapes) / np.maximum(shapely.length(table.shapes), 1e-9)
    narrow = (shapely.get_dimensions(table.shapes) == 2) & (width < table.min_width_m)
    return table.put(**{"class": np.where(narrow, LandKind.WATER.value, table.texts("class"))})


def _related(layers: Layers, communities: Table, city_file: CityFile, plane: str, book: FaultBook) -> Layers:
    refuse_shared_codes(communities, book)
    communities = mend_communities(communities, book)
    compounds, buildings = layers.get("compounds"), layers.get("buildings")
    if buildings is None and compounds is None and not book.has_errors():
        message = "there are neither buildings nor compounds"
        book.add(Fault("missing-layer", message, "Add one of the two", layer="buildings"))
    if compounds is not None:
        refuse_ids_of_units(compounds, book)
        compounds = _compounds(compounds, communities, book)
    if buildings is not None:
        buildings = _buildings(buildings, communities, compounds, plane, book)
    if compounds is not None:
        buildings = stand_in(buildings, compounds, book)
    if buildings is not None:
        buildings = estimate_households(buildings, compounds, communities, city_file.estimation, book)
        tell_people_without_homes(buildings, communities, book)
        if compounds is not None:
            tell_differences(buildings, compounds, book)
    addresses = layers.get("addresses")
    if addresses is not None:
        addresses = _addresses(addresses, communities, buildings, plane, book)
    changed = {
        "communities": communities,
        "compounds": compounds,
        "buildings": buildings,
        "addresses": addresses,
    }
    return layers | {name: table for name, table in changed.items() if table is not None}


def _compounds(compounds: Table, communities: Table, book: FaultBook) -> Table:
    placed = place_in(compounds, "community_id", communities, book)
    known = placed.frame["community_id"].isin(set(communities.ids)).to_numpy(dtype=bool)
    outside = np.asarray(placed.texts("community_id") == "", dtype=bool)
    message, remedy = "it lies outside every community", "Draw its community, or leave it out"
    book.add_each(placed.places(outside), placed.fault("compound-outside", message, remedy, field="geometry"))
    return mend_compounds(placed.keep(known), communities, book)


def _buildings(
    buildings: Table, communities: Table, compounds: Table | None, plane: str, book: FaultBook
) -> Table:
    owners = compounds if compounds is not None and len(compounds.frame) else communities
    column = "compound_id" if owners is compounds else "community_id"
    if tell_shift(buildings, column, owners, plane, book):
        return buildings
    buildings = drop_outside(place_in(buildings, "community_id", communities, book), book)
    return buildings if compounds is None else house_buildings(buildings, compounds, book)


def _addresses(
    table: Table, communities: Table, buildings: Table | None, plane: str, book: FaultBook
) -> Table:
    """Fill the community of every address: its building's, else the stated one, else by place, else blank."""
    by_building = buildings is not None and bool(table.frame["building_id"].ne("").any())
    if buildings is not None and by_building:
        tell_shift(table, "building_id", buildings, plane, book)
    else:
        tell_shift(table, "community_id", communities, plane, book)
    chosen = table.texts("community_id").copy()
    if buildings is not None:
        home = pd.Series(buildings.texts("community_id"), index=buildings.ids, dtype=object)
        housed = home.reindex(table.frame["building_id"]).fillna("").to_numpy(dtype=object)
        chosen = np.where(housed == "", chosen, housed)
    blank = np.asarray(chosen == "", dtype=bool) & ~shapely.is_missing(table.shapes)
    chosen[blank] = owners_by_place(table.shapes[blank], communities)
    outside = int((chosen == "").sum())
    if outside:
        message = f"{outside:,} addresses lie outside every community"
        book.add(table.warning("address-outside", message, field="geometry"))
    return table.put(community_id=chosen)
