"""Seconds and gap of drawn towns against units and grids.

``python -m benchmarks.division.scaling CHART.svg`` measures all and draws the chart of the docs.
"""

from __future__ import annotations

import sys
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.bars import Bar, Clock, at_least, at_most
from benchmarks.division.instances import town
from benchmarks.division.scaling_chart import chart
from geogrid.partition import divide
from geogrid.partition.ready import make_ready
from geogrid.policy import EIGHT_TO_TEN, Objective

if TYPE_CHECKING:
    from collections.abc import Iterator

UNITS = (10, 20, 40, 60, 100, 200, 500, 1000, 2000)
GRIDS = (2, 5, 10, 20)
LIMIT_S = 10.0
BORDER = Objective.COMPACTNESS.value


@dataclass(frozen=True, slots=True)
class Case:
    """One drawn town and how it was solved.

    ``gap`` is that of the border, the first objective here that the totals do not settle; a town is proved
    where the deviation after it is settled too.
    """

    units: int
    grids: int
    seconds: float
    gap: float
    proved: bool
    engine: str


def scaling(clock: Clock, *, quick: bool) -> list[Bar]:
    """Print the table; the bars are the time limit and the proof of towns of up to 40 units."""
    limit = 2.0 if quick else LIMIT_S
    cases = list(_cases((10, 30, 60) if quick else UNITS, limit, clock))
    if not cases:
        return []  # A quick run had no time left: that tells nothing.
    small = [case.proved for case in cases if case.units <= 40]
    overrun = max((case.seconds - limit for case in cases), default=0.0)
    return [
        at_most("drawn towns: longest overrun of the time limit, s", overrun, 1.0),
        at_least("drawn towns of up to 40 units: share proved", sum(small) / max(len(small), 1), 1.0),
    ]


def _cases(sizes: tuple[int, ...], limit: float, clock: Clock) -> Iterator[Case]:
    print(f"\n{'units':>6} {'grids':>5} {'seconds':>8} {'gap':>6} {'proved':>6} engine")
    for units in sizes:
        drawn = town(units, units)
        for grids in GRIDS:
            if grids * 2 > units or clock.is_over():
                continue
            asked = replace(EIGHT_TO_TEN, grids_min=grids, grids_max=grids)
            start = time.perf_counter()
            told = divide(drawn, asked, time_limit_s=limit)
            spent = time.perf_counter() - start
            border, least = told.vector[BORDER], told.bounds[BORDER]
            gap = max(border - least, 0.0) / border if border else 0.0
            case = Case(units, grids, spent, gap, told.proved, told.engine)
            print(
                f"{units:6} {grids:5} {spent:8.2f} {gap:6.3f} {told.proved!s:>6} {told.engine}",
                flush=True,
            )
            yield case


if __name__ == "__main__":
    make_ready()
    Path(sys.argv[1]).write_text(chart(list(_cases(UNITS, LIMIT_S, Clock(None)))), encoding="utf-8")
