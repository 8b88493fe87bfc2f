"""The recipe: from a city and a community to its units."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import shapely

from geogrid.units import claims, tessellation, tiles
from geogrid.units.claims import NOBODY
from geogrid.units.groups import ALWAYS_CUT_ABOVE, GROUP_MAX, Cells, group_cells
from geogrid.units.site import Site, survey
from geogrid.units.unit import Unit, UnitKind

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from geogrid.model import City
    from geogrid.units.claims import Stakes
    from geogrid.units.tessellation import Faces, Seeds

LAND_M2 = 20_000.0
GIVEN_LAND_M2 = 10_000.0
NECK_M = 12.0


def build_units(city: City, community_id: str) -> tuple[Unit, ...]:
    """Cut a community into units that tile it exactly, sorted by id.

    Raise NotFoundError where the city has no such community.
    """
    site = survey(city, community_id)
    home = compound_households(site)
    outer, inner = _outer_seeds(site, home), _inner_seeds(site, home)
    faces = _cut(site, outer, inner, home)
    under = claims.stakes(site, faces)
    label = _claim(site, faces, under, outer, home)
    piece, code = _settle(site, faces, under, outer, label)
    return _units(site, faces, piece, code)


def compound_households(site: Site) -> NDArray[np.int64]:
    """Sum the households of every compound's buildings; take its stated number where it has no building."""
    place = {compound.id: i for i, compound in enumerate(site.compounds)}
    total = np.zeros(len(site.compounds), dtype=np.int64)
    built = set()
    for building in site.buildings:
        if building.compound_id in place:
            built.add(building.compound_id)
            total[place[building.compound_id]] += building.households
    for compound in site.compounds:
        if compound.id not in built:
            total[place[compound.id]] = compound.households or 0
    return total


def _outside(site: Site) -> list[int]:
    known = {compound.id for compound in site.compounds}
    return [i for i, building in enumerate(site.buildings) if building.compound_id not in known]


def _leftover(site: Site) -> shapely.Geometry:
    if not site.compounds:
        return site.outline
    taken = shapely.union_all([compound.geometry for compound in site.compounds])
    rest = site.outline.difference(taken)
    return rest if rest.area > 1e-6 * site.outline.area else shapely.Polygon()


def _outer_seeds(site: Site, home: NDArray[np.int64]) -> Seeds:
    """Seed the ground outside compounds: owners are compounds, then buildings, then open ground."""
    leftover, count = _leftover(site), len(site.compounds)
    if leftover.is_empty:
        return tessellation.seeds_of([], [])
    outside = _outside(site)
    seeds = tessellation.seeds_of(
        [compound.geometry for compound in site.compounds] + [site.buildings[i].geometry for i in outside],
        [*range(count), *(count + i for i in outside)],
    )
    return tessellation.with_open_ground(seeds, leftover, count + len(site.buildings))


def _inner_seeds(site: Site, home: NDArray[np.int64]) -> dict[int, Seeds]:
    """Seed the compounds that are to be cut with their buildings."""
    seeds = {}
    for c, compound in enumerate(site.compounds):
        own = [i for i, building in enumerate(site.buildings) if building.compound_id == compound.id]
        if home[c] > ALWAYS_CUT_ABOVE and own:
            seeds[c] = tessellation.seeds_of([site.buildings[i].geometry for i in own], own)
    return seeds


def _cut(site: Site, outer: Seeds, inner: dict[int, Seeds], home: NDArray[np.int64]) -> Faces:
    keep = np.zeros(len(site.compounds) + len(site.buildings) + 1, dtype=bool)
    keep[: len(home)] = home > ALWAYS_CUT_ABOVE
    keep[-1] = True
    lines = [compound.geometry.boundary for compound in site.compounds]
    lines += [building.geometry.boundary for building in site.buildings if _is_area(building.geometry)]
    lines += [piece.geometry.boundary for piece in site.land]
    lines += [tessellation.barrier_line(barrier.geometry) for barrier in site.barriers]
    lines.append(tessellation.voronoi_lines(outer, _leftover(site), keep))
    lines += [tessellation.voronoi_lines(seeds, site.compounds[c].geometry) for c, seeds in inner.items()]
    return tessellation.faces_between(lines, site)


def _is_area(geometry: shapely.Geometry) -> bool:
    return bool(shapely.get_dimensions(geometry) == 2)


def _claim(
    site: Site, faces: Faces, under: Stakes, outer: Seeds, home: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Label the faces that somebody has a claim to: compounds, homes outside, land."""
    count = len(site.compounds)
    place = {compound.id: i for i, compound in enumerate(site.compounds)}
    homes, land = count, count + 1
    of_building = np.array(
        [place.get(b.compound_id, homes if b.households else NOBODY) for b in site.buildings] + [NOBODY],
        dtype=np.int64,
    )
    big = np.array(
        [home[c] > 0 or site.compounds[c].geometry.area >= LAND_M2 for c in range(count)] + [False]
    )
    label = of_building[under.building]
    label = np.where((label == NOBODY) | ((label < count) & ~big[label]), under.compound, label)
    label = np.where((label != homes) & ~big[np.minimum(label, count)], NOBODY, label)
    given = (label == NOBODY) & (under.land != NOBODY)
    label = np.where(given, land + under.land, label)
    label = _large_only(label, faces, land, GIVEN_LAND_M2)
    open_owner = np.append(np.zeros(count, dtype=bool), np.ones(len(site.buildings) + 1, dtype=bool))
    for i, building in enumerate(site.buildings):
        open_owner[count + i] = building.households == 0
    open_owner[:count] = ~big[:count]
    _, owner = outer.nearest(faces.inside)
    wild = (label == NOBODY) & open_owner[owner] if len(outer.xy) else label == NOBODY
    if not (home.any() or (label == homes).any()):
        wild = label == NOBODY
    return _wild_land(label, faces, wild, land + len(site.land))


def _large_only(label: NDArray[np.int64], faces: Faces, first: int, least: float) -> NDArray[np.int64]:
    """Take the label off pieces of land (labels from ``first`` on) that are smaller than ``least`` m2."""
    piece = claims.pieces_of(label, faces)
    area = np.bincount(piece, weights=shapely.area(faces.polygons))
    return np.where((label >= first) & (area[piece] < least), NOBODY, label)


def _wild_land(
    label: NDArray[np.int64], faces: Faces, wild: NDArray[np.bool_], first: int
) -> NDArray[np.int64]:
    """Label wide pieces of ground without homes; narrow strips between compounds stay nobody's."""
    if not wild.any():
        return label
    ground = shapely.coverage_union_all(faces.polygons[wild])
    wide = ground.buffer(-NECK_M).buffer(NECK_M * 1.2)
    shapely.prepare(wide)
    wild = wild & shapely.contains_xy(wide, faces.inside)
    trial = np.where(wild, first, NOBODY)
    trial = _large_only(trial, faces, first, LAND_M2)
    return np.where(trial == first, first, label)


def _settle(
    site: Site, faces: Faces, under: Stakes, outer: Seeds, label: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Share out the ground that nobody claims; return each face's piece, and each piece's label.

    Pieces without a home of their claim are given away, and so is land that is too small.
    """
    count = len(site.compounds)
    if not (label != NOBODY).any():
        return np.zeros(len(label), dtype=np.int64), np.array([count + 1 + len(site.land)])
    claim_of = np.full(count + len(site.buildings) + 1, NOBODY)
    claim_of[:count] = np.arange(count)
    for i, building in enumerate(site.buildings):
        claim_of[count + i] = count if building.households else NOBODY
    present = np.isin(claim_of, label)
    claim_of[~present] = NOBODY
    distance, _ = outer.nearest(faces.inside)
    if len(outer.xy):
        label = claims.nearest_claim(label, faces, outer, claim_of)
    for _ in range(2):
        label = claims.absorb(label, faces, distance)
        label = np.where(_strays(site, faces, under, label), NOBODY, label)
    label = claims.absorb(label, faces, distance)
    free = label == NOBODY
    _, piece = np.unique(claims.pieces_of(label, faces), return_inverse=True)
    piece[free] = NOBODY
    code = np.full(piece.max() + 1, NOBODY)
    code[piece[~free]] = label[~free]
    piece = claims.absorb(piece, faces, distance, over_barriers=True)
    names, piece = np.unique(piece, return_inverse=True)
    return piece, code[names]


def _strays(site: Site, faces: Faces, under: Stakes, label: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Find the pieces that cannot stand alone: no home of their claim, or too little land."""
    piece = claims.pieces_of(label, faces)
    area = np.bincount(piece, weights=shapely.area(faces.polygons))
    homes = np.array([b.households for b in site.buildings] + [0])[under.building]
    count = np.bincount(piece, weights=homes)
    code = np.full(len(area), NOBODY)
    code[piece] = label
    best = np.zeros(len(area), dtype=bool)
    for name in np.unique(code):
        own = np.flatnonzero(code == name)
        best[own[np.lexsort((own, -area[own], -count[own]))[0]]] = True
    land = code > len(site.compounds)
    stray = np.where(land, area < GIVEN_LAND_M2, (count == 0) & ~best)
    if stray.all():
        stray[np.argmax(area)] = False
    return stray[piece]


def _units(site: Site, faces: Faces, piece: NDArray[np.int64], codes: NDArray[np.int64]) -> tuple[Unit, ...]:
    """Cut large pieces into groups, join the faces, and name the units."""
    label = codes[piece]
    standing = _faces_of_buildings(site, faces, label)
    unit = np.full(len(label), -1, dtype=np.int64)
    origin: list[int] = []
    for p, code in enumerate(codes.tolist()):
        here = np.flatnonzero(piece == p)
        parts = _groups_in(site, faces, standing, here, code)
        unit[here] = parts + len(origin)
        origin += [code] * (int(parts.max()) + 1)
    shapes = tiles.meet_outline_in_vertices(tiles.dissolve(faces.polygons, unit), site)
    members: list[list[int]] = [[] for _ in origin]
    for i, face in enumerate(standing.tolist()):
        members[unit[face]].append(i)
    return _named(site, shapes, origin, members)


def _faces_of_buildings(site: Site, faces: Faces, label: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return for every building the face it stands on: its own if it can be, else the one at its inner point."""
    place = {compound.id: i for i, compound in enumerate(site.compounds)}
    points = shapely.point_on_surface(np.array([b.geometry for b in site.buildings], dtype=object))
    tree = shapely.STRtree(faces.polygons)
    standing = np.full(len(site.buildings), -1, dtype=np.int64)
    for i, building in enumerate(site.buildings):
        code = place.get(building.compound_id, len(site.compounds) if building.households else None)
        near = np.sort(tree.query(points[i], predicate="intersects"))
        right = near[label[near] == code]
        if not len(right) and building.households:
            own = np.flatnonzero(label == code)
            right = (
                own[[int(np.argmin(shapely.distance(faces.polygons[own], points[i])))]] if len(own) else right
            )
        if not len(right):
            right = near if len(near) else np.sort(tree.query_nearest(points[i]))
        standing[i] = right[0]
    return standing


def _groups_in(
    site: Site, faces: Faces, standing: NDArray[np.int64], here: NDArray[np.int64], code: int
) -> NDArray[np.int64]:
    """Return the group, 0, 1, ..., of each face of one piece."""
    local = np.full(len(faces.polygons), -1, dtype=np.int64)
    local[here] = np.arange(len(here))
    single = np.zeros(len(here), dtype=np.int64)
    limit = GROUP_MAX if code == len(site.compounds) else ALWAYS_CUT_ABOVE
    inside = [i for i in range(len(standing)) if local[standing[i]] >= 0]
    total = sum(site.buildings[i].households for i in inside)
    if code > len(site.compounds) or total <= limit:
        return single
    cell_of_face, node = np.unique(local[standing[inside]], return_inverse=True)
    households = np.zeros(len(cell_of_face), dtype=np.int64)
    np.add.at(households, node, [site.buildings[i].households for i in inside])
    sub = _subset(faces, here, local)
    cell = np.full(len(here), NOBODY)
    cell[cell_of_face] = np.arange(len(cell_of_face))
    cell = claims.absorb(cell, sub, np.full(len(here), np.inf), over_barriers=True)
    across = cell[sub.a] != cell[sub.b]
    cells = Cells(
        households, sub.inside[cell_of_face], cell[sub.a][across], cell[sub.b][across], sub.length[across]
    )
    return group_cells(cells)[cell]


def _subset(faces: Faces, here: NDArray[np.int64], local: NDArray[np.int64]) -> Faces:
    kept = (local[faces.a] >= 0) & (local[faces.b] >= 0)
    return tessellation.Faces(
        faces.polygons[here],
        faces.inside[here],
        local[faces.a[kept]],
        local[faces.b[kept]],
        faces.length[kept],
        faces.open_m[kept],
    )


def _named(
    site: Site, shapes: NDArray[np.object_], origin: list[int], members: list[list[int]]
) -> tuple[Unit, ...]:
    count = len(site.compounds)
    west = shapely.get_coordinates(shapely.point_on_surface(shapes))
    order = np.lexsort((-west[:, 1], west[:, 0])).tolist()
    numbers: dict[str, int] = {}
    whole = {code for code in origin if origin.count(code) == 1}
    units = []
    for place in order:
        code, own = origin[place], [site.buildings[i] for i in members[place]]
        compound = site.compounds[code] if code < count else None
        households = sum(building.households for building in own)
        homeless = compound is not None and not households and not (compound.households and not own)
        if compound is not None and not homeless:
            kind = UnitKind.COMPOUND if code in whole else UnitKind.GROUP
        else:
            kind = UnitKind.HOMES if code == count else UnitKind.LAND
        stem = {"group": f"{compound.id}/g" if compound else "", "homes": f"{site.community.id}/h"}.get(
            kind.value, f"{site.community.id}/l"
        )
        if kind is UnitKind.COMPOUND:
            unit_id = compound.id
        else:
            numbers[stem] = numbers.get(stem, 0) + 1
            unit_id = f"{stem}{numbers[stem]:02d}"
        if compound is not None and not own and kind is UnitKind.COMPOUND:
            households = compound.households or 0
        name = compound.name if compound is not None else ""
        if count < code <= count + len(site.land) and code > count:
            name = site.land[code - count - 1].name
        if kind is UnitKind.LAND and not name:
            named = [b for b in own if b.name]
            name = max(named, key=lambda b: (b.geometry.area, b.id)).name if named else ""
        units.append(
            Unit(
                id=unit_id,
                community_id=site.community.id,
                kind=kind,
                geometry=shapes[place],
                households=households,
                name=name,
                compound_id=compound.id if compound is not None and kind is not UnitKind.LAND else "",
                estimated=any(building.estimated for building in own),
                building_ids=tuple(building.id for building in own),
            )
        )
    return tuple(sorted(units, key=lambda unit: unit.id))
