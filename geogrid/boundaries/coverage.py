"""Make communities a coverage and lay the compounds into them; tiny slivers are mended, the rest refused."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import shapely

from geogrid.boundaries.columns import Table, tell_repair

if TYPE_CHECKING:
    from typing import Any

    from numpy.typing import NDArray

    from geogrid.boundaries.faults import FaultBook

    Shapes = NDArray[np.object_]

# An overlap or overhang is a sliver of digitising, and mended, while it is narrower than this on average
# (twice its area by its perimeter) and smaller than this share of the smaller polygon.
SLIVER_M = 1.0
SLIVER_SHARE = 0.01
# A slit between communities narrower than this is closed.
GAP_M = 0.5
# Areas below this (m2) are rounding, not shape.
DUST_M2 = 1e-6


def mend_communities(table: Table, book: FaultBook) -> Table:
    """Return the communities as a valid coverage (``shapely.coverage_is_valid``); told where that is impossible."""
    assert table.geometry is not None
    if not _tell_overlaps(table, "overlapping-communities", "communities", book):
        return table
    if shapely.coverage_is_valid(table.geometry):
        return table
    cleaned = shapely.coverage_clean(table.geometry, gap_width=GAP_M, snapping_distance=-1)
    cleaned = np.asarray(cleaned, dtype=object)
    changed = shapely.area(shapely.symmetric_difference(cleaned, table.geometry))
    for row in np.flatnonzero(changed > DUST_M2):
        message = f"its border was fitted to its neighbours'; {changed[row]:.3f} m2 changed hands"
        tell_repair(table, "mended-border", message, book, table.ids[row])
    lost = shapely.is_empty(cleaned) | (changed > SLIVER_SHARE * shapely.area(table.geometry))
    if lost.any() or not shapely.coverage_is_valid(cleaned):
        book.add_each(
            table.ids[lost] if lost.any() else [""],
            table.fault(
                "no-coverage", "the communities cannot be fitted together", "Draw shared borders once"
            ),
        )
        return table
    return replace(table, geometry=cleaned)


def _tell_overlaps(table: Table, rule: str, what: str, book: FaultBook) -> bool:
    """Tell every overlap that is more than a sliver; return whether there was none."""
    assert table.geometry is not None
    fine = True
    for a, b, overlap in overlaps(table.geometry):
        if is_sliver(overlap, table.geometry[a], table.geometry[b]):
            continue
        message = f"it overlaps {table.ids[b]} by {shapely.area(overlap):,.1f} m2"
        book.add(table.fault(rule, message, f"Let {what} meet at one border", "geometry", table.ids[a]))
        fine = False
    return fine


def overlaps(shapes: Shapes) -> list[tuple[int, int, Any]]:
    """Return (row, row, overlap) for every pair of polygons that overlap by more than dust."""
    tree = shapely.STRtree(shapes)
    a, b = tree.query(shapes, predicate="intersects")
    pairs = sorted((int(i), int(j)) for i, j in zip(a, b, strict=True) if i < j)
    found = [(i, j, shapely.intersection(shapes[i], shapes[j])) for i, j in pairs]
    return [(i, j, overlap) for i, j, overlap in found if shapely.area(overlap) > DUST_M2]


def is_sliver(piece: Any, *wholes: Any) -> bool:
    """Say whether ``piece`` is narrow and small against each of ``wholes``."""
    area, length = shapely.area(piece), shapely.length(piece)
    smallest = min(shapely.area(whole) for whole in wholes)
    return bool(area <= SLIVER_SHARE * smallest and 2 * area <= SLIVER_M * max(length, DUST_M2))


def polygonal(shape: Any) -> Any:
    """Return the polygons of a shape without lines, points and dust."""
    parts = [p for p in shapely.get_parts(shapely.make_valid(shape)) if shapely.area(p) > DUST_M2]
    flat = [q for p in parts for q in shapely.get_parts(p) if shapely.get_dimensions(q) == 2]
    return shapely.union_all(flat)


def mend_compounds(table: Table, communities: Table, book: FaultBook) -> Table:
    """Return the compounds clipped to their communities and without slivers in common.

    ``table.frame["community_id"]`` must be known. Of two compounds that share a sliver the larger loses it.
    """
    assert table.geometry is not None
    assert communities.geometry is not None
    home = dict(zip(communities.ids, communities.geometry, strict=True))
    shapes = table.geometry.copy()
    for row, community in enumerate(table.frame["community_id"]):
        shapes[row] = _clipped(table, row, home[community], book)
    shapes = _parted(replace(table, geometry=shapes), book)
    return replace(table, geometry=shapes)


def _clipped(table: Table, row: int, community: Any, book: FaultBook) -> Any:
    assert table.geometry is not None
    shape = table.geometry[row]
    overhang = shapely.difference(shape, community)
    if shapely.area(overhang) <= DUST_M2:
        return shape
    found = table.ids[row]
    if not is_sliver(overhang, shape):
        message = f"{shapely.area(overhang):,.1f} m2 of it lie outside its community"
        remedy = "Draw it within one community, or divide it into one compound for each"
        book.add(table.fault("compound-across-border", message, remedy, "geometry", found))
        return shape
    message = f"{shapely.area(overhang):.3f} m2 beyond its community were cut off"
    tell_repair(table, "clipped-compound", message, book, found)
    return polygonal(shapely.intersection(shape, community))


def _parted(table: Table, book: FaultBook) -> Shapes:
    assert table.geometry is not None
    shapes = table.geometry.copy()
    for a, b, overlap in overlaps(table.geometry):
        if not is_sliver(overlap, shapes[a], shapes[b]):
            message = f"it overlaps {table.ids[b]} by {shapely.area(overlap):,.1f} m2"
            remedy = "Let compounds meet at one border"
            book.add(table.fault("overlapping-compounds", message, remedy, "geometry", table.ids[a]))
            continue
        loser, winner = sorted((a, b), key=lambda row: (-shapely.area(shapes[row]), table.ids[row]))
        shapes[loser] = polygonal(shapely.difference(shapes[loser], shapes[winner]))
        message = f"a sliver of {shapely.area(overlap):.3f} m2 was left to {table.ids[winner]}"
        tell_repair(table, "parted-compounds", message, book, table.ids[loser])
    return shapes
