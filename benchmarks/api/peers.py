"""Peers over the same grids: pygeoapi and tipg for features, represent-boundaries for points.

They live in an environment of their own (``make bench-peers``), because their dependencies are not ours. All
read one private PostgreSQL with PostGIS that ends with the benchmark.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import tempfile
import time
import urllib.request
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import shapely

from benchmarks.api.load import cpu_s, load, lua, on_processor
from benchmarks.division.instances import ROOT
from benchmarks.points.postgis import PostGIS
from tests.postgres import ADMINISTRATOR, tools_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from benchmarks.api.load import Server as Served
    from benchmarks.bars import Clock
    from geogrid.snapshot import Snapshot

PYTHON = ROOT / ".venv-peers" / "bin" / "python"
SITE = Path(__file__).with_name("represent.py")
PEER_S = 8.0  # what a peer takes to start and answer
CONNECTIONS = 8  # what the peers bear on one worker


def beside_peers(snapshot: Snapshot, ours: Served, seconds: float, clock: Clock) -> None:
    """Print the requests a second of geogrid and of each peer that there is time for, asked the same."""
    python = Path(os.environ.get("GEOGRID_BENCH_PEERS", PYTHON))
    if not python.exists() or not tools_of() or clock.left() < PEER_S:
        late = clock.left() < PEER_S
        why = "no time is left in a quick run" if late else "`make bench-peers` and PostGIS are missing"
        print(f"peers: not measured; {why}")
        return
    with tempfile.TemporaryDirectory() as name, PostGIS() as base:
        folder = Path(name)
        _fill(base, snapshot)
        env = {
            "PGPORT": str(base.port),
            "PGUSER": ADMINISTRATOR,
            "PGHOST": "127.0.0.1",
            "PGDATABASE": "postgres",
        }
        places = _places(snapshot)
        links = {
            "geogrid, features by box": (
                ours.url,
                "/ogc/collections/grids/items?bbox={x},{y},{x},{y}&limit=1",
            ),
            "geogrid, lookup": (ours.url, "/v1/lookup?lon={x}&lat={y}"),
        }
        for told, (url, link) in links.items():
            _measure(told, url, ours.pid, link, places, folder, seconds)
        for peer in (_tipg, _pygeoapi, _represent):
            if clock.left() < PEER_S:
                print(f"{peer.__name__[1:]}: not measured; no time is left in a quick run")
                continue
            try:
                with peer(str(python), env, folder) as (told, url, pid, link):
                    _measure(told, url, pid, link, places, folder, seconds)
            except (RuntimeError, OSError, subprocess.CalledProcessError) as error:
                print(f"{peer.__name__[1:]}: not measured: {str(error)[-200:]}")


def _measure(
    told: str,
    url: str,
    pid: int,
    link: str,
    places: Sequence[tuple[float, float]],
    folder: Path,
    seconds: float,
) -> None:
    asked = [("GET", link.format(x=f"{x:.7f}", y=f"{y:.7f}"), "") for x, y in places]
    with urllib.request.urlopen(url + asked[0][1], timeout=60) as response:
        answer = response.read()
    found = load(url, pid, lua(folder, "peer", asked), "/", seconds, CONNECTIONS)
    print(
        f"{told:34} {found.rate:8,.0f} requests/s, {found.cpu_us:6,.0f} us of its worker's processor time "
        f"each, p99 {found.p99_ms:.1f} ms, {found.errors} errors, {len(answer):,} bytes"
    )


def _places(snapshot: Snapshot) -> list[tuple[float, float]]:
    west, south, east, north = snapshot.city["bounds"]
    chance = np.random.default_rng(9)
    xy = np.column_stack([chance.uniform(west, east, 2000), chance.uniform(south, north, 2000)])
    return [(x, y) for x, y in xy[snapshot.locate(xy[:, 0], xy[:, 1]) >= 0][:500].tolist()]


def _fill(base: PostGIS, snapshot: Snapshot) -> None:
    layer = snapshot.layer("grids")
    shapes = shapely.to_wkb(shapely.set_srid(layer.shapes, 4326), hex=True, include_srid=True)
    names = [str(row["name"]).replace("\\", "").replace("\t", " ") for row in layer.rows]
    rows = "\n".join(f"{row['id']}\t{n}\t{h}" for row, n, h in zip(layer.rows, names, shapes, strict=True))
    base.sql("CREATE TABLE grids (code text PRIMARY KEY, name text, geom geometry(Geometry, 4326))")
    base.sql("COPY grids FROM STDIN", text=rows.encode())
    base.sql("CREATE INDEX ON grids USING gist (geom)")
    base.sql("ANALYZE")


@contextmanager
def _running(words: list[str], env: dict[str, str], path: str, port: int) -> Iterator[tuple[str, int]]:
    """Run a server until it is left; give its address and the process that answers."""
    with tempfile.TemporaryFile() as said:
        process = subprocess.Popen(
            [*on_processor(0), *words], env={**os.environ, **env}, stdout=said, stderr=said
        )
        url = f"http://127.0.0.1:{port}"
        try:
            _answering(url + path, process, said)
            yield url, _busiest(process.pid)
        finally:
            process.terminate()
            process.wait(20)


def _answering(url: str, process: subprocess.Popen[bytes], said: object) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with urllib.request.urlopen(url, timeout=5) as response:
                response.read()
                return
        except OSError:
            time.sleep(0.1)
    said.seek(0)  # type: ignore[attr-defined]
    raise RuntimeError(said.read().decode(errors="replace")[-200:])  # type: ignore[attr-defined]


def _busiest(pid: int) -> int:
    """Return the worker of a server that has one below its master."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()
    return max([pid, *map(int, children)], key=cpu_s) if children else pid


def _free() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def _uvicorn(python: str, target: str, port: int) -> list[str]:
    words = [
        python,
        "-m",
        "uvicorn",
        target,
        "--port",
        str(port),
        "--no-access-log",
        "--log-level",
        "warning",
    ]
    return [*words, "--loop", "uvloop", "--http", "httptools"]


@contextmanager
def _tipg(python: str, env: dict[str, str], folder: Path) -> Iterator[tuple[str, str, int, str]]:  # noqa: ARG001
    port = _free()
    address = f"postgresql://{env['PGUSER']}@127.0.0.1:{env['PGPORT']}/postgres"
    items = "/collections/public.grids/items?bbox={x},{y},{x},{y}&limit=1&f=geojson"
    with _running(_uvicorn(python, "tipg.main:app", port), {"DATABASE_URL": address}, "/healthz", port) as (
        url,
        pid,
    ):
        yield "tipg, features by box", url, pid, items


@contextmanager
def _pygeoapi(python: str, env: dict[str, str], folder: Path) -> Iterator[tuple[str, str, int, str]]:
    port = _free()
    config, document = folder / "pygeoapi.yml", folder / "openapi.yml"
    config.write_text(json.dumps(_pygeoapi_config(port, env)), encoding="utf-8")  # JSON is YAML
    told = {"PYGEOAPI_CONFIG": str(config), "PYGEOAPI_OPENAPI": str(document)}
    words = [
        str(Path(python).with_name("pygeoapi")),
        "openapi",
        "generate",
        str(config),
        "--output-file",
        str(document),
    ]
    subprocess.run(words, env={**os.environ, **told}, check=True, capture_output=True)
    items = "/collections/grids/items?bbox={x},{y},{x},{y}&limit=1&f=json"
    with _running(
        _uvicorn(python, "pygeoapi.starlette_app:APP", port), told, "/conformance?f=json", port
    ) as (url, pid):
        yield "pygeoapi, features by box", url, pid, items


def _pygeoapi_config(port: int, env: dict[str, str]) -> dict[str, object]:
    """Return the least that pygeoapi can be told: one collection of one table."""
    base = {
        "host": env["PGHOST"],
        "port": env["PGPORT"],
        "dbname": "postgres",
        "user": env["PGUSER"],
        "password": "",
    }
    provider = {
        "type": "feature", "name": "PostgreSQL", "table": "grids", "id_field": "code", "geom_field": "geom",
        "data": {**base, "search_path": ["public"]},
    }  # fmt: skip
    grids = {
        "type": "collection", "title": "grids", "description": "grids", "keywords": ["grids"], "links": [],
        "extents": {"spatial": {"bbox": [-180, -90, 180, 90]}}, "providers": [provider],
    }  # fmt: skip
    about = {
        "identification": {
            "title": "a", "description": "a", "keywords": ["a"], "terms_of_service": "a",
            "url": "http://127.0.0.1",
        },
        "license": {"name": "a", "url": "http://127.0.0.1"},
        "provider": {"name": "a", "url": "http://127.0.0.1"},
        "contact": {"name": "a"},
    }  # fmt: skip
    server = {
        "bind": {"host": "127.0.0.1", "port": port}, "url": f"http://127.0.0.1:{port}",
        "mimetype": "application/json",
        "encoding": "utf-8", "languages": ["en-US"], "limits": {"default_items": 10, "max_items": 10},
        "map": {"url": "http://127.0.0.1", "attribution": "a"},
    }  # fmt: skip
    return {"server": server, "logging": {"level": "ERROR"}, "metadata": about, "resources": {"grids": grids}}


@contextmanager
def _represent(python: str, env: dict[str, str], folder: Path) -> Iterator[tuple[str, str, int, str]]:  # noqa: ARG001
    told = {**env, "PYTHONPATH": str(SITE.parent), "DJANGO_SETTINGS_MODULE": "represent"}
    subprocess.run([python, str(SITE)], env={**os.environ, **told}, check=True, capture_output=True)
    port = _free()
    words = [python, "-m", "gunicorn", "represent:application()", "-w", "1", "-b", f"127.0.0.1:{port}"]
    holds = "/boundaries/?contains={y},{x}"
    with _running(words, told, "/boundary-sets/?format=json", port) as (url, pid):
        yield "represent-boundaries, lookup", url, pid, holds
