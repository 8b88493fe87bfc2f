"""Build on a block: slab rows, courtyards, towers, street-side houses, or leave it open."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import shapely
from shapely import affinity

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass(frozen=True, slots=True)
class House:
    """A building: its footprint, and how its homes are numbered (units x floors x flats a floor)."""

    footprint: shapely.Polygon
    staircases: int
    floors: int
    flats: int

    @property
    def households(self) -> int:
        """The number of homes."""
        return self.staircases * self.floors * self.flats


@dataclass(frozen=True, slots=True)
class Style:
    """How a compound is built. Lengths in metres."""

    name: str
    length: float  # of a slab; a staircase takes 15 m of it
    depth: float
    gap_along: float
    gap_across: float
    floors: tuple[int, int]
    flats: int
    staircase_m: float = 15.0


SLABS = Style("slabs", 60.0, 12.0, 12.0, 24.0, (5, 7), 2)
OLD_SLABS = Style("old-slabs", 45.0, 10.5, 10.0, 19.0, (4, 6), 2)
TOWERS = Style("towers", 26.0, 20.0, 24.0, 30.0, (15, 26), 4, staircase_m=26.0)
MIXED = Style("mixed", 34.0, 15.0, 16.0, 30.0, (9, 11), 3, staircase_m=17.0)
STYLES = (SLABS, OLD_SLABS, TOWERS, MIXED)


def axis(block: shapely.Polygon) -> float:
    """Return the direction of the block's longer side, degrees from east."""
    corners = shapely.get_coordinates(shapely.oriented_envelope(block))
    sides = np.diff(corners[:3], axis=0)
    longest = sides[int(np.argmax(np.hypot(*sides.T)))]
    return float(np.degrees(np.arctan2(longest[1], longest[0])))


def rows(block: shapely.Polygon, style: Style, most: int, rng: np.random.Generator) -> list[House]:
    """Return at most ``most`` buildings in parallel rows that stand wholly inside the block."""
    inner = shapely.buffer(block, -5.0, join_style="mitre")
    if inner.is_empty:
        return []
    turn = axis(block)
    level = affinity.rotate(inner, -turn, origin=(0, 0))
    floors = int(rng.integers(*style.floors, endpoint=True))
    sites = [site for site in _sites(level, style, rng) if level.contains(site)][:most]
    return [
        House(
            shapely.set_precision(affinity.rotate(site, turn, origin=(0, 0)), 0.01),
            max(1, round(_width(site) / style.staircase_m)),
            max(3, floors + int(rng.integers(-1, 1, endpoint=True))),
            style.flats,
        )
        for site in sites
    ]


def _sites(level: shapely.Polygon, style: Style, rng: np.random.Generator) -> Iterator[shapely.Polygon]:
    """Yield footprints row by row from the north, there and back, each row filled evenly.

    Going back and forth keeps consecutive numbers neighbours, so that runs of them make building groups.
    """
    _, low, _, high = level.bounds
    pitch = style.depth + style.gap_across
    count = max(1, int((high - low + style.gap_across) // pitch))
    top = high - (high - low - (count * pitch - style.gap_across)) / 2
    for row in range(count):
        y = top - row * pitch
        start, end = _reach(level, y, y - style.depth)
        wide = max(1, round((end - start + style.gap_along) / (style.length + style.gap_along)))
        length = (end - start - (wide - 1) * style.gap_along) / wide
        if length < style.staircase_m:
            continue
        for n in range(wide) if row % 2 == 0 else reversed(range(wide)):
            x = start + n * (length + style.gap_along) + float(rng.uniform(-1.0, 1.0))
            yield shapely.box(x + 1.5, y - style.depth, x + length - 1.5, y)


def _reach(level: shapely.Polygon, *heights: float) -> tuple[float, float]:
    """Return from where to where the block is open at all of these heights."""
    left, _, right, _ = level.bounds
    spans = [level.intersection(shapely.LineString([(left, y), (right, y)])) for y in heights]
    if any(span.is_empty for span in spans):
        return 0.0, 0.0
    return max(span.bounds[0] for span in spans), min(span.bounds[2] for span in spans)


def _width(site: shapely.Polygon) -> float:
    left, _, right, _ = site.bounds
    return right - left


def courtyard(block: shapely.Polygon, rng: np.random.Generator) -> list[House]:
    """Return four slabs around a yard, on the block's edges."""
    turn = axis(block)
    level = affinity.rotate(shapely.buffer(block, -5.0, join_style="mitre"), -turn, origin=(0, 0))
    if level.is_empty:
        return []
    left, low, right, high = level.bounds
    if right - left < 50.0 or high - low < 40.0:
        return []
    depth = 11.0
    sides = (
        shapely.box(left + 3, high - depth - 1, right - 3, high - 1),
        shapely.box(left + 1, low + depth + 14, left + depth + 1, high - depth - 14),
        shapely.box(right - depth - 1, low + depth + 14, right - 1, high - depth - 14),
        shapely.box(left + 3, low + 1, right - 3, low + depth + 1),
    )
    floors = int(rng.integers(4, 7))
    return [
        House(
            shapely.set_precision(affinity.rotate(side, turn, origin=(0, 0)), 0.01),
            max(1, round(max(_width(side), side.bounds[3] - side.bounds[1]) / 16.0)),
            floors,
            2,
        )
        for side in sides
        if side.area > 150.0 and level.buffer(0.5).contains(side)
    ]


def street_side(block: shapely.Polygon, rng: np.random.Generator) -> list[House]:
    """Return a rim of small houses along the block's edges, homes above shops."""
    inner = shapely.buffer(block, -3.0, join_style="mitre")
    if inner.is_empty or inner.geom_type != "Polygon":
        return []
    houses: list[House] = []
    taken: list[shapely.Polygon] = []
    corners = shapely.get_coordinates(shapely.oriented_envelope(inner))
    for start, end in pairwise(corners):
        side = float(np.hypot(*(end - start)))
        along, inward = (end - start) / side, np.array([-(end - start)[1], (end - start)[0]]) / side
        if not inner.contains(shapely.Point((start + end) / 2 + inward * 6)):
            inward = -inward
        at = 16.0
        while at + 16.0 < side - 15.0:
            width = float(rng.uniform(15.0, 27.0))
            base = start + along * at + inward * 3.0
            ring = [base, base + along * width, base + along * width + inward * 10.5, base + inward * 10.5]
            site = shapely.set_precision(shapely.Polygon(ring), 0.01)
            if inner.buffer(0.3).contains(site) and not any(site.intersects(other) for other in taken):
                taken.append(site)
                houses.append(House(site, 1, int(rng.integers(3, 7)), 2))
            at += width + float(rng.uniform(2.0, 7.0))
    return houses
