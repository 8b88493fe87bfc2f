"""Suspect obfuscated (GCJ-02, BD-09) or swapped coordinates, by how much better they fit if undone."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import shapely

from geogrid.boundaries.relate import distance_to, inner_points, owners_by_place
from geogrid.crs import BD09, GCJ02, from_wgs84, points_to_degrees, points_to_metres, to_wgs84
from geogrid.errors import Severity

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from geogrid.boundaries.columns import Table
    from geogrid.boundaries.faults import FaultBook

    Floats = NDArray[np.float64]
    Move = Callable[[Floats, Floats], tuple[Floats, Floats]]

SAMPLE = 2_000
# So many points must be wrong as they are, and right if undone, to suspect a whole layer.
WRONG_AS_READ = 0.6
RIGHT_IF_UNDONE = 0.8
LEAST_GAIN = 0.3
# A point belongs to a stated owner that is no farther away than this (m); the offset is about ten times that.
BESIDE_M = 40.0


@dataclass(frozen=True, slots=True)
class Suspicion:
    """A way in which coordinates may have been spoilt, and how to undo it (in degrees)."""

    rule: str
    message: str
    remedy: str
    undo: Move


SUSPICIONS = (
    Suspicion(
        "shifted-coordinates",
        "the coordinates seem to be GCJ-02 (AMap, Tencent), not WGS-84",
        'Say so in city.toml: crs = "GCJ-02"',
        lambda lon, lat: to_wgs84(lon=lon, lat=lat, crs=GCJ02),
    ),
    Suspicion(
        "shifted-coordinates",
        "the coordinates seem to be BD-09 (Baidu), not WGS-84",
        'Say so in city.toml: crs = "BD-09"',
        lambda lon, lat: to_wgs84(lon=lon, lat=lat, crs=BD09),
    ),
    Suspicion(
        "shifted-coordinates",
        "the areas that these lie in seem to be GCJ-02 (AMap, Tencent), not WGS-84",
        'Say so of those layers in city.toml: crs = "GCJ-02"',
        lambda lon, lat: from_wgs84(lon=lon, lat=lat, crs=GCJ02),
    ),
    Suspicion(
        "swapped-coordinates",
        "longitude and latitude seem to be swapped",
        "Write the longitude first, or export the layer anew",
        lambda lon, lat: (lat, lon),
    ),
)


def tell_shift(table: Table, column: str, owners: Table, plane: str, book: FaultBook) -> bool:
    """Tell a layer whose places fit their owners only if an obfuscation is undone; return whether it was.

    ``column`` states the owners; where no row states one, any owner will do. Coordinates whose system
    ``city.toml`` declares are only warned of.
    """
    located = table.keep(~shapely.is_missing(table.shapes))
    stated = located.frame[column].isin(set(owners.ids)).to_numpy(dtype=bool)
    chosen = located.keep(stated) if stated.any() else located
    if not len(chosen.frame):
        return False
    chosen = chosen.keep(np.arange(len(chosen.frame)) % -(-len(chosen.frame) // SAMPLE) == 0)
    points = inner_points(chosen)
    x, y = shapely.get_x(points), shapely.get_y(points)

    def share(east: Floats, north: Floats) -> float:
        places = np.asarray(shapely.points(east, north))
        if stated.any():
            away = distance_to(places, chosen.texts(column), owners)
            return float((away <= BESIDE_M).mean())
        return float((owners_by_place(places, owners) != "").mean())

    as_read = share(x, y)
    if as_read > WRONG_AS_READ:
        return False
    lon, lat = points_to_degrees(x, y, plane)
    for suspicion in SUSPICIONS:
        undone = share(*_finite(*points_to_metres(*suspicion.undo(lon, lat), plane)))
        if undone >= RIGHT_IF_UNDONE and undone >= as_read + LEAST_GAIN:
            _tell(table, suspicion, as_read, undone, book)
            return True
    return False


def _finite(x: Floats, y: Floats) -> tuple[Floats, Floats]:
    return np.nan_to_num(x, posinf=0, neginf=0), np.nan_to_num(y, posinf=0, neginf=0)


def _tell(table: Table, suspicion: Suspicion, as_read: float, undone: float, book: FaultBook) -> None:
    message = f"{suspicion.message}: {as_read:.0%} of them fit as they are, {undone:.0%} if undone"
    fault = table.fault(suspicion.rule, message, suspicion.remedy, field="crs")
    book.add(replace(fault, severity=Severity.WARNING) if table.crs_stated else fault)
