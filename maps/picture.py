"""Draw the picture that a shared link shows (Open Graph): 1200 x 630 pixels, PNG.

The drawing is written as SVG and set by typst, as the printed sheets are.
"""

from __future__ import annotations

import unicodedata
from math import cos, radians
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely
import typst

from maps.colouring import OPACITY, PALETTE
from maps.explorer import city_name
from maps.markup import Markup, element
from maps.printed.fonts import family, installed

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from geogrid.snapshot import Snapshot
    from maps.explorer import View

WIDTH, HEIGHT, PAD, STRIP = 1200, 630, 34, 92
PAPER, GROUND, INK, SOFT, SPECIAL = "#ffffff", "#f1efe8", "#1c2630", "#55616c", "#c9cccd"
LEAST_RADIUS = 12  # pixels: below this a number is not written
BIG, SMALL = 40, 23
COLUMNS = {"subdistrict": "subdistrict_id", "community": "community_id", "grid": "community_id"}


def draw_picture(source: Snapshot, colours: Mapping[str, int], view: View, language: str) -> bytes:
    """Return the picture of what ``view`` shows; the same input gives the same bytes.

    :raises FontError: no font with Chinese characters is installed.
    """
    drawn = picture_svg(source, colours, view, language)
    page = f'#set page(width: {WIDTH}pt, height: {HEIGHT}pt, margin: 0pt)\n#image("drawn.svg")'
    files: Any = {"main.typ": page.encode(), "drawn.svg": drawn.encode()}
    made = typst.compile(files, format="png", ppi=72.0, font_paths=installed(), ignore_system_fonts=True)
    assert isinstance(made, bytes)
    return made


def picture_svg(source: Snapshot, colours: Mapping[str, int], view: View, language: str) -> str:
    """Return the picture as SVG.

    :raises FontError: no font with Chinese characters is installed.
    """
    layer = source.layer("grids")
    wanted = str(view.trail[-2]["id"]) if view.kind == "grid" else view.id
    column = COLUMNS.get(view.kind, "")
    places = [n for n, row in enumerate(layer.rows) if not column or row[column] == wanted]
    rows, shapes = [layer.rows[n] for n in places], _placed(layer.shapes[places])
    face = family("zh-Hant" if language == "zh-Hant" else "zh-Hans")
    width = "1.6" if len(rows) < 100 else "0.5"
    chosen = [shape for row, shape in zip(rows, shapes, strict=True) if row["id"] == view.id]
    body = [
        element("rect", width=str(WIDTH), height=str(HEIGHT), fill=GROUND),
        *(
            _area(shape, _colour(row, colours), "#222222", width)
            for row, shape in zip(rows, shapes, strict=True)
        ),
        *(
            _area(shape, "none", colour, width)
            for shape in chosen
            for colour, width in ((PAPER, "9"), ("#111111", "4.5"))
        ),
        *(_numbers(rows, shapes) if view.kind in ("community", "grid") else ()),
        *_title(view.name or city_name(source.city, language), city_name(source.city, language)),
    ]
    return element(
        "svg", *body, xmlns="http://www.w3.org/2000/svg", width=str(WIDTH), height=str(HEIGHT),
        viewBox=f"0 0 {WIDTH} {HEIGHT}", font_family=face,
    )  # fmt: skip


def _placed(shapes: Any) -> Any:
    """Return shapes in degrees as shapes in pixels, as large as the picture allows."""
    if not len(shapes):
        return shapes
    west, south, east, north = shapely.total_bounds(shapes)
    squeeze = cos(radians((south + north) / 2))
    across, down = WIDTH - 2 * PAD, HEIGHT - STRIP - 2 * PAD
    scale = min(across / ((east - west) * squeeze), down / (north - south))
    left = (WIDTH - (east - west) * squeeze * scale) / 2
    top = STRIP + PAD + (down - (north - south) * scale) / 2

    def place(points: Any) -> Any:
        x, y = (points[:, 0] - west) * squeeze * scale, (north - points[:, 1]) * scale
        return np.round(np.column_stack([left + x, top + y]), 1)

    return shapely.transform(shapely.coverage_simplify(shapes, 0.5 / scale), place)


def _area(shape: Any, fill: str, stroke: str, width: str) -> Markup:
    rings = [ring for part in shapely.get_parts(shape) for ring in (part.exterior, *part.interiors)]
    path = "".join("M" + "L".join(f"{x:g} {y:g}" for x, y in ring.coords[:-1]) + "Z" for ring in rings)
    return element(
        "path",
        d=path,
        fill=fill,
        fill_rule="evenodd",
        stroke=stroke,
        stroke_width=width,
        stroke_linejoin="round",
    )


def _colour(row: Mapping[str, Any], colours: Mapping[str, int]) -> str:
    if row["id"] not in colours:
        return SPECIAL
    pairs = zip(_channels(PALETTE[colours[row["id"]]]), _channels(GROUND), strict=True)
    return "#" + "".join(f"{round(OPACITY * over + (1 - OPACITY) * under):02x}" for over, under in pairs)


def _channels(colour: str) -> list[int]:
    return [int(colour[i : i + 2], 16) for i in (1, 3, 5)]


def _numbers(rows: Sequence[Mapping[str, Any]], shapes: Any) -> list[Markup]:
    found = []
    for row, circle in zip(rows, shapely.maximum_inscribed_circle(shapes, tolerance=0.5), strict=True):
        if circle.length >= LEAST_RADIUS:
            size = min(44.0, circle.length)
            found += _written(str(row["number"]), circle.coords[0], size, anchor="middle", halo=True)
    return found


def _written(
    text: str, at: tuple[float, float], size: float, *, anchor: str, fill: str = INK, halo: bool = False
) -> list[Markup]:
    place = {
        "x": f"{at[0]:g}",
        "y": f"{at[1] + size * 0.36:.1f}",
        "font_size": f"{size:.1f}",
        "text_anchor": anchor,
    }
    under = element(
        "text",
        text,
        **place,
        font_weight="700",
        stroke=PAPER,
        stroke_width=f"{size / 7:.1f}",
        stroke_linejoin="round",
        fill=PAPER,
    )
    return [*([under] if halo else []), element("text", text, **place, font_weight="700", fill=fill)]


def _title(name: str, city: str) -> list[Markup]:
    beside = city if city != name and _wide(city, SMALL) < WIDTH / 3 else ""
    room = WIDTH - 2 * PAD - (_wide(beside, SMALL) + 40 if beside else 0)
    middle = STRIP / 2
    return [
        element("rect", width=str(WIDTH), height=str(STRIP), fill=PAPER),
        *_written(_cut(name, room), (PAD, middle), BIG, anchor="start"),
        *_written(beside, (WIDTH - PAD, middle), SMALL, anchor="end", fill=SOFT),
    ]


def _cut(text: str, room: float) -> str:
    """Return a text on one line without characters that steer, cut where there is no room for more."""
    plain = " ".join("".join(one if unicodedata.category(one)[0] != "C" else " " for one in text).split())
    if _wide(plain, BIG) <= room:
        return plain
    while plain and _wide(plain + "…", BIG) > room:
        plain = plain[:-1]
    return plain + "…"


def _wide(text: str, size: float) -> float:
    """Return about how wide a text is: characters are square, letters a little over half of that."""
    return sum(size if unicodedata.east_asian_width(one) in "WF" else size * 0.62 for one in text)
