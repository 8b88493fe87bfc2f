"""Instances of the division benchmark: real and changed communities, towns to scale, published graphs."""

from __future__ import annotations

import csv
import json
import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import shapely
from scipy.sparse import coo_array
from scipy.sparse.csgraph import shortest_path

from geogrid.adjacency import Edge, UnitGraph, build_graph
from geogrid.boundaries import read_city
from geogrid.partition import WeightedGraph, weighted_graph
from geogrid.units import Unit, UnitKind, build_units

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parent.parent


@dataclass(frozen=True)
class Published:
    """A published districting instance and its proved optimum."""

    name: str
    graph: WeightedGraph
    parts: int
    lower: int
    upper: int
    moment: bool
    optimum: float
    seconds: float


def data_folder(given: str | None) -> Path:
    """Return the folder of the shared instances: as given, from GEOGRID_DATA, or ``../shared/data``."""
    return Path(given or os.environ.get("GEOGRID_DATA") or ROOT.parent / "shared" / "data")


def shipped(name: str) -> list[UnitGraph]:
    """Return the unit graphs of a city that ships with geogrid, as the product makes them."""
    city = read_city(ROOT / "data" / "boundaries" / name)
    return [
        build_graph(build_units(city, one.id), city.barriers, one.id)
        for one in sorted(city.communities, key=lambda one: one.id)
    ]


def taipei(folder: Path) -> list[UnitGraph]:
    """Return the 456 communities of Taipei; a unit is an official block, and those without homes are land."""
    blocks = gpd.read_parquet(folder / "taipei_city" / "taipei_city_compounds.parquet").to_crs(3826)
    return [
        _blocks(str(name), some) for name, some in blocks.sort_values("compound_id").groupby("community_id")
    ]


def _blocks(community: str, blocks: gpd.GeoDataFrame) -> UnitGraph:
    shapes = blocks.geometry.values
    units = tuple(
        Unit(
            str(row.compound_id),
            community,
            UnitKind.COMPOUND if row.n_units else UnitKind.LAND,
            row.geometry,
            int(row.n_units),
            compound_id=str(row.compound_id) if row.n_units else "",
        )
        for row in blocks.itertuples()
    )
    a, b = shapely.STRtree(shapes).query(shapes, predicate="intersects")
    a, b = a[a < b], b[a < b]
    rims = shapely.boundary(shapes)
    metres = shapely.length(shapely.intersection(rims[a], rims[b], grid_size=0.01))
    edges = [
        Edge(units[i].id, units[j].id, float(m)) for i, j, m in zip(a, b, metres, strict=True) if m > 0.5
    ]
    return UnitGraph(community, units, tuple(sorted(edges, key=lambda edge: (edge.a, edge.b))))


def changed(graph: UnitGraph, seed: int, share: float = 0.05) -> UnitGraph:
    """Return the community after ``share`` of its homes were pulled down and as many built elsewhere."""
    draw = np.random.default_rng(seed)
    homes = np.array([unit.households for unit in graph.units])
    moved = round(share * int(homes.sum()))
    lost = draw.multivariate_hypergeometric(homes, moved)
    built = draw.multinomial(moved, (homes > 0) / max((homes > 0).sum(), 1))
    now = homes - lost + built
    units = (replace(unit, households=int(n)) for unit, n in zip(graph.units, now, strict=True))
    return replace(graph, units=tuple(units))


def town(units: int, seed: int) -> UnitGraph:
    """Return a drawn town: cells of random points, one compound each, 20 to 200 households."""
    draw = np.random.default_rng(seed)
    points = shapely.multipoints(draw.uniform(0, 1000, (units, 2)))
    frame = shapely.box(0, 0, 1000, 1000)
    cells = shapely.get_parts(shapely.voronoi_polygons(points, extend_to=frame))
    cells = shapely.intersection(cells, frame)
    order = np.lexsort((shapely.get_y(shapely.centroid(cells)), shapely.get_x(shapely.centroid(cells))))
    blocks = gpd.GeoDataFrame(
        {"compound_id": [f"b{i:04d}" for i in range(units)], "n_units": draw.integers(20, 200, units)},
        geometry=cells[order],
        crs=3826,
    )
    return _blocks(f"town-{units}", blocks)


def published(folder: Path) -> Iterator[Published]:
    """Yield the published instances, the easiest first."""
    with (folder / "districting" / "published.csv").open(encoding="utf-8") as file:
        rows = sorted(csv.DictReader(file), key=lambda row: float(row["published_seconds"]))
    for row in rows:
        told = json.loads((folder / "districting" / row["file"]).read_text(encoding="utf-8"))
        moment = "moment" in row["objective"]
        pairs = [(a, b) for a, b, *_ in told["edges"]]
        distance = _hops(len(told["nodes"]), pairs) if moment else None
        graph = weighted_graph([node["pop"] for node in told["nodes"]], pairs, None, distance)
        yield Published(
            Path(row["file"]).stem,
            graph,
            told["k"],
            told["L"],
            told["U"],
            moment,
            float(row["published_optimum"]),
            float(row["published_seconds"]),
        )


def _hops(n: int, pairs: list[tuple[int, int]]) -> np.ndarray:
    a, b = np.array(pairs).T
    table = coo_array((np.ones(len(a)), (a, b)), shape=(n, n))
    return np.asarray(shortest_path(table.tocsr(), directed=False, unweighted=True))
