"""A part of a city on disk: some of its communities, and all that a division of them stands on.

::

    part.0000/city.json             the city's facts: id, name, plane, language ...
    part.0000/communities.parquet   one GeoParquet file a layer, in metres in the city's plane
    part.0000/compounds.parquet     ...

A part is whole in itself: barriers and land stand in every part that they reach. So what is made of a part is
what would be made of its communities in the whole city, bit for bit.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pyarrow as pa
import shapely

from geogrid.adjacency import HALF_WIDTHS
from geogrid.credits import credited
from geogrid.errors import Fault, InputError
from geogrid.model import (
    Barrier,
    BarrierKind,
    Building,
    BuildingGroup,
    City,
    Community,
    Compound,
    Grammar,
    Land,
    LandKind,
)
from geogrid.tables import open_table, table_of, write_table

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

CITY = "city.json"
GEOMETRY = "geometry"
TEXT = ("id", "name", "plane", "language", "counts", "estimation", "attribution", "licence")
# Borders look for barriers this far beyond a community's box, and a little further.
REACH_M = max(HALF_WIDTHS.values()) + 1.0
_T, _N, _Y = pa.string(), pa.int64(), pa.bool_()


@dataclass(frozen=True, slots=True)
class _Layer:
    """One layer: the thing a row is, its columns, and how to read those that are no plain values."""

    thing: Callable[..., Any]
    columns: Mapping[str, pa.DataType]
    read: Mapping[str, Callable[[Any], Any]]
    shaped: bool = True

    @property
    def schema(self) -> pa.Schema:
        return pa.schema([*self.columns.items(), *([(GEOMETRY, pa.binary())] if self.shaped else [])])


# What a division reads of each thing; the rest plays no part in it.
LAYERS = {
    "communities": _Layer(
        Community, {"id": _T, "name": _T, "code": _T, "district_id": _T, "subdistrict_id": _T}, {}
    ),
    "compounds": _Layer(Compound, {"id": _T, "community_id": _T, "name": _T, "households": _N}, {}),
    "buildings": _Layer(
        Building,
        {
            "id": _T,
            "community_id": _T,
            "households": _N,
            "estimated": _Y,
            "compound_id": _T,
            "name": _T,
            "number": _T,
            "street": _T,
            "group_id": _T,
        },
        {},
    ),
    "building_groups": _Layer(
        BuildingGroup,
        {"id": _T, "compound_id": _T, "name": _T, "building_ids": pa.list_(_T)},
        {"building_ids": tuple},
        shaped=False,
    ),
    "barriers": _Layer(Barrier, {"id": _T, "kind": _T, "name": _T}, {"kind": BarrierKind}),
    "land": _Layer(Land, {"id": _T, "kind": _T, "name": _T}, {"kind": LandKind}),
}


def parts_of(city: City, communities: int) -> Iterator[City]:
    """Cut a city into parts of so many communities, neighbours in the order of their data."""
    barriers = shapely.STRtree([one.geometry for one in city.barriers])
    land = shapely.STRtree([one.geometry for one in city.land])
    for start in range(0, len(city.communities), communities):
        own = city.communities[start : start + communities]
        ids = {one.id for one in own}
        grounds = np.array([one.geometry for one in own], dtype=object)
        boxes = np.asarray(shapely.buffer(shapely.box(*shapely.bounds(grounds).T), REACH_M), dtype=object)
        compounds = tuple(one for one in city.compounds if one.community_id in ids)
        held = {one.id for one in compounds}
        yield City(
            **{name: getattr(city, name) for name in TEXT},
            grammar=city.grammar,
            communities=own,
            compounds=compounds,
            buildings=tuple(one for one in city.buildings if one.community_id in ids),
            building_groups=tuple(one for one in city.building_groups if one.compound_id in held),
            barriers=_reaching(city.barriers, barriers, boxes),
            land=_reaching(city.land, land, grounds),
            addresses=pd.DataFrame(),
            synthetic=city.synthetic,
        )


def _reaching(things: Sequence[Any], tree: shapely.STRtree, grounds: np.ndarray[Any, Any]) -> tuple[Any, ...]:
    """Return the things that meet any of the grounds, in their order."""
    return tuple(things[at] for at in np.unique(tree.query(grounds, predicate="intersects")[1]).tolist())


def write_part(folder: Path, part: City) -> None:
    """Write a part; every coordinate comes back bit for bit."""
    folder.mkdir(parents=True)
    facts = {name: getattr(part, name) for name in TEXT}
    facts |= {"grammar": part.grammar.value, "synthetic": part.synthetic}
    text = json.dumps(facts, ensure_ascii=False, indent=1, sort_keys=True)
    (folder / CITY).write_text(text + "\n", encoding="utf-8")
    for name, layer in LAYERS.items():
        things = getattr(part, name)
        columns = {column: [getattr(one, column) for one in things] for column in layer.schema.names}
        shapes = {"geometry": GEOMETRY, "crs": part.plane} if layer.shaped else {}
        table = credited(table_of(columns, layer.schema, **shapes), part.attribution, part.licence)
        write_table(folder / f"{name}.parquet", table)


def read_part(folder: Path) -> City:
    """Return a part as it was written.

    :raises InputError: a file is missing, broken or lacks columns; all faults at once.
    """
    faults: list[Fault] = []
    facts: dict[str, Any] = {}
    found: dict[str, Any] = {}
    try:
        facts = json.loads((folder / CITY).read_text(encoding="utf-8"))
        facts["grammar"] = Grammar(facts["grammar"])
    except (OSError, ValueError, KeyError, TypeError):
        told, remedy = "the city's facts cannot be read", "write the part anew with `geogrid cluster part`"
        faults.append(Fault("broken-file", told, remedy, str(folder / CITY)))
    for name, layer in LAYERS.items():
        try:
            found[name] = _things(folder / f"{name}.parquet", layer)
        except InputError as error:
            faults += error.faults
    if faults:
        raise InputError(tuple(faults))
    return City(**facts, **found, addresses=pd.DataFrame())


def _things(path: Path, layer: _Layer) -> tuple[Any, ...]:
    with open_table(path) as table:
        lacking = [name for name in layer.schema.names if name not in table.schema.names]
        if lacking:
            remedy = "write the part anew with `geogrid cluster part`"
            told = f"it has no column {', '.join(lacking)}"
            raise InputError((Fault("no-such-column", told, remedy, str(path), field=lacking[0]),))
        held = pa.Table.from_batches(list(table.batches), table.schema)
    columns = {name: held.column(name).to_pylist() for name in layer.schema.names}
    if layer.shaped:
        columns[GEOMETRY] = list(shapely.from_wkb(columns[GEOMETRY]))
    for name, read in layer.read.items():
        columns[name] = [read(value) for value in columns[name]]
    return tuple(
        layer.thing(**dict(zip(columns, row, strict=True))) for row in zip(*columns.values(), strict=True)
    )
