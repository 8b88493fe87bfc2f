"""``geogrid check``: the independent check of the plan in force."""

from __future__ import annotations

from dataclasses import asdict

import typer

from geogrid.cli.app import DEFAULT_STORE, CityOption, JsonOption, StoreOption, app
from geogrid.cli.console import print_json, print_table, say
from geogrid.cli.exits import Exit
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
    from geogrid.check import check_city

    with opened(store) as archive:
        city_id = which_city(archive, city)
        version = version_in_force(archive, city_id)
        data = archive.load_city(city_id, version=version.id)
        findings = check_city(data, archive.all_stored(version.id), archive.grids(version.id))
    if json:
        found = [asdict(finding) for finding in findings]
        print_json({"city": city_id, "version": version.id, "sound": not findings, "findings": found})
    elif findings:
        rows = [(one.community_id, one.rule, ", ".join(one.where), one.words) for one in findings]
        print_table(["community", "rule", "where", "what"], rows)
    else:
        communities = len(data.communities)
        say(f"Version {version.id} of {city_id} is sound: {communities} communities, nothing found.")
    if findings:
        raise typer.Exit(Exit.NO)
