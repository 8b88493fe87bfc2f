"""``geogrid assign``: a file of addresses or positions to grids."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from geogrid.cli.app import DEFAULT_STORE, CityOption, JsonOption, StoreOption, app
from geogrid.cli.console import bar, print_json, say
from geogrid.cli.lookup import CrsOption
from geogrid.cli.store import snapshot_in_force


@app.command()
def assign(
    source: Annotated[Path, typer.Argument(help="A .csv, .parquet, .xlsx, .gpkg or .geojson file.")],
    target: Annotated[Path, typer.Argument(help="The file to write; its ending says the format.")],
    address: Annotated[str, typer.Option(metavar="COLUMN", help="The column of addresses.")] = "",
    lon: Annotated[str, typer.Option(metavar="COLUMN", help="The column of longitudes.")] = "",
    lat: Annotated[str, typer.Option(metavar="COLUMN", help="The column of latitudes.")] = "",
    crs: CrsOption = "WGS-84",
    layer: Annotated[str, typer.Option(help="The layer or sheet of a file that holds several.")] = "",
    review: Annotated[
        Path | None,
        typer.Option(
            help="A file for the rows without a certain grid, with candidates; see `geogrid learn`."
        ),
    ] = None,
    store: StoreOption = DEFAULT_STORE,
    city: CityOption = "",
    json: JsonOption = False,
) -> None:
    """Add grid_code, grid_name, status and reason to every row of a file.

    Every input row comes out once, in order, with all its columns. Without --address, --lon or --lat the
    column is found by its name; a GeoPackage without such a column is asked by its shapes. Text that a
    spreadsheet would run as a formula gets a quote before it in CSV. Exit 0 also where rows stay unmatched:
    the summary counts them.

    Example: geogrid assign people.csv people-with-grids.csv --review doubtful.csv
    """
    from geogrid.batch import Columns, assign_file, matcher_of

    snapshot = snapshot_in_force(store, city)
    with bar(f"Assigning {source.name}") as progress:
        task = progress.task_ids[0]
        tally = assign_file(
            source,
            target,
            matcher_of(snapshot),
            columns=Columns(address, lon, lat, crs=crs),
            review=review,
            layer=layer,
            progress=lambda done, rows: progress.update(task, completed=done, total=rows),
        )
    if json:
        print_json({"rows": tally.rows, "by_status": tally.by_status, "output": str(target)})
        return
    counts = ", ".join(f"{count:,} {status}" for status, count in tally.by_status.items())
    say(f"{target}: {tally.rows:,} rows" + (f": {counts}" if counts else ""))
