"""Compile a partition into a flat raster: cells that one grid fills, and cells that borders cross.

Ranges, so that int64 never overflows: coordinates are within +-1.8e9 by +-0.9e9, so differences are within
3.6e9 by 1.8e9 and every product of one with the other within 6.48e18 < 2**63 = 9.22e18. While compiling,
products are compared, never subtracted. The walk subtracts: (y - ay) dx - dy (x - ax) is dx times the height
of the point above the line, within 6.48e18 where the point lies between the edge's ends; where an edge is
continued past its end, the point is at most a cell away from it, and the continuation adds dy times a cell's
width, at most 1.8e9 * 2**28 = 4.8e17, as a raster has at least 1,024 cells.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import shapely

from geogrid.locate.lattice import LAT_MAX, LON_MAX

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from geogrid.locate.lattice import Geometries

Ints: TypeAlias = "NDArray[np.int64]"

OUTSIDE = -1
WIDTH = 8  # int32 in a record: ax, ay, bx, by, from, to, flip, unused; a header holds count, label
# More cells mean fewer points in cells that borders cross; until the table outgrows the processor's caches.
CELLS_PER_EDGE, FEW_EDGES = (24.0, 96.0), 250_000
_FEWEST_CELLS = 1024
_MOST_CELLS = 2.0**30
_EDGES_AT_ONCE = 1_000_000  # bounds the memory of a compilation


@dataclass(frozen=True, slots=True)
class Frame:
    """The raster: columns x rows cells of ``2**x_bits`` x ``2**y_bits`` steps, from its corner (x, y) on."""

    x: int
    y: int
    x_bits: int
    y_bits: int
    columns: int
    rows: int

    @property
    def east(self) -> int:
        """Return the last column of lattice points that the raster covers."""
        return min(self.x + (self.columns << self.x_bits) - 1, LON_MAX)

    @property
    def north(self) -> int:
        """Return the last row of lattice points that the raster covers."""
        return min(self.y + (self.rows << self.y_bits) - 1, LAT_MAX)


@dataclass(frozen=True, slots=True)
class Edges:
    """Borders between two different labels (or a label and the outside), each once.

    ``a`` is the left end; of a vertical border the upper end. ``flip`` is the XOR of the two labels.
    """

    ax: Ints
    ay: Ints
    bx: Ints
    by: Ints
    flip: NDArray[np.int32]

    def take(self, which: NDArray[np.intp] | slice) -> Edges:
        """Return the chosen edges, in the order chosen."""
        return Edges(self.ax[which], self.ay[which], self.bx[which], self.by[which], self.flip[which])


@dataclass(frozen=True, slots=True)
class Cells:
    """The compiled raster.

    ``table`` has -1 for all points beyond the raster, then one int32 a cell, row by row from the
    south-west: a label, -1 for outside, or -(k + 2) for a cell whose header is row k of ``records``, an even
    one, so that header and first record lie in one line of the processor's cache. ``rim`` has the borders to
    the outside: ax, ay, bx, by, label.
    """

    frame: Frame
    table: NDArray[np.int32]
    records: NDArray[np.int32]
    rim: NDArray[np.int32]


def compile_cells(parts: Geometries, labels: NDArray[np.int32]) -> Cells:
    """Compile single polygons in lattice steps, a valid coverage, into the raster."""
    edges, rim = borders(parts, labels)
    frame = frame_of(edges)
    table = _labels_at_corners(edges, frame)
    cell, record = _records(edges, frame)
    table, records = _packed(table, cell, record)
    return Cells(frame, table, records, rim)


def borders(parts: Geometries, labels: NDArray[np.int32]) -> tuple[Edges, NDArray[np.int32]]:
    """Return every border between different labels once, and the borders to the outside."""
    rings, owner = shapely.get_rings(parts, return_index=True)
    xy, ring = shapely.get_coordinates(rings, return_index=True)
    points = xy.astype(np.int64)
    start = np.flatnonzero((ring[1:] == ring[:-1]) & (points[1:] != points[:-1]).any(axis=1))
    side = (labels ^ OUTSIDE)[owner[ring[start]]]
    # One 64-bit key a vertex: its order is by x, then by y.
    key = ((points[:, 0] + 2**31) << 32 | (points[:, 1] + 2**31)).astype(np.uint64)
    low, high = np.minimum(key[start], key[start + 1]), np.maximum(key[start], key[start + 1])
    order = np.lexsort((high, low))
    low, high, side = low[order], high[order], side[order]
    first = np.flatnonzero(np.r_[True, (low[1:] != low[:-1]) | (high[1:] != high[:-1])][: len(low)])
    flip = np.bitwise_xor.reduceat(side, first) if len(first) else side
    sides = np.diff(np.r_[first, len(low)])
    a, b = _unkeyed(low[first]), _unkeyed(high[first])
    outer = (sides == 1) & (flip != 0)
    rim = np.column_stack([*a, *b, flip ^ OUTSIDE])[outer].astype(np.int32)
    vertical = a[0] == b[0]
    edges = Edges(a[0], np.where(vertical, b[1], a[1]), b[0], np.where(vertical, a[1], b[1]), flip)
    return edges.take(np.flatnonzero(flip != 0)), rim


def _unkeyed(key: NDArray[np.uint64]) -> tuple[Ints, Ints]:
    x = (key >> np.uint64(32)).astype(np.int64) - 2**31
    return x, (key & np.uint64(0xFFFFFFFF)).astype(np.int64) - 2**31


def frame_of(edges: Edges) -> Frame:
    """Choose cells whose sides are powers of two, about ``CELLS_PER_EDGE`` of them for every border."""
    if not len(edges.ax):
        return Frame(0, 0, 1, 1, 1, 1)
    x, y = int(edges.ax.min()), int(min(edges.ay.min(), edges.by.min()))
    wide, high = int(edges.bx.max()) - x + 1, int(max(edges.ay.max(), edges.by.max())) - y + 1
    wanted = len(edges.ax) * CELLS_PER_EDGE[len(edges.ax) <= FEW_EDGES]
    wanted = min(max(wanted, _FEWEST_CELLS), _MOST_CELLS)
    side = np.sqrt(wide) * np.sqrt(high) / np.sqrt(wanted)
    bits = max(int(np.floor(np.log2(max(side, 1.0)))), 1)

    def frame(x_bits: int, y_bits: int) -> Frame:
        return Frame(x, y, x_bits, y_bits, ((wide - 1) >> x_bits) + 1, ((high - 1) >> y_bits) + 1)

    choices = (frame(bits, bits), frame(bits + 1, bits), frame(bits + 1, bits + 1))
    return min(choices, key=lambda f: abs(np.log(f.columns * f.rows / wanted)))


def _repeated(counts: Ints) -> tuple[NDArray[np.intp], Ints]:
    """Return ``i`` repeated ``counts[i]`` times for every i, and 0, 1, 2 ... within each run."""
    owner = np.repeat(np.arange(len(counts)), counts)
    before = np.cumsum(counts) - counts
    return owner, np.arange(len(owner), dtype=np.int64) - before[owner]


def _chunks(edges: Edges) -> list[Edges]:
    starts = range(0, len(edges.ax), _EDGES_AT_ONCE)
    return [edges.take(slice(start, start + _EDGES_AT_ONCE)) for start in starts]


def _labels_at_corners(edges: Edges, frame: Frame) -> NDArray[np.int32]:
    """Return the label at the south-west lattice point of every cell, flat.

    Along the bottom line of a row of cells, moved up by e^2, each border that crosses it flips the label
    of all corners to its right.
    """
    table = np.zeros((frame.rows, frame.columns), dtype=np.int32)
    for some in _chunks(edges):
        low, high = np.minimum(some.ay, some.by), np.maximum(some.ay, some.by)
        first = -((frame.y - low) >> frame.y_bits)  # ceil((low - y) / height)
        last = -((frame.y - high) >> frame.y_bits)
        edge, step = _repeated(last - first)
        row = first[edge] + step
        dx, dy = (some.bx - some.ax)[edge], (some.by - some.ay)[edge]
        up = (frame.y + (row << frame.y_bits)) - some.ay[edge]
        right = some.ax[edge] - (-(dx * up * np.sign(dy)) // np.abs(dy))  # ceil of the crossing's x
        column = (right - frame.x + (1 << frame.x_bits) - 1) >> frame.x_bits
        shown = column < frame.columns
        np.bitwise_xor.at(table, (row[shown], column[shown]), some.flip[edge[shown]])
    table[:, 0] ^= OUTSIDE
    return np.bitwise_xor.accumulate(table, axis=1).ravel()


def _touched(edges: Edges, frame: Frame) -> tuple[NDArray[np.intp], Ints, Ints]:
    """Return edge, column and row of every cell that an edge touches, edges grouped."""
    first = (edges.ax - frame.x) >> frame.x_bits
    edge, step = _repeated(((edges.bx - frame.x) >> frame.x_bits) - first + 1)
    column = first[edge] + step
    some = edges.take(edge)
    west = frame.x + (column << frame.x_bits)
    dx, dy = some.bx - some.ax, some.by - some.ay
    safe = np.maximum(dx, 1)
    start = some.ay + (np.maximum(west, some.ax) - some.ax) * dy // safe
    stop = some.ay + (np.minimum(west + (1 << frame.x_bits), some.bx) - some.ax) * dy // safe
    stop = np.where(dx == 0, some.by, stop)
    bottom = (np.minimum(start, stop) - frame.y) >> frame.y_bits
    top = (np.maximum(start, stop) - frame.y) >> frame.y_bits
    pair, step = _repeated(top - bottom + 1)
    return edge[pair], column[pair], bottom[pair] + step


def below(edges: Edges, x: Ints, y: Ints) -> NDArray[np.bool_]:
    """Tell whether the line through each edge runs below the point (x, y) moved by (+e, +e^2)."""
    dx, dy = edges.bx - edges.ax, edges.by - edges.ay
    return (y - edges.ay) * dx >= dy * (x - edges.ax) + (dy > 0)


def _records(edges: Edges, frame: Frame) -> tuple[Ints, NDArray[np.int32]]:
    """Return the cell and the record of every edge that separates lattice points of that cell.

    A record flips the label of a point with ``from <= x < to`` that lies above the edge. An edge that
    leaves the cell through its bottom is continued below it (``from`` or ``to`` moved to the cell's side),
    so that the flip depends on the point alone and never on the way to the corner.
    """
    cells: list[Ints] = []
    records: list[NDArray[np.int32]] = []
    for some in _chunks(edges):
        edge, column, row = _touched(some, frame)
        e = some.take(edge)
        west, south = frame.x + (column << frame.x_bits), frame.y + (row << frame.y_bits)
        east, north = west + (1 << frame.x_bits) - 1, south + (1 << frame.y_bits) - 1
        rising = e.by > e.ay
        start = np.where(rising & (e.ay <= south), west, np.maximum(e.ax, west))
        stop = np.where(~rising & (e.by <= south), east + 1, np.minimum(e.bx, east + 1))
        some_above = below(e, np.where(rising, start, stop - 1), north)
        all_above = below(e, np.where(rising, stop - 1, start), south)
        through = (start == west) & (stop == east + 1)
        keep = (np.maximum(e.ay, e.by) > south) & (start < stop) & some_above & ~(through & all_above)
        stop = np.minimum(stop, LON_MAX + 1)
        at_corner = np.where((start == west) & below(e, west, south), e.flip, 0)
        cells.append((row * frame.columns + column)[keep])
        columns = (e.ax, e.ay, e.bx, e.by, start, stop, e.flip, at_corner)
        records.append(np.column_stack([values[keep].astype(np.int32) for values in columns]))
    if not cells:
        return np.empty(0, np.int64), np.empty((0, WIDTH), np.int32)
    return np.concatenate(cells), np.concatenate(records)


def _packed(
    table: NDArray[np.int32], cell: Ints, record: NDArray[np.int32]
) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Lay the records of each cell behind a header; the header's label holds where no record flips."""
    order = np.argsort(cell, kind="stable")
    cell, record = cell[order], record[order]
    first = np.flatnonzero(np.r_[True, cell[1:] != cell[:-1]][: len(cell)])
    count = np.diff(np.r_[first, len(cell)])
    rows = (count + 2) // 2 * 2
    header = np.cumsum(rows) - rows
    records = _aligned(int(rows.sum()))
    records[np.arange(len(cell)) + np.repeat(header + 1 - first, count)] = record
    table = table.copy()
    crossed = cell[first]
    if len(first):
        records[header, 0] = count
        records[header, 1] = table[crossed] ^ np.bitwise_xor.reduceat(record[:, WIDTH - 1], first)
        records[:, WIDTH - 1] = 0
    table[crossed] = -(header + 2)
    return np.concatenate([np.array([OUTSIDE], np.int32), table]), records


def _aligned(rows: int) -> NDArray[np.int32]:
    """Return zeroed records that begin where a line of the processor's cache does (64 bytes)."""
    room = np.zeros(rows * WIDTH + 16, dtype=np.int32)
    skip = -room.ctypes.data % 64 // 4
    return room[skip : skip + rows * WIDTH].reshape(rows, WIDTH)
