"""Dask's schedulers: one that lives as long as a job on this machine, or one that runs elsewhere.

Pieces are plain tasks on files, not a Dask frame's graph: a frame writes its partitions under their own
names without moving them into place, so a worker that is lost half way leaves half a file, and a second run
begins anew.
"""

from __future__ import annotations

import signal
import uuid
from concurrent.futures import CancelledError
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from importlib.metadata import version
from typing import TYPE_CHECKING

from distributed import Client, KilledWorker, LocalCluster, WorkerPlugin, as_completed
from distributed.client import FutureCancelledError
from distributed.comm.core import CommClosedError

from geogrid.cluster.crews import LOSSES, Answer, Thing, lost
from geogrid.errors import ClusterError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

ANSWER_S = 15  # a scheduler that is there answers sooner
WORKERS_S = 60  # workers that were just started take a while to come


@contextmanager
def local(workers: int) -> Iterator[Scheduled]:
    """Give a cluster of processes with one thread each, on this machine's loopback, without a web page.

    One thread, because text is matched in Python and point location brings threads of its own.
    """
    with (
        LocalCluster(
            n_workers=workers,
            threads_per_worker=1,
            processes=True,
            host="127.0.0.1",
            dashboard_address=None,
            silence_logs="ERROR",
        ) as cluster,
        Client(cluster, set_as_default=False) as client,
    ):
        client.register_plugin(_Deaf())
        yield Scheduled(client)


class _Deaf(WorkerPlugin):
    """Has a worker leave Ctrl-C, which reaches the whole group, to the client that ends it."""

    def setup(self, worker: object) -> None:  # noqa: ARG002
        """Ignore it; without words and without an end in the middle of a piece."""
        signal.signal(signal.SIGINT, signal.SIG_IGN)


@contextmanager
def remote(address: str) -> Iterator[Scheduled]:
    """Give the workers of the scheduler at ``address``; TLS is set as Dask's own configuration says.

    :raises ClusterError: nobody answers there, or the scheduler has no workers.
    """
    try:
        client = Client(address, timeout=ANSWER_S, set_as_default=False)
    except (OSError, ValueError, TypeError) as error:
        raise ClusterError(f"no Dask scheduler answers at {address}: {error}") from error
    with client:
        try:
            client.wait_for_workers(1, timeout=WORKERS_S)
        except TimeoutError as error:
            raise ClusterError(
                f"the scheduler at {address} has no workers: start some with `dask worker {address}`"
            ) from error
        yield Scheduled(client)


@dataclass(frozen=True, slots=True)
class Scheduled:
    """The workers of a Dask scheduler."""

    client: Client

    def each(self, work: Callable[[Thing], Answer], things: Sequence[Thing]) -> Iterator[Answer]:
        """Yield the answers as they come; Dask gives a lost worker's thing to another one."""
        # Keys of their own: a second run must never be answered with the memory of a first one.
        keys = [f"geogrid-{uuid.uuid4().hex}" for _ in things]
        futures = self.client.map(work, things, key=keys, pure=False)
        try:
            for future in as_completed(futures, loop=self.client.loop):
                yield future.result()
        except KilledWorker as error:
            raise lost(LOSSES) from error
        except (CommClosedError, CancelledError, FutureCancelledError, TimeoutError) as error:
            raise ClusterError(
                "the scheduler was lost; what is finished is kept, the same command goes on from there"
            ) from error
        finally:
            with suppress(Exception):  # a scheduler that is gone has nothing left to cancel
                self.client.cancel(futures)

    def look(self, paths: Sequence[Path]) -> None:
        """Ask every worker for its geogrid and whether it finds ``paths``."""
        mine = version("geogrid")
        try:
            told = self.client.run(_station, [str(path) for path in paths])
        except Exception as error:  # whatever keeps a worker from importing geogrid
            raise ClusterError(f"a worker cannot run geogrid: {error}") from error
        faults = [
            f"worker {worker} has geogrid {its}, not {mine}"
            for worker, (its, _) in told.items()
            if its != mine
        ]
        faults += [
            f"worker {worker} does not find {path}" for worker, (_, gone) in told.items() for path in gone
        ]
        if faults:
            raise ClusterError("; ".join(faults))


def _station(paths: list[str]) -> tuple[str, list[str]]:
    """Return, on a worker, its geogrid and which paths it does not find."""
    from pathlib import Path

    return version("geogrid"), [path for path in paths if not Path(path).exists()]
