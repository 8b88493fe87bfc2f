"""The search for towns too large to prove: borders are straightened, rules and windows are kept."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from geogrid.model import BarrierKind
from geogrid.partition import divide
from geogrid.partition.clock import Clock
from geogrid.partition.corridors import straightened
from geogrid.partition.growth import grow
from geogrid.partition.land import household_problem
from geogrid.partition.legal_grids import Window
from geogrid.partition.problem import is_legal, pieces
from geogrid.policy import EIGHT_TO_TEN, Objective, window_of
from tests.brute_force import lattice
from tests.test_partition_brute_force import RELAXED, towns

if TYPE_CHECKING:
    from geogrid.adjacency import UnitGraph

SIDE = 12


def never() -> Clock:
    return Clock(time.monotonic() + 3600)


def test_a_crooked_border_becomes_the_shortest_one() -> None:
    """Six by four homes of one household each: a staircase of 8 edges between two grids; straight, 4."""
    graph = lattice(["ABCDEF", "GHIJKL", "MNOPQR", "STUVWX"], [1] * 24)
    problem, _ = household_problem(graph, EIGHT_TO_TEN)
    stairs = np.array([[0] * n + [1] * (6 - n) for n in (5, 4, 2, 1)]).ravel()
    grid = straightened(problem, Window(8, 16, 2), stairs, never())
    a, b = problem.pairs.T
    assert (stairs[a] != stairs[b]).sum() == 8
    assert (grid[a] != grid[b]).sum() == 4
    assert sorted(np.bincount(grid).tolist()) in ([8, 16], [12, 12])


def test_a_river_is_no_way_for_a_grid_to_hang_together() -> None:
    """Two by three: the cut of one edge would leave the north-east alone behind the river, so it stays."""
    walls = {("u01", "u02"): BarrierKind.RIVER}
    problem, _ = household_problem(lattice(["ABC", "DEF"], [1] * 6, walls), EIGHT_TO_TEN)
    grid = straightened(problem, Window(1, 5, 2), np.array([0, 0, 1, 0, 0, 1]), never())
    groups = [np.flatnonzero(grid == g).tolist() for g in range(2)]
    assert all(len(pieces(problem, group)) == 1 for group in groups)


@settings(max_examples=80, deadline=None, suppress_health_check=RELAXED)
@given(towns(((3, 4), (4, 5), (5, 6))), st.integers(2, 4), st.integers(0, 4))
def test_straight_borders_are_shorter_and_keep_every_rule(graph: UnitGraph, parts: int, turn: int) -> None:
    problem, _ = household_problem(graph, EIGHT_TO_TEN)
    window = Window(*(window_of(EIGHT_TO_TEN, problem.total, parts) or (0, 0)), parts)
    grid = grow(problem, parts, window.upper, turn)
    if grid is None:
        return
    straight = straightened(problem, window, grid, never())
    a, b = problem.pairs.T

    def border(side: np.ndarray) -> int:
        return int(problem.length[side[a] != side[b]].sum())

    def breach(side: np.ndarray) -> int:
        homes = np.bincount(side, problem.weight, parts)
        return int(np.maximum(np.maximum(window.lower - homes, homes - window.upper), 0).sum())

    assert border(straight) <= border(grid)
    assert breach(straight) <= breach(grid)
    for g in range(parts):
        group = tuple(np.flatnonzero(straight == g).tolist())
        assert len(pieces(problem, group)) == 1
        assert is_legal(problem, group)


def test_a_large_square_is_cut_nearly_straight() -> None:
    """144 equal homes in four: two straight lines cost 24 edges; the search comes within two."""
    rows = ["".join(chr(0x4E00 + SIDE * i + j) for j in range(SIDE)) for i in range(SIDE)]
    graph = lattice(rows, [10] * SIDE * SIDE)
    policy = replace(EIGHT_TO_TEN, grids_min=4, grids_max=4)
    found = divide(graph, policy, engine="search", time_limit_s=60)
    assert found.vector[Objective.COMPACTNESS] <= 2600
