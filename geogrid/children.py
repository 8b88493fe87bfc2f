"""What every child process of geogrid does first: it ends with its parent, and without words on Ctrl-C."""

from __future__ import annotations

import os
import signal
import threading
import time

LOOK_S = 1.0


def mind_the_parent(parent: int | None = None) -> None:
    """End this process silently on Ctrl-C, which reaches the whole group, and when its parent is gone.

    ``parent`` is the parent's number, where it may have ended before this process came to look.
    """
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    threading.Thread(target=_end_with, args=(parent or os.getppid(),), daemon=True).start()


def _end_with(parent: int) -> None:
    """Look whether the parent is still the same: a process that was killed cannot tell its children."""
    while os.getppid() == parent:
        time.sleep(LOOK_S)
    os._exit(1)
