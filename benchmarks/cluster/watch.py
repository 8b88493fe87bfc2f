"""What this process and its children take: processor time, and their memory together at its highest."""

from __future__ import annotations

import threading
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import psutil

if TYPE_CHECKING:
    from collections.abc import Iterator

EVERY_S = 0.25  # looking takes some ten milliseconds itself


@dataclass
class Seen:
    """What was seen of a block: seconds, processor seconds, and the peak of all resident memory together.

    Pages that processes share are counted once for each of them.
    """

    wall_s: float = 0.0
    cpu_s: float = 0.0
    peak_mb: float = 0.0
    _cpu: dict[int, float] = field(default_factory=dict)

    def look(self) -> None:
        """Look at all processes once."""
        mine = psutil.Process()
        resident = 0
        for one in (mine, *mine.children(recursive=True)):
            with suppress(psutil.Error), one.oneshot():
                times = one.cpu_times()
                self._cpu[one.pid] = times.user + times.system
                resident += one.memory_info().rss
        self.peak_mb = max(self.peak_mb, resident / 1e6)
        self.cpu_s = sum(self._cpu.values())


@contextmanager
def watched() -> Iterator[Seen]:
    """Watch a block; processes that were there before count from its beginning on."""
    before = Seen()
    before.look()
    seen, over, began = Seen(), threading.Event(), time.perf_counter()

    def watch() -> None:
        while not over.wait(EVERY_S):
            seen.look()

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    try:
        yield seen
    finally:
        seen.look()
        over.set()
        thread.join()
        seen.wall_s = time.perf_counter() - began
        seen.cpu_s -= before.cpu_s
