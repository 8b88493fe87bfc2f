"""How fast and how large: a batch, one look-up, one suggestion, opening, memory; two plain ways as peers.

Times are processor times of this process, so that a busy machine does not change them much.
"""

from __future__ import annotations

import csv
import functools
import gc
import random
import re
import sqlite3
import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from rapidfuzz import fuzz, process

from geogrid.addresses import AddressIndex, Matcher, suggest, warm
from geogrid.batch import assign_file
from geogrid.batch.matchers import SnapshotMatcher

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from benchmarks.errors import Case
    from geogrid.model import City
    from geogrid.snapshot import Snapshot

SEED = 7


def opened(folder: Path) -> AddressIndex:
    """Open a saved index as a service does."""
    index = AddressIndex.open(folder)
    warm(index)
    gc.collect()
    gc.freeze()  # as the command line and the service do: what never changes need not be walked
    return index


def size(folder: Path, grids: NDArray[np.int64], texts: Sequence[str]) -> dict[str, float]:
    """Tell the seconds to open an index in a fresh process, and its memory once it has answered ``texts``."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as fresh:
        return fresh.submit(_size, folder, grids, texts).result()


def _size(folder: Path, grids: NDArray[np.int64], texts: Sequence[str]) -> dict[str, float]:
    before, started = resident_mb(), time.perf_counter()
    index = AddressIndex.open(folder)
    seconds = time.perf_counter() - started
    warm(index)
    matcher = Matcher(index, grids)
    for text in texts:
        matcher.match(text)
    return {"open_s": seconds, "resident_mb": resident_mb() - before}


def resident_mb() -> float:
    """Return the resident memory of this process in megabytes."""
    status = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text("utf-8").splitlines())
    return int(status["VmRSS"].split()[0]) / 1024


def timed(work: Callable[[], Any]) -> float:
    """Return the processor seconds that ``work`` takes."""
    started = time.process_time()
    work()
    return time.process_time() - started


def matched(matcher: Matcher, texts: Sequence[str], rounds: int = 3) -> float:
    """Return the addresses a second of the best of some rounds, in process."""

    def work() -> None:
        for text in texts:
            matcher.match(text)

    return len(texts) / min(timed(work) for _ in range(rounds))


def assigned(index: AddressIndex, grids: Any, texts: Sequence[str], folder: Path, rounds: int = 2) -> float:
    """Return the rows a second from a CSV file of addresses to one with their grids, review file and all."""
    cards = [{"code": f"{label:015}", "name": f"grid {label}"} for label in range(int(grids.max()) + 1)]
    plan = SimpleNamespace(addresses=index, grid_of_door=grids, grids=lambda: cards, locate=None)
    matcher = SnapshotMatcher(cast("Snapshot", plan))
    source = folder / "in.csv"
    with source.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([("address",), *((text,) for text in texts)])
    review = folder / "review.csv"
    work = functools.partial(assign_file, source, folder / "out.csv", matcher, review=review)
    return len(texts) / min(timed(work) for _ in range(rounds))


def latencies(
    index: AddressIndex, matcher: Matcher, written: Sequence[str], changed: Sequence[str]
) -> dict[str, tuple[float, float]]:
    """Return p50 and p99 in milliseconds: one look-up, clean and changed, and one suggestion."""
    chance = random.Random(SEED)
    typed = [re.sub(r"^.*?鄰", "", text)[: chance.randint(1, 12)] for text in written[:4000]]
    typed += ["zhong", "mqdl", "bade", "路", "1", "tel", "泰", "th"] * 50
    return {
        "clean look-up": _percentiles(matcher.match, written),
        "changed look-up": _percentiles(matcher.match, changed),
        "suggestion": _percentiles(functools.partial(suggest, index), typed),
    }


def _percentiles(work: Callable[[str], Any], texts: Sequence[str]) -> tuple[float, float]:
    spent = np.empty(len(texts))
    for i, text in enumerate(texts):
        started = time.thread_time_ns()
        work(text)
        spent[i] = time.thread_time_ns() - started
    p50, p99 = np.percentile(spent, [50, 99]) / 1e6
    return float(p50), float(p99)


def peers(city: City, cases: Sequence[Case], grid_of: dict[str, int]) -> dict[str, tuple[float, float]]:
    """Ask two plain ways the same changed texts: (texts a second, share of right grids) of each."""
    texts, buildings = city.addresses["text"].tolist(), city.addresses["building_id"].tolist()
    asked = random.Random(SEED).sample([case for case in cases if case.truth.value == "door"], 60)
    store = sqlite3.connect(":memory:")
    store.execute("CREATE VIRTUAL TABLE address USING fts5(text, tokenize='trigram')")
    store.executemany("INSERT INTO address VALUES (?)", ((text,) for text in texts))
    query = "SELECT rowid FROM address WHERE address MATCH ? ORDER BY rank LIMIT 1"

    def fuzzy(text: str) -> int:
        return int(process.extractOne(text, texts, scorer=fuzz.ratio)[2])

    def trigrams(text: str) -> int:
        found = store.execute(query, (_trigrams(text),)).fetchone()
        return int(found[0]) - 1 if found else -1

    told = {}
    for name, way, some in (("rapidfuzz", fuzzy, asked[:12]), ("SQLite FTS5", trigrams, asked)):
        rows: list[int] = []
        seconds = timed(functools.partial(_asked, way, some, rows))
        right = [
            row >= 0 and grid_of.get(buildings[row], -1) == grid_of[one.door]
            for row, one in zip(rows, some, strict=True)
        ]
        told[name] = len(some) / seconds, float(np.mean(right))
    return told


def _asked(way: Callable[[str], int], cases: Sequence[Case], rows: list[int]) -> None:
    rows += [way(case.text) for case in cases]


def _trigrams(text: str) -> str:
    bare = re.sub(r"\W+", "", text)
    return " OR ".join(f'"{bare[i : i + 3]}"' for i in range(max(1, len(bare) - 2)))
