"""``geogrid load``: a city's data into the store."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from geogrid.cli.app import DEFAULT_STORE, JsonOption, StoreOption, app
from geogrid.cli.console import bar, note, note_faults, note_repairs, print_json, say
from geogrid.cli.store import opened
from geogrid.errors import Fault, InputError, Severity

if TYPE_CHECKING:
    from geogrid.archive import Archive
    from geogrid.model import City


@app.command()
def load(
    source: Annotated[Path, typer.Argument(help="A city folder with city.toml, or one data file.")],
    mapping: Annotated[
        Path | None, typer.Option(help="A TOML file that maps foreign layers and columns.")
    ] = None,
    store: StoreOption = DEFAULT_STORE,
    every: Annotated[bool, typer.Option("--all", help="List every repair, not one example of each.")] = False,
    json: JsonOption = False,
) -> None:
    """Read and check a city's data, and keep it in the store.

    All faults are listed at once, and then nothing is stored (exit 3). What was repaired is told. Where a
    plan is in force, newer data are cut into units too, so that planners can go on from it at once.

    Example: geogrid load data/boundaries/bukit-merah --store sqlite:///var/bukit-merah.db
    """
    city = read(source, mapping, every=every)
    with opened(store, new=True) as archive:
        archive.store_city(city)
        cut_newer(archive, city)
    if json:
        print_json(facts(city))
        return
    say(told(city))


def cut_newer(archive: Archive, city: City) -> None:
    """Cut a city whose plan is published into its units: on them planners and publications go on.

    Before the first plan there is nobody to go on, and a division cuts what it divides. An interrupted cut
    goes on when the same data are loaded again.
    """
    from geogrid.archive import Status
    from geogrid.fleet import cut

    published = any(one.status is Status.PUBLISHED for one in archive.versions(city.id))
    left = archive.without_units(city.id) if published else ()
    if left:
        note(f"Cutting {len(left)} communities into units ...")
    with bar(f"Cutting {city.name} into units", len(left)) as progress:
        for community_id in left:
            archive.store_graphs(city.id, [cut(city, community_id)])
            progress.advance(progress.task_ids[0])
    note_faults([replace(one, severity=Severity.WARNING) for one in archive.moved_on(city.id)])


def read(source: Path, mapping: Path | None = None, *, every: bool = False) -> City:
    """Read a city and show what was repaired or is worth knowing.

    :raises InputError: it cannot be used.
    """
    from geogrid.boundaries import read_city

    if not source.exists():
        remedy = "name a city folder or a data file"
        raise InputError((Fault("no-such-file", "there is no such file or folder", remedy, str(source)),))
    city = read_city(source, mapping)
    if city.faults:
        note(f"{len(city.faults)} things repaired or worth knowing:")
        (note_faults if every else note_repairs)(city.faults)
    return city


def told(city: City) -> str:
    """Return what was loaded as one sentence."""
    counts = facts(city)
    return (
        f"{city.name} ({city.id}): {counts['communities']} communities, {counts['compounds']} compounds, "
        f"{counts['buildings']:,} buildings, {counts['homes']:,} {city.counts}, "
        f"{counts['addresses']:,} addresses."
    )


def facts(city: City) -> dict[str, Any]:
    """Return the counts of a city."""
    return {
        "city": city.id,
        "name": city.name,
        "communities": len(city.communities),
        "compounds": len(city.compounds),
        "buildings": len(city.buildings),
        "homes": sum(building.households for building in city.buildings),
        "estimated": sum(building.households for building in city.buildings if building.estimated),
        "counts": city.counts,
        "addresses": len(city.addresses),
        "faults": len(city.faults),
    }
