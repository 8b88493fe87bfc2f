"""``geogrid map``: a map as one file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from geogrid.cli.app import DEFAULT_STORE, CityOption, StoreOption, app
from geogrid.cli.console import say
from geogrid.cli.store import snapshot_in_force


@app.command(name="map")
def map_(
    target: Annotated[Path, typer.Argument(help="The HTML file to write.")],
    community: Annotated[str, typer.Option("--community", help="One community; all if left out.")] = "",
    language: Annotated[str, typer.Option(help="en, zh-Hans or zh-Hant.")] = "en",
    store: StoreOption = DEFAULT_STORE,
    city: CityOption = "",
) -> None:
    """Write the map of the plan in force as one HTML file that needs nothing else.

    Example: geogrid map var/bukit-merah.html --store sqlite:///var/bukit-merah.db
    """
    from geogrid.aside import written_aside
    from maps.file import render_file

    snapshot = snapshot_in_force(store, city)
    page = render_file(snapshot, community or None, language=language)
    with written_aside(target) as aside:
        aside.write_text(page, encoding="utf-8")
    say(f"{target}: {len(page.encode()) / 1e6:.1f} MB")
