"""Draw what lies under the grids of a community: water, land, compounds, buildings, streets, barriers."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from geogrid.crs import to_degrees
from geogrid.model import BarrierKind, LandKind
from geogrid.snapshot.geojson import feature_collection

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from geogrid.model import City, Community

DIGITS = 6  # 0.1 m
MARGIN_M = 60.0  # streets and water are drawn a little beyond the community, so that no edge looks cut
SMOOTH_M = 0.5
FRAME = 0.15  # of the city's longer side is drawn around it, so that its rivers and hills are seen whole
CITY_SMOOTH_M = 4.0
NARROW = frozenset({BarrierKind.COLLECTOR.value})  # not drawn on the map of the whole city

Feature = tuple[dict[str, str], Any]


class Background:
    """Answers what is drawn under each community of one city."""

    def __init__(self, city: City) -> None:
        self._city = city
        self._wide = [*_lands(city), *_lines(city)]
        self._tree = shapely.STRtree([shape for _, shape in self._wide])
        self._own: dict[str, list[Feature]] = defaultdict(list)
        for compound in city.compounds:
            facts = _facts("compound", compound.kind, compound.name)
            self._own[compound.community_id].append((facts, compound.geometry))
        for building in city.buildings:
            kind = "homes" if building.households else ""
            facts = _facts("building", kind, building.number or building.name)
            self._own[building.community_id].append((facts, building.geometry))

    def of(self, community: Community) -> bytes:
        """Return the background of a community; every feature has ``layer``, ``kind`` and ``name``."""
        features = [*self._across(community), *self._own[community.id]]
        shapes = np.array([shape for _, shape in features], dtype=object)
        return feature_collection(
            [facts for facts, _ in features], to_degrees(shapes, self._city.plane), DIGITS
        )

    def whole(self) -> bytes:
        """Return what is drawn under the whole city: water, parks, land and the lines that divide it.

        One feature a layer and kind of barrier, smoothed; rivers and hills reach beyond the communities.
        """
        held: dict[tuple[str, str], list[Any]] = defaultdict(list)
        for facts, shape in self._wide:
            kind = facts["kind"] if facts["layer"] == "barrier" else ""
            if facts["layer"] != "street" and kind not in NARROW:
                held[facts["layer"], kind].append(shape)
        frame = _frame(self._city)
        drawn = {key: _drawn(shapes, frame) for key, shapes in sorted(held.items())}
        kept = {key: shape for key, shape in drawn.items() if not shape.is_empty}
        shapes = np.array(list(kept.values()), dtype=object)
        facts_of = [_facts(layer, kind, "") for layer, kind in kept]
        return feature_collection(facts_of, to_degrees(shapes, self._city.plane), DIGITS)

    def _across(self, community: Community) -> Iterator[Feature]:
        """Yield land, water and streets near a community, cut at a margin around it."""
        near = community.geometry.buffer(MARGIN_M, quad_segs=2)
        found = np.sort(self._tree.query(near, predicate="intersects"))
        shapes = [self._wide[n][1] for n in found]
        for n, shape in zip(found, shapely.intersection(shapes, near), strict=True):
            smooth = shapely.simplify(shape, SMOOTH_M)
            if not smooth.is_empty:
                yield self._wide[n][0], smooth


def _frame(city: City) -> Any:
    """Return the rectangle around all communities, grown by a margin."""
    west, south, east, north = shapely.total_bounds([one.geometry for one in city.communities])
    margin = FRAME * max(east - west, north - south)
    return shapely.box(west - margin, south - margin, east + margin, north + margin)


def _drawn(shapes: Sequence[Any], frame: Any) -> Any:
    """Return shapes as one, cut at the frame; lines that meet are joined."""
    whole = shapely.union_all(shapely.make_valid(np.array(shapes, dtype=object))).intersection(frame)
    if whole.geom_type == "MultiLineString":
        whole = shapely.line_merge(whole)
    return shapely.simplify(whole, CITY_SMOOTH_M)


def _facts(layer: str, kind: str, name: str) -> dict[str, str]:
    return {"layer": layer, "kind": kind, "name": name}


def _lands(city: City) -> list[Feature]:
    layers = {LandKind.PARK: "park", LandKind.WATER: "water"}
    return [
        (_facts(layers.get(land.kind, "land"), land.kind.value, land.name), land.geometry)
        for land in city.land
    ]


def _lines(city: City) -> list[Feature]:
    streets = [(_facts("street", "", street.name), street.geometry) for street in city.streets]
    barriers: Sequence[Feature] = [
        (_facts(_barrier_layer(one.kind, one.geometry), one.kind.value, one.name), one.geometry)
        for one in city.barriers
    ]
    return [*streets, *barriers]


def _barrier_layer(kind: BarrierKind, geometry: Any) -> str:
    """Return the layer of a barrier: a river that has an area is drawn as water."""
    area = geometry.geom_type in ("Polygon", "MultiPolygon")
    return "water" if kind is BarrierKind.RIVER and area else "barrier"
