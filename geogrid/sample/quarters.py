"""Cut a town's sheet by avenues into communities and a community by streets into blocks."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

import numpy as np
import shapely

from geogrid.sample.chance import stream

if TYPE_CHECKING:
    from collections.abc import Callable

    from geogrid.sample.ground import Town

    Accept = Callable[["Rect"], float]


class Rank(StrEnum):
    """A road's rank; the first cuts of a town are its widest roads."""

    ARTERIAL = "arterial"
    COLLECTOR = "collector"
    STREET = "street"


# Metres from the centre line to where the blocks begin.
HALF_WIDTH = {Rank.ARTERIAL: 22.0, Rank.COLLECTOR: 15.0, Rank.STREET: 8.0}


@dataclass(frozen=True, slots=True)
class Rect:
    """A rectangle of a town's sheet, metres."""

    left: float
    low: float
    right: float
    high: float

    @property
    def area(self) -> float:
        """Square metres."""
        return (self.right - self.left) * (self.high - self.low)

    @property
    def centre(self) -> tuple[float, float]:
        """The middle, (u, v)."""
        return (self.left + self.right) / 2, (self.low + self.high) / 2

    def box(self) -> shapely.Polygon:
        """Return it as a polygon."""
        return shapely.box(self.left, self.low, self.right, self.high)

    def cut(self, share: float) -> tuple[Rect, Rect, shapely.LineString]:
        """Cut across the longer side at ``share`` of it; return both parts and the cut."""
        if self.right - self.left >= self.high - self.low:
            u = round(self.left + share * (self.right - self.left), 1)
            line = shapely.LineString([(u, self.low), (u, self.high)])
            return Rect(self.left, self.low, u, self.high), Rect(u, self.low, self.right, self.high), line
        v = round(self.low + share * (self.high - self.low), 1)
        line = shapely.LineString([(self.left, v), (self.right, v)])
        return Rect(self.left, self.low, self.right, v), Rect(self.left, v, self.right, self.high), line


@dataclass(frozen=True, slots=True)
class Road:
    """A road's centre line on the sheet."""

    rank: Rank
    line: shapely.LineString


def avenues(town: Town, count: int, seed: int) -> tuple[list[Rect], list[Road]]:
    """Return the ``count`` quarters nearest to the town's centre, and the roads between them.

    Quarters grow with the distance from the centre, as the plots of a town do. The first cuts are the
    arterial roads; all others are collectors.
    """
    rng = stream(seed, town.name, "avenues")
    half = 410.0 * float(np.sqrt(count)) * float(np.sqrt(town.length))
    low = 0.0 if town.river_below else -half / town.length
    sheet = Rect(-half, low, half, 2 * half / town.length + low)
    centre = (0.0, 0.0 if town.river_below else sheet.centre[1])

    def remoteness(rect: Rect) -> float:
        u, v = rect.centre
        return float(np.hypot((u - centre[0]) / town.length, v - centre[1]))

    quarters: list[Rect] = []
    roads: list[Road] = []
    pending = [(sheet, 0)]
    while pending:
        rect, depth = pending.pop()
        if rect.area <= (1.0 + remoteness(rect) / 1500.0) * 96_000.0 * float(rng.uniform(1.0, 1.6)):
            quarters.append(rect)
            continue
        one, other, line = rect.cut(float(rng.uniform(0.42, 0.58)))
        roads.append(Road(Rank.ARTERIAL if depth < 4 else Rank.COLLECTOR, line))
        pending += [(one, depth + 1), (other, depth + 1)]
    quarters.sort(key=lambda rect: (remoteness(rect), rect.centre))
    return quarters[:count], roads


def streets(quarter: Rect, blocks: int, rng: np.random.Generator) -> tuple[list[Rect], list[Road]]:
    """Cut a quarter into that many blocks, the largest first; return them, largest first, and the streets."""
    parts, roads = [quarter], []
    while len(parts) < blocks:
        parts.sort(key=lambda rect: (-rect.area, rect.centre))
        one, other, line = parts.pop(0).cut(float(rng.uniform(0.36, 0.64)))
        parts += [one, other]
        roads.append(Road(Rank.STREET, line))
    return sorted(parts, key=lambda rect: (-rect.area, rect.centre)), roads


def faces(quarters: list[Rect]) -> list[shapely.Polygon]:
    """Return the quarters as polygons that share every vertex of their common borders."""
    edges = shapely.union_all([quarter.box().exterior for quarter in quarters])
    found = shapely.get_parts(shapely.polygonize(shapely.get_parts(shapely.segmentize(edges, 40.0))))
    tree = shapely.STRtree(found)
    centres = shapely.points([quarter.centre for quarter in quarters])
    where = {int(q): int(f) for q, f in tree.query(centres, predicate="within").T}
    return [found[where[n]] for n in range(len(quarters))]


def frontage(quarters: list[Rect], roads: list[Road]) -> list[Road]:
    """Return the roads as far as a quarter lies on them: a town's streets end where the town ends."""
    built = shapely.union_all([quarter.box() for quarter in quarters]).buffer(1.0, join_style="mitre")
    shapely.prepare(built)
    kept = [Road(road.rank, piece) for road in roads for piece in _lines(road.line.intersection(built))]
    return [road for road in kept if road.line.length > 60.0]


def _lines(shape: shapely.Geometry) -> list[shapely.LineString]:
    return [part for part in shapely.get_parts(shape) if isinstance(part, shapely.LineString)]
