"""The exit codes that scripts can trust, and which error leads to which."""

from __future__ import annotations

from enum import IntEnum

from geogrid.errors import (
    ClusterError,
    FaultyError,
    FontError,
    GeogridError,
    NotFoundError,
    PlanError,
    SnapshotError,
    StaleError,
    StoreError,
)


class Exit(IntEnum):
    """What a command's exit code means; the table in docs/cli.md is checked against it."""

    OK = 0
    NO = 1
    USAGE = 2
    DATA = 3
    STORE = 4
    MISSING = 5
    LACKING = 6
    BUG = 70
    INTERRUPTED = 130


MEANINGS = {
    Exit.OK: "done, and the answer is yes",
    Exit.NO: "done, and the answer is no: nothing matched, or the check found faults",
    Exit.USAGE: "the command line itself is wrong",
    Exit.DATA: "the data, policy, plan or address to listen on cannot be used; every fault is listed",
    Exit.STORE: "the store, the compiled snapshot or the cluster cannot be opened, read or written",
    Exit.MISSING: "the store has no such city, community or version, or nothing is published yet",
    Exit.LACKING: "something that printing needs is not installed; the message says what and how",
    Exit.BUG: "a fault in geogrid itself; --debug shows where",
    Exit.INTERRUPTED: "interrupted; what was finished is kept",
}

_TABLE: tuple[tuple[type[GeogridError], Exit], ...] = (
    (FaultyError, Exit.DATA),
    (PlanError, Exit.DATA),
    (NotFoundError, Exit.MISSING),
    (StaleError, Exit.STORE),
    (StoreError, Exit.STORE),
    (SnapshotError, Exit.STORE),
    (ClusterError, Exit.STORE),
    (FontError, Exit.LACKING),
)


def exit_of(error: GeogridError) -> Exit:
    """Return the exit code of an error."""
    return next((code for kind, code in _TABLE if isinstance(error, kind)), Exit.BUG)
