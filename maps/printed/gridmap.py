"""Draw a community's grids on the basemap: the map of a wall sheet, or of a notice with one grid in front."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely
from shapely.geometry import shape

from maps.colouring import PALETTE
from maps.colours import colours_of
from maps.dress import dress_grids
from maps.markup import Markup
from maps.printed import ground
from maps.printed.frame import Frame, fitted
from maps.printed.furniture import INK, corner_box, scale_bar
from maps.printed.lettering import (
    Sheet,
    drawn,
)
from maps.printed.signs import letter, place_signs
from maps.printed.svg import Style, document, path, rect

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from shapely.geometry.base import BaseGeometry

    from geogrid.snapshot import CommunityCard, Snapshot
    from maps.printed.ground import Piece

MARGIN = 9.0  # mm between what is shown and the edge of the map
TINT, FAINT = 0.5, 0.2  # how strongly a grid's colour covers the basemap; faint where another is in front
VEIL = 0.5
SPECIAL = "#c4c7c8"
HATCH_GAP = 2.2  # mm


@dataclass(frozen=True, slots=True)
class DrawnGrid:
    """A grid on the paper with its card; ``hatch`` is "", "vacant" or "special"."""

    card: Mapping[str, Any]
    shape: Any
    colour: str
    hatch: str

    @property
    def number(self) -> int:
        """Return its number in the community."""
        return int(self.card["number"])


@dataclass(frozen=True, slots=True)
class DrawnMap:
    """A finished map and the signs that its legend has to explain."""

    svg: str
    frame: Frame
    grids: tuple[DrawnGrid, ...]
    signs: frozenset[str]


def draw_community(
    source: Snapshot,
    community: CommunityCard,
    size: tuple[float, float],
    *,
    font: str,
    north: str,
    front: str = "",
) -> DrawnMap:
    """Draw a community's grids on ``size`` mm of paper, numbered and named, with what lies around them.

    ``front`` is the code of the grid that a notice is about: it fills the map, its neighbours are faint.
    """
    frame = _framed(source, community, size, front)
    near = ground.neighbours_of(source, frame)
    own = ground.pieces_of(source.background_bytes(community["id"]), frame)
    around = ground.pieces_near(source, [one for one in near if one != community], frame)
    pieces = ground.joined([*around, *own])
    grids = grids_of(source, community["id"], frame)
    whole = ground.border_of(frame, community)
    corner = corner_box(frame, _middle(grids, front) or whole)
    sheet = Sheet(shapely.box(0.8, 0.8, size[0] - 0.8, size[1] - 0.8))
    sheet.take(corner)
    signs = place_signs(sheet, grids, frame, font, front)
    letter(sheet, frame, near, community, own, pieces, grids)
    svg = document(
        *size,
        rect(0, 0, *size, fill=ground.PAPER),
        ground.areas(pieces),
        _fills(grids, front),
        ground.ways(pieces, frame.scale),
        ground.buildings(pieces),
        _hatches(grids, front),
        veil(frame, whole),
        _compounds(own),
        _neighbours(frame, near, community),
        _borders(grids, whole, front),
        drawn(sheet, font),
        *signs,
        scale_bar(frame, corner, font, north),
        rect(0, 0, *size, fill="none", stroke=INK, stroke_width=0.5),
    )
    return DrawnMap(svg, frame, grids, _seen(pieces, own, grids))


def grids_of(source: Snapshot, community_id: str, frame: Frame) -> tuple[DrawnGrid, ...]:
    """Return the grids of a community on the paper, in the order of their numbers."""
    dressed = dress_grids(source.grids_geojson(community_id), colours_of(source))["features"]
    cards = [one["properties"] for one in dressed]
    known = known_roster(cards)
    shapes = shapely.orient_polygons(
        frame.project([shape(one["geometry"]) for one in dressed]), exterior_cw=False
    )
    found = [
        DrawnGrid(card, one, _colour(card), _hatch(card, known))
        for card, one in zip(cards, shapes, strict=True)
    ]
    return tuple(sorted(found, key=lambda one: one.number))


def known_roster(cards: Sequence[Mapping[str, Any]]) -> bool:
    """Tell whether anybody is known to lead or serve; if not, hatching every grid would say nothing."""
    return any(one["branch"] or any(not post["vacant"] for post in one["team"]) for one in cards)


def leaderless(card: Mapping[str, Any]) -> bool:
    """Tell whether a grid with homes has no leader."""
    posts = [post for post in card["team"] if post["role"] == "leader"]
    return card["kind"] != "special" and any(post["vacant"] for post in posts)


def hatching(area: BaseGeometry, gap: float = HATCH_GAP) -> BaseGeometry:
    """Return slanting lines ``gap`` mm apart over an area."""
    west, north, east, south = area.bounds
    high = south - north
    starts = np.arange(west - high - (west - high + north) % gap, east, gap)
    lines = shapely.linestrings([[(x, south), (x + high, north)] for x in starts.tolist()])
    return shapely.union_all(shapely.intersection(lines, area)) if len(starts) else shapely.MultiLineString()


def _framed(source: Snapshot, community: CommunityCard, size: tuple[float, float], front: str) -> Frame:
    if not front:
        return fitted(community["bounds"], *size, MARGIN)
    return fitted(source.grid(front)["bounds"], *size, 2 * MARGIN)


def on_paper(colour: str) -> str:
    """Return a grid's colour as it looks on the paper."""
    drawn_, under = (int(one[1:], 16).to_bytes(3, "big") for one in (colour, ground.PAPER))
    return "#" + "".join(
        f"{round(TINT * a + (1 - TINT) * b):02x}" for a, b in zip(drawn_, under, strict=True)
    )


def _middle(grids: Sequence[DrawnGrid], front: str) -> BaseGeometry | None:
    return next((one.shape for one in grids if one.card["code"] == front), None)


def _colour(card: Mapping[str, Any]) -> str:
    return SPECIAL if card["colour"] is None else PALETTE[card["colour"]]


def _hatch(card: Mapping[str, Any], known: bool) -> str:
    if card["kind"] == "special":
        return "special"
    return "vacant" if known and leaderless(card) else ""


# What is drawn


def _fills(grids: Sequence[DrawnGrid], front: str) -> Markup:
    strong = [TINT if front in ("", one.card["code"]) else FAINT for one in grids]
    return Markup(
        "".join(
            path([one.shape], fill=one.colour, fill_opacity=tint)
            for one, tint in zip(grids, strong, strict=True)
        )
    )


def _hatches(grids: Sequence[DrawnGrid], front: str) -> Markup:
    look: Style = {"fill": "none", "stroke": INK, "stroke_width": 0.18}
    shown = [one for one in grids if one.hatch and front in ("", one.card["code"])]
    return Markup(
        "".join(
            path([hatching(one.shape)], **look, stroke_opacity=0.5 if one.hatch == "vacant" else 0.3)
            for one in shown
        )
    )


def veil(frame: Frame, whole: BaseGeometry) -> Markup:
    """Return white over all that lies outside the community."""
    paper = shapely.box(0, 0, frame.width, frame.height)
    around = shapely.orient_polygons(paper.difference(whole))
    return path([around], fill="#ffffff", fill_opacity=VEIL)


def _compounds(own: Sequence[Piece]) -> Markup:
    shapes = [one.shape for one in own if one.layer == "compound"]
    return path(shapes, fill="none", stroke="#57503f", stroke_width=0.22, stroke_dasharray="1.1 0.7")


def _neighbours(frame: Frame, near: Sequence[CommunityCard], community: CommunityCard) -> Markup:
    shapes = [ground.border_of(frame, one) for one in near if one != community]
    return path(shapes, fill="none", stroke="#8a8375", stroke_width=0.35, stroke_dasharray="3 0.9 0.6 0.9")


def _borders(grids: Sequence[DrawnGrid], whole: BaseGeometry, front: str) -> Markup:
    """Return the borders of the grids on white, so that they stand out in grey too, and the community's."""
    line: Style = {"fill": "none", "stroke_linejoin": "round"}
    shapes = [one.shape for one in grids]
    drawn_ = [
        path(shapes, **line, stroke="#ffffff", stroke_width=1.3, stroke_opacity=0.75),
        path([whole], **line, stroke="#ffffff", stroke_width=2.4, stroke_opacity=0.75),
        path(shapes, **line, stroke=INK, stroke_width=0.5),
        path([whole], **line, stroke=INK, stroke_width=1.1),
    ]
    ahead = _middle(grids, front)
    return Markup("".join([*drawn_, path([ahead], **line, stroke=INK, stroke_width=1.6) if ahead else ""]))


def _seen(pieces: Sequence[Piece], own: Sequence[Piece], grids: Sequence[DrawnGrid]) -> frozenset[str]:
    """Return the signs that stand on a map."""
    layers = {one.layer for one in pieces if one.layer in ("park", "water")}
    layers |= {"compound" for one in own if one.layer == "compound"}
    layers |= {
        "door" if one.shape.geom_type == "Point" else one.layer for one in own if one.layer == "building"
    }
    layers |= {one.kind for one in pieces if one.kind == "railway"}
    stations = {"station" for one in grids if one.card.get("venues")}
    return frozenset(layers | stations | {one.hatch for one in grids if one.hatch})
