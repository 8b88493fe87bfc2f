"""Lay a town out: communities, their compounds, street-side houses, open land, and the roads between."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import shapely

from geogrid.model import LandKind
from geogrid.sample import blocks as build
from geogrid.sample.chance import stream
from geogrid.sample.ground import lay
from geogrid.sample.quarters import HALF_WIDTH, Rank, Rect, Road, avenues, faces, frontage, streets

if TYPE_CHECKING:
    from collections.abc import Sequence

    from geogrid.sample.blocks import House
    from geogrid.sample.ground import Town
    from geogrid.sample.names import Place

EMPTY = shapely.Polygon()
LAND_KINDS = (LandKind.PARK, LandKind.SCHOOL, LandKind.MARKET, LandKind.PARK, LandKind.HOSPITAL)


@dataclass(frozen=True)
class Lot:
    """A block in the plane with what stands on it; a compound, a rim of street-side houses, or land."""

    area: shapely.Polygon
    houses: tuple[House, ...] = ()
    land: LandKind | None = None


@dataclass(frozen=True)
class Neighbourhood:
    """One community: its area, its compounds (largest first), street-side blocks, land and streets."""

    place: Place
    area: shapely.Polygon
    compounds: tuple[Lot, ...]
    street_side: tuple[Lot, ...]
    land: tuple[Lot, ...]
    streets: tuple[shapely.LineString, ...]


@dataclass(frozen=True)
class TownMap:
    """A town before anything is built: which quarter each community has, and the roads, all on the sheet."""

    town: Town
    quarters: dict[Place, Rect]
    outlines: dict[Place, shapely.Polygon]
    roads: tuple[Road, ...]


def found(town: Town, places: Sequence[Place], seed: int) -> TownMap:
    """Cut the town's sheet into one quarter a community; a subdistrict's communities lie together."""
    quarters, roads = avenues(town, len(places), seed)
    outlines = dict(zip(quarters, faces(quarters), strict=True))
    allotted = _allot(quarters, _by_subdistrict(town, places))
    areas = {place: outlines[allotted[place]] for place in places}
    return TownMap(
        town, {place: allotted[place] for place in places}, areas, tuple(frontage(quarters, roads))
    )


def _by_subdistrict(town: Town, places: Sequence[Place]) -> list[list[Place]]:
    """Return the places grouped by subdistrict, the groups in the order of the town's counties."""
    groups: dict[tuple[int, str], list[Place]] = {}
    for place in places:
        groups.setdefault((town.counties.index(place.county_code), place.subdistrict_code), []).append(place)
    return [groups[key] for key in sorted(groups)]


def _allot(quarters: list[Rect], groups: list[list[Place]]) -> dict[Place, Rect]:
    """Give each group a compact part of the town: halve the groups, cut across the longer side."""
    if len(groups) == 1:
        order = sorted(quarters, key=lambda rect: (round(rect.centre[1] / 300.0), rect.centre))
        return dict(zip(groups[0], order, strict=True))
    sizes = np.cumsum([len(group) for group in groups])
    half = 1 + int(np.argmin(np.abs(sizes[:-1] - sizes[-1] / 2)))
    centres = np.array([rect.centre for rect in quarters])
    side = 0 if np.ptp(centres[:, 0]) >= np.ptp(centres[:, 1]) else 1
    order = sorted(quarters, key=lambda rect: (rect.centre[side], rect.centre[1 - side]))
    cut = int(sizes[half - 1])
    return {**_allot(order[:cut], groups[:half]), **_allot(order[cut:], groups[half:])}


def settle(
    found_town: TownMap, place: Place, wanted: int, obstacle: shapely.Geometry, seed: int
) -> Neighbourhood:
    """Cut a community's quarter into blocks, more of them until enough can carry a compound; build on them.

    :raises ValueError: the quarter is too small for that many compounds.
    """
    town, quarter = found_town.town, found_town.quarters[place]
    for attempt in range(12):
        rng = stream(seed, place.code, attempt)
        rects, cuts = streets(quarter, wanted + 2 + attempt // 2, rng)
        areas = [_block(town, rect, [*found_town.roads, *cuts], obstacle) for rect in rects]
        lots = [Lot(block, _compound_houses(block, rng)) for block in areas if block is not None]
        able = [lot for lot in lots if len(lot.houses) >= 2]
        if len(able) >= wanted:
            break
    else:
        raise ValueError(f"no room for {wanted} compounds in {place.code}")
    picked = {int(n) for n in rng.permutation(len(able))[:wanted]}
    compounds = tuple(lot for n, lot in enumerate(able) if n in picked)
    rest = [lot.area for lot in lots if lot not in compounds]
    open_land = int(rng.integers(0, len(rest))) if rest else 0
    rims = tuple(
        Lot(block, houses)
        for n, block in enumerate(rest)
        if n != open_land and (houses := tuple(build.street_side(block, rng)))
    )
    built = {id(lot.area) for lot in rims}
    kinds = rng.integers(len(LAND_KINDS), size=len(rest))
    land = tuple(
        Lot(block, land=LAND_KINDS[int(kind)])
        for block, kind in zip(rest, kinds, strict=True)
        if id(block) not in built
    )
    area = lay(town, found_town.outlines[place])
    return Neighbourhood(place, area, compounds, rims, land, tuple(lay(town, cut.line) for cut in cuts))


def _block(town: Town, rect: Rect, roads: list[Road], obstacle: shapely.Geometry) -> shapely.Polygon | None:
    """Return what is left of a block behind its roads' kerbs and beside railway and brook."""
    left, low, right, high = (_kerb(rect, side, roads) for side in ("left", "low", "right", "high"))
    if right - left < 40.0 or high - low < 40.0:
        return None
    block = lay(town, shapely.box(left, low, right, high), step=30.0)
    if block.intersects(obstacle):
        parts = shapely.get_parts(shapely.set_precision(block.difference(obstacle), 0.01))
        block = max((p for p in parts if isinstance(p, shapely.Polygon)), key=lambda p: p.area, default=EMPTY)
    return block if block.area > 3_000.0 else None


def _kerb(rect: Rect, side: str, roads: list[Road]) -> float:
    """Return where the block begins on that side: the edge, moved in by half of the road that runs there."""
    edge: float = getattr(rect, side)
    across = side in ("left", "right")
    u, v = rect.centre
    middle = shapely.Point((edge, v) if across else (u, edge))
    ranks = [road.rank for road in roads if road.line.distance(middle) < 1.0]
    half = max((HALF_WIDTH[rank] for rank in ranks), default=HALF_WIDTH[Rank.STREET])
    return edge + half if side in ("left", "low") else edge - half


def _compound_houses(block: shapely.Polygon, rng: np.random.Generator) -> tuple[House, ...]:
    """Return the houses of a compound: a courtyard on a small block, rows or towers on a larger one."""
    if block.area < 9_000.0:
        yard = tuple(build.courtyard(block, rng))
        if len(yard) >= 3:
            return yard
    style = build.STYLES[int(rng.choice(len(build.STYLES), p=[0.42, 0.36, 0.1, 0.12]))]
    return tuple(build.rows(block, style, 40, rng))
