"""Tell which buildings stand in a row or around a courtyard: neighbours that a group should not part.

Two buildings stand in a row where their long sides run alike and one continues the other, with a short gap
between. A courtyard is open ground that buildings with short gaps enclose.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import shapely

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Pairs = NDArray[np.int64]

ROW_GAP_M = 15.0
TURN_DEG = 15.0
OVERLAP = 0.5  # of the narrower building, seen along the row
LONG = 1.2  # a side is long where it is so many times the other
COURT_GAP_M = 12.0
COURT_MIN_M2 = 100.0
COURT_MAX_M2 = 10_000.0


def row_pairs(footprints: NDArray[np.object_]) -> Pairs:
    """Return the pairs (m, 2) of buildings that continue each other in a row; points are in none."""
    areas = np.flatnonzero(shapely.get_dimensions(footprints) == 2)
    if len(areas) < 2:
        return np.zeros((0, 2), np.int64)
    shapes = footprints[areas]
    centre, axis, half = _frames(shapes)
    a, b = shapely.STRtree(shapes).query(shapes, predicate="dwithin", distance=ROW_GAP_M)
    a, b = a[a < b], b[a < b]
    alike = np.abs((axis[a] * axis[b]).sum(axis=1)) >= np.cos(np.radians(TURN_DEG))
    slender = (half[a, 0] >= LONG * half[a, 1]) & (half[b, 0] >= LONG * half[b, 1])
    step = centre[b] - centre[a]
    along = np.abs((step * axis[a]).sum(axis=1))
    aside = np.abs(step[:, 0] * axis[a, 1] - step[:, 1] * axis[a, 0])
    common = half[a, 1] + half[b, 1] - aside
    narrow = 2 * np.minimum(half[a, 1], half[b, 1])
    beyond = along >= 0.8 * (half[a, 0] + half[b, 0])
    kept = alike & slender & beyond & (common >= OVERLAP * narrow)
    return np.column_stack([areas[a[kept]], areas[b[kept]]])


def _frames(shapes: NDArray[np.object_]) -> tuple[NDArray[np.float64], ...]:
    """Return of each shape the centre, the direction of its long side, and half its length and width."""
    frames = shapely.oriented_envelope(shapes)
    corners = np.array([shapely.get_coordinates(frame)[:3] for frame in frames])
    one, other = corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 1]
    lengths = np.column_stack([np.hypot(*one.T), np.hypot(*other.T)])
    long = np.where((lengths[:, 0] >= lengths[:, 1])[:, None], one, other)
    size = np.sort(lengths, axis=1)[:, ::-1] / 2
    direction = long / np.maximum(np.hypot(*long.T), 1e-9)[:, None]
    return (corners[:, 0] + corners[:, 2]) / 2, direction, size


def courtyards(footprints: NDArray[np.object_]) -> list[NDArray[np.int64]]:
    """Return the buildings around each courtyard, two at least."""
    areas = np.flatnonzero(shapely.get_dimensions(footprints) == 2)
    if len(areas) < 2:
        return []
    shapes = footprints[areas]
    reach = COURT_GAP_M / 2
    grown = shapely.union_all(shapely.buffer(shapes, reach, join_style="mitre"))
    rings = [ring for part in shapely.get_parts(grown) for ring in part.interiors]
    found = []
    for ring in rings:
        court = shapely.buffer(shapely.polygons(ring), reach, join_style="mitre")
        if COURT_MIN_M2 <= court.area <= COURT_MAX_M2:
            around = np.flatnonzero(shapely.dwithin(shapes, court, 1.0))
            if len(around) > 1:
                found.append(areas[around])
    return found


def court_pairs(footprints: NDArray[np.object_]) -> Pairs:
    """Return all pairs (m, 2) of buildings around one courtyard."""
    pairs = [(int(i), int(j)) for court in courtyards(footprints) for i in court for j in court if i < j]
    return np.array(sorted(set(pairs)), np.int64).reshape(-1, 2)
