"""Draw the communities of a subdistrict, numbered and named: the map of an index page."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from maps.colouring import PALETTE, colour_grids
from maps.markup import Markup
from maps.printed import ground
from maps.printed.frame import Frame, fitted
from maps.printed.furniture import INK, corner_box, scale_bar
from maps.printed.gridmap import MARGIN, TINT, veil
from maps.printed.lettering import Label, Sheet, drawn, inner_circle, name_areas, name_ways
from maps.printed.signs import at_number, badge, name_neighbour
from maps.printed.svg import POINT, Style, document, path, rect

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from geogrid.snapshot import CommunityCard, Snapshot

WIDE = frozenset({"water", "park", "barrier"})
NAMES = tuple(points * POINT for points in (12, 11, 10, 9, 8, 7, 6))
BADGES = (4.2, 3.4, 2.6, 2.0)  # radius, mm
TOUCH = 0.3  # mm


@dataclass(frozen=True, slots=True)
class DrawnCommunity:
    """A community on the paper; its number is its place in the index."""

    number: int
    card: CommunityCard
    shape: Any
    colour: str


def draw_communities(
    source: Snapshot,
    communities: Sequence[CommunityCard],
    size: tuple[float, float],
    *,
    font: str,
    north: str,
) -> tuple[str, list[DrawnCommunity]]:
    """Draw communities on ``size`` mm of paper with main roads; return the SVG and what is on it."""
    frame = fitted(_bounds(communities), *size, MARGIN)
    shown = _drawn(communities, frame)
    whole = shapely.union_all([one.shape for one in shown])
    near = ground.neighbours_of(source, frame)
    pieces = [one for one in ground.pieces_near(source, near, frame) if one.layer in WIDE]
    corner = corner_box(frame, whole)
    sheet = Sheet(shapely.box(0.8, 0.8, size[0] - 0.8, size[1] - 0.8))
    sheet.take(corner)
    badges = _name(sheet, shown, font)
    sheet.take(shapely.union_all([one.shape.boundary for one in shown]).buffer(0.3))
    for one in near:
        if one not in communities:
            name_neighbour(sheet, frame, one)
    name_ways(sheet, pieces, sheet.within)
    name_areas(sheet, pieces, frozenset())
    svg = document(
        *size,
        rect(0, 0, *size, fill=ground.PAPER),
        ground.areas(pieces),
        *(path([one.shape], fill=one.colour, fill_opacity=TINT) for one in shown),
        ground.ways(pieces, frame.scale),
        veil(frame, whole),
        _borders(frame, near, shown),
        drawn(sheet, font),
        *badges,
        scale_bar(frame, corner, font, north),
        rect(0, 0, *size, fill="none", stroke=INK, stroke_width=0.5),
    )
    return svg, shown


def _bounds(communities: Sequence[CommunityCard]) -> list[float]:
    edges = np.array([one["bounds"] for one in communities])
    return [*edges[:, :2].min(axis=0).tolist(), *edges[:, 2:].max(axis=0).tolist()]


def _drawn(communities: Sequence[CommunityCard], frame: Frame) -> list[DrawnCommunity]:
    """Return the communities on the paper, numbered from the upper left to the lower right."""
    shapes = [ground.border_of(frame, one) for one in communities]
    order = sorted(range(len(shapes)), key=lambda n: (round(shapes[n].centroid.y / 20), shapes[n].centroid.x))
    near = shapely.STRtree(shapes).query(shapely.buffer(shapes, TOUCH), predicate="intersects").T.tolist()
    neighbours = {
        one["id"]: [communities[b]["id"] for a, b in near if a == n != b] for n, one in enumerate(communities)
    }
    colours = colour_grids(neighbours)
    return [
        DrawnCommunity(place, communities[n], shapes[n], PALETTE[colours[communities[n]["id"]]])
        for place, n in enumerate(order, start=1)
    ]


def _name(sheet: Sheet, shown: Sequence[DrawnCommunity], font: str) -> list[Markup]:
    badges = []
    for one in sorted(shown, key=lambda community: -community.shape.area):
        x, y, room = inner_circle(one.shape)
        radius = next((size for size in BADGES if size <= room * 0.7), BADGES[-1])
        sheet.take(shapely.Point(x, y).buffer(radius + 0.2))
        badges.append(badge(one.number, x, y, radius, font))
        sheet.put(_labels(one, x, y, radius))
    return badges


def _labels(one: DrawnCommunity, x: float, y: float, radius: float) -> Iterator[Label]:
    roomy = one.shape.buffer(0.6)
    every = (label for size in NAMES for label in at_number(one.card["name"], x, y, radius, size))
    return (label for label in every if roomy.covers(label.box))


def _borders(frame: Frame, near: Sequence[CommunityCard], shown: Sequence[DrawnCommunity]) -> Markup:
    others = [ground.border_of(frame, one) for one in near if all(one != own.card for own in shown)]
    line: Style = {"fill": "none", "stroke_linejoin": "round"}
    own = [one.shape for one in shown]
    return Markup(
        path(others, **line, stroke="#8a8375", stroke_width=0.35, stroke_dasharray="3 0.9 0.6 0.9")
        + path(own, **line, stroke="#ffffff", stroke_width=1.7, stroke_opacity=0.75)
        + path(own, **line, stroke=INK, stroke_width=0.7)
    )
