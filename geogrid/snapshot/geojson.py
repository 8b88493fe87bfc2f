"""Write GeoJSON (RFC 7946) as bytes, once, at publication."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from numpy.typing import NDArray

    Shapes = NDArray[Any]


def feature_collection(properties: Iterable[Mapping[str, Any]], shapes: Shapes, digits: int) -> bytes:
    """Return a FeatureCollection; ``shapes`` are in degrees and are rounded to ``digits``."""
    texts = geometry_texts(shapes, digits)
    features = (
        f'{{"type":"Feature","properties":{_text(facts)},"geometry":{text}}}'
        for facts, text in zip(properties, texts, strict=True)
    )
    return ('{"type":"FeatureCollection","features":[' + ",\n".join(features) + "]}").encode()


def geometry_texts(shapes: Shapes, digits: int) -> list[str]:
    """Return each geometry as GeoJSON text, outer rings counter-clockwise, coordinates rounded."""
    rounded = shapely.transform(
        np.asarray(shapes, dtype=object), lambda points: np.round(points, digits) + 0.0
    )
    oriented = shapely.orient_polygons(rounded, exterior_cw=False)
    return [str(text or "null") for text in shapely.to_geojson(oriented)]


def _text(facts: Mapping[str, Any]) -> str:
    return json.dumps(facts, ensure_ascii=False, separators=(",", ":"))
