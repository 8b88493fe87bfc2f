"""Divide the communities of a city as the product does, and judge every plan from the geometry up."""

from __future__ import annotations

import resource
import statistics
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from benchmarks.bars import Bar, at_least, at_most
from benchmarks.division.instances import Instance
from geogrid import fleet
from geogrid.policy import EIGHT_TO_TEN

if TYPE_CHECKING:
    from benchmarks.bars import Clock
    from geogrid.model import City
    from geogrid.partition import Division

POLICY = EIGHT_TO_TEN
LIMIT_S = 10.0
SMALL = 40
TAIPEI = 456


@dataclass(frozen=True)
class Solved:
    """A community and its division; ``sound`` where ``geogrid check`` finds nothing at all."""

    instance: Instance
    division: Division
    sound: bool


@dataclass(frozen=True)
class Run:
    """The communities of a set that were divided, and the wall seconds of them all with their units."""

    name: str
    solved: list[Solved]
    seconds: float


def divided(name: str, city: City, every: int, clock: Clock, workers: int) -> Run:
    """Divide each ``every``-th community; a single worker goes one by one until the clock is over."""
    ids = [one.id for one in city.communities][::every]
    seconds = 0.0
    solved: list[Solved] = []
    for batch in [[one] for one in ids] if workers == 1 else [ids]:
        if solved and clock.is_over():
            break
        began = time.perf_counter()
        found = fleet.divide_city(city, POLICY, workers=workers, communities=batch, time_limit_s=LIMIT_S)
        seconds += time.perf_counter() - began
        for told in found:
            instance = Instance(city, told.graph)
            findings = instance.findings(told.division.plan, POLICY, told.division.gave_way)
            solved.append(Solved(instance, told.division, not findings))
    return Run(name, solved, seconds)


def tell(runs: list[Run]) -> list[Bar]:
    """Print the table of all sets and return its bars."""
    print(
        f"\n{'communities':12} {'number':>6} {'units':>6} {'sound':>6} {'proved':>6} {'to 40':>6} "
        f"{'median s':>8} {'95 % s':>7} {'max s':>7} {'all s':>7}"
    )
    for run in runs:
        _line(run.name, run.solved, run.seconds)
    every = [one for run in runs for one in run.solved]
    _line("all", every, sum(run.seconds for run in runs))
    spent = [one.division.seconds for one in every]
    small = [one for one in every if len(one.instance.graph.units) <= SMALL]
    bars = [
        at_least("plans in which geogrid check finds nothing", _share([one.sound for one in every]), 1.0),
        at_least("proved, of all", _proved(every), 0.95),
        at_least(f"proved, of up to {SMALL} units", _proved(small), 0.99),
        at_most("median s a community", statistics.median(spent), 0.5),
        at_most("95th percentile s a community", float(np.percentile(spent, 95)), 10.0),
        at_most("longest overrun of the time limit, s", max(max(spent) - LIMIT_S, 0.0), 1.0),
    ]
    return bars + [_whole_city(run) for run in runs if run.name == "taipei"]


def _whole_city(run: Run) -> Bar:
    if len(run.solved) == TAIPEI:
        return at_most("all of Taipei on two cores, s", run.seconds, 600.0)
    name = f"all of Taipei, s, as if one core and like {len(run.solved)} of its communities"
    return at_most(name, run.seconds * TAIPEI / len(run.solved), 1200.0)


def _line(name: str, solved: list[Solved], seconds: float) -> None:
    spent = [one.division.seconds for one in solved]
    small = [one for one in solved if len(one.instance.graph.units) <= SMALL]
    print(
        f"{name:12} {len(solved):6} {sum(len(one.instance.graph.units) for one in solved):6} "
        f"{_share([one.sound for one in solved]):6.1%} {_proved(solved):6.1%} {_proved(small):6.1%} "
        f"{statistics.median(spent):8.2f} {np.percentile(spent, 95):7.2f} {max(spent):7.2f} {seconds:7.1f}",
        flush=True,
    )


def _proved(solved: list[Solved]) -> float:
    return _share([one.division.proved for one in solved])


def _share(some: list[bool]) -> float:
    return statistics.mean(some) if some else 1.0


def peak_memory() -> Bar:
    """Return the most memory that this process or one of its workers took."""
    who = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    peak = max(resource.getrusage(one).ru_maxrss for one in who) / 1024
    return at_most("peak memory of a process, MB", peak, 3000.0)
