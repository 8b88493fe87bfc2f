"""Propose a compound branch for every organisation's branch that has none (共建共促)."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from math import log
from typing import TYPE_CHECKING

import numpy as np
import shapely
from scipy.optimize import linear_sum_assignment

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from geogrid.model import Branch, City, Pairing

# What one unit of each term weighs: a kilometre of way, a factor of e in size, a community fully paired.
DISTANCE_WEIGHT, SIZE_WEIGHT, BALANCE_WEIGHT = 1.0, 0.5, 0.5


@dataclass(frozen=True, slots=True)
class PairCost:
    """What a pair costs, in kilometres and what is weighed like them; 0 where nothing is known."""

    distance: float
    size: float
    balance: float

    @property
    def total(self) -> float:
        """The sum of the three."""
        return self.distance + self.size + self.balance


@dataclass(frozen=True, slots=True)
class Pair:
    """An organisation's branch and its compound branch; ``metres`` is None where a place is unknown."""

    organisation_id: str
    branch_id: str
    metres: float | None
    given: bool
    cost: PairCost


@dataclass(frozen=True, slots=True)
class PairingReport:
    """All pairs, the given ones as they are, and the ids that stay without."""

    pairs: tuple[Pair, ...]
    unpaired_organisations: tuple[str, ...]
    unpaired_branches: tuple[str, ...]
    paired_twice: tuple[str, ...]

    @property
    def proposed(self) -> tuple[Pair, ...]:
        """The pairs that are not given."""
        return tuple(pair for pair in self.pairs if not pair.given)


@dataclass(frozen=True)
class CostTable:
    """The costs of each organisation (row) with each branch (column), and the metres between them."""

    metres: NDArray[np.float64]
    distance: NDArray[np.float64]
    size: NDArray[np.float64]
    balance: NDArray[np.float64]

    @property
    def total(self) -> NDArray[np.float64]:
        """The sum of the three."""
        return np.asarray(self.distance + self.size + self.balance, dtype=np.float64)

    def pair(self, row: int, column: int, organisation: Pairing, branch: Branch, *, given: bool) -> Pair:
        """Return the pair of a row and a column."""
        parts = (float(table[row, column]) for table in (self.distance, self.size, self.balance))
        metres = self.metres[row, column]
        told = None if np.isnan(metres) else round(float(metres), 1)
        return Pair(organisation.id, branch.id, told, given, PairCost(*(round(part, 4) for part in parts)))


def propose_pairs(city: City) -> PairingReport:
    """Keep the given pairs and pair what is left, one to one, with the least cost of all together.

    The cost of a pair is the kilometres from the organisation to the branch's nearest compound, half the
    logarithm of the ratio of their members, and half the share of branches in the branch's community that
    have a partner already; what is unknown costs nothing. One assignment problem; ties go to lower ids.
    """
    branches = {branch.id: branch for branch in city.branches}
    given = [one for one in city.pairings if one.branch_id in branches]
    counts = Counter(one.branch_id for one in given)
    seeking = sorted((one for one in city.pairings if one.branch_id not in branches), key=lambda one: one.id)
    free = [branches[id_] for id_ in sorted(branches) if not counts[id_]]
    costing = Costing(city)
    table = costing.table(seeking, free)
    rows, columns = linear_sum_assignment(_told_apart(table.total))
    found = [
        table.pair(row, column, seeking[row], free[column], given=False)
        for row, column in zip(rows.tolist(), columns.tolist(), strict=True)
    ]
    kept = [
        costing.table([one], [branches[one.branch_id]]).pair(0, 0, one, branches[one.branch_id], given=True)
        for one in given
    ]
    taken = {pair.branch_id for pair in found}
    placed = {pair.organisation_id for pair in found}
    return PairingReport(
        tuple(sorted([*kept, *found], key=lambda pair: pair.organisation_id)),
        tuple(one.id for one in seeking if one.id not in placed),
        tuple(branch.id for branch in free if branch.id not in taken),
        tuple(sorted(id_ for id_, count in counts.items() if count > 1)),
    )


def accept_pairs(city: City, report: PairingReport) -> tuple[Pairing, ...]:
    """Return the city's pairings with the proposed branches filled in, as a table that can be loaded."""
    found = {pair.organisation_id: pair.branch_id for pair in report.pairs}
    return tuple(replace(one, branch_id=found.get(one.id, one.branch_id)) for one in city.pairings)


class Costing:
    """Knows of one city what it costs to pair an organisation with a branch."""

    def __init__(self, city: City) -> None:
        shapes = {one.id: one.geometry for one in city.compounds}
        self._grounds = {
            branch.id: shapely.union_all([shapes[id_] for id_ in branch.compound_ids if id_ in shapes])
            for branch in city.branches
        }
        self._share = _paired_share(city)

    def table(self, seeking: Sequence[Pairing], free: Sequence[Branch]) -> CostTable:
        """Return what it costs to pair each organisation with each branch."""
        metres = self._metres(seeking, free)
        size = np.array([[_size_gap(one, branch) for branch in free] for one in seeking])
        share = np.array([self._share.get(branch.community_id, 0.0) for branch in free])
        return CostTable(
            metres,
            DISTANCE_WEIGHT * np.nan_to_num(metres, nan=0.0) / 1000.0,
            SIZE_WEIGHT * size.reshape(metres.shape),
            BALANCE_WEIGHT * np.broadcast_to(share, metres.shape),
        )

    def _metres(self, seeking: Sequence[Pairing], free: Sequence[Branch]) -> NDArray[np.float64]:
        """Return the metres to each branch's nearest compound; NaN where a place is unknown."""
        places = np.array([one.geometry for one in seeking], dtype=object)
        found = np.full((len(seeking), len(free)), np.nan)
        for column, branch in enumerate(free):
            ground = self._grounds[branch.id]
            if not ground.is_empty and len(seeking):
                found[:, column] = shapely.distance(places, ground)
        return found


def _told_apart(cost: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the costs with a term far below a metre in all, so that low ids come first among equals."""
    rank = np.arange(cost.shape[0], 0, -1)[:, None] * np.arange(cost.shape[1], 0, -1)[None, :]
    return np.asarray(cost - 1e-9 * rank / max(rank.size, 1), dtype=np.float64)


def _size_gap(one: Pairing, branch: Branch) -> float:
    if not one.size or not branch.members:
        return 0.0
    return abs(log(one.size / branch.members))


def _paired_share(city: City) -> dict[str, float]:
    """Return the share of each community's branches that have a partner."""
    given = {one.branch_id for one in city.pairings}
    total: Counter[str] = Counter(branch.community_id for branch in city.branches)
    paired = Counter(branch.community_id for branch in city.branches if branch.id in given)
    return {community: paired[community] / total[community] for community in total}


def reason_of(pair: Pair, organisation: Pairing, branch: Branch) -> str:
    """Return in plain words why a pair costs what it costs."""
    told = ["given"] if pair.given else []
    if pair.metres is not None:
        told.append(f"{pair.metres:,.0f} m apart")
    if organisation.size and branch.members:
        told.append(f"{organisation.size} members beside {branch.members}")
    if not pair.given:
        share = pair.cost.balance / BALANCE_WEIGHT
        told.append(f"{share:.0%} of the branches in that community have a partner")
    return ", ".join(told)
