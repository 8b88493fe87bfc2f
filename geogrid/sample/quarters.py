"""Cut a town's sheet by long roads into its communities, and a community by streets into blocks."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

import numpy as np
import shapely

from geogrid.sample.shapes import lines, polygons

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from geogrid.sample.names import Place


class Rank(StrEnum):
    """A road's rank; those that part subdistricts are the widest."""

    ARTERIAL = "arterial"
    COLLECTOR = "collector"
    STREET = "street"


# Metres from the centre line to where the blocks begin.
HALF_WIDTH = {Rank.ARTERIAL: 21.0, Rank.COLLECTOR: 13.0, Rank.STREET: 6.5}
FAR = 30_000.0


@dataclass(frozen=True)
class Guide:
    """A road across the whole sheet, along which cells are cut: nearly straight, nearly along one axis."""

    number: int
    axis: int  # 0: it runs away from the river and cuts u; 1: along the river
    line: NDArray[np.float64]
    rank: Rank

    def side(self, points: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Tell which points lie before the road on its axis."""
        across = np.interp(points[:, 1 - self.axis], self.line[:, 1 - self.axis], self.line[:, self.axis])
        return np.asarray(points[:, self.axis] < across)

    def before(self) -> shapely.Polygon:
        """Return all land before the road."""
        edge = self.line.copy()
        edge[:, self.axis] = -FAR
        return shapely.Polygon(np.concatenate([self.line, edge[::-1]]))


@dataclass(frozen=True)
class Road:
    """A piece of a road's centre line on the sheet; pieces of one road share its number."""

    rank: Rank
    line: shapely.LineString
    number: int = -1


@dataclass(frozen=True)
class Cell:
    """A part of the sheet and sample points in it, each with the homes that the land there carries."""

    area: shapely.Polygon
    points: NDArray[np.float64]
    homes: NDArray[np.float64]


class Surveyor:
    """Cuts cells along roads: a new cut follows a road that is there already, where one fits."""

    def __init__(self, rng: np.random.Generator) -> None:
        self._rng = rng
        self._guides: list[Guide] = []
        self.roads: list[Road] = []

    def cut(self, cell: Cell, share: float, slack: float, rank: Rank) -> tuple[Cell, Cell]:
        """Cut across the longer way so that about ``share`` of the homes, give or take ``slack``, come first.

        :raises ValueError: no cut leaves two parts in one piece each.
        """
        first = 0 if np.ptp(cell.points[:, 0]) >= np.ptp(cell.points[:, 1]) else 1
        for axis in (first, 1 - first):
            for guide in self._candidates(cell, share, slack, axis, rank):
                parts = _parted(cell, guide)
                if parts is not None:
                    self._guides += [guide] if guide.number == len(self._guides) else []
                    line = shapely.LineString(guide.line).intersection(cell.area)
                    self.roads += [Road(guide.rank, piece, guide.number) for piece in lines(line)]
                    return parts
        raise ValueError("this part of the town cannot be cut")

    def _candidates(self, cell: Cell, share: float, slack: float, axis: int, rank: Rank) -> Iterator[Guide]:
        total = cell.homes.sum()
        off = []
        for guide in self._guides:
            if guide.axis == axis:
                gap = abs(cell.homes[guide.side(cell.points)].sum() / total - share)
                off.append((gap, guide.number))
        yield from (self._guides[number] for gap, number in sorted(off) if gap <= slack)
        order = np.argsort(cell.points[:, axis], kind="stable")
        passed = np.cumsum(cell.homes[order]) / total
        at = float(cell.points[order[int(np.searchsorted(passed, share))], axis])
        for attempt in range(4):
            yield self._laid_out(cell, axis, at, rank, calm=attempt)

    def _laid_out(self, cell: Cell, axis: int, at: float, rank: Rank, *, calm: int) -> Guide:
        """Return a new road through the cell near ``at``: a little askew, a little bent."""
        rng = self._rng
        middle = float(np.average(cell.points[:, 1 - axis], weights=cell.homes))
        tilt = float(np.tan(np.radians(rng.normal(0.0, 5.0)))) / (1 + calm)
        wave, phase = float(rng.uniform(900.0, 2_200.0)), float(rng.uniform(0, 2 * np.pi))
        along = np.linspace(-12_000.0, 12_000.0, 401)
        bent = float(rng.uniform(10.0, 40.0)) / (1 + calm) * np.sin((along - middle) / wave * 2.4 + phase)
        across = at + np.clip(along - middle, -1_500, 1_500) * tilt + bent - bent[len(bent) // 2]
        line = np.empty((len(along), 2))
        line[:, 1 - axis], line[:, axis] = along, across
        return Guide(len(self._guides), axis, line, rank)


def _parted(cell: Cell, guide: Guide) -> tuple[Cell, Cell] | None:
    """Return both parts of a cell, None where a part would be torn or a sliver."""
    before = guide.before()
    parts = [polygons(cell.area.intersection(before)), polygons(cell.area.difference(before))]
    if any(len(part) != 1 or not _broad(part[0]) for part in parts):
        return None
    (one,), (other,) = parts
    side = guide.side(cell.points)
    if not 8 < side.sum() < len(side) - 8:
        return None
    return (
        Cell(one, cell.points[side], cell.homes[side]),
        Cell(other, cell.points[~side], cell.homes[~side]),
    )


def _broad(area: shapely.Polygon) -> bool:
    return not shapely.buffer(area, -60.0).is_empty


def allot(cell: Cell, groups: Sequence[Sequence[Place]], surveyor: Surveyor) -> dict[Place, Cell]:
    """Give each group of places a part of the cell, and each place of a group a part of that.

    The groups stay in their order; roads between groups are arterial.
    """
    count = sum(len(group) for group in groups)
    if count == 1:
        return {groups[0][0]: cell}
    if len(groups) == 1:
        half = len(groups[0]) // 2
        parts: tuple[Sequence[Sequence[Place]], Sequence[Sequence[Place]]]
        parts = ([groups[0][:half]], [groups[0][half:]])
        rank = Rank.ARTERIAL if count >= 8 else Rank.COLLECTOR
    else:
        sizes = np.cumsum([len(group) for group in groups])
        half = 1 + int(np.argmin(np.abs(sizes[:-1] - count / 2)))
        parts, rank = (groups[:half], groups[half:]), Rank.ARTERIAL
    share = sum(len(group) for group in parts[0]) / count
    one, other = surveyor.cut(cell, share, 0.42 / count, rank)
    return {**allot(one, parts[0], surveyor), **allot(other, parts[1], surveyor)}


def faces(
    outline: shapely.Polygon, cells: Sequence[shapely.Polygon], roads: Sequence[Road]
) -> list[shapely.Polygon]:
    """Return the cells as polygons that share every vertex of their common borders.

    Roads reach a little beyond the cells they part; what dangles is dropped.
    """
    drawn = [outline.exterior, *(_longer(road.line) for road in roads)]
    edges = shapely.segmentize(shapely.get_parts(shapely.union_all(drawn, grid_size=0.01)), 40.0)
    found = shapely.get_parts(shapely.polygonize(edges))
    points = shapely.point_on_surface(found)
    near = shapely.STRtree(np.asarray(cells)).nearest(points)
    return [polygons(shapely.union_all(found[near == n]))[0] for n in range(len(cells))]


def _longer(line: shapely.LineString, more: float = 1.0) -> shapely.LineString:
    xy = shapely.get_coordinates(line)
    first, last = xy[0] - xy[1], xy[-1] - xy[-2]
    ends = xy[0] + first / np.hypot(*first) * more, xy[-1] + last / np.hypot(*last) * more
    return shapely.LineString(np.concatenate([ends[:1], xy, ends[1:]]))


@dataclass(frozen=True, slots=True)
class Grain:
    """How blocks are cut: degrees off the right angle, share off the middle, share of one estate."""

    askew: float
    uneven: float
    estate: float = 0.0


def streets(
    ground: shapely.Geometry, blocks: int, grain: Grain, rng: np.random.Generator
) -> tuple[list[shapely.Polygon], list[Road]]:
    """Cut ground into that many blocks, always the largest across its longer side; one may be kept whole."""
    parts = [part for part in polygons(ground) if part.area > 1_000.0]
    roads: list[Road] = []
    kept: list[shapely.Polygon] = []
    while len(parts) + len(kept) < blocks:
        parts.sort(key=lambda part: -part.area)
        share = float(rng.uniform(0.5 - grain.uneven, 0.5 + grain.uneven))
        estate = grain.estate if not roads else 0.0
        line = _across(parts[0], estate or share, float(rng.normal(0.0, grain.askew)))
        halves = _halves(parts.pop(0), line)
        kept += [halves.pop(0)[0]] if estate else []
        parts += [half for half, _ in halves]
        roads += [Road(Rank.STREET, piece) for _, piece in halves[:1]]
    return sorted([*parts, *kept], key=lambda part: -part.area), roads


def _across(area: shapely.Polygon, share: float, askew: float) -> shapely.LineString:
    """Return a line across the longer side of an area."""
    corners = shapely.get_coordinates(shapely.oriented_envelope(area))[:4]
    sides = np.diff(corners[[0, 1, 2]], axis=0)
    long = int(np.hypot(*sides[1]) > np.hypot(*sides[0]))
    start, way, over = corners[long], sides[long], sides[1 - long] * (1 if long == 0 else -1)
    middle = start + way * share + over / 2
    turn = np.radians(askew)
    toward = over / np.hypot(*over)
    toward = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]]) @ toward
    return shapely.LineString([middle - toward * FAR, middle + toward * FAR])


def _halves(
    area: shapely.Polygon, line: shapely.LineString
) -> list[tuple[shapely.Polygon, shapely.LineString]]:
    """Return the parts of an area on both sides of a line; crumbs are left out."""
    start, end = (np.array(point) for point in line.coords)
    left = np.array([-(end - start)[1], (end - start)[0]])
    half = shapely.Polygon([start, end, end + left, start + left])
    pieces = [*polygons(area.intersection(half)), *polygons(area.difference(half))]
    cut = max(lines(line.intersection(area)), key=lambda piece: piece.length)
    return [(piece, cut) for piece in pieces if piece.area > 100.0]


def joined(roads: Sequence[Road]) -> list[Road]:
    """Return the roads with their pieces put together: one centre line as far as it goes unbroken."""
    found = []
    for number in sorted({road.number for road in roads}):
        own = [road for road in roads if road.number == number]
        merged = shapely.line_merge(shapely.union_all([road.line for road in own]))
        found += [Road(own[0].rank, line, number) for line in lines(merged) if line.length > 60.0]
    return found


def around(roads: Sequence[Road], hills: shapely.Geometry) -> list[Road]:
    """Return the roads as far as no hill is in their way."""
    open_ = [(road, road.line.difference(hills)) for road in roads]
    return [
        Road(road.rank, line, road.number)
        for road, rest in open_
        for line in lines(rest)
        if line.length > 60.0
    ]
