"""``geogrid export``: a plan, its grids or its units for other people's tools."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from geogrid.cli.app import DEFAULT_STORE, CityOption, StoreOption, app
from geogrid.cli.console import say
from geogrid.cli.store import opened, version_in_force, which_city


class What(StrEnum):
    """What can be exported."""

    PLAN = "plan"
    GRIDS = "grids"
    UNITS = "units"


@app.command()
def export(
    what: Annotated[What, typer.Argument(help="plan: unit and grid; grids, units: with their outlines.")],
    target: Annotated[Path, typer.Argument(help="A .gpkg, .geojson, .csv, .parquet or .xlsx file.")],
    version: Annotated[int | None, typer.Option(help="A version; the one in force if left out.")] = None,
    store: StoreOption = DEFAULT_STORE,
    city: CityOption = "",
) -> None:
    """Write the plan, its grids or its units to a file; the ending says which format.

    Outlines are in WGS-84 degrees; CSV and Excel hold them as well-known text.

    Example: geogrid export grids var/grids.gpkg --store sqlite:///var/bukit-merah.db
    """
    from geogrid.exports import divided_of, grids_table, plan_table, units_table
    from geogrid.tables import write_table

    with opened(store) as archive:
        city_id = which_city(archive, city)
        number = version_in_force(archive, city_id).id if version is None else version
        data = archive.load_city(city_id, version=number)
        stored = archive.all_stored(number)
    divided = divided_of(data, ((one.graph, one.division.plan) for one in stored))
    makers = {What.GRIDS: grids_table, What.UNITS: units_table}
    table = makers[what](data, divided) if what in makers else plan_table(divided)
    rows = write_table(target, table, layer=what.value)
    say(f"{target}: {rows:,} rows")
