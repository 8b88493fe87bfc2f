"""Find the label of points in a compiled raster: with numba, with numpy, or one point in plain Python."""

from __future__ import annotations

import importlib
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from threading import Event
from typing import TYPE_CHECKING, Any

import numpy as np

from geogrid.locate.cells import OUTSIDE
from geogrid.locate.lattice import STEPS, snap

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from geogrid.locate.cells import Cells

_SHARE = 1 << 16  # fewer points than this for each thread are not worth a thread
_NUMPY_BLOCK = 1 << 16
_warmed = Event()


@cache
def kernel() -> Callable[..., None] | None:
    """Return the compiled walk, or None where numba is not available."""
    try:
        module: Any = importlib.import_module("geogrid.locate.kernel")
    except ImportError:
        return None
    found: Callable[..., None] = module.locate
    return found


def warm(cells: Cells) -> None:
    """Compile the walk, or load it from numba's cache, so that no later call pays for it."""
    compiled = kernel()
    if compiled is not None:
        locate_compiled(compiled, cells, np.zeros(1), np.zeros(1), threads=1)
        _warmed.set()


def warmed() -> Callable[..., None] | None:
    """Return the compiled walk where it is ready, None where it is not (yet): then numpy answers."""
    return kernel() if _warmed.is_set() else None


def locate_compiled(
    compiled: Callable[..., None],
    cells: Cells,
    lon: NDArray[np.float64],
    lat: NDArray[np.float64],
    *,
    threads: int,
) -> NDArray[np.int32]:
    """Return the label of each point, the points shared out evenly between ``threads``."""
    f = cells.frame
    shares = 2.0**-f.x_bits, 2.0**-f.y_bits  # exact, so that a product is the same as a shift
    frame = (float(f.x), float(f.y), float(f.east - f.x), float(f.north - f.y), *shares, float(f.columns))
    records = cells.records.ravel()
    out = np.empty(len(lon), dtype=np.int32)
    lon, lat = _read_only(lon), _read_only(lat)
    workers = max(1, min(threads, len(lon) // _SHARE))
    ends = np.linspace(0, len(lon), workers + 1).astype(int)

    def part(i: int) -> None:
        some = slice(ends[i], ends[i + 1])
        compiled(lon[some], lat[some], frame, cells.table, records, out[some])

    if workers == 1:
        part(0)
    else:
        with ThreadPoolExecutor(workers) as pool:
            list(pool.map(part, range(workers)))
    return out


def _read_only(values: NDArray[np.float64]) -> NDArray[np.float64]:
    # One layout and one mutability: numba compiles the walk once for each combination it meets.
    view = np.ascontiguousarray(values, dtype=np.float64).view()
    view.flags.writeable = False
    return view


def locate_numpy(cells: Cells, lon: NDArray[np.float64], lat: NDArray[np.float64]) -> NDArray[np.int32]:
    """Return the label of each point without numba, the same to the last bit."""
    out = np.empty(len(lon), dtype=np.int32)
    for start in range(0, len(lon), _NUMPY_BLOCK):
        some = slice(start, start + _NUMPY_BLOCK)
        out[some] = _block(cells, snap(lon[some]), snap(lat[some]))
    return out


def _block(cells: Cells, fx: NDArray[np.float64], fy: NDArray[np.float64]) -> NDArray[np.int32]:
    f = cells.frame
    inside = (fx >= f.x) & (fx <= f.east) & (fy >= f.y) & (fy <= f.north)
    at = np.flatnonzero(inside)
    x, y = fx[at].astype(np.int64), fy[at].astype(np.int64)
    found = cells.table[((y - f.y) >> f.y_bits) * f.columns + ((x - f.x) >> f.x_bits) + 1]
    crossed = np.flatnonzero(found < OUTSIDE)
    found[crossed] = _walked(cells, x[crossed], y[crossed], -(found[crossed].astype(np.int64) + 2))
    out = np.full(len(fx), OUTSIDE, dtype=np.int32)
    out[at] = found
    return out


def _walked(
    cells: Cells, x: NDArray[np.int64], y: NDArray[np.int64], head: NDArray[np.int64]
) -> NDArray[np.int32]:
    count = cells.records[head, 0]
    label: NDArray[np.int32] = cells.records[head, 1]
    for step in range(1, int(count.max(initial=0)) + 1):
        at = np.flatnonzero(count >= step)
        record = cells.records[head[at] + step].astype(np.int64)
        ax, ay, bx, by, start, stop, flip, _ = record.T
        px, py, dx, dy = x[at], y[at], bx - ax, by - ay
        hit = (start <= px) & (px < stop) & ((py - ay) * dx >= dy * (px - ax) + (dy > 0))
        label[at] ^= np.where(hit, flip, 0).astype(np.int32)
    return label


def point_walk(cells: Cells) -> Callable[[float, float], int]:
    """Return a function (lon, lat) -> label for one point at a time.

    Plain Python integers over the same tables: a call into numba costs more than this whole walk.
    """
    f = cells.frame
    x0, y0, x_bits, y_bits, columns = f.x, f.y, f.x_bits, f.y_bits, f.columns
    east, north = f.east, f.north
    table, records = cells.table.data, cells.records.ravel().data

    def label_at(lon: float, lat: float) -> int:
        try:
            x, y = round(lon * STEPS), round(lat * STEPS)
        except (ValueError, OverflowError):  # NaN, infinity
            return OUTSIDE
        if not (x0 <= x <= east and y0 <= y <= north):
            return OUTSIDE
        label: int = table[((y - y0) >> y_bits) * columns + ((x - x0) >> x_bits) + 1]
        if label >= OUTSIDE:
            return label
        head = -(label + 2) * 8
        label = records[head + 1]
        for k in range(head + 8, head + 8 * (records[head] + 1), 8):
            ax, ay, bx, by, start, stop, flip, _ = records[k : k + 8]
            if start <= x < stop:
                dy = by - ay
                if (y - ay) * (bx - ax) >= dy * (x - ax) + (dy > 0):
                    label ^= flip
        return label

    return label_at
