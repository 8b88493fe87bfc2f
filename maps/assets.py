"""The scripts, styles and vendored files of the maps and pages, read once, named by their content."""

from __future__ import annotations

import gzip
from base64 import b64encode
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from pathlib import Path

HERE = Path(__file__).parent
FILES = {
    "leaflet.js": HERE / "vendor" / "leaflet" / "leaflet.js",
    "leaflet.css": HERE / "vendor" / "leaflet" / "leaflet.css",
    **{path.name: path for path in sorted((HERE / "static").iterdir())},
}
# Going from the city down to one grid: the same in a frame, on the resident page and in a file.
CORE = (
    "text.js", "data.js", "parts.js", "ground.js", "fills.js", "gestures.js", "map.js", "lists.js",
    "explorer.js", "toolbar.js",
)  # fmt: skip
AREAS = ("shapes.js", "mosaic.js")  # many grids, and the areas above them
GRIDS = ("labels.js", "card.js")  # those of one community, and one of them
ASKING = ("suggest.js", "choices.js", "find.js")
CHOOSING = ("themes.js", "overlays.js")
# What a page loads beside Leaflet; embedded maps fetch the parts that they do not begin with later.
BUNDLES = {
    "atlas.js": (*CORE, "messages.js", "embed.js"),
    "areas.js": AREAS,
    "grids.js": GRIDS,
    "tools.js": (*ASKING, *CHOOSING, "swipe.js", "beside.js", "vectorground.js", "basemaps.js"),
    "atlas.css": ("leaflet.css", "map.css", "search.css", "explorer.css", "swipe.css", "embed.css"),
    "resident.js": (*CORE, *AREAS, *GRIDS, *ASKING, "page.js"),
    "layers.js": CHOOSING,
    "resident.css": ("leaflet.css", "map.css", "search.css", "explorer.css", "page.css"),
}
TYPES = {
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml",
}


@dataclass(frozen=True, slots=True)
class Asset:
    """One file as it is served: ``path`` carries a hash of the content, so it may be cached for ever."""

    name: str
    content: bytes
    packed: bytes
    media_type: str
    path: str
    integrity: str

    @property
    def text(self) -> str:
        """Return the content as text, with the line ends that an HTML parser leaves."""
        return self.content.decode().replace("\r\n", "\n")


@cache
def asset(name: str) -> Asset:
    """Read the file ``name``, a key of `FILES` or of `BUNDLES`."""
    content = bundled(name) if name in BUNDLES else FILES[name].read_bytes()
    digest = sha256(content)
    stem, suffix = name.rsplit(".", 1)
    return Asset(
        name=name,
        content=content,
        packed=_packed(name, content),
        media_type=TYPES["." + suffix],
        path=f"static/{stem}.{digest.hexdigest()[:10]}.{suffix}",
        integrity="sha256-" + b64encode(digest.digest()).decode(),
    )


def _packed(name: str, content: bytes) -> bytes:
    """Return the gzip form; a file that was packed harder beforehand lies beside it."""
    ready = FILES[name].with_name(name + ".gz") if name in FILES else None
    return ready.read_bytes() if ready and ready.exists() else gzip.compress(content, 9, mtime=0)


def bundled(name: str) -> bytes:
    """Return the files of a bundle one behind the other, our own scripts without comments and indents."""
    return "\n".join(_slim(part) for part in BUNDLES[name]).encode()


def _slim(name: str) -> str:
    text = asset(name).text
    if not name.endswith(".js"):
        return text
    lines = (line.strip() for line in text.splitlines())
    return "\n".join(line for line in lines if line and not line.startswith("//"))


@cache
def assets_by_path() -> dict[str, Asset]:
    """Return every asset by the path it is served at."""
    return {asset(name).path: asset(name) for name in (*FILES, *BUNDLES)}


def fingerprint(text: str) -> str:
    """Return the CSP source expression that allows exactly this inline script or style."""
    return "'sha256-" + b64encode(sha256(text.encode()).digest()).decode() + "'"
