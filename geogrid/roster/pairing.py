"""Propose a compound branch for every organisation's branch that has none (共建共促)."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
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
class Pair:
    """An organisation's branch and its compound branch; ``metres`` is None where a place is unknown."""

    organisation_id: str
    branch_id: str
    metres: float | None
    given: bool


@dataclass(frozen=True, slots=True)
class PairingReport:
    """All pairs, the given ones as they are, and the ids that stay without."""

    pairs: tuple[Pair, ...]
    unpaired_organisations: tuple[str, ...]
    unpaired_branches: tuple[str, ...]
    paired_twice: tuple[str, ...]


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
    metres = _metres(city, seeking, free)
    rows, columns = linear_sum_assignment(costs(seeking, free, metres, _paired_share(city, counts)))
    found = [
        Pair(seeking[row].id, free[column].id, _told(metres[row, column]), given=False)
        for row, column in zip(rows.tolist(), columns.tolist(), strict=True)
    ]
    kept = [
        Pair(one.id, one.branch_id, _told(_metres(city, [one], [branches[one.branch_id]])[0, 0]), given=True)
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


def costs(
    seeking: Sequence[Pairing],
    free: Sequence[Branch],
    metres: NDArray[np.float64],
    paired_share: dict[str, float],
) -> NDArray[np.float64]:
    """Return the cost of each organisation (row) with each branch (column)."""
    size = np.array([[_size_gap(one, branch) for branch in free] for one in seeking])
    balance = np.array([paired_share.get(branch.community_id, 0.0) for branch in free])
    cost = DISTANCE_WEIGHT * np.nan_to_num(metres, nan=0.0) / 1000.0
    cost = cost + SIZE_WEIGHT * size.reshape(cost.shape) + BALANCE_WEIGHT * balance[None, :]
    rank = np.arange(cost.shape[0])[:, None] * np.arange(cost.shape[1])[None, :]
    # Far below a metre in all: equal pairings then do not depend on the solver.
    return np.asarray(cost - 1e-9 * rank / max(rank.size, 1), dtype=np.float64)


def _size_gap(one: Pairing, branch: Branch) -> float:
    if not one.size or not branch.members:
        return 0.0
    return abs(log(one.size / branch.members))


def _paired_share(city: City, counts: Counter[str]) -> dict[str, float]:
    total: Counter[str] = Counter(branch.community_id for branch in city.branches)
    paired: Counter[str] = Counter(branch.community_id for branch in city.branches if counts[branch.id])
    return {community: paired[community] / total[community] for community in total}


def _metres(city: City, seeking: Sequence[Pairing], free: Sequence[Branch]) -> NDArray[np.float64]:
    """Return the metres from each organisation to each branch's nearest compound; NaN where unknown."""
    shapes = {one.id: one.geometry for one in city.compounds}
    places = np.array([one.geometry for one in seeking], dtype=object)
    found = np.full((len(seeking), len(free)), np.nan)
    for column, branch in enumerate(free):
        grounds = [shapes[id_] for id_ in branch.compound_ids if id_ in shapes]
        if grounds and len(seeking):
            found[:, column] = shapely.distance(places, shapely.union_all(grounds))
    return found


def _told(metres: float) -> float | None:
    return None if np.isnan(metres) else round(float(metres), 1)
