"""Cut polygons that overlap along each other's borders, so that every place belongs to one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from geogrid.locate.lattice import STEPS, snap

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Shapes = NDArray[Any]


def mended(degrees: Shapes) -> tuple[Shapes, NDArray[np.int32]]:
    """Return polygons in degrees that do not overlap, and the place in ``degrees`` that each comes from.

    All borders are noded on the lattice; each face goes to the first polygon that holds an inner point of
    it. Faces that no polygon holds stay outside.
    """
    shapes = shapely.transform(degrees, snap)
    lines = shapely.union_all(shapely.boundary(shapes), grid_size=1.0)
    # Rounding may fold a narrow spike onto itself; only the polygons that are left can hold a face.
    shapes = shapely.make_valid(shapes, method="structure", keep_collapsed=False)
    faces = shapely.get_parts(shapely.polygonize(shapely.get_parts(lines)))
    inner = shapely.point_on_surface(faces)
    point, holder = shapely.STRtree(shapes).query(inner, predicate="within")
    owner = np.full(len(faces), len(shapes), dtype=np.int32)
    np.minimum.at(owner, point, holder.astype(np.int32))
    held = owner < len(shapes)
    back = shapely.transform(faces[held], lambda points: points / STEPS)
    owners = owner[held]
    merged = [(shapely.coverage_union_all(list(back[owners == label])), label) for label in np.unique(owners)]
    return np.array([shape for shape, _ in merged], dtype=object), np.array(
        [label for _, label in merged], dtype=np.int32
    )
