"""``geogrid withdraw``: take an announced plan back before its first day."""

from __future__ import annotations

from typing import Annotated

import typer

from geogrid.cli.app import DEFAULT_STORE, CityOption, JsonOption, StoreOption, app
from geogrid.cli.console import print_json, say
from geogrid.cli.store import opened, snapshot_folder, which_city
from geogrid.errors import NotFoundError


@app.command()
def withdraw(
    version: Annotated[int, typer.Argument(help="A published version whose first day has not come.")],
    store: StoreOption = DEFAULT_STORE,
    city: CityOption = "",
    json: JsonOption = False,
) -> None:
    """Take an announced version back; the plan before it stays in force, also for services that run.

    A version that is in force is not withdrawn: publish another one instead.

    Example: geogrid withdraw 7 --store sqlite:///var/bukit-merah.db
    """
    from geogrid.snapshot import withdraw_version

    with opened(store) as archive:
        city_id = which_city(archive, city)
        if archive.version(version).city_id != city_id:
            raise NotFoundError(f"version of city {city_id}", str(version))
        root = snapshot_folder(store, city_id, version).parent
        here = withdraw_version(archive, version, root)
    if json:
        print_json({"city": city_id, "version": version, "status": here.status})
        return
    say(f"Version {version} of {city_id} will not come into force on {here.effective_from}.")
