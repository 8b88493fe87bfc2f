"""Check the ground: the tiles cover the community once, and every grid hangs together."""

from __future__ import annotations

from collections import Counter
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np
import shapely

from geogrid.model import BarrierKind

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from shapely.geometry.base import BaseGeometry

    from geogrid.check.case import Case, Finding

AREA_SHARE = 1e-6  # of the community's area: more than this is a gap or an overlap
# Half the width of a barrier's corridor in metres, less 2.5 m: a border that runs this near lies along it,
# whichever way it was measured.
CORRIDORS_M: Mapping[BarrierKind, float] = MappingProxyType(
    {
        BarrierKind.RIVER: 12.5,
        BarrierKind.RAILWAY: 9.5,
        BarrierKind.EXPRESSWAY: 15.5,
        BarrierKind.ARTERIAL: 12.5,
        BarrierKind.COLLECTOR: 6.5,
    }
)


def every_unit_lies_in_one_grid(case: Case) -> Iterator[Finding]:
    """Demand that each unit comes once and has a grid, numbered from 1, and that nothing else has."""
    name = "every_unit_lies_in_one_grid"
    counts = Counter(unit.id for unit in case.units)
    for unit, count in sorted(counts.items()):
        if count > 1:
            yield case.found(name, [unit], f"unit {unit} comes {count} times")
        if unit not in case.assignment:
            yield case.found(name, [unit], f"unit {unit} has no grid")
    for unit in sorted(set(case.assignment) - set(counts)):
        yield case.found(name, [unit], f"{unit} is assigned and is no unit")
    numbers = sorted(set(case.assignment.values()))
    if numbers != list(range(1, len(numbers) + 1)):
        yield case.found(name, numbers, f"grids are numbered {numbers}, not 1 to {len(numbers)}")


def tiles_are_valid(case: Case) -> Iterator[Finding]:
    """Demand tiles with which the other questions can be asked at all."""
    for unit in case.units:
        if not shapely.is_valid(unit.geometry) or shapely.is_empty(unit.geometry):
            yield case.found("tiles_are_valid", [unit.id], f"unit {unit.id} crosses itself or is empty")


def tiles_cover_the_community(case: Case) -> Iterator[Finding]:
    """Demand that the tiles with a grid fill the community, and that none reaches outside it."""
    outline, name = case.community.geometry, "tiles_cover_the_community"
    least = AREA_SHARE * outline.area
    tiles = [unit.geometry for units in case.members.values() for unit in units]
    gap = shapely.difference(outline, shapely.union_all(tiles)).area
    if gap > least:
        yield case.found(name, [], f"{gap:.6g} m2 of the community lie in no grid")
    total = sum(tile.area for tile in tiles)
    if abs(total - outline.area) > least:
        yield case.found(
            name, [], f"the tiles have {total:.6g} m2 in all, the community {outline.area:.6g} m2"
        )
    for unit in case.units:
        outside = shapely.difference(unit.geometry, outline).area
        if outside > least or unit.community_id != case.community.id:
            yield case.found("no_grid_crosses_a_community", [unit.id], f"unit {unit.id} lies outside in part")


def tiles_do_not_overlap(case: Case) -> Iterator[Finding]:
    """Demand that no two tiles overlap and that common borders are the same, vertex by vertex."""
    tiles = np.array([unit.geometry for unit in case.units], dtype=object)
    if shapely.coverage_is_valid(tiles):
        return
    wrong = np.flatnonzero(~shapely.is_empty(shapely.coverage_invalid_edges(tiles)))
    names = [case.units[i].id for i in wrong]
    yield case.found("tiles_do_not_overlap", names, f"units {', '.join(names)} overlap or do not match")


def every_grid_is_in_one_piece(case: Case) -> Iterator[Finding]:
    """Demand that the parts of a grid hang together by enough border that no hard barrier runs along."""
    closed = _corridor(case)
    for number, units in case.members.items():
        parts = [part for unit in units for part in shapely.get_parts(unit.geometry)]
        pieces = _count_pieces(parts, closed, case.policy.min_connection_m)
        if pieces > 1:
            words = f"grid {number} lies in {pieces} pieces"
            yield case.found("every_grid_is_in_one_piece", [number], words)


def _corridor(case: Case) -> BaseGeometry:
    near = case.community.geometry.buffer(50)
    hard = [b for b in case.barriers if b.kind in case.policy.hard_barriers and b.geometry.intersects(near)]
    wide = [shapely.buffer(barrier.geometry, CORRIDORS_M[barrier.kind]) for barrier in hard]
    return shapely.union_all(wide)


def _count_pieces(parts: Sequence[BaseGeometry], closed: BaseGeometry, least_m: float) -> int:
    """Count the pieces that polygons form when those with ``least_m`` of open common border are joined."""
    root = list(range(len(parts)))

    def find(i: int) -> int:
        while root[i] != i:
            root[i] = root[root[i]]
            i = root[i]
        return i

    for i, j in zip(*shapely.STRtree(parts).query(parts, predicate="intersects"), strict=True):
        if i < j and find(i) != find(j):
            common = shapely.intersection(parts[i].boundary, parts[j].boundary)
            metres = shapely.difference(common, closed).length
            if metres > 0 and metres >= least_m:
                root[find(i)] = find(j)
    return len({find(i) for i in range(len(parts))})
