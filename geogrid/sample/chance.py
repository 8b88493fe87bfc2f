"""Chance that can be repeated, and exact shares of a total."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray


def stream(seed: int, *names: object) -> np.random.Generator:
    """Return the random stream of that name: adding a street somewhere changes no building elsewhere."""
    return np.random.default_rng([seed, *(zlib.crc32(str(name).encode()) for name in names)])


def apportion(
    total: int,
    weights: Sequence[float] | NDArray[np.float64],
    least: Sequence[int] | NDArray[np.int64] | int = 0,
    most: Sequence[int] | NDArray[np.int64] | None = None,
) -> NDArray[np.int64]:
    """Divide ``total`` by ``weights`` into whole numbers that sum to it, each within its bounds.

    One at a time, to the one that is furthest below its share; ties go to the first.

    :raises ValueError: the bounds leave no such division.
    """
    weight = np.asarray(weights, dtype=float)
    lowest = np.broadcast_to(np.asarray(least, dtype=np.int64), weight.shape)
    caps = np.full(weight.shape, total, dtype=np.int64) if most is None else np.asarray(most, dtype=np.int64)
    if lowest.sum() > total or caps.sum() < total:
        raise ValueError("the bounds leave no division of the total")
    target = weight / weight.sum() * total
    shares: NDArray[np.int64] = np.minimum(np.maximum(np.floor(target).astype(np.int64), lowest), caps)
    while shares.sum() != total:
        step = 1 if shares.sum() < total else -1
        room = shares < caps if step > 0 else shares > lowest
        lack = np.where(room, (target - shares) * step, -np.inf)
        shares[int(np.argmax(lack))] += step
    return shares
