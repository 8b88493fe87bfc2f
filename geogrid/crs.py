"""Turn degrees into metres and back; the only file that knows EPSG codes and Chinese coordinate shifts.

Inside geogrid every geometry is in metres in a city's own plane. A plane is named by any text that pyproj
reads: ``EPSG:3826``, or the PROJ string of a local transverse Mercator from ``plane_for``.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely
from pyproj import CRS, Proj, Transformer
from pyproj.exceptions import CRSError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import ArrayLike, NDArray
    from shapely import Geometry

    Floats = NDArray[np.float64]
    Shapes = NDArray[np.object_]
    Geometries = NDArray[np.object_] | Sequence[Geometry]

DEGREES = "EPSG:4326"
WEB_MERCATOR = "EPSG:3857"
CRS84 = "http://www.opengis.net/def/crs/OGC/1.3/CRS84"  # WGS-84, longitude first
EPSG_URI = "http://www.opengis.net/def/crs/EPSG/0/"

# Names of coordinates without an EPSG code, as they are written in mapping files. CGCS2000 differs from
# WGS-84 by centimetres and is taken as equal.
WGS84 = "WGS-84"
CGCS2000 = "CGCS2000"
GCJ02 = "GCJ-02"
BD09 = "BD-09"
SHIFTED = (GCJ02, BD09)

# The plain rectangle of the published algorithm; outside it nothing is shifted.
CHINA = (72.004, 0.8293, 137.8347, 55.8271)
KRASOVSKY_A = 6378245.0
KRASOVSKY_EE = 0.00669342162296594323
BD_PI = np.pi * 3000.0 / 180.0


def plane_for(lon: float, lat: float) -> str:
    """Return a transverse Mercator plane centred on a place, as a PROJ string; metres, no false origin.

    The centre is rounded to a hundredth of a degree so that small edits of the data keep the plane.
    """
    return f"+proj=tmerc +lat_0={lat:.2f} +lon_0={lon:.2f} +k=1 +x_0=0 +y_0=0 +datum=WGS84 +units=m +type=crs"


def read_crs(source: Any) -> CRS | None:
    """Return the coordinate system that a text (or another library's object) names, None if unknown.

    A system without a place on the earth (an "undefined cartesian" one) counts as unknown.
    """
    if source is None:
        return None
    return _read_text(source if isinstance(source, str) else str(source.to_wkt()))


@lru_cache(maxsize=64)
def _read_text(text: str) -> CRS | None:
    if text in (WGS84, CGCS2000, *SHIFTED):
        return CRS.from_user_input(DEGREES)
    try:
        crs = CRS.from_user_input(text)
    except CRSError:
        return None
    placed = (crs.is_geographic or crs.is_projected) and not crs.name.lower().startswith("undefined")
    return crs if placed else None


def is_metric_plane(text: str) -> bool:
    """Say whether ``text`` names a projected system in metres."""
    crs = read_crs(text)
    return crs is not None and crs.is_projected and all(axis.unit_name == "metre" for axis in crs.axis_info)


def is_degrees(source: Any) -> bool:
    """Say whether coordinates of ``source`` are longitudes and latitudes."""
    crs = read_crs(source)
    return crs is not None and crs.is_geographic


def crs_as_json(text: str) -> dict[str, Any] | None:
    """Return a system as PROJJSON, None where it is unknown."""
    crs = read_crs(text)
    return None if crs is None else dict(crs.to_json_dict())


def offered_crs(plane: str) -> dict[str, str]:
    """Return the systems that positions are published in: OGC URI -> the text that this file reads.

    A city's plane is among them where it has an EPSG code.
    """
    texts = dict.fromkeys(
        (DEGREES, "EPSG:4490", WEB_MERCATOR, *([plane] if plane.startswith("EPSG:") else []))
    )
    return {CRS84: DEGREES} | {EPSG_URI + text.removeprefix("EPSG:"): text for text in texts}


def northing_first(uri: str) -> bool:
    """Say whether the first axis of a system, as its authority orders them, points north (CRS84: never)."""
    if uri == CRS84:
        return False
    crs = _read_text("EPSG:" + uri.removeprefix(EPSG_URI))
    return crs is not None and crs.axis_info[0].direction == "north"


def areal_scale(plane: str, lon: float, lat: float) -> float:
    """Return by how much areas at a place are too large in ``plane`` (1 where they are true)."""
    return float(Proj(plane).get_factors(lon, lat).areal_scale)


@lru_cache(maxsize=32)
def _transformer(source: str, target: str) -> Transformer:
    return Transformer.from_crs(source, target, always_xy=True)


@lru_cache(maxsize=64)
def _wkt(text: str) -> str:
    crs = _read_text(text)
    if crs is None:
        raise ValueError("not a known coordinate system")
    return str(crs.to_wkt())


def _text(crs: Any) -> str:
    """Return a hashable name of a system, so that its transformer is built once."""
    return _wkt(crs if isinstance(crs, str) else str(crs.to_wkt()))


def reproject_points(x: ArrayLike, y: ArrayLike, source: Any, target: Any) -> tuple[Floats, Floats]:
    """Turn coordinates of ``source`` into ``target``; x is east or longitude in both.

    ``source`` may be GCJ-02 or BD-09. Points that cannot be projected come out as infinity.
    """
    east, north = np.asarray(x, dtype=np.float64), np.asarray(y, dtype=np.float64)
    if isinstance(source, str) and source in SHIFTED:
        east, north = to_wgs84(lon=east, lat=north, crs=source)
    found = _transformer(_text(source), _text(target)).transform(east, north)
    return np.asarray(found[0], dtype=np.float64), np.asarray(found[1], dtype=np.float64)


def reproject(geometries: Geometries, source: Any, target: Any) -> Shapes:
    """Turn an array of shapely geometries of ``source`` into ``target``, vertex by vertex.

    Every vertex is moved on its own, so borders that two geometries share stay shared.
    """

    def move(points: Floats) -> Floats:
        return np.column_stack(reproject_points(points[:, 0], points[:, 1], source, target))

    return _move(geometries, move)


def _move(geometries: Geometries, move: Callable[[Floats], Floats]) -> Shapes:
    shapes = np.asarray(geometries, dtype=object)
    moved = shapely.transform(np.atleast_1d(shapes), move)
    return np.asarray(moved, dtype=object).reshape(shapes.shape)


def to_metres(geometries: Geometries, plane: str) -> Shapes:
    """Turn shapely geometries in WGS-84 degrees into metres in ``plane``."""
    return reproject(geometries, DEGREES, plane)


def to_degrees(geometries: Geometries, plane: str) -> Shapes:
    """Turn shapely geometries in metres in ``plane`` into WGS-84 degrees."""
    return reproject(geometries, plane, DEGREES)


def points_to_metres(lon: ArrayLike, lat: ArrayLike, plane: str) -> tuple[Floats, Floats]:
    """Turn WGS-84 degrees into (x, y) in metres in ``plane``."""
    return reproject_points(lon, lat, DEGREES, plane)


def points_to_degrees(x: ArrayLike, y: ArrayLike, plane: str) -> tuple[Floats, Floats]:
    """Turn metres in ``plane`` into WGS-84 (lon, lat) in degrees."""
    return reproject_points(x, y, plane, DEGREES)


def to_wgs84(lon: ArrayLike, lat: ArrayLike, crs: str = GCJ02) -> tuple[Floats, Floats]:
    """Turn GCJ-02, BD-09, CGCS2000 or WGS-84 degrees into WGS-84, exactly to about 1e-9 degree.

    :raises ValueError: ``crs`` is none of the four.
    """
    lon_in, lat_in = _floats(lon, lat)
    if crs == GCJ02:
        return _gcj_to_wgs(lon_in, lat_in)
    if crs == BD09:
        return _gcj_to_wgs(*_fixed_point(_gcj_to_bd, lon_in, lat_in))
    _must_be_plain(crs)
    return lon_in, lat_in


def from_wgs84(lon: ArrayLike, lat: ArrayLike, crs: str = GCJ02) -> tuple[Floats, Floats]:
    """Turn WGS-84 degrees into GCJ-02, BD-09, CGCS2000 or WGS-84.

    :raises ValueError: ``crs`` is none of the four.
    """
    lon_in, lat_in = _floats(lon, lat)
    if crs == GCJ02:
        return _wgs_to_gcj(lon_in, lat_in)
    if crs == BD09:
        return _gcj_to_bd(*_wgs_to_gcj(lon_in, lat_in))
    _must_be_plain(crs)
    return lon_in, lat_in


def _floats(lon: ArrayLike, lat: ArrayLike) -> tuple[Floats, Floats]:
    return np.asarray(lon, dtype=np.float64), np.asarray(lat, dtype=np.float64)


def _must_be_plain(crs: str) -> None:
    if crs not in (WGS84, CGCS2000):
        raise ValueError(f"unknown coordinates {crs!r}: say WGS-84, CGCS2000, GCJ-02 or BD-09")


def _in_china(lon: Floats, lat: Floats) -> NDArray[np.bool_]:
    west, south, east, north = CHINA
    return np.asarray((lon >= west) & (lon <= east) & (lat >= south) & (lat <= north))


def _wgs_to_gcj(lon: Floats, lat: Floats) -> tuple[Floats, Floats]:
    shifted = _shift(lon, lat)
    inside = _in_china(lon, lat)
    return np.where(inside, shifted[0], lon), np.where(inside, shifted[1], lat)


def _gcj_to_wgs(lon: Floats, lat: Floats) -> tuple[Floats, Floats]:
    # The rectangle is tested on the answer, as the forward way tests its argument.
    found = _fixed_point(_shift, lon, lat)
    inside = _in_china(*found)
    return np.where(inside, found[0], lon), np.where(inside, found[1], lat)


def _fixed_point(
    forward: Callable[[Floats, Floats], tuple[Floats, Floats]], lon: Floats, lat: Floats
) -> tuple[Floats, Floats]:
    """Invert a small smooth shift; each round gains more than two digits, so eight reach float precision."""
    x, y = lon, lat
    for _ in range(8):
        east, north = forward(x, y)
        x, y = x + (lon - east), y + (lat - north)
    return x, y


@np.errstate(over="ignore", invalid="ignore", divide="ignore")  # of far outside China nothing is kept
def _shift(lon: Floats, lat: Floats) -> tuple[Floats, Floats]:
    """Apply the GCJ-02 obfuscation as published (the "eviltransform" constants)."""
    x, y = lon - 105.0, lat - 35.0
    root = np.sqrt(np.abs(x))
    ripple = (20.0 * np.sin(6.0 * np.pi * x) + 20.0 * np.sin(2.0 * np.pi * x)) * 2.0 / 3.0
    north = -100.0 + 2.0 * x + 3.0 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * root + ripple
    north += (20.0 * np.sin(np.pi * y) + 40.0 * np.sin(np.pi / 3.0 * y)) * 2.0 / 3.0
    north += (160.0 * np.sin(np.pi / 12.0 * y) + 320.0 * np.sin(np.pi / 30.0 * y)) * 2.0 / 3.0
    east = 300.0 + x + 2.0 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * root + ripple
    east += (20.0 * np.sin(np.pi * x) + 40.0 * np.sin(np.pi / 3.0 * x)) * 2.0 / 3.0
    east += (150.0 * np.sin(np.pi / 12.0 * x) + 300.0 * np.sin(np.pi / 30.0 * x)) * 2.0 / 3.0
    phi = np.radians(lat)
    magic = 1.0 - KRASOVSKY_EE * np.sin(phi) ** 2
    metres_lat = KRASOVSKY_A * (1.0 - KRASOVSKY_EE) / (magic * np.sqrt(magic))
    metres_lon = KRASOVSKY_A / np.sqrt(magic) * np.cos(phi)
    return lon + np.degrees(east / metres_lon), lat + np.degrees(north / metres_lat)


def _gcj_to_bd(lon: Floats, lat: Floats) -> tuple[Floats, Floats]:
    radius = np.hypot(lon, lat) + 0.00002 * np.sin(lat * BD_PI)
    angle = np.arctan2(lat, lon) + 0.000003 * np.cos(lon * BD_PI)
    return radius * np.cos(angle) + 0.0065, radius * np.sin(angle) + 0.006
