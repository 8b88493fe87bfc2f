"""The recipe: from a city and a community to its units."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import numpy as np
import shapely

from geogrid.units import claims, tiles
from geogrid.units.cells import groups_of_faces
from geogrid.units.ground import Ground, cut_ground, share_ground
from geogrid.units.groups import ALWAYS_CUT_ABOVE, GROUP_MAX
from geogrid.units.site import NOBODY, Site, survey
from geogrid.units.unit import Unit, UnitKind

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from geogrid.model import Building, City
    from geogrid.units.tessellation import Faces


def build_units(city: City, community_id: str) -> tuple[Unit, ...]:
    """Cut a community into units that tile it exactly, sorted by id.

    The units of all communities together are a valid coverage where the communities are one. Raise
    NotFoundError where the city has no such community.
    """
    site = survey(city, community_id)
    ground = cut_ground(site)
    faces = ground.faces
    under = claims.stakes(site, faces)
    piece, owner_of_piece = share_ground(site, ground, under)
    standing = _faces_of_buildings(site, faces, under.at, owner_of_piece[piece])
    unit, owner = _number_units(site, ground, under.building, standing, piece, owner_of_piece)
    shapes = tiles.meet_outline_in_vertices(tiles.dissolve(faces.polygons, unit), site.outline)
    if (ground.owner != NOBODY).any():  # compounds that tile the community keep their exact shape
        shapes = tiles.smooth(shapes, _inner_points(site), unit[standing])
    return _describe(site, shapes, owner, unit[standing])


def _faces_of_buildings(
    site: Site, faces: Faces, at: NDArray[np.int64], label: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Return for every building the face it stands on: the one ``at`` its inner point.

    But a building with homes never leaves its claim: where its inner point lies on other ground (outside the
    community, say) the nearest face of the claim counts.
    """
    standing, points = at.copy(), _inner_points(site)
    claim = np.where(site.compound_of == NOBODY, site.homes, site.compound_of)
    away = (at == NOBODY) | ((label[at] != claim) & (site.building_households()[:-1] > 0))
    for i in np.flatnonzero(away).tolist():
        own = np.flatnonzero(label == claim[i]) if site.buildings[i].households else np.array([], dtype=int)
        near = own if len(own) else np.arange(len(label))
        standing[i] = near[np.argmin(shapely.distance(faces.polygons[near], points[i]))]
    return standing


def _inner_points(site: Site) -> NDArray[np.object_]:
    geometries = np.array([building.geometry for building in site.buildings], dtype=object)
    return np.asarray(shapely.point_on_surface(geometries), dtype=object)


def _number_units(
    site: Site,
    ground: Ground,
    footprint: NDArray[np.int64],
    standing: NDArray[np.int64],
    piece: NDArray[np.int64],
    owner_of_piece: NDArray[np.int64],
) -> tuple[NDArray[np.int64], list[int]]:
    """Return the unit of every face and the owner of every unit, cutting the pieces that are too large."""
    households = np.bincount(
        piece[standing], weights=site.building_households()[:-1], minlength=len(owner_of_piece)
    )
    unit = np.full(len(piece), NOBODY)
    owners: list[int] = []
    for p, owner in enumerate(owner_of_piece.tolist()):
        here = np.flatnonzero(piece == p)
        limit = GROUP_MAX if owner == site.homes else ALWAYS_CUT_ABOVE
        unit[here] = len(owners)
        if owner <= site.homes and households[p] > limit:
            unit[here] += groups_of_faces(site, ground, footprint, standing, here)
        owners += [owner] * (int(unit[here].max()) + 1 - len(owners))
    return unit, owners


def _describe(
    site: Site, shapes: NDArray[np.object_], owners: list[int], unit_of_building: NDArray[np.int64]
) -> tuple[Unit, ...]:
    """Name the units: numbered from west to east within their kind."""
    inner = shapely.get_coordinates(shapely.point_on_surface(shapes))
    parts = Counter(owners)
    numbers: Counter[str] = Counter()
    units = []
    for place in np.lexsort((-inner[:, 1], inner[:, 0])).tolist():
        owner = owners[place]
        own = tuple(site.buildings[i] for i in np.flatnonzero(unit_of_building == place).tolist())
        kind = _kind(site, owner, parts[owner])
        compound = site.compounds[owner] if kind in (UnitKind.COMPOUND, UnitKind.GROUP) else None
        unit_id = _stem(site, kind, owner)
        if kind is not UnitKind.COMPOUND:
            numbers[unit_id] += 1
            unit_id = f"{unit_id}{numbers[unit_id]:02d}"
        households = sum(building.households for building in own)
        if kind is UnitKind.COMPOUND and not np.isin(owner, site.compound_of):
            households += int(site.households[owner])  # stated by the data: no building of it is known
        units.append(
            Unit(
                id=unit_id,
                community_id=site.community.id,
                kind=kind,
                geometry=shapes[place],
                households=households,
                name=_name(site, kind, owner, own),
                compound_id=compound.id if compound else "",
                estimated=any(building.estimated for building in own),
                building_ids=tuple(building.id for building in own),
            )
        )
    return tuple(sorted(units, key=lambda unit: unit.id))


def _kind(site: Site, owner: int, parts: int) -> UnitKind:
    if owner == site.homes:
        return UnitKind.HOMES
    if owner > site.homes or site.households[owner] == 0:
        return UnitKind.LAND
    return UnitKind.COMPOUND if parts == 1 else UnitKind.GROUP


def _stem(site: Site, kind: UnitKind, owner: int) -> str:
    if kind is UnitKind.COMPOUND:
        return site.compounds[owner].id
    if kind is UnitKind.GROUP:
        return f"{site.compounds[owner].id}/g"
    return f"{site.community.id}/{'h' if kind is UnitKind.HOMES else 'l'}"


def _name(site: Site, kind: UnitKind, owner: int, own: tuple[Building, ...]) -> str:
    """Name a unit after its compound or land, its homes' most frequent street, or a large building."""
    if kind is UnitKind.HOMES:
        streets = Counter(building.street for building in own if building.street)
        return min(streets, key=lambda street: (-streets[street], street)) if streets else ""
    if owner < site.homes and site.compounds[owner].name:
        return site.compounds[owner].name
    if site.given <= owner < site.wild and site.land[owner - site.given].name:
        return site.land[owner - site.given].name
    named = [building for building in own if building.name]
    return max(named, key=lambda b: (b.geometry.area, b.id)).name if named else ""
