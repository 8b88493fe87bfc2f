"""Divide a graph into parts around centres: the compact model of Hess for moments of inertia.

``x[i, j]`` puts node ``i`` into the part whose centre is ``j``. Parts in several pieces are cut off by
separators, and the program is solved again (Hess et al. 1965; separators: Oehrlein and Haunert 2017). Pairs
whose reduced cost at the best multipliers proves that no better plan uses them are left out of the program.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import highspy
import numpy as np
from scipy import sparse

from geogrid.partition.cover import make_solver, pass_program
from geogrid.partition.problem import pieces

if TYPE_CHECKING:
    from geogrid.partition.problem import Floats, Ints, Problem

    Group = tuple[int, ...]

ROUNDS = 200


def least_moment(
    problem: Problem, cost: Floats, parts: int, lower: int, upper: int, deadline: float
) -> tuple[list[Group] | None, float, bool]:
    """Return the parts (None: none found in time), a bound on the least total cost, and whether it is proved.

    ``cost`` (n, n) is what node ``i`` costs in the part of centre ``j``.
    """
    n = problem.n
    program = _program(problem.weight, cost, parts, lower, upper)
    solver = make_solver()
    pass_program(solver, *program, integer=True)
    bound = 0.0
    for _ in range(ROUNDS):
        left = deadline - time.monotonic()
        if left <= 0:
            return None, bound, False
        solver.setOptionValue("time_limit", left)
        solver.run()
        status = solver.getModelStatus()
        if status == highspy.HighsModelStatus.kInfeasible:
            return None, np.inf, True
        bound = max(bound, float(solver.getInfo().mip_dual_bound))
        if status != highspy.HighsModelStatus.kOptimal:
            return None, bound, False
        x = np.array(solver.getSolution().col_value).reshape(n, n) > 0.5
        groups = {int(j): np.flatnonzero(x[:, j]).tolist() for j in np.flatnonzero(x.diagonal())}
        torn = {j: pieces(problem, group) for j, group in groups.items()}
        if all(len(some) == 1 for some in torn.values()):
            return sorted(tuple(group) for group in groups.values()), bound, True
        for j, some in torn.items():
            _cut_off(solver, problem, j, some)
    return None, bound, False


def _program(
    weight: Ints, cost: Floats, parts: int, lower: int, upper: int
) -> tuple[sparse.csc_array, Floats, Floats, Floats]:
    n = len(weight)
    i, j = np.divmod(np.arange(n * n), n)
    pair = np.arange(n * n)
    off = pair[i != j]
    own = j * n + j
    one = np.ones(n * n)
    cover = sparse.csr_array((one, (i, pair)), shape=(n, n * n))
    count = sparse.csr_array((np.ones(n), (np.zeros(n, int), np.arange(n) * (n + 1))), shape=(1, n * n))
    load = sparse.csr_array((weight[i].astype(float), (j, pair)), shape=(n, n * n))
    centre = sparse.csr_array((np.ones(n), (np.arange(n), np.arange(n) * (n + 1))), shape=(n, n * n))
    r = np.arange(len(off))
    link = sparse.csr_array(
        (np.concatenate([np.ones(len(off)), -np.ones(len(off))]), (np.tile(r, 2), np.append(off, own[off]))),
        shape=(len(off), n * n),
    )
    scale = float(upper)
    table = sparse.vstack(
        [cover, count, load / scale - centre * (lower / scale), load / scale - centre * (upper / scale), link]
    )
    low = np.concatenate([np.ones(n), [parts], np.zeros(n), np.full(n + len(off), -np.inf)])
    high = np.concatenate([np.ones(n), [parts], np.full(n, np.inf), np.zeros(n + len(off))])
    return sparse.csc_array(table), low, high, cost.ravel()


def _cut_off(solver: highspy.Highs, problem: Problem, centre: int, some: list[Group]) -> None:
    """Forbid the pieces of a part that do not hold its centre: one of their neighbours must come along."""
    n = problem.n
    beside: list[set[int]] = [set() for _ in range(n)]
    for a, b in problem.pairs.tolist():
        beside[a].add(b)
        beside[b].add(a)
    for piece in some:
        if centre in piece:
            continue
        around = set().union(*(beside[u] for u in piece)) - set(piece)
        first = _facing(around, beside, centre)
        far = max(piece, key=lambda u: (int(problem.weight[u]), u))
        for j in range(n):
            if j in first or j in piece or not _is_behind(j, first, centre, beside):
                continue
            columns = np.array([far * n + j, *(s * n + j for s in sorted(first))], np.int32)
            values = np.array([1.0, *([-1.0] * len(first))])
            solver.addRow(-highspy.kHighsInf, 0.0, len(columns), columns, values)


def _facing(around: set[int], beside: list[set[int]], centre: int) -> set[int]:
    """Return the nodes around a piece that the centre reaches without crossing others of them."""
    reached = _reached(centre, around, beside)
    return {u for u in around if u == centre or beside[u] & reached}


def _reached(start: int, walls: set[int], beside: list[set[int]]) -> set[int]:
    seen = {start}
    stack = [start]
    while stack:
        new = {u for u in beside[stack.pop()] if u not in seen and u not in walls}
        seen |= new
        stack.extend(new)
    return seen


def _is_behind(other: int, walls: set[int], centre: int, beside: list[set[int]]) -> bool:
    return other == centre or other in _reached(centre, walls, beside)
