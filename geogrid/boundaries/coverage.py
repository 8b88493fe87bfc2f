"""Make communities a coverage and lay the compounds into them; slivers are mended, the rest is refused."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import shapely

from geogrid.boundaries.repair import polygonal

if TYPE_CHECKING:
    from typing import Any

    from numpy.typing import NDArray

    from geogrid.boundaries.columns import Table
    from geogrid.boundaries.faults import FaultBook

    Shapes = NDArray[np.object_]

# An overlap or overhang is a sliver of digitising, and mended, while it is on average narrower than this
# (twice its area by its perimeter) and smaller than this share of the smaller polygon.
SLIVER_M = 1.0
SLIVER_SHARE = 0.01
# A slit between communities narrower than this is closed.
GAP_M = 0.5
# Areas below this (m2) are rounding, not shape.
DUST_M2 = 1e-6


def mend_communities(table: Table, book: FaultBook) -> Table:
    """Return the communities as a valid coverage (``shapely.coverage_is_valid``), or tell why not."""
    if not _meet(table, book) or shapely.coverage_is_valid(table.shapes, gap_width=GAP_M):
        return table
    # The stubs of shapely do not know coverage_clean (2.2) yet.
    cleaned: Shapes = shapely.coverage_clean(table.shapes, gap_width=GAP_M)  # type: ignore[attr-defined]
    changed = shapely.area(shapely.symmetric_difference(cleaned, table.shapes))
    lost = shapely.is_empty(cleaned) | (changed > SLIVER_SHARE * shapely.area(table.shapes))
    if lost.any() or not shapely.coverage_is_valid(cleaned):
        message = "the communities' borders cannot be fitted together"
        remedy = "Draw every shared border once"
        book.add_each(table.places(lost), table.fault("no-coverage", message, remedy, field="geometry"))
        book.add(table.fault("no-coverage", message, remedy, field="geometry"))
        return table
    for row in np.flatnonzero(changed > DUST_M2):
        message = f"its border was fitted to its neighbours'; {changed[row]:.3f} m2 changed hands"
        book.add(table.repair("mended-border", message, row=int(row)))
    return replace(table, geometry=cleaned)


def _meet(table: Table, book: FaultBook) -> bool:
    """Tell communities that overlap by more than a sliver; return whether there are none."""
    fine = True
    for a, b, overlap in overlaps(table.shapes):
        if not is_sliver(overlap, table.shapes[a], table.shapes[b]):
            message = f"it overlaps {table.ids[b]!r} by {shapely.area(overlap):,.1f} m2"
            remedy = "Let communities meet at one border"
            book.add(table.fault("overlapping-communities", message, remedy, field="geometry", row=a))
            fine = False
    return fine


def overlaps(shapes: Shapes) -> list[tuple[int, int, Any]]:
    """Return (row, row, overlap) for every pair of polygons that overlap by more than dust, in order."""
    tree = shapely.STRtree(shapes)
    a, b = tree.query(shapes, predicate="intersects")
    first, second = a[a < b], b[a < b]
    order = np.lexsort((second, first))
    first, second = first[order], second[order]
    # Neighbours of a clean coverage only touch; the intersection is drawn for the few others.
    touch = shapely.touches(shapes[first], shapes[second])
    first, second = first[~touch], second[~touch]
    shared = shapely.intersection(shapes[first], shapes[second])
    found = zip(first.tolist(), second.tolist(), shared, strict=True)
    return [(i, j, overlap) for i, j, overlap in found if shapely.area(overlap) > DUST_M2]


def is_sliver(piece: Any, *wholes: Any) -> bool:
    """Say whether ``piece`` is narrow, and small against each of ``wholes``."""
    area, length = shapely.area(piece), shapely.length(piece)
    smallest = min(shapely.area(whole) for whole in wholes)
    return bool(area <= SLIVER_SHARE * smallest and 2 * area <= SLIVER_M * max(length, DUST_M2))


def mend_compounds(table: Table, communities: Table, book: FaultBook) -> Table:
    """Return the compounds clipped to their communities and without slivers in common.

    Every ``community_id`` must be known. Of two compounds that share a sliver the larger one loses it.
    """
    home = dict(zip(communities.ids, communities.shapes, strict=True))
    homes = np.array([home[found] for found in table.texts("community_id")], dtype=object)
    overhang = shapely.difference(table.shapes, homes)
    shapes = table.shapes.copy()
    for row in np.flatnonzero(shapely.area(overhang) > DUST_M2):
        shapes[row] = _clipped(table, int(row), homes[row], overhang[row], book)
    clipped = replace(table, geometry=shapes)
    return replace(clipped, geometry=_parted(clipped, book))


def _clipped(table: Table, row: int, community: Any, overhang: Any, book: FaultBook) -> Any:
    shape, area = table.shapes[row], shapely.area(overhang)
    if not is_sliver(overhang, shape):
        message = f"{area:,.1f} m2 of it lie outside its community {table.texts('community_id')[row]!r}"
        remedy = "Draw it within one community, or divide it into one compound for each"
        book.add(table.fault("compound-across-border", message, remedy, field="geometry", row=row))
        return shape
    message = f"{area:.3f} m2 beyond the border of its community were cut off"
    book.add(table.repair("clipped-compound", message, row=row))
    return polygonal(shapely.intersection(shape, community))


def _parted(table: Table, book: FaultBook) -> Shapes:
    shapes = table.shapes.copy()
    for a, b, overlap in overlaps(table.shapes):
        if not is_sliver(overlap, shapes[a], shapes[b]):
            message = f"it overlaps {table.ids[b]!r} by {shapely.area(overlap):,.1f} m2"
            remedy = "Let compounds meet at one border"
            book.add(table.fault("overlapping-compounds", message, remedy, field="geometry", row=a))
            continue
        loser, winner = sorted((a, b), key=lambda row: (-shapely.area(shapes[row]), table.ids[row]))
        shapes[loser] = polygonal(shapely.difference(shapes[loser], shapes[winner]))
        message = f"a sliver of {shapely.area(overlap):.3f} m2 was left to {table.ids[winner]!r}"
        book.add(table.repair("parted-compounds", message, row=loser))
    return shapes
