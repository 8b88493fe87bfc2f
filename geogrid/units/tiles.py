"""Join the faces of one label into one tile, and tidy the tiles' vertices."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import shapely
from scipy.spatial import cKDTree
from shapely import Polygon

from geogrid.coverage import borders

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from shapely.geometry.base import BaseGeometry

    from geogrid.coverage import Borders

XY: TypeAlias = tuple[float, float]

ON_LINE_M = 1e-6
SAME_M = 5e-5
SMOOTH_M = 1.0


def dissolve(polygons: NDArray[np.object_], label: NDArray[np.int64]) -> NDArray[np.object_]:
    """Join the polygons of each label 0, 1, ...; the result is a coverage where ``polygons`` is one."""
    order = np.argsort(label, kind="stable")
    starts = np.searchsorted(label[order], np.arange(1, label.max() + 1))
    return np.array(
        [shapely.coverage_union_all(own) for own in np.split(polygons[order], starts)], dtype=object
    )


def meet_outline_in_vertices(tiles: NDArray[np.object_], outline: BaseGeometry) -> NDArray[np.object_]:
    """Move every corner on the community's border to a vertex of the outline.

    A corner between two tiles that fell inside a segment of the outline slides along it to the nearer of its
    ends that is free; other vertices there are dropped, and a vertex of the outline that a tile passes
    without touching is put in. So the neighbouring community needs no vertex that it does not know.
    """
    rings = [_points(ring) for ring in shapely.get_rings(shapely.get_parts(outline))]
    place = {point: (r, i) for r, ring in enumerate(rings) for i, point in enumerate(ring)}
    moves = _moves(borders(tiles), list(place))
    moved = np.array([_rebuilt(tile, moves, place, rings) for tile in tiles], dtype=object)
    pinched = ~shapely.is_valid(moved)  # no end was free: a tile touches itself in a vertex
    moved[pinched] = shapely.make_valid(moved[pinched])
    return moved


def smooth(
    tiles: NDArray[np.object_], points: NDArray[np.object_], tile_of_point: NDArray[np.int64]
) -> NDArray[np.object_]:
    """Straighten the borders between tiles by about ``SMOOTH_M``; the outline and all corners stay.

    The Voronoi lines between walls waver from seed to seed; a border of a few long segments is easier to
    read and to send. No point that lies in its tile may leave it: then the borders are straightened less.
    """
    inside = shapely.intersects(tiles[tile_of_point], points)
    for tolerance in (SMOOTH_M, SMOOTH_M / 2, SMOOTH_M / 4):
        smoothed = np.asarray(
            shapely.coverage_simplify(tiles, tolerance, simplify_boundary=False), dtype=object
        )
        sound = bool(shapely.is_valid(smoothed).all()) and bool(shapely.coverage_is_valid(smoothed))
        if sound and bool(shapely.intersects(smoothed[tile_of_point[inside]], points[inside]).all()):
            return smoothed
    return tiles


def _points(ring: BaseGeometry) -> list[XY]:
    """Return the vertices of a ring, the last one left out."""
    return [(x, y) for x, y in shapely.get_coordinates(ring).tolist()[:-1]]


def _moves(shared: Borders, known: list[XY]) -> dict[XY, XY]:
    """Walk the border segments; send each vertex to one of the two ``known`` ones on its stretch.

    Noding moved vertices by up to half the lattice; those go back to where they were.
    """
    around: dict[XY, list[XY]] = {}
    for x0, y0, x1, y1 in shared.outer.tolist():
        around.setdefault((x0, y0), []).append((x1, y1))
        around.setdefault((x1, y1), []).append((x0, y0))
    met = list(around)
    distance, nearest = (np.asarray(answer) for answer in cKDTree(known).query(np.array(met)))
    moves = {met[i]: known[nearest[i]] for i in np.flatnonzero(distance < SAME_M).tolist()}
    inner = {(x, y) for x, y in shared.segments.reshape(-1, 2).tolist()}
    taken = {end for point, end in moves.items() if point in inner}
    slides = sorted(
        (math.dist(point, end), point not in inner, point, end)
        for point, steps in around.items()
        if point not in moves
        for end in {moves.get(end, end) for end in (_walk(point, step, around, moves) for step in steps)}
    )
    for free_only in (True, False):
        for _, passing, point, end in slides:
            if point not in moves and not (free_only and (passing or end in taken)):
                moves[point] = end
                taken.add(end)
    return moves


def _walk(start: XY, step: XY, around: dict[XY, list[XY]], at: dict[XY, XY]) -> XY:
    previous, here = start, step
    while here not in at and here != start:
        onward = [point for point in around[here] if point != previous]
        if not onward:
            return start
        previous, here = here, onward[0]
    return here


def _rebuilt(
    tile: BaseGeometry, moves: dict[XY, XY], place: dict[XY, tuple[int, int]], rings: list[list[XY]]
) -> BaseGeometry:
    parts = []
    for part in shapely.get_parts(tile):
        shell, *holes = [_moved(ring, moves, place, rings) for ring in shapely.get_rings(part)]
        if len(shell) >= 3:
            parts.append(Polygon(shell, [hole for hole in holes if len(hole) >= 3]))
    return parts[0] if len(parts) == 1 else shapely.MultiPolygon(parts)


def _moved(
    ring: BaseGeometry, moves: dict[XY, XY], place: dict[XY, tuple[int, int]], rings: list[list[XY]]
) -> list[XY]:
    points = [moves.get(point, point) for point in _points(ring)]
    points = [point for i, point in enumerate(points) if point != points[i - 1]]
    full = []
    for i, point in enumerate(points):
        full += [*_passed(points[i - 1], point, place, rings), point]
    return full


def _passed(start: XY, end: XY, place: dict[XY, tuple[int, int]], rings: list[list[XY]]) -> list[XY]:
    """Return the vertices of the outline that lie on the segment from ``start`` to ``end``, in its order."""
    if start not in place or end not in place or place[start][0] != place[end][0]:
        return []
    ring = rings[place[start][0]]
    i, j, size = place[start][1], place[end][1], len(ring)
    forward = (j - i) % size
    step, count = (1, forward) if forward <= size - forward else (-1, size - forward)
    between = [ring[(i + step * k) % size] for k in range(1, count)]
    return between if all(_on_segment(point, start, end) for point in between) else []


def _on_segment(point: XY, start: XY, end: XY) -> bool:
    return math.dist(start, point) + math.dist(point, end) - math.dist(start, end) < ON_LINE_M
