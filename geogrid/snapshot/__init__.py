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
    from geogrid.snapshot.compiling import compile_snapshot, publish_snapshot

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
    "compile_snapshot",
    "open_on",
    "publish_snapshot",
    "put_in_force",
    "read_timeline",
    "withdraw_version",
    "write_timeline",
]


def __getattr__(name: str) -> Any:
    """Import the compiling half of the room for the names that need it."""
    if name not in ("compile_snapshot", "publish_snapshot"):
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from geogrid.snapshot import compiling

    return getattr(compiling, name)
