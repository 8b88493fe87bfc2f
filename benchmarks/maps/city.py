"""Draw and publish a city of many grids without dividing it: bent quarters, nine to a community."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import shapely

from geogrid.archive import Archive
from geogrid.crs import plane_for
from geogrid.fleet import cut
from geogrid.model import Building, City, Community, Compound, District, Grammar, Subdistrict
from geogrid.partition import Division
from geogrid.plan import Plan
from geogrid.policy import EIGHT_TO_TEN
from geogrid.snapshot import publish_snapshot

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

SIDE = 3  # grids of a community along one side
CELL_M = 180.0
BEND_M = 22.0
STEPS = 8  # pieces of every side of a grid: about 32 vertices each
PLANE = plane_for(lon=124.39, lat=40.13)
SUBDISTRICTS = 10  # communities of each
PARENTS = 5  # subdistricts of each district


def drawn_snapshot(folder: Path, communities: int) -> Path:
    """Publish a city of ``communities`` times nine grids into ``folder``; return the snapshot's folder."""
    city = drawn_city(communities)
    with Archive.open(f"sqlite:///{folder}/store.db") as archive:
        archive.store_city(city)
        graphs = [cut(city, one.id) for one in city.communities]
        archive.store_graphs(city.id, graphs)
        divisions = [
            _as_drawn(one.id, [unit.id for unit in graph.units])
            for one, graph in zip(city.communities, graphs, strict=True)
        ]
        version = archive.add_version(city.id, divisions, policy=EIGHT_TO_TEN, who="benchmark")
        publish_snapshot(archive, version.id, date(2030, 1, 1), folder / "1")
    return folder / "1"


def _as_drawn(community_id: str, units: list[str]) -> Division:
    plan = Plan(community_id, {unit: n for n, unit in enumerate(sorted(units), start=1)})
    return Division(
        plan=plan, vector={}, bounds={}, gap=0.0, proved=False, engine="drawn", seconds=0.0, gave_way=()
    )


def drawn_city(communities: int) -> City:
    """Return the city: every quarter a compound with one building."""
    across = int(np.ceil(np.sqrt(communities)))
    cells = _cells(across * SIDE)
    areas: list[Community] = []
    compounds: list[Compound] = []
    buildings: list[Building] = []
    for n in range(communities):
        row, column = divmod(n, across)
        code = (
            f"2106{n // (SUBDISTRICTS * PARENTS):02d}{n // SUBDISTRICTS % PARENTS:03d}{n % SUBDISTRICTS:03d}"
        )
        own = [cells[row * SIDE + i][column * SIDE + j] for i in range(SIDE) for j in range(SIDE)]
        areas.append(Community(code, f"第{n + 1}社区", code, _whole(own), subdistrict_id=code[:9]))
        for place, shape in enumerate(own):
            id_ = f"{code}-{place}"
            compounds.append(Compound(id_, code, f"馨园{place + 1}区", shape))
            buildings.append(
                Building(
                    f"{id_}-b",
                    code,
                    shape.centroid.buffer(20, quad_segs=1),
                    compound_id=id_,
                    number="1",
                    households=300,
                )
            )
    return City(
        id="drawn",
        name="样例",
        plane=PLANE,
        grammar=Grammar.MAINLAND,
        communities=tuple(areas),
        compounds=tuple(compounds),
        buildings=tuple(buildings),
        districts=tuple(District(one, f"第{one}区") for one in _parts(areas, 6)),
        subdistricts=tuple(Subdistrict(one, f"第{one[6:]}街道", one[:6]) for one in _parts(areas, 9)),
        addresses=_addresses(),
        synthetic=True,
        attribution="drawn for a benchmark",
    )


def _whole(shapes: list[shapely.Polygon]) -> shapely.Polygon:
    found = shapely.coverage_union_all(shapes)
    assert isinstance(found, shapely.Polygon)
    return found


def _parts(areas: list[Community], digits: int) -> list[str]:
    return sorted({area.id[:digits] for area in areas})


def _addresses() -> pd.DataFrame:
    return pd.DataFrame(
        {name: pd.Series(dtype="str") for name in ("address_id", "text", "building_id", "community_id")}
        | {"x": pd.Series(dtype="float"), "y": pd.Series(dtype="float")}
    )


def _cells(side: int) -> list[list[shapely.Polygon]]:
    """Return square cells whose sides are bent; neighbours share every vertex."""
    chance = np.random.default_rng(7)
    corners = np.stack(np.meshgrid(np.arange(side + 1), np.arange(side + 1)), axis=-1) * CELL_M
    corners = corners + chance.uniform(-BEND_M, BEND_M, corners.shape)
    level = [[_bent(chance, corners[i, j], corners[i, j + 1]) for j in range(side)] for i in range(side + 1)]
    upright = [
        [_bent(chance, corners[i, j], corners[i + 1, j]) for j in range(side + 1)] for i in range(side)
    ]
    return [
        [
            shapely.Polygon(
                np.concatenate(
                    [level[i][j], upright[i][j + 1][1:], level[i + 1][j][::-1][1:], upright[i][j][::-1][1:-1]]
                )
            )
            for j in range(side)
        ]
        for i in range(side)
    ]


def _bent(
    chance: np.random.Generator, start: NDArray[np.float64], end: NDArray[np.float64]
) -> NDArray[np.float64]:
    along = np.linspace(0, 1, STEPS + 1)[:, None]
    points = start + (end - start) * along
    points[-1] = end  # exactly, or neighbours would not share the corner
    points[1:-1] += chance.uniform(-4, 4, (STEPS - 1, 2))
    return np.asarray(points)
