"""Take shapes apart into their polygons and lines, and put them on the sample's lattice of 1 cm."""

from __future__ import annotations

import shapely

LATTICE_M = 0.01


def polygons(shape: shapely.Geometry) -> list[shapely.Polygon]:
    """Return the polygons of a shape."""
    return [part for part in shapely.get_parts(shape) if isinstance(part, shapely.Polygon)]


def lines(shape: shapely.Geometry) -> list[shapely.LineString]:
    """Return the lines of a shape."""
    return [part for part in shapely.get_parts(shape) if isinstance(part, shapely.LineString)]


def pieces_on_lattice(shape: shapely.Geometry) -> list[shapely.Polygon]:
    """Return the polygons of a shape, their vertices on the lattice."""
    return polygons(shapely.set_precision(shape, LATTICE_M))


def on_lattice(shape: shapely.Geometry) -> shapely.Polygon:
    """Return the largest polygon of a shape on the lattice; an empty one where there is none."""
    return max(pieces_on_lattice(shape), key=lambda part: part.area, default=shapely.Polygon())
