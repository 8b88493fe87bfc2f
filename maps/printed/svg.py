"""Write shapes and text on paper as SVG: mm are its units, nothing from data becomes markup."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from maps.markup import Markup, element

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray
    from shapely.geometry.base import BaseGeometry

STEERING = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
NO_CHARACTERS = "\ufffe\uffff"
POINT = 0.3528  # mm
Style = dict[str, str | float]


def plain(text: str) -> str:
    """Return ``text`` in one line without characters that steer instead of being read.

    Controls and overrides of direction could hide or reorder what stands beside them, and XML has no way
    to write some of them. Rare characters that Python does not know yet stay: they are in people's names.
    """
    return " ".join("".join(_kept(char) for char in text).split())


def _kept(char: str) -> str:
    if char in "\t\r\n":
        return " "
    return "" if unicodedata.category(char) in STEERING or char in NO_CHARACTERS else char


def shorten(text: str, most: int) -> str:
    """Return ``text`` plain and with at most ``most`` characters."""
    found = plain(text)
    return found if len(found) <= most else found[: most - 1] + "…"


def document(width: float, height: float, *children: Markup) -> str:
    """Return an SVG document of ``width`` x ``height`` mm."""
    return element(
        "svg",
        *children,
        xmlns="http://www.w3.org/2000/svg",
        width=f"{width:g}mm",
        height=f"{height:g}mm",
        viewBox=f"0 0 {width:g} {height:g}",
    )


def path(shapes: Iterable[Any], **style: str | float) -> Markup:
    """Return all shapes as one path; polygons must be oriented, so that holes stay open."""
    drawn = "".join(_outline(shape) for shape in shapes)
    return element("path", d=drawn, **_written(style)) if drawn else Markup("")


def _outline(shape: Any) -> str:
    if shape is None or shape.is_empty:
        return ""
    kind = shape.geom_type
    if kind == "Polygon":
        return _line(shape.exterior, True) + "".join(_line(hole, True) for hole in shape.interiors)
    if kind in ("LineString", "LinearRing"):
        return _line(shape, False)
    if kind == "Point":
        return f"M{shape.x:.2f} {shape.y:.2f}h0"  # drawn by a round cap
    return "".join(_outline(part) for part in shape.geoms)


def _line(line: BaseGeometry, closed: bool) -> str:
    points: NDArray[Any] = np.round(shapely.get_coordinates(line), 2)
    if closed:
        points = points[:-1]
    written = "L".join(f"{x:g} {y:g}" for x, y in points.tolist())
    return f"M{written}{'Z' if closed else ''}"


def circle(x: float, y: float, radius: float, **style: str | float) -> Markup:
    """Return a circle."""
    return element("circle", cx=f"{x:.2f}", cy=f"{y:.2f}", r=f"{radius:.2f}", **_written(style))


def rect(x: float, y: float, width: float, height: float, **style: str | float) -> Markup:
    """Return a rectangle."""
    return element(
        "rect", x=f"{x:.2f}", y=f"{y:.2f}", width=f"{width:.2f}", height=f"{height:.2f}", **_written(style)
    )


def words(
    lines: Sequence[str],
    x: float,
    y: float,
    *,
    size: float,
    font: str,
    angle: float = 0.0,
    halo: float = 0.0,
    leading: float = 1.12,
    style: Style | None = None,
) -> Markup:
    """Return lines of text centred on x, y; ``halo`` is the width of white around the letters, mm."""
    top = y - (len(lines) - 1) * size * leading / 2 + size * 0.37
    ring: Style = {"stroke": "#ffffff", "stroke_width": 2 * halo, "stroke_linejoin": "round"} if halo else {}
    turned: Style = {"transform": f"rotate({angle:.1f} {x:.2f} {y:.2f})"} if angle else {}
    look = _written(
        {
            "text_anchor": "middle",
            "paint_order": "stroke",
            "font_family": font,
            **ring,
            **turned,
            **(style or {}),
        }
    )
    return Markup(
        "".join(
            element(
                "text",
                plain(line),
                x=f"{x:.2f}",
                y=f"{top + n * size * leading:.2f}",
                font_size=f"{size:.2f}",
                **look,
            )
            for n, line in enumerate(lines)
        )
    )


def _written(style: Style) -> dict[str, str]:
    return {key: value if isinstance(value, str) else f"{value:g}" for key, value in style.items()}


def advance(text: str, size: float) -> float:
    """Return about how wide a line of text is: a Chinese character is one em, a Latin letter over half."""
    return size * sum(1.0 if unicodedata.east_asian_width(char) in "WF" else 0.58 for char in text)
