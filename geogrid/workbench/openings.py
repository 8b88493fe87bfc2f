"""What a draft begins with, where that is not the plan in force: another plan with its names, or nothing."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from geogrid.measures import residential
from geogrid.workbench.operations import Adopt, Clear, Dedicate, Rename

if TYPE_CHECKING:
    from collections.abc import Mapping

    from geogrid.adjacency import UnitGraph
    from geogrid.plan import Plan
    from geogrid.workbench.operations import Operation


@dataclass(frozen=True)
class Opening:
    """A plan on the units of the draft that shall begin with it, and what goes with the plan."""

    plan: Plan
    origin: str
    names: Mapping[int, str] = field(default_factory=dict)
    purposes: Mapping[int, str] = field(default_factory=dict)
    reasons: Mapping[str, str] = field(default_factory=dict)


def opened_with(opening: Opening | None, graph: UnitGraph) -> tuple[Operation, ...]:
    """Return the first steps of a draft on ``graph`` that begins with a plan, or with None: empty."""
    if opening is None:
        return (Clear(),)
    grids = set(opening.plan.assignment.values())
    vacant = grids - set(residential(opening.plan, graph))  # homes may have come since the purpose was told
    why = "；".join(dict.fromkeys(opening.reasons.values())) or opening.origin
    return (
        Clear(),
        Adopt(opening.plan.assignment, opening.origin, why[:400]),
        *(Rename(grid, name) for grid, name in sorted(opening.names.items()) if grid in grids),
        *(Dedicate(grid, text) for grid, text in sorted(opening.purposes.items()) if grid in vacant),
    )
