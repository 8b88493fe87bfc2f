"""``geogrid sample``: a made-up city to try everything on."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from geogrid.cli.app import app
from geogrid.cli.console import note, say


class Sample(StrEnum):
    """The cities that can be drawn."""

    DANDONG = "dandong"


@app.command()
def sample(
    city: Annotated[Sample, typer.Argument(help="Which city to draw.")],
    folder: Annotated[Path, typer.Argument(help="The folder to write.")],
    seed: Annotated[int, typer.Option(help="The same seed gives the same files, byte for byte.")] = 1,
) -> None:
    """Write a made-up city in the documented format: real names and codes of communities, all else invented.

    It is marked synthetic in its data, on every map and page.

    Example: geogrid sample dandong var/dandong --seed 1
    """
    from geogrid.sample import write_dandong

    note(f"Drawing {city.value} ...")
    drawn = write_dandong(folder, seed)
    say(
        f"{folder}: {len(drawn.communities)} communities, {len(drawn.compounds)} compounds, "
        f"{len(drawn.buildings):,} buildings, {len(drawn.addresses):,} addresses; "
        "all of it is invented but the names and codes of places."
    )
