"""``geogrid check``: the independent check of the plan in force."""

from __future__ import annotations

from geogrid.cli.app import DEFAULT_STORE, CityOption, JsonOption, StoreOption, app
from geogrid.cli.store import opened, version_in_force, which_city


@app.command()
def check(
    store: StoreOption = DEFAULT_STORE,
    city: CityOption = "",
    json: JsonOption = False,
) -> None:
    """Check the plan in force from the geometry up, with code that the solver does not share.

    Every home in one grid, no gap, no overlap, no grid in two pieces, no grid with parts of two compounds.
    Exit 1 where anything is found.

    Example: geogrid check --store sqlite:///var/bukit-merah.db
    """
    with opened(store) as archive:
        city_id = which_city(archive, city)
        version = version_in_force(archive, city_id)
        data = archive.load_city(city_id, version=version.id)
        stored = archive.all_stored(version.id)
    raise NotImplementedError
