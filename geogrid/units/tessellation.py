"""Cut a community's ground into small faces that a unit's border may follow.

All lines that matter (the outline, compounds, footprints, hard barriers, land, and the Voronoi lines
between buildings) are noded together and polygonised once, so every face shares its vertices with its
neighbours and any labelling of the faces is an exact coverage. After Hamaina, Leduc and Moreau (2012),
"Towards urban fabrics characterization based on buildings footprints", and Fleischmann and others (2020),
"Morphological tessellation as a way of partitioning space".
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import shapely
from scipy.spatial import cKDTree

from geogrid.coverage import borders

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray
    from shapely.geometry.base import BaseGeometry

    from geogrid.units.site import Site

SEED_STEP_M = 4.0
OPEN_M = 30.0  # ground farther than this from any compound or building is open
OPEN_STEP_M = 25.0
OVERSHOOT_M = 0.5


@dataclass(frozen=True, slots=True)
class Seeds:
    """Points whose Voronoi cells cut the ground; ``owner`` says whose point it is (see ``Faces``)."""

    xy: NDArray[np.float64]
    owner: NDArray[np.int64]

    def nearest(self, points: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
        """Return for each point the distance to the nearest seed, and its owner."""
        if not len(self.xy):
            return np.full(len(points), np.inf), np.full(len(points), -1)
        distance, index = cKDTree(self.xy).query(points)
        return distance, self.owner[index]


@dataclass(frozen=True, slots=True)
class Faces:
    """The faces and their neighbourhood.

    ``inside`` is a point in each face. ``a``, ``b``, ``open_m``: neighbouring faces and the metres of their
    border that do not lie on a hard barrier.
    """

    polygons: NDArray[np.object_]
    inside: NDArray[np.float64]
    a: NDArray[np.int64]
    b: NDArray[np.int64]
    length: NDArray[np.float64]
    open_m: NDArray[np.float64]


def seeds_of(geometries: Sequence[BaseGeometry], owners: Sequence[int]) -> Seeds:
    """Place seeds along the outlines of ``geometries``, at most ``SEED_STEP_M`` apart; a point is its own seed."""
    dense = shapely.segmentize(np.asarray(geometries, dtype=object), SEED_STEP_M)
    xy, index = shapely.get_coordinates(dense, return_index=True)
    return _unique(np.round(xy, 3), np.asarray(owners, dtype=np.int64)[index])


def _unique(xy: NDArray[np.float64], owner: NDArray[np.int64]) -> Seeds:
    if not len(xy):
        return Seeds(xy.reshape(0, 2), owner)
    order = np.lexsort((owner, xy[:, 1], xy[:, 0]))
    xy, owner = xy[order], owner[order]
    first = np.ones(len(xy), dtype=bool)
    first[1:] = (xy[1:] != xy[:-1]).any(axis=1)
    return Seeds(xy[first], owner[first])


def with_open_ground(seeds: Seeds, region: BaseGeometry, owner: int) -> Seeds:
    """Add a triangular lattice of seeds on the part of ``region`` that lies far from every seed."""
    if region.is_empty:
        return seeds
    x0, y0, x1, y1 = region.bounds
    rows = np.arange(np.floor(y0 / OPEN_STEP_M), np.ceil(y1 / OPEN_STEP_M))
    columns = np.arange(np.floor(x0 / OPEN_STEP_M), np.ceil(x1 / OPEN_STEP_M))
    row, column = np.meshgrid(rows, columns, indexing="ij")
    lattice = np.column_stack(
        [((column + 0.5 * (row % 2)) * OPEN_STEP_M).ravel(), (row * OPEN_STEP_M).ravel()]
    )
    distance, _ = seeds.nearest(lattice)
    shapely.prepare(region)
    far = lattice[(distance > OPEN_M) & shapely.contains_xy(region, lattice)]
    return _unique(np.vstack([seeds.xy, far]), np.concatenate([seeds.owner, np.full(len(far), owner)]))


def voronoi_lines(seeds: Seeds, region: BaseGeometry, keep: NDArray[np.bool_] | None = None) -> BaseGeometry:
    """Return the lines between cells of different owners inside ``region``, a little over its border.

    Lines between two cells of one owner are kept where ``keep[owner]`` is True.
    """
    if len(seeds.xy) < 2 or region.is_empty:
        return shapely.MultiLineString()
    cells = shapely.voronoi_polygons(
        shapely.MultiPoint(seeds.xy), extend_to=region.envelope.buffer(50.0), ordered=True
    )
    shared = borders(shapely.get_parts(cells))
    first, second = seeds.owner[shared.a], seeds.owner[shared.b]
    wanted = first != second
    if keep is not None:
        wanted |= keep[first]
    lines = shapely.linestrings(shared.segments[wanted].reshape(-1, 2, 2))
    around = region.buffer(OVERSHOOT_M)
    shapely.prepare(around)
    lines = lines[shapely.intersects(around, lines)]
    return shapely.multilinestrings(lines).intersection(around) if len(lines) else shapely.MultiLineString()


def faces_between(lines: Sequence[BaseGeometry], site: Site) -> Faces:
    """Node ``lines`` with the outline and return the faces inside the community."""
    noded = shapely.unary_union([site.outline.boundary, *lines])
    polygons = np.array(shapely.get_parts(shapely.polygonize([noded])), dtype=object)
    inside = shapely.get_coordinates(shapely.point_on_surface(polygons))
    shapely.prepare(site.outline)
    kept = shapely.contains_xy(site.outline, inside)
    polygons, inside = polygons[kept], inside[kept]
    order = np.lexsort((inside[:, 1], inside[:, 0]))
    polygons, inside = polygons[order], inside[order]
    shared = borders(polygons)
    pairs, pair_of = np.unique(shared.a * len(polygons) + shared.b, return_inverse=True)
    free = shared.length * ~_on_barrier(shared.midpoints(), site)
    return Faces(
        polygons=polygons,
        inside=inside,
        a=pairs // len(polygons),
        b=pairs % len(polygons),
        length=np.bincount(pair_of, weights=shared.length, minlength=len(pairs)),
        open_m=np.bincount(pair_of, weights=free, minlength=len(pairs)),
    )


def _on_barrier(points: NDArray[np.float64], site: Site) -> NDArray[np.bool_]:
    hit = np.zeros(len(points), dtype=bool)
    lines = barrier_lines(site)
    if lines and len(points):
        tree = shapely.STRtree(shapely.points(points))
        hit[tree.query(lines, predicate="dwithin", distance=1e-3)[1]] = True
    return hit


def barrier_lines(site: Site) -> list[BaseGeometry]:
    """Return the line of every hard barrier: itself, or the middle of an area."""
    return [
        middle_of(barrier.geometry) if shapely.get_dimensions(barrier.geometry) == 2 else barrier.geometry
        for barrier in site.barriers
    ]


def middle_of(area: BaseGeometry) -> BaseGeometry:
    """Draw the middle line of a long area, as a river: the ridge between points of opposite banks.

    Two points lie on opposite banks where the way along the outline is at least four times the way across;
    or they lie on two rings.
    """
    lines = []
    for part in shapely.get_parts(area):
        rings = shapely.segmentize(shapely.get_rings(part), SEED_STEP_M)
        xy, ring = shapely.get_coordinates(rings, return_index=True)
        step = np.hypot(*np.diff(xy, axis=0, prepend=xy[:1]).T)
        along = np.cumsum(np.where(np.diff(ring, prepend=ring[:1]) == 0, step, 0.0))
        seeds = _unique(np.round(xy, 3), np.arange(len(xy)))
        cells = shapely.voronoi_polygons(shapely.MultiPoint(seeds.xy), ordered=True)
        shared = borders(shapely.get_parts(cells))
        one, other = seeds.owner[shared.a], seeds.owner[shared.b]
        way = np.abs(along[one] - along[other])
        way = np.minimum(way, shapely.length(rings)[ring[one]] - way)
        across = np.hypot(*(xy[one] - xy[other]).T)
        ridge = (ring[one] != ring[other]) | (way > 4 * across)
        ridges = shapely.linestrings(shared.segments[ridge].reshape(-1, 2, 2))
        shapely.prepare(part)
        lines += ridges[shapely.intersects(part, ridges)].tolist()
    return shapely.intersection(shapely.union_all(lines), area)
