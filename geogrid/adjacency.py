"""Find which units are neighbours, along how many metres, and what barriers lie between them."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np
import shapely

from geogrid.coverage import borders
from geogrid.model import BarrierKind

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from numpy.typing import NDArray

    from geogrid.coverage import Borders
    from geogrid.model import Barrier
    from geogrid.units import Unit

# Metres from a barrier's centre line (or from the edge of its area) within which a border is said to run
# along it: half of a usual width, kerb to kerb or bank to bank, and a few metres for the
# drawing of the data.
HALF_WIDTHS: Mapping[BarrierKind, float] = MappingProxyType(
    {
        BarrierKind.RIVER: 15.0,
        BarrierKind.RAILWAY: 12.0,
        BarrierKind.EXPRESSWAY: 18.0,
        BarrierKind.ARTERIAL: 15.0,
        BarrierKind.COLLECTOR: 9.0,
    }
)
BENDS = 0.1  # the share of a border near a barrier that may turn off it without being open
STEP_M = 5.0  # borders are judged in pieces of at most this length


@dataclass(frozen=True, slots=True)
class Edge:
    """Two neighbouring units; ``a < b`` by id.

    ``length_m`` is the whole shared border. ``along`` says how many metres of it run along a barrier, by
    kind; every metre is counted once, for the most severe barrier there.
    """

    a: str
    b: str
    length_m: float
    along: tuple[tuple[BarrierKind, float], ...] = ()

    def open_m(self, barriers: Iterable[BarrierKind]) -> float:
        """Return the metres of shared border that do not run along any of ``barriers``."""
        closed = frozenset(barriers)
        return max(0.0, self.length_m - sum(metres for kind, metres in self.along if kind in closed))


@dataclass(frozen=True, slots=True)
class UnitGraph:
    """The units of one community, sorted by id, and their neighbourhood, sorted by (a, b)."""

    community_id: str
    units: tuple[Unit, ...]
    edges: tuple[Edge, ...]


def build_graph(
    units: Iterable[Unit],
    barriers: Sequence[Barrier],
    community_id: str,
    half_widths: Mapping[BarrierKind, float] = HALF_WIDTHS,
) -> UnitGraph:
    """Join every two units that share a border; a touch in a corner is no edge.

    ``units`` must be an exact coverage (as ``build_units`` makes it). ``barriers`` may be the whole city's.
    ``half_widths`` says for each kind how near, in metres, a border must run to lie along a barrier.
    """
    ordered = tuple(sorted(units, key=lambda unit: unit.id))
    shared = borders([unit.geometry for unit in ordered])
    pieces = _pieces(shared)
    pairs, pair_of = np.unique(shared.a * len(ordered) + shared.b, return_inverse=True)
    severity = _most_severe(pieces, pair_of[pieces.owner], barriers, half_widths)
    metres = np.zeros((len(pairs), len(BarrierKind) + 1))
    np.add.at(metres, (pair_of[pieces.owner], severity), pieces.length)
    edges = tuple(
        Edge(
            ordered[pair // len(ordered)].id,
            ordered[pair % len(ordered)].id,
            round(sum(row), 3),
            tuple((kind, round(part, 3)) for kind, part in zip(BarrierKind, row, strict=False) if part > 0),
        )
        for pair, row in zip(pairs.tolist(), metres.tolist(), strict=True)
    )
    return UnitGraph(community_id, ordered, edges)


@dataclass(frozen=True, slots=True)
class _Pieces:
    """Pieces of border: the place of the segment each is cut from, its middle, unit direction and length."""

    owner: NDArray[np.int64]
    middle: NDArray[np.float64]
    direction: NDArray[np.float64]
    length: NDArray[np.float64]


def _pieces(shared: Borders) -> _Pieces:
    """Cut the shared segments into even pieces of at most ``STEP_M``."""
    count = np.maximum(1, np.ceil(shared.length / STEP_M)).astype(np.int64)
    owner = np.repeat(np.arange(len(count)), count)
    rank = np.arange(len(owner)) - np.repeat(np.cumsum(count) - count, count)
    start, end = shared.segments[owner, :2], shared.segments[owner, 2:]
    middle = start + (end - start) * ((rank + 0.5) / count[owner])[:, None]
    return _Pieces(
        owner, middle, (end - start) / shared.length[owner, None], shared.length[owner] / count[owner]
    )


def _most_severe(
    pieces: _Pieces,
    pair: NDArray[np.int64],
    barriers: Sequence[Barrier],
    half_widths: Mapping[BarrierKind, float],
) -> NDArray[np.int64]:
    """Return for each piece the place in ``BarrierKind`` of the most severe barrier, or the next.

    ``pair`` says between which two units each piece lies.
    """
    kinds = list(BarrierKind)
    severity = np.full(len(pieces.owner), len(kinds), dtype=np.int64)
    if not len(pieces.owner):
        return severity
    points = np.asarray(shapely.points(pieces.middle), dtype=object)
    around = shapely.box(*shapely.total_bounds(points)).buffer(max(half_widths.values()))
    tree = shapely.STRtree(points)
    for place, kind in reversed(list(enumerate(kinds))):
        own = np.array([b.geometry for b in barriers if b.kind is kind], dtype=object)
        own = own[shapely.intersects(around, own)]
        areas = own[shapely.get_dimensions(own) == 2]
        severity[tree.query(areas, predicate="intersects")[1]] = place
        severity[_alongside(tree, pieces, pair, own, half_widths[kind])] = place
    return severity


def _alongside(
    tree: shapely.STRtree,
    pieces: _Pieces,
    pair: NDArray[np.int64],
    geometries: NDArray[np.object_],
    distance: float,
) -> NDArray[np.int64]:
    """Find the pieces within ``distance`` of a segment of ``geometries``, at most 60 degrees off it.

    A border that only ends at a barrier, or crosses it, does not run along it. A few bends in a border that
    otherwise runs along it open no way across: up to ``BENDS`` of what is near counts with the rest.
    """
    rings = shapely.get_parts(
        np.where(shapely.get_dimensions(geometries) == 2, shapely.boundary(geometries), geometries)
    )
    xy, line = shapely.get_coordinates(rings, return_index=True)
    inner = line[1:] == line[:-1]
    start, end = xy[:-1][inner], xy[1:][inner]
    length = np.hypot(*(end - start).T)
    start, end, length = start[length > 0], end[length > 0], length[length > 0]
    segments = shapely.linestrings(np.stack([start, end], axis=1))
    segment, piece = tree.query(segments, predicate="dwithin", distance=distance)
    along = ((end - start)[segment] / length[segment, None] * pieces.direction[piece]).sum(axis=1)
    beside = np.zeros(len(pair), dtype=bool)
    beside[piece[np.abs(along) >= 0.5]] = True
    near = np.zeros(len(pair), dtype=bool)
    near[piece] = True
    count = int(pair.max(initial=-1)) + 1
    near_m = np.bincount(pair, pieces.length * near, count)
    bends_m = np.bincount(pair, pieces.length * (near & ~beside), count)
    return np.flatnonzero(beside | (near & (bends_m <= BENDS * near_m)[pair]))
