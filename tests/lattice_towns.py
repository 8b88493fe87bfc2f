"""Draw partitions on the lattice of 1e-7 degree: towns as text, and random coverages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

if TYPE_CHECKING:
    from numpy.typing import NDArray

STEP = 1e-7
WEST, SOUTH = 1_243_900_000, 401_300_000  # 124.39 E, 40.13 N


def _rows(text: str) -> list[str]:
    """Return the rows, the southernmost first."""
    return text.split()[::-1]


def draw(text: str, side: int) -> tuple[NDArray[Any], NDArray[np.int64]]:
    """Return polygons and labels of a town whose letters are squares of ``side`` steps; ``.`` is a gap.

    The parts of a letter that do not touch are polygons of their own with the same label.
    """
    squares: dict[str, list[Any]] = {}
    for row, line in enumerate(_rows(text)):
        for column, letter in enumerate(line):
            west, south = WEST + column * side, SOUTH + row * side
            squares.setdefault(letter, []).append(shapely.box(west, south, west + side, south + side))
    squares.pop(".", None)
    merged = {letter: shapely.get_parts(shapely.union_all(some)) for letter, some in sorted(squares.items())}
    labels = np.concatenate([np.full(len(parts), ord(letter)) for letter, parts in merged.items()])
    return shapely.transform(np.concatenate(list(merged.values())), lambda xy: xy * STEP), labels


def all_points(text: str, side: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return x and y of every lattice point of the town and of a margin of two steps around it."""
    rows = _rows(text)
    x = WEST + np.arange(-2, side * len(rows[0]) + 3)
    y = SOUTH + np.arange(-2, side * len(rows) + 3)
    grid = np.meshgrid(x, y)
    return grid[0].ravel(), grid[1].ravel()


def letter_at(text: str, side: int, x: int, y: int) -> int:
    """Return the label of the square just north-east of a lattice point, -1 for a gap or none."""
    rows = _rows(text)
    row, column = (int(y) - SOUTH) // side, (int(x) - WEST) // side
    if not (0 <= row < len(rows) and 0 <= column < len(rows[0])) or rows[row][column] == ".":
        return -1
    return ord(rows[row][column])


def random_coverage(
    rng: np.random.Generator,
) -> tuple[NDArray[Any], NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Return Voronoi cells of lattice points, labels that repeat, and the lattice points around them."""
    seeds = np.unique(rng.integers(0, rng.integers(4, 60), (rng.integers(3, 14), 2)), axis=0).astype(float)
    found = shapely.get_parts(shapely.voronoi_polygons(shapely.multipoints(seeds)))
    found = shapely.transform(found, np.rint)
    found = found[shapely.is_valid(found) & (shapely.area(found) > 0)]
    if not len(found) or not shapely.coverage_is_valid(found):
        found = np.array([shapely.Polygon([(0, 0), (9, 2), (5, 8)])], dtype=object)
    offset = rng.integers(-900, 900, 2)
    polygons = shapely.transform(found, lambda xy: (xy + offset) * STEP)
    x0, y0, x1, y1 = np.rint(shapely.total_bounds(polygons) / STEP).astype(int)
    grid = np.meshgrid(np.arange(x0 - 2, x1 + 3), np.arange(y0 - 2, y1 + 3))
    some = rng.permutation(grid[0].size)[:600]
    corners = np.rint(shapely.get_coordinates(polygons) / STEP).astype(np.int64)
    x = np.r_[grid[0].ravel()[some], corners[:, 0]]
    y = np.r_[grid[1].ravel()[some], corners[:, 1]]
    return polygons, rng.integers(0, max(2, len(found) // 2), len(found)), x, y
