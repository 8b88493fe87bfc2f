"""Lay a town out: communities, their compounds, street-side houses, open land, and the roads between."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import shapely

from geogrid.model import LandKind
from geogrid.sample import blocks as build
from geogrid.sample import public
from geogrid.sample.chance import stream
from geogrid.sample.ground import blob, lay, stretch, woods
from geogrid.sample.quarters import (
    HALF_WIDTH,
    Cell,
    Grain,
    Rank,
    Road,
    Surveyor,
    allot,
    around,
    faces,
    joined,
    streets,
)
from geogrid.sample.shapes import on_lattice, pieces_on_lattice, polygons

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from shapely.geometry.base import BaseGeometry

    from geogrid.sample.blocks import House
    from geogrid.sample.ground import Town
    from geogrid.sample.names import Place

COMMUNITY_M2 = 235_000.0  # the mean
PROMENADE_M = 34.0
SAMPLE_M = 30.0


@dataclass(frozen=True)
class Lot:
    """A block in the plane with what stands on it; a compound, street-side houses, or land."""

    area: shapely.Polygon
    houses: tuple[House, ...] = ()
    land: LandKind | None = None
    name: str = ""


@dataclass(frozen=True)
class Neighbourhood:
    """One community: its compounds, street-side blocks, land and streets, all in the plane."""

    place: Place
    compounds: tuple[Lot, ...]
    street_side: tuple[Lot, ...]
    land: tuple[Lot, ...]
    streets: tuple[shapely.LineString, ...]


@dataclass(frozen=True)
class TownMap:
    """A town before anything is built: quarters and roads on the sheet, areas and hills in the plane."""

    town: Town
    outline: shapely.Polygon
    quarters: dict[Place, shapely.Polygon]
    areas: dict[Place, shapely.Polygon]
    roads: tuple[Road, ...]
    hills: tuple[tuple[str, shapely.Polygon], ...]

    def room(self, place: Place) -> float:
        """Return the square metres of a community that are not on a hill."""
        return float(
            self.areas[place].area - sum(h.intersection(self.areas[place]).area for _, h in self.hills)
        )

    def remoteness(self, u: float, v: float) -> float:
        """Return how far from the old centre a point of the sheet is: 1 about where the old town ends."""
        return float(np.hypot(u / self.town.length, v - 500.0)) / 900.0


def found(town: Town, places: Sequence[Place], seed: int) -> TownMap:
    """Cut the town's ground into one quarter a community; a subdistrict's communities lie together."""
    outline = _outline(town, len(places))
    hills = tuple((name, hill) for name, hill in woods(town))
    groups = _by_subdistrict(town, places)
    for attempt in range(20):
        surveyor = Surveyor(stream(seed, town.name, "roads", attempt))
        try:
            cells = allot(_ground(town, outline, [hill for _, hill in hills]), groups, surveyor)
        except ValueError:
            continue
        break
    else:
        raise ValueError(f"no way to divide {town.name}")
    quarters = faces(outline, [cells[place].area for place in places], surveyor.roads)
    wooded = tuple((name, lay(town, hill)) for name, hill in hills)
    slopes = shapely.union_all([hill for _, hill in hills])
    roads = [*around(joined(surveyor.roads), slopes), *_riverside(outline)]
    laid = {place: lay(town, quarter) for place, quarter in zip(places, quarters, strict=True)}
    return TownMap(town, outline, dict(zip(places, quarters, strict=True)), laid, tuple(roads), wooded)


def _outline(town: Town, count: int) -> shapely.Polygon:
    """Return the town's outline on its sheet: a half round on the bank, of the size that it needs."""
    round_ = blob(0.0, 0.0, 1.0, 0.075, town.name, "outline")
    bank = shapely.box(-9.0, 0.0, 9.0, 9.0)
    shape = shapely.transform(round_, lambda xy: xy * (town.length, 1.0)).intersection(bank)
    scale = float(np.sqrt(count * COMMUNITY_M2 / shape.area))
    grown = shapely.transform(shape, lambda xy: xy * scale)
    return on_lattice(shapely.segmentize(grown, 150.0))


def _ground(town: Town, outline: shapely.Polygon, hills: list[shapely.Polygon]) -> Cell:
    """Return the whole town as a cell: homes are denser at the centre, and none stand on hills."""
    left, low, right, high = outline.bounds
    u, v = np.meshgrid(np.arange(left, right, SAMPLE_M), np.arange(low, high, SAMPLE_M))
    points = np.column_stack([u.ravel(), v.ravel()]) + SAMPLE_M / 2
    points = points[shapely.contains_xy(outline, points)]
    far = np.hypot(points[:, 0] / town.length, points[:, 1] - 500.0) / 900.0
    homes = 1.0 / (1.0 + far**2) ** 0.42
    homes *= stretch(town, points)
    homes[shapely.contains_xy(shapely.union_all(hills), points)] = 0.0
    return Cell(outline, points, homes)


def _riverside(outline: shapely.Polygon) -> list[Road]:
    """Return the road along the bank, behind the promenade."""
    left, _, right, _ = outline.bounds
    line = shapely.LineString([(left, PROMENADE_M + 16.0), (right, PROMENADE_M + 16.0)])
    return [
        Road(Rank.COLLECTOR, part, 9_000)
        for part in shapely.get_parts(line.intersection(outline))
        if part.length > 100.0
    ]


def _by_subdistrict(town: Town, places: Sequence[Place]) -> list[list[Place]]:
    """Return the places grouped by subdistrict, the groups in the order of the town's counties."""
    groups: dict[tuple[int, str], list[Place]] = {}
    for place in places:
        groups.setdefault((town.counties.index(place.county_code), place.subdistrict_code), []).append(place)
    return [groups[key] for key in sorted(groups)]


class Builder:
    """Builds a town's communities between its roads, hills, railway and brook."""

    def __init__(self, laid: TownMap, obstacles: Sequence[shapely.Geometry], seed: int) -> None:
        self._laid, self._seed = laid, seed
        self._slopes = shapely.union_all([hill for _, hill in woods(laid.town)])  # on the sheet
        self._hills = shapely.union_all([hill for _, hill in laid.hills])
        kerbs = [lay(laid.town, road.line).buffer(HALF_WIDTH[road.rank]) for road in laid.roads]
        self._taken = np.array([*kerbs, *obstacles, self._hills.buffer(6.0)], dtype=object)
        self._tree = shapely.STRtree(self._taken)

    def settle(self, place: Place, wanted: int) -> Neighbourhood:
        """Cut a community into blocks, more of them until enough can carry a compound; build on them.

        :raises ValueError: the quarter is too small for that many compounds.
        """
        quarter, area = self._laid.quarters[place], self._laid.areas[place]
        centre = shapely.get_coordinates(quarter.centroid)[0]
        far = self._laid.remoteness(*centre)
        for attempt in range(14):
            rng = stream(self._seed, place.code, attempt)
            extra = 2 + round(self._laid.room(place) / (60_000.0 + 22_000.0 * min(far, 3.0)))
            more = (attempt + 1) // 2 * (1 if attempt % 2 else -1)  # a little finer, a little coarser, ...
            open_ground = quarter.difference(self._slopes)
            parts, cuts = streets(
                open_ground, wanted + max(1, extra + more), _grain(far, self._laid.room(place), rng), rng
            )
            lines = [lay(self._laid.town, cut.line) for cut in cuts]
            free = [block for part in parts for block in self._blocks(part, area, lines)]
            lots = [self._built(block, far, rng) for block in free]
            able = [lot for lot in lots if len(lot.houses) >= 3]
            if len(able) > wanted:
                break
        else:
            raise ValueError(f"no room for {wanted} compounds in {place.code}")
        chosen = {id(able[n]) for n in _chosen([lot.area.area for lot in able], wanted, rng).tolist()}
        compounds = tuple(lot for lot in lots if id(lot) in chosen)
        rest = [lot.area for lot in lots if id(lot) not in chosen]
        rims, land = self._rest(place, rest, far, rng)
        land += [*self._wooded(area), *self._promenade(place)]
        return Neighbourhood(place, compounds, tuple(rims), tuple(land), tuple(self._open(lines)))

    def _blocks(
        self, part: shapely.Polygon, area: shapely.Polygon, lines: Sequence[shapely.LineString]
    ) -> Iterator[shapely.Polygon]:
        """Yield what is left of a block behind its roads' kerbs and beside hills, railway and brook."""
        town = self._laid.town
        block: BaseGeometry = lay(town, part, step=30.0)
        if shapely.get_coordinates(part)[:, 1].min() < PROMENADE_M:
            block = block.difference(lay(town, shapely.box(-9_000.0, -50.0, 9_000.0, PROMENADE_M)))
        near = [
            *self._taken[self._tree.query(block)],
            *(line.buffer(HALF_WIDTH[Rank.STREET]) for line in lines),
        ]
        rest = block.difference(shapely.union_all([one for one in near if one.intersects(block)]))
        rest = shapely.buffer(shapely.simplify(rest, 0.6), -9.0, join_style="mitre")
        rest = shapely.buffer(rest, 9.0, join_style="mitre").intersection(area.buffer(-4.0))
        for piece in pieces_on_lattice(rest):
            if piece.area > 2_600.0:
                yield shapely.Polygon(piece.exterior)

    def _built(self, block: shapely.Polygon, far: float, rng: np.random.Generator) -> Lot:
        """Return the block as a compound of the kind that is built at this distance from the centre."""
        return Lot(block, tuple(build.compound(block, far, rng)))

    def _rest(
        self, place: Place, rest: list[shapely.Polygon], far: float, rng: np.random.Generator
    ) -> tuple[list[Lot], list[Lot]]:
        """Return the blocks without a compound: street-side houses, and public land of which one is sure."""
        rims, land = [], []
        sure = int(rng.integers(len(rest))) if rest else 0
        for n, block in enumerate(rest):
            houses = () if n == sure or rng.random() < 0.3 else tuple(build.street_side(block, far, rng))
            if sum(house.households for house in houses) >= 8:
                rims.append(Lot(block, houses))
                continue
            kind = public.use(block, far, rng)
            name = f"{place.name.removesuffix('社区')}{public.NAMES[kind]}"
            land.append(Lot(block, tuple(public.buildings(block, kind, rng)), kind, name))
        return rims, land

    def _wooded(self, area: shapely.Polygon) -> Iterator[Lot]:
        """Yield the part of each hill that lies in the community."""
        for name, hill in self._laid.hills:
            for part in pieces_on_lattice(hill.intersection(area)):
                if part.area > 400.0:
                    yield Lot(part, land=LandKind.PARK, name=f"{name}公园")

    def _promenade(self, place: Place) -> Iterator[Lot]:
        """Yield the strip between the riverside road and the water."""
        strip = self._laid.quarters[place].intersection(shapely.box(-9_000.0, 0.0, 9_000.0, PROMENADE_M))
        for part in polygons(strip):
            if part.area > 1_500.0:
                yield Lot(lay(self._laid.town, part), land=LandKind.PARK, name="滨河公园")

    def _open(self, lines: Sequence[shapely.LineString]) -> Iterator[shapely.LineString]:
        """Yield the streets as far as no hill is in their way."""
        for line in lines:
            for part in shapely.get_parts(line.difference(self._hills)):
                if part.length > 25.0:
                    yield shapely.set_precision(part, 0.01)


def _grain(far: float, room: float, rng: np.random.Generator) -> Grain:
    """Return how blocks are cut: askew and even in old quarters, straight and of all sizes in new ones."""
    askew = float(rng.uniform(1.0, 8.0 - 2.0 * min(far, 3.0)))
    estate = 0.46 if far > 1.3 and room > 270_000.0 and rng.random() < 0.3 else 0.0
    return Grain(askew, 0.09 + 0.05 * min(far, 2.0), estate)


def _chosen(areas: Sequence[float], wanted: int, rng: np.random.Generator) -> np.ndarray:
    """Return which blocks become compounds: any, but larger ones sooner."""
    weight = np.sqrt(np.array(areas))
    return rng.choice(len(areas), wanted, replace=False, p=weight / weight.sum())
