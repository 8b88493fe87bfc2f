"""What no plan of so many grids can beat, from totals and geometry alone."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np

from geogrid.partition.leftovers import NO_UPPER
from geogrid.partition.legal_grids import Window, least_breach
from geogrid.partition.problem import DECIMETRES
from geogrid.policy import Compactness, Objective, window_of

if TYPE_CHECKING:
    from geogrid.partition.problem import Floats, Ints, Problem
    from geogrid.policy import Policy

    Vector = tuple[Fraction, ...]

# Perimeters are rounded to decimetres, so a round unit may look a little rounder than a circle.
ROUNDEST = Fraction(99, 100)


def window_for(problem: Problem, policy: Policy, parts: int) -> Window:
    """Return the window of a community of ``parts`` grids (0: any number)."""
    return Window(*(window_of(policy, problem.total, parts) or (0, NO_UPPER)), parts)


def counted(problem: Problem, policy: Policy, parts: int) -> tuple[Objective, ...]:
    """Return the objectives that can tell plans apart here, in the policy's order."""
    band = policy.band
    absent = set()
    if band is None:
        absent.add(Objective.WINDOW)
    if not (problem.old >= 0).any():
        absent.add(Objective.RETENTION)
    if parts == 0 and (band is None or band.lower is None or band.upper is None):
        absent.add(Objective.DEVIATION)
    return tuple(o for o in policy.objectives if o not in absent)


def floors(problem: Problem, policy: Policy, parts: int, breach: int | None = None) -> Vector:
    """Return values that no plan of ``parts`` grids (0: any number) beats, one for each objective counted.

    Those behind the window hold for plans with at most ``breach`` households outside it, by default the least
    breach that the totals allow; together they are then a vector that no plan beats in the strict order.
    """
    window = window_for(problem, policy, parts)
    least = least_breach(problem, window)
    names = counted(problem, policy, parts)
    values: list[Fraction] = []
    allowed: int | None = None
    for objective in names:
        if objective is Objective.WINDOW:
            allowed = least if breach is None else breach
            values.append(Fraction(least))
            continue
        few = 0 if allowed is None else max(window.lower - allowed, 0)
        many = NO_UPPER if allowed is None else window.upper + allowed
        values.append(_floor(objective, problem, policy, parts, few, many))
    return tuple(values)


def _floor(
    objective: Objective, problem: Problem, policy: Policy, parts: int, few: int, many: int
) -> Fraction:
    """Bound one objective over the plans whose grids have ``few`` to ``many`` households."""
    if parts == 0:
        return Fraction(0)
    if objective is Objective.ALIGNMENT:
        return Fraction(_alignment(problem, parts, many))
    if objective is Objective.DEVIATION:
        return _deviation(problem, policy, parts)
    return (
        _compactness(problem, policy.compactness, parts, few, many)
        if objective is Objective.COMPACTNESS
        else Fraction(0)
    )


def _compactness(problem: Problem, kind: Compactness, parts: int, few: int, many: int) -> Fraction:
    if kind is Compactness.POLSBY_POPPER:
        return ROUNDEST
    if kind is Compactness.BORDER:
        return Fraction(_border(problem, parts, few, many), DECIMETRES)
    return Fraction(max(math.floor(_moment(problem, few) * (1 - 1e-9)) - parts, 0))


def _alignment(problem: Problem, parts: int, many: int) -> int:
    """Bound compounds split and joined: every compound lies in some grid, the large ones in several.

    A compound is joined unless it is the first of its grid, so pieces of compounds less grids are left.
    """
    inside = problem.compound >= 0
    names = np.unique(problem.compound[inside])
    homes = np.bincount(problem.compound[inside], problem.weight[inside]).astype(np.int64)[names]
    pieces = -(-homes // max(many, 1))
    torn = int((pieces > 1).sum())
    return max(torn, len(names) - parts + int(pieces[pieces > 1].sum()), 0)


def _deviation(problem: Problem, policy: Policy, parts: int) -> Fraction:
    band = policy.band
    if band is not None and band.lower is not None and band.upper is not None:
        return Fraction(abs(2 * problem.total - parts * (band.lower + band.upper)), 2)
    over = problem.total % parts
    return Fraction(2 * over * (parts - over), parts)


def _border(problem: Problem, parts: int, few: int, many: int) -> int:
    """Bound the border in decimetres by the isoperimetric inequality: no grid has less rim than a disc.

    The rims of all grids are the community's own rim and twice the border. The sum of roots of the areas is
    least where the areas are as unequal as the households allow.
    """
    ends = problem.pairs.ravel()
    joint = np.bincount(ends, np.repeat(problem.length, 2), problem.n)
    rounded = 1 + np.bincount(ends, minlength=problem.n) / 2
    if (joint > problem.perimeter + rounded).any():
        return 0  # Lengths that no geometry has.
    own = int(problem.perimeter.sum() - 2 * problem.length.sum())
    areas = _extreme_areas(problem, parts, few, many)
    rims = DECIMETRES * float(np.sqrt(4 * math.pi * areas).sum())
    # Every perimeter and every length may have been rounded by half a decimetre against us.
    lost = problem.n / 2 + len(problem.pairs)
    return max(math.floor((rims * (1 - 1e-6) - own - lost) / 2), 0)


def _extreme_areas(problem: Problem, parts: int, few: int, many: int) -> Floats:
    """Return areas of ``parts`` grids, ascending, that are more unequal than those of any plan.

    Any so many grids together have at least the area on which so many times ``few`` households can live, and
    leave the others at most that on which ``many`` each can. Sums of the smallest areas of a plan lie above
    both, and both are convex: so the differences of the larger majorize the areas of every plan.
    """
    total = float(problem.area.sum())
    count = np.arange(parts + 1)
    least = _area(problem, count * min(few, problem.total), largest=False)
    rest = total - _area(problem, (parts - count) * min(many, problem.total), largest=True)
    sums = np.clip(np.maximum(least, rest), 0.0, total)
    sums[-1] = total
    return np.diff(sums)


def _area(problem: Problem, homes: Ints, *, largest: bool) -> Floats:
    """Return the least areas on which ``homes`` live, or the largest; a unit may be taken in part."""
    area, weight = problem.area, problem.weight.astype(np.float64)
    empty = float(area[weight == 0].sum()) if largest else 0.0
    lived = weight > 0
    order = np.argsort(area[lived] / weight[lived], kind="stable")
    if largest:
        order = order[::-1]
    households = np.append(0.0, np.cumsum(weight[lived][order]))
    areas = np.append(0.0, np.cumsum(area[lived][order]))
    return np.asarray(empty + np.interp(homes, households, areas))


def _moment(problem: Problem, few: int) -> float:
    """Bound the moment: every home shares its grid with at least ``few`` homes, at best the nearest.

    A grid's moment is the sum over its pairs of homes of their squared distance, divided by its homes.
    """
    few = max(few, 1)
    weight = problem.weight.astype(np.float64)
    total = 0.0
    for i in np.flatnonzero(problem.weight).tolist():
        square = ((problem.xy - problem.xy[i]) ** 2).sum(axis=1)
        order = np.argsort(square, kind="stable")
        total += weight[i] * _nearest(weight[order], square[order], few)
    return total / (2 * few)


def _nearest(weight: Floats, square: Floats, homes: int) -> float:
    before = np.cumsum(weight) - weight
    taken = np.clip(homes - before, 0.0, weight)
    return float(taken @ square)
