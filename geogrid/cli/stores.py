"""``geogrid store``: move a store to another database, back it up, bring it back."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from geogrid.cli.app import DEFAULT_STORE, JsonOption, StoreOption, app
from geogrid.cli.console import note, print_json, print_table, say
from geogrid.cli.exits import Exit
from geogrid.cli.store import opened, require_store
from geogrid.errors import StoreError

if TYPE_CHECKING:
    from geogrid.archive import CopiedTable

group = typer.Typer(help="Move a store, back it up, bring it back.", no_args_is_help=True)
app.add_typer(group, name="store")


@group.command("copy")
def copy(
    target: Annotated[
        str, typer.Argument(metavar="TARGET", help="An empty store: sqlite:/// or postgresql://.")
    ],
    store: StoreOption = DEFAULT_STORE,
    json: JsonOption = False,
) -> None:
    """Copy everything a store keeps into an empty one; every table is read back and compared.

    The source may be in use: what is copied is its state at one moment.

    Example: geogrid store copy postgresql://geogrid@db/city --store sqlite:///var/city.db
    """
    from geogrid.archive import public_name

    _told(_copied(store, target), f"to {public_name(target)}", json=json)


@group.command("backup")
def backup(
    file: Annotated[Path, typer.Argument(help="The file to write; it must not be there.")],
    store: StoreOption = DEFAULT_STORE,
    json: JsonOption = False,
) -> None:
    """Write all that a store keeps at this moment into one file, which is a store itself.

    The store may be in use. The file is written aside, compared with the store, and renamed when it is whole.

    Example: geogrid store backup var/backups/city.db --store postgresql://geogrid@db/city
    """
    from geogrid.aside import written_aside

    if file.exists():
        raise StoreError(f"{file} is there already; a backup never replaces a file")
    require_store(store)  # before a folder is made for it
    with written_aside(file) as aside:
        done = _copied(store, f"sqlite:///{aside}")
    _told(done, f"to {file}", json=json)


@group.command("restore")
def restore(
    file: Annotated[Path, typer.Argument(help="A file of `store backup`.")],
    store: StoreOption = DEFAULT_STORE,
    json: JsonOption = False,
) -> None:
    """Bring a backup back into an empty store; every table is read back and compared.

    Example: geogrid store restore var/backups/city.db --store postgresql://geogrid@db/city
    """
    _told(_copied(f"sqlite:///{file}", store), f"from {file}", json=json)


@group.command("orders")
def orders(
    version: Annotated[int, typer.Argument(help="A version that is still a draft.")],
    take: Annotated[bool, typer.Option("--take", help="Carry them out, where the rules allow it.")] = False,
    store: StoreOption = DEFAULT_STORE,
    json: JsonOption = False,
) -> None:
    """List the grids that desktop programs asked for through the view `gis.unit`, or carry them out.

    Of a community in which a hard rule would break nothing is carried out; exit 1 where that happens.

    Example: geogrid store orders 7 --take --store postgresql://geogrid@db/city
    """
    with opened(store) as archive:
        found = archive.desk.take(version)[1] if take else archive.desk.open(version)
    if json:
        print_json({"version": version, "taken": take, "orders": [asdict(one) for one in found]})
    else:
        columns = ["unit", "grid", "by", "at", "refused because"]
        print_table(columns, [[one.unit_id, one.number, one.who, one.at, one.refusal] for one in found])
    if any(one.refusal for one in found):
        raise typer.Exit(Exit.NO)


def _copied(source: str, target: str) -> tuple[CopiedTable, ...]:
    from geogrid.archive import copy_store

    require_store(source)
    return copy_store(source, target, progress=lambda one: note(f"{one.name}: {one.rows:,} rows"))


def _told(done: tuple[CopiedTable, ...], where: str, *, json: bool) -> None:
    rows = sum(one.rows for one in done)
    if json:
        tables = {one.name: {"rows": one.rows, "checksum": one.checksum} for one in done}
        print_json({"status": "copied", "rows": rows, "tables": tables})
        return
    say(f"Copied {rows:,} rows of {len(done)} tables {where}; every table was read back and is equal.")
