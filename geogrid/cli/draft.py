"""``geogrid draft``: the drafts of planners, and assignment files out of them and into them."""

from __future__ import annotations

from dataclasses import asdict, replace
from pathlib import Path
from typing import Annotated

import typer

from geogrid.cli.app import DEFAULT_STORE, CityOption, JsonOption, StoreOption, app
from geogrid.cli.console import note_faults, print_json, print_table, say
from geogrid.cli.store import opened, which_city

drafts = typer.Typer(help="Drafts of planners: list, export, import.", no_args_is_help=True)
app.add_typer(drafts, name="draft")
DraftArgument = Annotated[int, typer.Argument(help="The draft's number, as `geogrid draft list` tells it.")]


@drafts.command("list")
def list_drafts(store: StoreOption = DEFAULT_STORE, city: CityOption = "", json: JsonOption = False) -> None:
    """List the drafts, the one saved last first.

    Example: geogrid draft list --store sqlite:///var/dandong.db
    """
    with opened(store) as archive:
        found = archive.drafts.all(which_city(archive, city))
    if json:
        print_json({"drafts": [asdict(one) for one in found]})
        return
    columns = ["draft", "community", "title", "status", "revision", "by", "saved"]
    rows = [
        (d.id, d.community_id, d.title, d.status, d.revision, d.created_by, f"{d.saved_at:%Y-%m-%d %H:%M}")
        for d in found
    ]
    print_table(columns, rows)


@drafts.command("export")
def export_draft(
    draft: DraftArgument,
    target: Annotated[Path, typer.Argument(help="A .csv (unit,grid), .geojson or .gpkg file.")],
    store: StoreOption = DEFAULT_STORE,
) -> None:
    """Write a draft to a file; the ending says which format.

    Example: geogrid draft export 3 var/draft-3.csv --store sqlite:///var/dandong.db
    """
    from geogrid.assignments import write_draft

    with opened(store) as archive:
        here = archive.drafts.open(draft)
        rows = write_draft(target, here, archive.plane(here.record.city_id))
    say(f"{target}: {rows:,} units")


@drafts.command("import")
def import_draft(
    draft: DraftArgument,
    source: Annotated[Path, typer.Argument(help="A .csv, .geojson or .gpkg file with unit and grid.")],
    apply: Annotated[
        bool, typer.Option("--apply", help="Do it, without the rows that have an error.")
    ] = False,
    reason: Annotated[str, typer.Option(help="Why compounds are split, where the file splits some.")] = "",
    store: StoreOption = DEFAULT_STORE,
    json: JsonOption = False,
) -> None:
    """Read an assignment file against a draft: flag row by row, and with --apply take it over in one step.

    Exit code 1 where rows have errors and nothing was applied.

    Example: geogrid draft import 3 var/draft-3.csv --store sqlite:///var/dandong.db
    """
    from geogrid.archive import Actor
    from geogrid.assignments import read_assignment
    from geogrid.workbench import read_entries

    with opened(store) as archive:
        here = archive.drafts.open(draft)
        entries = read_assignment(source)
        found = read_entries(here.bench, here.draft, entries, origin=source.name)
        if apply:
            step = replace(found.operation, reason=reason)
            here = archive.drafts.do(draft, step, revision=here.record.revision, by=Actor("command line"))
    told = {"rows": found.rows, "moved": found.moved, "left_out": found.left_out, "applied": apply}
    if json:
        print_json(
            {**told, "revision": here.record.revision, "faults": [asdict(one) for one in found.faults]}
        )
    else:
        note_faults(found.faults)
        say(
            f"{found.rows:,} rows: {found.moved:,} units {'moved' if apply else 'would move'}, "
            f"{found.left_out:,} rows {'left out' if apply else 'have an error'}."
        )
    if found.left_out and not apply:
        raise typer.Exit(1)
