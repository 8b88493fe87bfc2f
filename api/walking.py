"""Say where to go from one thing: to what it lies in, and to what lies in it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote

if TYPE_CHECKING:
    from collections.abc import Mapping

ONE = {
    "cities": "city",
    "districts": "district",
    "subdistricts": "subdistrict",
    "communities": "community",
    "compounds": "compound",
    "grids": "grid",
    "branches": "branch",
    "venues": "venue",
    "pairings": "pairing",
}
BELOW = {
    "cities": ("districts", "subdistricts", "communities"),
    "districts": ("subdistricts", "communities", "compounds", "grids", "branches", "venues"),
    "subdistricts": ("communities", "compounds", "grids", "branches", "venues"),
    "communities": ("compounds", "grids", "branches", "venues"),
    "compounds": ("grids", "branches"),
    "grids": ("compounds",),
    "branches": ("grids", "pairings"),
    "venues": (),
    "pairings": (),
}
ABOVE = ("community", "subdistrict", "district")
PLURAL = {"community": "communities", "subdistrict": "subdistricts", "district": "districts"}


def item_links(layer: str, row: Mapping[str, Any]) -> list[dict[str, str]]:
    """Return the links of an item: itself, what it lies in, and what lies in it."""
    one, id_ = ONE[layer], quote(row["id"], safe="")
    links = [{"rel": "self", "href": f"/v1/{layer}/{id_}"}]
    above = next((level for level in ABOVE if level != one and row.get(f"{level}_id")), None)
    if above:
        links.append({"rel": "up", "href": f"/v1/{PLURAL[above]}/{quote(row[f'{above}_id'], safe='')}"})
    elif layer != "cities":
        links.append({"rel": "up", "href": "/v1/cities"})
    query = "" if layer == "cities" else f"?{one}={id_}"
    return links + [{"rel": below, "href": f"/v1/{below}{query}"} for below in BELOW[layer]]
