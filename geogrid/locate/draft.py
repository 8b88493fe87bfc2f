"""An index that may change while it is used: a draft that somebody edits."""

from __future__ import annotations

from threading import Lock
from typing import TYPE_CHECKING

import numpy as np
import shapely
from rtree.index import Index

from geogrid.locate.cells import OUTSIDE
from geogrid.locate.lattice import snap

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray
    from shapely import MultiPolygon, Polygon


class DraftIndex:
    """Answer which polygon of a draft holds a point, while polygons come, go and move.

    The same lattice and the same border rule as :class:`PointIndex`. While polygons overlap, as a draft's
    may, the smallest label answers. rtree is not safe for threads, not even for reading, so its index and
    the lock live here and nowhere else.
    """

    def __init__(self, polygons: Mapping[int, Polygon | MultiPolygon] | None = None) -> None:
        self._lock = Lock()
        self._tree = Index()
        self._sides: dict[int, NDArray[np.int64]] = {}
        self._bounds: dict[int, tuple[float, float, float, float]] = {}
        for label, polygon in sorted((polygons or {}).items()):
            self.put(label, polygon)

    def put(self, label: int, polygon: Polygon | MultiPolygon) -> None:
        """Add the polygon, in degrees, or replace the one that has this label."""
        snapped = shapely.transform(polygon, snap)
        sides = _sides(snapped)
        with self._lock:
            self._remove(label)
            if len(sides):
                self._sides[label], self._bounds[label] = sides, snapped.bounds
                self._tree.insert(label, snapped.bounds)

    def remove(self, label: int) -> None:
        """Remove the polygon that has this label, if there is one."""
        with self._lock:
            self._remove(label)

    def _remove(self, label: int) -> None:
        if self._sides.pop(label, None) is not None:
            self._tree.delete(label, self._bounds.pop(label))

    def locate_one(self, *, lon: float, lat: float) -> int:
        """Return the label of one point, -1 outside."""
        x, y = float(snap(lon)), float(snap(lat))
        if not (np.isfinite(x) and np.isfinite(y)):
            return OUTSIDE
        with self._lock:
            near = sorted(self._tree.intersection((x, y, x, y)))
            sides = [self._sides[label] for label in near]
        holders = (label for label, some in zip(near, sides, strict=True) if _holds(some, int(x), int(y)))
        return next(holders, OUTSIDE)


def _sides(polygon: Polygon | MultiPolygon) -> NDArray[np.int64]:
    """Return the sides that do not run north, left end first: ax, ay, bx, by."""
    xy, ring = shapely.get_coordinates(shapely.get_rings(shapely.get_parts(polygon)), return_index=True)
    ends = np.hstack([xy[:-1], xy[1:]])[ring[:-1] == ring[1:]].astype(np.int64)
    left = np.where((ends[:, 0] > ends[:, 2])[:, None], ends[:, [2, 3, 0, 1]], ends)
    sloped: NDArray[np.int64] = left[left[:, 0] < left[:, 2]]
    return sloped


def _holds(sides: NDArray[np.int64], x: int, y: int) -> bool:
    """Tell whether an odd number of sides runs below the point moved by (+e, +e^2)."""
    ax, ay, bx, by = sides[(sides[:, 0] <= x) & (x < sides[:, 2])].T
    dy = by - ay
    return bool(np.count_nonzero((y - ay) * (bx - ax) >= dy * (x - ax) + (dy > 0)) % 2)
