"""Locks: what a new plan must not touch."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np

from geogrid.errors import PlanError
from geogrid.partition.legal_grids import LegalGrids
from geogrid.partition.problem import mask_of, pieces

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from geogrid.partition.problem import Masks, Problem
    from geogrid.plan import Plan


@dataclass(frozen=True)
class Locks:
    """What must stay of the plan in force.

    ``grids`` keep exactly their units. ``units`` must lie in the successor of the grid given for each: units
    given the same grid stay together, units given different ones stay apart.
    """

    grids: frozenset[int] = frozenset()
    units: Mapping[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "units", MappingProxyType(dict(self.units)))


def locked(problem: Problem, locks: Locks | None, incumbent: Plan | None) -> Problem:
    """Return the problem with the locks on its units.

    :raises PlanError: locks without a plan in force, on an unknown grid or unit, that contradict each other,
        or that keep a grid which breaks a hard rule.
    """
    if locks is None or not (locks.grids or locks.units):
        return problem
    if incumbent is None:
        raise PlanError("locks need the plan in force that they refer to")
    numbers = set(incumbent.assignment.values())
    strangers = sorted((set(locks.grids) | set(locks.units.values())) - numbers)
    unknown = sorted(set(locks.units) - set(incumbent.assignment))
    if strangers or unknown:
        raise PlanError(f"locks name what the plan in force has not: {[*strangers, *unknown]}")
    for unit, grid in sorted(locks.units.items()):
        inside = incumbent.assignment[unit] == grid
        if (grid in locks.grids) != inside and (
            grid in locks.grids or incumbent.assignment[unit] in locks.grids
        ):
            raise PlanError(f"unit {unit} cannot be locked to grid {grid}: a locked grid keeps its units")
    grid_of = [incumbent.assignment.get(name, -1) for name in problem.ids]
    kept = np.array([grid if grid in locks.grids else -1 for grid in grid_of], np.int64)
    pinned = np.array([locks.units.get(name, -1) for name in problem.ids], np.int64)
    return replace(problem, kept=kept, pinned=pinned)


def check_kept(problem: Problem) -> None:
    """Refuse a locked grid that no plan may contain.

    :raises PlanError: it lies in several pieces, or mixes parts of compounds.
    """
    for grid in np.unique(problem.kept[problem.kept >= 0]).tolist():
        units = np.flatnonzero(problem.kept == grid)
        inside = problem.compound[units]
        names, counts = np.unique(inside[inside >= 0], return_counts=True)
        mixed = len(names) > 1 and bool((counts < problem.size[names]).any())
        if mixed or len(pieces(problem, units.tolist())) > 1:
            raise PlanError(
                f"grid {grid} cannot be locked: it is not in one piece or mixes parts of compounds"
            )


def keep_locks(problem: Problem, grids: LegalGrids) -> LegalGrids:
    """Leave only the legal grids that respect the locks; a locked grid is always among them."""
    masks = grids.masks
    wanted = []
    for grid in np.unique(problem.kept[problem.kept >= 0]).tolist():
        row = mask_of(np.flatnonzero(problem.kept == grid).tolist(), problem.words)
        masks = masks[~_meets(masks, row)]
        wanted.append(row)
    for grid in np.unique(problem.pinned[problem.pinned >= 0]).tolist():
        same = mask_of(np.flatnonzero(problem.pinned == grid).tolist(), problem.words)
        others = (problem.pinned >= 0) & (problem.pinned != grid)
        apart = mask_of(np.flatnonzero(others).tolist(), problem.words)
        whole = ((masks & same) == same).all(axis=1)
        masks = masks[~_meets(masks, same) | (whole & ~_meets(masks, apart))]
    if wanted:
        masks = np.concatenate([masks, np.array(wanted, np.uint64)])
    return LegalGrids(np.ascontiguousarray(masks), grids.complete)


def _meets(masks: Masks, row: Masks) -> NDArray[np.bool_]:
    met: NDArray[np.bool_] = ((masks & row) != 0).any(axis=1)
    return met
