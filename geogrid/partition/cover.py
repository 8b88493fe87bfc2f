"""Choose the best set of legal grids that covers every unit once: set partitioning with HiGHS.

Linear programs are solved by sifting (few columns in the solver, all priced outside). A column is left out
of the integer program only where its reduced cost, against a bound computed here from the duals, proves that
no better plan contains it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import highspy
import numpy as np
from numba import njit
from scipy import sparse

from geogrid.partition.leftovers import ONE

if TYPE_CHECKING:
    from geogrid.partition.clock import Clock
    from geogrid.partition.problem import Floats, Ints, Masks

# HiGHS does not look at the clock while it compares columns before solving: with 120,000 that took minutes.
PRESOLVED = 50_000
SOLVER_COLUMNS = 4000
PROGRAM_COLUMNS = 40_000
TOLERANCE = 1e-6


@dataclass(frozen=True)
class Rows:
    """The rows of a cover (r, m) with their bounds; the first ``n`` cover the units once each."""

    table: sparse.csc_array
    lower: Floats
    upper: Floats

    def take(self, columns: Ints) -> Rows:
        """Return the same rows over some of the columns, which ascend."""
        whole = len(columns) == self.table.shape[1]
        return self if whole else Rows(self.table[:, columns], self.lower, self.upper)

    def fixed(self, cost: Ints, upper: float) -> Rows:
        """Return these rows and one more that keeps ``cost`` at most at ``upper``."""
        return Rows(_below(self.table, cost), np.append(self.lower, -np.inf), np.append(self.upper, upper))


@dataclass(frozen=True)
class Relaxed:
    """The linear relaxation: a bound, reduced costs, and where it is infeasible neither."""

    bound: float
    reduced: Floats
    feasible: bool
    finished: bool
    dual: Floats


@dataclass(frozen=True)
class Chosen:
    """The columns chosen (None: no plan exists, or none was found in time) and what is proved of them.

    ``reduced`` are the reduced costs against the bound ``relaxed``.
    """

    columns: Ints | None
    value: int
    bound: float
    proved: bool
    reduced: Floats | None
    relaxed: float = -np.inf


def cover_rows(masks: Masks, n: int, parts: int) -> Rows:
    """Return the rows: every unit once, and ``parts`` grids (0: any number)."""
    start, index = _bits(masks, n, parts > 0)
    rows = n + (parts > 0)
    table = sparse.csc_array((np.ones(len(index)), index, start), shape=(rows, len(masks)))
    bounds = np.ones(rows)
    bounds[n:] = parts
    return Rows(table, bounds, bounds.copy())


@njit(cache=True)
def _bits(masks: Masks, n: int, counted: bool) -> tuple[Ints, Ints]:
    start = np.zeros(len(masks) + 1, np.int64)
    start[1:] = counted
    for i in range(len(masks)):
        for u in range(n):
            start[i + 1] += (masks[i, u >> 6] >> np.uint64(u & 63)) & ONE == ONE
    start = np.cumsum(start)
    index = np.empty(start[-1], np.int64)
    at = 0
    for i in range(len(masks)):
        for u in range(n):
            if (masks[i, u >> 6] >> np.uint64(u & 63)) & ONE:
                index[at] = u
                at += 1
        if counted:
            index[at] = n
            at += 1
    return start, index


def _below(table: sparse.csc_array, row: Ints) -> sparse.csc_array:
    """Return a table with one more row."""
    # sparse.vstack goes by coordinates and takes many times as long.
    there = np.flatnonzero(row)
    ends = table.indptr[1:][there]
    shape = table.shape[0] + 1, table.shape[1]
    start = table.indptr + np.append(0, np.cumsum(row != 0))
    index = np.insert(table.indices, ends, table.shape[0])
    return sparse.csc_array((np.insert(table.data, ends, row[there]), index, start), shape=shape)


def _with_slacks(table: sparse.csc_array) -> sparse.csc_array:
    """Return a table with two more columns for each row, which raise it and lower it."""
    r, m = table.shape
    row, one = np.arange(r), np.ones(r)
    start = np.append(table.indptr, table.indptr[-1] + np.arange(1, 2 * r + 1))
    data = np.concatenate([table.data, one, -one])
    return sparse.csc_array((data, np.concatenate([table.indices, row, row]), start), shape=(r, m + 2 * r))


def choose(
    rows: Rows, cost: Ints, known: Ints | None, clock: Clock, relaxed: Relaxed | None = None
) -> Chosen:
    """Find the columns of least ``cost`` that fill the rows, starting from a ``known`` plan.

    Costs are whole numbers, so a plan within less than one of the bound is the best.
    """
    relaxed = relax(rows, cost, known, clock) if relaxed is None else relaxed
    if not relaxed.feasible:
        return Chosen(None, 0, np.inf, relaxed.finished, None)
    best = known
    value = np.inf if known is None else int(cost[known].sum())
    if not relaxed.finished:
        return Chosen(best, _worth(best, cost), -np.inf, False, None)
    bound = relaxed.bound
    room = min(_first_room(relaxed), value - bound)
    proved = True
    while value - bound >= 1 - TOLERANCE:
        inside = np.flatnonzero(relaxed.reduced <= room + TOLERANCE)
        if len(inside) > PROGRAM_COLUMNS:
            # The solver would look at its clock too late.
            proved = False
            break
        found = _integer(rows.take(inside), cost[inside], _places(inside, best), clock)
        if found.columns is not None and found.value < value:
            best, value = inside[found.columns], found.value
        everything = len(inside) == len(cost)
        # A plan with a column that was left out costs more than bound + room.
        bound = max(bound, found.bound if everything else min(found.bound, relaxed.bound + room))
        proved = found.proved
        if not proved or everything or value <= relaxed.bound + room + TOLERANCE:
            break
        room = value - relaxed.bound if np.isfinite(value) else max(4 * room, 1.0)
    bound = float(value) if proved else bound
    return Chosen(best, _worth(best, cost), bound, proved, relaxed.reduced, relaxed.bound)


def _worth(columns: Ints | None, cost: Ints) -> int:
    return 0 if columns is None else int(cost[columns].sum())


def _first_room(relaxed: Relaxed) -> float:
    order = np.sort(relaxed.reduced)
    return float(max(order[min(len(order), SOLVER_COLUMNS // 2) - 1], 0.0))


def _places(inside: Ints, columns: Ints | None) -> Ints | None:
    if columns is None:
        return None
    at = np.searchsorted(inside, np.sort(columns))
    at = np.minimum(at, len(inside) - 1)
    return at if np.array_equal(inside[at], np.sort(columns)) else None


def relax(rows: Rows, cost: Ints, known: Ints | None, clock: Clock) -> Relaxed:
    """Solve the linear relaxation over all columns, a few thousand of them in the solver at a time."""
    m = rows.table.shape[1]
    nothing = np.zeros(0)
    if m == 0:
        return Relaxed(np.inf, np.zeros(0), False, True, nothing)
    active = np.arange(m) if m <= SOLVER_COLUMNS else _spread(rows, cost, known)
    priced = rows.table.T.tocsr()
    if known is None:
        # First make it feasible: only the artificial columns cost.
        free = np.zeros(m, np.int64)
        active, short, finished = _sift(rows, priced, free, active, clock, artificial=True)
        if not finished or short is None or short[0] > TOLERANCE:
            return Relaxed(np.inf, np.zeros(m), False, finished, nothing)
    active, solved, finished = _sift(rows, priced, cost, active, clock, artificial=False)
    if solved is None or not finished:
        return Relaxed(-np.inf, np.zeros(m), True, False, nothing)
    reduced = cost - priced @ solved[1]
    return Relaxed(_safe_bound(rows, solved[1], reduced), np.asarray(reduced), True, True, solved[1])


def _safe_bound(rows: Rows, dual: Floats, reduced: Floats) -> float:
    """Bound the least cost by any duals whatever: rows at their worse end, columns at 0 or 1."""
    low = np.where(np.isfinite(rows.lower), rows.lower, 0.0)
    high = np.where(np.isfinite(rows.upper), rows.upper, 0.0)
    sound = np.where(np.isfinite(rows.lower), dual, np.minimum(dual, 0.0))
    return float(np.where(sound > 0, low * sound, high * sound).sum() + np.minimum(reduced, 0.0).sum())


def _spread(rows: Rows, cost: Ints, known: Ints | None) -> Ints:
    m = rows.table.shape[1]
    picked = [np.arange(0, m, max(1, m // (SOLVER_COLUMNS // 2)))]
    size = np.diff(rows.table.indptr)
    picked.append(np.argsort(cost / np.maximum(size, 1), kind="stable")[: SOLVER_COLUMNS // 4])
    if known is not None:
        picked.append(known)
    return np.unique(np.concatenate(picked))


def _sift(
    rows: Rows, priced: sparse.csr_array, cost: Ints, active: Ints, clock: Clock, *, artificial: bool
) -> tuple[Ints, tuple[float, Floats] | None, bool]:
    solver = make_solver()
    in_solver = np.zeros(rows.table.shape[1], np.bool_)
    pass_program(solver, rows.take(active), cost[active], artificial=artificial)
    in_solver[active] = True
    while True:
        with clock.timed(solver):
            solver.run()
        if solver.getModelStatus() != highspy.HighsModelStatus.kOptimal:
            return active, None, False
        dual = np.array(solver.getSolution().row_dual)
        value = solver.getInfo().objective_function_value
        if artificial and value <= TOLERANCE:
            return active, (value, dual), True
        reduced = cost - priced @ dual
        reduced[in_solver] = 0.0
        better = np.flatnonzero(reduced < -1e-7)
        if len(better) == 0:
            return active, (value, dual), True
        if len(better) > SOLVER_COLUMNS // 2:
            worst = np.argsort(reduced[better], kind="stable")[: SOLVER_COLUMNS // 2]
            better = np.sort(better[worst])
        add_columns(solver, rows.take(better), cost[better])
        in_solver[better] = True
        active = np.sort(np.concatenate([active, better]))


def make_solver() -> highspy.Highs:
    """Return a quiet, deterministic solver for costs that are whole numbers."""
    solver = highspy.Highs()  # type: ignore[no-untyped-call]
    for name, value in (
        ("output_flag", False),
        ("threads", 1),
        ("parallel", "off"),
        ("random_seed", 1),
        ("mip_rel_gap", 0.0),
        ("mip_abs_gap", 1 - 1e-4),
        ("mip_feasibility_tolerance", 1e-7),
    ):
        solver.setOptionValue(name, value)
    return solver


def pass_program(
    solver: highspy.Highs,
    rows: Rows,
    cost: Ints | Floats,
    *,
    integer: bool = False,
    artificial: bool = False,
) -> None:
    """Give the solver a program over columns of 0 or more, or of 0 and 1.

    ``artificial`` ones fill what the rows lack and take what they have too much, for 1 each.
    """
    table, costs = rows.table, cost.astype(np.float64)
    if artificial:
        table = _with_slacks(table)
        costs = np.concatenate([costs, np.ones(2 * table.shape[0])])
    lp = highspy.HighsLp()
    lp.num_row_, lp.num_col_ = table.shape
    lp.col_cost_ = costs
    lp.col_lower_ = np.zeros(len(costs))
    # Covering a unit once already keeps a column at 1; an upper bound would only blur its reduced cost.
    lp.col_upper_ = np.full(len(costs), 1.0 if integer else highspy.kHighsInf)
    lp.row_lower_ = np.where(np.isfinite(rows.lower), rows.lower, -highspy.kHighsInf)
    lp.row_upper_ = np.where(np.isfinite(rows.upper), rows.upper, highspy.kHighsInf)
    lp.a_matrix_.format_ = highspy.MatrixFormat.kColwise
    lp.a_matrix_.start_ = table.indptr.astype(np.int32)
    lp.a_matrix_.index_ = table.indices.astype(np.int32)
    lp.a_matrix_.value_ = table.data.astype(np.float64)
    if integer:
        lp.integrality_ = [highspy.HighsVarType.kInteger] * len(costs)
    solver.passModel(lp)


def add_columns(solver: highspy.Highs, rows: Rows, cost: Ints | Floats) -> None:
    """Give the solver more columns."""
    m = rows.table.shape[1]
    solver.addCols(
        m,
        cost.astype(np.float64),
        np.zeros(m),
        np.full(m, highspy.kHighsInf),
        rows.table.nnz,
        rows.table.indptr[:-1].astype(np.int32),
        rows.table.indices.astype(np.int32),
        rows.table.data.astype(np.float64),
    )


def _integer(rows: Rows, cost: Ints, known: Ints | None, clock: Clock) -> Chosen:
    if clock.over:
        return Chosen(None, 0, -np.inf, False, None)
    solver = make_solver()
    m = rows.table.shape[1]
    if m > PRESOLVED:
        solver.setOptionValue("presolve", "off")
    pass_program(solver, rows, cost, integer=True)
    if known is not None:
        solution = highspy.HighsSolution()
        start = np.zeros(m)
        start[known] = 1.0
        solution.col_value = start.tolist()
        solver.setSolution(solution)
    with clock.timed(solver):
        solver.run()
    status = solver.getModelStatus()
    if status == highspy.HighsModelStatus.kInfeasible:
        return Chosen(None, 0, np.inf, True, None)
    info = solver.getInfo()
    proved = status == highspy.HighsModelStatus.kOptimal
    if info.primal_solution_status != highspy.SolutionStatus.kSolutionStatusFeasible:
        return Chosen(None, 0, info.mip_dual_bound, False, None)
    columns = np.flatnonzero(np.array(solver.getSolution().col_value) > 0.5)
    return Chosen(columns, int(cost[columns].sum()), info.mip_dual_bound, proved, None)
