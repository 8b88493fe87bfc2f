"""Link the grids of a new version to those that they replace, by shared homes and then by shared land."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import shapely
from sqlalchemy import insert, select

from geogrid.archive.records import GridLink
from geogrid.archive.schema import building, grid, grid_link
from geogrid.archive.versions import read_all_stored, read_grids
from geogrid.plan import Grid, derive_grids

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from geogrid.adjacency import UnitGraph
    from geogrid.archive.records import Version

# Less common land than this is a rounding of borders, not a take-over.
LEAST_M2 = 1.0


@dataclass(frozen=True)
class Succession:
    """What the grids of a revision of a version replace of those before: rows of ``grid_link``."""

    version: int
    revision: int
    follows: int
    links: tuple[dict[str, Any], ...]

    def fits(self, new: Version, old: Version) -> bool:
        """Tell whether it is of these two, as they are now."""
        return (self.version, self.revision, self.follows) == (new.id, new.revision, old.id)


def link_grids(connection: Connection, new: Version, old: Version, ready: Succession | None = None) -> None:
    """Note what each grid of ``new`` replaces of ``old``; ``ready`` is taken where it still fits."""
    found = ready if ready is not None and ready.fits(new, old) else succession(connection, new, old)
    if found.links:
        connection.execute(insert(grid_link), list(found.links))


def succession(connection: Connection, new: Version, old: Version) -> Succession:
    """Find for each grid of ``new`` the grids of ``old`` that it overlaps; the largest overlap is ``main``.

    Buildings are known by their ids in both, and count with the households of the newer data.
    """
    households = _households(connection, new.edition)
    graphs: dict[int, UnitGraph] = {}
    before, after = (_grids(connection, one.id, graphs) for one in (old, new))
    home = {id_: number for number, (_, one) in enumerate(before) for id_ in one.building_ids}
    known = {(one.community_id, one.number): n for n, (_, one) in enumerate(before)}
    tree = shapely.STRtree([one.geometry for _, one in before])
    rows: list[dict[str, Any]] = []
    for grid_id, one in after:
        shared = Counter[int]()
        for id_ in one.building_ids:
            if id_ in home:
                shared[home[id_]] += households.get(id_, 0)
        area = _shared_land(one, before, known, tree)
        found = sorted(
            (n for n in {*shared, *area} if shared[n] or area.get(n, 0.0) >= LEAST_M2),
            key=lambda n: (-shared[n], -area.get(n, 0.0), before[n][0]),
        )
        rows += [
            {
                "grid_id": grid_id,
                "replaces_id": before[n][0],
                "households": shared[n],
                "area_m2": area.get(n, 0.0),
                "main": place == 0,
            }
            for place, n in enumerate(found)
        ]
    return Succession(new.id, new.revision, old.id, tuple(rows))


def _shared_land(
    one: Grid, before: list[tuple[int, Grid]], known: dict[tuple[str, int], int], tree: shapely.STRtree
) -> dict[int, float]:
    """Return how much land a grid shares with each of those before it, by their places, in m2."""
    place = known.get((one.community_id, one.number))
    if place is not None and before[place][1].geometry == one.geometry:
        return {place: one.geometry.area}  # so it is with most grids of a city
    near = tree.query(one.geometry, predicate="intersects").tolist()
    return {n: shapely.intersection(one.geometry, before[n][1].geometry).area for n in near}


def _grids(connection: Connection, version_id: int, graphs: dict[int, UnitGraph]) -> list[tuple[int, Grid]]:
    ids = {(one.community_id, one.number): one.id for one in read_grids(connection, version_id)}
    return [
        (ids[one.community_id, one.number], one)
        for stored in read_all_stored(connection, version_id, graphs)
        for one in derive_grids(stored.division.plan, stored.graph)
    ]


def read_links(connection: Connection, version_id: int) -> dict[int, tuple[GridLink, ...]]:
    """Return what each grid of a version replaces, the largest share first."""
    mine, other = grid.alias("mine"), grid.alias("other")
    query = (
        select(grid_link, other.c.code, other.c.version_id)
        .join(mine, mine.c.id == grid_link.c.grid_id)
        .join(other, other.c.id == grid_link.c.replaces_id)
        .where(mine.c.version_id == version_id)
        .order_by(
            grid_link.c.grid_id,
            grid_link.c.main.desc(),
            grid_link.c.households.desc(),
            grid_link.c.area_m2.desc(),
            grid_link.c.replaces_id,
        )
    )
    links: dict[int, list[GridLink]] = {}
    for row in connection.execute(query):
        links.setdefault(row.grid_id, []).append(
            GridLink(row.replaces_id, row.code, row.version_id, row.households, row.area_m2, row.main)
        )
    return {grid_id: tuple(found) for grid_id, found in links.items()}


def _households(connection: Connection, number: int) -> dict[str, int]:
    query = select(building.c.id, building.c.households).where(building.c.edition_id == number)
    return {row.id: row.households for row in connection.execute(query)}
