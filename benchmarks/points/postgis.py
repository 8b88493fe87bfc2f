"""PostGIS, in a server of its own in a temporary folder, where PostgreSQL is installed."""

from __future__ import annotations

import io
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import shapely

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

SETTINGS = {
    "fsync": "off",
    "shared_buffers": "1GB",
    "work_mem": "256MB",
    "max_parallel_workers_per_gather": "2",
    "listen_addresses": "127.0.0.1",
}


def postgis(
    polygons: NDArray[Any], labels: NDArray[np.int32], lon: NDArray[np.float64], lat: NDArray[np.float64]
) -> Iterator[Callable[[], NDArray[np.int32]]]:
    """PostGIS, a GiST index on the polygons, all settings for one large query."""
    with PostGIS() as server:
        fill(server, polygons, labels, lon, lat)
        yield lambda: join(server, len(lon))


def tools_of() -> list[Path]:
    """Return the folders of PostgreSQL's programs, the newest last; none where it is not installed."""
    return sorted(Path("/usr/lib/postgresql").glob("*/bin"))


class PostGIS:
    """One private server in a temporary folder; it refuses to run as root, so root lends it another user.

    :raises RuntimeError: PostgreSQL or PostGIS is not installed.
    """

    def __init__(self) -> None:
        if not tools_of():
            raise RuntimeError("no PostgreSQL server is installed here")
        self.tools = tools_of()[-1]
        self.user = "postgres" if os.geteuid() == 0 else pwd.getpwuid(os.geteuid()).pw_name
        self.folder = Path(tempfile.mkdtemp(prefix="geogrid-postgis-"))
        if os.geteuid() == 0:
            shutil.chown(self.folder, self.user)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = str(free.getsockname()[1])

    def __enter__(self) -> Self:
        try:
            self.start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def run(self, *words: str, text: bytes | None = None) -> bytes:
        """Run one of PostgreSQL's programs as the server's user."""
        switch = {"user": self.user} if os.geteuid() == 0 else {}
        done = subprocess.run(
            [str(self.tools / words[0]), *words[1:]],
            input=text,
            capture_output=True,
            check=False,
            cwd=self.folder,
            **switch,  # type: ignore[call-overload]
        )
        if done.returncode:
            raise RuntimeError(done.stderr.decode()[-300:])
        return bytes(done.stdout)

    def start(self) -> None:
        """Create the data folder, start the server, and load PostGIS."""
        data = str(self.folder / "data")
        self.run("initdb", "-D", data, "-A", "trust", "-E", "UTF8", "--no-sync")
        options = " ".join(f"-c {name}={value}" for name, value in SETTINGS.items())
        options += f" -p {self.port} -k {self.folder}"
        self.run("pg_ctl", "-D", data, "-w", "-o", options, "-l", str(self.folder / "log"), "start")
        self.sql("CREATE EXTENSION postgis")

    def stop(self) -> None:
        """Stop the server, whatever it is doing, and remove all it has written."""
        if (self.folder / "data" / "postmaster.pid").exists():
            self.run("pg_ctl", "-D", str(self.folder / "data"), "-m", "immediate", "stop")
        shutil.rmtree(self.folder, ignore_errors=True)

    def sql(self, command: str, text: bytes | None = None) -> bytes:
        """Run one command, ``text`` being its standard input."""
        words = ("-h", str(self.folder), "-p", self.port, "-d", "postgres", "-qAt", "-c", command)
        return self.run("psql", *words, text=text)


def fill(
    server: PostGIS, polygons: NDArray[Any], labels: NDArray[np.int32], lon: NDArray[Any], lat: NDArray[Any]
) -> None:
    """Copy polygons and points into tables, indexed and analysed."""
    rows = "\n".join(f"{n}\t{h}" for n, h in zip(labels, shapely.to_wkb(polygons, hex=True), strict=True))
    server.sql("CREATE TABLE grids (label int, geom geometry)")
    server.sql("COPY grids FROM STDIN", rows.encode())
    buffer = io.StringIO()
    np.savetxt(
        buffer,
        np.column_stack([np.arange(len(lon)), lon, lat]),
        fmt=["%d", "%.17g", "%.17g"],
        delimiter="\t",
    )
    server.sql("CREATE TABLE raw (id int, lon float8, lat float8)")
    server.sql("COPY raw FROM STDIN", buffer.getvalue().encode())
    server.sql("CREATE TABLE places AS SELECT id, ST_MakePoint(lon, lat) AS geom FROM raw")
    server.sql("CREATE INDEX ON grids USING gist (geom)")
    server.sql("VACUUM ANALYZE")


def join(server: PostGIS, count: int) -> NDArray[np.int32]:
    """Join on the server and read the answer."""
    query = "SELECT p.id, g.label FROM places p JOIN grids g ON ST_Contains(g.geom, p.geom)"
    told = server.sql(f"COPY ({query}) TO STDOUT")
    pairs = np.fromstring(told.decode(), sep="\t", dtype=np.int64).reshape(-1, 2)
    out = np.full(count, -1, dtype=np.int32)
    out[pairs[:, 0]] = pairs[:, 1]
    return out
