"""Publishing in a process of its own, which yields to those who answer residents and frees its memory."""

from __future__ import annotations

import asyncio
import os
from concurrent.futures.process import BrokenProcessPool
from typing import TYPE_CHECKING, TypeVar

from api.planning.office import Office
from geogrid.children import spawned_pool
from geogrid.errors import StoreError
from geogrid.snapshot import publish_snapshot, put_in_force

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import date

    from api.settings import Settings
    from geogrid.archive import Actor, Version

T = TypeVar("T")
NICENESS = 10  # answers come first


async def apart(settings: Settings, work: Callable[[Office], T]) -> T:
    """Do ``work``, which can be pickled, in an office of another process, and return what it gives.

    It compiles the whole city; beside answers, in a thread of the same interpreter, all of them would wait.

    :raises StoreError: the process was ended before it had done its work.
    """
    return await asyncio.to_thread(_in_child, settings, work)


def _in_child(settings: Settings, work: Callable[[Office], T]) -> T:
    with spawned_pool(1, _yield_to_answers) as pool:
        done = pool.submit(_in_office, settings, work)
    try:
        return done.result()
    except BrokenProcessPool:
        words = "the process that published was ended before it was done; see the versions, then try again"
        raise StoreError(words) from None


def _yield_to_answers() -> None:
    os.nice(NICENESS)


def _in_office(settings: Settings, work: Callable[[Office], T]) -> T:
    office = Office(settings)
    try:
        return work(office)
    finally:
        office.close()


def publish_drafts(office: Office, drafts: Sequence[int], day: date, by: Actor, note: str) -> Version:
    """Publish approved drafts together from a day on."""
    made = office.archive.reviews.assemble(office.city_id, drafts, day=day, by=by, note=note)
    return put_out(office, made.id, day, by.name)


def publish_anew(office: Office, version: int, day: date, by: Actor, note: str) -> Version:
    """Publish a copy of a version from a day on."""
    made = office.archive.copy_version(version, who=by.name, note=note)
    return put_out(office, made.id, day, by.name)


def put_out(office: Office, version: int, day: date, who: str) -> Version:
    """Publish a version, compile its snapshot, and show it to readers where it is in force today."""
    folder = office.snapshots / str(version)
    publish_snapshot(office.archive, version, day, folder, who=who)
    in_force = office.archive.version_in_force(office.city_id)
    if in_force is not None and in_force.id == version:
        put_in_force(folder)
    return office.archive.version(version)
