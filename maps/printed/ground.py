"""The quiet basemap of a sheet, from the city's own data: water, parks, compounds, streets, buildings."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely
from shapely.geometry import shape

from maps.markup import Markup
from maps.printed.svg import Style, path

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from numpy.typing import NDArray
    from shapely.geometry.base import BaseGeometry

    from geogrid.snapshot import CommunityCard, Snapshot
    from maps.printed.frame import Frame

    Shapes = NDArray[Any]

PAPER = "#fbfaf6"
SHARED = frozenset({"land", "park", "water"})  # they reach over the borders of communities
AREAS: dict[str, Style] = {
    "land": {"fill": "#efece3"},
    "park": {"fill": "#dbe8cd"},
    "compound": {"fill": "#f6f2e8"},
    "water": {"fill": "#c4dcea", "stroke": "#8fb4cc", "stroke_width": 0.15},
}
# Width of a way on the paper and of its edge, mm, at 1:3000; the wider the scale the narrower the way.
WAYS = {"expressway": 3.0, "arterial": 2.4, "collector": 1.6, "": 1.1}
EDGE = "#b9b3a6"
RAIL = "#5a6066"
RIVER = "#8fb8d3"
BUILDING: Style = {
    "fill": "#3a332a",
    "fill_opacity": 0.16,
    "stroke": "#3a332a",
    "stroke_width": 0.1,
    "stroke_opacity": 0.45,
}
DOOR: Style = {
    "fill": "none",
    "stroke": "#3a332a",
    "stroke_opacity": 0.55,
    "stroke_width": 0.7,
    "stroke_linecap": "round",
}


@dataclass(frozen=True, slots=True)
class Piece:
    """One thing of the basemap on the paper."""

    layer: str
    kind: str
    name: str
    shape: Any


def pieces_near(source: Snapshot, communities: Iterable[CommunityCard], frame: Frame) -> list[Piece]:
    """Return what lies under ``communities`` within the frame; waters and parks are whole again."""
    return joined(
        [piece for one in communities for piece in pieces_of(source.background_bytes(one["id"]), frame)]
    )


def joined(pieces: Sequence[Piece]) -> list[Piece]:
    """Return pieces with waters, parks and land joined that each community shows its own cut of."""
    cuts: dict[tuple[str, str, str], list[Any]] = {}
    whole = []
    for one in pieces:
        if one.layer in SHARED:
            cuts.setdefault((one.layer, one.kind, one.name), []).append(one.shape)
        else:
            whole.append(one)
    tidy = [shapely.orient_polygons(shapely.union_all(shapes), exterior_cw=False) for shapes in cuts.values()]
    return [*(Piece(*facts, shape) for facts, shape in zip(cuts, tidy, strict=True)), *whole]


def pieces_of(content: bytes, frame: Frame) -> list[Piece]:
    """Return the features of a background (GeoJSON in degrees) as pieces of the basemap."""
    features = json.loads(content)["features"]
    shapes = shapely.get_parts(shapely.from_geojson(content)) if features else np.array([], dtype=object)
    return pieced([one["properties"] for one in features], shapes, frame)


def pieced(facts: Sequence[Mapping[str, str]], shapes: Shapes, frame: Frame) -> list[Piece]:
    """Return shapes in degrees with their ``layer``, ``kind`` and ``name`` as pieces cut to the frame."""
    west, south, east, north = frame.bounds
    seen = shapely.intersects(shapes, shapely.box(west, south, east, north)).nonzero()[0].tolist()
    drawn = frame.cut(frame.project(shapes[seen]))
    tidy = shapely.orient_polygons(drawn, exterior_cw=False)
    return [
        Piece(facts[n]["layer"], facts[n]["kind"], facts[n]["name"], shape)
        for n, shape in zip(seen, tidy, strict=True)
        if not shape.is_empty
    ]


def neighbours_of(source: Snapshot, frame: Frame) -> list[CommunityCard]:
    """Return every community of which the frame shows a part."""
    west, south, east, north = frame.bounds
    return [
        one
        for one in source.communities()
        if one["bounds"][0] < east and one["bounds"][2] > west
        and one["bounds"][1] < north and one["bounds"][3] > south
    ]  # fmt: skip


def border_of(frame: Frame, community: CommunityCard) -> BaseGeometry:
    """Return the border of a community on the paper."""
    whole: BaseGeometry = shapely.orient_polygons(frame.project([shape(community["geometry"])]))[0]
    return whole


def areas(pieces: Sequence[Piece]) -> Markup:
    """Return land, parks, compounds and water."""
    return Markup("".join(path(_of(pieces, layer), **style) for layer, style in AREAS.items()))


def ways(pieces: Sequence[Piece], scale: int) -> Markup:
    """Return streets with quiet edges, the smaller under the larger, then rivers and railways."""
    lines = [one for one in pieces if one.layer in ("street", "barrier") and "Line" in one.shape.geom_type]
    drawn = {kind: [one.shape for one in lines if _way(one) == kind] for kind in WAYS}
    factor = min(1.25, max(0.3, (3000 / scale) ** 0.75))
    return Markup(
        "".join(
            path(drawn[kind], **_stroke(colour, WAYS[kind] * factor + more))
            for colour, more in ((EDGE, 0.3), ("#ffffff", 0.0))
            for kind in reversed(WAYS)
        )
        + path((one.shape for one in lines if one.kind == "river"), **_stroke(RIVER, 0.9))
        + _railway([one.shape for one in lines if one.kind == "railway"])
    )


def buildings(pieces: Sequence[Piece]) -> Markup:
    """Return the buildings; a door that is only a point is a dot."""
    shapes = list(_of(pieces, "building"))
    dots = [shape for shape in shapes if shape.geom_type == "Point"]
    blocks = [shape for shape in shapes if shape.geom_type != "Point"]
    return Markup(path(blocks, **BUILDING) + path(dots, **DOOR))


def _of(pieces: Iterable[Piece], layer: str) -> Iterable[Any]:
    return (one.shape for one in pieces if one.layer == layer)


def _way(piece: Piece) -> str:
    """Return the class of a way; none for what is no street."""
    if piece.kind in ("river", "railway"):
        return "none"
    return piece.kind if piece.kind in WAYS else ""


def _railway(shapes: Sequence[Any]) -> Markup:
    sleepers = path(shapes, **_stroke("#ffffff", 0.5), stroke_dasharray="1.6 1.6")
    return Markup(path(shapes, **_stroke(RAIL, 0.8)) + sleepers)


def _stroke(colour: str, width: float) -> Style:
    return {
        "fill": "none",
        "stroke": colour,
        "stroke_width": width,
        "stroke_linejoin": "round",
        "stroke_linecap": "butt" if width < 0.85 else "round",
    }
