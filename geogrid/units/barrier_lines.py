"""Draw one middle line for every hard barrier."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import shapely
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from geogrid.coverage import borders

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray
    from shapely.geometry.base import BaseGeometry

    from geogrid.model import Barrier

TWIN_M = 30.0  # the two carriageways of an expressway, or two tracks, lie nearer than this
BANK_STEP_M = 4.0
BEND = 2.2


def barrier_lines(barriers: Sequence[Barrier], ground: BaseGeometry) -> list[BaseGeometry]:
    """Return the middle lines of ``barriers`` on ``ground``; a line without a twin is its own.

    Land between two carriageways would be a strip without access; one line leaves each side its half.
    """
    lines: list[BaseGeometry] = []
    for kind in sorted({barrier.kind for barrier in barriers}):
        geometries = np.array([b.geometry for b in barriers if b.kind is kind], dtype=object)
        area = shapely.get_dimensions(geometries) == 2
        lines += [middle_of(geometry, ground) for geometry in geometries[area]]
        lines += _middles(geometries[~area], ground)
    return [line for line in lines if not line.is_empty]


def _middles(lines: NDArray[np.object_], ground: BaseGeometry) -> list[BaseGeometry]:
    """Join the lines end to end, and replace those that run side by side by the line between them."""
    if not len(lines):
        return []
    merged = shapely.get_parts(shapely.line_merge(shapely.union_all(lines)))
    one, other = shapely.STRtree(merged).query(merged, predicate="dwithin", distance=TWIN_M)
    near = coo_array((np.ones(len(one)), (one, other)), shape=(len(merged), len(merged)))
    count, bundle = connected_components(near, directed=False)
    middles = []
    for number in range(count):
        own = merged[bundle == number]
        road = shapely.buffer(shapely.union_all(own), TWIN_M / 2)
        middles.append(own[0] if len(own) == 1 else middle_of(road, ground))
    return middles


def middle_of(area: BaseGeometry, ground: BaseGeometry) -> BaseGeometry:
    """Draw the middle line of a long area on ``ground``, as a river: the ridge between its banks.

    The outline of the area inside the ground is its banks. Two points face each other where they are on
    different banks, or where the way along the bank is more than ``BEND`` times the way across: around a
    corner of 60 degrees it is twice as long. A pond has no middle line.
    """
    here = shapely.intersection(area, ground)
    shore = shapely.difference(shapely.boundary(here), shapely.buffer(ground.boundary, 0.01))
    banks = shapely.segmentize(shapely.get_parts(shapely.line_merge(shore)), BANK_STEP_M)
    xy, bank = shapely.get_coordinates(banks, return_index=True)
    if len(xy) < 3:
        return shapely.LineString()
    along = np.concatenate([_way_along(line) for line in banks])
    xy, first = np.unique(np.round(xy, 3), axis=0, return_index=True)
    along, bank = along[first], bank[first]
    cells = shapely.voronoi_polygons(shapely.MultiPoint(xy), extend_to=here, ordered=True)
    shared = borders(shapely.get_parts(cells))
    way = np.abs(along[shared.a] - along[shared.b])
    closed, length = np.asarray(shapely.is_closed(banks)), np.asarray(shapely.length(banks))
    around = np.where(closed, length, np.inf)[bank[shared.a]]
    way = np.minimum(way, around - way)
    across = np.hypot(*(xy[shared.a] - xy[shared.b]).T)
    ridge = (bank[shared.a] != bank[shared.b]) | (way > BEND * across)
    segments = shapely.linestrings(shared.segments[ridge].reshape(-1, 2, 2))
    return shapely.intersection(shapely.union_all(segments), shapely.buffer(here, 0.5))


def _way_along(line: BaseGeometry) -> NDArray[np.float64]:
    """Return for every vertex of a line the way from its start, in metres."""
    steps = np.hypot(*np.diff(shapely.get_coordinates(line), axis=0).T)
    return np.concatenate([[0.0], np.cumsum(steps)])
