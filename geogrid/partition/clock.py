"""The clock of a solve: its deadline, and the caller's wish to stop before."""

from __future__ import annotations

import time
from contextlib import contextmanager
from threading import Event, Thread
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import highspy

TICK_S = 0.02


class Clock:
    """Time left until ``deadline`` (of ``time.monotonic``), or until ``stop`` answers True.

    Python asks ``over``. A compiled loop reads ``flag`` (1,), and a solver has its own time limit; both are
    kept up to date by the thread of ``running``, so that neither has to come back to Python to look.
    """

    def __init__(self, deadline: float, stop: Callable[[], bool] | None = None) -> None:
        self.deadline = deadline
        self.stop = stop
        self.flag = np.zeros(1, np.uint8)
        self._earlier: list[Clock] = []
        self._solvers: list[highspy.Highs] = []

    @property
    def left(self) -> float:
        """Return the seconds left, at least 0."""
        if self.flag[0]:
            return 0.0
        return max(self.deadline - time.monotonic(), 0.0)

    @property
    def over(self) -> bool:
        """Tell whether work must end."""
        if not self.flag[0] and (
            time.monotonic() >= self.deadline or (self.stop is not None and self.stop())
        ):
            self.flag[0] = 1
        return bool(self.flag[0])

    def until(self, deadline: float) -> Clock:
        """Return a clock that ends at ``deadline`` if this one does not end before."""
        earlier = Clock(min(deadline, self.deadline), self.stop)
        earlier.flag[0] = self.flag[0]
        self._earlier.append(earlier)
        return earlier

    def share(self, share: float) -> Clock:
        """Return a clock of a share of the time left."""
        return self.until(time.monotonic() + share * self.left)

    @contextmanager
    def timed(self, solver: highspy.Highs) -> Iterator[None]:
        """Keep the time limit of a solver while it runs."""
        solver.setOptionValue("time_limit", max(self.left, 0.01) + solver.getRunTime())
        self._solvers.append(solver)
        try:
            yield
        finally:
            self._solvers.remove(solver)

    def tick(self) -> None:
        """Pass on to loops and solvers that time is over."""
        for earlier in list(self._earlier):
            earlier.tick()
        if self.over:
            for solver in list(self._solvers):
                # A solver reads its options as it goes.
                solver.setOptionValue("time_limit", 0.0)


@contextmanager
def running(deadline: float, stop: Callable[[], bool] | None = None) -> Iterator[Clock]:
    """Return a clock that a thread of its own keeps, as long as the context lasts."""
    clock, done = Clock(deadline, stop), Event()

    def keep() -> None:
        while not done.wait(TICK_S):
            clock.tick()

    keeper = Thread(target=keep, name="clock", daemon=True)
    keeper.start()
    try:
        yield clock
    finally:
        done.set()
        keeper.join()
