"""Put coordinates on a fixed lattice of 1e-7 degree, and refuse polygons that are no partition there.

On the lattice every coordinate is a whole number, so that "left of this border or right of it" is integer
arithmetic: exact, and the same in every process and on every machine. One step is at most 11 mm.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import shapely

from geogrid.errors import Fault, InputError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import ArrayLike, NDArray
    from shapely import Geometry

STEPS = 1e7  # lattice steps in a degree
LON_MAX = 1_800_000_000
LAT_MAX = 900_000_000
# Where two borders that mean the same line differ by less than this many steps, they are made one: a long
# border that has a vertex on one side only bends apart when its ends are projected.
MEND_STEPS = 5.0
_NAMED = 20  # faults told at once; a city that overlaps everywhere need not be listed in whole

Geometries: TypeAlias = "NDArray[Any]"


def snap(degrees: ArrayLike) -> NDArray[np.float64]:
    """Round degrees to the lattice: whole numbers, halves to even, kept as float64 so that NaN survives."""
    return np.rint(np.asarray(degrees, dtype=np.float64) * STEPS)


def lattice_partition(
    polygons: Sequence[Geometry | None] | Geometries, labels: ArrayLike
) -> tuple[Geometries, NDArray[np.int32]]:
    """Return single polygons in lattice steps and the label of each; together they are a valid coverage.

    ``polygons`` are (Multi)Polygons in degrees, ``labels`` whole numbers >= 0, one each; a label may come
    more than once (a grid in several parts). What is thinner than a lattice step vanishes.

    :raises InputError: polygons overlap or cannot be used; each fault names its labels.
    """
    shapes, named = _checked(np.asarray(polygons, dtype=object), np.asarray(labels))
    parts, index = shapely.get_parts(shapes, return_index=True)
    parts, named = _settled(shapely.transform(parts, snap), named[index])
    if not shapely.coverage_is_valid(parts, gap_width=MEND_STEPS):
        mended = _settled(_mended(parts), named)
        if shapely.coverage_is_valid(mended[0]):
            return mended
        _refuse_overlaps(parts, named)
    return parts, named


def _checked(shapes: Geometries, labels: NDArray[Any]) -> tuple[Geometries, NDArray[np.int32]]:
    if shapes.ndim != 1 or labels.shape != shapes.shape:
        raise InputError((Fault("label-count", "there must be one label for each polygon"),))
    if len(labels) and not np.issubdtype(labels.dtype, np.integer):
        raise InputError((Fault("label-type", "labels must be whole numbers"),))
    kind = shapely.get_type_id(shapes)
    bounds = shapely.bounds(shapes)
    inside = (np.abs(bounds[:, (0, 2)]) <= 180).all(axis=1) & (np.abs(bounds[:, (1, 3)]) <= 90).all(axis=1)
    empty = shapely.is_empty(shapes)
    wrong = (
        ("label-range", (labels < 0) | (labels > np.iinfo(np.int32).max - 2), "has a label out of range"),
        ("not-a-polygon", (kind != 3) & (kind != 6), "is not a polygon"),
        ("not-in-degrees", ~inside & ~empty & (kind != -1), "has coordinates that are no degrees"),
        ("invalid-geometry", ~shapely.is_valid(shapes) & ~empty & (kind != -1), "crosses itself"),
    )
    faults = [
        Fault(rule, f"grid {label} {words}", id=str(label))
        for rule, where, words in wrong
        for label in labels[where][:_NAMED]
    ]
    if faults:
        raise InputError(tuple(faults))
    return shapes, labels.astype(np.int32)


def _settled(parts: Geometries, labels: NDArray[np.int32]) -> tuple[Geometries, NDArray[np.int32]]:
    """Make valid what rounding folded, drop what it flattened."""
    folded = ~shapely.is_valid(parts)
    if not folded.any():
        return parts, labels
    parts = parts.copy()
    parts[folded] = shapely.set_precision(shapely.make_valid(parts[folded], method="structure"), 1.0)
    parts, index = shapely.get_parts(parts, return_index=True)
    flat = (shapely.get_type_id(parts) == 3) & ~shapely.is_empty(parts)
    return parts[flat], labels[index[flat]]


def _mended(parts: Geometries) -> Geometries:
    """Give each border the vertices that its neighbour has on it; only where borders do not match."""
    where = np.flatnonzero(~shapely.is_empty(shapely.coverage_invalid_edges(parts, gap_width=MEND_STEPS)))
    corners = shapely.points(np.unique(shapely.get_coordinates(parts[where]), axis=0))
    tree = shapely.STRtree(np.atleast_1d(np.asarray(corners, dtype=object)))
    mended = parts.copy()
    for i in where:
        rings = [_with_corners(ring, tree) for ring in _rings(parts[i])]
        mended[i] = shapely.Polygon(rings[0], rings[1:])
    return mended


def _rings(polygon: shapely.Polygon) -> Iterator[NDArray[np.float64]]:
    for ring in (polygon.exterior, *polygon.interiors):
        yield shapely.get_coordinates(ring)


def _with_corners(ring: NDArray[np.float64], tree: shapely.STRtree) -> NDArray[np.float64]:
    """Insert the tree's points that lie within ``MEND_STEPS`` of a side of the ring, in order."""
    sides = shapely.linestrings(np.stack([ring[:-1], ring[1:]], axis=1))
    side, point = tree.query(sides, predicate="dwithin", distance=MEND_STEPS)
    xy = shapely.get_coordinates(tree.geometries[point])
    start, way = ring[side], ring[side + 1] - ring[side]
    along = ((xy - start) * way).sum(axis=1) / np.maximum((way**2).sum(axis=1), 1.0)
    between = (along > 0) & (along < 1) & (xy != start).any(axis=1) & (xy != ring[side + 1]).any(axis=1)
    position = np.r_[np.arange(len(ring)), (side + along)[between]]
    return np.vstack([ring, xy[between]])[np.argsort(position, kind="stable")]


def _refuse_overlaps(parts: Geometries, labels: NDArray[np.int32]) -> None:
    """Raise, naming labels, where polygons overlap or their borders cannot be matched."""
    where = np.flatnonzero(~shapely.is_empty(shapely.coverage_invalid_edges(parts)))
    if not len(where):
        return
    tree = shapely.STRtree(parts)
    one, other = tree.query(parts[where], predicate="intersects")
    one = where[one]
    pairs = np.unique(np.sort(np.column_stack([one, other])[one != other], axis=1), axis=0)
    overlap = shapely.area(shapely.intersection(parts[pairs[:, 0]], parts[pairs[:, 1]])) > 0
    named = sorted({(int(labels[a]), int(labels[b])) for a, b in pairs[overlap]})
    faults = [
        Fault("overlap", f"grids {a} and {b} overlap", "A point may lie in one grid only", id=str(a))
        for a, b in named[:_NAMED]
    ]
    unmatched = Fault(
        "unmatched-borders",
        f"the borders of grids {sorted(set(labels[where].tolist()))[:_NAMED]} do not match",
    )
    raise InputError(tuple(faults) or (unmatched,))
