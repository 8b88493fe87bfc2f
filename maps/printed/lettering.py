"""Place the lettering of a map: what matters more comes first, nothing is written over anything else."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise
from math import atan2, cos, degrees, hypot, radians, sin
from typing import TYPE_CHECKING, Any

import shapely
from shapely import affinity

from maps.markup import Markup
from maps.printed.svg import POINT, Style, advance, plain, words

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from shapely.geometry.base import BaseGeometry

    from maps.printed.ground import Piece

LEADING = 1.12
AIR = 0.35  # mm between two labels
SMALL, TINY = 5.8 * POINT, 5.0 * POINT
STREET: Style = {"fill": "#4b463d", "font_weight": "500"}
COMPOUND: Style = {"fill": "#5d564a"}
NUMBER: Style = {"fill": "#4a443a"}
WATER: Style = {"fill": "#35688c"}
PARK: Style = {"fill": "#47703a"}


@dataclass(frozen=True, slots=True)
class Label:
    """Lines of text around x, y on the paper, turned by ``angle`` degrees; sizes in mm."""

    lines: tuple[str, ...]
    x: float
    y: float
    size: float
    angle: float = 0.0
    halo: float = 0.3
    style: Style = field(default_factory=dict)

    @property
    def box(self) -> BaseGeometry:
        """Return the ground that the letters take."""
        wide = max(advance(line, self.size) for line in self.lines) / 2 + AIR
        high = len(self.lines) * self.size * LEADING / 2 + AIR / 2
        upright = shapely.box(self.x - wide, self.y - high, self.x + wide, self.y + high)
        return affinity.rotate(upright, self.angle, origin=(self.x, self.y)) if self.angle else upright

    def draw(self, font: str) -> Markup:
        """Return the label as SVG."""
        return words(
            self.lines, self.x, self.y, size=self.size, font=font, angle=self.angle, halo=self.halo,
            leading=LEADING, style={**self.style},
        )  # fmt: skip


class Sheet:
    """The room on a map; boxes that are taken stay taken."""

    def __init__(self, within: BaseGeometry) -> None:
        self.within = within
        self._taken: list[BaseGeometry] = []
        self.labels: list[Label] = []

    def take(self, box: BaseGeometry) -> None:
        """Keep lettering away from a box."""
        self._taken.append(box)

    def free(self, box: BaseGeometry) -> bool:
        """Tell whether nothing stands in a box yet and all of it is on the map."""
        inside: bool = self.within.covers(box)
        return inside and not (self._taken and bool(shapely.intersects(box, self._taken).any()))

    def clear(self, shape: BaseGeometry) -> BaseGeometry:
        """Return what of a shape is on the map and not taken yet; the shape itself where nothing is."""
        left = shapely.difference(shape.intersection(self.within), shapely.union_all(self._taken))
        return shape if left.is_empty else left

    def put(self, choices: Iterable[Label]) -> Label | None:
        """Place the first of ``choices`` that finds room."""
        for label in choices:
            if self.free(label.box):
                self.take(label.box)
                self.labels.append(label)
                return label
        return None


CLOSING = frozenset("、，。）)")  # no line begins with one of them


def wrapped(text: str, most: int) -> Iterator[tuple[str, ...]]:
    """Yield ways to set a name in one to ``most`` lines of about equal length; spaces are broken first."""
    name = plain(text)
    yield (name,)
    parts = name.split(" ") if " " in name else list(name)
    glue = " " if " " in name else ""
    for count in range(2, most + 1):
        if len(parts) >= count * (1 if glue else 2):
            cuts = [round(len(parts) * n / count) for n in range(count + 1)]
            cuts = [cut + (cut < len(parts) and parts[cut] in CLOSING) for cut in cuts]
            yield tuple(glue.join(parts[a:b]) for a, b in pairwise(cuts))


def inner_circle(shape: BaseGeometry) -> tuple[float, float, float]:
    """Return the middle and radius of the largest circle inside the largest part of a polygon."""
    part = max(getattr(shape, "geoms", [shape]), key=lambda one: one.area)
    ray = shapely.maximum_inscribed_circle(part, tolerance=max(part.length / 400, 0.05))
    x, y = shapely.get_coordinates(ray)[0]
    return float(x), float(y), float(ray.length)


def name_areas(sheet: Sheet, pieces: Sequence[Piece], told: frozenset[str]) -> None:
    """Name compounds, parks and waters inside themselves, the largest first; ``told`` are named already."""
    looks: dict[str, Style] = {"compound": COMPOUND, "park": PARK, "water": WATER}
    named = [one for one in pieces if one.layer in looks and one.name and not _is_told(plain(one.name), told)]
    for one in sorted(named, key=lambda piece: (-piece.shape.area, piece.name)):
        if one.shape.area < 20:  # mm2: nothing legible fits
            break
        x, y, radius = inner_circle(one.shape)
        if radius >= SMALL:
            sheet.put(_area_labels(one, x, y, looks[one.layer]))


def _is_told(name: str, told: frozenset[str]) -> bool:
    """Tell whether a name stands on the map already: that of a grid may go on."""
    return any(one.startswith(name) for one in told)


def _area_labels(piece: Piece, x: float, y: float, style: Style) -> Iterator[Label]:
    for lines in wrapped(piece.name, 3):
        label = Label(lines, x, y, SMALL, halo=0.28, style=style)
        if piece.shape.buffer(0.4).covers(label.box):
            for dy in (0.0, SMALL * 1.6, -SMALL * 1.6, SMALL * 3, -SMALL * 3):
                yield Label(lines, x, y + dy, SMALL, halo=0.28, style=style)


def name_ways(sheet: Sheet, pieces: Sequence[Piece], within: BaseGeometry) -> None:
    """Name every street once along its longest straight stretch inside ``within``, again where it is long."""
    lines: dict[str, list[Any]] = {}
    for one in pieces:
        if one.layer in ("street", "barrier") and one.name and "Line" in one.shape.geom_type:
            lines.setdefault(plain(one.name), []).append(one.shape)
    joined = {name: _merged(shapes, within) for name, shapes in lines.items()}
    for name, line in sorted(joined.items(), key=lambda item: (-item[1].length, item[0])):
        style = WATER if any(p.kind == "river" and plain(p.name) == name for p in pieces) else STREET
        _name_along(sheet, name, line, style)


def _merged(shapes: Sequence[Any], within: BaseGeometry) -> BaseGeometry:
    line = shapely.intersection(shapely.union_all(shapes), within)
    parts = [part for part in shapely.get_parts(line) if "Line" in part.geom_type]
    merged: BaseGeometry = shapely.simplify(shapely.line_merge(shapely.multilinestrings(parts)), 0.5)
    return merged


def _name_along(sheet: Sheet, name: str, line: BaseGeometry, style: Style) -> None:
    size = SMALL * 1.12
    need = advance(name, size) * 1.1
    written: list[tuple[float, float]] = []
    for length, x, y, angle in _stretches(line):
        if length < need or len(written) == 3:
            return
        if all(hypot(x - a, y - b) > 90 for a, b in written) and sheet.put(
            Label((name,), *_beside(x, y, angle, away), size, angle, 0.35, style)
            for away in (0.0, size * 0.95, -size * 0.95)
        ):
            written.append((x, y))


def _beside(x: float, y: float, angle: float, away: float) -> tuple[float, float]:
    """Return the place ``away`` mm beside a line: where a border runs along a street, its name gives way."""
    return x - away * sin(radians(angle)), y + away * cos(radians(angle))


def _stretches(line: BaseGeometry) -> Iterator[tuple[float, float, float, float]]:
    """Yield length, middle and upright angle of the straight stretches of a line, the longest first."""
    found = []
    for part in shapely.get_parts(line):
        points = shapely.get_coordinates(part)
        for (ax, ay), (bx, by) in pairwise(points):
            length = hypot(bx - ax, by - ay)
            for share in (0.5, 0.3, 0.7):
                at = (ax + (bx - ax) * share, ay + (by - ay) * share)
                reach = 2 * length * min(share, 1 - share)
                found.append((reach, *at, _upright(degrees(atan2(by - ay, bx - ax)))))
    return iter(sorted(found, key=lambda one: (-round(one[0], 3), one[1], one[2])))


def _upright(angle: float) -> float:
    """Return the angle by which text along a line is turned so that it is not upside down."""
    turned = angle % 180
    return turned - 180 if turned > 90 else turned


def number_buildings(sheet: Sheet, pieces: Sequence[Piece]) -> None:
    """Write every building's number on it where it fits."""
    marked = [one for one in pieces if one.layer == "building" and one.name and len(one.name) <= 8]
    for one in sorted(marked, key=lambda piece: (-piece.shape.area, piece.name)):
        middle = one.shape if one.shape.geom_type == "Point" else shapely.point_on_surface(one.shape)
        for size in (TINY, TINY * 0.85):
            if _fits_on(one.shape, advance(plain(one.name), size), size) and sheet.put(
                [Label((plain(one.name),), middle.x, middle.y, size, halo=0.15, style=NUMBER)]
            ):
                break


def _fits_on(shape: BaseGeometry, wide: float, high: float) -> bool:
    """Tell whether a number looks at home on a building: not much larger than it."""
    if shape.geom_type == "Point":
        return False
    west, north, east, south = shape.bounds
    return wide <= 1.25 * (east - west) and high <= 1.4 * (south - north)


def drawn(sheet: Sheet, font: str) -> Markup:
    """Return all placed labels, the least important first, so that the others lie on top."""
    return Markup("".join(label.draw(font) for label in reversed(sheet.labels)))
