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
from geogrid.units.site import NOBODY

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray
    from shapely.geometry.base import BaseGeometry

    from geogrid.units.site import Site

SEED_STEP_M = 4.0  # between seeds on the outlines of compounds
WALL_STEP_M = 2.0  # between seeds on the walls of buildings
OVERSHOOT_M = 0.5
LATTICE_M = 1e-5  # lines are noded on this lattice, so that no two of them cross unseen


@dataclass(frozen=True, slots=True)
class Seeds:
    """Points whose Voronoi cells cut the ground; ``owner`` numbers whose point each is."""

    xy: NDArray[np.float64]
    owner: NDArray[np.int64]

    def nearest(self, points: NDArray[np.float64]) -> NDArray[np.int64]:
        """Return for each point the owner of the nearest seed, ``NOBODY`` where there is no seed."""
        if not len(self.xy):
            return np.full(len(points), NOBODY)
        return self.owner[np.asarray(cKDTree(self.xy).query(points)[1])]

    def of(self, wanted: NDArray[np.bool_]) -> Seeds:
        """Return the seeds whose owner is ``wanted``, a flag for every owner."""
        kept = wanted[self.owner]
        return Seeds(self.xy[kept], self.owner[kept])


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


def seeds_of(geometries: Sequence[BaseGeometry], owners: Sequence[int], step: float = SEED_STEP_M) -> Seeds:
    """Place seeds along the outlines of ``geometries``, at most ``step`` apart; a point is its own seed."""
    dense = shapely.segmentize(np.asarray(geometries, dtype=object), step)
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


def faces_between(lines: Sequence[BaseGeometry], barriers: Sequence[BaseGeometry], site: Site) -> Faces:
    """Node all lines with the outline; return the faces in the community, told apart by ``barriers``."""
    noded = shapely.union_all([site.outline.boundary, *lines, *barriers], grid_size=LATTICE_M)
    polygons = np.array(shapely.get_parts(shapely.polygonize([noded])), dtype=object)
    inside = shapely.get_coordinates(shapely.point_on_surface(polygons))
    shapely.prepare(site.outline)
    kept = shapely.contains_xy(site.outline, inside)
    polygons, inside = polygons[kept], inside[kept]
    order = np.lexsort((inside[:, 1], inside[:, 0]))
    polygons, inside = polygons[order], inside[order]
    shared = borders(polygons)
    pairs, pair_of = np.unique(shared.a * len(polygons) + shared.b, return_inverse=True)
    free = shared.length * ~_on_any(barriers, shared.midpoints())
    return Faces(
        polygons=polygons,
        inside=inside,
        a=pairs // len(polygons),
        b=pairs % len(polygons),
        length=np.bincount(pair_of, weights=shared.length, minlength=len(pairs)).astype(np.float64),
        open_m=np.bincount(pair_of, weights=free, minlength=len(pairs)).astype(np.float64),
    )


def _on_any(lines: Sequence[BaseGeometry], points: NDArray[np.float64]) -> NDArray[np.bool_]:
    hit = np.zeros(len(points), dtype=bool)
    if lines and len(points):
        tree = shapely.STRtree(np.atleast_1d(np.asarray(shapely.points(points), dtype=object)))
        hit[tree.query(lines, predicate="dwithin", distance=1e-3)[1]] = True
    return hit
