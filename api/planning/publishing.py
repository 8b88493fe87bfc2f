"""Publishing in a process of its own, which yields to those who answer residents and frees its memory."""

from __future__ import annotations

import asyncio
import logging
import multiprocessing
import os
import signal
import sys
import time
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Self, TypeVar

from api.logged import kind_and_place, start_log
from api.planning.office import Office
from geogrid.children import mind_the_parent
from geogrid.errors import GeogridError, StoreError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import date
    from multiprocessing.connection import Connection

    from api.settings import Settings
    from geogrid.archive import Actor, Version

T = TypeVar("T")
NICENESS = 10  # of who goes on although no processor is idle
log = logging.getLogger("geogrid.api")


async def publish_drafts(
    settings: Settings, drafts: Sequence[int], day: date, by: Actor, note: str
) -> Version:
    """Publish approved drafts together from a day on.

    :raises GeogridError: they cannot be published.
    :raises StoreError: the process was killed; what it had published before is shown all the same.
    """
    make = partial(_assembled, drafts=tuple(drafts), day=day, by=by, note=note)
    return await apart(settings, make, partial(_put_out, day=day, who=by.name))


async def publish_anew(settings: Settings, version: int, day: date, by: Actor, note: str) -> Version:
    """Publish a copy of a version from a day on.

    :raises GeogridError: as ``publish_drafts`` does.
    """
    make = partial(_copied, version=version, by=by, note=note)
    return await apart(settings, make, partial(_put_out, day=day, who=by.name))


def _assembled(office: Office, *, drafts: Sequence[int], day: date, by: Actor, note: str) -> int:
    return office.archive.reviews.assemble(office.city_id, drafts, day=day, by=by, note=note).id


def _copied(office: Office, *, version: int, by: Actor, note: str) -> int:
    return office.archive.copy_version(version, who=by.name, note=note).id


def _put_out(office: Office, *, version: int, day: date, who: str) -> Version:
    from geogrid.snapshot import put_out  # whoever answers shall not load what compiles

    return put_out(office.archive, version, day, office.snapshots / str(version), who=who)


def _finish(office: Office) -> None:
    """Show what is published and not compiled yet."""
    from geogrid.snapshot import catch_up

    catch_up(office.archive, office.city_id, office.snapshots, given_up=timedelta(0))


async def apart(settings: Settings, make: Callable[[Office], int], show: Callable[..., T]) -> T:
    """Make a version and ``show(office, version=...)`` it in another process; return what the showing gives.

    It compiles the whole city; beside answers, in a thread of the same interpreter, all of them would wait.
    What is done and given can be pickled. Showing what is shown already changes nothing.

    :raises StoreError: the process was killed; what it had published before is shown all the same.
    """
    return await asyncio.to_thread(_done_apart, settings, make, show)


def _done_apart(settings: Settings, make: Callable[[Office], int], show: Callable[..., T]) -> T:
    made: int | None = None
    idle = settings.publish_idle_s > 0
    until = time.monotonic() + settings.publish_idle_s if idle else None
    try:
        try:
            with _Child(settings, idle=idle) as child:
                made = child.do(make, until)
                return child.do(partial(show, version=made), until)
        except _StarvedError:
            log.warning("publishing found no idle processor; it goes on beside the answers")
            with _Child(settings, idle=False) as child:
                made = child.do(make) if made is None else made
                return child.do(partial(show, version=made))
    except _KilledError:
        with _Child(settings, idle=False) as child:
            child.do(_finish)
        words = "the process that published was killed; look at the versions, then publish what is not there"
        raise StoreError(words) from None


class _StarvedError(Exception):
    """A child did not end its work in time."""


class _KilledError(Exception):
    """A child ended before its work."""


class _Child:
    """A process with an office of its own that does one piece of work after the other.

    With ``idle`` it takes only what is left over of the processors (Linux; elsewhere it has a low priority).
    """

    def __init__(self, settings: Settings, *, idle: bool) -> None:
        context = multiprocessing.get_context("spawn")
        self.line, other = context.Pipe()
        # The child needs no way in for people, and the file of one may have gone since the start.
        told = os.getpid(), replace(settings, openid=None), other
        self.process = context.Process(target=_work, args=told)
        self.process.start()
        other.close()  # so that the child's end is heard
        assert self.process.pid is not None
        # From here, because a thread that yields while it holds the interpreter would keep answers waiting.
        yield_to_answers(self.process.pid, idle=idle)

    def do(self, work: Callable[[Office], T], until: float | None = None) -> T:
        """Return what the work gives; raise what it raises."""
        try:
            self.line.send(work)
            if not self.line.poll(None if until is None else max(until - time.monotonic(), 0)):
                self.process.kill()
                raise _StarvedError
            done, outcome = self.line.recv()
        except (EOFError, ConnectionError):
            raise _KilledError from None
        if not done:
            raise outcome
        return outcome  # type: ignore[no-any-return]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.line.close()
        self.process.join()


def yield_to_answers(process: int, *, idle: bool) -> None:
    """Let a process that has just started yield to answers: with ``idle``, take only what is left over."""
    with suppress(ProcessLookupError):  # whoever waits for it will hear that it was killed
        if idle and sys.platform == "linux":
            os.sched_setscheduler(process, os.SCHED_IDLE, os.sched_param(0))
        else:
            os.setpriority(os.PRIO_PROCESS, process, min(os.getpriority(os.PRIO_PROCESS, 0) + NICENESS, 19))


def _work(parent: int, settings: Settings, line: Connection) -> None:
    """Do what the line brings until it ends, although the service is asked to stop meanwhile."""
    mind_the_parent(parent)
    for one in (signal.SIGINT, signal.SIGTERM):
        signal.signal(one, signal.SIG_IGN)
    start_log(settings.log)
    office = Office(settings)
    try:
        while True:
            line.send(_outcome(office, line.recv()))
    except (EOFError, ConnectionError):
        return
    finally:
        office.close()


def _outcome(office: Office, work: Callable[[Office], object]) -> tuple[bool, object]:
    try:
        return True, work(office)
    except GeogridError as error:
        return False, error
    except Exception as error:
        told = kind_and_place(error)  # its words may hold what nobody shall read
        log.error(told)  # noqa: TRY400
        return False, RuntimeError(told)
