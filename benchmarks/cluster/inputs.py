"""The partitioned sets that are measured on: a city's addresses and communities, and points without end."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.division.instances import ROOT

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

LAYERS = ("communities", "compounds", "buildings")


def city_folder(name: str, data: Path, folder: Path) -> Path:
    """Return the folder of a city, without the addresses, which play no part in a division."""
    target = folder / name
    target.mkdir(parents=True)
    if name == "taipei":
        mapping = (ROOT / "benchmarks" / "cities" / "taipei.toml").read_text("utf-8")
        for layer in LAYERS:
            file = f"taipei_city_{layer}.parquet"
            shutil.copy(data / "taipei_city" / file, target / file)
    else:
        source = ROOT / "data" / "boundaries" / name
        mapping = (source / "city.toml").read_text("utf-8")
        for path in source.iterdir():
            if path.is_file() and "address" not in path.name:
                shutil.copy(path, target / path.name)
    (target / "city.toml").write_text(mapping.partition("[layers.addresses]")[0], "utf-8")
    return target


def addresses(name: str, data: Path, rows: int | None = None) -> pa.Table:
    """Return the addresses of a city: text, lon, lat."""
    if name == "taipei":
        path = data / "taipei_city" / "taipei_city_addresses.parquet"
    else:
        path = next((ROOT / "data" / "boundaries" / name).glob("*address*.parquet"))
    table = pq.read_table(path, columns=["full_address", "lon", "lat"])
    return table if rows is None else table.slice(0, rows)


def partitioned(table: pa.Table, columns: Sequence[str], pieces: int, folder: Path) -> Path:
    """Write columns of a table as so many partitions."""
    folder.mkdir(parents=True)
    step = -(-table.num_rows // pieces)
    for number, start in enumerate(range(0, table.num_rows, step)):
        pq.write_table(table.select(list(columns)).slice(start, step), folder / f"part.{number}.parquet")
    return folder


def synthetic_points(bounds: Sequence[float], rows: int, each: int, folder: Path) -> Path:
    """Write points evenly spread over a city's bounds, ``each`` of them a partition."""
    folder.mkdir(parents=True)
    west, south, east, north = bounds
    for number, start in enumerate(range(0, rows, each)):
        rng = np.random.default_rng(number)
        count = min(each, rows - start)
        places = {"lon": rng.uniform(west, east, count), "lat": rng.uniform(south, north, count)}
        pq.write_table(
            pa.table(places), folder / f"part.{number}.parquet", use_dictionary=False, compression="none"
        )
    return folder
