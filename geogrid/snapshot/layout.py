"""Lay out a plan version for publication: its grids in degrees, on the lattice, without gap or overlap."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from geogrid.archive import Status
from geogrid.crs import to_degrees
from geogrid.errors import InputError, PlanError
from geogrid.locate.lattice import STEPS, lattice_partition
from geogrid.plan import derive_grids
from geogrid.roster import EarlierGrid
from geogrid.snapshot.mending import mended

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from numpy.typing import NDArray

    from geogrid.addresses import KnownName
    from geogrid.archive import Archive, GridRecord, StoredDivision, Version
    from geogrid.model import City
    from geogrid.plan import Grid

    Shapes = NDArray[Any]


@dataclass(frozen=True)
class Layout:
    """A version ready to be compiled. The grid at place n of ``grids`` has label n everywhere.

    ``grids`` come by community in the city's order, then by number; ``shapes`` are their polygons in
    WGS-84 degrees on the lattice of 1e-7, a valid coverage. ``earlier`` are the grids of the other published
    versions by community, each with its first day in force, the oldest first. ``names`` are those that the
    archive knows beside the city's own, ``city_digest`` is the hash of the city's data.
    """

    city: City
    version: Version
    stored: tuple[StoredDivision, ...]
    grids: tuple[Grid, ...]
    records: tuple[GridRecord, ...]
    shapes: Shapes
    earlier: tuple[tuple[date, dict[str, tuple[EarlierGrid, ...]]], ...] = ()
    names: tuple[KnownName, ...] = ()
    city_digest: str = ""


def lay_out(archive: Archive, version_id: int) -> Layout:
    """Read a version with the data it was made from and put its grids on the lattice.

    :raises NotFoundError: no such version.
    :raises PlanError: a community is not divided, or the grids overlap beyond repair.
    """
    version = archive.version(version_id)
    city = archive.load_city(version.city_id, version=version_id)
    others = _others(archive, version)
    every = archive.all_stored_of([version_id, *(one.id for one in others)])
    stored = every[version_id]
    divided = {one.graph.community_id for one in stored}
    missing = [community.id for community in city.communities if community.id not in divided]
    if missing:
        raise PlanError(f"version {version_id} does not divide community {', '.join(missing[:5])}")
    grids = tuple(grid for one in stored for grid in derive_grids(one.division.plan, one.graph))
    shapes = on_lattice([grid.geometry for grid in grids], city.plane)
    names = archive.known_names(city.id)
    digest = archive.city_digest(city.id, version=version_id)
    earlier = tuple(
        (day, {one.graph.community_id: _grounds(one) for one in every[other.id]})
        for other in others
        if (day := other.effective_from)
    )
    layout = Layout(city, version, stored, grids, (), shapes, earlier, names, digest)
    return replace(layout, records=records_of(archive, layout))


def _others(archive: Archive, version: Version) -> list[Version]:
    """Return every other published version of the city, the first in force first."""
    return sorted(
        (
            one
            for one in archive.versions(version.city_id)
            if one.status is Status.PUBLISHED and one.effective_from and one.id != version.id
        ),
        key=lambda one: (one.effective_from, one.id),
    )


def _grounds(stored: StoredDivision) -> tuple[EarlierGrid, ...]:
    units = {unit.id: unit for unit in stored.graph.units}
    return tuple(
        EarlierGrid(
            number,
            tuple(id_ for one in members for id_ in units[one].building_ids),
            tuple(sorted({units[one].compound_id for one in members} - {""})),
        )
        for number, members in stored.division.plan.members().items()
    )


def records_of(archive: Archive, layout: Layout) -> tuple[GridRecord, ...]:
    """Return the archive's record of every grid; what it replaces is known once it is published."""
    known = {(one.community_id, one.number): one for one in archive.grids(layout.version.id)}
    return tuple(known[grid.community_id, grid.number] for grid in layout.grids)


def on_lattice(geometries: Sequence[object], plane: str) -> Shapes:
    """Turn polygons in metres into degrees on the lattice, so that together they are a valid coverage.

    Every vertex is moved on its own, so a shared border stays shared; a border that bends away from a
    neighbour's vertex gets that vertex; what still overlaps (two communities drawn apart) is cut once and
    given to the first of the two.

    :raises PlanError: a grid vanishes, or the borders cannot be matched.
    """
    degrees = to_degrees(np.asarray(geometries, dtype=object), plane)
    labels = np.arange(len(degrees))
    try:
        parts, owner = lattice_partition(degrees, labels)
    except InputError:
        parts, owner = _cut_once(degrees)
    lost = np.setdiff1d(labels, owner)
    if len(lost):
        raise PlanError(f"{len(lost)} grids are smaller than a lattice step and cannot be published")
    shapes = [_joined(parts[owner == label]) for label in labels]
    return shapely.transform(np.array(shapes, dtype=object), lambda points: points / STEPS)


def _cut_once(degrees: Shapes) -> tuple[Shapes, NDArray[np.int32]]:
    try:
        return lattice_partition(*mended(degrees))
    except InputError as error:
        raise PlanError(f"the grids cannot be published: {error}") from error


def _joined(parts: Shapes) -> object:
    """Return one polygon, or a multipolygon of a grid in several parts."""
    return parts[0] if len(parts) == 1 else shapely.multipolygons(list(parts))
