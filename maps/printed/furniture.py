"""The furniture of a map: scale bar, north arrow, and the signs that the legend repeats."""

from __future__ import annotations

from typing import TYPE_CHECKING

import shapely

from maps.markup import Markup
from maps.printed.svg import POINT, Style, circle, path, rect, words

if TYPE_CHECKING:
    from shapely.geometry.base import BaseGeometry

    from maps.printed.frame import Frame

INK = "#22201c"
BOLD: Style = {"fill": INK, "font_weight": "700"}
PANEL = (64.0, 15.0)  # mm
STEPS = (10, 20, 25, 50, 100, 200, 250, 500, 1000, 2000, 2500, 5000)  # metres of one of the four parts
INSET = 2.0
STATION = "#b3261e"


def corner_box(frame: Frame, whole: BaseGeometry) -> BaseGeometry:
    """Return the lower corner, left or right, in which the scale bar hides least of ``whole``."""
    wide, high = PANEL
    top = frame.height - INSET - high
    boxes = [shapely.box(x, top, x + wide, top + high) for x in (INSET, frame.width - INSET - wide)]
    return min(boxes, key=lambda box: box.intersection(whole).area)


def bar_step(scale: int) -> int:
    """Return the metres of one of the bar's four parts: the longest that keeps the bar within 44 mm.

    >>> bar_step(3000), bar_step(10_000)
    (25, 100)
    """
    return max((one for one in STEPS if 4 * one * 1000 / scale <= 44), default=STEPS[0])


def scale_bar(frame: Frame, corner: BaseGeometry, font: str, north: str) -> Markup:
    """Return the scale bar with its lengths, the ratio and a north arrow, on a quiet panel."""
    x, y, _, _ = corner.bounds
    step = bar_step(frame.scale)
    part = step * 1000 / frame.scale
    left, top = x + 4, y + 7.6
    bars = [
        rect(
            left + n * part,
            top,
            part,
            1.5,
            fill=INK if n % 2 == 0 else "#ffffff",
            stroke=INK,
            stroke_width=0.15,
        )
        for n in range(4)
    ]
    marks = [
        words([told], left + n * part, top - 1.6, size=6.5 * POINT, font=font, style={"fill": INK})
        for n, told in ((0, "0"), (2, f"{2 * step}"), (4, f"{4 * step} m"))
    ]
    ratio = words(
        [f"1 : {frame.scale:,}".replace(",", "\u2009")],
        left + 2 * part,
        top + 4.1,
        size=7 * POINT,
        font=font,
        style={"fill": INK},
    )
    panel = rect(x, y, *PANEL, fill="#ffffff", fill_opacity=0.86, stroke="#c9c4b8", stroke_width=0.15, rx=0.8)
    return Markup(
        "".join([panel, *bars, *marks, ratio, north_arrow(x + PANEL[0] - 6.5, y + 8.4, font, north)])
    )


def north_arrow(x: float, y: float, font: str, north: str) -> Markup:
    """Return an arrow that points up, half filled, with the word for north above it."""
    left = shapely.Polygon([(x, y - 2.6), (x - 2.1, y + 4.6), (x, y + 3.0)])
    right = shapely.Polygon([(x, y - 2.6), (x + 2.1, y + 4.6), (x, y + 3.0)])
    return Markup(
        path([left], fill=INK, stroke=INK, stroke_width=0.2, stroke_linejoin="round")
        + path([right], fill="#ffffff", stroke=INK, stroke_width=0.2, stroke_linejoin="round")
        + words([north], x, y - 4.6, size=8 * POINT, font=font, style=BOLD)
    )


def station(x: float, y: float, size: float = 2.1) -> Markup:
    """Return the sign of a place where residents are served: a house in a dark disc."""
    roof = [(-0.62, -0.02), (0, -0.62), (0.62, -0.02), (0.4, -0.02), (0.4, 0.5), (-0.4, 0.5), (-0.4, -0.02)]
    house = shapely.Polygon([(x + size * a, y + size * b) for a, b in roof])
    disc = circle(x, y, size, fill=STATION, stroke="#ffffff", stroke_width=0.45)
    return Markup(disc + path([house], fill="#ffffff"))
