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
    from collections.abc import Sequence

    from numpy.typing import NDArray
    from shapely.geometry.base import BaseGeometry

    from geogrid.units.site import Site
    from geogrid.units.tessellation import Faces


@dataclass(frozen=True, slots=True)
class Stakes:
    """What lies under the inner point of every face, as places in the site's tuples, or ``NOBODY``.

    ``at`` is the other way round: the face at the inner point of every building, ``NOBODY`` outside them all;
    on a border of faces the first.
    """

    building: NDArray[np.int64]
    compound: NDArray[np.int64]
    land: NDArray[np.int64]
    at: NDArray[np.int64]


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
    inner = shapely.point_on_surface(np.array([b.geometry for b in site.buildings], dtype=object))
    place, face = shapely.STRtree(faces.polygons).query(inner, predicate="intersects")
    return Stakes(
        building=np.array([*rank, NOBODY])[building],
        compound=compound,
        land=_first_around(faces, [piece.geometry for piece in site.land]),
        at=_first(len(inner), len(faces.polygons), place, face),
    )


def _first_around(faces: Faces, geometries: Sequence[BaseGeometry]) -> NDArray[np.int64]:
    """Return for every face the first area of ``geometries`` that its inner point lies in."""
    things = np.array(geometries, dtype=object)
    point, thing = shapely.STRtree(things).query(shapely.points(faces.inside), predicate="intersects")
    area = shapely.get_dimensions(things[thing]) == 2
    return _first(len(faces.polygons), len(things), point[area], thing[area])


def _first_inside(faces: Faces, geometries: Sequence[BaseGeometry]) -> NDArray[np.int64]:
    """Return for every face the first point of ``geometries`` that lies in it."""
    things = np.array(geometries, dtype=object)
    points = things.copy()
    points[shapely.get_dimensions(things) != 0] = None
    thing, face = shapely.STRtree(faces.polygons).query(points, predicate="intersects")
    return _first(len(faces.polygons), len(things), face, thing)


def _first(size: int, things: int, at: NDArray[np.int64], thing: NDArray[np.int64]) -> NDArray[np.int64]:
    first = np.full(size, things)
    np.minimum.at(first, at, thing)
    return np.where(first < things, first, NOBODY)


def pieces_of(label: NDArray[np.int64], faces: Faces) -> NDArray[np.int64]:
    """Number the connected pieces of every label; faces joined only across a hard barrier are apart."""
    link = (label[faces.a] == label[faces.b]) & (faces.open_m > 0)
    return _components(len(label), faces.a[link], faces.b[link])


def absorb(
    label: NDArray[np.int64], faces: Faces, building: NDArray[np.int64], *, over_barriers: bool = False
) -> NDArray[np.int64]:
    """Give every face of ``NOBODY`` to the nearest labelled face, going over the ground.

    All free faces under one ``building`` go together, as far as they touch. The way never crosses a hard
    barrier; ``over_barriers`` lets it, where there is no other.
    """
    for lengths in (faces.open_m, faces.length)[: 1 + over_barriers]:
        free = label == NOBODY
        if free.any() and not free.all():
            link = (lengths > 0) & (free[faces.a] | free[faces.b])
            a, b = faces.a[link], faces.b[link]
            together = free[a] & free[b] & (building[a] == building[b]) & (building[a] != NOBODY)
            label = _spread(label, faces, a, b, _components(len(label), a[together], b[together]))
    return label


def _components(size: int, a: NDArray[np.int64], b: NDArray[np.int64]) -> NDArray[np.int64]:
    graph = coo_array((np.ones(len(a)), (a, b)), shape=(size, size))
    return connected_components(graph, directed=False)[1].astype(np.int64)


def _spread(
    label: NDArray[np.int64],
    faces: Faces,
    a: NDArray[np.int64],
    b: NDArray[np.int64],
    node: NDArray[np.int64],
) -> NDArray[np.int64]:
    """Find the nearest source of every free ``node`` of faces, over the links ``a`` to ``b``.

    A way goes from inner point to inner point; its first step starts at the edge of the source.
    """
    metres = np.hypot(*(faces.inside[a] - faces.inside[b]).T)
    for free, source in ((a, b), (b, a)):
        first = (label[free] == NOBODY) & (label[source] != NOBODY)
        points = shapely.points(faces.inside[free[first]])
        metres[first] = shapely.distance(points, faces.polygons[source[first]])
    low, high = np.minimum(node[a], node[b]), np.maximum(node[a], node[b])
    order = np.lexsort((metres, high, low))
    order = order[low[order] != high[order]]
    size = int(node.max()) + 1
    pairs, shortest = np.unique(low[order] * size + high[order], return_index=True)
    metres = metres[order][shortest] + 1e-6  # a weight of 0 would be no link
    graph = coo_array((metres, (pairs // size, pairs % size)), shape=(size, size)).tocsr()
    of_node = np.full(size, NOBODY)
    of_node[node] = label
    sources = np.flatnonzero(of_node != NOBODY)
    distance, _, nearest = dijkstra(
        graph, directed=False, indices=sources, min_only=True, return_predecessors=True
    )
    reached = np.isfinite(distance)
    return np.where(reached, of_node[np.where(reached, nearest, 0)], NOBODY)[node]


def rooted(label: NDArray[np.int64], wish: NDArray[np.int64], faces: Faces) -> NDArray[np.int64]:
    """Return ``wish`` where it hangs together with ground of the same ``label``, else ``NOBODY``."""
    piece = pieces_of(wish, faces)
    held = np.zeros(piece.max() + 1, dtype=bool)
    held[piece[(label != NOBODY) & (label == wish)]] = True
    return np.where(held[piece], wish, NOBODY)
