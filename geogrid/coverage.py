"""Read the borders of an exact coverage: polygons that share every vertex of their common borders."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import shapely

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray
    from shapely.geometry.base import BaseGeometry


@dataclass(frozen=True, slots=True)
class Borders:
    """Every segment that two polygons of a coverage share, and every segment that only one has.

    ``a`` and ``b`` are polygon indices with a < b; ``segments`` has one row ``x0, y0, x1, y1`` each;
    ``length`` is in the unit of the coordinates. ``outer`` holds the unshared segments, in the direction of
    their ring.
    """

    a: NDArray[np.int64]
    b: NDArray[np.int64]
    segments: NDArray[np.float64]
    length: NDArray[np.float64]
    outer: NDArray[np.float64]

    def midpoints(self) -> NDArray[np.float64]:
        """Return the middle of every shared segment, one row ``x, y`` each."""
        return (self.segments[:, :2] + self.segments[:, 2:]) / 2


def borders(polygons: Sequence[BaseGeometry] | NDArray[np.object_]) -> Borders:
    """Match the segments of ``polygons`` (Polygon or MultiPolygon) by their exact end points."""
    segments, owner = _segments(np.asarray(polygons, dtype=object))
    flip = (segments[:, 0] > segments[:, 2]) | (
        (segments[:, 0] == segments[:, 2]) & (segments[:, 1] > segments[:, 3])
    )
    keys = np.where(flip[:, None], segments[:, [2, 3, 0, 1]], segments)
    order = np.lexsort((owner, keys[:, 3], keys[:, 2], keys[:, 1], keys[:, 0]))
    sorted_keys = keys[order]
    twin = np.flatnonzero((sorted_keys[1:] == sorted_keys[:-1]).all(axis=1))
    first, second = order[twin], order[twin + 1]
    single = np.ones(len(keys), dtype=bool)
    single[first] = single[second] = False
    real = owner[first] != owner[second]
    first, second = first[real], second[real]
    shared = keys[first]
    return Borders(
        a=owner[first],
        b=owner[second],
        segments=shared,
        length=np.hypot(shared[:, 2] - shared[:, 0], shared[:, 3] - shared[:, 1]),
        outer=segments[single],
    )


def _segments(polygons: NDArray[np.object_]) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    parts, part_of = shapely.get_parts(polygons, return_index=True)
    rings, ring_of = shapely.get_rings(parts, return_index=True)
    xy, vertex_of = shapely.get_coordinates(rings, return_index=True)
    along = vertex_of[1:] == vertex_of[:-1]
    segments = np.hstack([xy[:-1][along], xy[1:][along]]) + 0.0  # -0.0 and 0.0 become one key
    return segments, part_of[ring_of[vertex_of[:-1][along]]]
