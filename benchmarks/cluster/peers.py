"""The peers of point assignment: the spatial join of geopandas, and dask-geopandas' on a cluster."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import dask
import dask.dataframe as dd
import dask_geopandas
import geopandas
import pyarrow.parquet as pq
from distributed import Client, LocalCluster

from benchmarks.cluster.watch import watched

if TYPE_CHECKING:
    from pathlib import Path

    from geogrid.snapshot import Snapshot

CRS = "EPSG:4326"


def grids_of(snapshot: Snapshot) -> geopandas.GeoDataFrame:
    """Return all grids of a plan as one frame."""
    features = [
        feature
        for community in snapshot.communities()
        for feature in snapshot.grids_geojson(community["id"])["features"]
    ]
    return geopandas.GeoDataFrame.from_features(features, crs=CRS)[["code", "geometry"]]


def by_geopandas(points: Path, grids: geopandas.GeoDataFrame, target: Path) -> float:
    """Read a partition, join it, write it, in one process; return processor seconds a row."""
    began = time.process_time()
    table = pq.read_table(points).to_pandas()
    places = geopandas.GeoDataFrame(table, geometry=geopandas.points_from_xy(table.lon, table.lat), crs=CRS)
    joined = geopandas.sjoin(places, grids, how="left", predicate="within")
    joined.drop(columns="geometry").to_parquet(target)
    return (time.process_time() - began) / len(table)


def by_dask_geopandas(points: Path, grids: geopandas.GeoDataFrame, target: Path) -> float:
    """Join a partitioned set on two processes; return processor seconds of all processes a row."""
    with (
        LocalCluster(
            n_workers=2, threads_per_worker=1, host="127.0.0.1", dashboard_address=None, silence_logs="ERROR"
        ) as cluster,
        Client(cluster),
        dask.config.set({"dataframe.convert-string": False}),
    ):
        with watched() as seen:
            frame = dd.read_parquet(points)
            places = dask_geopandas.from_dask_dataframe(
                frame, geometry=dask_geopandas.points_from_xy(frame, "lon", "lat")
            ).set_crs(CRS)
            right = dask_geopandas.from_geopandas(grids, npartitions=1)
            joined = dask_geopandas.sjoin(places, right, how="inner", predicate="within")
            joined.drop(columns="geometry").to_parquet(target)
        rows = len(frame)
    return seen.cpu_s / rows
