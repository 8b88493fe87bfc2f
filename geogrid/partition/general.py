"""The general problem: divide any graph with weights into connected parts of bounded weight."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from geogrid.errors import PlanError
from geogrid.partition.cover import choose, cover_rows
from geogrid.partition.legal_grids import Window, list_legal_grids
from geogrid.partition.objectives import pair_sums
from geogrid.partition.problem import Problem, members_of, pieces

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

    from geogrid.partition.problem import Floats, Ints, Masks

    Score = Literal["cut_edges", "cut_length", "moment"]

LIST_LIMIT = 500_000


@dataclass(frozen=True)
class WeightedGraph:
    """``n`` nodes with whole weights; ``pairs`` (e, 2) of neighbours with whole ``length`` (1 where None).

    ``distance`` (n, n) is what a unit of weight at a node costs when the part's centre is another node.
    """

    weight: Ints
    pairs: Ints
    length: Ints | None = None
    distance: Floats | None = None


@dataclass(frozen=True, slots=True)
class Solution:
    """Parts as sorted tuples of nodes (None: there are none), and what is proved of their value."""

    parts: tuple[tuple[int, ...], ...] | None
    value: float | None
    bound: float
    proved: bool
    engine: str
    seconds: float


def weighted_graph(
    weight: ArrayLike,
    pairs: Sequence[Sequence[int]],
    length: ArrayLike | None = None,
    distance: ArrayLike | None = None,
) -> WeightedGraph:
    """Make a graph of plain lists."""
    return WeightedGraph(
        np.asarray(weight, np.int64),
        np.asarray(pairs, np.int64).reshape(-1, 2),
        None if length is None else np.asarray(length, np.int64),
        None if distance is None else np.asarray(distance, np.float64),
    )


def solve(
    graph: WeightedGraph,
    parts: int,
    lower: int,
    upper: int,
    *,
    objective: Score = "cut_edges",
    time_limit_s: float = 60.0,
) -> Solution:
    """Divide ``graph`` into ``parts`` connected parts, each weighing ``lower``..``upper``, at least cost.

    ``cut_edges`` counts the pairs between parts, ``cut_length`` sums their length, ``moment`` sums weight
    times distance to each part's best centre among its members.

    :raises PlanError: ``parts`` is below one, or a moment is asked for without distances.
    """
    started = time.monotonic()
    if parts < 1:
        raise PlanError("a graph is divided into at least one part")
    if objective == "moment" and graph.distance is None:
        raise PlanError("the moment objective needs distances")
    problem = _problem(graph)
    listed = list_legal_grids(problem, Window(lower, upper, parts), 0, LIST_LIMIT)
    if not listed.complete:
        return Solution(None, None, 0.0, False, "none", time.monotonic() - started)
    constant, cost = _cost(graph, listed.masks, objective)
    found = choose(cover_rows(listed.masks, problem.n, parts), cost, None, started + time_limit_s)
    seconds = time.monotonic() - started
    if found.columns is None:
        return Solution(None, None, np.inf if found.proved else 0.0, found.proved, "legal-grids", seconds)
    chosen = tuple(sorted(members_of(row) for row in listed.masks[found.columns]))
    assert all(len(pieces(problem, part)) == 1 for part in chosen)
    value, bound = float(found.value + constant), float(found.bound + constant)
    return Solution(chosen, value, bound, found.proved, "legal-grids", seconds)


def _problem(graph: WeightedGraph) -> Problem:
    n, e = len(graph.weight), len(graph.pairs)
    return Problem(
        ids=tuple(str(i) for i in range(n)),
        weight=graph.weight,
        pairs=graph.pairs,
        length=_lengths(graph),
        open=np.ones(e, np.bool_),
        crossing=np.zeros(e, np.int64),
        compound=np.full(n, -1, np.int64),
        size=np.zeros(0, np.int64),
        xy=np.zeros((n, 2)),
        perimeter=np.zeros(n, np.int64),
        area=np.zeros(n),
        old=np.full(n, -1, np.int64),
        kept=np.full(n, -1, np.int64),
        pinned=np.full(n, -1, np.int64),
    )


def _lengths(graph: WeightedGraph) -> Ints:
    return np.ones(len(graph.pairs), np.int64) if graph.length is None else graph.length


def _cost(graph: WeightedGraph, masks: Masks, objective: Score) -> tuple[int, NDArray[np.int64]]:
    if objective == "cut_edges":
        return len(graph.pairs), -pair_sums(masks, graph.pairs, np.ones(len(graph.pairs), np.int64))
    if objective == "cut_length":
        return int(_lengths(graph).sum()), -pair_sums(masks, graph.pairs, _lengths(graph))
    assert graph.distance is not None
    table = np.array([[row >> 6, row & 63] for row in range(len(graph.weight))])
    member = ((masks[:, table[:, 0]] >> table[:, 1].astype(np.uint64)) & np.uint64(1)).astype(np.float64)
    cost = member @ (graph.weight[:, None] * graph.distance)
    cost[member == 0] = np.inf
    return 0, np.rint(cost.min(axis=1)).astype(np.int64)
