"""Anneal a plan: move units and compounds between neighbouring grids, improving moves ever likelier.

For communities of any size. The objectives are added up with weights that fall steeply in the policy's order;
connectedness and the rule of compounds hold after every move. The same start and seed give the same plan.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from numba import njit

from geogrid.partition.problem import ends_of_pairs
from geogrid.partition.slope import slope_of
from geogrid.policy import Compactness

if TYPE_CHECKING:
    from geogrid.partition.clock import Clock
    from geogrid.partition.legal_grids import Flag, Window
    from geogrid.partition.problem import Floats, Ints, Problem
    from geogrid.policy import Policy

HOTTEST, COLDEST = 1.0, 0.02
KINDS = (Compactness.BORDER, Compactness.MOMENT, Compactness.POLSBY_POPPER)


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
    start, pair = ends_of_pairs(problem)
    near = problem.pairs.ravel()[pair ^ 1]
    edge = pair >> 1
    slope = slope_of(problem, policy, int(grid.max()) + 1)
    xy = problem.xy - problem.xy.mean(axis=0)
    old = np.searchsorted(np.unique(problem.old[problem.old >= 0]), problem.old)
    members = np.argsort(problem.compound, kind="stable")
    members = members[problem.compound[members] >= 0]
    of_compound = np.searchsorted(problem.compound[members], np.arange(len(problem.size) + 1))
    parts = int(grid.max()) + 1
    heats = slope.step * np.array([heat, COLDEST])
    return np.asarray(
        _anneal(
            grid.astype(np.int64),
            start,
            near,
            problem.length[edge],
            problem.open[edge],
            problem.crossing[edge],
            problem.weight,
            problem.compound,
            problem.size,
            members,
            of_compound.astype(np.int64),
            xy,
            problem.perimeter.astype(np.float64) / 10,
            problem.area,
            np.where(problem.old >= 0, old, -1).astype(np.int64),
            slope.weights,
            KINDS.index(policy.compactness),
            window.lower,
            min(window.upper, problem.total),
            problem.total / parts,
            heats,
            moves,
            seed,
            clock.flag,
        )
    )


@njit(cache=True, nogil=True)
def _anneal(  # noqa: C901, PLR0912, PLR0915 - one loop, because numba is several times slower through calls
    grid: Ints,
    start: Ints,
    near: Ints,
    length: Ints,
    is_open: Flag,
    crossing: Ints,
    weight: Ints,
    compound: Ints,
    size: Ints,
    members: Ints,
    of_compound: Ints,
    xy: Floats,
    perimeter: Floats,
    area: Floats,
    old: Ints,
    weights: Floats,
    kind: int,
    lower: int,
    upper: int,
    ideal: float,
    heats: Floats,
    moves: int,
    seed: int,
    flag: Flag,
) -> Ints:
    n = len(grid)
    parts = grid.max() + 1
    compounds = len(size)
    olds = old.max() + 1
    homes = np.zeros(parts, np.int64)
    count = np.zeros(parts, np.int64)
    sums = np.zeros((parts, 3))  # w x, w y, w (x x + y y)
    rim = np.zeros(parts)
    land = np.zeros(parts)
    inside = np.zeros((parts, compounds), np.int64)
    touched = np.zeros(parts, np.int64)
    partial = np.zeros(parts, np.int64)
    pieces = np.zeros(compounds, np.int64)
    shared = np.zeros((parts, max(olds, 1)), np.int64)
    for unit in range(n):
        g = grid[unit]
        count[g] += 1
        homes[g] += weight[unit]
        sums[g, 0] += weight[unit] * xy[unit, 0]
        sums[g, 1] += weight[unit] * xy[unit, 1]
        sums[g, 2] += weight[unit] * (xy[unit, 0] ** 2 + xy[unit, 1] ** 2)
        rim[g] += perimeter[unit]
        land[g] += area[unit]
        if compound[unit] >= 0:
            inside[g, compound[unit]] += 1
        if old[unit] >= 0:
            shared[g, old[unit]] += weight[unit]
        for end in range(start[unit], start[unit + 1]):
            if grid[near[end]] == g:
                rim[g] -= length[end] / 10.0
    for g in range(parts):
        for c in range(compounds):
            if inside[g, c]:
                touched[g] += 1
                pieces[c] += 1
                partial[g] += inside[g, c] < size[c]
    best = grid.copy()
    energy = 0.0
    lowest = 0.0
    state = np.uint64(seed) * np.uint64(0x9E3779B97F4A7C15) + np.uint64(0x1234567)
    moving = np.empty(n, np.int64)
    is_moving = np.zeros(n, np.bool_)
    mark = np.zeros(n, np.int64)
    stamp = 0
    stack = np.empty(n, np.int64)
    cooling = (heats[1] / heats[0]) ** (1.0 / max(moves, 1))
    heat = heats[0]
    value = np.zeros(2)
    for _ in range(moves):
        if flag[0]:
            break
        heat *= cooling
        state ^= state << np.uint64(13)
        state ^= state >> np.uint64(7)
        state ^= state << np.uint64(17)
        u = np.int64((state >> np.uint64(11)) % np.uint64(n))
        degree = start[u + 1] - start[u]
        if degree == 0:
            continue
        at = start[u] + np.int64((state >> np.uint64(40)) % np.uint64(degree))
        a, b = grid[u], grid[near[at]]
        if a == b or not is_open[at]:
            continue
        c = compound[u]
        moved = 1
        moving[0] = u
        if c >= 0 and size[c] > 1 and inside[a, c] == size[c] and (state >> np.uint64(33)) & np.uint64(1):
            moved = 0
            for place in range(of_compound[c], of_compound[c + 1]):
                moving[moved] = members[place]
                moved += 1
        if moved >= count[a]:
            continue
        # The rule of compounds, after the move.
        if c >= 0:
            a_left = inside[a, c] - moved
            b_held = inside[b, c] + moved
            a_touched = touched[a] - (a_left == 0)
            b_touched = touched[b] + (inside[b, c] == 0)
            a_partial = partial[a] - (inside[a, c] < size[c]) + (a_left > 0)
            b_partial = partial[b] - (0 < inside[b, c] < size[c]) + (b_held < size[c])
            if (a_touched > 1 and a_partial > 0) or (b_touched > 1 and b_partial > 0):
                continue
        # What it costs.
        homes_moved = 0
        x = 0.0
        y = 0.0
        square = 0.0
        ring = 0.0
        ground = 0.0
        to_a = 0.0
        to_b = 0.0
        within = 0.0
        crossed = 0
        for i in range(moved):
            v = moving[i]
            is_moving[v] = True
        for i in range(moved):
            v = moving[i]
            homes_moved += weight[v]
            x += weight[v] * xy[v, 0]
            y += weight[v] * xy[v, 1]
            square += weight[v] * (xy[v, 0] ** 2 + xy[v, 1] ** 2)
            ring += perimeter[v]
            ground += area[v]
            for other in range(start[v], start[v + 1]):
                w = near[other]
                if is_moving[w]:
                    within += length[other] / 20.0
                elif grid[w] == a:
                    to_a += length[other] / 10.0
                    crossed -= crossing[other]
                elif grid[w] == b:
                    to_b += length[other] / 10.0
                    crossed += crossing[other]
        change = 0.0
        if homes[a] - homes_moved > 0:
            for side in range(2):
                g = a if side == 0 else b
                sign = -1 if side == 0 else 1
                for after in range(2):
                    h = homes[g] + after * sign * homes_moved
                    off = float(max(lower - h, h - upper, 0))
                    cost = weights[0] * (off + off * off / ideal) + weights[5] * abs(h - ideal)
                    if kind == 1:
                        sx = sums[g, 0] + after * sign * x
                        sy = sums[g, 1] + after * sign * y
                        sq = sums[g, 2] + after * sign * square
                        cost += weights[4] * (sq - (sx * sx + sy * sy) / max(h, 1))
                    elif kind == 2:
                        more = (ring - 2 * within) - 2 * (to_a if side == 0 else to_b)
                        r = rim[g] + after * sign * more
                        s = land[g] + after * sign * ground
                        cost += weights[4] * r * r / (4 * math.pi * max(s, 1e-9)) / parts
                    if olds > 0:
                        most = 0
                        known = 0
                        for o in range(olds):
                            here = shared[g, o]
                            if after:
                                for i in range(moved):
                                    if old[moving[i]] == o:
                                        here += sign * weight[moving[i]]
                            known += here
                            most = max(most, here)
                        cost += weights[3] * (known - most)
                    value[after] = cost
                change += value[1] - value[0]
            if kind == 0:
                change += weights[4] * 10.0 * (to_a - to_b)
            change += weights[2] * crossed
            if c >= 0:
                change += weights[1] * (max(a_touched - 1, 0) - max(touched[a] - 1, 0))
                change += weights[1] * (max(b_touched - 1, 0) - max(touched[b] - 1, 0))
                now = pieces[c] - (a_left == 0) + (inside[b, c] == 0)
                change += weights[1] * ((now > 1) - (pieces[c] > 1))
            state ^= state << np.uint64(13)
            state ^= state >> np.uint64(7)
            state ^= state << np.uint64(17)
            chance = np.float64(state >> np.uint64(11)) / 9007199254740992.0
            take = change <= 0 or chance < math.exp(-change / heat)
        else:
            take = False
        # Both grids stay in one piece.
        if take:
            for side in range(2):
                stamp += 1
                root = -1
                want = 0
                if side == 0:
                    want = count[a] - moved
                    for i in range(moved):
                        for other in range(start[moving[i]], start[moving[i] + 1]):
                            w = near[other]
                            if grid[w] == a and not is_moving[w]:
                                root = w
                    if root < 0:
                        take = False
                        break
                else:
                    if moved == 1:
                        break
                    want = count[b] + moved
                    root = int(u)
                stack[0] = root
                mark[root] = stamp
                height = 1
                reached = 0
                while height:
                    height -= 1
                    v = stack[height]
                    reached += 1
                    for other in range(start[v], start[v + 1]):
                        w = near[other]
                        if mark[w] == stamp or not is_open[other]:
                            continue
                        if (side == 0 and grid[w] == a and not is_moving[w]) or (
                            side == 1 and (grid[w] == b or is_moving[w])
                        ):
                            mark[w] = stamp
                            stack[height] = w
                            height += 1
                if reached < want:
                    take = False
                    break
        for i in range(moved):
            is_moving[moving[i]] = False
        if not take:
            continue
        for i in range(moved):
            v = moving[i]
            grid[v] = b
            if old[v] >= 0:
                shared[a, old[v]] -= weight[v]
                shared[b, old[v]] += weight[v]
        count[a] -= moved
        count[b] += moved
        homes[a] -= homes_moved
        homes[b] += homes_moved
        sums[a, 0] -= x
        sums[a, 1] -= y
        sums[a, 2] -= square
        sums[b, 0] += x
        sums[b, 1] += y
        sums[b, 2] += square
        rim[a] += 2 * to_a - (ring - 2 * within)
        rim[b] += (ring - 2 * within) - 2 * to_b
        land[a] -= ground
        land[b] += ground
        if c >= 0:
            pieces[c] += (inside[b, c] == 0) - (a_left == 0)
            inside[a, c] = a_left
            inside[b, c] = b_held
            touched[a] = a_touched
            touched[b] = b_touched
            partial[a] = a_partial
            partial[b] = b_partial
        energy += change
        if energy < lowest - 1e-9:
            lowest = energy
            best[:] = grid
    return best
