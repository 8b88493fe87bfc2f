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


def barrier_lines(barriers: Sequence[Barrier]) -> list[BaseGeometry]:
    """Return the middle lines of ``barriers``: a line alone is its own, twins and areas get a new one.

    Land between two carriageways would be a strip without access; one line leaves each side its half.
    """
    lines: list[BaseGeometry] = []
    for kind in sorted({barrier.kind for barrier in barriers}):
        geometries = np.array([b.geometry for b in barriers if b.kind is kind], dtype=object)
        area = shapely.get_dimensions(geometries) == 2
        lines += [middle_of(geometry) for geometry in geometries[area]]
        lines += _middles(geometries[~area])
    return [line for line in lines if not line.is_empty]


def _middles(lines: NDArray[np.object_]) -> list[BaseGeometry]:
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
        middles.append(
            own[0] if len(own) == 1 else middle_of(shapely.buffer(shapely.union_all(own), TWIN_M / 2))
        )
    return middles


def middle_of(area: BaseGeometry) -> BaseGeometry:
    """Draw the middle line of a long area, as a river: the ridge between points of opposite banks.

    Two points lie on opposite banks where the way along the outline is at least four times the way across;
    or they lie on two rings.
    """
    lines: list[BaseGeometry] = []
    for part in shapely.get_parts(area):
        rings = shapely.segmentize(shapely.get_rings(part), BANK_STEP_M)
        xy, ring = shapely.get_coordinates(rings, return_index=True)
        xy, first = np.unique(np.round(xy, 3), axis=0, return_index=True)
        along, ring = _way_along(rings)[first], ring[first]
        cells = shapely.voronoi_polygons(shapely.MultiPoint(xy), ordered=True)
        shared = borders(shapely.get_parts(cells))
        way = np.abs(along[shared.a] - along[shared.b])
        way = np.minimum(way, shapely.length(rings)[ring[shared.a]] - way)
        across = np.hypot(*(xy[shared.a] - xy[shared.b]).T)
        ridge = (ring[shared.a] != ring[shared.b]) | (way > 4 * across)
        segments = shapely.linestrings(shared.segments[ridge].reshape(-1, 2, 2))
        shapely.prepare(part)
        lines += list(segments[shapely.intersects(part, segments)])
    return shapely.intersection(shapely.union_all(lines), area)


def _way_along(rings: NDArray[np.object_]) -> NDArray[np.float64]:
    """Return for every vertex of the rings the way from its ring's start, in metres."""
    ways = []
    for ring in rings:
        steps = np.hypot(*np.diff(shapely.get_coordinates(ring), axis=0).T)
        ways.append(np.concatenate([[0.0], np.cumsum(steps)]))
    return np.concatenate(ways)
