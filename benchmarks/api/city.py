"""The snapshot that is served: one that is named, or a city compiled once and kept.

The plan is drawn without the solver, which is another benchmark's: each community's units by place, in ten
even runs. What is served does not depend on how good a plan is.
"""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import numpy as np
import shapely

from benchmarks.division.instances import ROOT
from geogrid.archive import Archive
from geogrid.boundaries import read_city
from geogrid.fleet import cut
from geogrid.partition import Division
from geogrid.plan import Plan
from geogrid.policy import EIGHT_TO_TEN
from geogrid.snapshot import publish_snapshot

if TYPE_CHECKING:
    from pathlib import Path

    from geogrid.adjacency import UnitGraph
    from geogrid.model import City

KEPT = ROOT / "var" / "bench"
GRIDS = 10


def store_of(name: str) -> str:
    """Return the store of a kept city, for the command line."""
    return f"sqlite:///{KEPT / name}.db"


def kept_snapshot(name: str, data: Path) -> Path:
    """Return the snapshot of ``songshan`` or ``taipei`` (of the folder ``data``), made if missing."""
    folder = KEPT / f"{name}.snapshots" / name / "1"
    if not (folder / "manifest.json").is_file():
        _compile(_city(name, data), folder)
    return folder


def _city(name: str, data: Path) -> City:
    if name == "taipei":
        return read_city(data / "taipei_city", ROOT / "benchmarks" / "cities" / "taipei.toml")
    return read_city(ROOT / "data" / "boundaries" / name)


def _compile(city: City, folder: Path) -> None:
    KEPT.mkdir(parents=True, exist_ok=True)
    (KEPT / f"{city.id}.db").unlink(missing_ok=True)
    graphs = [cut(city, one.id) for one in city.communities]
    with Archive.open(store_of(city.id)) as archive:
        archive.store_city(city)
        archive.store_graphs(city.id, graphs)
        draft = archive.add_version(city.id, [_drawn(one) for one in graphs], policy=EIGHT_TO_TEN)
        publish_snapshot(archive, draft.id, date(2026, 1, 1), folder)


def _drawn(graph: UnitGraph) -> Division:
    """Return the units of a community from west to east, in runs of the same number."""
    places = shapely.get_x(shapely.centroid([unit.geometry for unit in graph.units]))
    order = np.argsort(places, kind="stable")
    runs = np.array_split(order, min(GRIDS, len(order)))
    numbers = {graph.units[at].id: number for number, run in enumerate(runs, 1) for at in run.tolist()}
    return Division(
        Plan(graph.community_id, numbers), {}, {}, 0.0, proved=False, engine="search", seconds=0.0
    )
