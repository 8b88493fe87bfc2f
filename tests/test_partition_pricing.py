"""Pricing finds exactly the legal grids that are cheap, among all that the listing knows."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geogrid.partition import divide
from geogrid.partition.clock import Clock
from geogrid.partition.land import household_problem
from geogrid.partition.legal_grids import Window, list_legal_grids, membership
from geogrid.partition.part_pool import list_parts
from geogrid.partition.pricing import Cheap, Prices, cheap_grids
from geogrid.partition.terrain import terrains
from geogrid.policy import EIGHT_TO_TEN, Band, Compactness, window_of
from tests.brute_force import PATIENCE_S, examples, lattice
from tests.test_partition_brute_force import RELAXED, SHAPES, towns

if TYPE_CHECKING:
    from geogrid.adjacency import UnitGraph
    from geogrid.partition.deciding import Listed
    from geogrid.partition.part_pool import Pool
    from geogrid.partition.problem import Floats, Masks, Problem


def price_of(problem: Problem, prices: Prices, masks: Masks) -> Floats:
    """Add up each grid's price unit by unit, pair by pair, compound by compound."""
    told = []
    for row in membership(masks, problem.n):
        inside = row.astype(bool)
        a, b = problem.pairs.T if len(problem.pairs) else np.zeros((2, 0), np.int64)
        names, counts = np.unique(problem.compound[inside & (problem.compound >= 0)], return_counts=True)
        whole = bool((counts == problem.size[names]).all()) and len(names) > 0
        told.append(
            prices.constant
            + prices.unit[inside].sum()
            + prices.pair[inside[a] & inside[b]].sum()
            + prices.homes[problem.weight[inside].sum()]
            + (prices.whole[names].sum() + prices.grid if whole else 0.0)
        )
    return np.array(told)


@settings(max_examples=examples(60), deadline=None, suppress_health_check=RELAXED)
@given(towns(SHAPES), st.integers(2, 4), st.sampled_from([0, 5, 20, 1000]), st.integers(0, 10_000))
def test_the_cheap_grids_are_those_of_the_list(graph: UnitGraph, parts: int, breach: int, seed: int) -> None:
    problem, _ = household_problem(graph, EIGHT_TO_TEN)
    window = Window(*(window_of(EIGHT_TO_TEN, problem.total, parts) or (0, 0)), parts)
    draw = np.random.default_rng(seed)
    prices = Prices(
        draw.normal(0, 50, problem.n),
        draw.normal(-20, 40, len(problem.pairs)),
        draw.normal(0, 30, len(problem.size)),
        np.abs(draw.normal(0, 20, problem.total + 1)),
        draw.normal(0, 30),
        draw.normal(0, 300),
    )
    masks = list_legal_grids(problem, window, breach, 10**6).masks
    told = price_of(problem, prices, masks)

    def found(most: float, *, best_only: bool) -> list[Cheap]:
        clock = Clock(time.monotonic() + 60)
        return [
            cheap_grids(
                problem,
                terrain,
                prices,
                clock,
                most=most,
                limit=10**6,
                steps=10**9,
                best_only=best_only,
            )
            for terrain in terrains(problem, window, breach, compound_is_grid=False)
        ]

    for most in np.quantile(told, [0.05, 0.5, 1.0]) if len(told) else []:
        got = [row.tobytes() for one in found(most, best_only=False) for row in one.masks]
        assert len(got) == len(set(got))
        assert {r.tobytes() for r, p in zip(masks, told, strict=True) if p <= most - 0.1} <= set(got)
        assert set(got) <= {r.tobytes() for r, p in zip(masks, told, strict=True) if p <= most + 0.1}
        least = min(one.least.min() for one in found(most + 1, best_only=True))
        assert least == pytest.approx(told.min(), abs=0.2)


def test_a_part_that_is_known_is_looked_past(monkeypatch: pytest.MonkeyPatch) -> None:
    """The solver's prices are right to 1e-7, so parts that it has may seem cheap: none is asked for again.

    This town was priced 246,843 times before.
    """
    asked: list[float] = []

    def counted(pool: Pool, prices: Floats, room: float, **how: Any) -> tuple[Listed, bool]:
        asked.append(room)
        return list_parts(pool, prices, room, **how)

    monkeypatch.setattr("geogrid.partition.least_parts.list_parts", counted)
    town = lattice(["ABCD", "EFGH", "IJKL"], [22, 5, 25, 5, 1, 1, 5, 25, 8, 16, 21, 28])
    policy = replace(
        EIGHT_TO_TEN, grids_min=2, grids_max=2, band=Band(share=0.1), compactness=Compactness.MOMENT
    )
    told = divide(town, policy, engine="column-generation", time_limit_s=PATIENCE_S)
    assert told.proved
    assert 0 < len(asked) < 500
