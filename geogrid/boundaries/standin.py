"""Give a compound whose buildings nobody drew one stand-in building, so that its households are not lost."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from geogrid.boundaries.faults import printable
from geogrid.boundaries.relate import has_homes, inner_points
from geogrid.boundaries.schema import BUILDINGS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from geogrid.boundaries.columns import Table
    from geogrid.boundaries.faults import FaultBook

# A compound's number and the sum of its buildings may differ by this share without a word.
DIFFERENCE = 0.1


def stand_in(buildings: Table | None, compounds: Table, book: FaultBook) -> Table | None:
    """Return the buildings, with a point ``<compound>/homes`` for each compound that has only a number."""
    stated = compounds.numbers("households")
    housed = set(buildings.texts("compound_id")[has_homes(buildings)]) if buildings is not None else set()
    bare = np.array([found not in housed for found in compounds.ids], dtype=bool)
    if buildings is None:
        unknown = bare & np.isnan(stated)
        message = "it has neither buildings nor a number of households"
        remedy = "Give it its buildings, or say how many households it has (0 where nobody lives)"
        template = compounds.fault("missing-households", message, remedy, field="households")
        book.add_each(compounds.places(unknown), template)
    chosen = bare & (np.nan_to_num(stated) > 0)
    if not chosen.any():
        return buildings
    message = f"{int(chosen.sum()):,} compounds have households but no homes; each got a stand-in building"
    book.add(compounds.warning("no-homes-drawn", message, "Add their buildings", field="households"))
    added = _made(compounds.keep(chosen))
    return added if buildings is None else _joined(buildings, added)


def _made(compounds: Table) -> Table:
    frame = compounds.frame
    columns = {column.name: np.full(len(frame), "", dtype=object) for column in BUILDINGS.columns}
    made = pd.DataFrame(columns).assign(
        id=[f"{found}/homes" for found in compounds.ids],
        community_id=frame["community_id"],
        compound_id=frame["id"],
        name=frame["name"],
        households=frame["households"],
        levels=np.nan,
        residential=True,
    )
    return replace(compounds, layer=BUILDINGS, frame=made, geometry=inner_points(compounds))


def _joined(buildings: Table, added: Table) -> Table:
    frame = pd.concat([buildings.frame, added.frame[list(buildings.frame)]], ignore_index=True)
    return replace(buildings, frame=frame, geometry=np.concatenate([buildings.shapes, added.shapes]))


def tell_people_without_homes(buildings: Table, communities: Table, book: FaultBook) -> None:
    """Warn of communities in which people live but no household is known."""
    sums = buildings.frame.groupby("community_id")["households"].sum()
    homes = sums.reindex(communities.ids).fillna(0).to_numpy(dtype=np.float64)
    population = communities.numbers("population")
    for row in np.flatnonzero((homes == 0) & (population > 0)):
        message = f"{population[row]:,.0f} people live in it, but none of its buildings has a household"
        remedy = "Say which of its buildings are residential"
        fault = communities.warning("people-without-homes", message, remedy, field="population")
        book.add(replace(fault, id=printable(communities.ids[row])))


def tell_differences(buildings: Table, compounds: Table, book: FaultBook) -> None:
    """Warn where a compound's stated households and the sum of its buildings' differ."""
    sums = buildings.frame.groupby("compound_id")["households"].sum()
    found = sums.reindex(compounds.ids).to_numpy(dtype=np.float64)
    stated = compounds.numbers("households")
    differs: NDArray[np.bool_] = np.abs(found - stated) > DIFFERENCE * np.maximum(stated, 1)
    if differs.any():
        message = (
            f"the households of {int(differs.sum()):,} compounds differ by more than {DIFFERENCE:.0%} "
            "from the sum of their buildings, which counts"
        )
        book.add(compounds.warning("households-differ", message, "Mend one of the two", field="households"))
