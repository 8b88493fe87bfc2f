"""The lie of the land: the rivers, the hills, and how the sheets that towns are laid out on follow them.

A town is laid out on a flat sheet: u metres along its river, v metres away from the bank. The sheet is then
rippled, pushed aside by hills and wound along the river's course. All of it moves points, so neighbours keep
their shared borders, and streets bend with the river and around the hills.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, TypeVar

import numpy as np
import shapely
from scipy.interpolate import CubicSpline

from geogrid.sample.chance import stream
from geogrid.sample.shapes import on_lattice

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray
    from shapely import LineString, Polygon

G = TypeVar("G", bound=shapely.Geometry)

# The plane's origin: a point by the river in the middle of the real city, WGS-84.
ORIGIN = (124.383, 40.118)


@dataclass(frozen=True, slots=True)
class Hill:
    """A wooded hill on a sheet: streets bend around it, nothing is built on it."""

    name: str
    u: float
    v: float
    radius: float


@dataclass(frozen=True, slots=True)
class River:
    """A river's near bank, upstream last, and its width at each point; the land is to the left."""

    name: str
    bank: tuple[tuple[float, float], ...]
    widths: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Town:
    """One built-up area beside its river; its counties from the sheet's left to its right."""

    name: str
    counties: tuple[str, ...]
    river: River
    u: float  # of its centre, from the river's point that is nearest to the origin of its sheet
    length: float  # along the river, relative to its depth
    railway: float  # how far from the bank
    brook: float  # where it reaches the river, from the centre
    hills: tuple[Hill, ...]


_BIG = River(
    "大江",
    (
        (-21_500, -15_600),
        (-16_200, -10_700),
        (-11_000, -7_900),
        (-6_300, -4_900),
        (-2_700, -2_500),
        (0, 0),
        (2_300, 1_900),
        (5_000, 4_700),
        (9_500, 6_700),
    ),
    (5_200, 3_000, 1_500, 900, 760, 640, 560, 620, 480),
)
_NORTH = River(
    "草河", ((-10_500, 5_200), (-8_200, 7_000), (-6_600, 9_300), (-5_900, 12_300)), (110, 95, 90, 70)
)
_EAST = River("南河", ((3_000, 9_600), (5_400, 9_200), (7_300, 10_100), (9_600, 10_000)), (90, 75, 70, 60))

TOWNS = (
    Town(
        "丹东",
        ("210603", "210602", "210604"),
        _BIG,
        26_700.0,
        2.5,
        1_050.0,
        900.0,
        (
            Hill("锦江山", -250.0, 1_750.0, 520.0),
            Hill("元宝山", 2_050.0, 1_900.0, 330.0),
            Hill("帽盔山", -3_100.0, 1_750.0, 430.0),
        ),
    ),
    Town("东港", ("210681",), _BIG, 15_400.0, 1.7, 1_150.0, -600.0, (Hill("大孤山", 900.0, 1_650.0, 260.0),)),
    Town(
        "凤城", ("210682",), _NORTH, 3_300.0, 1.8, 1_000.0, 500.0, (Hill("凤凰山", -900.0, 1_750.0, 420.0),)
    ),
    Town("宽甸", ("210624",), _EAST, 2_900.0, 1.6, 800.0, -450.0, (Hill("天华山", 700.0, 1_250.0, 230.0),)),
)


@dataclass(frozen=True)
class Course:
    """A river's bank as a curve by its length."""

    x: CubicSpline
    y: CubicSpline
    width: CubicSpline
    length: float


@cache
def course(river: River) -> Course:
    """Return the smooth curve through a river's points."""
    points = np.array(river.bank, dtype=float)
    along = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(points, axis=0).T))])
    width = CubicSpline(along, river.widths)
    return Course(CubicSpline(along, points[:, 0]), CubicSpline(along, points[:, 1]), width, float(along[-1]))


@cache
def _hills(river: River) -> NDArray[np.float64]:
    """Return the hills of all towns on a river, a row each: (u from the river's start, v, radius)."""
    return np.array(
        [(town.u + h.u, h.v, h.radius) for town in TOWNS if town.river == river for h in town.hills]
    )


@cache
def _ripples(river: str) -> NDArray[np.float64]:
    """Return plane waves (ku, kv, phase, size along u, size along v), too gentle to fold anything."""
    rng = stream(0, river, "ripples")
    lengths = np.array([5_200.0, 3_400.0, 2_300.0, 1_500.0, 1_000.0])
    turn, phase, way = rng.uniform(0, 2 * np.pi, (3, len(lengths)))
    size = np.array([0.030, 0.026, 0.020, 0.015, 0.010]) * lengths
    k = 2 * np.pi / lengths
    return np.column_stack(
        [k * np.cos(turn), k * np.sin(turn), phase, size * np.cos(way), size * np.sin(way)]
    )


def wind(town: Town, sheet: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the points of a town's sheet, shape (n, 2), in the city's plane."""
    flat = sheet + np.array([town.u, 0.0])
    moved = flat.copy()
    for *middle, radius in _hills(town.river):
        away = flat - middle
        reach = 1.55 * radius
        moved += 0.62 * away * np.exp(-(away**2).sum(axis=1) / (2 * reach**2))[:, None]
    flat = moved.copy()
    for ku, kv, phase, along, across in _ripples(town.river.name):
        moved += np.sin(ku * flat[:, 0] + kv * flat[:, 1] + phase)[:, None] * (along, across)
    curve = course(town.river)
    at = moved[:, 0]
    base = np.column_stack([curve.x(at), curve.y(at)])
    ahead = np.column_stack([curve.x(at, 1), curve.y(at, 1)])
    ahead /= np.hypot(*ahead.T)[:, None]
    left = np.column_stack([-ahead[:, 1], ahead[:, 0]])
    return np.asarray(base + moved[:, 1:] * left)


def stretch(town: Town, sheet: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return how many square metres a square metre of the sheet becomes at each point."""
    here = wind(town, sheet)
    along, across = (wind(town, sheet + step) - here for step in np.eye(2))
    return np.abs(along[:, 0] * across[:, 1] - along[:, 1] * across[:, 0])


def lay(town: Town, shape: G, step: float = 40.0) -> G:
    """Return a shape of the sheet in the plane, on a 1 cm lattice; straight edges follow the bending."""
    dense = shapely.segmentize(shape, step)
    return shapely.transform(dense, lambda xy: np.round(wind(town, xy), 2))


def blob(u: float, v: float, radius: float, rough: float, *names: object, bays: int = 5) -> Polygon:
    """Return a roundish outline whose radius wanders by the share ``rough``."""
    rng = stream(0, *names, "blob")
    turn = np.linspace(0, 2 * np.pi, 24 * bays, endpoint=False)
    waves = np.arange(2, 2 + bays)
    phase = rng.uniform(0, 2 * np.pi, len(waves))
    far = 1 + rough * (np.sin(np.outer(turn, waves) + phase) / waves**0.6).sum(axis=1)
    return shapely.Polygon(
        np.column_stack([u + radius * far * np.cos(turn), v + radius * far * np.sin(turn)])
    )


def woods(town: Town) -> Iterator[tuple[str, Polygon]]:
    """Yield the hills that a town is built around, on its sheet."""
    for hill in town.hills:
        yield hill.name, blob(hill.u, hill.v, hill.radius, 0.12, town.name, hill.name, bays=14)


def backdrop(town: Town, outline: Polygon, seed: int) -> Iterator[Polygon]:
    """Yield the wooded hills behind a town and across its river, in the plane."""
    rng = stream(seed, town.name, "backdrop")
    left, _, right, high = outline.bounds
    for n in range(46):
        u = float(rng.uniform(1.2 * left, 1.2 * right))
        radius = float(rng.uniform(240.0, 820.0))
        v = (
            high * np.sqrt(max(0.1, 1 - (u / (1.15 * right)) ** 2))
            + radius
            + float(rng.uniform(-100.0, 1_300.0))
        )
        if n % 3 == 2:  # on the other side
            v = -float(course(town.river).width(np.clip(u + town.u, 0, course(town.river).length))) * 1.12
            v -= radius * 1.3 + float(rng.uniform(0.0, 700.0))
        hill = lay(town, blob(u, float(v), radius, 0.12, town.name, n, bays=14))
        if hill.is_valid and 0.0 < u + town.u < course(town.river).length:
            yield hill


def water(town: Town) -> Polygon:
    """Return the town's river from end to end in the plane, with the islands in it left out."""
    curve = course(town.river)
    u = np.linspace(0.0, curve.length, 240) - town.u
    near = wind(town, np.column_stack([u, np.full(len(u), -14.0)]))
    wander = stream(0, town.river.name, "far bank").uniform(0, 2 * np.pi, 3)
    waves = sum(
        np.sin(u / length + phase) for length, phase in zip((900.0, 1_700.0, 420.0), wander, strict=True)
    )
    width = curve.width(u + town.u) * (1 + 0.06 * waves)
    far = wind(town, np.column_stack([u, -14.0 - width]))
    whole = on_lattice(shapely.make_valid(shapely.Polygon(np.concatenate([near, far[::-1]]))))
    return on_lattice(whole.difference(shapely.union_all(list(islands(town)))))


def islands(town: Town) -> Iterator[Polygon]:
    """Yield the long islands in the stream; small rivers have none."""
    curve = course(town.river)
    if max(town.river.widths) < 400:
        return
    for n, share in enumerate((0.16, 0.3, 0.62, 0.8)):
        at = share * curve.length
        wide = float(curve.width(at))
        lens = blob(0.0, 0.0, 1.0, 0.1, town.river.name, n)
        middle = np.array([at - town.u, -0.52 * wide])
        xy = shapely.get_coordinates(lens) * (1.5 * wide**0.97, 0.13 * wide) + middle
        lens = shapely.Polygon(xy)
        yield lay(town, lens)


def brook(town: Town, top: float) -> LineString:
    """Return a brook's middle on the sheet: it winds down to the river."""
    v = np.linspace(top, -20.0, 60)
    wander = 130.0 * np.sin(v / 430.0) + 45.0 * np.sin(v / 170.0 + 1.0)
    return shapely.LineString(np.column_stack([town.brook + wander * np.minimum(1.0, v / 500.0 + 0.1), v]))


def railway(river: River) -> LineString:
    """Return the railway of a river's towns in the plane: past each of them, swinging across the blocks."""
    towns = sorted((town for town in TOWNS if town.river == river), key=lambda town: town.u)
    u = np.linspace(
        max(200.0, towns[0].u - 4_200.0), min(course(river).length - 300.0, towns[-1].u + 6_200.0), 400
    )
    at = np.interp(u, [town.u for town in towns], [town.railway for town in towns])
    v = at + 150.0 * np.sin(u / 1_350.0 + 0.4) + 60.0 * np.sin(u / 610.0)
    line = shapely.LineString(np.column_stack([u - towns[0].u, v]))
    return lay(towns[0], line)


def bridge(town: Town, u: float) -> LineString:
    """Return a road across the river, from the riverside road to the other bank, in the plane."""
    wide = float(course(town.river).width(u + town.u)) * 1.12
    return lay(town, shapely.LineString([(u, 50.0), (u + 30.0, -wide - 60.0)]))
