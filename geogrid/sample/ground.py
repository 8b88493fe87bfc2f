"""The lie of the land: where the towns are, how they bend along the river, the railway, the hills.

A town is laid out on a flat sheet (u along its main axis, v across it, metres) and the sheet is then bent,
turned and moved into the city's plane. The bending moves points, so neighbours keep their shared borders.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

import numpy as np
import shapely

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from shapely import LineString, Polygon

G = TypeVar("G", bound=shapely.Geometry)

# The plane's origin: a point by the river in the middle of the real city, WGS-84.
ORIGIN = (124.383, 40.118)


@dataclass(frozen=True, slots=True)
class Town:
    """One built-up area: its sheet's place in the plane; its counties from the sheet's left to its right."""

    name: str
    counties: tuple[str, ...]
    x: float
    y: float
    angle: float  # degrees, counter-clockwise from east to the u axis
    length: float  # of the ellipse that it fills, relative to its width
    river_below: bool  # it grows from a river bank (v >= 0) instead of around a centre
    bend: float  # metres


TOWNS = (
    Town("丹东", ("210603", "210602", "210604"), 0.0, 0.0, 38.0, 1.15, river_below=True, bend=260.0),
    Town("东港", ("210681",), -8_600.0, -4_300.0, 18.0, 1.3, river_below=False, bend=120.0),
    Town("凤城", ("210682",), -6_400.0, 7_600.0, 62.0, 1.5, river_below=False, bend=180.0),
    Town("宽甸", ("210624",), 5_200.0, 8_600.0, -20.0, 1.2, river_below=False, bend=100.0),
)


def bend(town: Town, sheet: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the points of a town's sheet, shape (n, 2), in the city's plane."""
    u, v = sheet[:, 0], sheet[:, 1]
    v_bent = v + town.bend * np.sin(u / 1900.0) + 0.25 * town.bend * np.sin(u / 610.0 + 1.0)
    u_bent = u + 0.35 * town.bend * np.sin(v / 1300.0 + 0.6)
    angle = np.radians(town.angle)
    x = town.x + u_bent * np.cos(angle) - v_bent * np.sin(angle)
    y = town.y + u_bent * np.sin(angle) + v_bent * np.cos(angle)
    return np.column_stack([x, y])


def lay(town: Town, shape: G, step: float = 40.0) -> G:
    """Return a shape of the sheet in the plane, on a 1 cm lattice; straight edges follow the bending."""
    dense = shapely.segmentize(shape, step)
    return shapely.transform(dense, lambda xy: np.round(bend(town, xy), 2))


def river(town: Town, extent: float) -> Polygon:
    """Return the water below a river town."""
    return lay(town, shapely.box(-extent, -560.0, extent, -75.0))


def stream_through(town: Town, u: float, top: float) -> LineString:
    """Return a brook that winds down to the river near ``u``."""
    v = np.linspace(top, -75.0, 60)
    return lay(town, shapely.LineString(np.column_stack([u + 170.0 * np.sin(v / 520.0), v])))


def railway_through(town: Town, v: float, extent: float) -> LineString:
    """Return a railway along the town near ``v``, swinging across the blocks."""
    u = np.linspace(-extent, extent, 90)
    return lay(town, shapely.LineString(np.column_stack([u, v + 150.0 * np.sin(u / 1500.0)])))
