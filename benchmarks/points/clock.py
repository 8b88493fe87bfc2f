"""The clock of all measurements: the wall's, or on a machine shared with others the processors'."""

from __future__ import annotations

import time

THREADS = 2
_shared = False


def use_processor_time() -> None:
    """Count the seconds of all this process's threads, divided by ``THREADS``, instead of the wall's.

    What runs in one thread only is then counted as if it had been shared out perfectly, to its advantage.
    """
    global _shared  # noqa: PLW0603
    _shared = True


def now() -> float:
    """Return seconds."""
    return time.process_time() / THREADS if _shared else time.perf_counter()
