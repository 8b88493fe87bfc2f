"""Seconds and gap of drawn towns against units and grids."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING

from benchmarks.bars import Bar, at_most
from benchmarks.division.instances import town
from geogrid.partition import divide
from geogrid.policy import EIGHT_TO_TEN

if TYPE_CHECKING:
    from benchmarks.bars import Clock

UNITS = (10, 20, 40, 60, 100, 200, 500, 1000, 2000)
GRIDS = (2, 5, 10, 20)
LIMIT_S = 10.0


def scaling(clock: Clock, *, quick: bool) -> list[Bar]:
    """Print the table; the bar is the time limit, which must be kept at any size."""
    print(f"\n{'units':>6} {'grids':>5} {'seconds':>8} {'gap':>6} {'proved':>6} engine")
    limit = 2.0 if quick else LIMIT_S
    overrun = 0.0
    for units in (10, 30, 60) if quick else UNITS:
        for grids in GRIDS:
            if grids * 2 > units or clock.is_over():
                continue
            drawn = town(units, units)
            asked = replace(EIGHT_TO_TEN, grids_min=grids, grids_max=grids)
            start = time.perf_counter()
            told = divide(drawn, asked, time_limit_s=limit)
            spent = time.perf_counter() - start
            overrun = max(overrun, spent - limit)
            print(
                f"{units:6} {grids:5} {spent:8.2f} {told.gap:6.3f} {told.proved!s:>6} {told.engine}",
                flush=True,
            )
    return [at_most("drawn towns: longest overrun of the time limit, s", overrun, 1.0)]
