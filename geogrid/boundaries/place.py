"""Judge geometries and bring them into the city's plane, in metres."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from geogrid.boundaries.columns import Table, tell_repair
from geogrid.boundaries.schema import Shape
from geogrid.crs import is_degrees, plane_for, points_to_degrees, read_crs, reproject, reproject_points

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from geogrid.boundaries.faults import FaultBook

    Shapes = NDArray[np.object_]
    Rows = NDArray[np.bool_]

SHAPE_OF_TYPE = {
    0: Shape.POINT,
    1: Shape.LINE,
    3: Shape.AREA,
    5: Shape.LINE,
    6: Shape.AREA,
}
SHAPE_NAMES = {Shape.POINT: "points", Shape.LINE: "lines", Shape.AREA: "polygons"}

# A repair that changes more than this share of a polygon's area is no repair.
REPAIR_SHARE = 0.01
# Polygons outside these sizes (m2) are a mistake of units or digitising, not a place.
AREA_LIMITS = {
    "communities": (100.0, 2e9),
    "compounds": (10.0, 1e8),
    "buildings": (1.0, 1e6),
}


def choose_plane(communities: Table) -> str | None:
    """Return a plane centred on the communities, None where they have no usable place."""
    if communities.geometry is None or read_crs(communities.crs) is None or not len(communities.geometry):
        return None
    west, south, east, north = shapely.total_bounds(communities.geometry)
    lon, lat = _degrees((west + east) / 2, (south + north) / 2, communities.crs)
    if not (abs(lon) <= 180 and abs(lat) < 89):
        return None
    return plane_for(lon=lon, lat=lat)


def _degrees(x: float, y: float, crs: Any) -> tuple[float, float]:
    if is_degrees(crs):
        return x, y
    lon, lat = reproject_points(x, y, crs, "EPSG:4326")
    return float(lon), float(lat)


def place_table(table: Table, plane: str, book: FaultBook) -> Table:
    """Return the table with its geometries in metres in ``plane``; rows whose geometry is refused are left out.

    An optional geometry that is missing is None.
    """
    if not table.layer.shapes:
        return replace(table, geometry=None)
    table = _from_columns(table)
    if table.geometry is None:
        return _without_geometry(table, book)
    if not _has_crs(table, book):
        return table.keep(np.zeros(len(table.frame), dtype=bool))
    usable = _usable(table, book)
    table = table.keep(usable)
    table = _flat(table, book)
    moved = _project(table, plane)
    table = replace(table, geometry=moved, crs=plane)
    table = table.keep(_landed(table, book))
    return _whole(table, book)


def _from_columns(table: Table) -> Table:
    """Return the table with points made of its ``x`` and ``y`` columns where it has no other geometry."""
    if table.geometry is not None or "x" not in table.frame or table.frame["x"].isna().all():
        return table
    x, y = table.frame["x"].to_numpy(dtype=float), table.frame["y"].to_numpy(dtype=float)
    known = np.isfinite(x) & np.isfinite(y)
    points = np.full(len(x), None, dtype=object)
    points[known] = shapely.points(x[known], y[known])
    return replace(table, geometry=points)


def _without_geometry(table: Table, book: FaultBook) -> Table:
    if table.layer.shape_required:
        remedy = f"Add {_expected(table)} to it"
        book.add(table.fault("missing-geometry", "the layer has no geometry", remedy, "geometry"))
    return replace(table, geometry=np.full(len(table.frame), None, dtype=object))


def _expected(table: Table) -> str:
    return " or ".join(sorted(SHAPE_NAMES[shape] for shape in table.layer.shapes))


def _has_crs(table: Table, book: FaultBook) -> bool:
    if table.crs is None:
        remedy = 'Say it in city.toml: crs = "EPSG:4326" (or GCJ-02, BD-09, CGCS2000 ...)'
        book.add(table.fault("missing-crs", "the coordinate system is not declared", remedy, "crs"))
        return False
    if read_crs(table.crs) is None:
        remedy = "Export it in a known system, or declare it in city.toml"
        book.add(
            table.fault("unknown-crs", "the coordinate system is not a place on the earth", remedy, "crs")
        )
        return False
    return True


def _usable(table: Table, book: FaultBook) -> Rows:
    """Return the rows whose geometry exists, is finite, of the right type and inside its system's range."""
    assert table.geometry is not None
    shapes = table.geometry
    absent = shapely.is_missing(shapes) | shapely.is_empty(shapes)
    if table.layer.shape_required:
        _tell(
            absent,
            table,
            "missing-geometry",
            "the geometry is missing or empty",
            "Draw it or remove the row",
            book,
        )
    broken = ~absent & _not_finite(shapes)
    _tell(broken, table, "not-finite", "a coordinate is not a number", "Mend the coordinates", book)
    allowed = [code for code, shape in SHAPE_OF_TYPE.items() if shape in table.layer.shapes]
    wrong = ~absent & ~broken & ~np.isin(shapely.get_type_id(shapes), allowed)
    _tell(
        wrong, table, "wrong-geometry-type", f"this layer holds {_expected(table)}", "Export it as such", book
    )
    lost = ~absent & ~broken & ~wrong & _out_of_range(table)
    _tell_lost(lost, table, book)
    bad = broken | wrong | lost
    return ~bad & (~absent if table.layer.shape_required else np.ones(len(bad), dtype=bool))


def _tell(rows: Rows, table: Table, rule: str, message: str, remedy: str, book: FaultBook) -> None:
    if rows.any():
        book.add_each(table.ids[rows], table.fault(rule, message, remedy, "geometry"))


def _not_finite(shapes: Shapes) -> Rows:
    coordinates, owner = shapely.get_coordinates(shapes, return_index=True)
    rows = np.zeros(len(shapes), dtype=bool)
    rows[owner[~np.isfinite(coordinates).all(axis=1)]] = True
    return rows


def _out_of_range(table: Table) -> Rows:
    if not is_degrees(table.crs):
        return np.zeros(len(table.frame), dtype=bool)
    west, south, east, north = shapely.bounds(table.geometry).T
    return np.asarray((west < -180) | (east > 180) | (south < -90) | (north > 90), dtype=bool)


def _tell_lost(rows: Rows, table: Table, book: FaultBook) -> None:
    if not rows.any():
        return
    assert table.geometry is not None
    west, south, east, north = shapely.total_bounds(table.geometry[rows])
    if max(abs(west), abs(east)) <= 90 and max(abs(south), abs(north)) <= 180:
        remedy = "Write the longitude first, or export the layer anew"
        _tell(rows, table, "swapped-coordinates", "longitude and latitude seem swapped", remedy, book)
        return
    remedy = "The coordinates look like metres: declare their system in city.toml"
    _tell(rows, table, "out-of-range", "the coordinates are no degrees", remedy, book)


def _flat(table: Table, book: FaultBook) -> Table:
    assert table.geometry is not None
    raised = shapely.has_z(table.geometry) | shapely.has_m(table.geometry)
    if not raised.any():
        return table
    tell_repair(table, "dropped-z", f"Z or M values of {int(raised.sum()):,} geometries were dropped", book)
    return replace(table, geometry=shapely.force_2d(table.geometry))


def _project(table: Table, plane: str) -> Shapes:
    assert table.geometry is not None
    there = ~shapely.is_missing(table.geometry)
    moved = np.full(len(table.geometry), None, dtype=object)
    moved[there] = reproject(table.geometry[there], table.crs, plane)
    return moved


def _landed(table: Table, book: FaultBook) -> Rows:
    assert table.geometry is not None
    lost = ~shapely.is_missing(table.geometry) & _not_finite(table.geometry)
    remedy = "Check the declared coordinate system"
    _tell(lost, table, "out-of-range", "the place cannot be projected into the city's plane", remedy, book)
    return ~lost


def _whole(table: Table, book: FaultBook) -> Table:
    """Return the table with valid geometries of believable size."""
    assert table.geometry is not None
    shapes = table.geometry.copy()
    invalid = np.flatnonzero(~shapely.is_missing(shapes) & ~shapely.is_valid(shapes))
    refused = np.zeros(len(shapes), dtype=bool)
    for row in invalid:
        mended = _mended(shapes[row])
        if mended is None:
            refused[row] = True
            reason = str(shapely.is_valid_reason(shapes[row])).split("[")[0].lower()
            remedy = "Draw its border so that it does not cross itself"
            message = f"the polygon is not valid: {reason}"
            book.add(table.fault("invalid-geometry", message, remedy, "geometry", table.ids[row]))
            continue
        change = shapely.area(mended) - _drawn_area(shapes[row])
        message = f"an invalid polygon was mended; its area changed by {change:+.2f} m2"
        tell_repair(table, "mended-geometry", message, book, table.ids[row])
        shapes[row] = mended
    whole = replace(table, geometry=shapes).keep(~refused)
    return whole.keep(_believable(whole, book))


def _drawn_area(shape: Any) -> float:
    """Return the area as the rings were drawn: shoelace, holes subtracted."""
    return float(shapely.area(shape))


def _mended(shape: Any) -> Any:
    """Return a valid polygon of the same area, None where the drawing has no clear meaning."""
    valid = shapely.make_valid(shape, method="structure", keep_collapsed=False)
    parts = [part for part in shapely.get_parts(valid) if shapely.get_type_id(part) in (3, 6)]
    if not parts:
        return None
    mended = shapely.union_all(parts)
    after, before = shapely.area(mended), _drawn_area(shape)
    return mended if abs(after - before) <= REPAIR_SHARE * after else None


def _believable(table: Table, book: FaultBook) -> Rows:
    limits = AREA_LIMITS.get(table.layer.name)
    rows = np.ones(len(table.frame), dtype=bool)
    if limits is None or table.geometry is None:
        return rows
    area = shapely.area(table.geometry)
    polygons = shapely.get_dimensions(table.geometry) == 2
    for row in np.flatnonzero(polygons & ((area < limits[0]) | (area > limits[1]))):
        message = f"an area of {area[row]:,.1f} m2 is not believable"
        remedy = f"Between {limits[0]:,.0f} and {limits[1]:,.0f} m2 is expected; check the units"
        book.add(table.fault("absurd-size", message, remedy, "geometry", table.ids[row]))
        rows[row] = False
    return rows


def degrees_of(shapes: Shapes, plane: str) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the longitude and latitude of a point on each shape."""
    points = shapely.point_on_surface(shapes)
    return points_to_degrees(shapely.get_x(points), shapely.get_y(points), plane)
