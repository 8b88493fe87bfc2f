"""The measurements of geogrid alone: rates, single points, building, opening, a large file."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numba
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import shapely

from benchmarks.points.clock import THREADS, now
from benchmarks.points.partitions import in_spatial_order, points
from geogrid.batch import PointMatcher, assign_file

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from geogrid.locate import PointIndex

BATCH = 1 << 20


def peak_mb() -> float:
    """Return the most memory this process has had since it began its program (Linux), in MB."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(status.split("VmHWM:")[1].split()[0]) / 1e3


def least(work: Any, rounds: int = 3) -> float:
    """Return the least seconds of ``rounds`` runs, after one that is not counted."""
    work()
    seconds = []
    for _ in range(rounds):
        start = now()
        work()
        seconds.append(now() - start)
    return min(seconds)


@numba.njit(nogil=True, cache=True)
def _pass(lon: Any, lat: Any, out: Any) -> None:
    for i in range(lon.size):
        out[i] = lon[i] > lat[i]


def memory_pass(lon: NDArray[np.float64], lat: NDArray[np.float64]) -> float:
    """Return the seconds of reading two coordinates and writing a label, with as many threads."""
    ends = np.linspace(0, len(lon), THREADS + 1).astype(int)

    def work() -> None:
        out = np.empty(len(lon), dtype=np.int32)
        with ThreadPoolExecutor(THREADS) as pool:
            some = [slice(a, b) for a, b in pairwise(ends)]
            list(pool.map(lambda s: _pass(lon[s], lat[s], out[s]), some))

    return least(work, 5)


def rates(index: PointIndex, count: int, rounds: int) -> dict[str, float]:
    """Return million points a second in random and in spatial order, and the shares of the memory pass."""
    lon, lat = points(count)
    near = in_spatial_order(lon, lat)
    memory = memory_pass(lon, lat)
    random = least(lambda: index.locate(lon, lat, threads=THREADS), rounds)
    spatial = least(lambda: index.locate(*near, threads=THREADS), rounds)
    some = slice(0, count // 10)
    plain = least(lambda: index.locate(lon[some], lat[some], engine="numpy"), 1) * 10
    return {
        "random": count / random / 1e6,
        "spatial": count / spatial / 1e6,
        "numpy": count / plain / 1e6,
        "memory pass": count / memory / 1e6,
        "random share": memory / random,
        "spatial share": memory / spatial,
    }


def single(index: PointIndex, count: int = 50_000) -> float:
    """Return the microseconds of one point at a time, the median of nine runs over random points."""
    lon, lat = points(count, seed=3)
    pairs = list(zip(lon.tolist(), lat.tolist(), strict=True))
    ask = index.locate_one
    seconds = []
    for _ in range(9):
        start = time.thread_time()
        for a, b in pairs:
            ask(lon=a, lat=b)
        seconds.append(time.thread_time() - start)
    return sorted(seconds)[4] / count * 1e6


def border_zoo(polygons: NDArray[Any], index: PointIndex, count: int) -> dict[str, int]:
    """Ask for vertices inside the frame: how many have one owner here, and by two common predicates."""
    xy = np.unique(shapely.get_coordinates(polygons), axis=0)
    west, south, east, north = shapely.total_bounds(polygons)
    inner = (xy[:, 0] > west) & (xy[:, 0] < east) & (xy[:, 1] > south) & (xy[:, 1] < north)
    xy = xy[inner][np.random.default_rng(0).permutation(int(inner.sum()))[:count]]
    found = index.locate(xy[:, 0], xy[:, 1])
    places = shapely.points(xy)
    tree = shapely.STRtree(polygons)
    touched = np.bincount(tree.query(places, predicate="intersects")[0], minlength=len(xy))
    within = np.bincount(tree.query(places, predicate="within")[0], minlength=len(xy))
    return {
        "points": len(xy),
        "lost": int((found < 0).sum()),
        "lost by within": int((within == 0).sum()),
        "doubled by intersects": int((touched > 1).sum()),
    }


_BUILD = """
import json, sys, time
from benchmarks.points.own import peak_mb
from benchmarks.points.partitions import partition
from geogrid.locate import PointIndex
count, tiles, folder = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
start = time.perf_counter()
polygons, labels = partition(count, tiles=tiles)
drawn, used = time.perf_counter(), peak_mb()
index = PointIndex.compile(polygons, labels)
built = time.perf_counter()
index.save(folder)
print(json.dumps({"drawn_s": drawn - start, "build_s": built - drawn, "save_s": time.perf_counter() - built,
    "index_mb": index.nbytes / 1e6, "before_mb": used,
    "peak_mb": peak_mb()}))
"""
_OPEN = """
import json, sys, time
start = time.perf_counter()
from geogrid.locate import PointIndex
imported = time.perf_counter()
index = PointIndex.open(sys.argv[1])
opened = time.perf_counter()
label = index.locate_one(lon=124.4, lat=40.1)
index.locate([124.4] * 1000, [40.1] * 1000)
answered = time.perf_counter()
from benchmarks.points.own import peak_mb
print(json.dumps({"import_s": imported - start, "open_s": opened - imported,
    "first_answers_s": answered - opened, "label": label,
    "rss_mb": peak_mb()}))
"""


def in_a_process(program: str, *words: object) -> dict[str, float]:
    """Run a program in a fresh interpreter and return what it prints."""
    done = subprocess.run(
        [sys.executable, "-c", program, *map(str, words)], capture_output=True, check=True, text=True
    )
    told: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return told


def build_and_open(count: int, tiles: int, folder: Path) -> dict[str, float]:
    """Build an index in one process, save it, and open it in another."""
    built = in_a_process(_BUILD, count, tiles, folder)
    in_a_process(_OPEN, folder)
    return {**built, **in_a_process(_OPEN, folder)}


def locate_file(index: PointIndex, source: Path, target: Path) -> int:
    """Assign a Parquet file of lon and lat as ``geogrid assign`` does; return the rows."""
    table, records = index.cells.table, index.cells.records
    heads = -(table[table < -1].astype(np.int64) + 2)  # the other records hold borders, not labels
    count = max(int(table.max()), int(records[heads, 1].max(initial=0))) + 1
    matcher = PointMatcher(index.locate, ((f"{n:015d}", f"grid {n}") for n in range(count)))
    return assign_file(source, target, matcher).rows


# Random coordinates neither repeat nor compress; labels do.
_WRITING: dict[str, Any] = {"compression": "none", "use_dictionary": False, "write_statistics": False}


def large_file(rows: int, index_folder: Path) -> dict[str, float]:
    """Make a file of points, locate it in a fresh process, and return rate and memory."""
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "points.parquet"
        schema = pa.schema([("lon", pa.float64()), ("lat", pa.float64())])
        with pq.ParquetWriter(source, schema, **_WRITING) as writer:
            for part in range(0, rows, BATCH):
                lon, lat = points(min(BATCH, rows - part), seed=part)
                writer.write_batch(pa.RecordBatch.from_arrays([pa.array(lon), pa.array(lat)], schema=schema))
        return in_a_process(_FILE, index_folder, source, Path(folder) / "located.parquet")


_FILE = """
import json, sys, time
from benchmarks.points.own import peak_mb
from pathlib import Path
from benchmarks.points.own import locate_file
from geogrid.locate import PointIndex
index = PointIndex.open(sys.argv[1])
start, cpu = time.perf_counter(), time.process_time()
rows = locate_file(index, Path(sys.argv[2]), Path(sys.argv[3]))
seconds = time.perf_counter() - start
cpu = time.process_time() - cpu
print(json.dumps({"rows": rows, "cpu_s": cpu, "rate": rows / seconds / 1e6, "seconds": seconds,
    "rss_mb": peak_mb()}))
"""
