"""Tiles, their description and style, and the files of a whole version; made once, then kept."""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import TYPE_CHECKING, Any

from api.replies import Body
from geogrid.tiles import MAX_ZOOM, TILED, TileSet

if TYPE_CHECKING:
    from pathlib import Path

    from api.served import Served

MVT = "application/vnd.mapbox-vector-tile"
ALL = "all"
KEPT_TILES = 1024
KEPT_SETS = 3
# Petroff 10, the colours of the maps; special-purpose grids are grey.
COLOURS = ("#3f90da", "#ffa90e", "#bd1f01", "#832db6", "#a96b59", "#e76300", "#b9ac70", "#717581", "#92dadd")
GREY, LINE = "#94a4a2", "#222222"


class Tiles:
    """Keeps the tiles that were asked for last, of the snapshots that were asked for last."""

    def __init__(self) -> None:
        self._sets: OrderedDict[str, TileSet] = OrderedDict()
        self._kept: OrderedDict[tuple[str, str, int, int, int], Body] = OrderedDict()
        self._lock = threading.Lock()

    def tile(self, here: Served, layer: str, zoom: int, x: int, y: int) -> Body:
        """Return a tile; its content is empty where nothing lies in it."""
        key = (str(here.snapshot.manifest["sha256"]), layer, zoom, x, y)
        with self._lock:
            found = self._kept.pop(key, None)
        if found is None:
            layers = TILED if layer == ALL else (layer,)
            found = Body(self.set_of(here).tile(layers, zoom, x, y), MVT)
        with self._lock:
            self._kept[key] = found
            while len(self._kept) > KEPT_TILES:
                self._kept.popitem(last=False)
        return found

    def set_of(self, here: Served) -> TileSet:
        """Return the tiles of a snapshot."""
        key = str(here.snapshot.manifest["sha256"])
        with self._lock:
            found = self._sets.pop(key, None) or TileSet(here.snapshot)
            self._sets[key] = found
            while len(self._sets) > KEPT_SETS:
                self._sets.popitem(last=False)
        return found


class Downloads:
    """Makes the files of a version at their first request, beside the snapshots."""

    def __init__(self) -> None:
        self._lock = threading.Lock()

    def path(self, here: Served, ending: str) -> Path:
        """Return a finished file of a version; its name holds the content of the snapshot."""
        folder = here.snapshot.folder
        seal = here.snapshot.manifest["sha256"][:16]
        path = folder.parent / "downloads" / f"{here.plan.version}-{seal}.{ending}"
        with self._lock:
            if not path.is_file():
                self._make(here, path)
        return path

    def _make(self, here: Served, path: Path) -> None:
        from geogrid.tiles.files import write_geopackage, write_pmtiles

        (write_geopackage if path.suffix == ".gpkg" else write_pmtiles)(here.snapshot, path)


def tilejson(base: str, here: Served, tiles: TileSet, layer: str, query: str) -> dict[str, Any]:
    """Return the description of a tile layer (TileJSON 3.0.0)."""
    city = here.snapshot.city
    names = TILED if layer == ALL else (layer,)
    bounds = tiles.bounds or [-180.0, -85.0, 180.0, 85.0]
    return {
        "tilejson": "3.0.0",
        "name": f"{city['name']}: {layer}",
        "version": f"{city['version']}.0.0",
        "attribution": city["attribution"],
        "scheme": "xyz",
        "tiles": [f"{base}/tiles/{layer}/{{z}}/{{x}}/{{y}}.mvt{query}"],
        "minzoom": 0,
        "maxzoom": MAX_ZOOM,
        "bounds": bounds,
        "center": [round((bounds[0] + bounds[2]) / 2, 7), round((bounds[1] + bounds[3]) / 2, 7), 13],
        "vector_layers": [
            {"id": name, "fields": tiles.fields(name), "minzoom": 0, "maxzoom": MAX_ZOOM} for name in names
        ],
    }


def style(base: str, here: Served) -> dict[str, Any]:
    """Return a style (MapLibre style specification 8) that needs no fonts, sprites or other hosts."""
    numbered: list[Any] = ["match", ["%", ["get", "number"], len(COLOURS)]]
    for number, colour in enumerate(COLOURS[1:], start=1):
        numbered += [number, colour]
    fill = ["case", ["==", ["get", "kind"], "special"], GREY, [*numbered, COLOURS[0]]]
    width = ["interpolate", ["linear"], ["zoom"], 10, 0.5, 15, 2]

    def drawn(id: str, kind: str, layer: str, paint: dict[str, Any]) -> dict[str, Any]:  # noqa: A002
        return {"id": id, "type": kind, "source": "geogrid", "source-layer": layer, "paint": paint}

    dotted = {"line-color": LINE, "line-width": 0.5, "line-dasharray": [2, 2]}
    venue = {
        "circle-radius": 5,
        "circle-color": "#ffffff",
        "circle-stroke-color": LINE,
        "circle-stroke-width": 2,
    }
    return {
        "version": 8,
        "name": f"{here.snapshot.city['name']}: grids",
        "sources": {"geogrid": {"type": "vector", "url": f"{base}/tiles/{ALL}.json"}},
        "layers": [
            drawn("grids", "fill", "grids", {"fill-color": fill, "fill-opacity": 0.7}),
            {**drawn("compounds", "line", "compounds", dotted), "minzoom": 13},
            drawn("grid-borders", "line", "grids", {"line-color": LINE, "line-width": width}),
            drawn("communities", "line", "communities", {"line-color": LINE, "line-width": 2.5}),
            {**drawn("venues", "circle", "venues", venue), "minzoom": 12},
        ],
    }
