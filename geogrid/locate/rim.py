"""Find the nearest grid to a point that lies in none."""

from __future__ import annotations

from math import cos, inf, isfinite, radians, sin, sqrt
from typing import TYPE_CHECKING

import numpy as np

from geogrid.locate.cells import OUTSIDE
from geogrid.locate.lattice import STEPS

if TYPE_CHECKING:
    from numpy.typing import NDArray

_AXIS_M = 6_378_137.0  # WGS-84 (EPSG:7030), semi-major axis and first eccentricity squared
_ECCENTRICITY = 6.69437999014e-3


def metres_in_a_degree(lat: float) -> tuple[float, float]:
    """Return the metres in a degree of longitude and in one of latitude, from the radii of curvature."""
    bend = 1 - _ECCENTRICITY * sin(radians(lat)) ** 2
    across = _AXIS_M / sqrt(bend) * cos(radians(lat))
    along = _AXIS_M * (1 - _ECCENTRICITY) / bend**1.5
    return radians(across), radians(along)


def nearest(rim: NDArray[np.int32], *, lon: float, lat: float) -> tuple[int, float]:
    """Return the label of the nearest border to the outside and its distance in metres.

    Of equally near ones (to a micrometre) the smallest label; (-1, inf) where
    there is no rim or no such place.
    """
    if not len(rim) or not (isfinite(lon) and isfinite(lat) and abs(lon) <= 180 and abs(lat) <= 90):
        return OUTSIDE, inf
    side, foot = _nearest_side(rim, lon, lat, lat)
    # Scaled anew half-way between the two places: exact enough there, and still cheap.
    metres = _distances(rim[side], lon, lat, (lat + foot) / 2)[0]
    best = metres.min()
    return int(rim[side, 4][metres <= best + 1e-6].min()), float(best)


def _distances(
    rim: NDArray[np.int32], lon: float, lat: float, scale_at: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    scale = np.array(metres_in_a_degree(scale_at))
    here = np.array([lon, lat])
    a = (rim[:, 0:2] / STEPS - here) * scale
    way = (rim[:, 2:4] / STEPS - here) * scale - a
    share = np.clip(-(a * way).sum(axis=1) / np.maximum((way**2).sum(axis=1), 1e-12), 0.0, 1.0)
    foot = a + share[:, None] * way
    return np.hypot(foot[:, 0], foot[:, 1]), lat + foot[:, 1] / scale[1]


def _nearest_side(
    rim: NDArray[np.int32], lon: float, lat: float, scale_at: float
) -> tuple[NDArray[np.intp], float]:
    metres, foot = _distances(rim, lon, lat, scale_at)
    best = int(metres.argmin())
    return np.flatnonzero(metres <= metres[best] * 1.01 + 0.01), float(foot[best])
