"""The legend of a map: a small picture of each sign that stands on it, with its words."""

from __future__ import annotations

from typing import TYPE_CHECKING

import shapely

from maps.colouring import PALETTE
from maps.markup import Markup
from maps.printed.furniture import BOLD, INK, station
from maps.printed.gridmap import SPECIAL, TINT, hatching
from maps.printed.ground import AREAS, BUILDING, DOOR, PAPER, RAIL
from maps.printed.svg import Style, circle, document, path, rect, words

if TYPE_CHECKING:
    from collections.abc import Mapping

WIDE, HIGH = 9.0, 5.0
FIELD = shapely.box(0.4, 0.4, WIDE - 0.4, HIGH - 0.4)
EDGE: Style = {"stroke": INK, "stroke_width": 0.35}


def legend_of(signs: frozenset[str], said: Mapping[str, str], font: str) -> list[dict[str, str]]:
    """Return ``svg`` and ``text`` of every sign of a map, the grids and the community first."""
    drawn = {
        "grid": _grid(font),
        "community": path([shapely.LineString([(0, 2.5), (WIDE, 2.5)])], stroke=INK, stroke_width=1.1),
        "vacant": Markup(_field(PALETTE[0], TINT) + _hatched(0.5)),
        "special": Markup(_field(SPECIAL, TINT) + _hatched(0.3)),
        "station": station(WIDE / 2, HIGH / 2, 2.0),
        "compound": path(
            [FIELD],
            fill=AREAS["compound"]["fill"],
            stroke="#57503f",
            stroke_width=0.22,
            stroke_dasharray="1.1 0.7",
        ),
        "building": Markup(
            path([shapely.box(1.5, 1, WIDE - 1.5, HIGH - 1)], **BUILDING)
            + words(["12"], WIDE / 2, HIGH / 2, size=1.9, font=font, style={"fill": INK})
        ),
        "door": path([shapely.Point(x, HIGH / 2) for x in (2.5, 4.5, 6.5)], **DOOR),
        "park": _field(str(AREAS["park"]["fill"]), 1),
        "water": _field(str(AREAS["water"]["fill"]), 1),
        "railway": _railway(),
    }
    shown = {"grid", "community"} | signs
    return [
        {"svg": document(WIDE, HIGH, picture), "text": said[f"print.sign.{sign}"]}
        for sign, picture in drawn.items()
        if sign in shown
    ]


def _field(colour: str, tint: float) -> Markup:
    return Markup(
        rect(0.4, 0.4, WIDE - 0.8, HIGH - 0.8, fill=PAPER)
        + path([FIELD], fill=colour, fill_opacity=tint, **EDGE)
    )


def _hatched(strength: float) -> Markup:
    return path([hatching(FIELD, 1.6)], fill="none", stroke=INK, stroke_width=0.18, stroke_opacity=strength)


def _grid(font: str) -> Markup:
    disc = circle(WIDE / 2, HIGH / 2, 1.7, fill="#ffffff", stroke=INK, stroke_width=0.3)
    return Markup(
        _field(PALETTE[1], TINT) + disc + words(["1"], WIDE / 2, HIGH / 2, size=2.2, font=font, style=BOLD)
    )


def _railway() -> Markup:
    line = shapely.LineString([(0, 2.5), (WIDE, 2.5)])
    dashes = path([line], stroke="#ffffff", stroke_width=0.5, stroke_dasharray="1.6 1.6")
    return Markup(path([line], stroke=RAIL, stroke_width=0.8) + dashes)
