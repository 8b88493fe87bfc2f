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

__all__ = [
    "CityCard",
    "CommunityCard",
    "GridCard",
    "LookupAnswer",
    "LookupCandidate",
    "Post",
    "Reading",
    "Snapshot",
    "compile_snapshot",
    "publish_snapshot",
]
