"""Cut one large piece of ground into groups of buildings."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import shapely
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from geogrid.units import claims
from geogrid.units.groups import TORN_M, Cells, group_cells
from geogrid.units.rows import court_pairs, row_pairs
from geogrid.units.site import NOBODY
from geogrid.units.tessellation import Faces

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from geogrid.units.ground import Ground
    from geogrid.units.site import Site

WALL_TO_WALL_M = 0.5


def groups_of_faces(
    site: Site,
    ground: Ground,
    footprint: NDArray[np.int64],
    standing: NDArray[np.int64],
    here: NDArray[np.int64],
) -> NDArray[np.int64]:
    """Return the group 0, 1, ... of each of the faces ``here``, one connected piece of ground.

    ``footprint`` has the building of every face, ``standing`` the face of every building. Buildings on one
    face share a cell, and so do those of a given building group.
    """
    local = np.full(len(footprint), NOBODY)
    local[here] = np.arange(len(here))
    inside = np.flatnonzero(local[standing] != NOBODY)
    core = local[standing[inside]]
    node = _nodes(site, core, inside)
    of_building = np.full(len(site.buildings) + 1, NOBODY)
    of_building[inside] = node
    sure = np.full(len(here), NOBODY)
    sure[core] = node
    wish = of_building[footprint[here]]
    wish = np.where(wish == NOBODY, of_building[ground.building[here]], wish)
    wish[core] = node
    faces = _subset(ground.faces, here, local)
    cell = claims.absorb(claims.rooted(sure, wish, faces), faces, footprint[here], over_barriers=True)
    cell = _in_one_piece(cell, faces, core)
    return group_cells(_cells(site, faces, cell, cell[core], inside))[cell]


def _nodes(site: Site, face: NDArray[np.int64], inside: NDArray[np.int64]) -> NDArray[np.int64]:
    """Number the cells: one for each face with buildings, joined where a given group spans several."""
    node = np.unique(face, return_inverse=True)[1]
    place = {site.buildings[i].id: row for row, i in enumerate(inside.tolist())}
    for group in site.groups:
        rows = [place[name] for name in group.building_ids if name in place]
        if rows:
            node[np.isin(node, node[rows])] = node[rows].min()
    return np.asarray(np.unique(node, return_inverse=True)[1], dtype=np.int64)


def _in_one_piece(cell: NDArray[np.int64], faces: Faces, core: NDArray[np.int64]) -> NDArray[np.int64]:
    """Part the cells that lie in several pieces: a given group whose buildings are no neighbours.

    A unit in two pieces would put its grid in two pieces, which no rule may allow; a given group may yield.
    """
    same = cell[faces.a] == cell[faces.b]
    size = len(cell)
    links = coo_array((np.ones(int(same.sum())), (faces.a[same], faces.b[same])), shape=(size, size))
    piece = connected_components(links, directed=False)[1].astype(np.int64)
    lived_in = np.isin(piece, piece[core])
    for stray in np.flatnonzero(~lived_in).tolist():
        piece[stray] = piece[np.flatnonzero(lived_in & (cell == cell[stray]))[0]]
    return np.asarray(np.unique(piece, return_inverse=True)[1], dtype=np.int64)


def _subset(faces: Faces, here: NDArray[np.int64], local: NDArray[np.int64]) -> Faces:
    kept = (local[faces.a] != NOBODY) & (local[faces.b] != NOBODY)
    return Faces(
        polygons=faces.polygons[here],
        inside=faces.inside[here],
        a=local[faces.a[kept]],
        b=local[faces.b[kept]],
        length=faces.length[kept],
        open_m=faces.open_m[kept],
    )


def _cells(
    site: Site,
    faces: Faces,
    cell: NDArray[np.int64],
    node: NDArray[np.int64],
    inside: NDArray[np.int64],
) -> Cells:
    count = int(node.max()) + 1
    geometries = np.array([site.buildings[i].geometry for i in inside.tolist()], dtype=object)
    households = np.bincount(node, weights=site.building_households()[inside], minlength=count)
    centre = shapely.get_coordinates(shapely.centroid(geometries))
    xy = np.column_stack([np.bincount(node, weights=axis) for axis in centre.T])
    low, high = np.minimum(cell[faces.a], cell[faces.b]), np.maximum(cell[faces.a], cell[faces.b])
    apart = low != high
    pairs, row = np.unique(low[apart] * count + high[apart], return_inverse=True)
    one, other = shapely.STRtree(geometries).query(geometries, predicate="dwithin", distance=WALL_TO_WALL_M)
    areas = shapely.get_dimensions(geometries) == 2
    walls = np.column_stack([one, other])[areas[one] & areas[other]]
    lived_in = np.flatnonzero(site.building_households()[inside] > 0)
    homes = geometries[lived_in]
    kin = node[np.vstack([walls, lived_in[row_pairs(homes)], lived_in[court_pairs(homes)]])]
    together = np.unique(kin.min(axis=1) * count + kin.max(axis=1))
    return Cells(
        households=households.astype(np.int64),
        xy=xy / np.bincount(node, minlength=count)[:, None],
        a=pairs // count,
        b=pairs % count,
        border_m=np.bincount(row, weights=faces.length[apart], minlength=len(pairs)).astype(np.float64),
        torn_m=np.where(np.isin(pairs, together), TORN_M, 0.0),
    )
