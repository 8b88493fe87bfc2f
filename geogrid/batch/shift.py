"""Suspect that a batch's positions are in another system than was said: in China that is a shift of 500 m.

Positions of residents lie at the city's doors. Where they lie several times nearer to them once they are
read as GCJ-02 (AMap, Tencent) or BD-09 (Baidu), or as plain WGS-84, the batch is told so.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.spatial import cKDTree

from geogrid.crs import BD09, GCJ02, from_wgs84, to_wgs84

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

SAMPLE = 2_000  # positions that are looked at
FEWEST = 20  # with fewer nothing is suspected
NEARER = 3.0  # how many times nearer to a door they must lie
BESIDE_M = 40.0  # ... and how near at least
METRES_A_DEGREE = 111_320.0


class ShiftWatch:
    """Looks at the first positions of a batch; ``doors`` (D, 2) in degrees, NaN where a place is unknown."""

    def __init__(self, doors: Floats | None) -> None:
        self._doors = doors
        self._seen: list[Floats] = []

    def see(self, lon: Floats, lat: Floats) -> None:
        """Take positions of the batch, read as was said: WGS-84 degrees."""
        room = SAMPLE - sum(len(some) for some in self._seen)
        if self._doors is not None and room > 0:
            self._seen.append(np.column_stack([lon, lat])[:room])

    def warning(self) -> str:
        """Return what the positions seem to be, "" where nothing speaks against what was said."""
        if self._doors is None or sum(map(len, self._seen)) < FEWEST:
            return ""
        lon, lat = np.concatenate(self._seen).T
        readings = {
            "the positions seem to be GCJ-02 (AMap, Tencent): say crs GCJ-02": to_wgs84(lon, lat, GCJ02),
            "the positions seem to be BD-09 (Baidu): say crs BD-09": to_wgs84(lon, lat, BD09),
            "the positions seem not to be shifted: say crs WGS-84": from_wgs84(lon, lat, GCJ02),
            "the positions seem not to be shifted: say crs WGS-84 ": from_wgs84(lon, lat, BD09),
        }
        away = _distances(self._doors, (lon, lat), *readings.values())
        best = int(np.argmin(away[1:])) + 1
        if away[best] > BESIDE_M or away[best] * NEARER > away[0]:
            return ""
        told = list(readings)[best - 1].strip()
        return f"{told}; read so they lie {away[best]:.0f} m from a door, as they are {away[0]:.0f} m"


def _distances(doors: Floats, *readings: tuple[Floats, Floats]) -> list[float]:
    """Return the middle distance in metres from each reading's positions to the nearest door."""
    placed = np.asarray(doors[np.isfinite(doors).all(axis=1)], dtype=np.float64)
    if not len(placed):
        return [np.inf] * len(readings)
    scale = np.array([np.cos(np.radians(placed[:, 1].mean())), 1.0]) * METRES_A_DEGREE
    tree = cKDTree(placed * scale)
    return [float(np.median(tree.query(np.column_stack(one) * scale)[0])) for one in readings]
