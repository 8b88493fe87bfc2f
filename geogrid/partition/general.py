"""The general problem: divide any graph with weights into connected parts of bounded weight."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, get_args

import numpy as np

from geogrid.errors import PlanError
from geogrid.partition.clock import running
from geogrid.partition.least_parts import least_parts
from geogrid.partition.question import cut_question, moment_question
from geogrid.partition.ready import make_parts_ready

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike

    from geogrid.partition.problem import Floats, Ints
    from geogrid.partition.question import Question

Score = Literal["cut_edges", "cut_length", "moment"]

ENGINE = "priced-parts"
# A search adds costs as whole numbers of 64 bits.
HEAVIEST = 1 << 50


@dataclass(frozen=True)
class WeightedGraph:
    """``n`` nodes with whole weights; ``pairs`` (e, 2) of neighbours with whole ``length`` (1 where None).

    ``distance`` (n, n) is what a unit of weight at a node (row) costs when the part's centre is another node
    (column): any numbers of 0 or more, symmetric or not.
    """

    weight: Ints
    pairs: Ints
    length: Ints | None = None
    distance: Floats | None = None


@dataclass(frozen=True, slots=True)
class Solution:
    """Parts as sorted tuples of nodes (None: none found), and what is proved of their value.

    ``proved`` with no parts says that there are none; else that no division is better. ``bound`` is what
    every division costs at least.
    """

    parts: tuple[tuple[int, ...], ...] | None
    value: float | None
    bound: float
    proved: bool
    engine: str
    seconds: float

    @property
    def gap(self) -> float:
        """Return by which share of the value it could still fall (inf: nothing found)."""
        if self.value is None:
            return 0.0 if self.proved else float("inf")
        return 0.0 if self.proved or self.value == 0 else (self.value - self.bound) / self.value


def weighted_graph(
    weight: ArrayLike,
    pairs: Sequence[Sequence[int]] | Ints,
    length: ArrayLike | None = None,
    distance: ArrayLike | None = None,
) -> WeightedGraph:
    """Make a graph of plain lists.

    :raises PlanError: the lists do not make a graph; all faults are told.
    """
    graph = WeightedGraph(
        _whole(weight, "weight"),
        _whole(pairs, "pairs").reshape(-1, 2),
        None if length is None else _whole(length, "length"),
        None if distance is None else np.asarray(distance, np.float64),
    )
    _refuse(_faults(graph))
    return graph


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

    :raises PlanError: the graph or the question makes no sense; all faults are told.
    """
    faults = _faults(graph)
    if parts < 1:
        faults.append("a graph is divided into at least one part")
    if objective not in get_args(Score):
        faults.append(f"objective {objective!r} is none of {', '.join(get_args(Score))}")
    if objective == "moment" and graph.distance is None:
        faults.append("the moment objective needs distances")
    _refuse(faults)
    make_parts_ready()
    started = time.monotonic()
    if _cannot_be(graph.weight, parts, lower, upper):
        return Solution(None, None, np.inf, True, ENGINE, time.monotonic() - started)
    question = _question(graph, parts, max(lower, 0), upper, objective)
    with running(started + time_limit_s) as clock:
        found = least_parts(question, clock)
    bound = max(0.0, found.bound * question.unit - question.slack)
    proved = found.bound >= found.value
    if found.groups is None:
        return Solution(None, None, bound, proved, ENGINE, time.monotonic() - started)
    chosen = tuple(sorted(found.groups))
    value = _checked(graph, chosen, parts, lower, upper, objective)
    if value < bound - question.slack - 1e-9 * bound:
        raise PlanError(f"the solver's plan costs {value}, less than its bound {bound}")
    return Solution(chosen, value, value if proved else bound, proved, ENGINE, time.monotonic() - started)


def value_of(graph: WeightedGraph, parts: Sequence[Sequence[int]], objective: Score) -> float:
    """Return what a division costs, from its definition."""
    side = {node: n for n, part in enumerate(parts) for node in part}
    if objective == "moment":
        assert graph.distance is not None
        moments = graph.weight[:, None] * graph.distance
        return float(sum(moments[np.ix_(part, part)].sum(axis=0).min() for part in parts))
    lengths = _lengths(graph, objective).tolist()
    pairs = zip(graph.pairs.tolist(), lengths, strict=True)
    return float(sum(length for (a, b), length in pairs if side[a] != side[b]))


def _question(graph: WeightedGraph, parts: int, lower: int, upper: int, objective: Score) -> Question:
    if objective == "moment":
        assert graph.distance is not None
        return moment_question(graph.weight, graph.pairs, graph.distance, parts, lower, upper)
    return cut_question(graph.weight, graph.pairs, _lengths(graph, objective), parts, lower, upper)


def _lengths(graph: WeightedGraph, objective: Score) -> Ints:
    if objective == "cut_edges" or graph.length is None:
        return np.ones(len(graph.pairs), np.int64)
    return graph.length


def _cannot_be(weight: Ints, parts: int, lower: int, upper: int) -> bool:
    """Tell whether the weights alone forbid every division."""
    total = int(weight.sum())
    return (
        parts > len(weight)
        or lower > upper
        or int(weight.max()) > upper
        or not parts * lower <= total <= parts * upper
    )


def _checked(
    graph: WeightedGraph, parts: Sequence[Sequence[int]], count: int, lower: int, upper: int, objective: Score
) -> float:
    """Judge the parts found by their definition before anyone sees them, and return what they cost."""
    once = sorted(node for part in parts for node in part) == list(range(len(graph.weight)))
    loads = [int(graph.weight[list(part)].sum()) for part in parts]
    bounded = all(lower <= load <= upper for load in loads)
    if not (len(parts) == count and once and bounded and all(_connected(graph.pairs, p) for p in parts)):
        raise PlanError("the solver's answer does not stand up to the check of its parts")
    return value_of(graph, parts, objective)


def _connected(pairs: Ints, part: Sequence[int]) -> bool:
    left = set(part)
    inside = [(a, b) for a, b in pairs.tolist() if a in left and b in left]
    beside: dict[int, list[int]] = {node: [] for node in part}
    for a, b in inside:
        beside[a].append(b)
        beside[b].append(a)
    stack = [left.pop()]
    while stack:
        new = [node for node in beside[stack.pop()] if node in left]
        left.difference_update(new)
        stack.extend(new)
    return not left


def _whole(given: ArrayLike, name: str) -> Ints:
    """Return whole numbers, or say what is not."""
    numbers = np.asarray(given)
    if numbers.size and (numbers.dtype.kind not in "iufb" or not (numbers == np.rint(numbers)).all()):
        raise PlanError(f"{name}: whole numbers are needed; scale it and round it first")
    return numbers.astype(np.int64)


def _faults(graph: WeightedGraph) -> list[str]:
    """Return in words what is wrong with a graph."""
    n, faults = len(graph.weight), []
    if n == 0:
        faults.append("the graph has no nodes")
    if (graph.weight < 0).any():
        faults.append(f"weight of node {int(np.argmax(graph.weight < 0))} is negative")
    if int(graph.weight.sum()) > HEAVIEST:
        faults.append(f"the weights add up to more than {HEAVIEST}; scale them down")
    return faults + _pair_faults(graph, n) + _distance_faults(graph, n)


def _pair_faults(graph: WeightedGraph, n: int) -> list[str]:
    pairs, length, faults = graph.pairs, graph.length, []
    outside = ((pairs < 0) | (pairs >= n)).any(axis=1)
    if outside.any():
        faults.append(f"pair {pairs[np.argmax(outside)].tolist()} names a node outside 0..{n - 1}")
    if (pairs[:, 0] == pairs[:, 1]).any():
        faults.append(f"node {int(pairs[np.argmax(pairs[:, 0] == pairs[:, 1]), 0])} neighbours itself")
    if len(np.unique(np.sort(pairs, axis=1), axis=0)) < len(pairs):
        faults.append("a pair is given twice; add up its lengths")
    if length is None:
        return faults
    if length.shape != (len(pairs),):
        faults.append(f"{len(pairs)} pairs but lengths of shape {length.shape}")
    elif (length < 0).any():
        faults.append(f"length of pair {pairs[np.argmax(length < 0)].tolist()} is negative")
    elif int(length.sum()) > HEAVIEST >> 8:
        faults.append(f"the lengths add up to more than {HEAVIEST >> 8}; take a larger unit")
    return faults


def _distance_faults(graph: WeightedGraph, n: int) -> list[str]:
    distance = graph.distance
    if distance is None:
        return []
    if distance.shape != (n, n):
        return [f"distances have shape {distance.shape}, not ({n}, {n})"]
    if not np.isfinite(distance).all() or (distance < 0).any():
        i, j = np.argwhere(~np.isfinite(distance) | (distance < 0))[0].tolist()
        return [f"distance from node {i} to centre {j} is {distance[i, j]}, not a number of 0 or more"]
    return []


def _refuse(faults: list[str]) -> None:
    if faults:
        raise PlanError("; ".join(faults))
