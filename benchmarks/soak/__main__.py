"""Wear geogrid out: ``make soak``, or ``python -m benchmarks.soak [--quick] [--part NAME] [--seed N]``.

Whole it takes some three hours: 500 processes killed, 50,000 questions, an hour of made-up input, a quarter
of an hour under load, and the engine on tens of thousands of towns. The last line is the JSON of the bars.
"""

from __future__ import annotations

import argparse
import os
import platform
from typing import TYPE_CHECKING

from benchmarks.bars import Bar, Clock, print_bars
from benchmarks.soak.fleet import fleet
from benchmarks.soak.fuzz import fuzz
from benchmarks.soak.kills import kills
from benchmarks.soak.load import load
from benchmarks.soak.requests import requests
from benchmarks.soak.towns import towns

if TYPE_CHECKING:
    from collections.abc import Callable

QUICK_S = 44.0
SHARES = {"kills": 0.4, "requests": 0.1, "fuzz": 0.5, "load": 1.0}  # each of the time that is then left
WHOLE_ONLY = ("fleet", "towns")
FUZZ_S, STRETCHES, STRETCH_S, TIMES, PUBLICATIONS = 3600.0, 15, 60.0, 10, 20


def main() -> None:
    """Run what is asked for and print it."""
    words = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    words.add_argument("--quick", action="store_true", help="a little of most; under 50 s")
    words.add_argument(
        "--part", action="append", choices=[*SHARES, *WHOLE_ONLY], help="this alone; again for more"
    )
    words.add_argument("--seed", type=int, default=0, help="the first seed of kills and questions")
    words.add_argument("--kills", type=int, default=500)
    words.add_argument("--questions", type=int, default=50_000)
    words.add_argument("--times", type=int, default=TIMES, help="drawn towns, times those of the test suite")
    given = words.parse_args()
    print(f"{platform.machine()}, Python {platform.python_version()}, {_load()}")
    parts = given.part or [*SHARES, *(() if given.quick else WHOLE_ONLY)]
    clock = Clock(QUICK_S if given.quick else None)
    bars: list[Bar] = []
    for name in parts:
        print(f"\n{name}", flush=True)
        bars += _part(name, given, clock.part(SHARES.get(name, 1.0)))
    print(_load())
    print_bars(bars)


def _part(name: str, given: argparse.Namespace, clock: Clock) -> list[Bar]:
    quick: bool = given.quick
    made: dict[str, Callable[[], list[Bar]]] = {
        "kills": lambda: kills(clock, count=given.kills, seed=given.seed),
        "requests": lambda: requests(clock, count=given.questions, seed=given.seed),
        "fuzz": lambda: fuzz(clock, seconds=FUZZ_S),
        "load": lambda: load(clock, stretches=1 if quick else STRETCHES, seconds=2 if quick else STRETCH_S),
        "fleet": lambda: fleet(count=PUBLICATIONS),
        "towns": lambda: towns(times=given.times),
    }
    return made[name]()


def _load() -> str:
    return f"load average {os.getloadavg()[0]:.1f} on {os.cpu_count()} processors"


if __name__ == "__main__":
    main()
