"""A sound little city as files: two communities, three compounds, everything a city can have.

In metres, before it is turned into degrees::

    y 400  +--------+--------+-----------------+
           |   A    |   B    |        C        |      c1 = [0, 400] x [0, 400]   A, B
           |        |        |                 |      c2 = [400, 800] x [0, 400] C
    y 0    +--------+--------+-----------------+
           x 0      200      400              800     compounds end 10 m inside their community
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
from shapely import LineString, Point, box

from geogrid.crs import plane_for, to_degrees

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from shapely.geometry.base import BaseGeometry

PLANE = plane_for(lon=124.39, lat=40.13)
CITY_TOML = """
id = "zoo"
name = "Zoo"
synthetic = true

[layers.addresses]
crs = "EPSG:4326"

[layers.venues]
crs = "EPSG:4326"
"""


@dataclass
class Town:
    """Files not yet written. ``layers`` have geometries in degrees, ``tables`` become CSV."""

    layers: dict[str, gpd.GeoDataFrame]
    tables: dict[str, pd.DataFrame]
    toml: str = CITY_TOML
    formats: dict[str, str] = field(default_factory=dict)
    encodings: dict[str, str] = field(default_factory=dict)
    afterwards: list[Callable[[Path], None]] = field(default_factory=list)

    def set(self, layer: str, row: int, column: str, value: Any) -> None:
        """Write one value; the column may become one of any type."""
        frame = self.tables[layer] if layer in self.tables else self.layers[layer]
        values = frame[column].astype(object).tolist()
        values[row] = value
        frame[column] = pd.Series(values, dtype=object, index=frame.index)

    def draw(self, layer: str, row: int, shape: BaseGeometry | None) -> None:
        """Replace a geometry by one in metres."""
        shapes = self.layers[layer].geometry.to_numpy().copy()
        shapes[row] = None if shape is None else to_degrees([shape], PLANE)[0]
        self.layers[layer] = self.layers[layer].set_geometry(gpd.GeoSeries(shapes, crs="EPSG:4326"))

    def move(self, layer: str, move: Callable[[Any], Any]) -> None:
        """Move every geometry of a layer; ``move`` takes and returns (n, 2) degrees."""
        shapes = self.layers[layer].geometry.transform(move)
        self.layers[layer] = self.layers[layer].set_geometry(shapes)

    def write(self, folder: Path) -> Path:
        """Write the files and damage them as ordered."""
        for name, frame in self.layers.items():
            suffix = self.formats.get(name, "gpkg")
            frame.to_file(folder / f"{name}.{suffix}")
        for name, table in self.tables.items():
            table.to_csv(folder / f"{name}.csv", index=False, encoding=self.encodings.get(name, "utf-8"))
        (folder / "city.toml").write_text(self.toml, encoding="utf-8")
        for damage in self.afterwards:
            damage(folder)
        return folder


def sound_town() -> Town:
    """Return a city without a fault: 12 buildings of 10 households in three compounds."""
    corners = {"A": (20, 60), "B": (220, 260), "C": (420, 500)}
    squares = {
        f"{name}{n}": box(x + 80 * (n % 2), 40 + 100 * (n // 2), x + 80 * (n % 2) + 30, 70 + 100 * (n // 2))
        for name, (x, _) in corners.items()
        for n in range(4)
    }
    return Town(
        layers={
            "communities": _layer(
                {"id": ["c1", "c2"], "name": ["城隍庙社区", "金水湾社区"], "population": [200, 100]},
                [box(0, 0, 400, 400), box(400, 0, 800, 400)],
            ),
            "compounds": _layer(
                {
                    "id": ["A", "B", "C"],
                    "community_id": ["c1", "c1", "c2"],
                    "name": ["泰河花园", "金水湾", "兴东里"],
                },
                [box(10, 10, 190, 390), box(210, 10, 390, 390), box(410, 10, 790, 390)],
            ),
            "buildings": _layer(
                {
                    "id": list(squares),
                    "community_id": ["c2" if name.startswith("C") else "c1" for name in squares],
                    "compound_id": [name[0] for name in squares],
                    "name": [f"{name[1]}号楼" for name in squares],
                    "households": [10] * len(squares),
                    "levels": [6.0] * len(squares),
                },
                list(squares.values()),
            ),
            "barriers": _layer(
                {"id": ["r1", "r2"], "name": ["锦山大街", ""], "class": ["arterial", "street"]},
                [LineString([(0, 200), (800, 200)]), LineString([(200, 0), (200, 400)])],
            ),
            "land": _layer({"id": ["p1"], "name": ["公园"], "class": ["park"]}, [box(600, 250, 700, 350)]),
        },
        tables=_tables(squares),
    )


def _tables(squares: dict[str, Any]) -> dict[str, pd.DataFrame]:
    doors = to_degrees([shape.centroid for shape in squares.values()], PLANE)
    station = to_degrees([Point(100, 390)], PLANE)[0]
    return {
        "addresses": pd.DataFrame(
            {
                "id": [f"a-{name}" for name in squares],
                "text": [f"兴东街道{name[0]}小区{name[1]}号楼" for name in squares],
                "building_id": list(squares),
                "x": [door.x for door in doors],
                "y": [door.y for door in doors],
            }
        ),
        "venues": pd.DataFrame(
            {
                "id": ["v1"],
                "name": ["党群服务站"],
                "class": ["service_station"],
                "community_id": ["c1"],
                "x": [station.x],
                "y": [station.y],
            }
        ),
        "building_groups": pd.DataFrame(
            {"id": ["g1"], "compound_id": ["A"], "name": ["第一楼道小组"], "buildings": ["A0;A1"]}
        ),
        "branches": pd.DataFrame(
            {
                "id": ["b1", "b2"],
                "name": ["泰河花园党支部", "联合党支部"],
                "compounds": ["A", "B;C"],
                "members": [31, 12],
                "founded": ["2019-07-01", ""],
                "secretary_id": ["m1", ""],
            }
        ),
        "team": pd.DataFrame(
            {
                "id": ["m1", "m2"],
                "name": ["样例一", "样例二"],
                "role": ["leader", "chief_leader"],
                "public": ["true", "false"],
                "branch_id": ["b1", ""],
                "community_id": ["", "c1"],
                "since": ["2020-01-31", ""],
            }
        ),
        "pairings": pd.DataFrame({"id": ["q1"], "organisation": ["样例机关支部"], "branch_id": ["b1"]}),
    }


def _layer(columns: dict[str, list[Any]], shapes: list[Any]) -> gpd.GeoDataFrame:
    degrees = to_degrees(np.array(shapes, dtype=object), PLANE)
    return gpd.GeoDataFrame(columns, geometry=degrees, crs="EPSG:4326")
