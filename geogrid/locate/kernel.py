"""The compiled walk: points in blocks, everything in one function (numba).

Imported only where numba is there; ``walk`` is the same walk in numpy and in plain Python.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numba
import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

_BLOCK = 512


def _locate(lon: Any, lat: Any, frame: Any, table: Any, records: Any, out: Any) -> None:
    # One function and no helper that takes arrays: passing them costs more than the walk. In each loop all
    # turns are independent and none branches on a point, so that reads from memory overlap and nothing is
    # mispredicted: masks (a sign bit shifted over all bits) stand where an "if" would be.
    west, south, wide, high, x_share, y_share, columns = frame
    cell = np.empty(_BLOCK, np.int32)
    crossed = np.empty(_BLOCK, np.int32)
    place = np.empty(_BLOCK, np.uint64)
    left = np.empty(_BLOCK, np.int32)
    row = np.uint64(8)
    for start in range(0, lon.size, _BLOCK):
        size = min(_BLOCK, lon.size - start)
        a, b, o = lon[start : start + size], lat[start : start + size], out[start : start + size]
        for i in range(size):
            fx = np.rint(a[i] * 1e7) - west
            fy = np.rint(b[i] * 1e7) - south
            fx = fx if fx >= 0 else -1.0
            fx = fx if fx <= wide else -1.0
            fy = fy if fy >= 0 else -1.0
            fy = fy if fy <= high else -1.0
            c = np.floor(fy * y_share) * columns + np.floor(fx * x_share)
            outside = fx if fx < fy else fy
            cell[i] = np.int32(c if outside >= 0 else -1.0)
        for i in range(size):
            o[i] = table[np.uint32(cell[i] + 1)]
        n = np.uint64(0)
        for i in range(size):
            crossed[n] = i
            n += np.uint64(o[i] < -1)
        for j in range(n):
            p = np.uint32(crossed[j])
            head = np.uint64(-(np.int64(o[p]) + 2)) * row
            place[j] = head
            left[j] = records[head]
            o[p] = records[head + np.uint64(1)]
        # Round by round one record of each point that has one left; the rest moves up in the lists.
        while n > 0:
            more = np.uint64(0)
            for j in range(n):
                p = np.uint32(crossed[j])
                k = place[j] + row
                x = np.int64(np.rint(a[p] * 1e7))
                y = np.int64(np.rint(b[p] * 1e7))
                ax = np.int64(records[k])
                ay = np.int64(records[k + np.uint64(1)])
                dx = np.int64(records[k + np.uint64(2)]) - ax
                dy = np.int64(records[k + np.uint64(3)]) - ay
                above = (y - ay) * dx - dy * (x - ax) + (-dy >> np.int64(63))
                before = x - np.int64(records[k + np.uint64(4)])
                short = x - np.int64(records[k + np.uint64(5)])
                miss = (above >> 63) | (before >> 63) | ~(short >> 63)
                o[p] ^= records[k + np.uint64(6)] & ~np.int32(miss)
                rest = left[j] - np.int32(1)
                crossed[more] = p
                place[more] = k
                left[more] = rest
                more += np.uint64(rest > 0)
            n = more


def _compiled() -> Callable[..., None]:
    """Compile with numba's cache on disk where a folder can be written, else for this process only."""
    try:
        found: Callable[..., None] = numba.njit(cache=True, nogil=True)(_locate)
    except RuntimeError:
        found = numba.njit(nogil=True)(_locate)
    return found


locate = _compiled()
