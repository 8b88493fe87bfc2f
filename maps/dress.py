"""Prepare published geometry for drawing: colours, label places, bounds. Degrees in, degrees out."""

from __future__ import annotations

from math import cos, radians
from typing import TYPE_CHECKING, Any

import shapely
from shapely import affinity
from shapely.geometry import shape

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shapely.geometry.base import BaseGeometry

    from geogrid.snapshot import Snapshot

Json = dict[str, Any]
METRES_PER_DEGREE = 111_319.49


def dress_grids(collection: Mapping[str, Any], colours: Mapping[str, int]) -> Json:
    """Return the grids of a community with ``colour`` (index or None where special) and ``label``."""
    dressed = [
        {
            **feature,
            "properties": {
                **feature["properties"],
                "colour": colours.get(feature["properties"]["code"]),
                "label": label_place(shape(feature["geometry"])),
            },
        }
        for feature in collection["features"]
    ]
    return {**collection, "features": dressed}


def dress_communities(source: Snapshot) -> Json:
    """Return all communities of a source as a FeatureCollection with ``label``."""
    features = [
        {
            "type": "Feature",
            "id": facts["id"],
            "geometry": facts["geometry"],
            "properties": {
                **{key: value for key, value in facts.items() if key != "geometry"},
                "counts": source.city["counts"],
                "label": label_place(shape(facts["geometry"])),
            },
        }
        for facts in source.communities()
    ]
    return {"type": "FeatureCollection", "features": features}


def label_place(geometry: BaseGeometry) -> list[float]:
    """Return where a label sits best: lon, lat, metres of free radius, metres of free half width.

    The centre of the largest inscribed circle of the largest piece; the half width is what is free to
    the nearer side along the parallel through it.
    """
    piece = max(getattr(geometry, "geoms", [geometry]), key=lambda part: part.area)
    west, south, east, north = piece.bounds
    squeeze = cos(radians((south + north) / 2))
    flat = affinity.scale(piece, xfact=squeeze, yfact=1.0, origin=(0, 0))
    radius = shapely.maximum_inscribed_circle(flat, tolerance=max(flat.length / 2000, 1e-7))
    x, y = radius.coords[0]
    line = shapely.LineString([(west * squeeze - 1, y), (east * squeeze + 1, y)])
    halves = [min(x - part.bounds[0], part.bounds[2] - x) for part in _lines(flat.intersection(line))]
    half = max([radius.length, *(value for value in halves if value > 0)])
    return [
        round(x / squeeze, 6),
        round(y, 6),
        round(radius.length * METRES_PER_DEGREE, 1),
        round(half * METRES_PER_DEGREE, 1),
    ]


def _lines(geometry: BaseGeometry) -> list[BaseGeometry]:
    return [part for part in getattr(geometry, "geoms", [geometry]) if part.length > 0]
