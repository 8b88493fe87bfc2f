"""Have the compiled loops ready before a clock runs, so that no time limit pays for numba.

Where numba's cache is empty, once on a machine, this takes about twenty seconds; then it loads what is there.
"""

from __future__ import annotations

import time
from dataclasses import replace
from functools import cache

import numpy as np

from geogrid.partition.anneal import anneal
from geogrid.partition.charges import no_charge
from geogrid.partition.clock import Clock
from geogrid.partition.corridors import straightened
from geogrid.partition.least_parts import least_parts
from geogrid.partition.legal_grids import Window, least_breach, list_legal_grids
from geogrid.partition.objectives import Ideal
from geogrid.partition.pricing import cheap_grids
from geogrid.partition.problem import Problem
from geogrid.partition.question import cut_question, inertia_question, moment_question
from geogrid.partition.stages import open_field, settle
from geogrid.partition.terrain import terrains
from geogrid.policy import Compactness, Policy

PATIENCE_S = 3600.0
PAIRS = np.array([[0, 1], [1, 2], [2, 3]])


@cache
def make_ready() -> None:
    """Run every loop of a division on a line of four units."""
    make_parts_ready()
    line, policy, window = _line(), Policy("ready", 2, 2), Window(1, 3, 2)
    clock = Clock(time.monotonic() + PATIENCE_S)
    least_breach(line, window)
    masks = list_legal_grids(line, window, 4, 100).masks
    for terrain in terrains(line, window, 4, compound_is_grid=False):
        cheap_grids(line, terrain, no_charge(line), clock, most=1.0, limit=9, steps=9, best_only=True)
    both = np.array([0, 0, 1, 1])
    for kind in Compactness:
        shaped = replace(policy, compactness=kind)
        anneal(line, shaped, window, both, clock, moves=9, seed=1)
        straightened(line, window, both, clock)
        settle(open_field(line, window, Ideal(4, 2), shaped, masks), None, clock)


@cache
def make_parts_ready() -> None:
    """Run every loop of the general problem on a line of four nodes."""
    ones = np.ones(4, np.int64)
    clock = Clock(time.monotonic() + PATIENCE_S)
    least_parts(cut_question(ones, PAIRS, ones[:3], 2, 2, 2), clock)
    least_parts(moment_question(ones, PAIRS, 1.0 - np.eye(4), 2, 2, 2), clock)
    joins, xy = np.ones(3, np.bool_), np.column_stack([np.arange(4.0), np.zeros(4)])
    least_parts(inertia_question(ones, PAIRS, joins, xy, 2, 2, 2), clock)


def _line() -> Problem:
    """Return four units in a line, the first two of one compound."""
    ones, none = np.ones(4, np.int64), np.full(4, -1, np.int64)
    return Problem(
        ids=tuple("abcd"),
        weight=ones,
        pairs=PAIRS,
        length=ones[:3],
        open=np.ones(3, np.bool_),
        crossing=0 * ones[:3],
        compound=np.array([0, 0, 1, -1]),
        size=np.array([2, 1]),
        xy=np.array([[0.0, 0.0], [1.0, 1.0], [2.0, 0.0], [3.0, 1.0]]),
        perimeter=ones,
        area=np.ones(4),
        old=none,
        kept=none,
        pinned=none,
    )
