"""The compiled answer of a published plan: immutable, memory-mapped, swapped in whole.

What compiles is imported when it is first asked for: a server that only answers needs no database, no
solver and none of their memory.
"""

from typing import TYPE_CHECKING, Any

from geogrid.snapshot.answers import (
    CityCard,
    CommunityCard,
    GridCard,
    LookupAnswer,
    LookupCandidate,
    Post,
    Reading,
)
from geogrid.snapshot.reading import Snapshot
from geogrid.snapshot.timeline import (
    Period,
    open_on,
    put_in_force,
    read_timeline,
    withdraw_version,
    write_timeline,
)

if TYPE_CHECKING:
    from geogrid.snapshot.compiling import compile_snapshot, publish_snapshot, show_today
    from geogrid.snapshot.following import catch_up, follow

__all__ = [
    "CityCard",
    "CommunityCard",
    "GridCard",
    "LookupAnswer",
    "LookupCandidate",
    "Period",
    "Post",
    "Reading",
    "Snapshot",
    "catch_up",
    "compile_snapshot",
    "follow",
    "open_on",
    "publish_snapshot",
    "put_in_force",
    "read_timeline",
    "show_today",
    "withdraw_version",
    "write_timeline",
]


def __getattr__(name: str) -> Any:
    """Import the half of the room that needs the store for the names that are in it."""
    if name in ("compile_snapshot", "publish_snapshot", "show_today"):
        from geogrid.snapshot import compiling as half
    elif name in ("catch_up", "follow"):
        from geogrid.snapshot import following as half  # type: ignore[no-redef]
    else:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(half, name)
