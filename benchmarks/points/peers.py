"""The peers: each joins the same points with the same polygons, as its documentation advises.

Whatever a peer can keep from one question to the next (its index, its tables, the points as geometries) is
made beforehand and not timed. Each returns one label a point, -1 for none.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import geopandas
import numpy as np
import pandas as pd
import pyarrow as pa
import shapely

from benchmarks.points.clock import now
from benchmarks.points.postgis import postgis

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    Labels = NDArray[np.int32]
    Join = Callable[[], Labels]
    Peer = Callable[
        [NDArray[Any], NDArray[np.int32], NDArray[np.float64], NDArray[np.float64]], Iterator[Join]
    ]

CRS = "EPSG:4326"


def one_label(count: int, point: NDArray[Any], label: NDArray[Any]) -> Labels:
    """Return a label a point from pairs; of several the last."""
    out = np.full(count, -1, dtype=np.int32)
    out[point] = label
    return out


def sjoin(
    polygons: NDArray[Any], labels: NDArray[np.int32], lon: NDArray[np.float64], lat: NDArray[np.float64]
) -> Iterator[Join]:
    """geopandas.sjoin."""
    places = geopandas.GeoDataFrame(geometry=geopandas.points_from_xy(lon, lat), crs=CRS)
    grids = geopandas.GeoDataFrame({"label": labels}, geometry=polygons, crs=CRS)
    _ = grids.sindex

    def join() -> Labels:
        found = geopandas.sjoin(places, grids, how="inner", predicate="within")
        return one_label(len(lon), found.index.to_numpy(), found["label"].to_numpy())

    yield join


def strtree_of_points(
    polygons: NDArray[Any], labels: NDArray[np.int32], lon: NDArray[np.float64], lat: NDArray[np.float64]
) -> Iterator[Join]:
    """shapely: a tree of the points, asked by prepared polygons."""
    places = np.asarray(shapely.points(lon, lat), dtype=object)
    shapely.prepare(polygons)

    def join() -> Labels:
        grid, point = shapely.STRtree(places).query(polygons, predicate="contains")
        return one_label(len(lon), point, labels[grid])

    yield join


def strtree_of_polygons(
    polygons: NDArray[Any], labels: NDArray[np.int32], lon: NDArray[np.float64], lat: NDArray[np.float64]
) -> Iterator[Join]:
    """shapely: a tree of the polygons, then the prepared test."""
    places = shapely.points(lon, lat)
    shapely.prepare(polygons)
    tree = shapely.STRtree(polygons)

    def join() -> Labels:
        point, grid = tree.query(places)
        inside = shapely.contains_xy(polygons[grid], lon[point], lat[point])
        return one_label(len(lon), point[inside], labels[grid[inside]])

    yield join


def rtree_(
    polygons: NDArray[Any], labels: NDArray[np.int32], lon: NDArray[np.float64], lat: NDArray[np.float64]
) -> Iterator[Join]:
    """rtree: boxes in bulk, then the prepared test."""
    from rtree.index import Index

    boxes = shapely.bounds(polygons)
    index = Index((np.arange(len(polygons)), boxes[:, :2], boxes[:, 2:]))
    shapely.prepare(polygons)
    corners = np.column_stack([lon, lat])

    def join() -> Labels:
        grid, count = index.intersection_v(corners, corners)  # type: ignore[no-untyped-call]
        point, grid = np.repeat(np.arange(len(lon)), count.astype(np.int64)), grid.astype(np.int64)
        inside = shapely.contains_xy(polygons[grid], lon[point], lat[point])
        return one_label(len(lon), point[inside], labels[grid[inside]])

    yield join


def duckdb_(
    polygons: NDArray[Any], labels: NDArray[np.int32], lon: NDArray[np.float64], lat: NDArray[np.float64]
) -> Iterator[Join]:
    """DuckDB spatial (its SPATIAL_JOIN operator)."""
    import duckdb
    import duckdb_extension_spatial

    extension = next(Path(duckdb_extension_spatial.__file__).parent.rglob("*.duckdb_extension"))
    base = duckdb.connect()
    base.execute(f"LOAD '{extension}'")
    grids = pd.DataFrame({"label": labels, "wkb": shapely.to_wkb(polygons)})
    places = pd.DataFrame({"id": np.arange(len(lon)), "lon": lon, "lat": lat})
    base.register("grids_frame", grids)
    base.register("places_frame", places)
    base.execute("CREATE TABLE grids AS SELECT label, ST_GeomFromWKB(wkb::BLOB) AS geom FROM grids_frame")
    base.execute("CREATE TABLE places AS SELECT id, ST_Point(lon, lat) AS geom FROM places_frame")

    def join() -> Labels:
        found = base.execute(
            "SELECT places.id, grids.label FROM places JOIN grids ON ST_Contains(grids.geom, places.geom)"
        ).fetchnumpy()
        return one_label(len(lon), np.asarray(found["id"]), np.asarray(found["label"]))

    yield join
    base.close()


def sedonadb_(
    polygons: NDArray[Any], labels: NDArray[np.int32], lon: NDArray[np.float64], lat: NDArray[np.float64]
) -> Iterator[Join]:
    """SedonaDB."""
    import sedonadb

    base = sedonadb.connect()
    grids = pa.table({"label": labels, "wkb": pa.array(shapely.to_wkb(polygons), pa.binary())})
    places = pa.table({"id": np.arange(len(lon)), "lon": lon, "lat": lat})
    base.create_data_frame(grids).to_view("raw_grids")
    base.create_data_frame(places).to_view("raw_places")
    shaped = base.sql("SELECT label, ST_GeomFromWKB(wkb) AS geometry FROM raw_grids")
    shaped.to_memtable().to_view("grids")
    shaped = base.sql("SELECT id, ST_Point(lon, lat) AS geometry FROM raw_places")
    shaped.to_memtable().to_view("places")

    def join() -> Labels:
        inside = "ST_Contains(grids.geometry, places.geometry)"
        answer = base.sql(f"SELECT places.id, grids.label FROM places JOIN grids ON {inside}")
        found = pa.RecordBatchReader.from_stream(answer).read_all()
        return one_label(len(lon), found["id"].to_numpy(), found["label"].to_numpy())

    yield join


PEERS: dict[str, Peer] = {  # the fastest first: a quick run ends before the last
    "SedonaDB": sedonadb_,
    "geopandas.sjoin": sjoin,
    "STRtree of points": strtree_of_points,
    "STRtree + prepared": strtree_of_polygons,
    "rtree + prepared": rtree_,
    "DuckDB spatial": duckdb_,
    "PostGIS": postgis,
}


def timed(peer: Peer, *things: Any, rounds: int) -> tuple[float, Labels]:
    """Return the least seconds of ``rounds`` joins, after one that is not counted where there are several."""
    for join in peer(*things):
        labels = join() if rounds > 1 else None
        seconds = []
        for _ in range(rounds):
            start = now()
            labels = join()
            seconds.append(now() - start)
        assert labels is not None
        return min(seconds), labels
    raise RuntimeError("nothing to measure")
