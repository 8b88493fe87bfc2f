"""Readers of foreign bytes fed by atheris, each in a process of its own; what they did not bear is kept."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.bars import Bar, at_least, at_most
from benchmarks.division.instances import ROOT
from tests.feeding import TARGETS

if TYPE_CHECKING:
    from benchmarks.bars import Clock

KEPT = ROOT / "var" / "soak"
QUICK_S = 2


def fuzz(clock: Clock, *, seconds: float) -> list[Bar]:
    """Feed every reader for an equal share of ``seconds``; in a quick run the first one for a moment."""
    quick = clock.until is not None
    targets = list(TARGETS)[:1] if quick else list(TARGETS)
    share = QUICK_S if quick else int(seconds / len(targets))
    fed, crashes = 0, list[Path]()
    for target in targets:
        runs, found = _feed(target, share)
        fed += runs
        crashes += found
        print(f"{target:10} fed {runs:,} inputs in {share} s, {len(found)} not borne", flush=True)
    for path in crashes:
        print(f"NOT BORNE {path}")
    return [
        at_least("seconds of feeding", share * len(targets), QUICK_S if quick else seconds),
        at_least("inputs fed", fed, 100),
        at_most("inputs not borne", len(crashes), 0),
    ]


def _feed(target: str, seconds: int) -> tuple[int, list[Path]]:
    """Feed one reader; an input that it does not bear ends the run."""
    folder, found = KEPT / target, KEPT / f"{target}-not-borne"
    for one in (folder, found):
        one.mkdir(parents=True, exist_ok=True)
    before = set(found.iterdir())
    words = [sys.executable, "-m", "benchmarks.soak.fuzzing", target, str(folder)]
    words += [f"-max_total_time={seconds}", f"-artifact_prefix={found}/", "-print_final_stats=1"]
    done = subprocess.run(words, capture_output=True, text=True, check=False, timeout=seconds + 600)
    counted = re.findall(r"number_of_executed_units: (\d+)|^#(\d+)", done.stderr, re.M)
    left = sorted(set(found.iterdir()) - before)
    if done.returncode and not left:
        raise RuntimeError(f"feeding {target} ended with {done.returncode}: {done.stderr[-2000:]}")
    return max((int(one or other) for one, other in counted), default=0), left
