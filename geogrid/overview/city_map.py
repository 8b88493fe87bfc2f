"""Draw the communities of a city as a small map, coloured by how many of their grids have a branch."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

import shapely

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from shapely.geometry.base import BaseGeometry

    from geogrid.overview.facts import CommunityTally

WIDTH = 800.0
STEPS = 5  # tones t1 (lightest) to t5; t0 where nobody lives
SMOOTH = 0.4  # of the picture's units


def city_map(
    communities: Sequence[CommunityTally], outlines: Mapping[str, BaseGeometry], said: Mapping[str, str]
) -> str:
    """Return the map as SVG with its legend; nothing where no outline is known."""
    known = [one for one in communities if one.id in outlines]
    if not known:
        return ""
    west, south, east, north = shapely.total_bounds([outlines[one.id] for one in known])
    scale = WIDTH / max(east - west, north - south)
    height = (north - south) * scale
    drawn = "".join(
        f'<path class="{_tone(one)}" d="{_path(outlines[one.id], west, north, scale)}">'
        f"<title>{escape(one.name)}: {one.grids_with_branch}/{one.grids}</title></path>"
        for one in known
    )
    size = f"{(east - west) * scale:.0f} {height:.0f}"
    title = escape(said["city.map"])
    return (
        f'<svg class="map" viewBox="0 0 {size}" role="img" aria-label="{title}"><title>{title}</title>'
        f"{drawn}</svg>{_legend()}<p>{escape(said['map.note'])}</p>"
    )


def _tone(one: CommunityTally) -> str:
    if not one.grids:
        return "t0"
    return f"t{1 + min(STEPS - 1, one.grids_with_branch * STEPS // one.grids)}"


def _path(shape: BaseGeometry, west: float, north: float, scale: float) -> str:
    small = shapely.transform(shape, lambda xy: (xy - (west, north)) * (scale, -scale))
    rings = [
        ring
        for part in shapely.get_parts(shapely.simplify(small, SMOOTH))
        for ring in (part.exterior, *part.interiors)
    ]
    return "".join("M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in ring.coords[:-1]) + "Z" for ring in rings)


def _legend() -> str:
    keys = "".join(
        f'<span><i class="t{n}"></i>{100 * (n - 1) // STEPS}-{100 * n // STEPS}%</span>'
        for n in range(1, STEPS + 1)
    )
    return f'<p class="legend">{keys}</p>'
