"""A process of its own for what compiles the whole city: it yields to answers and frees its memory."""

from __future__ import annotations

import asyncio
import logging
import multiprocessing
import os
import signal
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from functools import cached_property, partial
from multiprocessing import resource_tracker
from typing import TYPE_CHECKING, Any, Self, TypeVar

from api.logged import kind_and_place, start_log
from geogrid.children import NICENESS, mind_the_parent
from geogrid.errors import GeogridError, StoreError

if TYPE_CHECKING:
    from collections.abc import Callable
    from multiprocessing.connection import Connection

    from api.planning.office import Office
    from api.settings import Settings
    from geogrid.snapshot.compiling import Caller

T = TypeVar("T")
LONGEST_IDLE_S = 240.0  # after five minutes other servers compile what nobody has deposited
STOPPING = (signal.SIGINT, signal.SIGTERM)
log = logging.getLogger("geogrid.api")


async def apart(settings: Settings, make: Callable[[Office], int], show: Callable[..., T]) -> T:
    """Make a version and ``show(office, promptly, version=...)`` it in another process.

    Return what the showing gives. It compiles the whole city; beside answers, in a thread of the same
    interpreter, all of them would wait. The making, and what is called by ``promptly``, may hold the store,
    for which others wait; the rest takes only idle processors for a while. What is done and given can be
    pickled. Showing what is shown already changes nothing.

    :raises StoreError: the process was killed; what it had published before is shown all the same.
    """
    return await asyncio.to_thread(_done_apart, settings, make, show)


def _done_apart(settings: Settings, make: Callable[[Office], int], show: Callable[..., T]) -> T:
    made: int | None = None
    making = partial(_promptly, work=make)
    idle_s = min(settings.publish_idle_s, LONGEST_IDLE_S) if sys.platform == "linux" else 0
    until = time.monotonic() + idle_s if idle_s else None
    try:
        try:
            with _Child(settings, idle=bool(idle_s)) as child:
                made = child.do(making, until)
                return child.do(partial(show, version=made), until)
        except _StarvedError:
            log.warning("publishing found no idle processor; it goes on beside the answers")
            with _Child(settings, idle=False) as child:
                made = child.do(making) if made is None else made
                return child.do(partial(show, version=made))
    except _KilledError:
        with suppress(_KilledError), _Child(settings, idle=False) as child:
            child.do(_finish)
        words = "the process that published was killed; look at the versions, then publish what is not there"
        raise StoreError(words) from None


def _promptly(office: Office, promptly: Caller, *, work: Callable[[Office], T]) -> T:
    return promptly(work, office)


def _finish(office: Office, _: Caller) -> None:
    """Show what is published and not compiled yet."""
    from geogrid.snapshot import catch_up

    catch_up(office.archive, office.city_id, office.snapshots, given_up=timedelta(0))


class _StarvedError(Exception):
    """A child did not end its work in time."""


class _KilledError(Exception):
    """A child ended before its work."""


class _Child:
    """A process with an office of its own that does one piece of work after the other.

    With ``idle`` it takes only what is left over of the processors, but for what is done promptly.
    """

    def __init__(self, settings: Settings, *, idle: bool) -> None:
        context = multiprocessing.get_context("spawn")
        self.line, other = context.Pipe()
        # The child needs no way in for people, and the file of one may have gone since the start.
        told = os.getpid(), replace(settings, openid=None), other, idle
        self.process = context.Process(target=_work, args=told)
        resource_tracker.ensure_running()  # which would begin with what is blocked here
        blocked = signal.pthread_sigmask(signal.SIG_BLOCK, STOPPING)  # until the child has said what they do
        try:
            self.process.start()
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, blocked)
        other.close()  # so that the child's end is heard

    def do(self, work: Callable[[Office, Caller], T], until: float | None = None) -> T:
        """Return what the work gives; raise what it raises."""
        try:
            self.line.send(work)
            if not self.line.poll(None if until is None else max(until - time.monotonic(), 0)):
                self.process.kill()
                raise _StarvedError
            done, outcome = self.line.recv()
        except (EOFError, OSError):
            raise _KilledError from None
        if not done:
            raise outcome
        return outcome  # type: ignore[no-any-return]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.line.close()
        self.process.join()


def _work(parent: int, settings: Settings, line: Connection, idle: bool) -> None:
    """Do what the line brings until it ends, although the service is asked to stop meanwhile."""
    mind_the_parent(parent)
    for one in STOPPING:
        signal.signal(one, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, STOPPING)
    os.nice(NICENESS)
    start_log(settings.log)
    with ThreadPoolExecutor(1) as prompt:
        prompt.submit(int).result()  # its thread begins here, before the other one yields
        clerk = _Clerk(settings, line, prompt, idle=idle)
        thread = threading.Thread(target=clerk.attend)
        thread.start()
        thread.join()
    os._exit(0)  # nothing is left to be put away; taking the interpreter apart would take time from answers


class _Clerk:
    """Who works in the child: in a thread that may have to wait for idle processors."""

    def __init__(
        self, settings: Settings, line: Connection, prompt: ThreadPoolExecutor, *, idle: bool
    ) -> None:
        self.settings = settings
        self.line = line
        self.prompt = prompt
        self.idle = idle

    @cached_property
    def office(self) -> Office:
        from api.planning.office import Office  # with all that it loads, which may wait too

        return Office(self.settings)

    def attend(self) -> None:
        """Do one piece of work after the other."""
        if self.idle:
            with suppress(OSError):  # forbidden here; then it only has a low priority
                os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))  # of this thread
        with suppress(EOFError, OSError):
            while True:
                work = self.line.recv()
                self.line.send(self.outcome(work))
        if "office" in vars(self):
            self.office.close()

    def outcome(self, work: Callable[[Office, Caller], object]) -> tuple[bool, object]:
        """Return whether a piece of work was done, and what it gave or why it was not."""
        try:
            return True, work(self.office, self.promptly)
        except GeogridError as error:
            return False, error
        except Exception as error:
            told = kind_and_place(error)  # its words may hold what nobody shall read
            log.error(told)  # noqa: TRY400
            return False, RuntimeError(told)

    def promptly(self, work: Callable[..., Any], /, *told: Any, **named: Any) -> Any:
        """Do what others may wait for in a thread that does not yield as much."""
        return self.prompt.submit(work, *told, **named).result()
