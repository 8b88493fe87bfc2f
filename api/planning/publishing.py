"""Publishing in a process of its own, which yields to those who answer residents and frees its memory."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
from concurrent.futures.process import BrokenProcessPool
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, TypeVar

from api.logged import kind_and_place, start_log
from api.planning.office import Office
from geogrid.children import spawned_pool
from geogrid.errors import GeogridError, StoreError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import date

    from api.settings import Settings
    from geogrid.archive import Actor, Version

T = TypeVar("T")
NICENESS = 10  # answers come first
log = logging.getLogger("geogrid.api")


async def apart(settings: Settings, work: Callable[[Office], T]) -> T:
    """Do ``work``, which can be pickled, in an office of another process, and return what it gives.

    It compiles the whole city; beside answers, in a thread of the same interpreter, all of them would wait.

    :raises StoreError: the process was killed; what it had published before is shown all the same.
    """
    return await asyncio.to_thread(_done_apart, settings, work)


def _done_apart(settings: Settings, work: Callable[[Office], T]) -> T:
    try:
        return _in_child(settings, work)
    except BrokenProcessPool:
        _in_child(settings, _finish)
        words = "the process that published was killed; look at the versions, then publish what is not there"
        raise StoreError(words) from None


def _in_child(settings: Settings, work: Callable[[Office], T]) -> T:
    # The child needs no way in for people, and the file of one may have gone since the start.
    own = replace(settings, openid=None)
    with spawned_pool(1, _begin, settings.log) as pool:
        done = pool.submit(_in_office, own, work)
    return done.result()


def _begin(what: str) -> None:
    """Yield to answers, log as a worker does, and end what is begun although the service is asked to stop."""
    os.nice(NICENESS)
    start_log(what)
    for one in (signal.SIGINT, signal.SIGTERM):
        signal.signal(one, signal.SIG_IGN)


def _in_office(settings: Settings, work: Callable[[Office], T]) -> T:
    office = Office(settings)
    try:
        return work(office)
    except GeogridError:
        raise
    except Exception as error:
        log.error(kind_and_place(error))  # noqa: TRY400 - its words may hold what nobody shall read
        raise
    finally:
        office.close()


def _finish(office: Office) -> None:
    """Show what is published and not compiled yet."""
    from geogrid.snapshot import catch_up

    catch_up(office.archive, office.city_id, office.snapshots, given_up=timedelta(0))


def publish_drafts(office: Office, drafts: Sequence[int], day: date, by: Actor, note: str) -> Version:
    """Publish approved drafts together from a day on."""
    made = office.archive.reviews.assemble(office.city_id, drafts, day=day, by=by, note=note)
    return _put_out(office, made.id, day, by.name)


def publish_anew(office: Office, version: int, day: date, by: Actor, note: str) -> Version:
    """Publish a copy of a version from a day on."""
    made = office.archive.copy_version(version, who=by.name, note=note)
    return _put_out(office, made.id, day, by.name)


def _put_out(office: Office, version: int, day: date, who: str) -> Version:
    from geogrid.snapshot import put_out  # whoever answers shall not load what compiles

    return put_out(office.archive, version, day, office.snapshots / str(version), who=who)
