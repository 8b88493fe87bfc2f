"""What forbids a wish, what it costs, and what would have to give way."""

from __future__ import annotations

from dataclasses import replace

import pytest

from geogrid.errors import NotFoundError
from geogrid.partition import divide, relaxations, why_not
from geogrid.policy import EIGHT_TO_TEN
from tests.brute_force import lattice

TWO = replace(EIGHT_TO_TEN, grids_min=2, grids_max=2)


def test_why_a_unit_is_not_in_a_grid() -> None:
    graph = lattice(["ABCD"], [10] * 4)
    plan = divide(graph, TWO).plan
    answer = why_not(graph, TWO, plan, "u00", plan.assignment["u03"])
    assert "pieces" in answer.forbidden[0]
    assert answer.proved
    with pytest.raises(NotFoundError):
        why_not(graph, TWO, plan, "u00", 9)


def test_the_least_relaxations() -> None:
    """30 10 10: two grids of 25 +- 20 % cannot be; 30 + 20 is off by 5 = 20 %: so nothing gives way there.

    With 40 10 10 the ideal is 30: 40 + 20 is off by 10, a third.
    """
    assert relaxations(lattice(["ABC"], [30, 10, 10]), TWO) == ()
    told = relaxations(lattice(["ABC"], [40, 10, 10]), TWO)
    assert told[0].by == 8  # 40 - 36 and 24 - 20
    assert any("widen the window to 34 %" in one.words for one in told)
    assert any("cut u00" in one.words for one in told)
