"""The notice list: every address that changes grid, from where to where."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from geogrid.adjacency import UnitGraph
    from geogrid.workbench.comparing import Flow


@dataclass(frozen=True, slots=True)
class Notice:
    """An address that changes grid; ``source`` or ``target`` is 0 where it had none, or has none."""

    address: str
    building_id: str
    unit_id: str
    source: int
    target: int


def notices(
    graph: UnitGraph, flows: Iterable[Flow], addresses: Iterable[tuple[str, str]]
) -> tuple[Notice, ...]:
    """Return the addresses of the units that ``flows`` move, by flow, in the order in which they come.

    ``addresses`` are pairs of a building's id and an address of it.
    """
    unit_of = {building: unit.id for unit in graph.units for building in unit.building_ids}
    of_unit: dict[str, list[tuple[str, str]]] = {}
    for building, text in addresses:
        if building in unit_of:
            of_unit.setdefault(unit_of[building], []).append((building, text))
    return tuple(
        Notice(text, building, unit, flow.source, flow.target)
        for flow in flows
        for unit in flow.units
        for building, text in of_unit.get(unit, ())
    )
