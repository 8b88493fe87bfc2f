"""Vector tiles of a published plan, one at a time or all in one file."""

from geogrid.tiles.cut import MAX_ZOOM, TILED, TileSet

__all__ = ["MAX_ZOOM", "TILED", "TileSet"]
