"""Estimate the households of residential buildings for which the data states none.

The rule. The floor area of a building is its footprint times its levels; unknown levels are the median of
the known ones of residential buildings in its compound, else its community, else the city, else a default.
A community has room for ``population / persons_per_household`` households, less those that its buildings
state. Where that room is within a factor of three of ``floor area / dwelling_m2``, it is shared out in
proportion to floor area; elsewhere (no population, or exhausted) ``floor area / dwelling_m2`` itself is
taken. Every residential building gets at least 1.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import shapely

from geogrid.errors import Severity

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from geogrid.boundaries.columns import Table
    from geogrid.boundaries.faults import FaultBook
    from geogrid.boundaries.mapping import Estimation

    Floats = NDArray[np.float64]
    Rows = NDArray[np.bool_]

# The population's room is believed while it is within this factor of what the floor area suggests.
BELIEVED = 3.0
# A door drawn as a point has no footprint; this stands in for it (m2).
POINT_FOOTPRINT = 100.0


def estimate_households(buildings: Table, communities: Table, rule: Estimation, book: FaultBook) -> Table:
    """Return the buildings with a column ``estimated`` and a whole number of households in every row."""
    stated = buildings.frame["households"].to_numpy(dtype=float)
    residential = np.array([flag is not False for flag in buildings.frame["residential"]], dtype=bool)
    unknown = np.isnan(stated) & residential
    households = np.where(np.isnan(stated), 0.0, stated)
    if unknown.any():
        floor_m2 = _floor_area(buildings, residential, rule)
        owner = buildings.frame["community_id"].to_numpy(dtype=object)
        population = dict(
            zip(communities.ids, communities.frame["population"].to_numpy(dtype=float), strict=True)
        )
        for community in sorted(set(owner[unknown])):
            rows = unknown & (owner == community)
            room = population.get(community, np.nan) / rule.persons_per_household
            room -= households[~unknown & (owner == community)].sum()
            households[rows] = _shares(floor_m2[rows], room, rule.dwelling_m2, buildings.ids[rows])
        _tell(buildings, unknown, households, book)
    frame = buildings.frame.assign(households=np.round(households).astype(np.int64), estimated=unknown)
    return replace(buildings, frame=frame)


def _tell(buildings: Table, unknown: Rows, households: Floats, book: FaultBook) -> None:
    message = (
        f"the households of {int(unknown.sum()):,} residential buildings are not stated; "
        f"{int(households[unknown].sum()):,} were estimated"
    )
    fault = buildings.fault("estimated-households", message, "State them where they are known", "households")
    book.add(replace(fault, severity=Severity.WARNING))


def _floor_area(buildings: Table, residential: Rows, rule: Estimation) -> Floats:
    assert buildings.geometry is not None
    footprint = shapely.area(buildings.geometry)
    footprint = np.where(footprint > 0, footprint, POINT_FOOTPRINT)
    frame = buildings.frame
    levels = frame["levels"].where(frame["levels"] > 0)
    known = levels.where(residential)
    for group in ("compound_id", "community_id"):
        named = frame[group].where(frame[group] != "")
        levels = levels.fillna(known.groupby(named).transform("median"))
    typical = known.median()
    levels = levels.fillna(rule.default_levels if pd.isna(typical) else typical)
    return np.asarray(footprint * levels.to_numpy(dtype=float), dtype=float)


def _shares(floor_m2: Floats, room: float, dwelling_m2: float, ids: NDArray[np.object_]) -> Floats:
    """Return whole households for the buildings of one community, in proportion to their floor area."""
    expected = floor_m2.sum() / dwelling_m2
    believed = expected / BELIEVED <= room <= expected * BELIEVED
    total = room if believed else expected
    ideal = np.maximum(floor_m2 / floor_m2.sum() * total, 1.0)
    whole = np.floor(ideal)
    left = int(round(ideal.sum())) - int(whole.sum())
    # Largest remainders first; ties by id, so that the order of the rows does not matter.
    order = sorted(range(len(ids)), key=lambda n: (-(ideal[n] - whole[n]), str(ids[n])))
    whole[order[:left]] += 1
    return whole


def describe(rule: Estimation) -> str:
    """Return the rule as one sentence for people."""
    return (
        "Households that the data does not state are estimated from floor area (footprint times levels): "
        f"the community's population at {rule.persons_per_household:g} persons a household, less the stated "
        f"households, is shared out by floor area; where that gives no believable number, one household for "
        f"every {rule.dwelling_m2:g} m2 of floor; at least one a building."
    )
