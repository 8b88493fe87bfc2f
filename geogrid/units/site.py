"""Gather what stands on one community's ground."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

import numpy as np
import shapely
from shapely import MultiPolygon, Polygon

from geogrid.errors import NotFoundError
from geogrid.model import Barrier, BarrierKind, Building, BuildingGroup, Compound, Land

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from geogrid.model import City, Community

HARD_BARRIERS = frozenset({BarrierKind.RIVER, BarrierKind.RAILWAY, BarrierKind.EXPRESSWAY})
BORDER_STEP_M = 5.0
NOBODY = -1

Thing = TypeVar("Thing", Compound, Building, BuildingGroup, Barrier, Land)


@dataclass(frozen=True, slots=True)
class Site:
    """One community with everything on it, each tuple sorted by id.

    ``outline`` is the community's border with added vertices: units meet the border only in those. They
    are placed by a rule that the neighbouring community follows too, so the tiles of a whole city share
    their vertices. ``compound_of`` has for every building the place of its compound or ``NOBODY``;
    ``households`` the sum for every compound.

    Whose ground a face is, is said by a number: the place of a compound; ``homes`` for all homes outside
    compounds; ``given + i`` for the land of place i; ``wild`` for other land without homes.
    """

    community: Community
    outline: Polygon | MultiPolygon
    compounds: tuple[Compound, ...]
    buildings: tuple[Building, ...]
    groups: tuple[BuildingGroup, ...]
    barriers: tuple[Barrier, ...]
    land: tuple[Land, ...]
    compound_of: NDArray[np.int64]
    households: NDArray[np.int64]

    @property
    def homes(self) -> int:
        """Return the number of all homes outside compounds."""
        return len(self.compounds)

    @property
    def given(self) -> int:
        """Return the number of the first given piece of land."""
        return len(self.compounds) + 1

    @property
    def wild(self) -> int:
        """Return the number of land without homes that the data does not name."""
        return len(self.compounds) + 1 + len(self.land)

    def building_households(self) -> NDArray[np.int64]:
        """Return the households of every building, and a last 0 that the place ``NOBODY`` finds."""
        return np.array([building.households for building in self.buildings] + [0], dtype=np.int64)


def survey(city: City, community_id: str) -> Site:
    """Collect the site of ``community_id``; raise NotFoundError where the city has no such community."""
    community = next((c for c in city.communities if c.id == community_id), None)
    if community is None:
        raise NotFoundError("community", community_id)
    ground = community.geometry
    shapely.prepare(ground)
    compounds = _by_id(c for c in city.compounds if c.community_id == community_id)
    buildings = _by_id(b for b in city.buildings if b.community_id == community_id)
    place = {compound.id: i for i, compound in enumerate(compounds)}
    compound_of = np.array([place.get(b.compound_id, NOBODY) for b in buildings], dtype=np.int64)
    return Site(
        community=community,
        outline=densify(ground),
        compounds=compounds,
        buildings=buildings,
        groups=_by_id(g for g in city.building_groups if g.compound_id in place),
        barriers=_by_id(
            b for b in city.barriers if b.kind in HARD_BARRIERS and ground.intersects(b.geometry)
        ),
        land=_by_id(piece for piece in city.land if ground.intersects(piece.geometry)),
        compound_of=compound_of,
        households=_compound_households(compounds, buildings, compound_of),
    )


def _by_id(things: Iterable[Thing]) -> tuple[Thing, ...]:
    return tuple(sorted(things, key=lambda thing: thing.id))


def _compound_households(
    compounds: tuple[Compound, ...], buildings: tuple[Building, ...], compound_of: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Sum the households of every compound's buildings; take its stated number where it has no building."""
    total = np.array([compound.households or 0 for compound in compounds], dtype=np.int64)
    total[compound_of[compound_of != NOBODY]] = 0
    for place, building in zip(compound_of.tolist(), buildings, strict=True):
        if place != NOBODY:
            total[place] += building.households
    return total


def densify(geometry: Polygon | MultiPolygon, step: float = BORDER_STEP_M) -> Polygon | MultiPolygon:
    """Add vertices so that no segment is longer than ``step``, the same from either side of a border."""
    parts = [
        Polygon(_densify_ring(part.exterior, step), [_densify_ring(ring, step) for ring in part.interiors])
        for part in shapely.get_parts(geometry)
    ]
    return parts[0] if len(parts) == 1 else MultiPolygon(parts)


def _densify_ring(ring: shapely.LinearRing, step: float) -> NDArray[np.float64]:
    """Divide every segment evenly, counted from its smaller end whichever way the ring runs."""
    xy = shapely.get_coordinates(ring)
    start, end = xy[:-1], xy[1:]
    flip = (start[:, 0] > end[:, 0]) | ((start[:, 0] == end[:, 0]) & (start[:, 1] > end[:, 1]))
    low, high = np.where(flip[:, None], end, start), np.where(flip[:, None], start, end)
    count = np.maximum(1, np.ceil(np.hypot(*(high - low).T) / step)).astype(np.int64)
    owner = np.repeat(np.arange(len(count)), count)
    rank = np.arange(len(owner)) - np.repeat(np.cumsum(count) - count, count)
    share = np.where(flip[owner], count[owner] - rank, rank) / count[owner]
    points = low[owner] + (high - low)[owner] * share[:, None]
    points[rank == 0] = start
    return np.vstack([points, points[:1]])
