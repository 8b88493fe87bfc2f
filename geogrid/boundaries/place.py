"""Judge where geometries are and bring them into the city's plane, in metres."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import shapely

from geogrid.boundaries.schema import Shape
from geogrid.crs import (
    DEGREES,
    areal_scale,
    is_degrees,
    plane_for,
    points_to_degrees,
    read_crs,
    reproject,
    reproject_points,
)
from geogrid.errors import Fault

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from geogrid.boundaries.columns import Table
    from geogrid.boundaries.faults import FaultBook

    Shapes = NDArray[np.object_]
    Rows = NDArray[np.bool_]

SHAPE_OF_TYPE = {0: Shape.POINT, 1: Shape.LINE, 3: Shape.AREA, 5: Shape.LINE, 6: Shape.AREA}
SHAPE_NAMES = {Shape.POINT: "points", Shape.LINE: "lines", Shape.AREA: "polygons"}

# A plane in which areas are off by more than this share is not made for the place.
PLANE_TOLERANCE = 0.01


def choose_plane(communities: Table) -> str | None:
    """Return a plane centred on the communities, None where they have no usable place."""
    if communities.geometry is None or read_crs(communities.crs) is None or not len(communities.geometry):
        return None
    west, south, east, north = shapely.total_bounds(communities.geometry)
    lon, lat = (west + east) / 2, (south + north) / 2
    if not is_degrees(communities.crs):
        lon, lat = (float(v) for v in reproject_points(lon, lat, communities.crs, DEGREES))
    return plane_for(lon=lon, lat=lat) if abs(lon) <= 180 and abs(lat) < 89 else None


def check_plane(plane: str, communities: Table, file: str, book: FaultBook) -> None:
    """Tell a stated plane in which the communities' areas are wrong."""
    west, south, east, north = shapely.total_bounds(communities.shapes)
    lon, lat = points_to_degrees((west + east) / 2, (south + north) / 2, plane)
    scale = areal_scale(plane, float(lon), float(lat))
    if not abs(scale - 1) <= PLANE_TOLERANCE:
        message = f"areas of this city are {scale:.3f} times too large in the plane"
        remedy = "Name a plane made for the place, or leave it out"
        book.add(Fault("bad-plane", message, remedy, file=file, field="plane"))


def place_table(table: Table, plane: str, book: FaultBook) -> Table:
    """Return the table with flat geometries in metres in ``plane``.

    Rows whose geometry cannot be used are left out and told; an optional geometry that is missing is None.
    """
    if not table.layer.shapes:
        return replace(table, geometry=None)
    table = _from_columns(table)
    if table.geometry is None:
        return _without_geometry(table, book)
    if not _has_crs(table, book):
        return table.keep(np.zeros(len(table.frame), dtype=bool))
    table = replace(table, geometry=_single(table.shapes))
    table = table.keep(_usable(table, book))
    table = _flat(table, book)
    table = replace(table, geometry=_project(table, plane), crs=plane)
    return table.keep(_landed(table, book))


def _from_columns(table: Table) -> Table:
    """Return the table with points made of its ``x`` and ``y`` columns where it has no other geometry."""
    if table.geometry is not None or "x" not in table.frame or table.frame["x"].isna().all():
        return table
    x, y = table.numbers("x"), table.numbers("y")
    known = np.isfinite(x) & np.isfinite(y)
    points = np.full(len(x), None, dtype=object)
    points[known] = shapely.points(x[known], y[known])
    return replace(table, geometry=points)


def _without_geometry(table: Table, book: FaultBook) -> Table:
    if not table.layer.shape_required:
        return replace(table, geometry=np.full(len(table.frame), None, dtype=object))
    remedy = f"Add {_expected(table)} to it"
    book.add(table.fault("missing-geometry", "the layer has no geometry", remedy, field="geometry"))
    return table.keep(np.zeros(len(table.frame), dtype=bool))


def _expected(table: Table) -> str:
    return " or ".join(sorted(SHAPE_NAMES[shape] for shape in table.layer.shapes))


def _has_crs(table: Table, book: FaultBook) -> bool:
    if table.crs is None:
        remedy = 'Say it in city.toml: crs = "EPSG:4326" (or GCJ-02, BD-09, CGCS2000 ...)'
        book.add(table.fault("missing-crs", "the coordinate system is not declared", remedy, field="crs"))
        return False
    if read_crs(table.crs) is None:
        remedy = "Export it in a known system, or declare it in city.toml"
        message = "the coordinate system is not a place on the earth"
        book.add(table.fault("unknown-crs", message, remedy, field="crs"))
        return False
    return True


@dataclass(frozen=True, slots=True)
class Defect:
    """What can be wrong with a geometry before it is moved."""

    rule: str
    message: str
    remedy: str


MISSING = Defect("missing-geometry", "the geometry is missing or empty", "Draw it, or remove the row")
NOT_FINITE = Defect("not-finite", "a coordinate is not a number", "Mend the coordinates")
SWAPPED = Defect(
    "swapped-coordinates",
    "longitude and latitude seem to be swapped",
    "Write the longitude first, or export the layer anew",
)
NO_DEGREES = Defect(
    "out-of-range",
    "the coordinates are not degrees",
    "If they are metres, declare their system in city.toml",
)
NOT_ON_EARTH = Defect(
    "out-of-range",
    "the place cannot be brought into the city's plane",
    "Check the coordinates and the declared coordinate system",
)


def tell_rows(rows: Rows, table: Table, defect: Defect, book: FaultBook) -> None:
    """Note a defect in each of ``rows``."""
    if rows.any():
        template = table.fault(defect.rule, defect.message, defect.remedy, field="geometry")
        book.add_each(table.places(rows), template)


def _usable(table: Table, book: FaultBook) -> Rows:
    """Return the rows whose geometry exists, is finite, of the right type and inside its system's range."""
    shapes = table.shapes
    absent = np.asarray(shapely.is_missing(shapes) | shapely.is_empty(shapes), dtype=bool)
    if table.layer.shape_required:
        tell_rows(absent, table, MISSING, book)
    broken = ~absent & _not_finite(shapes)
    tell_rows(broken, table, NOT_FINITE, book)
    allowed = [code for code, shape in SHAPE_OF_TYPE.items() if shape in table.layer.shapes]
    wrong = ~absent & ~broken & ~np.isin(shapely.get_type_id(shapes), allowed)
    expected = f"this layer holds {_expected(table)}"
    tell_rows(wrong, table, Defect("wrong-geometry-type", expected, "Export them as such"), book)
    lost = ~absent & ~broken & ~wrong & _out_of_range(table)
    tell_rows(lost, table, _why_lost(shapes[lost]), book)
    sound = ~(broken | wrong | lost)
    return sound & ~absent if table.layer.shape_required else sound


def _not_finite(shapes: Shapes) -> Rows:
    coordinates, owner = shapely.get_coordinates(shapes, return_index=True)
    rows = np.zeros(len(shapes), dtype=bool)
    rows[owner[~np.isfinite(coordinates).all(axis=1)]] = True
    return rows


def _out_of_range(table: Table) -> Rows:
    if not is_degrees(table.crs):
        return np.zeros(len(table.frame), dtype=bool)
    west, south, east, north = shapely.bounds(table.shapes).T
    return np.asarray((west < -180) | (east > 180) | (south < -90) | (north > 90), dtype=bool)


def _why_lost(shapes: Shapes) -> Defect:
    if not len(shapes):
        return NO_DEGREES
    west, south, east, north = np.abs(shapely.total_bounds(shapes))
    return SWAPPED if max(west, east) <= 90 and max(south, north) <= 180 else NO_DEGREES


def _flat(table: Table, book: FaultBook) -> Table:
    raised = shapely.has_z(table.shapes) | shapely.has_m(table.shapes)
    if not raised.any():
        return table
    book.add(table.repair("dropped-z", f"Z or M values of {int(raised.sum()):,} geometries were dropped"))
    return replace(table, geometry=shapely.force_2d(table.shapes))


def _project(table: Table, plane: str) -> Shapes:
    there = ~shapely.is_missing(table.shapes) & ~shapely.is_empty(table.shapes)
    moved = np.full(len(table.shapes), None, dtype=object)
    moved[there] = reproject(table.shapes[there], table.crs, plane)
    return moved


def _single(shapes: Shapes) -> Shapes:
    """Return multi-part geometries of one part as that part."""
    single = (shapely.get_type_id(shapes) >= 4) & (shapely.get_num_geometries(shapes) == 1)
    parts = shapes.copy()
    parts[single] = shapely.get_geometry(shapes[single], 0)
    return parts


def _landed(table: Table, book: FaultBook) -> Rows:
    lost = ~shapely.is_missing(table.shapes) & _not_finite(table.shapes)
    tell_rows(lost, table, NOT_ON_EARTH, book)
    return ~lost
