"""The compiled answer of a published plan: immutable, memory-mapped, swapped in whole."""

from geogrid.snapshot.answers import (
    CityCard,
    CommunityCard,
    GridCard,
    LookupAnswer,
    LookupCandidate,
    Post,
    Reading,
)
from geogrid.snapshot.compiling import compile_snapshot, publish_snapshot
from geogrid.snapshot.reading import Snapshot
from geogrid.snapshot.timeline import Period, open_on, read_timeline, write_timeline

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
    "read_timeline",
    "write_timeline",
]
