"""Write a whole plan into one file to take away: a GeoPackage, or a PMTiles archive of its tiles."""

from __future__ import annotations

import gzip
import json
from typing import TYPE_CHECKING, Any

from pmtiles.tile import Compression, TileType, zxy_to_tileid
from pmtiles.writer import Writer

from geogrid.snapshot.layers import LAYERS
from geogrid.tiles.cut import MAX_ZOOM, TILED, TileSet

if TYPE_CHECKING:
    from pathlib import Path

    from geogrid.snapshot import Snapshot

ENDINGS = ("gpkg", "pmtiles")


def write_geopackage(snapshot: Snapshot, path: Path) -> None:
    """Write every layer that has rows; aside first, then renamed. The same plan gives the same bytes."""
    from geogrid.tables import write_layers  # brings GDAL along

    layers = {name: snapshot.layer(name) for name in LAYERS}
    full = {name: layer.selection(range(len(layer.rows))) for name, layer in layers.items() if layer.rows}
    write_layers(path, full, day=snapshot.city["effective_from"], metadata=_credit(snapshot))


def write_pmtiles(snapshot: Snapshot, path: Path) -> None:
    """Write the tiles of all zooms as PMTiles version 3; aside first, then renamed."""
    from geogrid.aside import written_aside

    tiles = TileSet(snapshot)
    with written_aside(path) as aside, aside.open("wb") as file:
        writer: Any = Writer(file)  # type: ignore[no-untyped-call]
        found = sorted((zxy_to_tileid(*tile), tile) for tile in tiles.tiles())
        for number, (zoom, x, y) in found:
            content = tiles.tile(TILED, zoom, x, y)
            if content:
                writer.write_tile(number, gzip.compress(content, 9, mtime=0))
        writer.finalize(_header(tiles), _metadata(tiles))


def _header(tiles: TileSet) -> dict[str, Any]:
    west, south, east, north = (round(edge * 1e7) for edge in tiles.bounds)
    return {
        "tile_type": TileType.MVT,
        "tile_compression": Compression.GZIP,
        "min_lon_e7": west,
        "min_lat_e7": south,
        "max_lon_e7": east,
        "max_lat_e7": north,
        "center_zoom": 12,
        "center_lon_e7": (west + east) // 2,
        "center_lat_e7": (south + north) // 2,
    }


def _metadata(tiles: TileSet) -> dict[str, Any]:
    layers = [{"id": name, "fields": tiles.fields(name), "minzoom": 0, "maxzoom": MAX_ZOOM} for name in TILED]
    return {**_credit(tiles.snapshot), "type": "overlay", "vector_layers": layers}


def _credit(snapshot: Snapshot) -> dict[str, str]:
    city = snapshot.city
    told = {"city": city["id"], "version": city["version"], "effective_from": city["effective_from"]}
    return {
        "name": f"{city['name']}: grids",
        "description": json.dumps({**told, "synthetic": city["synthetic"]}, sort_keys=True),
        "attribution": city["attribution"],
        "license": city["licence"],
        "version": str(city["version"]),
    }
