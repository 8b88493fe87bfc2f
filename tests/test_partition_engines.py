"""The engines against each other on towns too large to try every plan."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from geogrid.model import BarrierKind
from geogrid.partition import divide, solve, weighted_graph
from geogrid.policy import EIGHT_TO_TEN, Compactness, window_of
from tests.brute_force import PATIENCE_S, lattice

if TYPE_CHECKING:
    from geogrid.adjacency import UnitGraph
    from geogrid.policy import Policy


def town(rows: int, columns: int, seed: int) -> UnitGraph:
    """Draw a town: a third of its cells in compounds of two or three, some streets and a canal between."""
    draw = np.random.default_rng(seed)
    letters = [["h"] * columns for _ in range(rows)]
    for letter in "ABCDEFGHIJKLMNOP"[: rows * columns // 6]:
        row, column, long = (int(draw.integers(*ends)) for ends in ((0, rows), (0, columns), (2, 4)))
        for place in range(column, min(column + long, columns)):
            if letters[row][place] == "h":
                letters[row][place] = letter
    drawing = ["".join(row) for row in letters]
    homes = draw.integers(1, 60, rows * columns).tolist()
    pairs = [(edge.a, edge.b) for edge in lattice(drawing, homes).edges]
    some = draw.permutation(len(pairs))[: rows * columns // 4].tolist()
    kinds = [BarrierKind.ARTERIAL] * (len(some) - 1) + [BarrierKind.RIVER]
    return lattice(drawing, homes, dict(zip([pairs[i] for i in some], kinds, strict=True)))


def asked(low: int, high: int, compactness: Compactness = Compactness.BORDER) -> Policy:
    return replace(EIGHT_TO_TEN, grids_min=low, grids_max=high, compactness=compactness)


@pytest.mark.parametrize(
    ("rows", "columns", "low", "high"), [(3, 5, 3, 4), (4, 5, 5, 6), (5, 6, 6, 7), (5, 8, 8, 9)]
)
@pytest.mark.parametrize("seed", range(2))
def test_two_engines_prove_the_same_plan_and_the_search_beats_neither(
    rows: int, columns: int, low: int, high: int, seed: int
) -> None:
    graph, policy = town(rows, columns, seed), asked(low, high)
    listed = divide(graph, policy, engine="legal-grids", time_limit_s=PATIENCE_S)
    generated = divide(graph, policy, engine="column-generation", time_limit_s=PATIENCE_S)
    searched = divide(graph, policy, engine="search", time_limit_s=PATIENCE_S)
    assert listed.proved
    assert generated.proved
    assert generated.vector == listed.vector
    best = tuple(generated.vector.values())
    assert best <= tuple(searched.vector.values())
    for name, value in generated.vector.items():
        assert searched.bounds[name] <= value + 1e-6
        if searched.vector[name] != value:
            break


@pytest.mark.parametrize("compactness", [Compactness.MOMENT, Compactness.POLSBY_POPPER])
def test_any_score_of_a_grid_is_proved_by_generated_columns_as_by_the_list(compactness: Compactness) -> None:
    graph, policy = town(3, 5, 3), asked(3, 4, compactness)
    listed = divide(graph, policy, engine="legal-grids", time_limit_s=PATIENCE_S)
    generated = divide(graph, policy, engine="column-generation", time_limit_s=PATIENCE_S)
    assert listed.proved
    assert generated.proved
    assert generated.vector == pytest.approx(dict(listed.vector))


def test_one_compound_a_unit_is_the_general_problem_and_as_well_proved() -> None:
    """26 homes of 26 compounds in two grids: minimum cuts price them, and the deviation is settled too."""
    drawing = ["ABCDEFG", "HIJKLMN", "OPQRST ", "UVWXYZ "]
    graph = lattice(drawing, np.random.default_rng(5).integers(20, 60, 26).tolist())
    homes, index = [unit.households for unit in graph.units], {u.id: i for i, u in enumerate(graph.units)}
    lower, upper = window_of(EIGHT_TO_TEN, sum(homes), 2) or (0, 0)
    pairs = [(index[edge.a], index[edge.b]) for edge in graph.edges]
    told = solve(
        weighted_graph(homes, pairs), 2, lower, upper, objective="cut_edges", time_limit_s=PATIENCE_S
    )
    generated = divide(graph, asked(2, 2), engine="column-generation", time_limit_s=PATIENCE_S)
    assert told.proved
    assert generated.proved
    assert told.value is not None
    assert generated.vector["compactness"] == pytest.approx(100 * told.value)
    assert generated.vector["alignment"] == 24


@pytest.mark.parametrize("parts", [2, 3, 5])
def test_moments_of_few_large_grids_are_proved(parts: int) -> None:
    """35 homes a compound each: boxes of centres prove what the list of all legal grids finds, and sooner."""
    rows = ["".join(chr(0x4E00 + 7 * i + j) for j in range(7)) for i in range(5)]
    graph = lattice(rows, np.random.default_rng(3).integers(20, 60, 35).tolist())
    told = divide(graph, asked(parts, parts, Compactness.MOMENT), time_limit_s=PATIENCE_S)
    assert told.proved
    searched = divide(
        graph, asked(parts, parts, Compactness.MOMENT), engine="search", time_limit_s=PATIENCE_S
    )
    assert told.vector["compactness"] <= searched.vector["compactness"] + 1
