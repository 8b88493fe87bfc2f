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
    graph = coo_array((np.ones(link.sum()), (faces.a[link], faces.b[link])), shape=(len(label), len(label)))
    return connected_components(graph, directed=False)[1].astype(np.int64)


def absorb(
    label: NDArray[np.int64], faces: Faces, building: NDArray[np.int64], *, over_barriers: bool = False
) -> NDArray[np.int64]:
    """Give every face of ``NOBODY`` to the nearest labelled face, going over the ground.

    The way between two faces under one ``building`` counts nothing, so a footprint goes to one owner.

    The way never crosses a hard barrier; ``over_barriers`` lets it, where there is no other.
    """
    for lengths in (faces.open_m, faces.length)[: 1 + over_barriers]:
        free = label == NOBODY
        if free.any() and not free.all():
            label = _spread(label, faces, building, (lengths > 0) & (free[faces.a] | free[faces.b]))
    return label


def _spread(
    label: NDArray[np.int64], faces: Faces, building: NDArray[np.int64], link: NDArray[np.bool_]
) -> NDArray[np.int64]:
    """Find the nearest source of every free face, from inner point to inner point or to the source's edge."""
    a, b = faces.a[link], faces.b[link]
    metres = np.hypot(*(faces.inside[a] - faces.inside[b]).T)
    for free, source in ((a, b), (b, a)):
        last = (label[free] == NOBODY) & (label[source] != NOBODY)
        points = shapely.points(faces.inside[free[last]])
        metres[last] = shapely.distance(points, faces.polygons[source[last]])
    metres[(building[a] == building[b]) & (building[a] != NOBODY)] = 0.0
    size = len(label)
    graph = coo_array((metres + 1e-6, (a, b)), shape=(size, size)).tocsr()
    sources = np.flatnonzero(label != NOBODY)
    distance, _, nearest = dijkstra(
        graph, directed=False, indices=sources, min_only=True, return_predecessors=True
    )
    reached = np.isfinite(distance)
    return np.where(reached, label[np.where(reached, nearest, 0)], label)


def rooted(label: NDArray[np.int64], wish: NDArray[np.int64], faces: Faces) -> NDArray[np.int64]:
    """Return ``wish`` where it hangs together with ground of the same ``label``, else ``NOBODY``."""
    piece = pieces_of(wish, faces)
    held = np.zeros(piece.max() + 1, dtype=bool)
    held[piece[(label != NOBODY) & (label == wish)]] = True
    return np.where(held[piece], wish, NOBODY)
