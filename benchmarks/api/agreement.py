"""Single, batch, job, client and command line: the same answer to every address and at every border."""

from __future__ import annotations

import asyncio
import contextlib
import csv
import io
import json
import tempfile
import time
from http.client import HTTPConnection
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import shapely

from benchmarks.bars import Bar, at_most
from geogrid.cli.app import app
from geogrid.client import AsyncClient, Client, Place

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from geogrid.snapshot import Snapshot

Told = list[tuple[str, str]]  # status and grid code
STEP = 1e-7


def agreement(snapshot: Snapshot, url: str, store: str, count: int) -> list[Bar]:
    """Ask ``count`` addresses and as many border points in every way; return how often two ways differ."""
    texts = asked_texts(snapshot, count)
    lon, lat = border_zoo(snapshot, count)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        source = folder / "addresses.csv"
        with source.open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows([["address"], *([text] for text in texts)])
        places = folder / "places.parquet"
        pq.write_table(pa.table({"lon": lon, "lat": lat}), places)
        rows = [Place(x, y) for x, y in zip(lon.tolist(), lat.tolist(), strict=True)]
        ways = [
            _ways("addresses", url, store, source, texts),
            _ways("border points", url, store, places, rows),
        ]
    return [at_most(f"{len(texts):,} {what}: answers that differ", differ, 0) for what, differ in ways]


def _ways(what: str, url: str, store: str, source: Path, rows: Sequence[str | Place]) -> tuple[str, int]:
    """Ask in every way and count the rows on which any two ways differ."""
    told: dict[str, Told] = {}
    spent: list[str] = []
    asked: dict[str, Callable[[], Told]] = {
        "single": lambda: _single(url, rows),
        "batch, client": lambda: _by_client(url, rows),
        "batch, async client": lambda: asyncio.run(_by_async_client(url, rows)),
        "job": lambda: _job(url, source),
        "command line": lambda: _command(store, source),
    }
    for name, ask in asked.items():
        start = time.perf_counter()
        told[name] = ask()
        spent.append(f"{name} {time.perf_counter() - start:.1f} s")
    print(f"{len(rows):,} {what}: {', '.join(spent)}")
    first = told["single"]
    assert all(len(one) == len(rows) for one in told.values()), {k: len(v) for k, v in told.items()}
    differ = {
        at
        for one in told.values()
        for at, pair in enumerate(zip(first, one, strict=True))
        if len(set(pair)) > 1
    }
    return what, len(differ)


def _single(url: str, rows: Sequence[str | Place]) -> Told:
    """Ask one after the other over one connection."""
    line = HTTPConnection(urlsplit(url).netloc)
    told: Told = []
    for row in rows:
        body = {"address": row} if isinstance(row, str) else {"lon": row.lon, "lat": row.lat}
        line.request("POST", "/v1/lookup", json.dumps(body), {"Content-Type": "application/json"})
        answer = json.loads(line.getresponse().read())
        grid = answer["grid"] if answer["status"] in ("matched", "historical") else None
        told.append((answer["status"], grid["code"] if grid else ""))
    line.close()
    return told


def _by_client(url: str, rows: Sequence[str | Place]) -> Told:
    with Client(url) as client:
        found = [(one.status, one.grid_code) for one in client.lookup_many(rows)]
        for at in range(0, len(rows), max(1, len(rows) // 500)):
            row = rows[at]
            one = client.lookup(row) if isinstance(row, str) else client.locate(lon=row.lon, lat=row.lat)
            if (one.status, one.grid_code) != found[at]:
                found[at] = ("the client's single answer differs", one.grid_code)
    return found


async def _by_async_client(url: str, rows: Sequence[str | Place]) -> Told:
    async with AsyncClient(url) as client:
        return [(one.status, one.grid_code) for one in await client.lookup_many(rows)]


def _job(url: str, source: Path) -> Told:
    with Client(url) as client:
        job = client.wait(client.send_file(source).id, every_s=0.2)
        result = source.with_name(f"job{source.suffix}")
        client.fetch(job.id, result)
        client.cancel(job.id)
    return _read(result)


def _command(store: str, source: Path) -> Told:
    """Run ``geogrid assign`` in this process."""
    target = source.with_name(f"command{source.suffix}")
    words = ["assign", str(source), str(target), "--store", store, "--json"]
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        app(words, standalone_mode=False)
    return _read(target)


def _read(path: Path) -> Told:
    if path.suffix == ".parquet":
        table = pq.read_table(path, columns=["status", "grid_code"])
        return list(zip(table["status"].to_pylist(), table["grid_code"].to_pylist(), strict=True))
    with path.open(encoding="utf-8-sig", newline="") as file:
        return [(row["status"], row["grid_code"]) for row in csv.DictReader(file)]


def asked_texts(snapshot: Snapshot, count: int) -> list[str]:
    """Return addresses as people write them: whole, without their divisions, cut short, with a slip."""
    chance = np.random.default_rng(11)
    known = [text for text in snapshot.addresses.texts["entry_text"].to_pylist() if text]
    some = [known[at] for at in chance.integers(0, len(known), count).tolist()]
    kinds = chance.choice(4, count, p=[0.6, 0.2, 0.1, 0.1]).tolist()
    return [_written(text, kind, chance) for text, kind in zip(some, kinds, strict=True)]


def _written(text: str, kind: int, chance: np.random.Generator) -> str:
    at = int(chance.integers(0, max(len(text) - 1, 1)))
    swapped = text[:at] + text[at + 1 : at + 2] + text[at : at + 1] + text[at + 2 :]
    return (text, text[min(6, len(text) // 2) :], text[: max(len(text) - 3, 1)], swapped)[
        kind
    ].strip() or text


def border_zoo(snapshot: Snapshot, count: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return vertices and middles of edges of the grids, and one lattice step to every side of each."""
    xy = shapely.get_coordinates(shapely.boundary(snapshot.layer("grids").shapes))
    points = np.vstack([xy, (xy[:-1] + xy[1:]) / 2])
    points = points[np.random.default_rng(3).permutation(len(points))[: -(-count // 9)]]
    steps = np.array([(i, j) for i in (-1, 0, 1) for j in (-1, 0, 1)]) * STEP
    moved = (points[:, None, :] + steps[None]).reshape(-1, 2)[:count]
    return moved[:, 0], moved[:, 1]
