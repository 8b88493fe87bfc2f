"""Drawn towns by the thousand: the engine against all plans there are, as the tests do it with fewer."""

from __future__ import annotations

import os
import re
import subprocess
import sys

from benchmarks.bars import Bar, at_least, at_most
from benchmarks.division.instances import ROOT

TESTS = (
    "tests/test_partition_brute_force.py",
    "tests/test_partition_general.py",
    "tests/test_partition_pricing.py",
    "tests/test_redivision.py",
    "tests/test_why_not.py",
)


def towns(*, times: int) -> list[Bar]:
    """Run the tests that draw towns with ``times`` as many as the test suite draws."""
    words = [sys.executable, "-m", "pytest", "-n", "2", "-q", *TESTS]
    env = {**os.environ, "GEOGRID_SOAK": str(times)}
    done = subprocess.run(words, capture_output=True, text=True, check=False, cwd=ROOT, env=env)
    counts = {kind: int(n) for n, kind in re.findall(r"(\d+) (passed|failed|error)", done.stdout)}
    print(done.stdout[-3000:] if done.returncode else f"{counts.get('passed', 0)} tests passed")
    return [
        at_least("times the towns of the test suite", times, 1),
        at_most("tests failed", 0 if done.returncode == 0 else counts.get("failed", 1), 0),
    ]
