"""Prepare published geometry for drawing: colours, label places, bounds. Degrees in, degrees out."""

from __future__ import annotations

from math import cos, radians
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely
from shapely import affinity
from shapely.geometry import shape

from maps.colouring import colour_grids

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from shapely.geometry.base import BaseGeometry

    from geogrid.snapshot import Snapshot

Json = dict[str, Any]
METRES_PER_DEGREE = 111_319.49
TOUCH = 2e-6  # degrees, about 0.2 m: borders that were reprojected vertex by vertex stay this close
SHARED = 5e-5  # degrees, about 5 m of common border make two grids neighbours


def dress_grids(collection: Mapping[str, Any]) -> Json:
    """Return the grids of a community with ``colour`` (index or None where special) and ``label``."""
    features = collection["features"]
    shapes = [shape(feature["geometry"]) for feature in features]
    codes = [feature["properties"]["code"] for feature in features]
    homes = [feature["properties"].get("kind") != "special" for feature in features]
    colours = colour_grids(
        _neighbours(
            [c for c, h in zip(codes, homes, strict=True) if h],
            [s for s, h in zip(shapes, homes, strict=True) if h],
        )
    )
    dressed = [
        {
            **feature,
            "properties": {
                **feature["properties"],
                "colour": colours.get(code),
                "label": label_place(geometry),
            },
        }
        for feature, code, geometry in zip(features, codes, shapes, strict=True)
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


def dress_city(source: Snapshot) -> Json:
    """Return what is drawn under the whole city: water, parks, land and the lines that divide it."""
    return source.city_ground_geojson()


def _neighbours(codes: Sequence[str], shapes: Sequence[BaseGeometry]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {code: [] for code in codes}
    if not shapes:
        return found
    grown = shapely.buffer(np.array(shapes, dtype=object), TOUCH)
    borders = shapely.boundary(np.array(shapes, dtype=object))
    tree = shapely.STRtree(shapes)
    left, right = tree.query(grown, predicate="intersects")
    shared = shapely.length(shapely.intersection(grown[left], borders[right]))
    for a, b in zip(left[shared > SHARED], right[shared > SHARED], strict=True):
        if a != b:
            found[codes[a]].append(codes[b])
    return found


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
