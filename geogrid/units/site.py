"""Gather what stands on one community's ground."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import shapely
from shapely import MultiPolygon, Polygon

from geogrid.errors import NotFoundError
from geogrid.model import BarrierKind

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from geogrid.model import Barrier, Building, BuildingGroup, City, Community, Compound, Land

HARD_BARRIERS = frozenset({BarrierKind.RIVER, BarrierKind.RAILWAY, BarrierKind.EXPRESSWAY})
BORDER_STEP_M = 8.0


@dataclass(frozen=True, slots=True)
class Site:
    """One community with everything on it, sorted by id; ``outline`` is its border with added vertices.

    Units meet the community's border only in vertices of ``outline``. Those are placed by a rule
    that the neighbouring community follows too, so the tiles of a whole city share their vertices.
    """

    community: Community
    outline: Polygon | MultiPolygon
    compounds: tuple[Compound, ...]
    buildings: tuple[Building, ...]
    groups: tuple[BuildingGroup, ...]
    barriers: tuple[Barrier, ...]
    land: tuple[Land, ...]


def survey(city: City, community_id: str) -> Site:
    """Collect the site of ``community_id``; raise NotFoundError where the city has no such community."""
    community = next((c for c in city.communities if c.id == community_id), None)
    if community is None:
        raise NotFoundError("community", community_id)
    compounds = _by_id(c for c in city.compounds if c.community_id == community_id)
    known = {compound.id for compound in compounds}
    shapely.prepare(community.geometry)
    return Site(
        community=community,
        outline=densify(community.geometry, BORDER_STEP_M),
        compounds=compounds,
        buildings=_by_id(b for b in city.buildings if b.community_id == community_id),
        groups=_by_id(g for g in city.building_groups if g.compound_id in known),
        barriers=_by_id(
            b for b in city.barriers if b.kind in HARD_BARRIERS and community.geometry.intersects(b.geometry)
        ),
        land=_by_id(p for p in city.land if community.geometry.intersects(p.geometry)),
    )


def _by_id(things):  # type: ignore[no-untyped-def]
    return tuple(sorted(things, key=lambda thing: thing.id))


def densify(geometry: Polygon | MultiPolygon, step: float) -> Polygon | MultiPolygon:
    """Add vertices so that no segment is longer than ``step``, the same from either side of a border."""
    parts = [
        Polygon(_densify_ring(part.exterior), [_densify_ring(ring) for ring in part.interiors])
        for part in shapely.get_parts(geometry)
    ]
    return parts[0] if len(parts) == 1 else MultiPolygon(parts)


def _densify_ring(ring: shapely.LinearRing, step: float = BORDER_STEP_M) -> NDArray[np.float64]:
    xy = shapely.get_coordinates(ring)
    start, end = xy[:-1], xy[1:]
    flip = (start[:, 0] > end[:, 0]) | ((start[:, 0] == end[:, 0]) & (start[:, 1] > end[:, 1]))
    low, high = np.where(flip[:, None], end, start), np.where(flip[:, None], start, end)
    count = np.maximum(1, np.ceil(np.hypot(*(high - low).T) / step)).astype(np.int64)
    owner = np.repeat(np.arange(len(count)), count)
    rank = np.arange(len(owner)) - np.repeat(np.cumsum(count) - count, count)
    rank = np.where(flip[owner], count[owner] - rank, rank)
    points = low[owner] + (high - low)[owner] * (rank / count[owner])[:, None]
    first = np.where(flip[owner], rank == count[owner], rank == 0)
    points[first] = start[owner][first]
    return np.vstack([points, points[:1]])
