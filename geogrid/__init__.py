"""Divide a city into service grids, and tell every resident which grid is theirs.

The names below are the promised face; all else may move. The rooms behind them are opened when a name is
first asked for, so that ``import geogrid`` stays quick and no room waits for another.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from geogrid.adjacency import UnitGraph, build_graph
    from geogrid.archive import Archive
    from geogrid.batch import assign_file
    from geogrid.boundaries import read_city
    from geogrid.errors import (
        Fault,
        GeogridError,
        InputError,
        NotFoundError,
        PlanError,
        PolicyError,
        SnapshotError,
        StaleError,
        StoreError,
    )
    from geogrid.fleet import divide_city
    from geogrid.model import City
    from geogrid.partition import Division, divide
    from geogrid.plan import Grid, Plan, derive_grids
    from geogrid.policy import PRESETS, Policy, read_policy
    from geogrid.snapshot import Snapshot, compile_snapshot
    from geogrid.units import Unit, build_units

__all__ = [
    "PRESETS",
    "Archive",
    "City",
    "Division",
    "Fault",
    "GeogridError",
    "Grid",
    "InputError",
    "NotFoundError",
    "Plan",
    "PlanError",
    "Policy",
    "PolicyError",
    "Snapshot",
    "SnapshotError",
    "StaleError",
    "StoreError",
    "Unit",
    "UnitGraph",
    "assign_file",
    "build_graph",
    "build_units",
    "compile_snapshot",
    "derive_grids",
    "divide",
    "divide_city",
    "read_city",
    "read_policy",
]

_ROOMS = {
    "adjacency": ("UnitGraph", "build_graph"),
    "archive": ("Archive",),
    "batch": ("assign_file",),
    "boundaries": ("read_city",),
    "errors": (
        "Fault",
        "GeogridError",
        "InputError",
        "NotFoundError",
        "PlanError",
        "PolicyError",
        "SnapshotError",
        "StaleError",
        "StoreError",
    ),
    "fleet": ("divide_city",),
    "model": ("City",),
    "partition": ("Division", "divide"),
    "plan": ("Grid", "Plan", "derive_grids"),
    "policy": ("PRESETS", "Policy", "read_policy"),
    "snapshot": ("Snapshot", "compile_snapshot"),
    "units": ("Unit", "build_units"),
}
_ROOM_OF = {name: room for room, names in _ROOMS.items() for name in names}


def __getattr__(name: str) -> Any:
    if name not in _ROOM_OF:
        raise AttributeError(f"module 'geogrid' has no attribute {name!r}")
    return getattr(import_module(f"geogrid.{_ROOM_OF[name]}"), name)


def __dir__() -> list[str]:
    return sorted(__all__)
