"""The compiled walk: points in blocks, everything in one function (numba).

Imported only where numba is there; ``walk`` is the same walk in numpy and in plain Python.
"""

# mypy: disable-error-code="no-any-return"
from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numba
import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

_BLOCK = 512


def _locate(lon: Any, lat: Any, frame: Any, table: Any, records: Any, out: Any) -> None:  # noqa: PLR0917
    # One function and no helper that takes arrays: passing them costs more than the walk. Within a block
    # the first loop only rounds, the second only reads the table, so that the reads overlap.
    x0, y0, x_bits, y_bits, columns, last_x, last_y = frame
    west, south = np.float64(x0), np.float64(y0)
    east, north = np.float64(last_x), np.float64(last_y)
    px = np.empty(_BLOCK, np.int64)
    py = np.empty(_BLOCK, np.int64)
    cell = np.empty(_BLOCK, np.int64)
    for start in range(0, lon.size, _BLOCK):
        stop = min(start + _BLOCK, lon.size)
        for i in range(start, stop):
            fx = np.rint(lon[i] * 1e7)
            fy = np.rint(lat[i] * 1e7)
            inside = (fx >= west) & (fx <= east) & (fy >= south) & (fy <= north)
            x = np.int64(fx) if inside else x0
            y = np.int64(fy) if inside else y0
            px[i - start] = x
            py[i - start] = y
            c = ((y - y0) >> y_bits) * columns + ((x - x0) >> x_bits)
            cell[i - start] = c if inside else -1
        for i in range(start, stop):
            c = cell[i - start]
            out[i] = table[c] if c >= 0 else -1
        for i in range(start, stop):
            if out[i] < -1:
                head = -(np.int64(out[i]) + 2)
                label = records[head, 1]
                x = px[i - start]
                y = py[i - start]
                for k in range(head + 1, head + 1 + records[head, 0]):
                    if records[k, 4] <= x < records[k, 5]:
                        ax = np.int64(records[k, 0])
                        ay = np.int64(records[k, 1])
                        dx = np.int64(records[k, 2]) - ax
                        dy = np.int64(records[k, 3]) - ay
                        if (y - ay) * dx >= dy * (x - ax) + (1 if dy > 0 else 0):
                            label ^= records[k, 6]
                out[i] = label


def _compiled() -> Callable[..., None]:
    """Compile with numba's cache on disk where a folder can be written, else for this process only."""
    try:
        return numba.njit(cache=True, nogil=True)(_locate)
    except RuntimeError:
        return numba.njit(nogil=True)(_locate)


locate = _compiled()
