"""Assign whole files to grids."""

from geogrid.batch.assign import assign_file
from geogrid.batch.columns import Columns, find_columns
from geogrid.batch.matchers import Matcher, PointMatcher, SnapshotMatcher, matcher_of
from geogrid.batch.told import ADDED, Candidate, Kinds, RowAnswer, Tally, Told

__all__ = [
    "ADDED",
    "Candidate",
    "Columns",
    "Kinds",
    "Matcher",
    "PointMatcher",
    "RowAnswer",
    "SnapshotMatcher",
    "Tally",
    "Told",
    "assign_file",
    "find_columns",
    "matcher_of",
]
