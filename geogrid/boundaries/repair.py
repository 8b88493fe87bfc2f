"""Mend polygons that cross themselves where their meaning is clear; refuse the others and absurd sizes."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from geogrid.boundaries.columns import Table
    from geogrid.boundaries.faults import FaultBook

# A repair that changes more than this share of a polygon's drawn area is no repair but a guess.
REPAIR_SHARE = 0.01
# To mend a polygon each crossing becomes a corner. So many take a second; millions fill the memory.
MOST_CROSSINGS = 10_000
SAMPLED = 500  # edges by which the crossings are estimated, where there are more
# Areas (m2) outside these are a mistake of units or of digitising, not a place.
AREA_LIMITS = {
    "communities": (100.0, 2e9),
    "compounds": (10.0, 1e8),
    "buildings": (1.0, 1e6),
}


def mend_shapes(table: Table, book: FaultBook) -> Table:
    """Return the rows whose geometries are valid, or could be made so safely, and of believable size."""
    if table.geometry is None:
        return table
    shapes = table.shapes.copy()
    refused = np.zeros(len(shapes), dtype=bool)
    for row in np.flatnonzero(~shapely.is_missing(shapes) & ~shapely.is_valid(shapes)):
        shapes[row] = _mend(table, int(row), book)
        refused[row] = shapes[row] is None
    whole = replace(table, geometry=shapes).keep(~refused)
    return whole.keep(_believable(whole, book))


def _mend(table: Table, row: int, book: FaultBook) -> Any:
    shape = table.shapes[row]
    mended = mended_polygon(shape)
    if mended is None:
        reason = str(shapely.is_valid_reason(shape)).split("[")[0].lower()
        message = f"the polygon is not valid: {reason}"
        remedy = "Draw its border so that it does not cross itself"
        book.add(table.fault("invalid-geometry", message, remedy, field="geometry", row=row))
        return None
    # Adding zero turns a rounded -0.0 into 0.0.
    change = round(shapely.area(mended) - shapely.area(shape), 2) + 0.0
    message = f"an invalid polygon was mended; its area changed by {change:+.2f} m2"
    book.add(table.repair("mended-geometry", message, row=row))
    return mended


def mended_polygon(shape: Any) -> Any:
    """Return a valid polygon of the same area, None where the drawing has no clear meaning.

    GEOS gives the area of an invalid polygon as its rings were drawn (shoelace, holes subtracted): a bow
    tie counts its two halves against each other, so mending it would change that area, and it is refused.
    """
    if shapely.get_dimensions(shape) != 2 or _is_tangled(shape):
        return None
    mended = polygonal(shapely.make_valid(shape, method="structure", keep_collapsed=False))
    after, before = shapely.area(mended), shapely.area(shape)
    return mended if after > 0 and abs(after - before) <= REPAIR_SHARE * after else None


def _is_tangled(shape: Any) -> bool:
    """Tell whether a border crosses itself too often to be mended, by a sample of its edges."""
    corners, ring = shapely.get_coordinates(shapely.get_rings(shape), return_index=True)
    joined = ring[1:] == ring[:-1]
    ends = np.stack([corners[:-1][joined], corners[1:][joined]], axis=1)
    edges: NDArray[np.object_] = np.asarray(shapely.linestrings(ends), dtype=object)
    sample = np.random.default_rng(len(edges)).permutation(edges)[:SAMPLED]
    tree, met = shapely.STRtree(edges), 0
    for edge in sample:
        met += max(0, len(tree.query(edge, predicate="intersects")) - 3)  # itself and its two neighbours
        if met * len(edges) > 2 * MOST_CROSSINGS * len(sample):
            return True
    return False


def polygonal(shape: Any, dust_m2: float = 1e-6) -> Any:
    """Return the polygons of a shape as one geometry, without lines, points and specks below ``dust_m2``."""
    valid = shape if shapely.is_valid(shape) else shapely.make_valid(shape, method="structure")
    collected = [piece for part in shapely.get_parts(valid) for piece in shapely.get_parts(part)]
    return shapely.union_all([piece for piece in collected if shapely.area(piece) > dust_m2])


def _believable(table: Table, book: FaultBook) -> NDArray[np.bool_]:
    rows = np.ones(len(table.frame), dtype=bool)
    limits = AREA_LIMITS.get(table.layer.name)
    if limits is None:
        return rows
    smallest, largest = limits
    area = shapely.area(table.shapes)
    polygons = shapely.get_dimensions(table.shapes) == 2
    for row in np.flatnonzero(polygons & ((area < smallest) | (area > largest))):
        message = f"an area of {area[row]:,.1f} m2 is not believable"
        remedy = f"Between {smallest:,.0f} and {largest:,.0f} m2 are expected; check the units"
        book.add(table.fault("absurd-size", message, remedy, field="geometry", row=int(row)))
        rows[row] = False
    return rows
