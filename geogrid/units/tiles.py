"""Join the faces of one label into one tile, and tidy the tiles' vertices."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import shapely
from shapely import Polygon

from geogrid.coverage import borders

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from geogrid.units.site import Site


def dissolve(polygons: NDArray[np.object_], label: NDArray[np.int64]) -> NDArray[np.object_]:
    """Join the polygons of each label 0, 1, ...; the result is a coverage where ``polygons`` is one."""
    order = np.argsort(label, kind="stable")
    starts = np.searchsorted(label[order], np.arange(label.max() + 2))
    return np.array(
        [
            shapely.coverage_union_all(polygons[order[low:high]])
            for low, high in zip(starts[:-1], starts[1:], strict=True)
        ],
        dtype=object,
    )


def meet_outline_in_vertices(tiles: NDArray[np.object_], site: Site) -> NDArray[np.object_]:
    """Move every corner on the community's border to the nearest vertex of the outline.

    A corner between two tiles that fell inside a segment of the outline slides along it to one of its ends;
    other vertices there are dropped. So the neighbouring community needs no vertex it does not know.
    """
    known = {tuple(point) for point in shapely.get_coordinates(site.outline).tolist()}
    moves = _moves(borders(tiles).outer, known)
    if not moves:
        return tiles
    return np.array([_moved(tile, moves) for tile in tiles], dtype=object)


def _moves(
    outer: NDArray[np.float64], known: set[tuple[float, ...]]
) -> dict[tuple[float, float], tuple[float, float]]:
    """Walk the border segments; send each unknown vertex to the nearer known one on its stretch."""
    around: dict[tuple[float, float], list[tuple[float, float]]] = {}
    for x0, y0, x1, y1 in outer.tolist():
        around.setdefault((x0, y0), []).append((x1, y1))
        around.setdefault((x1, y1), []).append((x0, y0))
    moves = {}
    for point in sorted(around):
        if point in known:
            continue
        ends = sorted({_walk(point, step, around, known) for step in around[point]})
        moves[point] = min(ends, key=lambda end: (np.hypot(end[0] - point[0], end[1] - point[1]), end))
    return moves


def _walk(
    start: tuple[float, float],
    step: tuple[float, float],
    around: dict[tuple[float, float], list[tuple[float, float]]],
    known: set[tuple[float, ...]],
) -> tuple[float, float]:
    previous, here = start, step
    while here not in known:
        onward = [point for point in around[here] if point != previous]
        if not onward or here == start:
            return start
        previous, here = here, onward[0]
    return here


def _moved(tile: shapely.Geometry, moves: dict[tuple[float, float], tuple[float, float]]) -> shapely.Geometry:
    parts = []
    for part in shapely.get_parts(tile):
        shell = _moved_ring(part.exterior, moves)
        holes = [ring for ring in (_moved_ring(hole, moves) for hole in part.interiors) if ring is not None]
        if shell is not None:
            parts.append(Polygon(shell, holes))
    return parts[0] if len(parts) == 1 else shapely.MultiPolygon(parts)


def _moved_ring(
    ring: shapely.LinearRing, moves: dict[tuple[float, float], tuple[float, float]]
) -> list[tuple[float, float]] | None:
    points = [moves.get((x, y), (x, y)) for x, y in shapely.get_coordinates(ring).tolist()[:-1]]
    kept = [point for i, point in enumerate(points) if point != points[i - 1]]
    return [*kept, kept[0]] if len(kept) >= 3 else None
