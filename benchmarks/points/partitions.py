"""Draw partitions to measure on, and points in random and in spatial order."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import shapely
from scipy.spatial import cKDTree

if TYPE_CHECKING:
    from numpy.typing import NDArray

WEST, SOUTH, EAST, NORTH = 124.2, 39.95, 124.6, 40.25  # about Dandong


def partition(count: int, *, tiles: int, seed: int = 0) -> tuple[NDArray[Any], NDArray[np.int32]]:
    """Return ``count`` polygons in degrees and their labels, an exact coverage.

    Each is made of about ``tiles`` Voronoi cells, as a grid is made of the cells of its buildings, so that
    its border runs in short steps. With one tile each they are plain Voronoi cells.
    """
    rng = np.random.default_rng(seed)
    seeds = rng.random((count * tiles, 2)) * (EAST - WEST, NORTH - SOUTH) + (WEST, SOUTH)
    frame = shapely.box(WEST, SOUTH, EAST, NORTH)
    cells = shapely.get_parts(
        shapely.voronoi_polygons(shapely.multipoints(seeds), extend_to=frame, ordered=True)
    )
    centres = seeds[rng.permutation(len(seeds))[:count]]
    if tiles == 1:
        return cells, np.arange(count, dtype=np.int32)
    label = np.asarray(cKDTree(centres).query(seeds)[1])
    order = np.argsort(label, kind="stable")
    groups = np.split(cells[order], np.flatnonzero(np.diff(label[order])) + 1)
    merged = np.array([shapely.coverage_union_all(group) for group in groups], dtype=object)
    return merged, np.unique(label).astype(np.int32)


def points(count: int, seed: int = 1) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return lon and lat, evenly spread over the frame in random order."""
    rng = np.random.default_rng(seed)
    return rng.uniform(WEST, EAST, count), rng.uniform(SOUTH, NORTH, count)


def in_spatial_order(
    lon: NDArray[np.float64], lat: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the same points along a Z-order curve, as a table sorted by place has them."""
    x = ((lon - WEST) / (EAST - WEST) * 65535).astype(np.uint64)
    y = ((lat - SOUTH) / (NORTH - SOUTH) * 65535).astype(np.uint64)
    order = np.argsort(_spread(x) | (_spread(y) << np.uint64(1)), kind="stable")
    return lon[order], lat[order]


def _spread(bits: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Put a zero before each of the lower 16 bits."""
    for shift, mask in ((8, 0x00FF00FF), (4, 0x0F0F0F0F), (2, 0x33333333), (1, 0x55555555)):
        bits = (bits | (bits << np.uint64(shift))) & np.uint64(mask)
    return bits
