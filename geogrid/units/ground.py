"""Share out a community's ground: cut it into faces, and say whose each face is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

import numpy as np
import shapely

from geogrid.units import claims, tessellation
from geogrid.units.barrier_lines import barrier_lines
from geogrid.units.groups import ALWAYS_CUT_ABOVE
from geogrid.units.site import NOBODY

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from shapely.geometry.base import BaseGeometry

    from geogrid.units.claims import Stakes
    from geogrid.units.site import Site
    from geogrid.units.tessellation import Faces, Seeds

Value = TypeVar("Value", np.int64, np.bool_)

LAND_M2 = 20_000.0
GIVEN_LAND_M2 = 10_000.0
REACH_M = 20.0  # how far beyond a compound its share of the streets goes
NECK_M = 24.0  # land narrower than this is a verge or a street


@dataclass(frozen=True, slots=True)
class Ground:
    """A community's faces, and who is near each of them.

    An owner is a compound's place, or the number of compounds + the place of a building outside them.
    ``owner`` is the nearest of all, ``claimant`` the nearest with homes, ``NOBODY`` where there is none.
    ``near`` tells whether homes are within ``REACH_M``. ``building`` is the nearest of the buildings that a
    group could be made of.
    """

    faces: Faces
    owner: NDArray[np.int64]
    claimant: NDArray[np.int64]
    near: NDArray[np.bool_]
    building: NDArray[np.int64]


def cut_ground(site: Site) -> Ground:
    """Cut the ground into faces along every line that a unit's border may follow."""
    leftover, count = _leftover(site), len(site.compounds)
    seeds, claimants = _outer_seeds(site, leftover)
    inner = _inner_seeds(site)
    reach = _reach(site)
    own_lines = np.zeros(count + len(site.buildings), dtype=bool)
    own_lines[:count] = site.households > ALWAYS_CUT_ABOVE
    lines: list[BaseGeometry] = [c.geometry.boundary for c in site.compounds]
    lines += [b.geometry.boundary for b in site.buildings if shapely.get_dimensions(b.geometry) == 2]
    lines += [piece.geometry.boundary for piece in site.land]
    lines += [reach.boundary, tessellation.voronoi_lines(claimants, leftover)]
    lines += [tessellation.voronoi_lines(seeds, leftover, own_lines)]
    lines += [tessellation.voronoi_lines(own, site.compounds[c].geometry) for c, own in inner.items()]
    faces = tessellation.faces_between(lines, barrier_lines(site.barriers, site.community.geometry), site)
    claimant = claimants.nearest(faces.inside)
    building = np.where(claimant >= count, claimant - count, NOBODY)
    for c, own in inner.items():
        within = shapely.contains_xy(site.compounds[c].geometry, faces.inside)
        building = np.where(within, own.nearest(faces.inside), building)
    near = shapely.contains_xy(reach, faces.inside)
    return Ground(faces, seeds.nearest(faces.inside), claimant, near, building)


def _outer_seeds(site: Site, leftover: BaseGeometry) -> tuple[Seeds, Seeds]:
    """Return the seeds of all owners, and of those with homes; none where compounds leave no ground."""
    outside = [] if leftover.is_empty else np.flatnonzero(site.compound_of == NOBODY).tolist()
    compounds = [] if leftover.is_empty else [c.geometry for c in site.compounds]
    seeds = tessellation.seeds_of(
        compounds + [site.buildings[i].geometry for i in outside],
        [*range(len(compounds)), *(len(site.compounds) + i for i in outside)],
    )
    return seeds, seeds.of(_claim_of_owner(site) != NOBODY)


def _inner_seeds(site: Site) -> dict[int, Seeds]:
    """Return the seeds of the buildings in every compound that is to be cut."""
    seeds = {}
    for c in np.flatnonzero(site.households > ALWAYS_CUT_ABOVE).tolist():
        own = np.flatnonzero(site.compound_of == c).tolist()
        walls = [site.buildings[i].geometry for i in own]
        seeds[c] = tessellation.seeds_of(walls, own, tessellation.WALL_STEP_M)
    return seeds


def _reach(site: Site) -> BaseGeometry:
    """Return the ground that homes may take: compounds, homes outside them, and the streets around."""
    homes: list[BaseGeometry] = [
        c.geometry for c, count in zip(site.compounds, site.households, strict=True) if count
    ]
    outside = np.flatnonzero(site.compound_of == NOBODY).tolist()
    homes += [site.buildings[i].geometry for i in outside if site.buildings[i].households]
    around = shapely.union_all(shapely.buffer(np.array(homes, dtype=object), REACH_M))
    shapely.prepare(around)
    return around


def _claim_of_owner(site: Site) -> NDArray[np.int64]:
    """Return for every owner of a seed whose ground its surroundings are, ``NOBODY`` without homes."""
    compounds = np.where(site.households > 0, np.arange(len(site.compounds)), NOBODY)
    return np.concatenate([compounds, np.where(site.building_households()[:-1] > 0, site.homes, NOBODY)])


def _leftover(site: Site) -> BaseGeometry:
    taken = shapely.union_all([compound.geometry for compound in site.compounds])
    rest = site.outline.difference(taken)
    return rest if rest.area > 1e-6 * site.outline.area else shapely.Polygon()


def share_ground(site: Site, ground: Ground, under: Stakes) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return for every face its piece 0, 1, ..., and for every piece whose it is (see ``Site``).

    A piece hangs together without crossing a hard barrier, as far as the data allows.
    """
    faces = ground.faces
    label = _claim(site, ground, under)
    nearest = np.where(ground.near, np.append(_claim_of_owner(site), NOBODY)[ground.claimant], NOBODY)
    wish = _as_at_inner_point(np.where(label == NOBODY, nearest, label), under)
    label = claims.rooted(label, np.where(label == NOBODY, wish, label), faces)
    for _ in range(2):
        label = claims.absorb(label, faces, under.building)
        label = np.where(_strays(site, faces, under, label), NOBODY, label)
    label = claims.absorb(label, faces, under.building)
    reached = label != NOBODY
    piece = np.where(reached, claims.pieces_of(label, faces), NOBODY)
    code = np.full(piece.max(initial=NOBODY) + 1, NOBODY)
    code[piece[reached]] = label[reached]
    piece = claims.absorb(piece, faces, under.building, over_barriers=True)
    island = piece == NOBODY  # no way leads here from anybody's ground
    piece[island] = claims.pieces_of(piece, faces)[island] + len(code)
    names, piece = np.unique(piece, return_inverse=True)
    return piece.astype(np.int64), np.where(
        names < len(code), np.append(code, NOBODY)[np.minimum(names, len(code))], site.wild
    )


def _as_at_inner_point(value: NDArray[Value], under: Stakes) -> NDArray[Value]:
    """Give all faces under one building the value at its inner point, so that no border cuts it."""
    at = np.append(under.at, NOBODY)[under.building]
    return np.where((under.building != NOBODY) & (at != NOBODY), value[at], value)


def _claim(site: Site, ground: Ground, under: Stakes) -> NDArray[np.int64]:
    """Label the faces that somebody has a claim to: compounds, homes outside them, land."""
    faces = ground.faces
    area = np.array([c.geometry.area for c in site.compounds])
    kept = np.append((site.households > 0) | (area >= LAND_M2), False)
    homes = np.where(site.building_households() > 0, site.homes, NOBODY)
    inside = np.append(site.compound_of, NOBODY)
    of_building = np.where(kept[inside], inside, np.where(inside == NOBODY, homes, NOBODY))
    label = of_building[under.building]
    compound, land = _as_at_inner_point(under.compound, under), _as_at_inner_point(under.land, under)
    label = np.where((label == NOBODY) & kept[compound], compound, label)
    label = np.where((label == NOBODY) & (land != NOBODY), site.given + land, label)
    label = _large_only(label, faces, site.given, GIVEN_LAND_M2)
    homeless = np.concatenate([~kept[:-1], site.building_households() == 0])
    wild = (label == NOBODY) & (~ground.near | homeless[ground.owner])
    wild = _as_at_inner_point(_wide(faces, wild), under) & (label == NOBODY)
    return _large_only(np.where(wild, site.wild, label), faces, site.wild, LAND_M2)


def _large_only(label: NDArray[np.int64], faces: Faces, first: int, least: float) -> NDArray[np.int64]:
    """Take the label off pieces of land (labels from ``first`` on) that are smaller than ``least`` m2."""
    piece = claims.pieces_of(label, faces)
    area = np.bincount(piece, weights=shapely.area(faces.polygons))
    return np.where((label >= first) & (area[piece] < least), NOBODY, label)


def _wide(faces: Faces, wild: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Keep of the faces ``wild`` those on wide ground; narrow strips between compounds are streets."""
    if not wild.any():
        return wild
    ground = shapely.coverage_union_all(faces.polygons[wild])
    wide = ground.buffer(-NECK_M / 2).buffer(NECK_M * 0.6)
    shapely.prepare(wide)
    return wild & shapely.contains_xy(wide, faces.inside)


def _strays(site: Site, faces: Faces, under: Stakes, label: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Find the faces of pieces that cannot stand alone: no home of their claim, or too little land."""
    piece = claims.pieces_of(label, faces)
    area = np.bincount(piece, weights=shapely.area(faces.polygons))
    claim = np.where(site.compound_of == NOBODY, site.homes, site.compound_of)
    at_home = (under.at != NOBODY) & (label[under.at] == claim)
    homes = np.bincount(
        piece[under.at[at_home]], weights=site.building_households()[:-1][at_home], minlength=len(area)
    )
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
