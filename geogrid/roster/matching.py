"""Match branches to grids: the best matching of all together, as an assignment problem."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np
from scipy.optimize import linear_sum_assignment

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from geogrid.model import Branch, City


class Ground(Protocol):
    """What of a grid decides which branch serves it."""

    @property
    def number(self) -> int:
        """The grid's number in its community."""

    @property
    def building_ids(self) -> tuple[str, ...]:
        """The buildings in it."""

    @property
    def compound_ids(self) -> tuple[str, ...]:
        """The compounds in it, whole or in part."""


@dataclass(frozen=True, slots=True)
class EarlierGrid:
    """A grid of a plan that was in force before, as far as branches are concerned."""

    number: int
    building_ids: tuple[str, ...]
    compound_ids: tuple[str, ...]


class Overlap:
    """How many of the households that each branch covers lie in each grid.

    A branch covers the building groups that are said to be its own; one without any covers its compounds.
    """

    def __init__(self, city: City, grids: Sequence[Ground]) -> None:
        self.numbers = tuple(grid.number for grid in grids)
        inside = {building: grid.number for grid in grids for building in grid.building_ids}
        led = {b: group.branch_id for group in city.building_groups for b in group.building_ids}
        self._grouped = {branch for branch in led.values() if branch}
        self._homes: Counter[tuple[str, str, int]] = Counter()
        self._touched: set[tuple[str, str, int]] = set()
        self.grid_of = inside
        self.homes_of: dict[str, int] = {}
        for building in city.buildings:
            number = inside.get(building.id)
            if number is None:
                continue
            self.homes_of[building.id] = building.households
            branch = led.get(building.id, "")
            self._count("branch", branch, number, building.households)
            self._count("compound", building.compound_id, number, building.households)
        # A compound without known homes still lies somewhere.
        self._touched |= {("compound", id_, grid.number) for grid in grids for id_ in grid.compound_ids}
        self.compounds = {id_ for grid in grids for id_ in grid.compound_ids}

    def _count(self, kind: str, id_: str, number: int, households: int) -> None:
        if id_:
            self._homes[kind, id_, number] += households
            self._touched.add((kind, id_, number))

    def branches_of(self, branches: Iterable[Branch], community_id: str) -> tuple[Branch, ...]:
        """Return the branches of this community: named for it, or covering a compound in it; by id."""
        return tuple(
            sorted(
                (
                    branch
                    for branch in branches
                    if branch.community_id == community_id
                    or (not branch.community_id and self.compounds & set(branch.compound_ids))
                ),
                key=lambda branch: branch.id,
            )
        )

    def of(self, branch: Branch, number: int) -> int:
        """Return the households in a grid that a branch covers."""
        return sum(self._homes[kind, id_, number] for kind, id_ in self._ground(branch))

    def touches(self, branch: Branch, number: int) -> bool:
        """Tell whether a branch covers anything in a grid."""
        return any((kind, id_, number) in self._touched for kind, id_ in self._ground(branch))

    def _ground(self, branch: Branch) -> list[tuple[str, str]]:
        if branch.id in self._grouped:
            return [("branch", branch.id)]
        return [("compound", id_) for id_ in branch.compound_ids]

    def grids_of(self, branch: Branch) -> tuple[int, ...]:
        """Return the grids in which a branch has homes, or a compound where it has none anywhere."""
        homes = tuple(number for number in self.numbers if self.of(branch, number) > 0)
        return homes or tuple(number for number in self.numbers if self.touches(branch, number))

    def heir_of(self, building_ids: Iterable[str]) -> int | None:
        """Return the grid that holds most households of an earlier grid; ties go to the lower number."""
        heirs: Counter[int] = Counter()
        for id_ in building_ids:
            if id_ in self.grid_of:
                heirs[self.grid_of[id_]] += self.homes_of.get(id_, 0) + 1
        return min(heirs, key=lambda number: (-heirs[number], number), default=None)


def gains(overlap: Overlap, branches: Sequence[Branch], held: Mapping[str, Collection[str]]) -> np.ndarray:
    """Return what it is worth that a branch (row) serves a grid (column): 0 where it covers nothing there.

    Households covered; a compound without known homes counts half a household, so that it wins over nothing
    and never over a home. To stay where ``held`` says it served is worth more than all households together,
    so as many stay as can.
    """
    gain = np.array(
        [
            [overlap.of(branch, number) + 0.5 * overlap.touches(branch, number) for number in overlap.numbers]
            for branch in branches
        ]
    ).reshape(len(branches), len(overlap.numbers))
    heirs = [overlap.heir_of(held.get(branch.id, ())) for branch in branches]
    stays = np.array([[number == heir for number in overlap.numbers] for heir in heirs], dtype=bool)
    return gain + np.where(stays.reshape(gain.shape) & (gain > 0), gain.sum() + 1.0, 0.0)


def match(
    overlap: Overlap, branches: Sequence[Branch], held: Mapping[str, Collection[str]]
) -> dict[int, Branch]:
    """Return the branch of each grid that gets one, in the matching with the greatest gain of all.

    Equal matchings are told apart by a far smaller term that prefers low ids and numbers.
    """
    if not branches:
        return {}
    gain = gains(overlap, branches, held)
    rank = np.arange(len(branches), 0, -1)[:, None] * np.arange(gain.shape[1], 0, -1)[None, :]
    tie = rank / (4.0 * rank.max() * min(gain.shape))
    rows, columns = linear_sum_assignment(gain + np.where(gain > 0, tie, 0.0), maximize=True)
    return {
        overlap.numbers[column]: branches[row]
        for row, column in zip(rows.tolist(), columns.tolist(), strict=True)
        if gain[row, column] > 0
    }


def held_through(
    city: City, community_id: str, plans: Iterable[Sequence[Ground]]
) -> dict[str, frozenset[str]]:
    """Return the buildings of the grid that each branch served in the last of several ``plans``.

    The plans of one community in the order in which they were in force; each is matched with regard to the
    one before, as it was when it was published.
    """
    held: dict[str, frozenset[str]] = {}
    for grids in plans:
        overlap = Overlap(city, grids)
        matched = match(overlap, overlap.branches_of(city.branches, community_id), held)
        buildings = {grid.number: frozenset(grid.building_ids) for grid in grids}
        held = {branch.id: buildings[number] for number, branch in matched.items()}
    return held
