"""Estimate the households of residential buildings for which the data states none.

The rule. The floor area of a building is its footprint times its levels; unknown levels are the median of
the known ones in its compound, else a default. Where the compound states its households, those that its
buildings do not state are shared out by floor area. Elsewhere the community has room for
``population / persons_per_household`` households, less those known: where that room is within a factor of
four of ``floor area / dwelling_m2`` it is shared out by floor area; where it is not (no population, or
exhausted) ``floor area / dwelling_m2`` itself is taken. Every residential building gets at least 1.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import shapely

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from geogrid.boundaries.columns import Table
    from geogrid.boundaries.faults import FaultBook
    from geogrid.boundaries.mapping import Estimation

    Floats = NDArray[np.float64]
    Rows = NDArray[np.bool_]

# The population's room is believed while it is within this factor of what the floor area suggests.
BELIEVED = 4.0
# A door drawn as a point has no footprint; this stands in for it (m2).
POINT_FOOTPRINT = 100.0


def estimate_households(
    buildings: Table, compounds: Table | None, communities: Table, rule: Estimation, book: FaultBook
) -> Table:
    """Return the buildings with whole households in every row and a column ``estimated``."""
    stated = buildings.numbers("households")
    residential = np.array([flag is not False for flag in buildings.texts("residential")], dtype=bool)
    unknown = np.isnan(stated) & residential
    households = np.nan_to_num(stated)
    if unknown.any():
        floor_m2 = _floor_area(buildings, residential, rule)
        left = unknown.copy()
        if compounds is not None:
            left &= ~_by_compound(buildings, compounds, unknown, floor_m2, households)
        _by_community(buildings, communities, rule, left, floor_m2, households)
        _tell(buildings, unknown, households, book)
    return buildings.put(households=np.round(households).astype(np.int64), estimated=unknown)


def _by_compound(
    buildings: Table, compounds: Table, unknown: Rows, floor_m2: Floats, households: Floats
) -> Rows:
    """Fill ``households`` where the compound states its number; return the rows filled."""
    number = dict(zip(compounds.ids, compounds.numbers("households"), strict=True))
    owner = buildings.texts("compound_id")
    filled = np.zeros(len(unknown), dtype=bool)
    for compound in sorted(set(owner[unknown]) & set(number)):
        mine = owner == compound
        rows = unknown & mine
        room = number[compound] - households[mine & ~unknown].sum()
        if room >= rows.sum():
            households[rows] = _shares(floor_m2[rows], room, buildings.ids[rows])
            filled |= rows
    return filled


def _by_community(
    buildings: Table, communities: Table, rule: Estimation, left: Rows, floor_m2: Floats, households: Floats
) -> None:
    population = dict(zip(communities.ids, communities.numbers("population"), strict=True))
    owner = buildings.texts("community_id")
    for community in sorted(set(owner[left])):
        mine = owner == community
        rows = left & mine
        room = population.get(community, np.nan) / rule.persons_per_household
        room -= households[mine & ~left].sum()
        expected = floor_m2[rows].sum() / rule.dwelling_m2
        believed = expected / BELIEVED <= room <= expected * BELIEVED
        households[rows] = _shares(floor_m2[rows], room if believed else expected, buildings.ids[rows])


def _floor_area(buildings: Table, residential: Rows, rule: Estimation) -> Floats:
    drawn: Floats = shapely.area(buildings.shapes)
    footprint = np.where(drawn > 0, drawn, POINT_FOOTPRINT)
    # 0 is how some sources write "unknown".
    levels = buildings.frame["levels"].where(buildings.frame["levels"] > 0)
    named = buildings.frame["compound_id"].where(buildings.frame["compound_id"] != "")
    typical = levels.where(residential).groupby(named).transform("median")
    known: Floats = levels.fillna(typical).fillna(rule.default_levels).to_numpy(dtype=np.float64)
    floor_m2: Floats = footprint * known
    return floor_m2


def _shares(floor_m2: Floats, total: float, ids: NDArray[np.object_]) -> Floats:
    """Return whole households in proportion to floor area, at least 1 each."""
    ideal: Floats = np.maximum(floor_m2 / floor_m2.sum() * total, 1.0)
    whole: Floats = np.floor(ideal)
    left = round(float(ideal.sum() - whole.sum()))
    # Largest remainders first; ties by id, so that the order of the rows does not matter.
    order = sorted(range(len(ids)), key=lambda n: (-(ideal[n] - whole[n]), str(ids[n])))
    whole[order[:left]] += 1
    return whole


def _tell(buildings: Table, unknown: Rows, households: Floats, book: FaultBook) -> None:
    message = (
        f"the households of {int(unknown.sum()):,} residential buildings are not stated; "
        f"{int(households[unknown].sum()):,} were estimated"
    )
    remedy = "State them where they are known"
    book.add(buildings.warning("estimated-households", message, remedy, field="households"))


def describe(rule: Estimation) -> str:
    """Return the rule as words for people."""
    return (
        "Where the data states no households, they are estimated from floor area (footprint times levels; "
        f"{rule.default_levels:g} levels where none are known nearby). A compound's stated households are "
        "shared out first; else the community's population, at "
        f"{rule.persons_per_household:g} persons a household and less the households known, is shared out; "
        f"where that is not believable, one for every {rule.dwelling_m2:g} m2 of floor. Every residential "
        "building gets at least one."
    )
