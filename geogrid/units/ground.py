"""Share out a community's ground: cut it into faces, and say whose each face is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import shapely

from geogrid.units import claims, tessellation
from geogrid.units.groups import ALWAYS_CUT_ABOVE
from geogrid.units.site import NOBODY

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from shapely.geometry.base import BaseGeometry

    from geogrid.units.claims import Stakes
    from geogrid.units.site import Site
    from geogrid.units.tessellation import Faces, Seeds

LAND_M2 = 20_000.0
GIVEN_LAND_M2 = 10_000.0
NECK_M = 24.0  # land narrower than this is a verge or a street


def cut_ground(site: Site) -> tuple[Faces, Seeds]:
    """Cut the ground into faces; return them and the seeds of the ground outside compounds.

    The owner of a seed is a compound, or ``len(compounds) + i`` for the building i, or the next number for
    open ground.
    """
    leftover, count = _leftover(site), len(site.compounds)
    seeds = tessellation.seeds_of([], [])
    if not leftover.is_empty:
        outside = np.flatnonzero(site.compound_of == NOBODY).tolist()
        geometries = [c.geometry for c in site.compounds] + [site.buildings[i].geometry for i in outside]
        seeds = tessellation.seeds_of(geometries, [*range(count), *(count + i for i in outside)])
        seeds = tessellation.with_open_ground(seeds, leftover, count + len(site.buildings))
    keep = np.zeros(count + len(site.buildings) + 1, dtype=bool)
    keep[:count] = site.households > ALWAYS_CUT_ABOVE
    keep[-1] = True
    lines = [c.geometry.boundary for c in site.compounds]
    lines += [b.geometry.boundary for b in site.buildings if shapely.get_dimensions(b.geometry) == 2]
    lines += [piece.geometry.boundary for piece in site.land]
    lines += tessellation.barrier_lines(site)
    lines += [tessellation.voronoi_lines(seeds, leftover, keep), *_lines_in_compounds(site)]
    return tessellation.faces_between(lines, site), seeds


def _leftover(site: Site) -> BaseGeometry:
    taken = shapely.union_all([compound.geometry for compound in site.compounds])
    rest = site.outline.difference(taken)
    return rest if rest.area > 1e-6 * site.outline.area else shapely.Polygon()


def _lines_in_compounds(site: Site) -> list[BaseGeometry]:
    """Draw the lines between the buildings of every compound that is to be cut."""
    lines = []
    for c in np.flatnonzero(site.households > ALWAYS_CUT_ABOVE).tolist():
        own = np.flatnonzero(site.compound_of == c).tolist()
        seeds = tessellation.seeds_of([site.buildings[i].geometry for i in own], own)
        lines.append(tessellation.voronoi_lines(seeds, site.compounds[c].geometry))
    return lines


def share_ground(
    site: Site, faces: Faces, under: Stakes, seeds: Seeds
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return for every face its piece 0, 1, ..., and for every piece whose it is (see ``Site``).

    A piece hangs together without crossing a hard barrier, as far as the data allows.
    """
    label = _claim(site, faces, under, seeds)
    if not (label != NOBODY).any():
        return np.zeros(len(label), dtype=np.int64), np.array([site.wild])
    distance, _ = seeds.nearest(faces.inside)
    label = claims.nearest_claim(label, faces, seeds, _claim_of_owner(site, label))
    for _ in range(2):
        label = claims.absorb(label, faces, distance)
        label = np.where(_strays(site, faces, under, label), NOBODY, label)
    label = claims.absorb(label, faces, distance)
    reached = label != NOBODY
    piece = np.where(reached, claims.pieces_of(label, faces), NOBODY)
    code = np.full(piece.max() + 1, NOBODY)
    code[piece[reached]] = label[reached]
    piece = claims.absorb(piece, faces, distance, over_barriers=True)
    names, piece = np.unique(piece, return_inverse=True)
    return piece.astype(np.int64), code[names]


def _claim(site: Site, faces: Faces, under: Stakes, seeds: Seeds) -> NDArray[np.int64]:
    """Label the faces that somebody has a claim to: compounds, homes outside them, land."""
    area = np.array([c.geometry.area for c in site.compounds])
    kept = np.append((site.households > 0) | (area >= LAND_M2), False)
    homes = np.where(site.building_households() > 0, site.homes, NOBODY)
    inside = np.append(site.compound_of, NOBODY)
    of_building = np.where(kept[inside], inside, np.where(inside == NOBODY, homes, NOBODY))
    label = of_building[under.building]
    label = np.where((label == NOBODY) & kept[under.compound], under.compound, label)
    label = np.where((label == NOBODY) & (under.land != NOBODY), site.given + under.land, label)
    label = _large_only(label, faces, site.given, GIVEN_LAND_M2)
    wild = label == NOBODY
    if (site.building_households() > 0).any() or site.households.any():
        wild &= _homeless_owner(site, kept)[seeds.nearest(faces.inside)[1]]
    return _wild_land(label, faces, wild, site.wild)


def _homeless_owner(site: Site, kept: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Tell for every owner of a seed whether the ground around it belongs to no home."""
    return np.concatenate([~kept[:-1], site.building_households() == 0])


def _claim_of_owner(site: Site, label: NDArray[np.int64]) -> NDArray[np.int64]:
    homes = np.where(site.building_households() > 0, site.homes, NOBODY)
    claim = np.concatenate([np.arange(len(site.compounds)), homes])
    return np.where(np.isin(claim, label), claim, NOBODY)


def _large_only(label: NDArray[np.int64], faces: Faces, first: int, least: float) -> NDArray[np.int64]:
    """Take the label off pieces of land (labels from ``first`` on) that are smaller than ``least`` m2."""
    piece = claims.pieces_of(label, faces)
    area = np.bincount(piece, weights=shapely.area(faces.polygons))
    return np.where((label >= first) & (area[piece] < least), NOBODY, label)


def _wild_land(
    label: NDArray[np.int64], faces: Faces, wild: NDArray[np.bool_], code: int
) -> NDArray[np.int64]:
    """Label wide pieces of ground without homes; narrow strips between compounds stay nobody's."""
    if not wild.any():
        return label
    ground = shapely.coverage_union_all(faces.polygons[wild])
    wide = ground.buffer(-NECK_M / 2).buffer(NECK_M * 0.6)
    shapely.prepare(wide)
    wild = wild & shapely.contains_xy(wide, faces.inside)
    trial = _large_only(np.where(wild, code, NOBODY), faces, code, LAND_M2)
    return np.where(trial == code, code, label)


def _strays(site: Site, faces: Faces, under: Stakes, label: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Find the faces of pieces that cannot stand alone: no home of their claim, or too little land."""
    piece = claims.pieces_of(label, faces)
    area = np.bincount(piece, weights=shapely.area(faces.polygons))
    homes = np.bincount(piece, weights=site.building_households()[under.building] * (label <= site.homes))
    code = np.full(len(area), NOBODY)
    code[piece] = label
    best = np.zeros(len(area), dtype=bool)
    for name in np.unique(code):
        own = np.flatnonzero(code == name)
        best[own[np.lexsort((own, -area[own], -homes[own]))[0]]] = True
    stray = np.where(code > site.homes, area < GIVEN_LAND_M2, (homes == 0) & ~best)
    if stray.all():
        stray[np.argmax(area)] = False
    return stray[piece]
