"""Part a grid: into its pieces, along a drawn line, or into k by the solver."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import shapely

from geogrid.adjacency import UnitGraph
from geogrid.errors import Fault, RefusedError
from geogrid.partition import divide
from geogrid.policy import Band, Objective
from geogrid.rules import HARD, pieces_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray
    from shapely import LineString

    from geogrid.workbench.draft import Bench

    Units = tuple[str, ...]

TIME_LIMIT_S = 5.0
# How far from an even share the parts of a grid may lie before the solver trades borders for balance.
EVEN = 0.1
# Compounds move whole by default, so balance comes second.
WHOLE_FIRST = (
    Objective.ALIGNMENT,
    Objective.WINDOW,
    Objective.BARRIERS,
    Objective.COMPACTNESS,
    Objective.DEVIATION,
)


def connected(bench: Bench, units: Iterable[str]) -> list[Units]:
    """Return the pieces that units fall into, each sorted."""
    return pieces_of(units, bench.beside)


def parts_by_line(bench: Bench, units: Iterable[str], line: LineString) -> tuple[Units, Units]:
    """Return the units left and right of a line in the city's plane, each unit by its inner point.

    The line need not reach across: its ends go on straight.

    :raises RefusedError: all units lie on one side.
    """
    inside = sorted(units)
    spots = shapely.get_coordinates(shapely.point_on_surface([bench.units[unit].geometry for unit in inside]))
    left = _lies_left(spots, shapely.get_coordinates(line))
    one = tuple(unit for unit, here in zip(inside, left, strict=True) if here)
    other = tuple(unit for unit, here in zip(inside, left, strict=True) if not here)
    if not one or not other:
        words = "all units of the grid lie on one side of the line"
        raise RefusedError((Fault("line-parts-nothing", words, "Draw it between the units."),))
    return one, other


def _lies_left(spots: NDArray[np.float64], line: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Tell which points (n, 2) lie left of a line (m, 2) whose first and last segments never end.

    The nearest segment decides. Where two are equally near, at their common corner, it is the one whose
    prolongation lies farther off, which is right for corners of any angle.
    """
    start, along = line[:-1], np.diff(line, axis=0)
    keep = (along**2).sum(axis=1) > 0
    start, along = start[keep], along[keep]
    if not len(along):
        raise RefusedError((Fault("line-parts-nothing", "the line has no length", "Draw it between units."),))
    away = spots[:, None] - start[None]
    place = (away * along).sum(axis=2) / (along**2).sum(axis=1)
    low, high = np.zeros(len(along)), np.ones(len(along))
    low[0], high[-1] = -np.inf, np.inf
    foot = away - np.clip(place, low, high)[..., None] * along
    distance = np.hypot(foot[..., 0], foot[..., 1])
    side = along[:, 0] * away[..., 1] - along[:, 1] * away[..., 0]
    off = np.abs(side) / np.hypot(along[:, 0], along[:, 1])
    nearest = distance <= distance.min(axis=1, keepdims=True) + 1e-9
    chosen = np.where(nearest, off, -1.0).argmax(axis=1)
    return np.asarray(side[np.arange(len(spots)), chosen] > 0)


def parts_by_solver(bench: Bench, units: Iterable[str], count: int) -> tuple[Units, ...]:
    """Return ``count`` connected parts of about the same households, as the solver divides them.

    :raises RefusedError: the units cannot be divided into so many parts that keep the hard rules.
    """
    inside = set(units)
    homes = sum(bench.units[unit].households for unit in inside)
    share = homes / count
    policy = replace(
        bench.policy,
        grids_min=count,
        grids_max=count,
        special_grids=False,
        objectives=WHOLE_FIRST,
        band=Band(lower=int(share * (1 - EVEN)), upper=int(share * (1 + EVEN)) + 1),
    )
    plan = divide(_within(bench, inside), policy, time_limit_s=TIME_LIMIT_S).plan
    parts = tuple(plan.members().values())
    if len(parts) != count or any(rule(plan, _within(bench, inside), policy) for rule in HARD):
        words = f"the grid cannot be divided into {count} connected parts that keep the hard rules"
        raise RefusedError((Fault("not-divisible", words, "Ask for fewer parts."),))
    return parts


def halves(bench: Bench, units: Iterable[str]) -> tuple[Units, ...]:
    """Return the two halves of a grid, the one with more households first; none where it has none."""
    try:
        parts = parts_by_solver(bench, units, 2)
    except RefusedError:
        return ()
    return tuple(sorted(parts, key=lambda part: (-sum(bench.units[u].households for u in part), part)))


def _within(bench: Bench, units: set[str]) -> UnitGraph:
    return UnitGraph(
        bench.graph.community_id,
        tuple(unit for unit in bench.graph.units if unit.id in units),
        tuple(edge for edge in bench.graph.edges if edge.a in units and edge.b in units),
    )
