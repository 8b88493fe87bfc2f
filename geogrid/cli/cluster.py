"""``geogrid cluster``: what is larger than a machine, piece by piece on many workers."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from geogrid.cli.app import DEFAULT_STORE, CityOption, JsonOption, StoreOption, app
from geogrid.cli.console import bar, note, print_json, say
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
        help="local (a Dask cluster of this machine), processes (without Dask), or tcp://HOST:PORT.",
    ),
]


@group.command("assign")
def assign(
    source: Annotated[Path, typer.Argument(help="A folder of Parquet files: the partitions.")],
    target: TargetArgument,
    address: Annotated[str, typer.Option(metavar="COLUMN", help="The column of addresses.")] = "",
    lon: Annotated[str, typer.Option(metavar="COLUMN", help="The column of longitudes.")] = "",
    lat: Annotated[str, typer.Option(metavar="COLUMN", help="The column of latitudes.")] = "",
    crs: CrsOption = "WGS-84",
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
    from geogrid.cluster import AssignJob
    from geogrid.snapshot.files import read_manifest

    folder = folder_in_force(store, city).absolute()
    job = AssignJob(
        folder, read_manifest(folder, verify=False)["sha256"], Columns(address, lon, lat, crs=crs)
    )
    _run(job, source, target, scheduler, workers, json=json)


def _run(job: Job, source: Path, target: Path, scheduler: str, workers: int, *, json: bool) -> None:
    from geogrid.cluster import crew_of, run_job

    with crew_of(scheduler, workers) as crew, bar(f"{job.kind.capitalize()}ing {source.name}") as progress:
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
