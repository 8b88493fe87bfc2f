"""Who does the work: processes of this machine, a Dask cluster on it, or a Dask scheduler anywhere."""

from __future__ import annotations

from concurrent.futures import as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any, Protocol, Self, TypeVar

from geogrid.children import spawned_pool
from geogrid.errors import ClusterError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

LOCAL, PROCESSES = "local", "processes"
LOSSES = 3  # so many workers may be lost one after another before a job gives up

Thing = TypeVar("Thing")
Answer = TypeVar("Answer")


class Crew(Protocol):
    """Some workers, wherever they are."""

    def each(self, work: Callable[[Thing], Answer], things: Sequence[Thing]) -> Iterator[Answer]:
        """Yield what ``work`` answers to each of ``things``, as it comes; an error ends all.

        A thing whose worker is lost goes to another one.

        :raises ClusterError: workers are lost again and again, or the scheduler is.
        """

    def look(self, paths: Sequence[Path]) -> None:
        """Make sure that every worker is of this geogrid and finds ``paths``.

        :raises ClusterError: one does not; all of them are named.
        """


@contextmanager
def crew_of(scheduler: str = LOCAL, workers: int = 2) -> Iterator[Crew]:
    """Give a crew for one ``with`` block.

    ``scheduler`` is ``local`` (a Dask cluster of ``workers`` processes of this machine, ended with the
    block), ``processes`` (as many processes without Dask), or the address of a Dask scheduler
    (``tcp://HOST:PORT``, ``tls://HOST:PORT``), whose workers are as many as it has.

    :raises ClusterError: Dask is not installed, no scheduler answers, or it has no workers.
    """
    if scheduler == PROCESSES:
        with Processes(workers) as crew:
            yield crew
        return
    try:
        from geogrid.cluster import schedulers
    except ImportError as error:
        raise ClusterError(
            f"{error.name or 'Dask'} is not installed: install geogrid[cluster], or work with "
            f"--scheduler {PROCESSES}"
        ) from error
    if scheduler == LOCAL:
        with schedulers.local(workers) as cluster:
            yield cluster
    else:
        with schedulers.remote(scheduler) as cluster:
            yield cluster


class Processes:
    """Processes of this machine and nothing else, for one ``with`` block."""

    def __init__(self, workers: int) -> None:
        self._workers = workers
        self._held = ExitStack()

    def __enter__(self) -> Self:
        """Start them."""
        self._pool = self._held.enter_context(spawned_pool(self._workers))
        return self

    def __exit__(self, *error: Any) -> None:
        """End them; after an error at once."""
        self._held.__exit__(*error)

    def each(self, work: Callable[[Thing], Answer], things: Sequence[Thing]) -> Iterator[Answer]:
        """Yield the answers as they come; after a lost worker fresh processes do what is left."""
        left = dict(enumerate(things))
        losses = 0
        while left:
            try:  # of a worker lost since the things before, the pool tells when the next are given to it
                waiting = {self._pool.submit(work, thing): place for place, thing in left.items()}
                for future in as_completed(waiting):
                    answer = future.result()
                    del left[waiting[future]]
                    losses = 0
                    yield answer
            except BrokenProcessPool as error:
                losses += 1
                if losses >= LOSSES:
                    raise lost(losses) from error
                self._held.close()
                self.__enter__()

    def look(self, paths: Sequence[Path]) -> None:
        """Find nothing wrong: these workers see what this process sees."""


def lost(times: int, name: str = "") -> ClusterError:
    """Return the error of a job that loses its workers."""
    at = f" at {name}" if name else ""
    return ClusterError(
        f"{times} workers were lost one after another{at}: they were killed or ran out of memory; what is "
        "finished is kept, the same command goes on from there"
    )
