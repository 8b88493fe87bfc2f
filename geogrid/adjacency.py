"""Find which units are neighbours, along how many metres, and what barriers lie between them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from geogrid.model import BarrierKind
    from geogrid.units import Unit


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
