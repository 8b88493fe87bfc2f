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
from geogrid.boundaries.place import choose_plane, place_table
from geogrid.boundaries.relate import (
    drop_outside,
    house_buildings,
    owners_by_place,
    place_in,
    refuse_duplicates,
    refuse_unknown,
)
from geogrid.boundaries.schema import ADDRESSES, BUILDINGS, COMMUNITIES, COMPOUNDS
from geogrid.errors import Fault, Severity
from geogrid.model import LandKind

if TYPE_CHECKING:
    from geogrid.model import City

CITY_FILE = "city.toml"


def read_city(source: str | Path, mapping: str | Path | None = None) -> City:
    """Read the city in a folder or in one file with several layers.

    ``mapping`` is its ``city.toml``; by default the one in the folder, and where there is none the files
    must use the documented names (docs/city-data.md).

    :raises InputError: with every fault found; nothing is kept.
    """
    book = FaultBook()
    place = Path(source)
    city_file = _city_file(place, mapping, book)
    tables = [clean_table(raw, book) for raw in read_files(place, city_file, book)]
    plane = _plane(tables, city_file, book)
    placed = [refuse_duplicates(place_table(table, plane, book), book) for table in tables]
    layers = _by_layer(placed)
    if not layers.get(COMMUNITIES.name):
        book.add(
            Fault("missing-layer", "no community can be used", "Mend the faults above", layer="communities")
        )
    book_has_ground = bool(layers.get(COMMUNITIES.name))
    if not book_has_ground:
        book.raise_errors()
    layers = _related(layers, city_file, book)
    book.raise_errors()
    return assemble(layers, city_file, plane, book.faults())


def _city_file(place: Path, mapping: str | Path | None, book: FaultBook) -> CityFile:
    if not place.exists():
        book.add(Fault("missing-file", "there is nothing there", "Check the path", file=place.name))
        book.raise_errors()
    beside = place / CITY_FILE
    path = Path(mapping) if mapping is not None else (beside if beside.is_file() else None)
    city_file = read_city_file(path, place.stem, book)
    book.raise_errors()
    return city_file


def _plane(tables: list[Table], city_file: CityFile, book: FaultBook) -> str:
    if city_file.plane:
        return city_file.plane
    ground = [table for table in tables if table.layer is COMMUNITIES]
    # A plane that cannot be chosen is told by the geometry checks; any plane serves to find the other faults.
    return next((plane for table in ground if (plane := choose_plane(table)) is not None), "EPSG:3857")


def _by_layer(tables: list[Table]) -> dict[str, tuple[Table, ...]]:
    layers: dict[str, tuple[Table, ...]] = {}
    for table in tables:
        if len(table.frame):
            layers[table.layer.name] = (*layers.get(table.layer.name, ()), table)
    return layers


def _one(layers: dict[str, tuple[Table, ...]], name: str, book: FaultBook) -> Table | None:
    """Return the rows of all sources of a layer as one table."""
    found = layers.get(name, ())
    if len(found) <= 1:
        return found[0] if found else None
    geometry = (
        np.concatenate([t.geometry for t in found if t.geometry is not None])
        if found[0].layer.shapes
        else None
    )
    frame = pd.concat([table.frame for table in found], ignore_index=True)
    return refuse_duplicates(replace(found[0], frame=frame, geometry=geometry), book)


def _related(
    layers: dict[str, tuple[Table, ...]], city_file: CityFile, book: FaultBook
) -> dict[str, tuple[Table, ...]]:
    communities = _one(layers, COMMUNITIES.name, book)
    assert communities is not None
    communities = mend_communities(communities, book)
    compounds = _one(layers, COMPOUNDS.name, book)
    if compounds is not None:
        compounds = _relate_compounds(compounds, communities, book)
    buildings = _one(layers, BUILDINGS.name, book)
    if buildings is None and compounds is None:
        remedy = "Add the buildings, or the compounds with their households"
        book.add(
            Fault("missing-layer", "there are neither buildings nor compounds", remedy, layer="buildings")
        )
    if buildings is not None:
        buildings = _relate_buildings(buildings, communities, compounds, book)
        buildings = estimate_households(buildings, communities, city_file.estimation, book)
    done = {**layers, COMMUNITIES.name: (communities,)}
    if compounds is not None:
        done[COMPOUNDS.name] = (compounds,)
    if buildings is not None:
        done[BUILDINGS.name] = (buildings,)
    if ADDRESSES.name in layers:
        done[ADDRESSES.name] = tuple(
            _relate_addresses(table, communities, buildings, book) for table in layers[ADDRESSES.name]
        )
    if "barriers" in layers:
        done["barriers"] = tuple(_narrow(table) for table in layers["barriers"])
    return done


def _relate_compounds(compounds: Table, communities: Table, book: FaultBook) -> Table:
    compounds = refuse_unknown(compounds, "community_id", communities, book)
    compounds = place_in(compounds, "community_id", communities, book)
    outside = compounds.frame["community_id"].eq("").to_numpy(dtype=bool)
    template = compounds.fault(
        "compound-outside", "it lies outside every community", "Draw its community", "geometry"
    )
    book.add_each(compounds.ids[outside], template)
    return mend_compounds(compounds.keep(~outside), communities, book)


def _relate_buildings(
    buildings: Table, communities: Table, compounds: Table | None, book: FaultBook
) -> Table:
    buildings = refuse_unknown(buildings, "community_id", communities, book)
    buildings = refuse_unknown(buildings, "compound_id", compounds, book)
    buildings = place_in(buildings, "community_id", communities, book)
    buildings = drop_outside(buildings, book)
    return house_buildings(buildings, compounds, book) if compounds is not None else buildings


def _relate_addresses(table: Table, communities: Table, buildings: Table | None, book: FaultBook) -> Table:
    """Fill the community of every address: stated, by its building, by its place, else blank."""
    assert table.geometry is not None
    table = refuse_unknown(table, "community_id", communities, book)
    if buildings is not None:
        table = refuse_unknown(table, "building_id", buildings, book)
    stated = table.frame["community_id"].to_numpy(dtype=object)
    if buildings is not None:
        home = pd.Series(buildings.frame["community_id"].to_numpy(dtype=object), index=buildings.ids)
        by_building = home.reindex(table.frame["building_id"]).fillna("").to_numpy(dtype=object)
        stated = np.where(stated == "", by_building, stated)
    blank = np.asarray(stated == "", dtype=bool)
    if blank.any():
        stated[blank] = owners_by_place(table.geometry[blank], communities)
    outside = int((stated == "").sum())
    if outside:
        fault = table.fault(
            "address-outside", f"{outside:,} addresses lie outside every community", "", "geometry"
        )
        book.add(replace(fault, severity=Severity.WARNING))
    return replace(table, frame=table.frame.assign(community_id=stated))


def _narrow(table: Table) -> Table:
    """Turn barrier areas narrower than the source's ``min_width_m`` into background."""
    assert table.geometry is not None
    width = 2 * shapely.area(table.geometry) / np.maximum(shapely.length(table.geometry), 1e-9)
    narrow = (shapely.get_dimensions(table.geometry) == 2) & (width < table.min_width_m)
    classes = np.where(narrow, LandKind.WATER.value, table.frame["class"].to_numpy(dtype=object))
    return replace(table, frame=table.frame.assign(**{"class": classes}))
