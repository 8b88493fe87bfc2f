"""``geogrid cluster``: what is larger than a machine, piece by piece on many workers."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from geogrid.cli.app import DEFAULT_STORE, CityOption, JsonOption, StoreOption, app
from geogrid.cli.console import bar, note, print_json, say
from geogrid.cli.divide import PolicyOption, TimeOption, policy_of
from geogrid.cli.lookup import CrsOption
from geogrid.cli.store import folder_in_force

if TYPE_CHECKING:
    from geogrid.cluster import Job

group = typer.Typer(help="Divide and assign what is larger than a machine.", no_args_is_help=True)
app.add_typer(group, name="cluster")

TargetArgument = Annotated[Path, typer.Argument(help="A folder for the pieces; new, or of the same job.")]
WorkersOption = Annotated[int, typer.Option("--workers", min=1, help="Processes of this machine.")]
SchedulerOption = Annotated[
    str,
    typer.Option(
        "--scheduler",
        envvar="GEOGRID_SCHEDULER",
        metavar="ADDRESS",
        help="local (a Dask cluster of this machine), processes (without Dask), or tcp:// or tls://HOST:PORT.",
    ),
]


@group.command("part")
def part(
    source: Annotated[Path, typer.Argument(help="A city's folder with its city.toml, or a folder of such.")],
    target: TargetArgument,
    communities: Annotated[int, typer.Option(min=1, help="Communities in a part.")] = 8,
    workers: WorkersOption = 2,
    scheduler: SchedulerOption = "local",
    json: JsonOption = False,
) -> None:
    """Read and check cities, and cut each into parts that `geogrid cluster divide` takes.

    A part is a folder of GeoParquet layers: some communities, and all that a division of them stands on.

    Example: geogrid cluster part cities/ parts/ --workers 4
    """
    from geogrid.cluster import PartJob

    _run(PartJob(communities), source, target, scheduler, workers, json=json)


@group.command("divide")
def divide(
    source: Annotated[Path, typer.Argument(help="A folder of parts, as `geogrid cluster part` writes it.")],
    target: TargetArgument,
    policy: PolicyOption = "eight-to-ten",
    time_limit: TimeOption = None,
    workers: WorkersOption = 2,
    scheduler: SchedulerOption = "local",
    json: JsonOption = False,
) -> None:
    """Divide every community of a parted set into grids.

    Each part becomes a folder with grids.parquet, units.parquet (GeoParquet in WGS-84, as `geogrid export`
    writes them) and divisions.parquet (what is proved, and which rules gave way).

    Example: geogrid cluster divide parts/ divided/ --scheduler tcp://10.0.0.5:8786
    """
    from geogrid.cluster import DivideJob

    _run(DivideJob(policy_of(policy), time_limit), source, target, scheduler, workers, json=json)


@group.command("assign")
def assign(
    source: Annotated[Path, typer.Argument(help="A folder of Parquet files: the partitions.")],
    target: TargetArgument,
    address: Annotated[str, typer.Option(metavar="COLUMN", help="The column of addresses.")] = "",
    lon: Annotated[str, typer.Option(metavar="COLUMN", help="The column of longitudes.")] = "",
    lat: Annotated[str, typer.Option(metavar="COLUMN", help="The column of latitudes.")] = "",
    crs: CrsOption = "WGS-84",
    grids: Annotated[
        Path | None,
        typer.Option(
            help="Place positions by a set of `geogrid cluster divide`, not by the plan of a store."
        ),
    ] = None,
    workers: WorkersOption = 2,
    scheduler: SchedulerOption = "local",
    store: StoreOption = DEFAULT_STORE,
    city: CityOption = "",
    json: JsonOption = False,
) -> None:
    """Add grid_code, grid_name, status and reason to every row of a partitioned set.

    Each partition becomes one piece, exactly what `geogrid assign` makes of it. A worker that is lost is
    replaced; run again, the same command makes only what is missing. _manifest.json comes last: with it the
    set is whole. All workers must find source, target and the store's snapshots under the same paths.

    Example: geogrid cluster assign addresses/ assigned/ --workers 8
    """
    from geogrid.batch import Columns
    from geogrid.cluster import AssignJob, PlaceJob

    columns = Columns(address, lon, lat, crs=crs)
    job = PlaceJob.of(grids, columns) if grids else AssignJob.of(folder_in_force(store, city), columns)
    _run(job, source, target, scheduler, workers, json=json)


def _run(job: Job, source: Path, target: Path, scheduler: str, workers: int, *, json: bool) -> None:
    from geogrid.cluster import crew_of, run_job

    with crew_of(scheduler, workers) as crew, bar(f"{source.name}: {job.kind}") as progress:
        task = progress.task_ids[0]
        report = run_job(
            job,
            source,
            target,
            crew,
            progress=lambda done, pieces: progress.update(task, completed=done, total=pieces),
        )
    for warning in report.warnings:
        note(f"Warning: {warning}")
    if json:
        print_json({**asdict(report), "output": str(target)})
        return
    counts = ", ".join(f"{count:,} {name}" for name, count in report.counts.items())
    kept = f", {report.kept:,} of them kept from before" if report.kept else ""
    say(f"{target}: {report.rows:,} rows in {report.pieces:,} pieces{kept}: {counts}")
