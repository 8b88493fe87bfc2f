"""The layers of a published plan: tables of areas, branches, venues and pairings, with shapes in degrees."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import shapely

from geogrid.crs import DEGREES
from geogrid.errors import NotFoundError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from geogrid.tables import Table

GEOMETRY = "geometry"
AND = "; "  # between several names or ids in one column
FOLDER = "layers"
_TEXT, _COUNT, _YES, _DEGREE = pa.string(), pa.int64(), pa.bool_(), pa.float64()
_NUMBER = _DEGREE

_NAMED = [("id", _TEXT), ("name", _TEXT)]
_IN_DISTRICT = [("district_id", _TEXT), ("district", _TEXT)]
_IN_SUBDISTRICT = [("subdistrict_id", _TEXT), ("subdistrict", _TEXT), *_IN_DISTRICT]
_IN_COMMUNITY = [("community_id", _TEXT), ("community", _TEXT), *_IN_SUBDISTRICT]
_HOMES = [("households", _COUNT), ("estimated", _YES)]
_BELOW = [("compounds", _COUNT), ("grids", _COUNT), ("branches", _COUNT), ("venues", _COUNT), *_HOMES]
_PLACE = [("lon", _DEGREE), ("lat", _DEGREE), (GEOMETRY, pa.binary())]

# The columns of every layer, from the city down. Each row is all that is published of one thing.
SCHEMAS: dict[str, pa.Schema] = {
    "cities": pa.schema(
        [*_NAMED, ("districts", _COUNT), ("subdistricts", _COUNT), ("communities", _COUNT), *_BELOW, *_PLACE]
    ),
    "districts": pa.schema([*_NAMED, ("subdistricts", _COUNT), ("communities", _COUNT), *_BELOW, *_PLACE]),
    "subdistricts": pa.schema([*_NAMED, *_IN_DISTRICT, ("communities", _COUNT), *_BELOW, *_PLACE]),
    "communities": pa.schema(
        [*_NAMED, ("code", _TEXT), *_IN_SUBDISTRICT, ("population", _COUNT), *_BELOW, *_PLACE]
    ),
    "compounds": pa.schema(
        [
            *_NAMED,
            ("kind", _TEXT),
            *_IN_COMMUNITY,
            ("buildings", _COUNT),
            *_HOMES,
            ("grids", _COUNT),
            ("grid_codes", _TEXT),
            *_PLACE,
        ]
    ),
    "grids": pa.schema(
        [
            *_NAMED,
            ("code", _TEXT),
            ("number", _COUNT),
            ("kind", _TEXT),
            ("alignment", _TEXT),
            *_IN_COMMUNITY,
            ("compounds", _COUNT),
            ("compound_names", _TEXT),
            ("compound_ids", _TEXT),
            *_HOMES,
            ("branch_id", _TEXT),
            ("branch", _TEXT),
            ("proposed_branch", _TEXT),
            ("leader", _TEXT),
            ("valid_from", _TEXT),
            *_PLACE,
        ]
    ),
    "branches": pa.schema(
        [
            *_NAMED,
            ("joint", _YES),
            *_IN_COMMUNITY,
            ("compounds", _COUNT),
            ("compound_names", _TEXT),
            ("compound_ids", _TEXT),
            ("grids", _COUNT),
            ("grid_codes", _TEXT),
            ("stars", _COUNT),
            ("members", _COUNT),
            ("member_centre_households", _COUNT),
            ("building_groups", _COUNT),
            ("founded", _TEXT),
            ("secretary", _TEXT),
            ("paired", _TEXT),
            *_PLACE,
        ]
    ),
    "venues": pa.schema(
        [*_NAMED, ("kind", _TEXT), ("phone", _TEXT), ("hours", _TEXT), *_IN_COMMUNITY, *_PLACE]
    ),
    # Organisations: each with its branch, or the one that is proposed for it, or none.
    "pairings": pa.schema(
        [
            *_NAMED,
            ("level", _TEXT),
            ("size", _COUNT),
            ("state", _TEXT),  # given, proposed, unpaired
            ("branch_id", _TEXT),
            ("branch", _TEXT),
            *_IN_COMMUNITY,
            ("metres", _NUMBER),
            ("cost", _NUMBER),
            ("cost_of_distance", _NUMBER),
            ("cost_of_size", _NUMBER),
            ("cost_of_balance", _NUMBER),
            ("reason", _TEXT),
            *_PLACE,
        ]
    ),
}
LAYERS = tuple(SCHEMAS)
KINDS = {pa.string(): "string", pa.int64(): "integer", pa.bool_(): "boolean", pa.float64(): "number"}


@dataclass(frozen=True)
class Layer:
    """One table of a snapshot, memory-mapped; rows and shapes are made at their first use and shared.

    A row's place is its number in ``table``, ``rows`` and ``shapes``.
    """

    name: str
    table: pa.Table

    @classmethod
    def open(cls, folder: Path, name: str) -> Layer:
        """Open a layer of the snapshot in ``folder``.

        :raises NotFoundError: there is no layer of that name.
        """
        if name not in SCHEMAS:
            raise NotFoundError("layer", name)
        with pa.memory_map(str(folder / FOLDER / f"{name}.arrow")) as file:
            return cls(name, pa.ipc.open_file(file).read_all())

    @cached_property
    def rows(self) -> list[dict[str, Any]]:
        """Return the facts of every row without its shape; callers must not change them."""
        found: list[dict[str, Any]] = self.table.drop_columns([GEOMETRY]).to_pylist()
        return found

    @cached_property
    def shapes(self) -> NDArray[Any]:
        """Return the shapes in WGS-84 degrees, None where a row has no place."""
        held = self.table.column(GEOMETRY).to_pylist()  # `to_numpy` would load pandas
        return np.asarray(shapely.from_wkb(np.array(held, dtype=object)), dtype=object)

    @cached_property
    def tree(self) -> shapely.STRtree:
        """Return the index of ``shapes``; safe to query from several threads."""
        return shapely.STRtree(self.shapes)

    @cached_property
    def place_of(self) -> dict[str, int]:
        """Return the place of every id."""
        return {row["id"]: place for place, row in enumerate(self.rows)}

    @cached_property
    def bounds(self) -> list[float]:
        """Return west, south, east, north of all shapes; empty where there are none."""
        found = shapely.total_bounds(self.shapes)
        return [] if np.isnan(found).any() else [float(edge) for edge in found]

    def columns(self) -> dict[str, str]:
        """Return the JSON type of every column except the shape."""
        return {field.name: KINDS[field.type] for field in self.table.schema if field.name != GEOMETRY}

    def place(self, id: str) -> int:  # noqa: A002
        """Return the place of the row with an id.

        :raises NotFoundError: there is none.
        """
        found = self.place_of.get(id)
        if found is None:
            raise NotFoundError(self.name, id)
        return found

    def selection(self, places: Sequence[int], *, columns: Sequence[str] = (), shapes: bool = True) -> Table:
        """Return some rows in the order asked for as a table for files; no ``columns`` means all of them."""
        from geogrid import tables  # brings GDAL along; a server needs it for files only

        wanted = [
            name for name in self.table.schema.names if name != GEOMETRY and name in (columns or [name])
        ]
        chosen = self.table.select([*wanted, GEOMETRY] if shapes else wanted)
        taken = chosen.take(pa.array(places, pa.int64())).combine_chunks()
        geometry = GEOMETRY if shapes else ""
        crs, kind = (DEGREES, "Unknown") if shapes else ("", "")
        return tables.Table(taken.schema, taken.to_batches(), taken.num_rows, geometry, crs, kind)


def write_layer(folder: Path, name: str, rows: Sequence[dict[str, Any]], shapes: NDArray[Any]) -> None:
    """Write a layer; ``shapes`` in WGS-84 degrees (None: no place), in the order of ``rows``.

    ``lon``, ``lat`` are set here, to a point inside the shape, where a row does not say them.
    """
    (folder / FOLDER).mkdir(exist_ok=True)
    drawn = shapely.orient_polygons(shapes, exterior_cw=False)
    inside = shapely.point_on_surface(drawn)
    lon, lat = shapely.get_x(inside).round(7), shapely.get_y(inside).round(7)
    full = [
        {
            "lon": None if np.isnan(lon[place]) else float(lon[place]),
            "lat": None if np.isnan(lat[place]) else float(lat[place]),
            **row,
            GEOMETRY: shapely.to_wkb(drawn[place], byte_order=1),
        }
        for place, row in enumerate(rows)
    ]
    table = pa.Table.from_pylist(full, schema=SCHEMAS[name])
    place = str(folder / FOLDER / f"{name}.arrow")
    with pa.OSFile(place, "wb") as file, pa.ipc.new_file(file, table.schema) as writer:
        writer.write_table(table)
