"""Find what a command works on: the store, the city in it, the plan in force and its snapshot."""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from geogrid.clock import SHANGHAI, now
from geogrid.errors import NotFoundError, SnapshotError, StoreError
from geogrid.model import is_city_id

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date

    from geogrid.archive import Archive, Version
    from geogrid.snapshot import Snapshot


@contextmanager
def opened(store: str, *, new: bool = False) -> Iterator[Archive]:
    """Open the store of a command; only ``new`` may create one.

    :raises StoreError: it cannot be opened, or is not there.
    """
    from geogrid.archive import Archive

    if not new:
        require_store(store)
    with Archive.open(store) as archive:
        yield archive


def require_store(store: str) -> None:
    """Refuse an embedded store whose file is not there; a database is asked when it is opened.

    :raises StoreError: it is not there.
    """
    from geogrid.archive import store_file

    file = store_file(store)
    if file is not None and not file.exists():
        raise StoreError(f"there is no store at {file}; `geogrid load` or `geogrid demo` makes one")


def which_city(archive: Archive, wanted: str) -> str:
    """Return the id of the city that is meant: the named one, or the only one.

    :raises NotFoundError: the store is empty or has no such city.
    """
    known = [city.id for city in archive.cities()]
    if wanted and wanted not in known:
        raise NotFoundError("city", wanted)
    if not known:
        raise NotFoundError("city", wanted or "any")
    if not wanted and len(known) > 1:
        raise typer.BadParameter(f"the store holds {', '.join(known)}: say which", param_hint="--city")
    return wanted or known[0]


def version_in_force(archive: Archive, city_id: str, on: date | None = None) -> Version:
    """Return the published plan that is in force today, or on another day.

    :raises NotFoundError: none is.
    """
    version = archive.version_in_force(city_id, on=on)
    if version is None:
        raise NotFoundError("published plan of city", city_id)
    return version


def snapshot_root(store: str) -> Path:
    """Return the folder of compiled snapshots: beside the store's file, else in ``var/``."""
    from geogrid.archive import store_file, store_name

    file = store_file(store)
    beside = Path("var") if file is None else file.parent
    return beside / f"{store_name(store)}.snapshots"


def snapshot_folder(store: str, city_id: str, version: int) -> Path:
    """Return the folder of one version's snapshot.

    :raises StoreError: the city's id is none, so that the folder could lie anywhere.
    """
    if not is_city_id(city_id):
        raise StoreError("the store holds a city whose id cannot name a folder; load it anew with another id")
    return snapshot_root(store) / city_id / str(version)


def compiled(archive: Archive, store: str, city_id: str, version: int) -> Snapshot:
    """Open a version's snapshot; where it is not here whole, fetch it from a server's store or compile it."""
    from geogrid.snapshot import Snapshot, catch_up, compile_snapshot

    folder = snapshot_folder(store, city_id, version)
    if archive.file is None:
        catch_up(archive, city_id, folder.parent)
    try:
        return Snapshot.open(folder)
    except SnapshotError:
        return compile_snapshot(archive, city_id, version, folder)


def folder_due(store: str, city: str) -> Path | None:
    """Return the folder of today's plan where this machine has it whole, without opening the store.

    None where that cannot be told: no timeline, several cities, a plan that is missing or damaged.
    """
    from geogrid.archive import store_file
    from geogrid.snapshot import read_timeline
    from geogrid.snapshot.files import read_manifest

    file = store_file(store)
    link = _link(store, city)
    if link is None or (file is not None and not file.exists()):
        return None
    today = now().astimezone(SHANGHAI).date()
    try:
        due = [one.version for one in read_timeline(link.parent) if one.holds(today)]
        folder = link.with_name(str(due[0]) if due else "none")
        read_manifest(folder)
    except SnapshotError:
        return None
    return folder


def _link(store: str, city: str) -> Path | None:
    """Return the link ``current`` of the one city that is meant, None where there is none or several."""
    if city and not is_city_id(city):
        return None
    links = sorted(snapshot_root(store).glob(f"{city or '*'}/current"))
    return links[0] if len(links) == 1 else None


def folder_at_hand(store: str, city: str) -> Path | None:
    """Return the folder of what this machine served last, for a start while the store is down."""
    link = _link(store, city)
    return None if link is None else link.resolve()


def snapshot_in_force(store: str, city: str, on: date | None = None) -> Snapshot:
    """Open the snapshot of the plan in force (today, or ``on`` a day), compiling it where it is missing.

    :raises NotFoundError: nothing is published.
    """
    with opened(store) as archive:
        city_id = which_city(archive, city)
        version = version_in_force(archive, city_id, on)
        return compiled(archive, store, city_id, version.id)


def folder_in_force(store: str, city: str) -> Path:
    """Return the folder of the snapshot of the plan in force, compiling it where it is missing or damaged.

    It is checked, not opened: who serves it does that in a process of its own.

    :raises NotFoundError: nothing is published.
    """
    from geogrid.snapshot.files import read_manifest

    with opened(store) as archive:
        city_id = which_city(archive, city)
        version = version_in_force(archive, city_id)
        folder = snapshot_folder(store, city_id, version.id)
        try:
            read_manifest(folder)
        except SnapshotError:
            compiled(archive, store, city_id, version.id)
        return folder
