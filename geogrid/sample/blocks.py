"""Build homes on a block: slabs in rows, courtyards, towers, terraces, houses along the street."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import shapely
from shapely import affinity

from geogrid.sample.shapes import lines, on_lattice, polygons

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray


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
    staircase: float  # of the facade that one takes
    staircases: tuple[int, int]
    depth: float
    gap_along: float
    gap_across: float
    floors: tuple[int, int]
    flats: int
    stepped: float = 0.0  # the share of buildings with a facade in steps
    setback: float = 5.0


OLD_SLABS = Style("old-slabs", 14.0, (2, 5), 10.5, 8.0, 15.0, (4, 6), 2)
SLABS = Style("slabs", 15.5, (2, 5), 12.5, 11.0, 21.0, (6, 7), 2, stepped=0.35)
MIXED = Style("mixed", 19.0, (1, 3), 14.5, 15.0, 31.0, (9, 12), 2, stepped=0.6, setback=8.0)
TOWERS = Style("towers", 27.0, (1, 1), 21.0, 27.0, 42.0, (17, 26), 4, setback=12.0)
TERRACES = Style("terraces", 24.0, (1, 2), 6.5, 4.5, 7.0, (1, 2), 3, setback=3.0)
STYLES = (OLD_SLABS, SLABS, MIXED, TOWERS)
MOST = 40  # buildings of one estate


def axis(block: shapely.Polygon) -> float:
    """Return the direction of the block's longer side, degrees from east."""
    corners = shapely.get_coordinates(shapely.oriented_envelope(block))
    sides = np.diff(corners[:3], axis=0)
    longest = sides[int(np.argmax(np.hypot(*sides.T)))]
    return float(np.degrees(np.arctan2(longest[1], longest[0])))


def sunny_axis(block: shapely.Polygon) -> float:
    """Return the direction of rows that follow the block's sides and look as far south as these allow."""
    turn = axis(block)
    return min((turn, turn + 90.0), key=lambda angle: abs(np.sin(np.radians(angle))))


def levelled(block: shapely.Polygon, turn: float, setback: float) -> shapely.Polygon:
    """Return the block turned level, its edges drawn in; the largest part where it falls apart."""
    inner = shapely.buffer(block, -setback, join_style="mitre")
    level = affinity.rotate(inner, -turn, origin=(0, 0))
    return max(polygons(level), key=lambda part: part.area, default=shapely.Polygon())


def put_back(shape: shapely.Polygon, turn: float) -> shapely.Polygon:
    """Return a levelled shape in its place, on a 1 cm lattice."""
    return on_lattice(affinity.rotate(shape, turn, origin=(0, 0)))


def compound(block: shapely.Polygon, far: float, rng: np.random.Generator) -> list[House]:
    """Return the houses of a compound: old yards and slabs in the middle of the town, towers at its edge."""
    if block.area < 11_000.0 and rng.random() < 0.7 - 0.25 * min(far, 2.0):
        yard = courtyard(block, rng)
        if len(yard) >= 3:
            return yard
    new = min(far / 2.4, 1.0)
    odds = np.array([0.5 - 0.45 * new, 0.37 - 0.05 * new, 0.08 + 0.24 * new, 0.05 + 0.26 * new])
    odds[2:] *= (block.area > 14_000.0, block.area > 18_000.0)
    if block.area > 55_000.0:
        return rows(block, TOWERS, rng)
    return rows(block, STYLES[int(rng.choice(4, p=odds / odds.sum()))], rng)


def rows(block: shapely.Polygon, style: Style, rng: np.random.Generator) -> list[House]:
    """Return the buildings of an estate in parallel rows, around a garden where the estate is large."""
    turn = sunny_axis(block)
    level = levelled(block, turn, style.setback)
    if level.is_empty:
        return []
    floors = int(rng.integers(*style.floors, endpoint=True))
    shapely.prepare(level)
    for airy in (1.0, 1.12, 1.25, 1.4, 1.6):
        sites = [site for site in _sites(level, style, airy, rng) if level.contains(site[0])]
        if len(sites) <= MOST + 6:
            break
    if len(sites) > 13:
        sites = _around_a_garden(sites, level, rng)
    return [
        House(
            put_back(shape, turn),
            count,
            max(1, floors + int(rng.integers(-1, 1, endpoint=True))),
            style.flats,
        )
        for shape, count in sites[:MOST]
    ]


Site = tuple[shapely.Polygon, int]


def _sites(level: shapely.Polygon, style: Style, airy: float, rng: np.random.Generator) -> Iterator[Site]:
    """Yield footprints and their staircases row by row from the north, there and back.

    Going back and forth keeps consecutive numbers neighbours, so that runs of them make building groups.
    """
    _, low, _, y = level.bounds
    pitch = (style.depth + style.gap_across) * airy * float(rng.uniform(0.95, 1.12))
    row = 0
    while y - style.depth > low:
        reaches = _reaches(level, y, y - style.depth)
        found = [site for reach in reaches for site in _row(y, reach, style, row, rng)]
        found.sort(key=lambda site: site[0].bounds[0], reverse=row % 2 == 1)
        yield from found
        y -= pitch if found else 2.0
        row += bool(found)


def _row(
    y: float, reach: tuple[float, float], style: Style, row: int, rng: np.random.Generator
) -> Iterator[Site]:
    """Fill one row with buildings of different lengths, spread evenly; towers stand in quincunx."""
    start, end = reach
    if style.name == "towers":
        start += (row % 2) * (style.staircase + style.gap_along) / 2
    corner = style.name in ("slabs", "old-slabs") and rng.random() < 0.22
    lengths: list[int] = []
    room = end - start
    while True:
        count = int(rng.integers(*style.staircases, endpoint=True))
        while count > style.staircases[0] and count * style.staircase > room:
            count -= 1
        if count * style.staircase > room:
            break
        lengths.append(count)
        room -= count * style.staircase + style.gap_along
    if not lengths:
        return
    extra = max(0.0, room + style.gap_along) / len(lengths) * 0.8
    x = start + extra / 2
    for n, count in enumerate(lengths):
        long = count * style.staircase
        shift = float(rng.uniform(-0.06, 0.06)) * style.gap_across
        shape = _footprint(x, y + shift, long, count, style, rng)
        if corner and n in (0, len(lengths) - 1):  # the end of the row turns along the side street
            leg = x if n == 0 else x + long - style.depth
            low = y + shift - style.depth - 0.5 * style.gap_across
            shape = on_lattice(shape.union(shapely.box(leg, low, leg + style.depth, y + shift - 1.0)))
        yield shape, count
        x += long + style.gap_along + extra


def _footprint(
    x: float, y: float, long: float, count: int, style: Style, rng: np.random.Generator
) -> shapely.Polygon:
    """Return a building's outline: a slab, a slab in steps, or a tower with bays."""
    slab = shapely.box(x, y - style.depth, x + long, y)
    if style.name == "towers":
        bay = long * float(rng.uniform(0.2, 0.28))
        core = shapely.box(x + bay, y - style.depth, x + long - bay, y)
        arms = shapely.box(x, y - style.depth + 5.0, x + long, y - 6.0)
        return on_lattice(core.union(arms)) if rng.random() < 0.75 else slab
    if count < 2 or rng.random() >= style.stepped:
        return slab
    step = float(rng.uniform(1.6, 3.2))
    fall = 1.0 if rng.random() < 0.5 else -1.0
    wide = long / count
    drop = [fall * step * n if rng.random() < 0.5 else fall * step * (n % 2) for n in range(count)]
    steps = [
        shapely.box(x + n * wide, y - style.depth + d / 2, x + (n + 1) * wide, y + d / 2)
        for n, d in enumerate(drop)
    ]
    whole = shapely.union_all(steps)
    return whole if isinstance(whole, shapely.Polygon) else slab


def _around_a_garden(sites: list[Site], level: shapely.Polygon, rng: np.random.Generator) -> list[Site]:
    """Leave out what would stand in the garden in the middle of an estate."""
    middle = level.centroid
    left, low, right, high = level.bounds
    reach = float(rng.uniform(0.13, 0.2))
    kept = []
    for shape, count in sites:
        at = shape.centroid
        away = np.hypot((at.x - middle.x) / (right - left), (at.y - middle.y) / (high - low))
        if away > reach:
            kept.append((shape, count))
    return kept


def _reaches(level: shapely.Polygon, *heights: float) -> list[tuple[float, float]]:
    """Return from where to where the block is open at all of these heights, each stretch."""
    left, _, right, _ = level.bounds
    both = [_stretches(level.intersection(shapely.LineString([(left, y), (right, y)]))) for y in heights]
    found = [
        (max(a[0], b[0]), min(a[1], b[1]))
        for a in both[0]
        for b in both[-1]
        if min(a[1], b[1]) > max(a[0], b[0])
    ]
    return sorted(found)


def _stretches(cut: shapely.Geometry) -> list[tuple[float, float]]:
    return [(part.bounds[0], part.bounds[2]) for part in lines(cut) if part.length]


def courtyard(block: shapely.Polygon, rng: np.random.Generator) -> list[House]:
    """Return four slabs around a yard, on the block's edges."""
    turn = sunny_axis(block)
    level = levelled(block, turn, 4.0)
    if level.is_empty:
        return []
    left, low, right, high = level.bounds
    right, high = min(right, left + 130.0), min(high, low + 110.0)
    if right - left < 48.0 or high - low < 40.0:
        return []
    depth = 11.0
    inset = float(rng.uniform(1.0, 6.0))
    sides = (
        shapely.box(left + inset, high - depth - 1, right - 3, high - 1),
        shapely.box(left + 1, low + depth + 12, left + depth + 1, high - depth - 12),
        shapely.box(right - depth - 1, low + depth + 12, right - 1, high - depth - 12),
        shapely.box(left + 3, low + 1, right - inset, low + depth + 1),
    )
    floors = int(rng.integers(4, 7))
    return [
        House(put_back(side, turn), max(1, round(_longer_side(side) / 15.0)), floors, 2)
        for side in sides
        if side.area > 150.0 and level.buffer(0.5).contains(side)
    ]


def _longer_side(site: shapely.Polygon) -> float:
    left, low, right, high = site.bounds
    return max(right - left, high - low)


def street_side(block: shapely.Polygon, far: float, rng: np.random.Generator) -> list[House]:
    """Return houses along the block's edges, homes above shops, and terraces or slabs behind them."""
    rim = _rim(block, rng)
    yard = shapely.buffer(block, -21.0, join_style="mitre")
    if yard.is_empty or yard.area < 1_200.0:
        return rim
    parts = [part for part in shapely.get_parts(yard) if part.area > 1_200.0]
    style = TERRACES if rng.random() < 0.45 + 0.1 * min(far, 2.0) else OLD_SLABS
    return [*rim, *(house for part in parts for house in rows(part, style, rng))]


def _rim(block: shapely.Polygon, rng: np.random.Generator) -> list[House]:
    inner = shapely.buffer(block, -2.0, join_style="mitre")
    if inner.is_empty or inner.geom_type != "Polygon":
        return []
    roomy = inner.buffer(0.4)
    shapely.prepare(roomy)
    houses: list[House] = []
    for start, end in pairwise(shapely.get_coordinates(shapely.simplify(inner, 1.5).exterior)):
        houses += _along(roomy, start, end, houses, rng)
    return houses


def _along(
    inner: shapely.Polygon,
    start: NDArray[np.float64],
    end: NDArray[np.float64],
    built: list[House],
    rng: np.random.Generator,
) -> list[House]:
    """Return the houses along one edge, nearly wall to wall, of different widths and depths."""
    side = float(np.hypot(*(end - start)))
    if side < 22.0:
        return []
    along = (end - start) / side
    inward = np.array([-along[1], along[0]])
    if not inner.contains(shapely.Point((start + end) / 2 + inward * 4)):
        inward = -inward
    found: list[House] = []
    at, floors = float(rng.uniform(0.5, 3.0)), int(rng.integers(3, 6))
    taken = shapely.union_all([house.footprint for house in built]).buffer(1.0)
    while at + 12.0 < side:
        width = min(float(rng.uniform(13.0, 36.0)), side - at - 0.5)
        deep = float(rng.uniform(9.0, 13.5))
        base = start + along * at + inward * float(rng.uniform(0.5, 2.5))
        ring = [base, base + along * width, base + along * width + inward * deep, base + inward * deep]
        site = on_lattice(shapely.Polygon(ring))
        if width >= 11.0 and inner.contains(site) and not site.intersects(taken):
            tall = max(2, floors + int(rng.integers(-1, 2)))
            found.append(House(site, max(1, round(width / 17.0)), tall, 2))
        at += width + (0.6 if rng.random() < 0.55 else float(rng.uniform(3.0, 9.0)))
    return found
