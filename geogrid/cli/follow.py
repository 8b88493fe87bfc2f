"""``geogrid follow``: bring to this machine what is published in a database."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import Annotated

import typer

from geogrid.children import mind_the_parent
from geogrid.cli.app import DEFAULT_STORE, CityOption, StoreOption, app
from geogrid.cli.console import say
from geogrid.cli.store import opened, snapshot_root, which_city

_BY_SERVER = "GEOGRID_FOLLOWS_WITH_PARENT"


@app.command()
def follow(
    once: Annotated[bool, typer.Option("--once", help="Catch up and end.")] = False,
    store: StoreOption = DEFAULT_STORE,
    city: CityOption = "",
) -> None:
    """Fetch every published snapshot of a city from the store, and go on as long as it runs.

    `geogrid serve` starts one by itself where its store is a database.

    Example: geogrid follow --once --store postgresql://geogrid@db/city
    """
    from geogrid.archive import store_file
    from geogrid.snapshot import catch_up
    from geogrid.snapshot import follow as follow_on
    from geogrid.snapshot.following import GIVEN_UP

    if _BY_SERVER in os.environ:
        mind_the_parent(int(os.environ[_BY_SERVER]))
        if store_file(store) is None:
            follow_on(store, city, snapshot_root(store) / city)
    with opened(store) as archive:
        city_id = which_city(archive, city)
        root = snapshot_root(store) / city_id
        # Of a store that one machine has for itself, nobody else is at work on what is missing at its start.
        alone = _BY_SERVER in os.environ and archive.file is not None
        count = catch_up(archive, city_id, root, given_up=timedelta(0) if alone else GIVEN_UP)
    if _BY_SERVER in os.environ:
        return
    say(f"Fetched {count} snapshots of {city_id} into {root}.")
    if not once:
        follow_on(store, city_id, root)


def start_following(store: str, city: str) -> None:
    """Let a child process follow a database, as long as this process lives; it need not be there yet.

    Of an embedded store, what a killed publication left undone is finished once.
    """
    words = [sys.executable, "-P", "-m", "geogrid.cli", "follow", "--city", city]
    told = {
        # Not among the words, which everybody on the machine can read: it may hold a password.
        "GEOGRID_STORE": store,
        _BY_SERVER: str(os.getpid()),
        "PYTHONPATH": str(Path(__file__).parents[2]),
    }
    subprocess.Popen(words, env={**os.environ, **told}, stdin=subprocess.DEVNULL)  # noqa: S603 - our own words
