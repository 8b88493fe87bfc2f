"""Plans, grids and units leave as tables whose numbers can be added up again."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import numpy as np
import pyarrow as pa
import pytest
import shapely

from geogrid.adjacency import UnitGraph
from geogrid.crs import to_degrees
from geogrid.exports import Divided, grids_table, plan_table, units_table
from geogrid.plan import Plan
from geogrid.tables import Table, open_table, write_table
from geogrid.units import Unit, UnitKind
from tests.town import draw_town

if TYPE_CHECKING:
    from pathlib import Path

# Two compounds of two cells each, a park: A has 2 x 40 homes, B has 2 x 10.
TOWN = draw_town("AAB\n..B", households={"B": 10})


def tile(unit: str, kind: UnitKind, homes: int, west: float, south: float, compound: str = "") -> Unit:
    return Unit(
        unit, "c1", kind, shapely.box(west, south, west + 100, south + 100), homes, compound_id=compound
    )


GRAPH = UnitGraph(
    "c1",
    (
        tile("A/g01", UnitKind.GROUP, 40, 0, 100, "A"),
        tile("A/g02", UnitKind.GROUP, 40, 100, 100, "A"),
        tile("B", UnitKind.COMPOUND, 20, 200, 100, "B"),
        tile("c1/l01", UnitKind.LAND, 0, 0, 0),
    ),
    (),
)
PLAN = Plan("c1", {"A/g01": 1, "A/g02": 1, "B": 2, "c1/l01": 3})
DIVIDED = [Divided(TOWN.communities[0], GRAPH, PLAN)]


def rows(table: Table) -> list[dict[str, object]]:
    return pa.Table.from_batches(list(table.batches), table.schema).to_pylist()  # type: ignore[no-any-return]


def test_a_plan_is_one_row_a_unit() -> None:
    assert [(row["unit"], row["grid"], row["grid_code"]) for row in rows(plan_table(DIVIDED))] == [
        ("A/g01", 1, "210602001001001"),
        ("A/g02", 1, "210602001001001"),
        ("B", 2, "210602001001002"),
        ("c1/l01", 3, "210602001001003"),
    ]


def test_grids_say_what_they_are_and_hold() -> None:
    found = rows(grids_table(TOWN, DIVIDED))
    assert [
        (row["number"], row["name"], row["alignment"], row["households"], row["compounds"]) for row in found
    ] == [
        (1, "A小区", "whole", 80, "A小区"),
        (2, "B小区", "whole", 20, "B小区"),
        (3, "第3网格（专属）", "special", 0, ""),
    ]
    assert [row["area_m2"] for row in found] == [20_000.0, 10_000.0, 10_000.0]


def test_outlines_are_in_degrees() -> None:
    (first, *_) = rows(units_table(TOWN, DIVIDED))
    shape = shapely.from_wkb(cast("bytes", first["geometry"]))
    wanted = to_degrees(np.array([GRAPH.units[0].geometry], dtype=object), TOWN.plane)[0]
    assert shape.equals_exact(wanted, tolerance=1e-12)
    assert 124 < shape.centroid.x < 125


@pytest.mark.parametrize("ending", [".gpkg", ".geojson", ".csv", ".parquet", ".xlsx"])
def test_every_format_holds_every_row(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"grids{ending}"
    assert write_table(path, grids_table(TOWN, DIVIDED)) == 3
    with open_table(path) as table:
        read = pa.Table.from_batches(list(table.batches), table.schema)
    assert [str(code) for code in read.column("grid_code").to_pylist()] == [
        f"21060200100100{n}" for n in (1, 2, 3)
    ]


def test_an_empty_plan_is_an_empty_table() -> None:
    assert rows(grids_table(TOWN, [])) == []
