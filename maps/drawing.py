"""What an embedded map fetches: the mosaic of many grids, or one community with all that is under it.

Everything is made from one snapshot and its colours, so it never changes; ``seal`` names it.
"""

from __future__ import annotations

import json
from functools import cached_property
from hashlib import sha256
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from geogrid.addresses.romanise import romanised
from geogrid.errors import NotFoundError
from geogrid.snapshot.geojson import geometry_texts
from maps.dress import METRES_PER_DEGREE, dress_grids, label_place

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from numpy.typing import NDArray

    from geogrid.snapshot import Snapshot

    Shapes = NDArray[Any]
    Json = dict[str, Any]
    Row = Mapping[str, Any]

REVISION = 2  # raise it when what is drawn of the same snapshot changes
LEVELS = ("district", "subdistrict", "community")
WHOLE = ("", "over", "names")  # folders of pieces that show the whole city
PLURALS = {"district": "districts", "subdistrict": "subdistricts", "community": "communities"}
VERTICES_ACROSS = 4000  # borders of a mosaic are smoothed to this part of its width
FINEST = 2e-6  # degrees, about 0.2 m
DIGITS = 6
COARSE = (1e-5, 5)  # degrees: borders smoothed by more than this are told to so many digits
AROUND = 0.6  # how far around a community its neighbours are drawn, in parts of its width


class Drawing:
    """The drawings of one plan.

    ``told`` makes a value of what is JSON already, text or bytes; who will only write it need not read it.
    """

    def __init__(
        self, source: Snapshot, colours: Mapping[str, int], told: Callable[[Any], Any] = json.loads
    ) -> None:
        self.source = source
        self.colours = colours
        self.told = told
        self.rows: dict[str, dict[str, Row]] = {
            level: {str(row["id"]): row for row in source.layer(plural).rows}
            for level, plural in PLURALS.items()
        }

    @cached_property
    def seal(self) -> str:
        """Return a name that changes when any drawing of this plan does."""
        told = [REVISION, self.source.manifest["sha256"], sorted(self.colours.items())]
        return sha256(json.dumps(told).encode()).hexdigest()[:16]

    def trail(self, level: str, id: str) -> list[Json]:  # noqa: A002
        """Return the areas above an area and itself, the widest first, below the city.

        :raises NotFoundError: there is no such area.
        """
        if id not in self.rows[level]:
            raise NotFoundError(level, id)
        row = self.rows[level][id]
        above = [
            (one, row[f"{one}_id"])
            for one in LEVELS[: LEVELS.index(level)]
            if row.get(f"{one}_id") in self.rows[one]
        ]
        return [
            {"level": one, "id": each, "name": self.rows[one][each]["name"]}
            for one, each in [*above, (level, id)]
        ]

    def choices(self) -> dict[str, list[Json]]:
        """Return the areas that can be embedded, by level, in the city's order."""
        return {
            level: [{"id": id_, "name": row["name"]} for id_, row in self.rows[level].items()]
            for level in LEVELS[1:]
        }

    def piece(self, path: str) -> Json:
        """Return the piece that a map asks for by its path below the address of the plan.

        ``mosaic.json``, ``s/ID.json``, ``c/ID.json``; ``over/...`` and ``names/...`` of the same.

        :raises NotFoundError: there is no such piece.
        """
        *folder, leaf = path.removesuffix(".json").split("/")
        kind, own = "/".join(folder), "" if leaf == "mosaic" else leaf
        makers: dict[str, Callable[[str], Json]] = {
            "": self.mosaic, "s": self.mosaic, "c": self.community,
            "over": self.over, "over/s": self.over,
            "names": self.spelled, "names/s": self.spelled, "names/c": self.spelled_community,
        }  # fmt: skip
        if kind not in makers or (kind in WHOLE) != (own == ""):
            raise NotFoundError("drawing", path)
        return makers[kind](own)

    # Many grids

    def mosaic(self, subdistrict_id: str = "") -> Json:
        """Return all grids of the city, or of a subdistrict, smoothed together, with the areas above them.

        :raises NotFoundError: there is no such subdistrict.
        """
        if subdistrict_id and subdistrict_id not in self.rows["subdistrict"]:
            raise NotFoundError("subdistrict", subdistrict_id)
        layer = self.source.layer("grids")
        places = [n for n, row in enumerate(layer.rows) if subdistrict_id in ("", row["subdistrict_id"])]
        rows, shapes = [layer.rows[n] for n in places], smoothed(layer.shapes[places])
        return {
            "grids": self._grids(places, rows, shapes),
            "areas": {level: self._areas(level, rows, shapes) for level in LEVELS},
            "borders": self._borders(rows, shapes),
            "ground": self.told(self.source.city_ground_bytes()),
            "counts": self.source.city["counts"],
        }

    def over(self, subdistrict_id: str = "") -> Json:
        """Return what can be drawn over a mosaic: outlines of compounds and places of venues.

        :raises NotFoundError: there is no such subdistrict.
        """
        if subdistrict_id and subdistrict_id not in self.rows["subdistrict"]:
            raise NotFoundError("subdistrict", subdistrict_id)
        outlines, places = self.source.layer("compounds"), self.source.layer("venues")
        own = [n for n, row in enumerate(outlines.rows) if subdistrict_id in ("", row["subdistrict_id"])]
        texts = geometry_texts(outlines.shapes[own], DIGITS)
        return {
            "outlines": [
                {"type": "Feature", "properties": {}, "geometry": self.told(text)} for text in texts
            ],
            "places": [
                {"name": row["name"], "kind": row["kind"], "lon": row["lon"], "lat": row["lat"]}
                for row in places.rows
                if subdistrict_id in ("", row["subdistrict_id"])
            ],
        }

    def _grids(self, places: Sequence[int], rows: Sequence[Row], shapes: Shapes) -> Json:
        cards, radii = self.source.grids(), _radii(shapes)
        texts = geometry_texts(shapes, _digits(shapes))
        features = [
            {
                "type": "Feature",
                "geometry": self.told(text),
                "properties": {
                    **_facts(cards[place]),
                    "community": row["community_id"],
                    "colour": self.colours.get(row["id"]),
                    "label": [round(row["lon"], 6), round(row["lat"], 6), radius, radius],
                },
            }
            for place, row, text, radius in zip(places, rows, texts, radii, strict=True)
        ]
        return {"type": "FeatureCollection", "features": features}

    def _areas(self, level: str, rows: Sequence[Row], shapes: Shapes) -> list[Json]:
        found = []
        for id_, places in _gathered(row[f"{level}_id"] for row in rows).items():
            if not id_:
                continue
            row, whole = self.rows[level][id_], shapely.coverage_union_all(shapes[places])
            above = next(
                (row[f"{one}_id"] for one in reversed(LEVELS[: LEVELS.index(level)]) if row.get(f"{one}_id")),
                "",
            )
            found.append(
                {
                    "id": id_,
                    "name": row["name"],
                    "parent": above,
                    "grids": row["grids"],
                    "households": row["households"],
                    "estimated": row["estimated"],
                    "bounds": [round(edge, DIGITS) for edge in whole.bounds],
                    "label": label_place(whole),
                }
            )
        return found

    def _borders(self, rows: Sequence[Row], shapes: Shapes) -> Json:
        """Return the lines between the areas of every level, each drawn once."""
        features = []
        for level in LEVELS:
            held = _gathered(row[f"{level}_id"] for row in rows)
            if len(held) == 1 and level != "community":
                continue
            edges = [shapely.boundary(shapely.coverage_union_all(shapes[places])) for places in held.values()]
            lines = shapely.line_merge(shapely.union_all(edges)) if edges else shapely.MultiLineString()
            text = geometry_texts(np.array([lines], dtype=object), _digits(shapes))[0]
            features.append({"type": "Feature", "properties": {"level": level}, "geometry": self.told(text)})
        return {"type": "FeatureCollection", "features": features}

    # One community

    def community(self, community_id: str) -> Json:
        """Return a community's grids with their cards, what is under them, and its neighbours.

        :raises NotFoundError: the plan has no such community.
        """
        grids = dress_grids(self.source.grids_geojson(community_id), self.colours)
        return {
            "trail": self.trail("community", community_id),
            "grids": grids,
            "ground": self.told(self.source.background_bytes(community_id)),
            "around": self._around(community_id),
        }

    @cached_property
    def _outlines(self) -> Shapes:
        return smoothed(self.source.layer("communities").shapes)

    def _around(self, community_id: str) -> Json:
        layer = self.source.layer("communities")
        own = layer.shapes[layer.place(community_id)]
        west, south, east, north = own.bounds
        pad = AROUND * max(east - west, north - south)
        window = shapely.box(west - pad, south - pad, east + pad, north + pad)
        near = [
            n
            for n in np.flatnonzero(shapely.intersects(self._outlines, window))
            if layer.rows[n]["id"] != community_id
        ]
        texts = geometry_texts(self._outlines[near], DIGITS)
        features = [
            {
                "type": "Feature",
                "geometry": self.told(text),
                "properties": {
                    "id": layer.rows[n]["id"],
                    "name": layer.rows[n]["name"],
                    "grids": layer.rows[n]["grids"],
                    "label": label_place(self._outlines[n]),
                },
            }
            for n, text in zip(near, texts, strict=True)
        ]
        return {"type": "FeatureCollection", "features": features}

    # Latin letters

    def spelled(self, subdistrict_id: str = "") -> dict[str, str]:
        """Return the names of a mosaic in Latin letters; empty where the data are not in Chinese."""
        rows = [
            row for row in self.source.layer("grids").rows if subdistrict_id in ("", row["subdistrict_id"])
        ]
        names = [row[column] for row in rows for column in ("name", *LEVELS)]
        return self._spelled([*names, self.source.city["name"]])

    def spelled_community(self, community_id: str) -> dict[str, str]:
        """Return the names of a community's drawing in Latin letters.

        :raises NotFoundError: the plan has no such community.
        """
        self.trail("community", community_id)
        cards = [card for card in self.source.grids() if card["community"]["id"] == community_id]
        around = [one["properties"]["name"] for one in self._around(community_id)["features"]]
        trail = [one["name"] for one in self.trail("community", community_id)]
        return self._spelled(
            [self.source.city["name"], *trail, *around, *(name for card in cards for name in _names(card))]
        )

    def _spelled(self, names: Iterable[str]) -> dict[str, str]:
        if not self.source.city["language"].startswith("zh"):
            return {}
        found = {name: romanised(name) for name in sorted(set(names))}
        return {name: latin for name, latin in found.items() if latin}


def smoothed(shapes: Shapes) -> Shapes:
    """Return a coverage with fewer vertices that is a coverage still; nothing finer than it is drawn."""
    if not len(shapes):
        return shapes
    return np.asarray(shapely.coverage_simplify(shapes, _tolerance(shapes)), dtype=object)


def _tolerance(shapes: Shapes) -> float:
    west, south, east, north = shapely.total_bounds(shapes)
    return max(FINEST, float(max(east - west, north - south)) / VERTICES_ACROSS)


def _digits(shapes: Shapes) -> int:
    return COARSE[1] if len(shapes) and _tolerance(shapes) > COARSE[0] else DIGITS


def _facts(card: Mapping[str, Any]) -> Json:
    """Return of a grid what a mosaic shows and colours by."""
    branch = card["branch"]
    return {
        "code": card["code"],
        "number": card["number"],
        "name": card["name"],
        "kind": card["kind"],
        "households": card["households"],
        "estimated": card["estimated"],
        "branch": bool(branch),
        "stars": branch["stars"] if branch else None,
        "vacant": card["kind"] != "special"
        and any(post["role"] == "leader" and post["vacant"] for post in card["team"]),
    }


def _names(card: Mapping[str, Any]) -> Iterable[str]:
    yield from (
        card["name"],
        card["proposed_branch"],
        card["served_by"],
        *card["other_branches"],
        *card["paired"],
    )
    yield from (one["name"] for one in (*card["compounds"], *card["venues"]))
    if card["branch"]:
        yield card["branch"]["name"]


def _radii(shapes: Shapes) -> list[float]:
    """Return the radius of each largest inscribed circle in metres, as wide as degrees of latitude are."""
    if not len(shapes):
        return []
    middle = np.radians(shapely.get_y(shapely.centroid(shapes)).mean())
    flat = shapely.transform(shapes, lambda points: points * [np.cos(middle), 1.0])
    circles = shapely.maximum_inscribed_circle(flat, tolerance=1e-5)  # a metre
    found: list[float] = np.round(shapely.length(circles) * METRES_PER_DEGREE, 1).tolist()
    return found


def _gathered(keys: Iterable[str]) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    for place, key in enumerate(keys):
        found.setdefault(key, []).append(place)
    return found
