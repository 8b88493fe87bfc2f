"""Wear geogrid out: ``make soak``, or ``python -m benchmarks.soak [--quick] [--part NAME] [--seed N]``.

Whole it takes some three hours: 500 processes killed, 50,000 questions, an hour of made-up input, a quarter
of an hour under load, and the engine on tens of thousands of towns. The last line is the JSON of the bars.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING

from benchmarks.bars import Bar, Clock, print_bars
from benchmarks.soak.fleet import fleet
from benchmarks.soak.fuzz import fuzz
from benchmarks.soak.journey import journey
from benchmarks.soak.kills import kills
from benchmarks.soak.load import load
from benchmarks.soak.requests import requests
from benchmarks.soak.towns import towns

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

QUICK_S = 44.0
SHARES = {"load": 1.0, "requests": 0.1, "kills": 0.4, "fuzz": 0.5}  # of the time of a quick run
WHOLE_ONLY = ("fleet", "journey", "towns")
AT_ONCE = 2  # a quick run measures no speeds, so that its parts share the processors
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
    run = _at_once if given.quick and len(parts) > 1 else _one_by_one
    bars = run(parts, given)
    print(_load())
    print_bars(bars)


def _one_by_one(parts: Sequence[str], given: argparse.Namespace) -> list[Bar]:
    clock = Clock(QUICK_S if given.quick else None)
    bars: list[Bar] = []
    for name in parts:
        print(f"\n{name}", flush=True)
        bars += _part(name, given, clock.part(SHARES.get(name, 1.0)))
    return bars


def _at_once(parts: Sequence[str], given: argparse.Namespace) -> list[Bar]:
    """Run every part of a quick run in a process of its own, and print what it printed."""
    with ThreadPoolExecutor(AT_ONCE) as pool:
        printed = pool.map(partial(_quickly, seed=given.seed), parts)
        bars: list[Bar] = []
        for lines in printed:
            print("\n" + "\n".join(lines[2:-2]), flush=True)
            bars += [Bar(**told) for told in json.loads(lines[-1])["bars"]]
    return bars


def _quickly(name: str, *, seed: int) -> list[str]:
    words = [sys.executable, "-m", "benchmarks.soak", "--quick", "--part", name, "--seed", str(seed)]
    return subprocess.run(words, stdout=subprocess.PIPE, text=True, check=True).stdout.splitlines()


def _part(name: str, given: argparse.Namespace, clock: Clock) -> list[Bar]:
    quick: bool = given.quick
    made: dict[str, Callable[[], list[Bar]]] = {
        "kills": lambda: kills(clock, count=given.kills, seed=given.seed),
        "requests": lambda: requests(clock, count=given.questions, seed=given.seed),
        "fuzz": lambda: fuzz(clock, seconds=FUZZ_S),
        "load": lambda: load(clock, stretches=1 if quick else STRETCHES, seconds=2 if quick else STRETCH_S),
        "fleet": lambda: fleet(count=PUBLICATIONS),
        "journey": journey,
        "towns": lambda: towns(times=given.times),
    }
    return made[name]()


def _load() -> str:
    return f"load average {os.getloadavg()[0]:.1f} on {os.cpu_count()} processors"


if __name__ == "__main__":
    main()
