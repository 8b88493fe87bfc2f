"""The same wall sheet by other means: matplotlib, and Chromium printing a page.

Both get our finished drawing (every line and letter of the map, in mm) and the rows of the table, so that
they neither project nor place anything; only drawing and writing the PDF are timed.
"""

from __future__ import annotations

import io
import re
import shutil
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

MM = 1 / 25.4
POINTS = 72 / 25.4
CODES = {"M": 1, "L": 2, "Z": 79}
STEP = re.compile(r"([MLZh])([^MLZh]*)")


@dataclass(frozen=True, slots=True)
class Mark:
    """One element of the drawing as matplotlib wants it."""

    tag: str
    facts: dict[str, str]
    vertices: Any = None
    codes: Any = None
    text: str = ""


def marks_of(svg: str) -> list[Mark]:
    """Read the drawing: paths of straight lines, circles, rectangles, text."""
    found = []
    for one in ET.fromstring(svg):
        tag = one.tag.rpartition("}")[2]
        vertices, codes = _path(one.attrib["d"]) if tag == "path" else (None, None)
        found.append(Mark(tag, dict(one.attrib), vertices, codes, one.text or ""))
    return found


def _path(written: str) -> tuple[Any, Any]:
    vertices: list[list[float]] = []
    codes: list[int] = []
    for letter, numbers in STEP.findall(written):
        values = [float(number) for number in numbers.split()]
        point = values if letter in "ML" else vertices[-1]
        vertices.append(point)
        codes.append(CODES.get(letter, 2))
    return np.array(vertices), np.array(codes)


def matplotlib_sheet(marks: list[Mark], sheet: Mapping[str, Any], font_file: str) -> bytes:
    """Draw an A3 sheet with matplotlib and return it as PDF with embedded fonts."""
    import matplotlib as mpl

    mpl.use("pdf")
    mpl.rcParams["pdf.fonttype"] = 42
    from matplotlib.figure import Figure
    from matplotlib.font_manager import FontProperties

    font = FontProperties(fname=font_file)
    figure = Figure(figsize=(420 * MM, 297 * MM))
    wide, high = sheet["map_size"]
    axes = figure.add_axes((12 / 420, 20 / 297, wide / 420, high / 297))
    axes.set(xlim=(0, wide), ylim=(high, 0))
    axes.axis("off")
    for mark in marks:
        _draw(axes, mark, font)
    _write(figure, sheet, font)
    out = io.BytesIO()
    figure.savefig(out, format="pdf")
    return out.getvalue()


def _draw(axes: Any, mark: Mark, font: Any) -> None:
    from matplotlib import patches, patheffects
    from matplotlib.path import Path

    told = mark.facts
    look = {
        "facecolor": _colour(told, "fill", "#000000"),
        "edgecolor": _colour(told, "stroke", "none"),
        "linewidth": float(told.get("stroke-width", 0)) * POINTS,
    }
    if mark.tag == "path":
        axes.add_patch(patches.PathPatch(Path(mark.vertices, mark.codes), **look))
    elif mark.tag == "circle":
        axes.add_patch(patches.Circle((float(told["cx"]), float(told["cy"])), float(told["r"]), **look))
    elif mark.tag == "rect":
        corner = float(told["x"]), float(told["y"])
        axes.add_patch(patches.Rectangle(corner, float(told["width"]), float(told["height"]), **look))
    else:
        turned = re.match(r"rotate\((\S+)", told.get("transform", ""))
        width = float(told.get("stroke-width", 0)) * POINTS
        axes.text(
            float(told["x"]), float(told["y"]), mark.text, ha="center", va="baseline", parse_math=False,
            color=told.get("fill", "k"), size=float(told["font-size"]) * POINTS, fontproperties=font,
            rotation=-float(turned[1]) if turned else 0, rotation_mode="anchor", clip_on=True,
            path_effects=[patheffects.withStroke(linewidth=width, foreground="w")] if width else None,
        )  # fmt: skip


def _colour(told: Mapping[str, str], name: str, default: str) -> Any:
    colour = told.get(name, default)
    return "none" if colour == "none" else (colour, float(told.get(f"{name}-opacity", 1)))


def _write(figure: Any, sheet: Mapping[str, Any], font: Any) -> None:
    """Write the title, the facts, the table and the notes."""

    def text(x: float, y: float, told: str, size: float) -> None:
        figure.text(x / 420, 1 - y / 297, told, size=size, fontproperties=font, va="top", parse_math=False)

    text(12, 12, sheet["title"], 34)
    for n, fact in enumerate(sheet["facts"]):
        text(320, 12 + 5 * n, " ".join(fact), 9.5)
    for n, row in enumerate(sheet["rows"]):
        y = 60 + n * 200 / len(sheet["rows"])
        leaders = "\n".join(f"{one['name']} {one['phone']}" for one in row["leaders"])
        for x, told in (
            (256, str(row["number"])), (264, f"{row['name']}\n{row['size']}"),
            (296, f"{row['compounds']}\n{_folded(row['numbers'])}"), (340, leaders),
            (375, f"{row['branch']['name']}\n{_folded(row['branch']['note'])}"),
        ):  # fmt: skip
            text(x, y, told, 9.5)
    text(256, 280, "\n".join(sheet["notes"]), 6.5)


def _folded(text: str, most: int = 14) -> str:
    return "\n".join(text[at : at + most] for at in range(0, len(text), most))


class ChromiumPress:
    """Prints the same sheet from a page of HTML in a browser that is running already."""

    def __init__(self) -> None:
        from playwright.sync_api import sync_playwright

        self._playwright = sync_playwright().start()
        path = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
        self._browser = self._playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        self._page = self._browser.new_page()

    def sheet(self, sheet: Mapping[str, Any], font: str) -> bytes:
        """Return the sheet as PDF."""
        rows = "".join(
            f"<tr><th>{row['number']}<td><b>{escape(row['name'])}</b><br>{escape(row['size'])}"
            f"<td>{escape(row['compounds'])}<br>{escape(row['numbers'])}"
            f"<td>{'<br>'.join(escape(one['name'] + ' ' + one['phone']) for one in row['leaders'])}"
            f"<td>{escape(row['branch']['name'])} {escape(row['branch']['note'])}"
            for row in sheet["rows"]
        )
        self._page.set_content(
            f"<style>@page{{size:420mm 297mm;margin:10mm}}body{{font:9.5pt '{font}';margin:0}}"
            f"main{{display:flex;gap:7mm}}svg{{flex:none}}</style><h1>{escape(sheet['title'])}</h1>"
            f"<main>{sheet['map']}<table>{rows}</table></main><p>{escape(' '.join(sheet['notes']))}"
        )
        made: bytes = self._page.pdf(prefer_css_page_size=True, print_background=True)
        return made

    def close(self) -> None:
        """End the browser."""
        self._browser.close()
        self._playwright.stop()
