"""Write on the map of a community: badges, names of grids, places of service, then all other lettering."""

from __future__ import annotations

from math import cos, pi, sin
from typing import TYPE_CHECKING

import numpy as np
import shapely

from maps.markup import Markup
from maps.printed.furniture import BOLD, INK, station
from maps.printed.ground import border_of
from maps.printed.lettering import Label, inner_circle, name_areas, name_ways, number_buildings, wrapped
from maps.printed.svg import POINT, Style, circle, plain, words

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from geogrid.snapshot import CommunityCard
    from maps.printed.frame import Frame
    from maps.printed.gridmap import DrawnGrid
    from maps.printed.ground import Piece
    from maps.printed.lettering import Sheet

GREY = "#6d675c"
NAMES = tuple(points * POINT for points in (10.5, 9.5, 8.5, 7.5, 6.6))
SIGN = 2.4  # radius of the ground that a sign takes, mm
BADGES = (3.4, 2.8, 2.2, 1.7)  # radius, mm


def place_signs(
    sheet: Sheet, grids: Sequence[DrawnGrid], frame: Frame, font: str, front: str
) -> list[Markup]:
    """Place badges, names of grids and places of service; they come before all other lettering."""
    placed = []
    for one in sorted(grids, key=lambda grid: (grid.card["code"] != front, grid.number)):
        x, y, room = inner_circle(sheet.clear(one.shape))
        radius = next((size for size in BADGES if size <= room), BADGES[-1])
        sheet.take(shapely.Point(x, y).buffer(radius + 0.2))
        placed.append((one, x, y, radius))
    marks = _stations(sheet, grids, frame)
    for one, x, y, radius in sorted(
        placed, key=lambda item: (item[0].card["code"] != front, -item[0].shape.area)
    ):
        sheet.put(_grid_names(one, x, y, radius))
    return [*marks, *(badge(one.number, x, y, radius, font) for one, x, y, radius in placed)]


def _grid_names(one: DrawnGrid, x: float, y: float, radius: float) -> Iterator[Label]:
    """Yield ways to write a grid's name at its number, the larger the better.

    Inside the grid, or else small and with most of it inside.
    """
    name = plain(one.card["name"])
    every = [label for size in NAMES for label in at_number(name, x, y, radius, size)] if name else []
    roomy = one.shape.buffer(0.6)
    yield from (label for label in every if roomy.covers(label.box))
    small = [label for label in every if label.size <= NAMES[-2]]
    yield from (label for label in small if roomy.intersection(label.box).area > 0.6 * label.box.area)


def at_number(name: str, x: float, y: float, radius: float, size: float) -> Iterator[Label]:
    """Yield a name in one to three lines below and above its number."""
    for lines in wrapped(name, 3):
        high = len(lines) * size * 1.12 / 2
        for down in (radius + high + 0.7, -radius - high - 0.7):
            yield Label(lines, x, y + down, size, halo=0.45, style=BOLD)


def badge(number: int, x: float, y: float, radius: float, font: str) -> Markup:
    """Return a number in a white disc: what links the map to the table, in colour and in grey."""
    disc = circle(x, y, radius, fill="#ffffff", stroke=INK, stroke_width=0.4)
    return Markup(disc + words([str(number)], x, y, size=radius * 1.25, font=font, style=BOLD))


def _stations(sheet: Sheet, grids: Sequence[DrawnGrid], frame: Frame) -> list[Markup]:
    """Return the places of service that lie on the map, each named where there is room."""
    venues = {(one["lon"], one["lat"]): one["name"] for grid in grids for one in grid.card.get("venues", [])}
    marks = []
    for (lon, lat), name in sorted(venues.items()):
        at = _room_for_sign(sheet, *frame.place(lon, lat))
        if at is None:
            continue
        x, y = at
        sheet.take(shapely.Point(x, y).buffer(SIGN))
        marks.append(station(x, y))
        style: Style = {"fill": "#8c1d18", "font_weight": "700"}
        sheet.put(
            Label(lines, x, y + down, 6.5 * POINT, halo=0.4, style=style)
            for lines in wrapped(name, 2)
            for down in (2.6 + len(lines) * 1.3, -2.6 - len(lines) * 1.3)
        )
    return marks


def _room_for_sign(sheet: Sheet, x: float, y: float) -> tuple[float, float] | None:
    """Return where a sign stands free: at its place or just beside it."""
    around = [(x, y), *((x + dx, y + dy) for far in (5.0, 8.0) for dx, dy in _ways(far))]
    return next((at for at in around if sheet.free(shapely.Point(at).buffer(SIGN))), None)


def _ways(far: float) -> list[tuple[float, float]]:
    return [(far * cos(n * pi / 4), far * sin(n * pi / 4)) for n in range(8)]


def letter(
    sheet: Sheet,
    frame: Frame,
    near: Sequence[CommunityCard],
    community: CommunityCard,
    own: Sequence[Piece],
    pieces: Sequence[Piece],
    grids: Sequence[DrawnGrid],
) -> None:
    """Write the neighbours' names, streets, compounds, parks, waters and building numbers, in this order."""
    sheet.take(shapely.union_all([one.shape.boundary for one in grids]).buffer(0.3))
    for one in near:
        if one != community:
            name_neighbour(sheet, frame, one)
    name_ways(sheet, pieces, sheet.within)
    told = frozenset(plain(one.card["name"]) for one in grids)
    wide = [one for one in pieces if one.layer in ("park", "water")]
    name_areas(sheet, [*wide, *(one for one in own if one.layer == "compound")], told)
    number_buildings(sheet, own)


def name_neighbour(sheet: Sheet, frame: Frame, community: CommunityCard) -> None:
    """Name a community next door where the frame shows enough of it."""
    shown = frame.cut(np.array([border_of(frame, community)], dtype=object), beyond=-2.0)[0]
    if shown.is_empty or shown.area < 60:
        return
    x, y, _ = inner_circle(shown)
    sheet.put(
        Label(lines, x, y + down, 8 * POINT, halo=0.4, style={"fill": GREY, "font_weight": "500"})
        for lines in wrapped(community["name"], 3)
        for down in (0.0, 6.0, -6.0)
        if shown.covers(Label(lines, x, y + down, 8 * POINT).box)
    )
