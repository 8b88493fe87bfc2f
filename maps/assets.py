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
    """Read the file ``name`` (a key of `FILES`)."""
    content = FILES[name].read_bytes()
    digest = sha256(content)
    stem, suffix = name.rsplit(".", 1)
    return Asset(
        name=name,
        content=content,
        packed=gzip.compress(content, 9, mtime=0),
        media_type=TYPES["." + suffix],
        path=f"static/{stem}.{digest.hexdigest()[:10]}.{suffix}",
        integrity="sha256-" + b64encode(digest.digest()).decode(),
    )


@cache
def assets_by_path() -> dict[str, Asset]:
    """Return every asset by the path it is served at."""
    return {asset(name).path: asset(name) for name in FILES}


def fingerprint(text: str) -> str:
    """Return the CSP source expression that allows exactly this inline script or style."""
    return "'sha256-" + b64encode(sha256(text.encode()).digest()).decode() + "'"
