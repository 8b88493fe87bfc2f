"""What every child process of geogrid does first: it ends with its parent, and without words on Ctrl-C."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
import time
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

LOOK_S = 1.0
NICENESS = 10  # of what works beside a service, so that answers come first


def mind_the_parent(parent: int) -> None:
    """End this process silently on Ctrl-C, which reaches the whole group, and when its parent is gone.

    ``parent`` is the parent's number, told by the parent: it may have ended before this process came to look.
    """
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    threading.Thread(target=_end_with, args=(parent,), daemon=True).start()


def _end_with(parent: int) -> None:
    """Look whether the parent is still the same: a process that was killed cannot tell its children."""
    while os.getppid() == parent:
        time.sleep(LOOK_S)
    os._exit(1)


def _begin(parent: int, start: Callable[..., None] | None, *told: object) -> None:
    mind_the_parent(parent)
    if start is not None:
        start(*told)


@contextmanager
def spawned_pool(
    workers: int, start: Callable[..., None] | None = None, *told: object
) -> Iterator[ProcessPoolExecutor]:
    """Give a pool of spawned processes that each run ``start(*told)``; after an error they are ended at once.

    Spawned, because a fork of a process with threads (HiGHS, numba) may hang.
    """
    before = set(multiprocessing.active_children())
    pool = ProcessPoolExecutor(
        workers,
        mp_context=multiprocessing.get_context("spawn"),
        initializer=partial(_begin, os.getpid(), start, *told),
    )
    try:
        yield pool
    except BaseException:
        pool.shutdown(wait=False, cancel_futures=True)
        for child in set(multiprocessing.active_children()) - before:
            child.terminate()
        raise
    pool.shutdown()
