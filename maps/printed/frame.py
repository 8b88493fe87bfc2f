"""The rectangle of paper that a map fills, and where on the ground it lies. North is up."""

from __future__ import annotations

from dataclasses import dataclass
from math import cos, radians
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray
    from shapely.geometry.base import BaseGeometry

    Shapes = NDArray[Any]

METRES_PER_DEGREE = 111_319.49
ROUND = (1.0, 1.25, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 7.5, 8.0)
SCALES = tuple(int(step * 10**power) for power in range(2, 7) for step in ROUND)


@dataclass(frozen=True, slots=True)
class Frame:
    """``width`` x ``height`` mm of paper around lon, lat at 1:``scale``; x runs right, y down.

    Flat around its middle: over the five kilometres of a community the error is below 0.1 % of a length,
    less than a line is wide.
    """

    width: float
    height: float
    lon: float
    lat: float
    scale: int

    @property
    def per_degree(self) -> tuple[float, float]:
        """Return mm of paper for a degree of longitude and of latitude."""
        north = METRES_PER_DEGREE * 1000 / self.scale
        return north * cos(radians(self.lat)), north

    @property
    def bounds(self) -> tuple[float, float, float, float]:
        """Return west, south, east, north of what the frame shows, degrees."""
        x, y = self.width / 2 / self.per_degree[0], self.height / 2 / self.per_degree[1]
        return self.lon - x, self.lat - y, self.lon + x, self.lat + y

    def place(self, lon: float, lat: float) -> tuple[float, float]:
        """Return where a position lies on the paper, mm from the upper left corner."""
        x, y = self.per_degree
        return self.width / 2 + (lon - self.lon) * x, self.height / 2 - (lat - self.lat) * y

    def project(self, shapes: Sequence[BaseGeometry] | Shapes) -> Shapes:
        """Return shapes in degrees as shapes on the paper, whole."""
        x, y = self.per_degree

        def flat(points: Shapes) -> Shapes:
            return np.column_stack(
                [
                    self.width / 2 + (points[:, 0] - self.lon) * x,
                    self.height / 2 - (points[:, 1] - self.lat) * y,
                ]
            )

        return np.asarray(shapely.transform(np.asarray(shapes, dtype=object), flat), dtype=object)

    def cut(self, shapes: Shapes, beyond: float = 3.0) -> Shapes:
        """Return shapes on the paper cut ``beyond`` mm outside the frame, so that no cut is seen."""
        cut = np.asarray(
            shapely.clip_by_rect(shapes, -beyond, -beyond, self.width + beyond, self.height + beyond),
            dtype=object,
        )
        torn = ~shapely.is_valid(cut)  # cut quickly, a ring may be left that crosses itself
        cut[torn] = shapely.make_valid(cut[torn])
        return cut


def fitted(bounds: Sequence[float], width: float, height: float, margin: float) -> Frame:
    """Return the frame that shows ``bounds`` (degrees) with ``margin`` mm around it at a round scale."""
    west, south, east, north = bounds
    lon, lat = (west + east) / 2, (south + north) / 2
    wide = (east - west) * METRES_PER_DEGREE * cos(radians(lat))
    high = (north - south) * METRES_PER_DEGREE
    least = 1000 * max(wide / (width - 2 * margin), high / (height - 2 * margin), 0.1)
    scale = next((one for one in SCALES if one >= least), SCALES[-1])
    return Frame(width, height, lon, lat, scale)
