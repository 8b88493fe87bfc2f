"""Turn units, grids and plans into tables for other people's tools; degrees (WGS-84) outside."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from geogrid.codes import grid_code
from geogrid.crs import DEGREES, to_degrees
from geogrid.plan import derive_grids
from geogrid.snapshot.names import name_grids
from geogrid.tables import Table, table_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from geogrid.adjacency import UnitGraph
    from geogrid.model import City, Community
    from geogrid.plan import Grid, Plan

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


@dataclass(frozen=True, slots=True)
class Divided:
    """One community with its units and the plan they stand in."""

    community: Community
    graph: UnitGraph
    plan: Plan


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
