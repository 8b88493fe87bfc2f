"""Assign whole files to grids.

What reads and writes files is imported when it is first asked for: a server that answers rows needs none
of it.
"""

from typing import TYPE_CHECKING, Any

from geogrid.batch.columns import Columns, find_columns
from geogrid.batch.geocoded import GeocodingMatcher
from geogrid.batch.matchers import Matcher, PointMatcher, SnapshotMatcher, matcher_of
from geogrid.batch.told import ADDED, JUDGED, Candidate, Kinds, RowAnswer, Tally, Told

if TYPE_CHECKING:
    from geogrid.batch.assign import assign_file
    from geogrid.batch.learning import learn_from

__all__ = [
    "ADDED",
    "JUDGED",
    "Candidate",
    "Columns",
    "GeocodingMatcher",
    "Kinds",
    "Matcher",
    "PointMatcher",
    "RowAnswer",
    "SnapshotMatcher",
    "Tally",
    "Told",
    "assign_file",
    "find_columns",
    "learn_from",
    "matcher_of",
]


def __getattr__(name: str) -> Any:
    """Import the files' half of the room when it is asked for."""
    if name == "assign_file":
        from geogrid.batch.assign import assign_file

        return assign_file
    if name == "learn_from":
        from geogrid.batch.learning import learn_from

        return learn_from
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
