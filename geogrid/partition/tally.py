"""A plan that changes move by move: units pass between two grids, and what is counted of grids is kept.

Units, grids and the move are rows of structured arrays: a row is a pointer, which a compiled loop can hand on
at no cost.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from geogrid.partition.problem import ends_of_pairs
from geogrid.partition.rows import table
from geogrid.partition.steps import step

if TYPE_CHECKING:
    from collections.abc import Sequence

    from geogrid.partition.problem import Ints, Problem


class Unit:
    """A unit with its ends of pairs; ``perimeter`` is in metres, ``old`` the grid in force or -1."""

    first_end: int
    last_end: int
    compound: int
    old: int
    weight: int
    x: float
    y: float
    perimeter: float
    area: float
    is_moving: bool


class End:
    """One unit's end of a pair: who is ``near``, and the ``length`` of their border in decimetres."""

    near: int
    length: int
    crossing: int
    is_open: bool


class Compound:
    """A compound of ``size`` units, which lie from ``first`` on among the members, in so many grids."""

    size: int
    first: int
    grids: int


class Grid:
    """What is counted of a grid: ``x``, ``y`` and ``square`` are sums of w x, w y and w (x x + y y).

    It holds units of so many ``compounds``, of which ``partial`` are not whole.
    """

    units: int
    homes: int
    x: float
    y: float
    square: float
    rim: float
    land: float
    compounds: int
    partial: int


class Move:
    """So many ``units``, of ``compound`` or -1, leave grid ``a`` for grid ``b``.

    They carry along homes to land, have borders ``to_a`` and ``to_b``, and add crossings. Of their compound
    ``a_left`` units stay in a, b then holds ``b_held``; compounds and partial ones are those afterwards.
    """

    a: int
    b: int
    compound: int
    units: int
    homes: int
    x: float
    y: float
    square: float
    rim: float
    land: float
    to_a: float
    to_b: float
    crossings: int
    a_left: int
    b_held: int
    a_compounds: int
    b_compounds: int
    a_partial: int
    b_partial: int


def units_of(problem: Problem) -> tuple[Sequence[Unit], Sequence[End]]:
    """Return the units, their middle at the origin, and all their ends of pairs."""
    start, pair = ends_of_pairs(problem)
    edge = pair >> 1
    x, y = (problem.xy - problem.xy.mean(axis=0)).T
    old = np.searchsorted(np.unique(problem.old[problem.old >= 0]), problem.old)
    units = table(
        Unit,
        first_end=start[:-1],
        last_end=start[1:],
        compound=problem.compound,
        old=np.where(problem.old >= 0, old, -1),
        weight=problem.weight,
        x=x,
        y=y,
        perimeter=problem.perimeter.astype(np.float64) / 10,
        area=problem.area,
    )
    ends = table(
        End,
        near=problem.pairs.ravel()[pair ^ 1],
        length=problem.length[edge],
        crossing=problem.crossing[edge],
        is_open=problem.open[edge],
    )
    return units, ends


def compounds_of(problem: Problem) -> tuple[Sequence[Compound], Ints]:
    """Return the compounds and their members, compound by compound."""
    members = np.argsort(problem.compound, kind="stable")
    members = members[problem.compound[members] >= 0]
    first = np.searchsorted(problem.compound[members], np.arange(len(problem.size)))
    return table(Compound, size=problem.size, first=first), members


@step
def count_units(
    units: Sequence[Unit],
    ends: Sequence[End],
    plan: Ints,
    grids: Sequence[Grid],
    shared: Ints,
) -> None:
    """Count the units of each grid, and the households that it shares with each grid in force."""
    for v in range(len(plan)):
        unit, grid = units[v], grids[plan[v]]
        grid.units += 1
        grid.homes += unit.weight
        grid.x += unit.weight * unit.x
        grid.y += unit.weight * unit.y
        grid.square += unit.weight * (unit.x**2 + unit.y**2)
        grid.rim += unit.perimeter
        grid.land += unit.area
        if unit.old >= 0:
            shared[plan[v], unit.old] += unit.weight
        for at in range(unit.first_end, unit.last_end):
            if plan[ends[at].near] == plan[v]:
                grid.rim -= ends[at].length / 10.0


@step
def count_compounds(
    units: Sequence[Unit],
    plan: Ints,
    grids: Sequence[Grid],
    compounds: Sequence[Compound],
    inside: Ints,
) -> None:
    """Count the units of each compound ``inside`` each grid (parts, compounds)."""
    for v in range(len(plan)):
        if units[v].compound >= 0:
            inside[plan[v], units[v].compound] += 1
    for g in range(len(grids)):
        for c in range(len(compounds)):
            if inside[g, c]:
                grids[g].compounds += 1
                compounds[c].grids += 1
                grids[g].partial += inside[g, c] < compounds[c].size


@step
def gather(
    move: Move,
    moving: Ints,
    v: int,
    compounds: Sequence[Compound],
    members: Ints,
    inside: Ints,
    state: np.uint64,
) -> None:
    """Let one unit move, or by the toss of a coin its compound, if it is whole."""
    moving[0] = v
    move.units = 1
    if move.compound < 0:
        return
    compound = compounds[move.compound]
    whole = compound.size > 1 and inside[move.a, move.compound] == compound.size
    if whole and (state >> np.uint64(33)) & np.uint64(1):
        move.units = compound.size
        for i in range(compound.size):
            moving[i] = members[compound.first + i]


@step
def mix(move: Move, grids: Sequence[Grid], compounds: Sequence[Compound], inside: Ints) -> None:
    """Note what a move makes of its compound in both grids."""
    a, b = grids[move.a], grids[move.b]
    size, a_held, b_held = (
        compounds[move.compound].size,
        inside[move.a, move.compound],
        inside[move.b, move.compound],
    )
    move.a_left = a_held - move.units
    move.b_held = b_held + move.units
    move.a_compounds = a.compounds - (move.a_left == 0)
    move.b_compounds = b.compounds + (b_held == 0)
    move.a_partial = a.partial - (a_held < size) + (move.a_left > 0)
    move.b_partial = b.partial - (0 < b_held < size) + (move.b_held < size)


@step
def keeps_rule(move: Move) -> bool:
    """Tell whether afterwards neither grid holds a part of a compound beside another compound."""
    return (move.a_compounds <= 1 or move.a_partial == 0) and (move.b_compounds <= 1 or move.b_partial == 0)


@step
def turn_marks(move: Move, moving: Ints, units: Sequence[Unit]) -> None:
    """Mark the units that move, or take their marks away."""
    for i in range(move.units):
        units[moving[i]].is_moving = not units[moving[i]].is_moving


@step
def load(move: Move, moving: Ints, units: Sequence[Unit], ends: Sequence[End], plan: Ints) -> None:
    """Add up what a move carries along; its units are marked."""
    homes, crossings = 0, 0
    x, y, square, rim, land, to_a, to_b = 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0
    within = 0.0
    for i in range(move.units):
        unit = units[moving[i]]
        homes += unit.weight
        x += unit.weight * unit.x
        y += unit.weight * unit.y
        square += unit.weight * (unit.x**2 + unit.y**2)
        rim += unit.perimeter
        land += unit.area
        for at in range(unit.first_end, unit.last_end):
            end = ends[at]
            if units[end.near].is_moving:
                within += end.length / 20.0
            elif plan[end.near] == move.a:
                to_a += end.length / 10.0
                crossings -= end.crossing
            elif plan[end.near] == move.b:
                to_b += end.length / 10.0
                crossings += end.crossing
    move.homes, move.crossings = homes, crossings
    move.x, move.y, move.square, move.rim, move.land = x, y, square, rim - 2 * within, land
    move.to_a, move.to_b = to_a, to_b


@step
def move_units(
    move: Move, moving: Ints, units: Sequence[Unit], plan: Ints, grids: Sequence[Grid], shared: Ints
) -> None:
    """Change the plan, and what is counted of the units of both grids."""
    for i in range(move.units):
        v = moving[i]
        plan[v] = move.b
        if units[v].old >= 0:
            shared[move.a, units[v].old] -= units[v].weight
            shared[move.b, units[v].old] += units[v].weight
    for side in range(2):
        g, sign, border = (move.b, 1, move.to_b) if side else (move.a, -1, move.to_a)
        grid = grids[g]
        grid.units += sign * move.units
        grid.homes += sign * move.homes
        grid.x += sign * move.x
        grid.y += sign * move.y
        grid.square += sign * move.square
        grid.rim += sign * (move.rim - 2 * border)
        grid.land += sign * move.land


@step
def move_compound(move: Move, grids: Sequence[Grid], compounds: Sequence[Compound], inside: Ints) -> None:
    """Keep what is counted of the compound of a move."""
    compounds[move.compound].grids += (inside[move.b, move.compound] == 0) - (move.a_left == 0)
    inside[move.a, move.compound] = move.a_left
    inside[move.b, move.compound] = move.b_held
    grids[move.a].compounds = move.a_compounds
    grids[move.b].compounds = move.b_compounds
    grids[move.a].partial = move.a_partial
    grids[move.b].partial = move.b_partial
