"""Say whose ground every face is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import shapely
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components, dijkstra

from geogrid.units.site import NOBODY

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from shapely.geometry.base import BaseGeometry

    from geogrid.units.site import Site
    from geogrid.units.tessellation import Faces, Seeds


@dataclass(frozen=True, slots=True)
class Stakes:
    """What lies under the inner point of every face, as places in the site's tuples, or ``NOBODY``."""

    building: NDArray[np.int64]
    compound: NDArray[np.int64]
    land: NDArray[np.int64]


def stakes(site: Site, faces: Faces) -> Stakes:
    """Look up footprint, compound and land of every face; where several lie there the first counts.

    Among footprints one with homes comes before one without, then the smaller (a tower stands on its
    podium), then the smaller id. A door counts for its face outside compounds only.
    """
    rank = sorted(
        range(len(site.buildings)),
        key=lambda i: (site.buildings[i].households == 0, site.buildings[i].geometry.area, i),
    )
    buildings = [site.buildings[i].geometry for i in rank]
    compound = _first_around(faces, [compound.geometry for compound in site.compounds])
    footprint, door = _first_around(faces, buildings), _first_inside(faces, buildings)
    building = np.where((footprint == NOBODY) & (compound == NOBODY), door, footprint)
    return Stakes(
        building=np.array([*rank, NOBODY])[building],
        compound=compound,
        land=_first_around(faces, [piece.geometry for piece in site.land]),
    )


def _first_around(faces: Faces, geometries: list[BaseGeometry]) -> NDArray[np.int64]:
    """Return for every face the first area of ``geometries`` that its inner point lies in."""
    things = np.array(geometries, dtype=object)
    point, thing = shapely.STRtree(things).query(shapely.points(faces.inside), predicate="intersects")
    area = shapely.get_dimensions(things[thing]) == 2
    return _first(len(faces.polygons), len(things), point[area], thing[area])


def _first_inside(faces: Faces, geometries: list[BaseGeometry]) -> NDArray[np.int64]:
    """Return for every face the first point of ``geometries`` that lies in it."""
    things = np.array(geometries, dtype=object)
    points = np.where(shapely.get_dimensions(things) == 0, things, None)
    thing, face = shapely.STRtree(faces.polygons).query(points, predicate="intersects")
    return _first(len(faces.polygons), len(things), face, thing)


def _first(size: int, things: int, at: NDArray[np.int64], thing: NDArray[np.int64]) -> NDArray[np.int64]:
    first = np.full(size, things)
    np.minimum.at(first, at, thing)
    return np.where(first < things, first, NOBODY)


def pieces_of(label: NDArray[np.int64], faces: Faces) -> NDArray[np.int64]:
    """Number the connected pieces of every label; faces joined only across a hard barrier are apart."""
    link = (label[faces.a] == label[faces.b]) & (faces.open_m > 0)
    graph = coo_array((np.ones(link.sum()), (faces.a[link], faces.b[link])), shape=(len(label), len(label)))
    return np.asarray(connected_components(graph, directed=False)[1], dtype=np.int64)


def absorb(
    label: NDArray[np.int64],
    faces: Faces,
    seed_distance: NDArray[np.float64],
    *,
    over_barriers: bool = False,
) -> NDArray[np.int64]:
    """Give every face of ``NOBODY`` to the nearest labelled face, going over the ground.

    The way never crosses a hard barrier; ``over_barriers`` lets it, where there is no other.
    """
    for lengths in (faces.open_m, faces.length)[: 1 + over_barriers]:
        free = label == NOBODY
        if free.any() and not free.all():
            link = (lengths > 0) & (free[faces.a] | free[faces.b])
            label = _spread(label, faces, seed_distance, link)
    return label


def _spread(
    label: NDArray[np.int64], faces: Faces, seed_distance: NDArray[np.float64], link: NDArray[np.bool_]
) -> NDArray[np.int64]:
    a, b = faces.a[link], faces.b[link]
    far = np.hypot(*(faces.inside[a] - faces.inside[b]).T)
    near = np.where(label[a] == NOBODY, seed_distance[a], seed_distance[b])
    at_source = (label[a] == NOBODY) != (label[b] == NOBODY)
    weight = np.where(at_source, np.minimum(far, near), far) + 1e-6
    size = len(label)
    graph = coo_array((weight, (a, b)), shape=(size, size)).tocsr()
    sources = np.flatnonzero(label != NOBODY)
    distance, _, source = dijkstra(
        graph, directed=False, indices=sources, min_only=True, return_predecessors=True
    )
    reached = np.isfinite(distance)
    return np.where(reached, label[np.where(reached, source, 0)], label)


def nearest_claim(
    label: NDArray[np.int64], faces: Faces, seeds: Seeds, claim_of: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Give ground of ``NOBODY`` to the claim of its nearest seed, where the two hang together."""
    _, owner = seeds.nearest(faces.inside)
    wish = np.where(label == NOBODY, claim_of[owner], label)
    piece = pieces_of(wish, faces)
    rooted = np.zeros(piece.max() + 1, dtype=bool)
    rooted[piece[label != NOBODY]] = True
    return np.where(rooted[piece], wish, NOBODY)
