"""``geogrid assign``: a file of addresses or positions to grids."""

from __future__ import annotations

import gc
import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from geogrid.cli.app import DEFAULT_STORE, CityOption, JsonOption, StoreOption, app
from geogrid.cli.console import bar, note, print_json, say
from geogrid.cli.lookup import CrsOption
from geogrid.cli.store import snapshot_in_force

if TYPE_CHECKING:
    from geogrid.geocode import Geocoder


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
    geocoder: Annotated[
        str,
        typer.Option(
            envvar="GEOGRID_GEOCODER",
            metavar="SERVICE",
            help="Ask amap, tianditu or nominatim about rows that text cannot answer. Off by default.",
        ),
    ] = "",
    geocoder_url: Annotated[
        str, typer.Option(envvar="GEOGRID_GEOCODER_URL", metavar="URL", help="The root of your own service.")
    ] = "",
    geocoder_budget: Annotated[
        int, typer.Option(envvar="GEOGRID_GEOCODER_BUDGET", min=1, help="The most requests of this run.")
    ] = 1000,
    geocoder_rate: Annotated[
        float, typer.Option(envvar="GEOGRID_GEOCODER_RATE", min=0, help="Requests a second; 0: no limit.")
    ] = 1.0,
    store: StoreOption = DEFAULT_STORE,
    city: CityOption = "",
    json: JsonOption = False,
) -> None:
    """Add grid_code, grid_name, status and reason to every row of a file.

    Rows with an address get match_level, score, margin and missing besides. Every input row comes out once,
    in order, with all its columns. Without --address, --lon or --lat the column is found by its name; a
    GeoPackage without such a column is asked by its shapes. Text that a spreadsheet would run as a formula
    gets a quote before it in CSV. Exit 0 also where rows stay unmatched: the summary counts them.

    With --geocoder the rows that text cannot answer are sent to that service, whose key is read from
    GEOGRID_GEOCODER_KEY only; its rows get the status geocoded and go to the review file as well.

    Example: geogrid assign people.csv people-with-grids.csv --review doubtful.csv
    """
    from geogrid.batch import Columns, GeocodingMatcher, assign_file, matcher_of

    snapshot = snapshot_in_force(store, city)
    matcher = matcher_of(snapshot)
    asked = None
    if geocoder:
        asked = _geocoder(geocoder, geocoder_url, snapshot.city["name"], geocoder_budget, geocoder_rate)
        matcher = GeocodingMatcher(matcher, asked)
    gc.collect()
    gc.freeze()  # the index never changes: nobody need walk it while rows come and go
    with bar(f"Assigning {source.name}") as progress:
        task = progress.task_ids[0]
        tally = assign_file(
            source,
            target,
            matcher,
            columns=Columns(address, lon, lat, crs=crs),
            review=review,
            layer=layer,
            doors=snapshot.door_places,
            progress=lambda done, rows: progress.update(task, completed=done, total=rows),
        )
    for warning in tally.warnings:
        note(f"Warning: {warning}")
    if asked is not None:
        stopped = f"; stopped: {asked.stopped}" if asked.stopped else ""
        note(f"{asked.name} was asked {asked.asked} times{stopped}")
    if json:
        print_json(
            {
                "rows": tally.rows,
                "by_status": tally.by_status,
                "warnings": tally.warnings,
                "output": str(target),
            }
        )
        return
    counts = ", ".join(f"{count:,} {status}" for status, count in tally.by_status.items())
    say(f"{target}: {tally.rows:,} rows" + (f": {counts}" if counts else ""))


def _geocoder(service: str, url: str, city: str, budget: int, rate: float) -> Geocoder:
    from geogrid.geocode import Geocoder, GeocoderSettings

    key = os.environ.get("GEOGRID_GEOCODER_KEY", "")
    return Geocoder(GeocoderSettings(service, key, url, city, budget, rate))
