"""Say whose ground every face is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import shapely
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components, dijkstra

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from geogrid.units.site import Site
    from geogrid.units.tessellation import Faces, Seeds

NOBODY = -1


@dataclass(frozen=True, slots=True)
class Stakes:
    """What lies under the inner point of every face, as places in the site's tuples, or ``NOBODY``."""

    building: NDArray[np.int64]
    compound: NDArray[np.int64]
    land: NDArray[np.int64]


def stakes(site: Site, faces: Faces) -> Stakes:
    """Look up footprint, compound and land of every face; where several lie there the first by rank counts.

    Among footprints one with homes comes before one without, then the smaller (a tower stands on its
    podium), then the smaller id.
    """
    points = shapely.points(faces.inside)
    rank = sorted(
        range(len(site.buildings)),
        key=lambda i: (site.buildings[i].households == 0, site.buildings[i].geometry.area, i),
    )
    return Stakes(
        building=_first_hit(points, [site.buildings[i].geometry for i in rank], rank),
        compound=_first_hit(
            points, [compound.geometry for compound in site.compounds], range(len(site.compounds))
        ),
        land=_first_hit(points, [piece.geometry for piece in site.land], range(len(site.land))),
    )


def _first_hit(points, geometries, names) -> NDArray[np.int64]:  # type: ignore[no-untyped-def]
    first = np.full(len(points), len(geometries), dtype=np.int64)
    if len(geometries) and len(points):
        point, place = shapely.STRtree(geometries).query(points, predicate="intersects")
        area = shapely.get_dimensions(np.asarray(geometries, dtype=object)[place]) == 2
        np.minimum.at(first, point[area], place[area])
    return np.append(np.asarray(list(names), dtype=np.int64), NOBODY)[first]


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


def _spread(label, faces, seed_distance, link) -> NDArray[np.int64]:  # type: ignore[no-untyped-def]
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
