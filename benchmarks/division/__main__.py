"""Benchmark the division engine: ``python -m benchmarks.division [--quick] [--part NAME] [--set NAME]``.

Real communities by geogrid and by its peers, published optima, scaling, re-division. FOLDER holds the shared
instances (default: GEOGRID_DATA, else ``../shared/data``). The last line is the JSON of the bars.
"""

from __future__ import annotations

import argparse
import os
from functools import partial
from typing import TYPE_CHECKING

from benchmarks.bars import Bar, Clock, print_bars
from benchmarks.division.communities import Run, divided, peak_memory, tell
from benchmarks.division.instances import SETS, city_of, data_folder
from benchmarks.division.optima import optima
from benchmarks.division.redivision import redivision
from benchmarks.division.scaling import scaling
from geogrid.partition.ready import make_ready

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

PARTS = ("communities", "peers", "optima", "scaling", "redivision")
QUICK_S = 34.0
# Every how manyth community a quick run may come to (the sample city takes too long to draw), and the shares
# of its time.
QUICK_STEP = {"songshan": 4, "bukit-merah": 5, "taipei": 40}
QUICK_SHARES = {"communities": 0.4, "peers": 0.4, "optima": 0.4, "scaling": 0.4, "redivision": 0.9}


def main() -> None:
    """Run the tables asked for."""
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("--quick", action="store_true", help="a sample of everything, under 50 s")
    words.add_argument("--part", action="append", choices=PARTS, help="this table alone; may come twice")
    words.add_argument("--set", action="append", choices=SETS, help="this city alone; may come twice")
    words.add_argument("--workers", type=int, default=2, help="processes for communities and peers")
    words.add_argument("--data", help="folder of the shared instances")
    asked = words.parse_args()
    clock = Clock(QUICK_S if asked.quick else None)
    print(f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    make_ready()
    parts, folder = asked.part or PARTS, data_folder(asked.data)
    workers = 1 if asked.quick else asked.workers
    runs: list[Run] = []
    if {"communities", "peers", "redivision"} & set(parts):
        part = clock.part(QUICK_SHARES["communities"])
        runs = list(_runs(asked.set or SETS, folder, part, workers, quick=asked.quick))
    tables: dict[str, Callable[[Clock], list[Bar]]] = {
        "communities": lambda _: tell(runs),
        "peers": lambda time: _contest(runs, time, workers, quick=asked.quick),
        "optima": partial(optima, folder),
        "scaling": partial(scaling, quick=asked.quick),
        "redivision": partial(redivision, runs, workers=workers),
    }
    bars = [bar for name in parts for bar in tables[name](clock.part(QUICK_SHARES[name]))]
    print(f"load {os.getloadavg()[0]:.1f}")
    print_bars([*bars, peak_memory()])


def _runs(names: Iterable[str], folder: Path, clock: Clock, workers: int, *, quick: bool) -> Iterator[Run]:
    """Divide the cities; a quick run takes samples, and leaves out a city for which there is no time."""
    for name in QUICK_STEP if quick else SETS:
        if name in names and not clock.is_over():
            step = QUICK_STEP[name] if quick else 1
            city = city_of(name, folder, step)
            # Of Taipei only the sample was read.
            yield divided(name, city, 1 if name == "taipei" else step, clock.part(0.3), workers)


def _contest(runs: list[Run], clock: Clock, workers: int, *, quick: bool) -> list[Bar]:
    """Meet the peers, which only `make bench-setup` installs."""
    from benchmarks.division.contest import contest

    return contest(runs[:2] if quick else runs, clock, 0.2 if quick else 1.0, 0.5 if quick else 3.0, workers)


if __name__ == "__main__":
    main()
