"""Who may show the maps in a page of theirs, and what the operator has put beside the data for it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from api.ogc import base_of
from geogrid.errors import Fault, InputError
from maps.embed import Host

if TYPE_CHECKING:
    from pathlib import Path

    from starlette.requests import Request

    from api.settings import Settings

SITE = re.compile(r"\*|https?://[a-z0-9.-]+(:\d{1,5})?")
NAME = re.compile(r"[A-Za-z0-9_-]{1,80}\.(txt|html)")
LONGEST = 4096


def sites_of(settings: Settings) -> tuple[str, ...]:
    """Return the origins whose pages may frame the maps.

    :raises InputError: one of them is no origin.
    """
    sites = tuple(settings.embed_sites.split())
    faults = [
        Fault("bad-site", f"{site!r} is no origin", "write it as https://portal.example", field="embed_sites")
        for site in sites
        if not SITE.fullmatch(site)
    ]
    if faults:
        raise InputError(tuple(faults))
    return sites


def verification_files(folder: Path | None) -> dict[str, bytes]:
    """Return the small files by which another host proves that this site is its operator's, by name.

    They are read once, at the start; only these names are ever answered, so no path can be asked for.
    """
    if folder is None:
        return {}
    found = [one for one in sorted(folder.iterdir()) if NAME.fullmatch(one.name) and one.is_file()]
    return {one.name: one.read_bytes() for one in found if one.stat().st_size <= LONGEST}


def host_of(request: Request) -> Host:
    """Return who serves the map and who may show it."""
    settings: Settings = request.app.state.settings
    basemap = request.app.state.basemap
    return Host(
        base=base_of(request) + "/",
        sites=request.app.state.sites,
        review=settings.review_number,
        tianditu=settings.tianditu_key,
        pmtiles=basemap.content if basemap else "",
        finest=basemap.max_zoom if basemap else 0,
        credit=settings.basemap_credit,
    )
