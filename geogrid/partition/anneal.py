"""Anneal a plan: move units and compounds between neighbouring grids, improving moves ever likelier.

For communities of any size. The objectives are added up with weights that fall steeply in the policy's order;
connectedness and the rule of compounds hold after every move. The same start and seed give the same plan.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numba import njit

from geogrid.partition.rows import row, table
from geogrid.partition.slope import Slope, slope_of
from geogrid.partition.steps import step
from geogrid.partition.tally import (
    Compound,
    End,
    Grid,
    Move,
    Unit,
    compounds_of,
    count_compounds,
    count_units,
    gather,
    keeps_rule,
    load,
    mix,
    move_compound,
    move_units,
    turn_marks,
    units_of,
)
from geogrid.policy import Compactness

if TYPE_CHECKING:
    from collections.abc import Sequence

    from geogrid.partition.clock import Clock
    from geogrid.partition.legal_grids import Flag, Window
    from geogrid.partition.problem import Floats, Ints, Problem
    from geogrid.policy import Policy

HOTTEST, COLDEST = 1.0, 0.02
BORDER, MOMENT, POLSBY_POPPER = range(3)
KINDS = {
    Compactness.BORDER: BORDER,
    Compactness.MOMENT: MOMENT,
    Compactness.POLSBY_POPPER: POLSBY_POPPER,
}


class Aim(NamedTuple):
    """The weights, the kind of compactness, and the households a grid should have."""

    slope: Slope
    kind: int
    lower: int
    upper: int
    ideal: float


def anneal(
    problem: Problem,
    policy: Policy,
    window: Window,
    grid: Ints,
    clock: Clock,
    *,
    moves: int,
    seed: int,
    heat: float = HOTTEST,
) -> Ints:
    """Return the best plan met in so many ``moves`` from the plan ``grid`` (n), numbered from 0 alike."""
    parts = int(grid.max()) + 1
    slope = slope_of(problem, policy, parts)
    most = min(window.upper, problem.total)
    aim = Aim(slope, KINDS[policy.compactness], window.lower, most, problem.total / parts)
    heats = slope.step * np.array([heat, COLDEST])
    best = _anneal(
        *units_of(problem),
        *compounds_of(problem),
        grid.astype(np.int64),
        table(Grid, units=np.zeros(parts)),
        row(Move),
        aim,
        heats,
        moves,
        seed,
        clock.flag,
    )
    return np.asarray(best)


@njit(cache=True, nogil=True)
def _anneal(
    units: Sequence[Unit],
    ends: Sequence[End],
    compounds: Sequence[Compound],
    members: Ints,
    plan: Ints,
    grids: Sequence[Grid],
    move: Move,
    aim: Aim,
    heats: Floats,
    moves: int,
    seed: int,
    flag: Flag,
) -> Ints:
    n, parts, olds = len(plan), len(grids), 0
    for v in range(n):
        olds = max(olds, units[v].old + 1)
    shared = np.zeros((parts, olds), np.int64)
    inside = np.zeros((parts, len(compounds)), np.int64)
    count_units(units, ends, plan, grids, shared)
    count_compounds(units, plan, grids, compounds, inside)
    moving, stack, mark = np.empty(n, np.int64), np.empty(n, np.int64), np.zeros(n, np.int64)
    best = plan.copy()
    energy = lowest = 0.0
    state = np.uint64(seed) * np.uint64(0x9E3779B97F4A7C15) + np.uint64(0x1234567)
    cooling = (heats[1] / heats[0]) ** (1.0 / max(moves, 1))
    heat = heats[0]
    for turn in range(moves):
        if flag[0]:
            break
        heat *= cooling
        state = _drawn(state)
        v, at = _picked(units, state)
        if at < 0 or plan[v] == plan[ends[at].near] or not ends[at].is_open:
            continue
        move.a, move.b, move.compound = plan[v], plan[ends[at].near], units[v].compound
        gather(move, moving, v, compounds, members, inside, state)
        if move.units == grids[move.a].units or not _may_mix(move, grids, compounds, inside):
            continue
        turn_marks(move, moving, units)
        load(move, moving, units, ends, plan)
        if move.homes < grids[move.a].homes:
            state = _drawn(state)
            change = _change(move, moving, units, grids, shared, compounds, inside, aim)
            if _is_taken(change, heat, state) and _stay_in_one_piece(
                move, moving, units, ends, plan, grids, mark, stack, 2 * turn
            ):
                move_units(move, moving, units, plan, grids, shared)
                if move.compound >= 0:
                    move_compound(move, grids, compounds, inside)
                energy += change
                if energy < lowest - 1e-9:
                    lowest = energy
                    best[:] = plan
        turn_marks(move, moving, units)
    return best


@step
def _drawn(state: np.uint64) -> np.uint64:
    """Return the next number of an xorshift generator (Marsaglia 2003)."""
    state ^= state << np.uint64(13)
    state ^= state >> np.uint64(7)
    state ^= state << np.uint64(17)
    return state


@step
def _picked(units: Sequence[Unit], state: np.uint64) -> tuple[int, int]:
    """Return a unit and one of its ends of pairs, -1 where it has none."""
    v = int(np.int64((state >> np.uint64(11)) % np.uint64(len(units))))
    first, degree = units[v].first_end, units[v].last_end - units[v].first_end
    if degree == 0:
        return v, -1
    return v, first + int(np.int64((state >> np.uint64(40)) % np.uint64(degree)))


@step
def _may_mix(move: Move, grids: Sequence[Grid], compounds: Sequence[Compound], inside: Ints) -> bool:
    if move.compound < 0:
        return True
    mix(move, grids, compounds, inside)
    return keeps_rule(move)


@step
def _change(
    move: Move,
    moving: Ints,
    units: Sequence[Unit],
    grids: Sequence[Grid],
    shared: Ints,
    compounds: Sequence[Compound],
    inside: Ints,
    aim: Aim,
) -> float:
    """Return what a move adds to the weighted sum of the objectives."""
    change = 0.0
    for side in range(2):
        g, sign, border = (move.b, 1, move.to_b) if side else (move.a, -1, move.to_a)
        before = 0.0
        for after in range(2):
            cost = _cost(g, after * sign, border, move, moving, units, grids, shared, aim)
            change += cost - before if after else 0.0
            before = cost
    if aim.kind == BORDER:
        change += aim.slope.compactness * 10.0 * (move.to_a - move.to_b)
    change += aim.slope.barriers * move.crossings
    if move.compound >= 0:
        before_a, before_b = grids[move.a].compounds, grids[move.b].compounds
        change += aim.slope.alignment * (max(move.a_compounds - 1, 0) - max(before_a - 1, 0))
        change += aim.slope.alignment * (max(move.b_compounds - 1, 0) - max(before_b - 1, 0))
        was = compounds[move.compound].grids
        now = was - (move.a_left == 0) + (inside[move.b, move.compound] == 0)
        change += aim.slope.alignment * ((now > 1) - (was > 1))
    return change


@step
def _cost(
    g: int,
    sign: int,
    border: float,
    move: Move,
    moving: Ints,
    units: Sequence[Unit],
    grids: Sequence[Grid],
    shared: Ints,
    aim: Aim,
) -> float:
    """Return what a grid costs by itself: as it is (0), after a move from it (-1) or to it (1)."""
    grid = grids[g]
    homes = grid.homes + sign * move.homes
    off = float(max(aim.lower - homes, homes - aim.upper, 0))
    cost = aim.slope.window * (off + off * off / aim.ideal) + aim.slope.deviation * abs(homes - aim.ideal)
    if aim.kind == MOMENT:
        x, y = grid.x + sign * move.x, grid.y + sign * move.y
        square = grid.square + sign * move.square
        cost += aim.slope.compactness * (square - (x * x + y * y) / max(homes, 1))
    elif aim.kind == POLSBY_POPPER:
        rim = grid.rim + sign * (move.rim - 2 * border)
        land = max(grid.land + sign * move.land, 1e-9)
        cost += aim.slope.compactness * rim * rim / (4 * math.pi * land) / len(grids)
    if shared.shape[1]:
        cost += aim.slope.retention * _strangers(g, sign, move, moving, units, shared)
    return cost


@step
def _strangers(g: int, sign: int, move: Move, moving: Ints, units: Sequence[Unit], shared: Ints) -> int:
    """Return the households of a grid that do not come from the grid in force most of it comes from."""
    most = 0
    known = 0
    for old in range(shared.shape[1]):
        here = shared[g, old]
        if sign:
            for i in range(move.units):
                if units[moving[i]].old == old:
                    here += sign * units[moving[i]].weight
        known += here
        most = max(most, here)
    return known - most


@step
def _is_taken(change: float, heat: float, state: np.uint64) -> bool:
    """Tell whether a move is made: always where it improves, else the likelier the hotter."""
    chance = np.float64(state >> np.uint64(11)) / 9007199254740992.0
    return bool(change <= 0 or chance < math.exp(-change / heat))


@step
def _stay_in_one_piece(
    move: Move,
    moving: Ints,
    units: Sequence[Unit],
    ends: Sequence[End],
    plan: Ints,
    grids: Sequence[Grid],
    mark: Ints,
    stack: Ints,
    stamp: int,
) -> bool:
    """Tell whether both grids hang together after a move; ``stamp`` and the next mark what a walk met."""
    rest = -1
    for i in range(move.units):
        unit = units[moving[i]]
        for at in range(unit.first_end, unit.last_end):
            near = ends[at].near
            if plan[near] == move.a and not units[near].is_moving:
                rest = near
    if rest < 0:
        return False
    for side in range(1 if move.units == 1 else 2):  # One unit alone has come through an open border.
        own, root = (move.b, moving[0]) if side else (move.a, rest)
        want = grids[own].units + (move.units if side else -move.units)
        if not _reaches(root, own, want, move.b, units, ends, plan, mark, stack, stamp + side + 1):
            return False
    return True


@step
def _reaches(
    root: int,
    own: int,
    want: int,
    b: int,
    units: Sequence[Unit],
    ends: Sequence[End],
    plan: Ints,
    mark: Ints,
    stack: Ints,
    stamp: int,
) -> bool:
    """Tell whether a walk from a root meets so many units of a grid, those that move lying in ``b``."""
    mark[root] = stamp
    stack[0] = root
    height = 1
    reached = 1
    while height and reached < want:
        height -= 1
        unit = units[stack[height]]
        for at in range(unit.first_end, unit.last_end):
            v = ends[at].near
            if mark[v] == stamp or not ends[at].is_open:
                continue
            if (b if units[v].is_moving else plan[v]) == own:
                mark[v] = stamp
                stack[height] = v
                height += 1
                reached += 1
    return reached >= want
