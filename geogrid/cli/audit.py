"""``geogrid audit``: the trail of who changed what, and whether it is whole."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from geogrid.cli.app import DEFAULT_STORE, JsonOption, StoreOption, app
from geogrid.cli.console import print_json, print_table, say
from geogrid.cli.store import opened

trail = typer.Typer(help="The trail of who changed what.", no_args_is_help=True)
app.add_typer(trail, name="audit")


@trail.command("verify")
def verify(store: StoreOption = DEFAULT_STORE, json: JsonOption = False) -> None:
    """Check that no line of the trail was changed, taken out or put in (exit 4 where one was).

    Example: geogrid audit verify --store sqlite:///var/dandong.db
    """
    with opened(store) as archive:
        lines = archive.verify_audit()
    if json:
        print_json({"status": "whole", "lines": lines})
        return
    say(f"The trail is whole: {lines} lines.")


@trail.command("show")
def show(
    subject: Annotated[
        str | None, typer.Argument(help="Like `draft 3` or `version 2`; all if left out.")
    ] = None,
    store: StoreOption = DEFAULT_STORE,
    json: JsonOption = False,
) -> None:
    """Show the trail, the oldest line first.

    Example: geogrid audit show 'draft 3' --store sqlite:///var/dandong.db
    """
    with opened(store) as archive:
        entries = archive.audit_trail(subject)
    if json:
        print_json({"entries": [asdict(one) for one in entries]})
        return
    columns = ["id", "at", "who", "what", "subject"]
    print_table(columns, [[one.id, one.at, one.who, one.what, one.subject] for one in entries])
