"""Read the operator's own basemap: a PMTiles file of pictures or of vector tiles."""

from __future__ import annotations

import gzip
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pmtiles.reader import MmapSource, Reader
from pmtiles.tile import Compression, TileType

from geogrid.errors import Fault, InputError

if TYPE_CHECKING:
    from pathlib import Path

MEDIA = {
    TileType.MVT: "application/vnd.mapbox-vector-tile",
    TileType.PNG: "image/png",
    TileType.JPEG: "image/jpeg",
    TileType.WEBP: "image/webp",
}


@dataclass(frozen=True)
class Basemap:
    """An open file of tiles. ``content`` is raster or vector; zooms beyond ``max_zoom`` have no tiles."""

    reader: Any
    content: str
    media_type: str
    min_zoom: int
    max_zoom: int
    packed: bool

    @classmethod
    def open(cls, path: Path) -> Basemap:
        """Open a PMTiles file of version 3.

        :raises InputError: it cannot be read, or holds tiles of another kind.
        """
        try:
            with path.open("rb") as file:
                reader: Any = Reader(MmapSource(file))  # type: ignore[no-untyped-call]
            header = reader.header()
            kind, compression = header["tile_type"], header["tile_compression"]
        except Exception as error:  # the reader raises whatever the bytes lead it to
            fault = Fault("broken-basemap", "it is no PMTiles file", "check the file", str(path))
            raise InputError((fault,)) from error
        if kind not in MEDIA or compression not in (Compression.NONE, Compression.GZIP):
            words = "its tiles are neither pictures nor vector tiles", "convert it with the pmtiles tool"
            raise InputError((Fault("strange-basemap", *words, str(path)),))
        content = "vector" if kind is TileType.MVT else "raster"
        packed = compression is Compression.GZIP
        return cls(reader, content, MEDIA[kind], header["min_zoom"], header["max_zoom"], packed)

    def tile(self, zoom: int, x: int, y: int) -> bytes | None:
        """Return a tile, unpacked; None where the file has none."""
        if not self.min_zoom <= zoom <= self.max_zoom or not 0 <= x < 2**zoom or not 0 <= y < 2**zoom:
            return None
        found: bytes | None = self.reader.get(zoom, x, y)
        return gzip.decompress(found) if found and self.packed else found
