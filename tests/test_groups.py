"""The search for groups of buildings, compared with every possible arrangement."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from geogrid.units.groups import Cells, breach, group_cells, price

if TYPE_CHECKING:
    from collections.abc import Iterator


def test_breach_counts_households_outside_100_to_150() -> None:
    """99 is one short; 151 of two buildings is one over, of one building it may stand."""
    households, buildings = np.array([99, 100, 150, 151, 151]), np.array([2, 2, 2, 2, 1])
    assert breach(households, buildings).tolist() == [1, 0, 0, 1, 0]


def lattice(households: list[int], columns: int) -> Cells:
    """Return cells of 50 m squares in rows of ``columns``, in reading order."""
    place = [divmod(i, columns) for i in range(len(households))]
    pairs = [
        (i, j)
        for i, j in combinations(range(len(place)), 2)
        if abs(place[i][0] - place[j][0]) + abs(place[i][1] - place[j][1]) == 1
    ]
    a, b = (np.array(side, dtype=np.int64) for side in zip(*pairs, strict=True))
    xy = np.array([(50.0 * column, -50.0 * row) for row, column in place])
    border = np.full(len(pairs), 50.0)
    return Cells(np.array(households), xy, a, b, border, np.zeros(len(pairs)))


def best_price(cells: Cells) -> float:
    """Try every arrangement of the cells into connected groups."""
    size = len(cells.households)
    near = [
        {int(i) for i in cells.b[cells.a == n]} | {int(i) for i in cells.a[cells.b == n]} for n in range(size)
    ]

    def connected(own: set[int]) -> bool:
        found: set[int] = set()
        todo = [min(own)]
        while todo:
            here = todo.pop()
            if here not in found:
                found.add(here)
                todo += near[here] & own
        return found == own

    def arrangements(n: int, label: list[int]) -> Iterator[list[int]]:
        if n == size:
            groups = [{i for i in range(size) if label[i] == g} for g in range(max(label) + 1)]
            if all(connected(group) for group in groups):
                yield label
            return
        for g in range(max(label, default=-1) + 2):
            yield from arrangements(n + 1, [*label, g])

    return min(price(cells, np.array(label)) for label in arrangements(0, []))


@settings(max_examples=80, deadline=None)
@given(households=st.lists(st.sampled_from([10, 30, 45, 60, 75, 96, 140, 220]), min_size=4, max_size=6))
def test_few_cells_are_arranged_in_the_best_of_all_ways(households: list[int]) -> None:
    cells = lattice(households, columns=3)
    found = price(cells, group_cells(cells))
    best = best_price(cells)
    assert found == best
