"""The general problem: divide any graph with weights into connected parts of bounded weight."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

import numpy as np

from geogrid.errors import PlanError
from geogrid.partition.centres import least_moment
from geogrid.partition.clock import Clock
from geogrid.partition.cover import choose, cover_rows
from geogrid.partition.legal_grids import Window, list_legal_grids
from geogrid.partition.objectives import pair_sums
from geogrid.partition.peel import least_cut
from geogrid.partition.problem import Problem, members_of, neighbour_masks, pieces
from geogrid.partition.sweep import sweep_order

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

    from geogrid.partition.problem import Floats, Ints, Masks

    Score = Literal["cut_edges", "cut_length", "moment"]
    Found = tuple[list[tuple[int, ...]] | None, float, bool, str]

LIST_FIRST = 20_000
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
    problem, deadline = _problem(graph), started + time_limit_s
    limit = LIST_FIRST if objective != "cut_length" else LIST_LIMIT
    listed = list_legal_grids(problem, Window(lower, upper, parts), 0, limit)
    if listed.complete:
        found = _covered(graph, problem, listed.masks, parts, objective, deadline)
    elif objective == "cut_edges":
        found = _peeled(problem, parts, lower, upper, deadline)
    elif objective == "moment":
        assert graph.distance is not None
        cost = graph.weight[:, None] * graph.distance
        groups, bound, proved = least_moment(problem, cost, parts, lower, upper, deadline)
        found = groups, bound, proved, "centres"
    else:
        found = None, 0.0, False, "legal-grids"
    return _told(graph, problem, Window(lower, upper, parts), objective, found, time.monotonic() - started)


def _covered(
    graph: WeightedGraph, problem: Problem, masks: Masks, parts: int, objective: Score, deadline: float
) -> Found:
    constant, cost = _cost(graph, masks, objective)
    found = choose(cover_rows(masks, problem.n, parts), cost, None, Clock(deadline))
    if found.columns is None:
        return None, np.inf if found.proved else 0.0, found.proved, "legal-grids"
    groups = [members_of(row) for row in masks[found.columns]]
    return groups, float(found.bound + constant), found.proved, "legal-grids"


def _peeled(problem: Problem, parts: int, lower: int, upper: int, deadline: float) -> Found:
    """Divide by peeling, with the nodes in an order that begins at one end of the graph."""
    order = sweep_order(problem.xy, problem.pairs)
    place = np.empty(problem.n, np.int64)
    place[order] = np.arange(problem.n)
    turned = replace(problem, weight=problem.weight[order], pairs=place[problem.pairs])
    masks, cut, finished = least_cut(neighbour_masks(turned), turned.weight, parts, lower, upper, deadline)
    if masks is None:
        return None, np.inf if finished else float(cut), finished, "peeling"
    groups = [tuple(sorted(int(order[u]) for u in members_of(row))) for row in masks]
    return groups, float(cut), True, "peeling"


def _told(
    graph: WeightedGraph, problem: Problem, window: Window, objective: Score, found: Found, seconds: float
) -> Solution:
    """Judge the parts found by their definition before anyone sees them."""
    groups, bound, proved, engine = found
    if groups is None:
        return Solution(None, None, bound, proved, engine, seconds)
    chosen = tuple(sorted(groups))
    once = sorted(node for part in chosen for node in part) == list(range(problem.n))
    loads = [int(problem.weight[list(part)].sum()) for part in chosen]
    bounded = all(window.lower <= load <= window.upper for load in loads)
    connected = all(len(pieces(problem, part)) == 1 for part in chosen)
    value = value_of(graph, chosen, objective)
    if not (
        once and bounded and connected and len(chosen) == window.parts and value >= bound - 1e-4 * abs(bound)
    ):
        raise PlanError("the solver's answer does not stand up to the check of its parts")
    return Solution(chosen, value, value if proved else bound, proved, engine, seconds)


def value_of(graph: WeightedGraph, parts: Sequence[Sequence[int]], objective: Score) -> float:
    """Return what a division costs, from its definition."""
    side = {node: n for n, part in enumerate(parts) for node in part}
    if objective == "moment":
        assert graph.distance is not None
        return float(
            sum(
                round(min(sum(int(graph.weight[i]) * graph.distance[i, j] for i in part) for j in part))
                for part in parts
            )
        )
    lengths = _lengths(graph) if objective == "cut_length" else np.ones(len(graph.pairs), np.int64)
    pairs = zip(graph.pairs.tolist(), lengths.tolist(), strict=True)
    return float(sum(length for (a, b), length in pairs if side[a] != side[b]))


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
