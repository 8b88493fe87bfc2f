"""Find out which row belongs to which: by the ids that the data states, else by where it lies."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import shapely

from geogrid.boundaries.columns import Table, tell_repair
from geogrid.errors import Severity

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from geogrid.boundaries.faults import FaultBook

    Texts = NDArray[np.object_]
    Rows = NDArray[np.bool_]

# A stated owner is believed while the place lies no farther from it than this.
NEAR_M = 30.0
# Two owners share a footprint fairly, so that neither is its own, from this share on.
SHARED_PART = 0.4


def refuse_duplicates(table: Table, book: FaultBook) -> Table:
    """Return the first row of every id; the others are told."""
    again = pd.Series(table.ids).duplicated().to_numpy(dtype=bool)
    template = table.fault(
        "duplicate-id", "another row has the same id", "Give every row an id of its own", "id"
    )
    book.add_each(table.ids[again], template)
    return table.keep(~again) if again.any() else table


def refuse_unknown(table: Table, column: str, known: Table | None, book: FaultBook) -> Table:
    """Blank the references of ``column`` that point nowhere and tell them."""
    stated = table.frame[column]
    ids = set(known.ids) if known is not None else set()
    lost = ((stated != "") & ~stated.isin(ids)).to_numpy(dtype=bool)
    if not lost.any():
        return table
    what = column.removesuffix("_id").replace("_", " ")
    for found, value in zip(table.ids[lost], stated[lost], strict=True):
        message = f"there is no {what} {value!r}"
        book.add(
            table.fault(
                f"unknown-{what.replace(' ', '-')}", message, f"Mend the {what} or add it", column, found
            )
        )
    return replace(table, frame=table.frame.assign(**{column: stated.where(~pd.Series(lost), "")}))


def inner_points(table: Table) -> NDArray[np.object_]:
    """Return a point on each geometry."""
    assert table.geometry is not None
    return np.asarray(shapely.point_on_surface(table.geometry), dtype=object)


def owners_by_place(points: NDArray[np.object_], owners: Table) -> Texts:
    """Return the id of the owner whose polygon each point lies in, the smallest id on a border, "" outside all."""
    assert owners.geometry is not None
    found = np.full(len(points), "", dtype=object)
    tree = shapely.STRtree(owners.geometry)
    row, owner = tree.query(points, predicate="intersects")
    ids = owners.ids[owner]
    for n in np.lexsort((ids, row))[::-1]:
        found[row[n]] = ids[n]
    return found


def distance_to(points: NDArray[np.object_], ids: Texts, owners: Table) -> NDArray[np.float64]:
    """Return the metres from each point to the owner with the given id; NaN where the id is blank."""
    assert owners.geometry is not None
    shapes = pd.Series(owners.geometry, index=pd.Index(owners.ids, dtype=object), dtype=object)
    chosen = shapes.reindex(pd.Index(ids, dtype=object)).to_numpy(dtype=object)
    chosen = np.where(pd.isna(chosen), None, chosen)
    return np.asarray(shapely.distance(points, chosen), dtype=float)


def place_in(table: Table, column: str, owners: Table, book: FaultBook) -> Table:
    """Fill the blanks of ``column`` by place; tell stated owners that lie elsewhere.

    A row in no owner's polygon keeps a blank.
    """
    if not len(table.frame):
        return table
    points = inner_points(table)
    stated = table.frame[column].to_numpy(dtype=object)
    found = owners_by_place(points, owners)
    differs = np.asarray((stated != "") & (stated != found), dtype=bool)
    far = differs.copy()
    far[differs] = distance_to(points[differs], stated[differs], owners) > NEAR_M
    what = column.removesuffix("_id")
    for row in np.flatnonzero(far):
        there = f"in {found[row]!r}" if found[row] else "in none"
        message = f"it lies {there}, not in its {what} {stated[row]!r}"
        book.add(
            table.fault(f"wrong-{what}", message, f"Mend its {what} or its place", column, table.ids[row])
        )
    chosen = np.where(stated == "", found, stated)
    return replace(table, frame=table.frame.assign(**{column: chosen}))


def drop_outside(table: Table, book: FaultBook) -> Table:
    """Refuse buildings with homes outside every community; leave the others out, told once."""
    outside = table.frame["community_id"].eq("").to_numpy(dtype=bool)
    homes = outside & _has_homes(table)
    template = table.fault(
        "building-outside",
        "it lies outside every community",
        "Draw its community, or leave it out",
        "geometry",
    )
    book.add_each(table.ids[homes], template)
    idle = int((outside & ~homes).sum())
    if idle:
        tell_repair(
            table, "left-out", f"{idle:,} buildings without homes outside every community were left out", book
        )
    return table.keep(~outside)


def _has_homes(table: Table) -> Rows:
    stated = table.frame["households"].to_numpy(dtype=float)
    residential = np.array([flag is not False for flag in table.frame["residential"]], dtype=bool)
    return np.where(np.isnan(stated), residential, stated > 0).astype(bool)


def house_buildings(table: Table, compounds: Table, book: FaultBook) -> Table:
    """Give every building with homes its compound; tell those that two compounds share and those in none."""
    homes = _has_homes(table)
    blank = table.frame["compound_id"].eq("").to_numpy(dtype=bool)
    placed = place_in(table, "compound_id", compounds, book)
    chosen = placed.frame["compound_id"].to_numpy(dtype=object)
    chosen = np.where(blank & ~homes, "", chosen)
    _tell_shared(table, compounds, blank & homes, book)
    none = homes & (chosen == "")
    if none.any():
        message = f"{int(none.sum()):,} buildings with homes lie in no compound"
        fault = table.fault(
            "building-in-no-compound", message, "They become units of their own", "compound_id"
        )
        book.add(replace(fault, severity=Severity.WARNING))
    return replace(placed, frame=placed.frame.assign(compound_id=chosen))


def _tell_shared(table: Table, compounds: Table, rows: Rows, book: FaultBook) -> None:
    assert table.geometry is not None
    assert compounds.geometry is not None
    numbers = np.flatnonzero(rows & (shapely.get_dimensions(table.geometry) == 2))
    tree = shapely.STRtree(compounds.geometry)
    row, owner = tree.query(table.geometry[numbers], predicate="intersects")
    shapes = table.geometry[numbers][row]
    part = shapely.area(shapely.intersection(shapes, compounds.geometry[owner])) / shapely.area(shapes)
    shared = pd.Series(part >= SHARED_PART).groupby(row).sum()
    for n in shared.index[shared >= 2]:
        found = table.ids[numbers[n]]
        message = "two compounds share it and the data does not say whose it is"
        book.add(
            table.fault("building-in-two-compounds", message, "State its compound", "compound_id", found)
        )
