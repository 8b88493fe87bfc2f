"""Cut the layers of a plan into tiles of the web map square (the XYZ scheme, y counted from the north)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from geogrid.tiles.mvt import EXTENT, encode_layer

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from geogrid.snapshot import Snapshot

    Floats = NDArray[np.float64]
    Tile = tuple[int, int, int]

TILED = ("districts", "subdistricts", "communities", "compounds", "grids", "venues")
MAX_ZOOM = 15  # a tile unit is 0.3 m there at the equator; clients draw on from it
MARGIN = 64 / EXTENT  # tiles overlap, so that lines at their edges are not seen
# Wide columns stay out of tiles; a click asks the API.
LEFT_OUT = ("lon", "lat", "compound_ids", "grid_codes")
NORTHMOST = 85.0511287798066


@dataclass(frozen=True)
class _Drawn:
    """A layer on the unit square: x east, y south, the whole world from 0 to 1."""

    shapes: NDArray[Any]
    tree: shapely.STRtree
    facts: list[dict[str, Any]]
    area: bool


class TileSet:
    """Cuts tiles of one snapshot; the same snapshot gives the same bytes."""

    def __init__(self, snapshot: Snapshot) -> None:
        self.snapshot = snapshot
        self._drawn: dict[str, _Drawn] = {}

    def tile(self, layers: Sequence[str], zoom: int, x: int, y: int) -> bytes:
        """Return a tile with some layers, empty bytes where nothing lies in it."""
        return b"".join(self._layer(name, zoom, x, y) for name in layers)

    def tiles(self, max_zoom: int = MAX_ZOOM) -> Iterator[Tile]:
        """Yield zoom, x, y of every tile that touches the bounds of the city."""
        bounds = self.bounds
        if not bounds:
            return
        west, south, east, north = bounds
        edges = _unit(np.array([[west, north], [east, south]]))
        for zoom in range(max_zoom + 1):
            (left, top), (right, bottom) = np.floor(edges * 2**zoom).astype(int).tolist()
            for x in range(left, right + 1):
                yield from ((zoom, x, y) for y in range(top, bottom + 1))

    @cached_property
    def bounds(self) -> list[float]:
        """Return west, south, east, north of the city, empty where it has no grids."""
        return self.snapshot.layer("cities").bounds

    def fields(self, name: str) -> dict[str, str]:
        """Return what a feature of a layer tells, and its TileJSON type."""
        kinds = {"string": "String", "boolean": "Boolean"}
        columns = self.snapshot.layer(name).columns()
        return {key: kinds.get(kind, "Number") for key, kind in columns.items() if key not in LEFT_OUT}

    def _layer(self, name: str, zoom: int, x: int, y: int) -> bytes:
        drawn = self._drawn.get(name) or self._drawn.setdefault(name, self._draw(name))
        size = 2**zoom
        window = [(x - MARGIN) / size, (y - MARGIN) / size, (x + 1 + MARGIN) / size, (y + 1 + MARGIN) / size]
        places = np.sort(drawn.tree.query(shapely.box(*window)))
        if not len(places):
            return b""
        cut = shapely.clip_by_rect(drawn.shapes[places], *window) if drawn.area else drawn.shapes[places]
        origin = np.array([x, y])
        moved = shapely.transform(cut, lambda points: (points * size - origin) * EXTENT)
        # On whole coordinates nothing is lost by leaving out vertices in the middle of a straight line.
        whole = shapely.simplify(shapely.set_precision(moved, 1.0), 0.0)
        found = [_part(shape, area=drawn.area) for shape in shapely.orient_polygons(whole)]
        return encode_layer(
            name,
            (
                (int(place), drawn.facts[place], shape)
                for place, shape in zip(places, found, strict=True)
                if shape is not None
            ),
        )

    def _draw(self, name: str) -> _Drawn:
        layer = self.snapshot.layer(name)
        shapes = shapely.transform(layer.shapes, _unit)
        facts = [{key: row[key] for key in self.fields(name) if row[key] != ""} for row in layer.rows]
        return _Drawn(shapes, shapely.STRtree(shapes), facts, name != "venues")


def _part(shape: Any, *, area: bool) -> Any:
    """Return what of a cut shape is of its layer's kind, None where nothing is left."""
    if shape is None or shape.is_empty:
        return None
    if not area or shape.geom_type in ("Polygon", "MultiPolygon"):
        return shape
    parts = [part for part in shapely.get_parts(shape) if part.geom_type == "Polygon"]
    return shapely.multipolygons(parts) if parts else None


def _unit(points: Floats) -> Floats:
    """Turn degrees into the unit square of spherical Mercator (EPSG method 1024)."""
    lat = np.radians(np.clip(points[:, 1], -NORTHMOST, NORTHMOST))
    return np.column_stack([points[:, 0] / 360 + 0.5, 0.5 - np.arcsinh(np.tan(lat)) / (2 * np.pi)])
