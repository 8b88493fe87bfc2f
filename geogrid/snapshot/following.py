"""Bring what a store's publications say to a server's own folder, and go on doing so while it serves.

A server answers from its folder alone: it goes on when the store is down, and catches up by itself.
"""

from __future__ import annotations

import logging
import time
from datetime import timedelta
from typing import TYPE_CHECKING, NoReturn

from geogrid.archive import Archive, Status
from geogrid.errors import GeogridError, SnapshotError
from geogrid.snapshot.compiling import compile_snapshot
from geogrid.snapshot.files import read_manifest, received_folder
from geogrid.snapshot.timeline import put_in_force, write_timeline

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from geogrid.archive import Version

log = logging.getLogger("geogrid.follow")
LOOK_S = 5.0  # how often the store is asked although it said nothing: a message can be lost with a connection
AGAIN_S = 0.5  # after the store could not be reached
# A publisher that has not deposited its snapshot after this long was killed: whoever follows compiles it.
GIVEN_UP = timedelta(minutes=5)


def catch_up(archive: Archive, city_id: str, root: Path, *, given_up: timedelta = GIVEN_UP) -> int:
    """Fetch every published snapshot of a city that ``root`` lacks, then the timeline; return how many came.

    The plan in force comes first. The link ``current`` is set last, so that a server which starts finds a
    whole snapshot behind it. What nobody deposited is compiled once it was published so long ago.

    :raises StoreError: the store cannot be read.
    :raises SnapshotError: what came is damaged; what was there before stays.
    """
    in_force = archive.version_in_force(city_id)
    published = [one for one in archive.versions(city_id) if one.status is Status.PUBLISHED]
    published.sort(key=lambda one: (one != in_force, -one.id))
    seals = archive.deposits.seals([one.id for one in published])
    late = archive.now() - given_up
    count = sum(_fetch(archive, one, seals.get(one.id), root / str(one.id), late) for one in published)
    if published:
        write_timeline(archive, city_id, root)
    if in_force is not None and (root / str(in_force.id)).is_dir():
        put_in_force(root / str(in_force.id))
    return count


def _fetch(archive: Archive, version: Version, seal: str | None, folder: Path, late: datetime) -> bool:
    """Fetch one snapshot where another one, or none, is here; compile one that is ``late``."""
    if seal is None:
        return _compile(archive, version, folder, late)
    if _seal_here(folder) == seal:
        return False
    with received_folder(folder) as aside:
        archive.deposits.fetch(version.id, aside)
    return True


def _compile(archive: Archive, version: Version, folder: Path, late: datetime) -> bool:
    """Compile a snapshot that its publisher never finished."""
    published = version.published_at
    if _seal_here(folder) or published is None or published > late:
        return False
    compile_snapshot(archive, version.city_id, version.id, folder)
    return True


def _seal_here(folder: Path) -> str:
    try:
        return str(read_manifest(folder, verify=False)["sha256"])
    except SnapshotError:
        return ""


def follow(store: str, city_id: str, root: Path) -> NoReturn:
    """Catch up as soon as the store at a URL tells of a publication, for ever.

    A store that is down is asked again; only an error that geogrid does not know ends this.
    """
    said = ""
    while True:
        try:
            with Archive.open(store) as archive, archive.listening() as heard:
                while True:
                    catch_up(archive, city_id, root)
                    said = ""
                    heard(LOOK_S)
        except (GeogridError, OSError) as error:
            if str(error) != said:  # once, not twice a second
                log.warning("publications cannot be followed: %s", error)
            said = str(error)
            time.sleep(AGAIN_S)
