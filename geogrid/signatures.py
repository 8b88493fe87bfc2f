"""Tell whether a file of areas is what its ending says, before GDAL opens it.

GDAL looks at the content and not at the ending: a "GeoJSON" that holds the XML of a virtual layer makes it
read any other file of the machine, or fetch one from the network.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

_SQLITE = re.compile(rb"SQLite format 3\0")
_JSON = re.compile(rb"(\xef\xbb\xbf)?\s*\{")
_XML = re.compile(rb"(\xef\xbb\xbf)?\s*<(?!OGRVRT)(?!.*<OGRVRT)", re.DOTALL)
# What a file begins with, by its ending; other endings are not looked at.
BEGINNINGS = {
    ".gpkg": _SQLITE,
    ".sqlite": _SQLITE,
    ".geojson": _JSON,
    ".json": _JSON,
    ".fgb": re.compile(rb"fgb"),
    ".shp": re.compile(rb"\0\0\x27\x0a"),
    ".gml": _XML,
    ".kml": _XML,
}
LOOKED_AT = 4096


def is_disguised(path: Path) -> bool:
    """Say whether a file begins otherwise than its ending promises; a folder never does.

    :raises OSError: it cannot be read.
    """
    beginning = BEGINNINGS.get(path.suffix.lower())
    if beginning is None or not path.is_file():
        return False
    with path.open("rb") as file:
        return beginning.match(file.read(LOOKED_AT)) is None
