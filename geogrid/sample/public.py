"""Use land that nobody lives on: schools, markets, hospitals, parks, works; and what stands there."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import shapely
from shapely import affinity

from geogrid.model import LandKind
from geogrid.sample.blocks import House, axis, levelled, put_back
from geogrid.sample.shapes import on_lattice

if TYPE_CHECKING:
    from collections.abc import Iterator

NAMES = {
    LandKind.PARK: "公园",
    LandKind.SCHOOL: "小学",
    LandKind.MARKET: "市场",
    LandKind.HOSPITAL: "医院",
    LandKind.INDUSTRY: "工厂",
    LandKind.OTHER: "商务楼",
}


def use(block: shapely.Polygon, far: float, rng: np.random.Generator) -> LandKind:
    """Return what a block without homes is used for: markets and offices in the middle, works at the edge."""
    kinds = [
        LandKind.PARK,
        LandKind.SCHOOL,
        LandKind.MARKET,
        LandKind.HOSPITAL,
        LandKind.OTHER,
        LandKind.INDUSTRY,
    ]
    edge = min(far / 2.5, 1.0)
    odds = np.array([0.26, 0.28, 0.2 - 0.12 * edge, 0.07, 0.16 - 0.13 * edge, 0.03 + 0.3 * edge**2])
    if block.area < 5_000.0:
        odds[[1, 3, 5]] = 0.0
    return kinds[int(rng.choice(len(kinds), p=odds / odds.sum()))]


def buildings(block: shapely.Polygon, kind: LandKind, rng: np.random.Generator) -> Iterator[House]:
    """Yield the buildings of a public lot; they have no homes."""
    turn = axis(block)
    level = levelled(block, turn, 6.0)
    if level.is_empty or kind is LandKind.PARK:
        return
    for shape, floors in _shapes(level, kind, rng):
        if level.contains(shape):
            yield House(put_back(shape, turn), 0, floors, 0)


def _shapes(
    level: shapely.Polygon, kind: LandKind, rng: np.random.Generator
) -> Iterator[tuple[shapely.Polygon, int]]:
    left, low, right, high = level.bounds
    wide, tall = right - left, high - low
    mid = level.centroid
    if kind is LandKind.SCHOOL:  # an E of classrooms beside the sports ground
        w, h = min(0.5 * wide, 78.0), min(0.7 * tall, 62.0)
        x, y = mid.x - 0.42 * wide, mid.y - h / 2
        bars = [shapely.box(x, y, x + 12, y + h)]
        bars += [shapely.box(x, y + at, x + w * 0.55, y + at + 11) for at in (0.0, (h - 11) / 2, h - 11)]
        yield on_lattice(shapely.union_all(bars)), 4
    elif kind is LandKind.MARKET:
        hall = affinity.scale(shapely.oriented_envelope(level), 0.62, 0.62)
        yield on_lattice(hall), 2
    elif kind is LandKind.HOSPITAL:  # an H of wards, and the outpatients' block before it
        w, h = min(0.6 * wide, 85.0), min(0.55 * tall, 60.0)
        x, y = mid.x - w / 2, mid.y - h / 2
        wings = [shapely.box(x, y, x + w, y + 15), shapely.box(x, y + h - 15, x + w, y + h)]
        yield on_lattice(shapely.union_all([*wings, shapely.box(mid.x - 9, y, mid.x + 9, y + h)])), 9
    elif kind is LandKind.INDUSTRY:
        for n in range(int(rng.integers(2, 5))):
            h = 0.8 * tall / 4
            y = low + 0.1 * tall + n * h * 1.15
            start = left + wide * float(rng.uniform(0.08, 0.2))
            yield shapely.box(start, y, start + wide * float(rng.uniform(0.45, 0.7)), y + h * 0.8), 1
    else:  # offices: towers on a podium
        podium = affinity.scale(shapely.oriented_envelope(level), 0.55, 0.55)
        yield on_lattice(podium), int(rng.integers(8, 24))
