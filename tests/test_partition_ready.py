"""A machine on which nothing is compiled yet: its first division keeps its time limit all the same."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

FIRST_DIVISIONS = """
import json, time
from contextlib import suppress
from dataclasses import replace
from numba.core import event
from geogrid.errors import PlanError
from geogrid.partition import Balance, divide, redivide
from geogrid.policy import EIGHT_TO_TEN, Compactness
from tests.test_partition import square

began = []

class Compilations(event.Listener):
    def on_start(self, told):
        began.append((time.monotonic(), told.data["dispatcher"].py_func.__qualname__))

    def on_end(self, told):
        pass

event.register("numba:compile", Compilations())
town, policy = square(12), replace(EIGHT_TO_TEN, grids_min=6, grids_max=6)
first = divide(town, policy, time_limit_s=1.5)
started = time.monotonic() - first.seconds
before = [name for when, name in began if when < started]
inside = [name for when, name in began if when >= started]
seen = len(began)
for kind in Compactness:
    for engine in ("legal-grids", "column-generation", "search"):
        with suppress(PlanError):
            divide(town, replace(policy, compactness=kind), engine=engine, time_limit_s=0.3)
small = square(4)
plan = divide(small, replace(policy, grids_min=2, grids_max=2)).plan
for balance in Balance:
    redivide(small, replace(policy, grids_min=2, grids_max=3), plan, balance=balance, time_limit_s=3.0)
later = [name for when, name in began[seen:]]
print(json.dumps({"seconds": first.seconds, "before": before, "inside": inside, "later": later}))
"""


@pytest.mark.slow
def test_nothing_is_compiled_inside_a_time_limit(tmp_path: Path) -> None:
    ran = subprocess.run(
        [sys.executable, "-c", FIRST_DIVISIONS],
        env=os.environ | {"NUMBA_CACHE_DIR": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )
    assert ran.returncode == 0, ran.stderr
    told = json.loads(ran.stdout.splitlines()[-1])
    assert "_anneal" in told["before"]  # The cache was empty: it had to be compiled.
    assert told["inside"] == []
    assert told["later"] == []
    assert told["seconds"] < 2.5
