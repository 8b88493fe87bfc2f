"""Turn units, grids and plans into tables for other people's tools; degrees (WGS-84) outside."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from geogrid.codes import grid_code
from geogrid.crs import DEGREES, to_degrees
from geogrid.plan import derive_grids
from geogrid.roster import accept_pairs, reason_of
from geogrid.snapshot.names import name_grids
from geogrid.tables import Table, table_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from geogrid.adjacency import UnitGraph
    from geogrid.model import City, Community
    from geogrid.plan import Grid, Plan
    from geogrid.roster import PairingReport
    from geogrid.workbench import Notice, Service

GEOMETRY = "geometry"
_TEXT, _COUNT, _YES, _METRES, _SHAPE = pa.string(), pa.int64(), pa.bool_(), pa.float64(), pa.binary()
PLAN_SCHEMA = pa.schema([("unit", _TEXT), ("grid", _COUNT), ("grid_code", _TEXT), ("community_id", _TEXT)])
UNIT_SCHEMA = pa.schema(
    [
        ("unit", _TEXT),
        ("community_id", _TEXT),
        ("community", _TEXT),
        ("kind", _TEXT),
        ("name", _TEXT),
        ("compound_id", _TEXT),
        ("households", _COUNT),
        ("estimated", _YES),
        ("buildings", _COUNT),
        ("area_m2", _METRES),
        ("grid", _COUNT),
        ("grid_code", _TEXT),
        (GEOMETRY, _SHAPE),
    ]
)
GRID_SCHEMA = pa.schema(
    [
        ("grid_code", _TEXT),
        ("community_id", _TEXT),
        ("community", _TEXT),
        ("number", _COUNT),
        ("name", _TEXT),
        ("kind", _TEXT),
        ("alignment", _TEXT),
        ("compounds", _TEXT),
        ("compound_ids", _TEXT),
        ("households", _COUNT),
        ("estimated", _YES),
        ("units", _COUNT),
        ("buildings", _COUNT),
        ("area_m2", _METRES),
        (GEOMETRY, _SHAPE),
    ]
)
NOTICE_SCHEMA = pa.schema(
    [
        ("address", _TEXT),
        ("from_grid", _COUNT),
        ("to_grid", _COUNT),
        ("from_branch", _TEXT),
        ("to_branch", _TEXT),
        ("to_leader", _TEXT),
        ("unit", _TEXT),
        ("building_id", _TEXT),
    ]
)
PAIRING_SCHEMA = pa.schema(  # the layer ``pairings`` as it is loaded, and what each pair costs
    [
        ("id", _TEXT),
        ("organisation", _TEXT),
        ("branch_id", _TEXT),
        ("level", _TEXT),
        ("size", _COUNT),
        ("x", _METRES),
        ("y", _METRES),
        ("branch", _TEXT),
        ("state", _TEXT),
        ("metres", _METRES),
        ("cost", _METRES),
        ("reason", _TEXT),
        (GEOMETRY, _SHAPE),
    ]
)


@dataclass(frozen=True, slots=True)
class Divided:
    """One community with its units and the plan they stand in."""

    community: Community
    graph: UnitGraph
    plan: Plan


def divided_of(city: City, plans: Iterable[tuple[UnitGraph, Plan]]) -> list[Divided]:
    """Return communities of ``city`` with the plans they stand in."""
    named = {community.id: community for community in city.communities}
    return [Divided(named[graph.community_id], graph, plan) for graph, plan in plans]


def plan_table(divided: Iterable[Divided]) -> Table:
    """Return the assignment itself: one row a unit, sorted by community and unit."""
    rows = [
        {
            "unit": unit,
            "grid": number,
            "grid_code": grid_code(part.community.code, number),
            "community_id": part.community.id,
        }
        for part in divided
        for unit, number in sorted(part.plan.assignment.items())
    ]
    return table_of(_columns(rows, PLAN_SCHEMA), PLAN_SCHEMA)


def units_table(city: City, divided: Iterable[Divided]) -> Table:
    """Return one row a unit with its tile, and the grid it lies in."""
    rows = [
        {
            "unit": unit.id,
            "community_id": part.community.id,
            "community": part.community.name,
            "kind": unit.kind.value,
            "name": unit.name,
            "compound_id": unit.compound_id,
            "households": unit.households,
            "estimated": unit.estimated,
            "buildings": len(unit.building_ids),
            "area_m2": round(unit.geometry.area, 1),
            "grid": part.plan.assignment[unit.id],
            "grid_code": grid_code(part.community.code, part.plan.assignment[unit.id]),
            GEOMETRY: unit.geometry,
        }
        for part in divided
        for unit in part.graph.units
    ]
    return _shaped(rows, UNIT_SCHEMA, city)


def grids_table(city: City, divided: Iterable[Divided]) -> Table:
    """Return one row a grid with its outline, its compounds and its counts."""
    names = {compound.id: compound.name for compound in city.compounds}
    rows = [
        {
            "grid_code": grid_code(part.community.code, grid.number),
            "community_id": part.community.id,
            "community": part.community.name,
            "number": grid.number,
            "name": name,
            "kind": grid.kind.value,
            "alignment": grid.alignment.value,
            "compounds": "; ".join(names.get(key, key) for key in grid.compound_ids),
            "compound_ids": ";".join(grid.compound_ids),
            "households": grid.households,
            "estimated": grid.estimated,
            "units": len(grid.unit_ids),
            "buildings": len(grid.building_ids),
            "area_m2": round(grid.geometry.area, 1),
            GEOMETRY: grid.geometry,
        }
        for part in divided
        for grid, name in _named(city, part)
    ]
    return _shaped(rows, GRID_SCHEMA, city)


def notices_table(
    found: Iterable[Notice], before: Mapping[int, Service], after: Mapping[int, Service]
) -> Table:
    """Return one row an address that changes grid, with the branches and the new leader who may be shown."""
    rows = [
        {
            "address": one.address,
            "from_grid": one.source or None,
            "to_grid": one.target or None,
            "from_branch": before[one.source].branch if one.source in before else "",
            "to_branch": after[one.target].branch if one.target in after else "",
            "to_leader": after[one.target].leader if one.target in after else "",
            "unit": one.unit_id,
            "building_id": one.building_id,
        }
        for one in found
    ]
    return table_of(_columns(rows, NOTICE_SCHEMA), NOTICE_SCHEMA)


def pairings_table(city: City, report: PairingReport) -> Table:
    """Return one row an organisation: given, proposed or unpaired; loaded again, what was proposed is given.

    ``x`` and ``y`` are degrees (WGS-84), for the formats that have no geometry.
    """
    pairs = {pair.organisation_id: pair for pair in report.pairs}
    branches = {branch.id: branch for branch in city.branches}
    shapes = to_degrees(np.array([one.geometry for one in city.pairings], dtype=object), city.plane)
    places = [(shape.x, shape.y) if shape is not None else (None, None) for shape in shapes]
    rows = []
    for one, shape, (x, y) in zip(accept_pairs(city, report), shapes, places, strict=True):
        pair, branch = pairs.get(one.id), branches.get(one.branch_id)
        rows.append(
            {
                "id": one.id,
                "organisation": one.organisation,
                "branch_id": one.branch_id,
                "level": one.level,
                "size": one.size,
                "x": x,
                "y": y,
                "branch": branch.name if branch else "",
                "state": "unpaired" if pair is None else "given" if pair.given else "proposed",
                "metres": pair.metres if pair else None,
                "cost": pair.cost.total if pair else None,
                "reason": reason_of(pair, one, branch) if pair and branch else "",
                GEOMETRY: shape,
            }
        )
    return table_of(_columns(rows, PAIRING_SCHEMA), PAIRING_SCHEMA, geometry=GEOMETRY, crs=DEGREES)


def _named(city: City, part: Divided) -> Iterable[tuple[Grid, str]]:
    grids = derive_grids(part.plan, part.graph)
    return zip(grids, name_grids(city, grids, part.graph.units), strict=True)


def _shaped(rows: Sequence[dict[str, Any]], schema: pa.Schema, city: City) -> Table:
    columns = _columns(rows, schema)
    if rows:
        columns[GEOMETRY] = list(to_degrees(columns[GEOMETRY], city.plane))
    return table_of(columns, schema, geometry=GEOMETRY, crs=DEGREES)


def _columns(rows: Sequence[dict[str, Any]], schema: pa.Schema) -> dict[str, list[Any]]:
    return {name: [row[name] for row in rows] for name in schema.names}
