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
        return self.length_m - sum(metres for kind, metres in self.along if kind in closed)


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
    owner, pieces = _pieces(shared)
    severity = _most_severe(pieces, barriers, half_widths)
    kinds = list(BarrierKind)
    count = len(ordered)
    key = shared.a * count + shared.b
    pairs, pair_of = np.unique(key, return_inverse=True)
    length = np.bincount(pair_of, weights=shared.length, minlength=len(pairs))
    share = shared.length[owner] / np.bincount(owner, minlength=len(key))[owner]
    table = np.zeros((len(pairs), len(kinds) + 1))
    np.add.at(table, (pair_of[owner], severity), share)
    edges = tuple(
        Edge(
            ordered[pair // count].id,
            ordered[pair % count].id,
            round(float(length[row]), 3),
            tuple(
                (kind, round(float(table[row, column]), 3))
                for column, kind in enumerate(kinds)
                if table[row, column] > 0
            ),
        )
        for row, pair in enumerate(pairs.tolist())
    )
    return UnitGraph(community_id, ordered, edges)


def _pieces(shared: Borders) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Cut the shared segments into pieces of at most ``STEP_M``; return owners and midpoints."""
    count = np.maximum(1, np.ceil(shared.length / STEP_M)).astype(np.int64)
    owner = np.repeat(np.arange(len(count)), count)
    rank = np.arange(len(owner)) - np.repeat(np.cumsum(count) - count, count)
    share = ((rank + 0.5) / count[owner])[:, None]
    start, end = shared.segments[owner, :2], shared.segments[owner, 2:]
    return owner, start + (end - start) * share


def _most_severe(
    points: NDArray[np.float64], barriers: Sequence[Barrier], half_widths: Mapping[BarrierKind, float]
) -> NDArray[np.int64]:
    """Return for each point the place in ``BarrierKind`` of the most severe barrier near it, else the last + 1."""
    kinds = list(BarrierKind)
    severity = np.full(len(points), len(kinds), dtype=np.int64)
    if not barriers or not len(points):
        return severity
    tree = shapely.STRtree(shapely.points(points))
    for place, kind in reversed(list(enumerate(kinds))):
        lines = np.array([barrier.geometry for barrier in barriers if barrier.kind is kind], dtype=object)
        if len(lines):
            severity[tree.query(lines, predicate="dwithin", distance=half_widths[kind])[1]] = place
    return severity
