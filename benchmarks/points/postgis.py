"""PostGIS, in a server of its own in a temporary folder, where PostgreSQL is installed."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import shapely

from tests.postgres import PostgresServer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

SETTINGS = {
    "fsync": "off",
    "shared_buffers": "1GB",
    "work_mem": "256MB",
    "max_parallel_workers_per_gather": "2",
}


def postgis(
    polygons: NDArray[Any], labels: NDArray[np.int32], lon: NDArray[np.float64], lat: NDArray[np.float64]
) -> Iterator[Callable[[], NDArray[np.int32]]]:
    """PostGIS, a GiST index on the polygons, all settings for one large query."""
    with PostGIS() as server:
        fill(server, polygons, labels, lon, lat)
        yield lambda: join(server, len(lon))


class PostGIS(PostgresServer):
    """The server of the tests with PostGIS loaded, set up for one large query.

    :raises RuntimeError: PostgreSQL or PostGIS is not installed.
    """

    def __init__(self) -> None:
        super().__init__(SETTINGS)

    def __enter__(self) -> Self:
        super().__enter__()
        self.sql("CREATE EXTENSION postgis")
        return self


def fill(
    server: PostGIS, polygons: NDArray[Any], labels: NDArray[np.int32], lon: NDArray[Any], lat: NDArray[Any]
) -> None:
    """Copy polygons and points into tables, indexed and analysed."""
    rows = "\n".join(f"{n}\t{h}" for n, h in zip(labels, shapely.to_wkb(polygons, hex=True), strict=True))
    server.sql("CREATE TABLE grids (label int, geom geometry)")
    server.sql("COPY grids FROM STDIN", text=rows.encode())
    buffer = io.StringIO()
    np.savetxt(
        buffer,
        np.column_stack([np.arange(len(lon)), lon, lat]),
        fmt=["%d", "%.17g", "%.17g"],
        delimiter="\t",
    )
    server.sql("CREATE TABLE raw (id int, lon float8, lat float8)")
    server.sql("COPY raw FROM STDIN", text=buffer.getvalue().encode())
    server.sql("CREATE TABLE places AS SELECT id, ST_MakePoint(lon, lat) AS geom FROM raw")
    server.sql("CREATE INDEX ON grids USING gist (geom)")
    server.sql("VACUUM ANALYZE")


def join(server: PostGIS, count: int) -> NDArray[np.int32]:
    """Join on the server and read the answer."""
    query = "SELECT p.id, g.label FROM places p JOIN grids g ON ST_Contains(g.geom, p.geom)"
    told = server.sql(f"COPY ({query}) TO STDOUT")
    pairs = np.fromstring(told, sep="\t", dtype=np.int64).reshape(-1, 2)
    out = np.full(count, -1, dtype=np.int32)
    out[pairs[:, 0]] = pairs[:, 1]
    return out
